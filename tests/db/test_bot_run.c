#include "config.h"
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "t_bot.h"
#include "t_db.h"

static struct t_bot T;

static int fresh(void **state)
{
	(void)state;
	t_bot_world(&T);
	return 0;
}
static int done(void **state)
{
	(void)state;
	t_bot_end(&T);
	return 0;
}

#define SHORTS "{\"allowShorts\": true}"

/* The main job: real candles of four years. */
static void a_bot_trades_four_years_of_real_candles(void **state)
{
	const char *path = t_bot_real_data("binance_BTC_USDT-1h-2022_2025.csv");
	int64_t start, ns;
	uint64_t id;

	(void)state;
	if (path == NULL) {
		print_message("binance_BTC_USDT-1h-2022_2025.csv is not here\n");
		skip();
	}
	assert_int_equal(t_bot_csv(&T, path), 34349);
	id = t_bot_make(&T, "EMA cross", "{}");
	t_bot_start(&T, id);
	start = clock_mono_ns();
	assert_int_equal(t_bot_runner(&T, 0), 0);
	ns = clock_mono_ns() - start;
	print_message("34,349 bars in %.2f s\n", (double)ns / 1e9);
	assert_string_equal(t_bot_state(&T, id), "finished");
	t_db_checks();
	assert_int_equal(t_db_int("SELECT bars FROM bot_progress"), 34349);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM equity_point"), 34349);
	assert_true(t_db_int("SELECT COUNT(*) FROM trade WHERE open = 0") > 300);
	print_message("%s\n", t_db_query("SELECT CONCAT("
		"(SELECT COUNT(*) FROM trade), ' trades, ',"
		"(SELECT COUNT(*) FROM fill), ' fills, ',"
		"(SELECT COUNT(*) FROM ledger_posting), ' postings, equity ',"
		"equity) FROM bot_progress"));
	assert_true(ns < 60000000000LL);
}

static void the_same_inputs_give_the_same_bytes(void **state)
{
	const char *strategies[] = { "EMA cross", "RSI reversal",
				     "Bollinger breakout" };

	(void)state;
	t_bot_sim(&T, 1500);
	for (size_t i = 0; i < ARRAY_LEN(strategies); i++) {
		const char *in = i == 1 ? "{\"useTrend\": false}" : SHORTS;
		uint64_t a = t_bot_make(&T, strategies[i], in);
		uint64_t b = t_bot_make(&T, strategies[i], in);

		t_bot_start(&T, a);
		t_bot_start(&T, b);
		assert_int_equal(t_bot_runner(&T, 0), 0);
		assert_string_equal(t_bot_state(&T, a), "finished");
		assert_string_equal(t_bot_state(&T, b), "finished");
		assert_true(t_db_int("SELECT COUNT(*) FROM trade WHERE bot_id = "
				     "%" PRIu64, a) > 3);
		assert_string_equal(t_bot_result(&T, a), t_bot_result(&T, b));
	}
	t_db_checks();
}

static void runners_share_bots_fairly(void **state)
{
	uint64_t id[4];
	int64_t least, most;

	(void)state;
	t_bot_sim(&T, 1200);
	for (size_t i = 0; i < 4; i++) {
		id[i] = t_bot_make(&T, "EMA cross", "{}");
		t_bot_start(&T, id[i]);
	}
	assert_int_equal(t_bot_runner(&T, 0), 0);
	/* All of them end within a small part of the whole. */
	least = t_db_int("SELECT MIN(changed_ms) FROM bot");
	most = t_db_int("SELECT MAX(changed_ms) FROM bot");
	assert_true(most - least < 3000);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(t_bot_state(&T, id[i]), "finished");
	t_db_checks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)
		T(a_bot_trades_four_years_of_real_candles),
		T(the_same_inputs_give_the_same_bytes),
		T(runners_share_bots_fairly),
	};
#undef T
	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
