#include "config.h"
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "script/store.h"
#include "t_bot.h"
#include "t_db.h"
#include "t_money.h"

/* What people do with bots, and what bots do with people's mistakes. */

static struct t_bot T;

static void quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}
static int fresh(void **state)
{
	(void)state;
	log_set_sink(quiet, NULL);
	t_bot_world(&T);
	return 0;
}
static int done(void **state)
{
	(void)state;
	t_bot_end(&T);
	log_set_sink(NULL, NULL);
	return 0;
}

static struct bot_row row(uint64_t id)
{
	struct bot_row b;
	struct err err;

	assert_int_equal(bot_get(T.a, T.db, T.user, id, &b, &err), 0);
	return b;
}

static uint64_t own_strategy(const char *name, const char *source)
{
	struct err err;
	uint64_t id;

	if (strategy_add(T.db, T.user, str_c(name), str_c(source), 1, &id, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}

static struct bot_new replay(const char *strategy)
{
	struct strategy s;
	struct bot_new n;
	struct err err;

	bot_new_defaults(&n);
	assert_int_equal(strategy_find(T.a, T.db, T.user, strategy, &s, &err), 0);
	n.name = strategy;
	n.market_id = T.market;
	n.strategy_id = s.id;
	n.tf = TF_1H;
	n.feed = BOT_FEED_REPLAY;
	n.speed = 0;
	return n;
}

static uint64_t create(const struct bot_new *n)
{
	struct err err;
	uint64_t id;

	if (bot_create(T.db, T.user, n, &id, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}

static void run(uint64_t id)
{
	t_bot_start(&T, id);
	assert_int_equal(t_bot_runner(&T, 0), 0);
}

/* A wish while nobody runs it. */
typedef int wish_fn(struct arena *out, struct db *db, struct bot_row *b,
		    struct err *err);
static int wish(wish_fn *fn, uint64_t id)
{
	struct bot_row b = row(id);
	struct err err;

	return fn(T.a, T.db, &b, &err);
}

#define BUY_AND_HOLD							\
	"//@version=5\nstrategy(\"x\", initial_capital=10000)\n"	\
	"if bar_index == 2\n    strategy.entry(\"L\", strategy.long, qty=0.01)\n"

static void a_paused_bot_goes_on_where_it_stood(void **state)
{
	struct bot_new n = replay("EMA cross");
	const char *in_peace;
	uint64_t a, b;

	(void)state;
	t_bot_sim(&T, 800);
	a = create(&n);
	run(a);
	in_peace = t_bot_result(&T, a);
	/* The other one is held before its first bar, then half way. */
	b = create(&n);
	t_bot_start(&T, b);
	assert_int_equal(wish(bot_pause, b), 0);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, b), "paused");
	assert_int_equal(row(b).bars, 0);
	t_db_sql("UPDATE bot SET feed_to_ms = (SELECT MIN(bar_ms) + 400 * 3600000"
		 " FROM equity_point WHERE bot_id = %" PRIu64 ") WHERE id = %" PRIu64,
		 a, b);
	run(b);
	assert_int_equal(row(b).bars, 400);
	t_db_checks();
	/* As if it had been paused there instead. */
	t_db_sql("UPDATE bot SET feed_to_ms = NULL, state = 'p' WHERE id = %" PRIu64, b);
	run(b);
	assert_string_equal(t_bot_state(&T, b), "finished");
	assert_int_equal(row(b).bars, 800);
	/* Its open orders were cancelled in between, which an EMA cross on
	 * market orders does not notice. */
	assert_string_equal(t_bot_result(&T, b), in_peace);
	t_db_checks();
}

static void a_stopped_bot_has_no_open_orders(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 50);
	own_strategy("limits", "//@version=5\nstrategy(\"x\")\n"
		"strategy.entry(\"L\", strategy.long, qty=0.01, limit=close*0.9)\n");
	n = replay("limits");
	n.feed = BOT_FEED_REPLAY;
	n.speed = 3600;			/* a bar a second: it stays open */
	id = create(&n);
	t_bot_start(&T, id);
	t_db_sql("UPDATE bot SET feed_speed = 0 WHERE id = %" PRIu64, id);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent WHERE state IN"
				  " ('o', 'p', 'n', 's', 'u', 'k')"), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM paper_order WHERE state IN"
				  " ('o', 'p', 'w')"), 0);
	assert_true(t_db_int("SELECT COUNT(*) FROM order_intent WHERE state = 'c'") > 5);
	t_db_checks();
}

static void a_script_that_fails_halts_its_bot_with_the_line(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 50);
	own_strategy("breaks", "//@version=5\nstrategy(\"x\")\n"
		     "if bar_index == 7\n    runtime.error(\"too hot\")\n");
	n = replay("breaks");
	id = create(&n);
	run(id);
	assert_int_equal(row(id).state, BOT_HALTED);
	assert_non_null(strstr(row(id).error, "too hot"));
	assert_true(t_db_int("SELECT COUNT(*) FROM app_log WHERE bot_id = %" PRIu64
			     " AND level = 3 AND message LIKE '%%too hot%%'", id) == 1);
	/* It may be tried again, and halts again. */
	run(id);
	assert_int_equal(row(id).state, BOT_HALTED);
	assert_int_equal(wish(bot_stop, id), 0);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_int_equal(row(id).state, BOT_STOPPED);
	t_db_checks();
}

static void the_guards_of_a_strategy_hold(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 200);
	own_strategy("guard", "//@version=5\nstrategy(\"x\")\n"
		     "strategy.risk.max_drawdown(1, strategy.percent_of_equity)\n"
		     "if strategy.position_size == 0\n"
		     "    strategy.entry(\"L\", strategy.long, qty=0.5)\n");
	n = replay("guard");
	id = create(&n);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM trade WHERE "
				  "exit_signal = 'Close Position (Max drawdown)'"), 1);
	/* closed for good: nothing is opened again */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM trade"), 1);
	t_db_checks();
}

static void a_risk_rule_refuses_and_says_so_everywhere(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 50);
	own_strategy("tiny", "//@version=5\nstrategy(\"x\")\n"
		     "if bar_index == 2\n"
		     "    strategy.entry(\"L\", strategy.long, qty=0.00001)\n");
	n = replay("tiny");
	id = create(&n);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent WHERE "
				  "state = 'r' AND reason LIKE 'risk min_notional:%%'"),
			 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_event WHERE "
				  "to_state = 'r' AND cause LIKE 'risk min_notional:%%'"),
			 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM app_log WHERE level = 2 "
				  "AND message LIKE '%%min_notional%%'"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM paper_order"), 0);
	t_db_checks();
}

static void an_order_is_cut_to_the_limits_of_the_bot(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 50);
	own_strategy("greedy", "//@version=5\nstrategy(\"x\")\n"
		     "if bar_index == 2\n"
		     "    strategy.entry(\"L\", strategy.long, qty=100)\n");
	n = replay("greedy");
	n.limits.max_position = Q("0.05");
	id = create(&n);
	run(id);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent WHERE "
				  "state = 'f' AND qty = 0.05"), 1);
	t_db_checks();
}

static void costs_come_from_the_strategy_unless_they_are_given(void **state)
{
	struct bot_new n = replay("EMA cross");	/* declares 0.1 % */
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 50);
	own_strategy("dear", "//@version=5\nstrategy(\"x\", commission_type="
		     "strategy.commission.percent, commission_value=0.5, slippage=7)\n");
	n = replay("dear");
	id = create(&n);
	assert_string_equal(t_db_query("SELECT CONCAT(fee_taker, ' ', slippage_ticks)"
		" FROM paper_account p JOIN bot b USING (account_id) WHERE b.id = %"
		PRIu64, id), "0.005000000000000000 7");
	n.has_fees = n.has_slippage = true;
	n.fee_taker = n.fee_maker = Q("0.0001");
	n.slippage_ticks = 1;
	id = create(&n);
	assert_string_equal(t_db_query("SELECT CONCAT(fee_taker, ' ', slippage_ticks)"
		" FROM paper_account p JOIN bot b USING (account_id) WHERE b.id = %"
		PRIu64, id), "0.000100000000000000 1");
}

static void what_cannot_run_is_not_made(void **state)
{
	struct bot_new n = replay("EMA cross");
	struct err err;
	uint64_t id;

	(void)state;
	/* no candles */
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	t_bot_sim(&T, 20);
	n.initial = C("0");
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	n = replay("EMA cross");
	n.market_id = 12345;
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_NOTFOUND);
	n = replay("EMA cross");
	n.name = "";
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	n = replay("EMA cross");
	n.speed = -1;
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	n = replay("EMA cross");
	assert_int_equal(json_parse(T.a, "{\"nosuch\":1}", 12, &n.inputs, &err), 0);
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "nosuch"));
	own_strategy("study", "//@version=5\nindicator(\"x\")\nplot(close)\n");
	n = replay("study");
	assert_int_equal(bot_create(T.db, T.user, &n, &id, &err), -E_UNPROCESSABLE);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM account"), 0);
}

static void wishes_that_make_no_sense_are_conflicts(void **state)
{
	struct bot_new n = replay("EMA cross");
	struct bot_row b;
	struct err err;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 60);
	n.speed = 1;
	id = create(&n);
	assert_int_equal(wish(bot_pause, id), -E_CONFLICT);
	b = row(id);
	t_bot_start(&T, id);
	/* b is now of an older version */
	assert_int_equal(bot_start(T.a, T.db, &b, &err), -E_CONFLICT);
	b = row(id);
	assert_int_equal(bot_delete(T.db, &b, &err), -E_CONFLICT);
	assert_int_equal(wish(bot_stop, id), 0);
	assert_int_equal(wish(bot_start, id), -E_CONFLICT);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_int_equal(row(id).state, BOT_STOPPED);
	b = row(id);
	assert_int_equal(bot_delete(T.db, &b, &err), 0);
	assert_int_equal(bot_get(T.a, T.db, 0, id, &b, &err), -E_NOTFOUND);
}

static void a_bot_keeps_the_strategy_it_was_made_with(void **state)
{
	struct bot_new n;
	uint64_t sid, a, b;
	struct err err;

	(void)state;
	t_bot_sim(&T, 60);
	sid = own_strategy("mine", BUY_AND_HOLD);
	n = replay("mine");
	a = create(&n);
	assert_int_equal(strategy_set(T.db, T.user, sid, str_c("mine"),
		str_c("//@version=5\nstrategy(\"y\")\n"), 2, &err), 0);
	b = create(&n);
	assert_int_equal(strategy_del(T.db, T.user, sid, &err), 0);
	run(a);
	run(b);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM trade WHERE bot_id = %"
				  PRIu64, a), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM trade WHERE bot_id = %"
				  PRIu64, b), 0);
	t_db_checks();
}

/* ---- as in its backtest ---------------------------------------------------------- */

/* Forced sales leave a lot in parts: each has a row of its own, once. */
static void a_margin_call_leaves_a_row_for_each_part(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 1500);
	own_strategy("owes", "//@version=5\nstrategy(\"x\", process_orders_on_close = true,"
		" margin_long = 20, margin_short = 20, default_qty_type ="
		" strategy.percent_of_equity, default_qty_value = 470)\n"
		"if ta.crossover(close, ta.sma(close, 8))\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(close, ta.sma(close, 8))\n    strategy.entry(\"S\", strategy.short)\n"
		"strategy.exit(\"X\", loss = 100000)\n");
	n = replay("owes");
	id = create(&n);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_true(t_db_int("SELECT COUNT(*) FROM trade WHERE exit_signal = "
			     "'Margin call'") > 3);
	/* what came in is what went out, by the rows */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM (SELECT t.entry_intent, "
		"SUM(t.qty) q, MAX(t.orig_qty) o FROM trade t GROUP BY "
		"t.entry_intent, t.direction HAVING q <> o) x"), 0);
	/* what trades at a close trades at that close, also when the books were
	 * read again in between */
	assert_true(t_db_int("SELECT COUNT(*) FROM order_intent WHERE seq > 10000 "
			     "AND seq < 20000") > 20);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM fill f JOIN order_intent i "
		"ON i.id = f.intent_id WHERE i.seq > 10000 AND i.seq < 20000 "
		"AND f.time_us <> i.bar_ms * 1000"), 0);
	t_db_checks();
}

/* Stopped and started twice: what was withdrawn stays withdrawn when the bot is
 * worked out again, and its orders are those the strategy says anew. */
static void a_stopped_bot_starts_again_without_its_old_orders(void **state)
{
	struct bot_new n;
	uint64_t id;

	(void)state;
	t_bot_sim(&T, 600);
	own_strategy("waits", "//@version=5\nstrategy(\"x\")\n"
		"if bar_index % 40 == 0\n"
		"    strategy.entry(\"L\", strategy.long, qty=0.1, limit=close*0.97)\n"
		"    strategy.exit(\"X\", \"L\", profit=90000, loss=90000)\n");
	n = replay("waits");
	id = create(&n);
	t_db_sql("UPDATE bot SET feed_to_ms = (SELECT first_t + 210 * 3600000 FROM"
		 " candle_series LIMIT 1) WHERE id = %" PRIu64, id);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	t_db_sql("UPDATE bot SET state = 'x', feed_to_ms = feed_to_ms + 180 * 3600000"
		 " WHERE id = %" PRIu64, id);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_true(t_db_int("SELECT COUNT(*) FROM bot_detour WHERE kind = 'w'") >= 1);
	t_db_sql("UPDATE bot SET state = 'x', feed_to_ms = NULL WHERE id = %" PRIu64,
		 id);
	run(id);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(row(id).bars, 600);
	assert_true(t_db_int("SELECT COUNT(*) FROM trade WHERE open = 0") > 0);
	t_db_checks();
}

/* ---- live candles ------------------------------------------------------------------ */

/* Hourly candles that end with the hour that has just gone by. */
static void candles_until_now(size_t n, size_t back)
{
	int64_t end = tf_open(TF_1H, clock_ms(&clock_real));
	struct candles cs;
	struct err err;

	candles_alloc(T.a, &cs, n);
	for (size_t i = 0; i < n; i++) {
		double c = 100 + (double)(i % 10);
		int64_t t = end - (int64_t)(n + back - i) * 3600000;

		candles_set(&cs, i, &(struct candle){ t, c, c + 1, c - 1, c, 50 });
	}
	assert_int_equal(candles_append(T.db, T.market, TF_1H, &cs, NULL, &err), 0);
}

static void a_live_bot_warms_up_and_trades_the_next_candle(void **state)
{
	int64_t end = tf_open(TF_1H, clock_ms(&clock_real));
	struct candle next = { end - 3600000, 105, 106, 104, 105, 50 };
	struct candles one;
	struct bot_new n;
	struct err err;
	uint64_t id;

	(void)state;
	candles_until_now(300, 1);
	own_strategy("warm", "//@version=5\nstrategy(\"x\")\n"
		     "m = ta.sma(close, 200)\n"
		     "if not na(m)\n    strategy.entry(\"L\", strategy.long, qty=1)\n");
	n = replay("warm");
	n.feed = BOT_FEED_LIVE;
	id = create(&n);
	t_bot_start(&T, id);
	/* One pass opens it: warm, and nothing decided yet. */
	t_bot_runner_for(&T, 400);
	assert_int_equal(row(id).state, BOT_RUNNING);
	assert_int_equal(row(id).bars, 0);
	assert_quote(row(id).equity, "10000");
	candles_alloc(T.a, &one, 1);
	candles_set(&one, 0, &next);
	assert_int_equal(candles_append(T.db, T.market, TF_1H, &one, NULL, &err), 0);
	t_bot_runner_for(&T, 1500);
	assert_int_equal(row(id).bars, 1);
	/* It knew 200 candles of the past: it may decide on its first one.
	 * How late that candle is depends on the minute of the hour; a late
	 * one is not acted upon, and that is said: one of the two. */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent") +
			 t_db_int("SELECT COUNT(*) FROM app_log WHERE "
				  "message LIKE '%%came too late%%'"), 1);
	if (clock_ms(&clock_real) - end < 1500000)
		assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent"), 1);
	assert_int_equal(wish(bot_stop, id), 0);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_int_equal(row(id).state, BOT_STOPPED);
	t_db_checks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)
		T(a_paused_bot_goes_on_where_it_stood),
		T(a_stopped_bot_has_no_open_orders),
		T(a_script_that_fails_halts_its_bot_with_the_line),
		T(the_guards_of_a_strategy_hold),
		T(a_risk_rule_refuses_and_says_so_everywhere),
		T(an_order_is_cut_to_the_limits_of_the_bot),
		T(costs_come_from_the_strategy_unless_they_are_given),
		T(what_cannot_run_is_not_made),
		T(wishes_that_make_no_sense_are_conflicts),
		T(a_bot_keeps_the_strategy_it_was_made_with),
		T(a_stopped_bot_starts_again_without_its_old_orders),
		T(a_margin_call_leaves_a_row_for_each_part),
		T(a_live_bot_warms_up_and_trades_the_next_candle),
	};
#undef T
	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
