#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "t_api.h"
#include "t_db.h"
#include "t_market.h"

#include "script/script.h"
#include "script/store.h"

/* Preview and layout of scripts. */

static struct arena *root;
static struct candles hours;
static uint64_t btc;

static int fresh(void **state)
{
	int rc = t_api_fresh(state);

	root = arena_new("test", (size_t)1 << 30);
	btc = t_market_add(root, 3000, &hours);
	t_api_user("vera", "viewer");
	return rc;
}

static int done(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

#define CROSS "//@version=6\\nstrategy(\\\"X\\\", overlay = true, "		\
	"initial_capital = 10000, default_qty_type = "			\
	"strategy.percent_of_equity, default_qty_value = 50)\\n"	\
	"n = input.int(10, \\\"N\\\", minval = 2)\\n"			\
	"f = ta.sma(close, n)\\ns = ta.sma(close, 30)\\n"			\
	"if ta.crossover(f, s)\\n    strategy.entry(\\\"L\\\", strategy.long)\\n" \
	"if ta.crossunder(f, s)\\n    strategy.close(\\\"L\\\")\\n"		\
	"plot(f, \\\"fast\\\", color = color.orange)\\nplot(s, \\\"slow\\\")\\n"

static int preview(const char *source, const char *more)
{
	char body[4000];

	snprintf(body, sizeof(body), "{\"source\":\"%s\",\"market_id\":%llu,"
		 "\"tf\":\"1h\"%s}", source, (unsigned long long)btc, more);
	return t_api("vera", "POST", "/api/v1/strategies/preview", body, NULL);
}

static double num(const char *path)
{
	double x;

	if (!json_f64(t_api_json(path), &x))
		fail_msg("%s is no number", path);
	return x;
}

static bool yes(const char *path)
{
	bool b = false;

	if (!json_bool(t_api_json(path), &b))
		fail_msg("%s is no truth", path);
	return b;
}

static void a_strategy_is_drawn_and_traded(void **state)
{
	const struct json *trades;

	(void)state;
	assert_int_equal(preview(CROSS, ",\"bars\":1000"), 200);
	assert_true(yes(".ok") == true);
	assert_int_equal(json_type(t_api_json(".error")), JSON_NULL);
	assert_int_equal(json_len(t_api_json(".t")), 1000);
	assert_int_equal(t_api_int(".t[999]"), hours.t[2999]);
	assert_true(num(".c[0]") == hours.c[2000]);
	assert_string_equal(t_api_text(".inputs[0].name"), "n");
	assert_string_equal(t_api_text(".plots[0].name"), "fast");
	assert_string_equal(t_api_text(".plots[1].name"), "slow");
	assert_int_equal(json_len(t_api_json(".plots[0].values")), 1000);
	assert_int_equal(json_type(t_api_json(".plots[0].values[8]")), JSON_NULL);
	{	/* the mean of the last ten closes */
		double sum = 0;

		for (size_t i = 2990; i < 3000; i++)
			sum += hours.c[i];
		assert_true(fabs(num(".plots[0].values[999]") - sum / 10) < 1e-6);
	}
	trades = t_api_json(".trades");
	assert_true(json_len(trades) > 5);
	assert_true(num(".metrics.trades") >= (double)json_len(trades) - 1);
	assert_true(num(".metrics.initial_capital") == 10000);
	/* seen on the bar before the entry: the fast one has just crossed */
	assert_true(num(".trades[0].entry_values.fast") >
		    num(".trades[0].entry_values.slow"));
}

static void drawings_are_answered(void **state)
{
	(void)state;
	assert_int_equal(preview("//@version=6\\nindicator(\\\"D\\\")\\n"
		"if barstate.islast\\n    label.new(bar_index, high, \\\"last\\\")\\n",
		",\"bars\":50"), 200);
	assert_int_equal(json_len(t_api_json(".drawings")), 1);
	assert_string_equal(t_api_text(".drawings[0].kind"), "label");
	assert_string_equal(t_api_text(".drawings[0].text"), "last");
	assert_true(num(".drawings[0].x") == 49);
	assert_true(num(".drawings[0].y") == hours.h[2999]);
	assert_int_equal(preview(CROSS, ",\"rules_set\":\"freqtrade\",\"rules\":"
				 "{\"stoploss\":-0.02,\"stake_amount\":100}"), 200);
	assert_int_equal(json_len(t_api_json(".drawings")), 0);
}

static void inputs_and_options_count(void **state)
{
	double first;

	(void)state;
	assert_int_equal(preview(CROSS, ""), 200);
	assert_int_equal(json_len(t_api_json(".t")), 1500);
	first = num(".metrics.trades");
	assert_int_equal(preview(CROSS, ",\"inputs\":{\"n\":3},\"options\":"
				 "{\"initial_capital\":5000,\"fee\":0.1}"), 200);
	assert_true(num(".metrics.trades") > first);
	assert_true(num(".metrics.initial_capital") == 5000);
	assert_true(num(".metrics.fees") > 0);
	{
		double equity = num(".metrics.final_equity");

		assert_int_equal(preview(CROSS, ",\"rules_set\":\"strict\","
			"\"inputs\":{\"n\":3},\"options\":"
			"{\"initial_capital\":5000,\"fee\":0.1}"), 200);
		assert_true(num(".metrics.final_equity") < equity);
	}
	assert_int_equal(preview(CROSS, ",\"rules_set\":\"freqtrade\""), 400);
	assert_int_equal(preview(CROSS, ",\"rules_set\":\"freqtrade\",\"rules\":"
				 "{\"stoploss\":-0.02,\"stake_amount\":100}"), 200);
	assert_int_equal(json_type(t_api_json(".error")), JSON_NULL);
	assert_true(num(".metrics.starting_balance") == 1000);
	assert_true(num(".trades[0].entry_values.fast") >
		    num(".trades[0].entry_values.slow"));
	assert_int_equal(preview(CROSS, ",\"rules\":{}"), 400);
	assert_int_equal(preview(CROSS, ",\"inputs\":{\"n\":1}"), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "inputs");
	assert_int_equal(preview(CROSS, ",\"inputs\":{\"m\":1}"), 400);
	assert_int_equal(preview(CROSS, ",\"options\":{\"fee\":99}"), 400);
	assert_string_equal(t_api_text(".errors[0].detail"),
			    "fee: must be a number from 0 to 50");
	assert_int_equal(preview(CROSS, ",\"options\":{\"feee\":1}"), 400);
	assert_int_equal(preview(CROSS, ",\"bars\":5001"), 400);
	assert_int_equal(preview(CROSS, ",\"to\":1735693200000"), 200);
	assert_int_equal(json_len(t_api_json(".t")), 1);
}

static void faults_are_part_of_the_answer(void **state)
{
	(void)state;
	assert_int_equal(preview("//@version=6\\nstrategy(\\\"B\\\")\\nplot(clse)\\n",
				 ""), 200);
	assert_true(yes(".ok") == false);
	assert_int_equal(t_api_int(".diagnostics[0].line"), 3);
	assert_int_equal(json_len(t_api_json(".t")), 1500);
	assert_int_equal(json_len(t_api_json(".plots")), 0);
	/* one that fails while it runs */
	assert_int_equal(preview("//@version=6\\nstrategy(\\\"B\\\")\\n"
		"if bar_index == 700\\n    runtime.error(\\\"no more\\\")\\n"
		"plot(close)\\n", ""), 200);
	assert_true(yes(".ok") == true);
	assert_non_null(strstr(t_api_text(".error"), "no more"));
	assert_int_equal(json_len(t_api_json(".plots")), 0);
	assert_int_equal(json_type(t_api_json(".metrics")), JSON_NULL);
	/* one without end, and one that is merely slow */
	assert_int_equal(preview("//@version=6\\nstrategy(\\\"B\\\")\\nx = 0\\n"
		"while true\\n    x := x + 1\\nplot(x)\\n", ""), 200);
	assert_int_equal(json_type(t_api_json(".error")), JSON_STR);
	assert_int_equal(preview("//@version=6\\nstrategy(\\\"B\\\")\\nx = 0\\n"
		"for i = 0 to 200000\\n    x := x + i\\nplot(x)\\n", ""), 200);
	assert_non_null(strstr(t_api_text(".error"), "too long"));
}

static void an_indicator_is_drawn_only(void **state)
{
	(void)state;
	assert_int_equal(preview("//@version=6\\nindicator(\\\"I\\\")\\n"
				 "plot(close * 2, \\\"twice\\\")\\n", ""), 200);
	assert_true(num(".plots[0].values[1499]") == hours.c[2999] * 2);
	assert_int_equal(json_type(t_api_json(".metrics")), JSON_NULL);
	assert_int_equal(json_len(t_api_json(".trades")), 0);
}

static void a_market_must_be_there(void **state)
{
	(void)state;
	btc = 999;
	assert_int_equal(preview(CROSS, ""), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "market_id");
	btc = 1;
	assert_int_equal(t_api(NULL, "POST", "/api/v1/strategies/preview", "{}",
			       NULL), 401);
}

static void a_script_is_laid_out(void **state)
{
	(void)state;
	assert_int_equal(t_api("vera", "POST", "/api/v1/strategies/format",
		"{\"source\":\"//@version=6\\nindicator(\\\"I\\\")\\nplot( close+1 )\\n\"}",
		NULL), 200);
	assert_string_equal(t_api_text(".source"),
			    "//@version=6\nindicator(\"I\")\nplot(close + 1)\n");
	assert_int_equal(json_len(t_api_json(".diagnostics")), 0);
	assert_int_equal(t_api("vera", "POST", "/api/v1/strategies/format",
		"{\"source\":\"//@version=6\\nindicator(\\\"I\\\"\\nplot( close+1 )\\n\"}",
		NULL), 200);
	assert_non_null(strstr(t_api_text(".source"), "plot( close+1 )"));
	assert_true(json_len(t_api_json(".diagnostics")) > 0);
}

static void a_starter_is_explained(void **state)
{
	struct strategy s;
	char path[80];
	struct err err;

	(void)state;
	assert_int_equal(script_starters_sync(t_api_db(), 1000, &err), 0);
	assert_int_equal(strategy_find(root, t_api_db(), 0, script_starters[0].name,
				       &s, &err), 0);
	snprintf(path, sizeof(path), "/api/v1/strategies/%llu",
		 (unsigned long long)s.id);
	assert_int_equal(t_api("vera", "GET", path, NULL, NULL), 200);
	assert_string_equal(t_api_text(".explanation"),
			    script_starters[0].explanation);
	t_api_user("anna", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies",
		"{\"name\":\"Mine\",\"source\":\"" CROSS "\"}", NULL), 201);
	assert_string_equal(t_api_text(".explanation"), "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(a_strategy_is_drawn_and_traded),
		T(drawings_are_answered),
		T(inputs_and_options_count),
		T(faults_are_part_of_the_answer),
		T(an_indicator_is_drawn_only),
		T(a_market_must_be_there),
		T(a_script_is_laid_out),
		T(a_starter_is_explained),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
