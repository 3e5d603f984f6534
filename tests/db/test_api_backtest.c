#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t_api.h"
#include "t_db.h"
#include "t_market.h"

#include "bt/store.h"
#include "market/funding.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "ops/job.h"
#include "prog/jobs.h"

/* Stored backtests: through the API, by the job, and what is answered. */

#define N_BARS 3000

static struct arena *root;
static struct candles hours;
static uint64_t btc;
static char path[600];

static int fresh(void **state)
{
	int rc = t_api_fresh(state);

	root = arena_new("test", (size_t)1 << 30);
	btc = t_market_add(root, N_BARS, &hours);
	t_api_user("anna", "trader");
	t_api_user("bob", "trader");
	t_api_user("vera", "viewer");
	return rc;
}

static void checks(void)
{
	/* the tests' users sign in without one */
	t_db_sql("UPDATE user SET password = '$argon2id$v=19$x'");
	t_db_checks();
}

static int done(void **state)
{
	(void)state;
	fault_arm(0);
	arena_free(&root);
	checks();
	return 0;
}

#define SOURCE "//@version=6\nstrategy(\"Cross <1>\", overlay = true, "	\
	"initial_capital = 10000, default_qty_type = "			\
	"strategy.percent_of_equity, default_qty_value = 50, "		\
	"commission_type = strategy.commission.percent, "		\
	"commission_value = 0.1)\n"					\
	"n = input.int(10, \"N\", minval = 2)\n"				\
	"f = ta.sma(close, n)\ns = ta.sma(close, 30)\n"			\
	"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long, "	\
	"comment = \"up\")\n"						\
	"if ta.crossunder(f, s)\n    strategy.entry(\"S\", strategy.short)\n" \
	"plot(f, \"fast\", color = color.orange)\nplot(s, \"slow\")\n"	\
	"plotshape(ta.crossover(f, s), \"up\")\n"

static const char *json_text_of(const char *s)
{
	struct sbuf b;

	sbuf_init(&b, root, 1 << 16);
	sbuf_add_json_str(&b, s);
	return sbuf_finish(&b);
}

static int post(const char *who, const char *source, const char *more)
{
	return t_api(who, "POST", "/api/v1/backtests", arena_printf(root,
		     "{\"source\":%s,\"market_id\":%llu,\"tf\":\"1h\"%s}",
		     json_text_of(source), (unsigned long long)btc, more), NULL);
}

static uint64_t made(const char *more)
{
	if (post("anna", SOURCE, more) != 201)
		fail_msg("%s", t_api_body());
	return (uint64_t)t_api_int(".id");
}

static int get(const char *who, uint64_t id, const char *rest)
{
	snprintf(path, sizeof(path), "/api/v1/backtests/%llu%s",
		 (unsigned long long)id, rest);
	return t_api(who, "GET", path, NULL, NULL);
}

static int verb(const char *who, const char *method, uint64_t id,
		const char *rest, const char *body)
{
	snprintf(path, sizeof(path), "/api/v1/backtests/%llu%s",
		 (unsigned long long)id, rest);
	return t_api(who, method, path, body, NULL);
}

static int work(void)
{
	struct err err;
	int rc = jobs_one(root, t_api_conf(), t_api_db(), NULL, NULL, "w", &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc;
}

static double num(const char *p)
{
	double x;

	if (!json_f64(t_api_json(p), &x))
		fail_msg("%s is no number: %.300s", p, t_api_body());
	return x;
}

static size_t len(const char *p)
{
	return json_len(t_api_json(p));
}

/* The same run without a database. */
static void direct(struct bt_record *ret, int64_t from, int64_t to)
{
	struct bt_result *res = NEW(root, struct bt_result);
	struct bt_plots *plots = NEW(root, struct bt_plots);
	struct market *m = NEW(root, struct market);
	struct bt_setup s;
	struct diags d;
	struct err err;

	assert_int_equal(market_by_id(t_api_db(), btc, m, &err), 0);
	assert_int_equal(bt_setup_script(root, str_c(SOURCE), NULL, NULL, &s, &d,
					 &err), 0);
	bt_setup_market(root, m, TF_1H, &s);
	assert_int_equal(bt_setup_candles(root, t_api_db(), btc, TF_1H, from, to,
					  &s, &err), 0);
	bt_plots_init(root, s.prog, s.bars.n, BT_PLOT_VALUES, plots);
	s.opt.each_bar = bt_plots_bar;
	s.opt.bar_ctx = plots;
	assert_int_equal(bt_run(root, s.prog, s.binding, &s.market, &s.bars, &s.opt,
				res, &err), 0);
	assert_int_equal(bt_record_chart(root, res, s.market.symbol, plots, ret,
					 &err), 0);
}

static void a_backtest_runs_and_is_kept(void **state)
{
	struct bt_record rec;
	uint64_t id;

	(void)state;
	id = made(",\"notes\":\"see\",\"tags\":[\"a b\",\"x\"]");
	assert_string_equal(t_api_text(".state"), "queued");
	assert_string_equal(t_api_text(".name"), "Cross <1> BTC/USDT 1h");
	assert_string_equal(t_api_text(".strategy.name"), "Cross <1>");
	assert_int_equal(json_type(t_api_json(".strategy.id")), JSON_NULL);
	assert_string_equal(t_api_text(".market.symbol"), "BTC/USDT");
	assert_int_equal(t_api_int(".from"), T_START);
	assert_int_equal(t_api_int(".to"), T_START + N_BARS * T_HOUR);
	assert_non_null(strstr(t_api_header("Location"), "/api/v1/backtests/"));
	checks();
	assert_int_equal(work(), 1);
	assert_int_equal(work(), 0);
	assert_int_equal(get("anna", id, ""), 200);
	assert_true(t_api_statements() <= 2);
	assert_string_equal(t_api_text(".state"), "done");
	assert_true(num(".progress") == 1);
	assert_string_equal(t_api_text(".source"), SOURCE);
	direct(&rec, INT64_MIN, INT64_MAX);
	assert_true(rec.n_trades > 20);
	assert_int_equal(t_api_int(".trades"), rec.n_trades);
	{
		const struct json *m, *j;
		struct str key;
		struct err err;

		assert_int_equal(json_parse(root, rec.metrics, strlen(rec.metrics),
					    &m, &err), 0);
		for (size_t i = 0; json_member(m, i, &key, &j); i++)
			assert_true(str_eq(json_text(j), json_text(json_get(
				t_api_json(".metrics"), key.p))));
		assert_true(json_len(m) > 40);
	}
	assert_string_equal(t_api_text(".properties.rules"), "chart");
	assert_string_equal(t_api_text(".tags[0]"), "a b");
}

static void its_trades_are_those_of_the_run(void **state)
{
	struct bt_record rec;
	uint64_t id = made("");
	size_t seen = 0;
	char next[200] = "";

	(void)state;
	assert_int_equal(work(), 1);
	direct(&rec, INT64_MIN, INT64_MAX);
	do {
		char query[260];

		snprintf(query, sizeof(query), "/trades?limit=7%s%s",
			 *next ? "&cursor=" : "", next);
		assert_int_equal(get("anna", id, query), 200);
		assert_true(t_api_statements() <= 3);
		for (size_t i = 0; i < len(".items"); i++, seen++) {
			const struct json *j = json_at(t_api_json(".items"), i);
			struct sbuf a, b;
			struct jw w;

			sbuf_init(&a, root, 1 << 16);
			jw_init(&w, &a);
			bt_trade_json(&w, &rec.trades[seen], &rec.plots);
			sbuf_init(&b, root, 1 << 16);
			jw_init(&w, &b);
			jw_json(&w, j);
			assert_string_equal(sbuf_finish(&b), sbuf_finish(&a));
		}
		snprintf(next, sizeof(next), "%s", t_api_text(".next") != NULL ?
			 t_api_text(".next") : "");
	} while (*next);
	assert_int_equal(seen, rec.n_trades);
}

static double most(const char *p)
{
	double v = -INFINITY, x;

	for (size_t i = 0; i < len(p); i++)
		if (json_f64(json_at(t_api_json(p), i), &x))
			v = fmax(v, x);
	return v;
}

static void its_curve_is_thinned_and_keeps_its_extremes(void **state)
{
	struct bt_record rec;
	uint64_t id = made("");
	double peak = 10000, deepest = 0, highest = 0;

	(void)state;
	assert_int_equal(work(), 1);
	direct(&rec, INT64_MIN, INT64_MAX);
	for (size_t i = 0; i < rec.n; i++) {
		peak = fmax(peak, rec.equity[i]);
		deepest = fmax(deepest, 1 - rec.equity[i] / peak);
		highest = fmax(highest, rec.equity[i]);
	}
	assert_int_equal(get("anna", id, "/equity?points=5000"), 200);
	assert_int_equal(len(".t"), N_BARS);
	for (size_t i = 0; i < N_BARS; i += 500) {
		char p[40];

		snprintf(p, sizeof(p), ".equity[%zu]", i);
		assert_true(num(p) == rec.equity[i]);
	}
	assert_true(most(".drawdown") == deepest);
	assert_int_equal(get("anna", id, "/equity?points=100"), 200);
	assert_true(t_api_statements() <= 3);
	assert_true(len(".t") <= 100 && len(".t") > 80);
	assert_true(len(".equity") == len(".t") && len(".position") == len(".t"));
	assert_true(most(".drawdown") == deepest);
	assert_true(most(".equity") == highest);
	assert_true(num(".t[0]") == (double)rec.t[0]);
	assert_true(json_i64(json_at(t_api_json(".t"), len(".t") - 1),
			     &(int64_t){ 0 }));
	for (size_t i = 1; i < len(".t"); i++) {
		int64_t t0 = 0, t1 = 0;

		assert_true(json_i64(json_at(t_api_json(".t"), i - 1), &t0) &&
			    json_i64(json_at(t_api_json(".t"), i), &t1) && t0 < t1);
	}
	{	/* the market alone ends as its metric says */
		double bh = 0, end;

		assert_true(json_f64(json_at(t_api_json(".buy_hold"),
					     len(".t") - 1), &end));
		assert_int_equal(get("anna", id, ""), 200);
		bh = num(".metrics.buy_hold_return");
		assert_true(fabs(end - 10000 * (1 + bh)) < 1e-6);
	}
	assert_int_equal(get("anna", id, "/equity?points=5"), 400);
}

static void its_sums_add_up(void **state)
{
	uint64_t id = made("");
	double profit = 0, trades = 0;

	(void)state;
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, "/breakdown"), 200);
	assert_true(t_api_statements() <= 3);
	assert_int_equal(t_api_int(".months[0].year"), 2025);
	assert_int_equal(len(".months"), 5);
	assert_int_equal(len(".groups.pair"), 1);
	assert_int_equal(len(".groups.entry"), 2);
	for (size_t i = 0; i < len(".months"); i++) {
		const struct json *j = json_at(t_api_json(".months"), i);

		profit += strtod(json_text(json_get(j, "profit")).p, NULL);
	}
	for (size_t i = 0; i < len(".groups.tag"); i++) {
		double x;

		assert_true(json_f64(json_get(json_at(t_api_json(".groups.tag"), i),
					      "trades"), &x));
		trades += x;
	}
	assert_int_equal(get("anna", id, ""), 200);
	assert_true(fabs(num(".metrics.final_equity") - 10000 - profit) < 1e-6);
	assert_true(num(".trades") == trades);
}

static void a_chart_is_cut_and_merged(void **state)
{
	uint64_t id = made("");
	struct bt_record rec;
	char q[200];

	(void)state;
	assert_int_equal(get("anna", id, "/chart"), 200);	/* not run yet */
	assert_int_equal(len(".t"), 1500);
	assert_int_equal(len(".plots"), 0);
	assert_int_equal(work(), 1);
	direct(&rec, INT64_MIN, INT64_MAX);
	snprintf(q, sizeof(q), "/chart?from=%lld&to=%lld",
		 (long long)(T_START + 100 * T_HOUR),
		 (long long)(T_START + 400 * T_HOUR));
	assert_int_equal(get("anna", id, q), 200);
	assert_int_equal(len(".t"), 300);
	assert_int_equal(t_api_int(".step"), 1);
	assert_true(num(".c[0]") == hours.c[100]);
	assert_string_equal(t_api_text(".plots[0].name"), "fast");
	assert_string_equal(t_api_text(".plots[0].color"), "#ff9800");
	assert_string_equal(t_api_text(".plots[2].kind"), "shape");
	for (size_t i = 0; i < 300; i++) {
		double x;

		assert_true(json_f64(json_at(t_api_json(".plots[1].values"), i),
				     &x) && x == rec.plots.values[rec.plots.bars +
								  100 + i]);
	}
	for (size_t i = 0; i < len(".trades"); i++) {
		const struct json *j = json_at(t_api_json(".trades"), i);
		int64_t t0 = 0, t1 = 0;

		assert_true(json_i64(json_get(j, "entry_ms"), &t0) &&
			    json_i64(json_get(j, "exit_ms"), &t1));
		assert_true(t1 >= T_START + 100 * T_HOUR &&
			    t0 < T_START + 400 * T_HOUR);
	}
	assert_true(len(".trades") > 0 &&
		    (int64_t)len(".trades") == t_api_int(".trades_total"));
	assert_int_equal(get("anna", id, "/chart?points=100"), 200);
	assert_int_equal(t_api_int(".step"), 30);
	assert_int_equal(len(".t"), 100);
	{
		double h = 0;

		for (size_t i = 60; i < 90; i++)
			h = fmax(h, hours.h[i]);
		assert_true(num(".h[2]") == h && num(".c[2]") == hours.c[89]);
		assert_true(num(".plots[0].values[2]") == rec.plots.values[89]);
	}
	assert_int_equal(len(".trades"), rec.n_trades);
}

static void it_can_be_taken_away_as_files(void **state)
{
	struct bt_record rec;
	uint64_t id = made("");
	size_t lines = 0;

	(void)state;
	assert_int_equal(get("anna", id, "/export?format=json"), 409);
	assert_int_equal(work(), 1);
	direct(&rec, INT64_MIN, INT64_MAX);
	assert_int_equal(get("anna", id, "/export?format=json"), 200);
	assert_string_equal(t_api_header("Content-Disposition"), arena_printf(root,
		"attachment; filename=\"backtest-%llu.json\"",
		(unsigned long long)id));
	assert_int_equal(len(".equity.t"), N_BARS);
	assert_int_equal(len(".trades"), rec.n_trades);
	assert_string_equal(t_api_text(".properties.title"), "Cross <1>");
	assert_int_equal(get("anna", id, "/export?format=trades"), 200);
	for (const char *p = t_api_body(); *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, rec.n_trades + 1);
	assert_int_equal(get("anna", id, "/export?format=equity"), 200);
	assert_non_null(strstr(t_api_body(), "timestamp_ms,equity,position,drawdown\n"
			       "1735689600000,10000,0,0\n"));
	assert_int_equal(get("anna", id, "/export?format=html"), 200);
	assert_non_null(strstr(t_api_body(), "<!DOCTYPE html>"));
	assert_non_null(strstr(t_api_body(), "Cross &lt;1&gt; BTC/USDT 1h</h1>"));
	assert_non_null(strstr(t_api_body(), "sim:BTC/USDT"));
	assert_int_equal(get("anna", id, "/export?format=pdf"), 400);
}

static void freqtrades_rules_hold_where_they_are_asked_for(void **state)
{
	double stops = 0, trades = 0;
	uint64_t id;

	(void)state;
	assert_int_equal(post("anna", SOURCE, ",\"rules_set\":\"freqtrade\""), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "rules");
	assert_int_equal(post("anna", SOURCE, ",\"rules\":{}"), 400);
	assert_int_equal(post("anna", SOURCE, ",\"rules_set\":\"freqtrade\","
			      "\"rules\":{\"stopploss\":-0.1}"), 400);
	assert_non_null(strstr(t_api_text(".errors[0].detail"), "stopploss"));
	assert_int_equal(post("anna", SOURCE, ",\"rules_set\":\"freqtrade\","
			      "\"rules\":{\"timeframe\":\"5m\"}"), 400);
	id = made(",\"rules_set\":\"freqtrade\",\"options\":{\"fee\":0.2,"
		  "\"initial_capital\":5000},\"rules\":{\"stoploss\":-0.01,"
		  "\"minimal_roi\":{\"0\":10},\"stake_amount\":1000}");
	assert_string_equal(t_api_text(".rules_set"), "freqtrade");
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "done");
	assert_true(num(".metrics.starting_balance") == 5000);
	assert_true(num(".properties.fee") == 0.002);
	assert_true(num(".properties.stoploss") == -0.01);
	assert_true(num(".rules.stake_amount") == 1000);
	trades = num(".trades");
	assert_true(trades > 5 && trades == num(".metrics.trades"));
	assert_int_equal(get("anna", id, "/trades?limit=500"), 200);
	for (size_t i = 0; i < len(".items"); i++)
		stops += str_eqc(json_text(json_get(json_at(t_api_json(".items"), i),
						    "exit_reason")), "stop_loss");
	assert_true(stops > 0 && stops <= trades);
	assert_int_equal(get("anna", id, "/equity?points=5000"), 200);
	assert_true(len(".t") > 2900);
	assert_int_equal(get("anna", id, "/chart?points=5000"), 200);
	assert_string_equal(t_api_text(".plots[1].name"), "slow");
	assert_true(num(".plots[1].values[2999]") > 0);
	assert_int_equal(get("anna", id, "/export?format=html"), 200);
	assert_non_null(strstr(t_api_body(), "Starting balance"));
}

static void the_strict_rules_cost_more(void **state)
{
	uint64_t loose = made(""), id;
	double equity;

	(void)state;
	id = made(",\"rules_set\":\"strict\",\"options\":{\"spread\":20,"
		  "\"latency\":250}");
	assert_string_equal(t_api_text(".rules_set"), "strict");
	assert_int_equal(work(), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", loose, ""), 200);
	equity = num(".metrics.final_equity");
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "done");
	assert_string_equal(t_api_text(".properties.rules"), "strict");
	assert_true(num(".metrics.final_equity") < equity);
}

static void finer_candles_and_other_series_are_loaded(void **state)
{
	uint64_t hour = made(""), id;
	double equity;

	(void)state;
	/* a day is made of hours: on daily bars the hours tell the way */
	assert_int_equal(post("anna", SOURCE, ",\"options\":{\"detail\":\"7m\"}"),
			 400);
	assert_int_equal(post("anna", SOURCE, ",\"options\":{\"data\":[\"x\"]}"), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "options");
	assert_int_equal(verb("anna", "DELETE", hour, "", NULL), 204);
	assert_int_equal(work(), 1);
	for (int fine = 0; fine < 2; fine++) {
		assert_int_equal(t_api("anna", "POST", "/api/v1/backtests",
			arena_printf(root, "{\"source\":%s,\"market_id\":%llu,"
				     "\"tf\":\"4h\"%s}", json_text_of(
			"//@version=6\nstrategy(\"D\", default_qty_value = 0.01)\n"
			"strategy.entry(\"L\", strategy.long)\n"
			"strategy.exit(\"X\", \"L\", stop = close * 0.995, "
			"limit = close * 1.005)\n"), (unsigned long long)btc,
			fine ? ",\"options\":{\"detail\":\"1h\"}" : ""), NULL), 201);
		id = (uint64_t)t_api_int(".id");
		assert_int_equal(work(), 1);
		assert_int_equal(get("anna", id, ""), 200);
		assert_string_equal(t_api_text(".state"), "done");
		if (!fine)
			equity = num(".metrics.final_equity");
		else
			assert_true(num(".metrics.final_equity") != equity);
	}
	/* the market itself as another series: known to be the same */
	assert_int_equal(post("anna", "//@version=6\nstrategy(\"R\")\n"
		"x = request.security(\"SIM:ETH/USDT\", \"60\", close)\nplot(x, "
		"\"x\")\n", ",\"options\":{\"data\":[\"sim:ETH/USDT\"]}"), 201);
	id = (uint64_t)t_api_int(".id");
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".error"), "data: there are no candles of "
			    "sim:ETH/USDT in the range");
	{
		struct candles cs;

		(void)t_market_named(root, "ETH/USDT", N_BARS, &cs);
		assert_int_equal(post("anna", "//@version=6\nstrategy(\"R\")\n"
			"x = request.security(\"SIM:ETH/USDT\", \"60\", close)\n"
			"plot(x, \"x\")\n",
			",\"options\":{\"data\":[\"sim:ETH/USDT\"]}"), 201);
		id = (uint64_t)t_api_int(".id");
		assert_int_equal(work(), 1);
		assert_int_equal(get("anna", id, "/chart?points=5000"), 200);
		assert_true(num(".plots[0].values[2000]") == cs.c[2000]);
	}
	/* too fine for its range */
	t_api_conf()->backtest_max_candles = 2000;
	assert_int_equal(t_api("anna", "POST", "/api/v1/backtests", arena_printf(
		root, "{\"source\":%s,\"market_id\":%llu,\"tf\":\"4h\","
		"\"options\":{\"detail\":\"1h\"}}", json_text_of(SOURCE),
		(unsigned long long)btc), NULL), 422);
	assert_non_null(strstr(t_api_text(".detail"), "3000 candles of detail"));
}

/* What job and answer say of a run with these options. */
static uint64_t run_with(const char *source, const char *rest)
{
	uint64_t id;

	if (post("anna", source, rest) != 201)
		fail_msg("%s", t_api_body());
	id = (uint64_t)t_api_int(".id");
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, ""), 200);
	return id;
}

static size_t trades_of(uint64_t id, const char *pair)
{
	size_t n = 0;

	assert_int_equal(get("anna", id, "/trades?limit=500"), 200);
	for (size_t i = 0; i < len(".items"); i++)
		n += str_eqc(json_text(json_get(json_at(t_api_json(".items"), i),
						"pair")), pair);
	return n;
}

#define BOTH "\"markets\":[\"sim:ETH/USDT\"]"
#define FT ",\"rules_set\":\"freqtrade\",\"rules\":{\"stoploss\":-0.05,"	\
	"\"minimal_roi\":{\"0\":10},\"stake_amount\":400,"			\
	"\"trading_mode\":\"futures\",\"can_short\":true,\"max_open_trades\":"

static void several_markets_share_one_account(void **state)
{
	struct candles eth;
	uint64_t id;

	(void)state;
	(void)run_with(SOURCE, ",\"options\":{" BOTH "}");
	assert_non_null(strstr(t_api_text(".error"), "no candles of sim:ETH/USDT"));
	(void)t_market_named(root, "ETH/USDT", N_BARS, &eth);
	(void)t_market_named(root, "SOL/EUR", 100, &eth);
	id = run_with(SOURCE, ",\"options\":{" BOTH "}");
	assert_string_equal(t_api_text(".state"), "done");
	assert_true(trades_of(id, "BTC/USDT") > 20);
	assert_true(trades_of(id, "ETH/USDT") > 20);
	/* the chart is the one market's */
	assert_int_equal(get("anna", id, "/chart"), 200);
	assert_true(len(".trades") == trades_of(id, "BTC/USDT"));
	id = run_with(SOURCE, ",\"rules_set\":\"strict\",\"options\":{" BOTH
		      ",\"max_open_trades\":1}");
	assert_int_equal(num(".properties.max_open_trades"), 1);
	assert_true(num(".metrics.rejected_orders") > 0);
	id = run_with(SOURCE, FT "2},\"options\":{" BOTH "}");
	assert_true(trades_of(id, "BTC/USDT") > 20);
	assert_true(trades_of(id, "ETH/USDT") > 20);
	(void)run_with(SOURCE, ",\"options\":{\"markets\":[\"sim:SOL/EUR\"]}");
	assert_non_null(strstr(t_api_text(".error"), "one account has one currency"));
	(void)run_with(SOURCE, ",\"options\":{\"markets\":[\"sim:BTC/USDT\"]}");
	assert_non_null(strstr(t_api_text(".error"), "the market of the run itself"));
	(void)run_with(SOURCE, ",\"options\":{\"markets\":[\"sim:ETH/USDT\","
		       "\"sim:ETH/USDT\"]}");
	assert_non_null(strstr(t_api_text(".error"), "stands there twice"));
	assert_int_equal(post("anna", SOURCE, ",\"options\":{\"markets\":\"x\"}"), 400);
}

static void stored_funding_is_paid(void **state)
{
	int64_t t[40];
	double rate[40], mark[40], before;
	struct err err;

	(void)state;
	(void)run_with(SOURCE, ",\"options\":{\"funding\":true}");
	assert_non_null(strstr(t_api_text(".error"), "no rates are stored"));
	for (size_t i = 0; i < 40; i++) {
		t[i] = T_START + (int64_t)(i + 1) * 8 * T_HOUR;
		rate[i] = 0.002;
		mark[i] = i % 2 ? NAN : hours.o[(i + 1) * 8];
	}
	/* twice: what is there is replaced */
	for (int i = 0; i < 2; i++)
		assert_int_equal(funding_store(t_api_db(), btc, &(struct funding){
				 40, t, rate, mark }, &err), 0);
	(void)run_with(SOURCE, "");
	assert_true(num(".metrics.carry") == 0);
	before = num(".metrics.final_equity");
	(void)run_with(SOURCE, ",\"options\":{\"funding\":true}");
	assert_true(num(".metrics.carry") != 0);
	assert_true(num(".metrics.final_equity") != before);
	(void)run_with(SOURCE, FT "2}");
	before = num(".metrics.final_balance");
	(void)run_with(SOURCE, FT "2},\"options\":{\"funding\":true}");
	assert_true(num(".metrics.final_balance") != before);
}

static void what_a_script_drew_stays(void **state)
{
	uint64_t id = run_with("//@version=6\nstrategy(\"D\")\nif barstate.islast\n"
			       "    label.new(bar_index, close, \"here\")\n", "");

	(void)state;
	assert_int_equal(get("anna", id, "/chart"), 200);
	assert_int_equal(len(".drawings"), 1);
	assert_string_equal(t_api_text(".drawings[0].kind"), "label");
	assert_int_equal(t_api_int(".first_bar"), 0);
	{	/* what is seen of it begins later: its bars are still counted */
		int64_t n = t_api_int(".drawings[0].x");
		char part[80];

		snprintf(part, sizeof(part), "/chart?from=%lld",
			 (long long)hours.t[n - 5]);
		assert_int_equal(get("anna", id, part), 200);
		assert_int_equal(t_api_int(".first_bar"), n - 5);
		assert_int_equal(len(".t"), 6);
	}
	id = run_with(SOURCE, "");
	assert_int_equal(get("anna", id, "/chart"), 200);
	assert_int_equal(len(".drawings"), 0);
}

static void what_cannot_run_is_refused_with_a_sentence(void **state)
{
	(void)state;
	assert_int_equal(post("vera", SOURCE, ""), 403);
	assert_int_equal(post("anna", "strategy(", ""), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "source");
	assert_int_equal(post("anna", "//@version=6\nindicator(\"I\")\nplot(close)\n",
			      ""), 400);
	assert_int_equal(post("anna", SOURCE, ",\"inputs\":{\"n\":0}"), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "inputs");
	assert_int_equal(post("anna", SOURCE, ",\"options\":{\"x\":0}"), 400);
	assert_int_equal(post("anna", SOURCE, ",\"strategy_id\":1"), 400);
	assert_int_equal(post("anna", SOURCE, ",\"tags\":[\"\"]"), 400);
	assert_int_equal(post("anna", SOURCE, ",\"from\":1835689600000"), 422);
	assert_non_null(strstr(t_api_text(".detail"), "no candles"));
	t_api_conf()->backtest_max_candles = 2000;
	assert_int_equal(post("anna", SOURCE, ""), 422);
	assert_non_null(strstr(t_api_text(".detail"), "holds 3000 candles, at most "
			       "2000"));
	assert_int_equal(post("anna", SOURCE, ",\"from\":1735693200000,\"to\":"
			      "1735700400000"), 201);
	assert_int_equal(t_api_int(".from"), 1735693200000);
	assert_int_equal(post("anna", SOURCE, ",\"from\":1735693200000,\"to\":"
			      "1735700400000"), 201);
	t_api_conf()->backtest_queue = 2;
	assert_int_equal(post("anna", SOURCE, ",\"to\":1735700400000"), 422);
	assert_non_null(strstr(t_api_text(".detail"), "2 of your backtests"));
	assert_int_equal(post("bob", SOURCE, ",\"to\":1735700400000"), 201);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM backtest"), 3);
	btc = 77;
	assert_int_equal(post("bob", SOURCE, ""), 400);
}

static void nobody_sees_those_of_others(void **state)
{
	uint64_t id = made("");

	(void)state;
	assert_int_equal(work(), 1);
	assert_int_equal(get("bob", id, ""), 404);
	assert_int_equal(get("bob", id, "/equity"), 404);
	assert_int_equal(get("bob", id, "/trades"), 404);
	assert_int_equal(get("bob", id, "/breakdown"), 404);
	assert_int_equal(get("bob", id, "/chart"), 404);
	assert_int_equal(get("bob", id, "/export"), 404);
	assert_int_equal(verb("bob", "PATCH", id, "", "{\"name\":\"x\"}"), 404);
	assert_int_equal(verb("bob", "DELETE", id, "", NULL), 404);
	assert_int_equal(verb("bob", "POST", id, "/cancel", NULL), 404);
	assert_int_equal(t_api("bob", "GET", "/api/v1/backtests", NULL, NULL), 200);
	assert_int_equal(len(".items"), 0);
	/* who may only look may look at one's own */
	t_db_sql("UPDATE backtest SET user_id = (SELECT id FROM user WHERE "
		 "name = 'vera')");
	assert_int_equal(get("vera", id, "/trades"), 200);
	assert_int_equal(verb("vera", "DELETE", id, "", NULL), 403);
	assert_int_equal(get("anna", id, ""), 404);
}

static void lists_are_filtered_and_paged(void **state)
{
	uint64_t a = made(",\"tags\":[\"good\",\"o\\\"dd\"],\"name\":\"one\"");
	uint64_t b = made(",\"name\":\"two\"");
	char q[200];

	(void)state;
	assert_int_equal(work(), 1);
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?limit=1", NULL,
			       NULL), 200);
	assert_true(t_api_statements() <= 2);
	assert_int_equal(t_api_int(".items[0].id"), b);
	snprintf(q, sizeof(q), "/api/v1/backtests?limit=1&cursor=%s",
		 t_api_text(".next"));
	assert_int_equal(t_api("anna", "GET", q, NULL, NULL), 200);
	assert_int_equal(t_api_int(".items[0].id"), a);
	assert_null(t_api_json(".items[0].source"));
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?state=done", NULL,
			       NULL), 200);
	assert_int_equal(len(".items"), 1);
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?tag=o%22dd", NULL,
			       NULL), 200);
	assert_int_equal(t_api_int(".items[0].id"), a);
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?tag=goo", NULL,
			       NULL), 200);
	assert_int_equal(len(".items"), 0);
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?market_id=99",
			       NULL, NULL), 200);
	assert_int_equal(len(".items"), 0);
	assert_int_equal(verb("anna", "PATCH", b, "", "{\"tags\":[\"goo\"],"
			      "\"notes\":\"n\\nm\"}"), 200);
	assert_string_equal(t_api_text(".name"), "two");
	assert_string_equal(t_api_text(".notes"), "n\nm");
	assert_int_equal(t_api("anna", "GET", "/api/v1/backtests?tag=goo", NULL,
			       NULL), 200);
	assert_int_equal(t_api_int(".items[0].id"), b);
	assert_int_equal(verb("anna", "DELETE", a, "", NULL), 204);
	assert_int_equal(get("anna", a, ""), 404);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM backtest_part"), 0);
}

static void a_script_that_fails_says_why(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(post("anna", "//@version=6\nstrategy(\"B\")\n"
		"if bar_index == 70\n    runtime.error(\"no more\")\n", ""), 201);
	id = (uint64_t)t_api_int(".id");
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "failed");
	assert_non_null(strstr(t_api_text(".error"), "no more"));
	assert_int_equal(json_type(t_api_json(".metrics")), JSON_NULL);
	assert_int_equal(get("anna", id, "/equity"), 200);
	assert_int_equal(len(".t"), 0);
	assert_int_equal(get("anna", id, "/breakdown"), 200);
	assert_int_equal(get("anna", id, "/trades"), 200);
}

static void it_can_be_cancelled_at_any_time(void **state)
{
	struct err err;
	uint64_t id = made("");

	(void)state;
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 200);
	assert_string_equal(t_api_text(".state"), "cancelled");
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 409);
	assert_int_equal(work(), 1);		/* the job finds nothing to do */
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "cancelled");
	/* while it runs: the run meets the flag and writes nothing */
	id = made("");
	assert_int_equal(bt_store_begin(t_api_db(), id, 5, 1, &err), 1);
	assert_int_equal(bt_store_progress(t_api_db(), id, 5, 300, 1000, &err), 1);
	assert_int_equal(get("anna", id, ""), 200);
	assert_true(num(".progress") == 0.3 && num(".eta_ms") == 1000);
	assert_int_equal(verb("anna", "POST", id, "/cancel", NULL), 200);
	assert_string_equal(t_api_text(".state"), "running");
	assert_int_equal(bt_store_progress(t_api_db(), id, 5, 400, 900, &err), 0);
	{
		struct bt_record rec;

		direct(&rec, INT64_MIN, INT64_MAX);
		assert_int_equal(bt_store_done(t_api_db(), id, 5, &rec, 2, &err),
				 -E_CONFLICT);
	}
	assert_int_equal(bt_store_cancelled(t_api_db(), id, 3, &err), 0);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "cancelled");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM backtest_part"), 0);
	/* deleted while it runs */
	id = made("");
	assert_int_equal(verb("anna", "DELETE", id, "", NULL), 204);
	while (work() == 1)
		;
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM job WHERE state = 'f'"), 0);
}

static void only_the_newest_run_writes(void **state)
{
	struct bt_record rec;
	uint64_t id = made("");
	struct err err;

	(void)state;
	direct(&rec, INT64_MIN, INT64_MAX);
	assert_int_equal(bt_store_begin(t_api_db(), id, 5, 1, &err), 1);
	assert_int_equal(bt_store_begin(t_api_db(), id, 6, 2, &err), 1);
	assert_int_equal(bt_store_progress(t_api_db(), id, 5, 1, 1, &err), 0);
	assert_int_equal(bt_store_done(t_api_db(), id, 5, &rec, 3, &err), -E_CONFLICT);
	assert_int_equal(bt_store_done(t_api_db(), id, 6, &rec, 3, &err), 0);
	assert_int_equal(bt_store_begin(t_api_db(), id, 7, 4, &err), 0);
	assert_int_equal(bt_store_fail(t_api_db(), id, 6, "x", 5, &err), 0);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "done");
	while (work() == 1)
		;
}

/* Whatever stops a run half way: it is begun again and leaves one result. */
static void a_run_that_was_cut_off_is_begun_again(void **state)
{
	static const char *const kinds[] = { "backtest" };
	uint64_t id = made("");
	struct err err;
	struct job j;

	(void)state;
	/* its worker is killed: nobody renews the lease */
	assert_int_equal(job_take(root, t_api_db(), kinds, 1, "dead", 60000, &j,
				  &err), 1);
	assert_int_equal(bt_store_begin(t_api_db(), id, j.lease, 1, &err), 1);
	assert_int_equal(work(), 0);
	t_db_sql("UPDATE job SET due_ms = 1");
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", id, ""), 200);
	assert_string_equal(t_api_text(".state"), "done");
	assert_int_equal(t_db_int("SELECT attempts FROM job LIMIT 1"), 2);
#ifdef ENABLE_FAULTS
	for (unsigned n = 1; n < 3; n++) {
		const char *const points[] = { "backtest.run", "backtest.done" };

		id = made("");
		fault_arm_at(points[n - 1], 1);
		assert_int_equal(work(), 1);
		fault_arm(0);
		assert_int_equal(get("anna", id, ""), 200);
		assert_string_equal(t_api_text(".state"), n == 1 ? "running" :
				    "done");
		checks();
		t_db_sql("UPDATE job SET due_ms = 1 WHERE state = 'q'");
		assert_int_equal(work(), 1);
		assert_int_equal(get("anna", id, ""), 200);
		assert_string_equal(t_api_text(".state"), "done");
		assert_int_equal(t_db_int("SELECT COUNT(*) FROM backtest_part "
					  "WHERE backtest_id = %llu AND kind = 'e'",
					  (unsigned long long)id), 1);
	}
#endif
}

static void what_was_given_up_is_told_and_old_results_go(void **state)
{
	uint64_t a = made(""), b = made(",\"notes\":\"keep\""), c = made("");
	struct err err;

	(void)state;
	assert_int_equal(work(), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(bt_store_begin(t_api_db(), c, 5, 1, &err), 1);
	t_db_sql("UPDATE job SET state = 'f', error = 'its worker was lost each "
		 "time', finished_ms = 1, unique_name = NULL WHERE id = (SELECT "
		 "job_id FROM backtest WHERE id = %llu)", (unsigned long long)c);
	assert_int_equal(bt_store_tidy(t_api_db(), 10, 0, &err), 0);
	assert_int_equal(get("anna", c, ""), 200);
	assert_string_equal(t_api_text(".state"), "failed");
	assert_string_equal(t_api_text(".error"),
			    "it was given up: its worker was lost each time");
	t_db_sql("UPDATE backtest SET finished_ms = 1000");
	assert_int_equal(bt_store_tidy(t_api_db(), 5000, 4000, &err), 0);
	assert_int_equal(get("anna", a, ""), 200);
	assert_int_equal(bt_store_tidy(t_api_db(), 5001, 4000, &err), 0);
	assert_int_equal(get("anna", a, ""), 404);
	assert_int_equal(get("anna", b, ""), 200);
	assert_int_equal(t_db_int("SELECT COUNT(DISTINCT backtest_id) FROM "
				  "backtest_part"), 1);
}

static void the_setting_says_how_long_they_are_kept(void **state)
{
	uint64_t a = made(""), id;
	struct err err;

	(void)state;
	assert_int_equal(work(), 1);
	t_db_sql("UPDATE backtest SET finished_ms = 1000");
	t_api_conf()->backtest_keep = 0;
	assert_int_equal(job_enqueue(t_api_db(), "backtest_tidy", 0, "{}", NULL, 0,
				     &id, &err), 0);
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", a, ""), 200);
	t_api_conf()->backtest_keep = 60;
	assert_int_equal(job_enqueue(t_api_db(), "backtest_tidy", 0, "{}", NULL, 0,
				     &id, &err), 0);
	assert_int_equal(work(), 1);
	assert_int_equal(get("anna", a, ""), 404);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(a_backtest_runs_and_is_kept),
		T(its_trades_are_those_of_the_run),
		T(its_curve_is_thinned_and_keeps_its_extremes),
		T(its_sums_add_up),
		T(a_chart_is_cut_and_merged),
		T(it_can_be_taken_away_as_files),
		T(freqtrades_rules_hold_where_they_are_asked_for),
		T(the_strict_rules_cost_more),
		T(finer_candles_and_other_series_are_loaded),
		T(several_markets_share_one_account),
		T(stored_funding_is_paid),
		T(what_a_script_drew_stays),
		T(what_cannot_run_is_refused_with_a_sentence),
		T(nobody_sees_those_of_others),
		T(lists_are_filtered_and_paged),
		T(a_script_that_fails_says_why),
		T(it_can_be_cancelled_at_any_time),
		T(only_the_newest_run_writes),
		T(a_run_that_was_cut_off_is_begun_again),
		T(what_was_given_up_is_told_and_old_results_go),
		T(the_setting_says_how_long_they_are_kept),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
