#include "config.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bot/verify.h"
#include "core/rand.h"

/* Scripts over random candles: the bot's way gives the backtest's trades, for
 * every kind of order; and a backtest that lies is found out. */

#define BARS 3000
static struct arena *root;
static struct bars bars;

static int world(void **state)
{
	double *v[5], x = 1000;
	int64_t *t;
	struct rng r;

	(void)state;
	root = arena_new("t", (size_t)1 << 30);
	rng_seed(&r, 3);
	t = NEW_N(root, int64_t, BARS);
	for (size_t i = 0; i < 5; i++)
		v[i] = NEW_N(root, double, BARS);
	for (size_t i = 0; i < BARS; i++) {
		/* some bars open with a gap */
		double o = x * (rng_below(&r, 9) == 0 ?
				1 + 0.01 * rng_gauss(&r) : 1);
		double c = o * (1 + 0.01 * rng_gauss(&r));
		double h = fmax(o, c) * (1 + 0.006 * rng_unit(&r));
		double l = fmin(o, c) * (1 - 0.006 * rng_unit(&r));

		t[i] = 1700000000000 / 3600000 * 3600000 + (int64_t)i * 3600000;
		v[0][i] = nearbyint(o * 100) / 100;
		v[1][i] = nearbyint(h * 100) / 100;
		v[2][i] = nearbyint(l * 100) / 100;
		v[3][i] = nearbyint(c * 100) / 100;
		v[4][i] = 10000;
		x = c * 0.999 + 1;	/* comes back to 1000 */
	}
	bars = (struct bars){ BARS, t, v[0], v[1], v[2], v[3], v[4] };
	return 0;
}

static int unworld(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

struct run {
	const struct script_prog *prog;
	struct script_binding *bind;
	struct script_market m;
	struct bt_options opt;
	struct bt_result res;
	struct verify_out out;
	struct err err;
};

static void backtest_under(struct run *r, enum bt_rules set, const char *source)
{
	struct diags d = { 0 };

	memset(r, 0, sizeof(*r));
	r->m = (struct script_market){ .symbol = "X", .exchange = "file",
		.timeframe = "60", .mintick = 0.01, .pointvalue = 1, .lot = 0.001 };
	r->opt = bt_defaults();
	r->opt.rules_set = set;
	r->opt.latency_ms = 1200000;	/* a third of a bar */
	if (script_compile(root, source, strlen(source), NULL, &r->prog, &d,
			   &r->err) < 0)
		fail_msg("%s: %s", source, d.n > 0 ? d.v[0].msg : r->err.msg);
	r->bind = script_bind(root, r->prog);
	if (bt_run(root, r->prog, r->bind, &r->m, &bars, &r->opt, &r->res,
		   &r->err) < 0)
		fail_msg("%s", r->err.msg);
}

static void backtest(struct run *r, const char *source)
{
	backtest_under(r, BT_RULES_CHART, source);
}

static int check(struct run *r)
{
	return bot_verify(root, &(struct verify_in){ r->prog, r->bind, &r->m,
		&bars, &r->opt, &r->res }, &r->out, &r->err);
}

/* head: arguments of strategy() beside the title. */
static void same(const char *head, const char *body, size_t least)
{
	struct run r;

	for (int k = 0; k < 3; k++) {
		int version = k == 0 ? 5 : 6;

		backtest_under(&r, k < 2 ? BT_RULES_CHART : BT_RULES_STRICT, arena_printf(root, "//@version=%d\nstrategy(\"s\"%s%s)\n"
			"up = ta.crossover(close, ta.sma(close, 9))\n"
			"dn = ta.crossunder(close, ta.sma(close, 9))\n%s", version,
			*head != '\0' ? ", " : "", head, body));
		if (check(&r) < 0)
			fail_msg("version %d, %s: %s", version,
				 bt_rules_name(r.opt.rules_set), r.err.msg);
		if (r.out.trades < least)
			fail_msg("version %d, %s: only %zu trades", version,
				 bt_rules_name(r.opt.rules_set), r.out.trades);
	}
}

static void market_orders_and_reversals(void **state)
{
	(void)state;
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short, qty = 2)\n", 100);
	same("default_qty_type = strategy.percent_of_equity, default_qty_value = 90,"
	     " initial_capital = 5000, commission_type = strategy.commission.percent,"
	     " commission_value = 0.075, slippage = 3",
	     "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.close(\"L\")\n", 100);
}

static void limit_and_stop_entries(void **state)
{
	(void)state;
	same("slippage = 2", "strategy.entry(\"L\", strategy.long, limit = close * 0.995)\n"
	     "strategy.entry(\"S\", strategy.short, limit = close * 1.005)\n", 100);
	same("", "strategy.entry(\"L\", strategy.long, stop = high * 1.002)\n"
	     "strategy.entry(\"S\", strategy.short, stop = low * 0.998)\n", 100);
	same("", "if up\n    strategy.entry(\"L\", strategy.long, stop = high, limit = high * 1.001)\n"
	     "if dn\n    strategy.cancel(\"L\")\n"
	     "if strategy.position_size > 0 and dn\n    strategy.close_all()\n", 20);
}

static void brackets_with_their_entry_and_on_each_bar(void **state)
{
	(void)state;
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "    strategy.exit(\"X\", \"L\", profit = 900, loss = 650)\n", 50);
	same("slippage = 1", "if up\n    strategy.entry(\"L\", strategy.long, stop = high)\n"
	     "    strategy.exit(\"X\", \"L\", limit = close * 1.01, stop = close * 0.99)\n", 50);
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "strategy.exit(\"X\", \"L\", stop = ta.lowest(low, 5), limit = ta.highest(high, 20), profit = 1500.5)\n", 50);
}

static void partial_exits(void **state)
{
	(void)state;
	same("", "if up\n    strategy.entry(\"L\", strategy.long, qty = 3)\n"
	     "strategy.exit(\"A\", \"L\", qty_percent = 33, profit = 400)\n"
	     "strategy.exit(\"B\", \"L\", qty = 1, profit = 900)\n"
	     "strategy.exit(\"C\", \"L\", profit = 2000, loss = 900)\n", 80);
	same("", "if up\n    strategy.entry(\"L\", strategy.long, qty = 3)\n"
	     "if strategy.position_size > 0 and close < open\n"
	     "    strategy.close(\"L\", qty_percent = 40)\n"
	     "if dn\n    strategy.close(\"L\")\n", 80);
}

static void trailing_exits(void **state)
{
	(void)state;
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short)\n"
	     "strategy.exit(\"XL\", \"L\", trail_points = 300, trail_offset = 250, loss = 1200)\n"
	     "strategy.exit(\"XS\", \"S\", trail_price = close * 0.995, trail_offset = 200)\n", 100);
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "    strategy.exit(\"XL\", \"L\", trail_points = 500, loss = 800)\n", 50);
}

static void one_cancels_the_other(void **state)
{
	(void)state;
	same("", "if strategy.position_size == 0\n"
	     "    strategy.entry(\"L\", strategy.long, stop = high * 1.001, oca_name = \"o\", oca_type = strategy.oca.cancel)\n"
	     "    strategy.entry(\"S\", strategy.short, stop = low * 0.999, oca_name = \"o\", oca_type = strategy.oca.cancel)\n"
	     "strategy.exit(\"X\", profit = 700, loss = 700)\n", 100);
	same("", "if up\n    strategy.order(\"B\", strategy.long, qty = 2)\n"
	     "if strategy.position_size > 0\n"
	     "    strategy.order(\"T\", strategy.short, qty = 2, limit = close * 1.01, oca_name = \"r\", oca_type = strategy.oca.reduce)\n"
	     "    strategy.order(\"U\", strategy.short, qty = 2, stop = close * 0.99, oca_name = \"r\", oca_type = strategy.oca.reduce)\n", 40);
}

static void pyramiding_and_the_order_of_closing(void **state)
{
	static const char *const heads[] = { "pyramiding = 3",
		"pyramiding = 3, close_entries_rule = \"ANY\"" };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		same(heads[i], "if close > open\n    strategy.entry(\"A\", strategy.long)\n"
		     "if up\n    strategy.entry(\"B\", strategy.long, limit = close * 0.997)\n"
		     "    strategy.entry(\"C\", strategy.long, stop = close * 1.003)\n"
		     "strategy.exit(\"XA\", \"A\", profit = 800, loss = 1500)\n"
		     "if dn\n    strategy.close(\"B\")\n"
		     "if dn and close < open\n    strategy.entry(\"S\", strategy.short)\n", 200);
}

static void orders_at_the_close(void **state)
{
	(void)state;
	same("process_orders_on_close = true, slippage = 2",
	     "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short)\n"
	     "strategy.exit(\"X\", \"L\", loss = 600)\n", 100);
	same("", "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.close(\"L\", immediately = true)\n"
	     "    strategy.entry(\"S\", strategy.short)\n", 100);
}

static void rules_of_risk(void **state)
{
	static const char *const rules[] = {
		"strategy.risk.allow_entry_in(strategy.direction.long)\n",
		"strategy.risk.max_position_size(1.5)\n",
		"strategy.risk.max_drawdown(5, strategy.percent_of_equity)\n",
		"strategy.risk.max_intraday_loss(40, strategy.cash)\n",
		"strategy.risk.max_intraday_filled_orders(3)\n",
		"strategy.risk.max_cons_loss_days(3)\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		same("initial_capital = 10000", arena_printf(root, "%s"
		     "if close > open\n    strategy.entry(\"L\", strategy.long, qty = 1.2)\n"
		     "if close < open\n    strategy.entry(\"S\", strategy.short, qty = 1.2)\n",
		     rules[i]), i == 5 ? 3 : 5);
}

static void margin_calls_and_refusals(void **state)
{
	struct run r;

	(void)state;
	same("initial_capital = 3000, margin_long = 20, margin_short = 20,"
	     " default_qty_type = strategy.percent_of_equity, default_qty_value = 480",
	     "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short)\n", 100);
	backtest(&r, "//@version=6\nstrategy(\"m\", initial_capital = 3000, margin_long = 20,"
		 " margin_short = 20, default_qty_type = strategy.percent_of_equity,"
		 " default_qty_value = 480)\nif close > open\n"
		 "    strategy.entry(\"L\", strategy.long)\n"
		 "if close < open\n    strategy.entry(\"S\", strategy.short)\n");
	assert_true(r.res.margin_calls > 0);
	if (check(&r) < 0)
		fail_msg("%s", r.err.msg);
}

static void commissions_of_every_kind(void **state)
{
	static const char *const heads[] = {
		"commission_type = strategy.commission.percent, commission_value = 0.1",
		"commission_type = strategy.commission.cash_per_contract, commission_value = 0.25",
		"commission_type = strategy.commission.cash_per_order, commission_value = 1.5",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		same(heads[i], "if up\n    strategy.entry(\"L\", strategy.long, qty = 1.7)\n"
		     "if dn\n    strategy.entry(\"S\", strategy.short, qty = 0.9)\n"
		     "strategy.exit(\"X\", \"L\", qty_percent = 50, profit = 500)\n", 100);
}

/* Orders that are born, filled and closed inside one candle. */
static void runs_after_fills(void **state)
{
	(void)state;
	same("calc_on_order_fills = true, pyramiding = 3, slippage = 1",
	     "varip int runs = 0\nruns += 1\n"
	     "if up\n    strategy.entry(\"L\", strategy.long, qty = 1 + runs % 3)\n"
	     "if strategy.position_size > 0\n"
	     "    strategy.exit(\"X\", stop = strategy.position_avg_price * 0.993, limit = strategy.position_avg_price * 1.004)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short, stop = low * 1.001)\n", 100);
	same("calc_on_order_fills = true, process_orders_on_close = true,"
	     " default_qty_type = strategy.percent_of_equity, default_qty_value = 50",
	     "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.close(\"L\", immediately = true)\n"
	     "if strategy.position_size > 0\n    strategy.exit(\"X\", loss = 700, trail_points = 300, trail_offset = 100)\n", 50);
}

/* All at once: entries that turn round with children, parts, a trail, a rule of
 * risk; and liquidations that leave an exit with less than it was for. */
static void all_of_it_together(void **state)
{
	(void)state;
	same("pyramiding = 2, default_qty_type = strategy.percent_of_equity,"
	     " default_qty_value = 20, slippage = 2, initial_capital = 10000",
	     "strategy.risk.max_intraday_filled_orders(8)\n"
	     "if up\n    strategy.entry(\"M\", strategy.long)\n"
	     "strategy.entry(\"B\", strategy.long, stop = ta.highest(high, 6) * 1.001)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short, limit = close * 1.002)\n"
	     "strategy.exit(\"half\", \"M\", qty_percent = 50, limit = strategy.position_avg_price * 1.01)\n"
	     "strategy.exit(\"rest\", \"M\", stop = ta.lowest(low, 6), trail_price = strategy.position_avg_price * 1.015, trail_offset = 30)\n"
	     "strategy.exit(\"XB\", \"B\", profit = 1300, loss = 800)\n"
	     "strategy.exit(\"XS\", \"S\", limit = strategy.position_avg_price * 0.985, stop = strategy.position_avg_price * 1.01)\n",
	     300);
	same("process_orders_on_close = true, margin_long = 20, margin_short = 20,"
	     " commission_type = strategy.commission.cash_per_order, commission_value = 1.5,"
	     " initial_capital = 10000, default_qty_type = strategy.percent_of_equity,"
	     " default_qty_value = 470",
	     "if up\n    strategy.entry(\"L\", strategy.long)\n"
	     "if dn\n    strategy.entry(\"S\", strategy.short)\n"
	     "strategy.exit(\"X\", loss = 2000)\n", 80);
}

/* ---- whatever comes ------------------------------------------------------------ */

static const char *one_of(struct rng *r, const char *const *v, size_t n)
{
	return v[rng_below(r, (uint32_t)n)];
}
#define ONE_OF(r, ...) one_of(r, (const char *const[]){ __VA_ARGS__ },	\
	ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static const char *random_head(struct rng *r)
{
	return arena_printf(root, "initial_capital = %s%s%s%s%s%s%s",
		ONE_OF(r, "5000", "20000", "1000000"),
		ONE_OF(r, "", ", process_orders_on_close = true", ", calc_on_order_fills = true",
		       ", process_orders_on_close = true, calc_on_order_fills = true"),
		ONE_OF(r, "", ", pyramiding = 2", ", pyramiding = 5"),
		ONE_OF(r, "", ", close_entries_rule = \"ANY\""),
		ONE_OF(r, "", ", slippage = 4", ", margin_long = 25, margin_short = 30"),
		ONE_OF(r, "", ", default_qty_type = strategy.percent_of_equity, default_qty_value = 60",
		       ", default_qty_type = strategy.cash, default_qty_value = 2500"),
		ONE_OF(r, "", ", commission_type = strategy.commission.percent, commission_value = 0.04",
		       ", commission_type = strategy.commission.cash_per_order, commission_value = 2"));
}

static const char *random_call(struct rng *r)
{
	const char *id = ONE_OF(r, "\"A\"", "\"B\"", "\"C\"");

	switch (rng_below(r, 8)) {
	case 0: case 1:
		return arena_printf(root, "strategy.entry(%s, %s%s%s%s)", id,
			ONE_OF(r, "strategy.long", "strategy.short"),
			ONE_OF(r, "", ", qty = 1.5", ", qty = 3"),
			ONE_OF(r, "", "", ", limit = close * 0.997", ", limit = close * 1.004"),
			ONE_OF(r, "", "", ", stop = high", ", stop = low", ", stop = close * 1.005"));
	case 2:
		return arena_printf(root, "strategy.order(%s, %s, qty = 1%s%s)", id,
			ONE_OF(r, "strategy.long", "strategy.short"),
			ONE_OF(r, "", ", stop = low * 0.999", ", limit = high * 1.002"),
			ONE_OF(r, "", ", oca_name = \"g\", oca_type = strategy.oca.cancel",
			       ", oca_name = \"g\", oca_type = strategy.oca.reduce"));
	case 3: case 4: case 5:
		return arena_printf(root, "strategy.exit(%s%s%s%s%s%s)",
			ONE_OF(r, "\"X\"", "\"Y\"", "\"Z\""),
			ONE_OF(r, "", ", \"A\"", ", \"B\""),
			ONE_OF(r, "", ", qty_percent = 30", ", qty = 0.7"),
			ONE_OF(r, ", profit = 700", ", limit = close * 1.006", ", limit = close * 0.99", ""),
			ONE_OF(r, ", loss = 500", ", stop = close * 0.992", ", stop = low", ""),
			ONE_OF(r, "", ", trail_points = 300, trail_offset = 150", ", trail_price = high, trail_offset = 90",
			       ", trail_points = 200"));
	case 6:
		return arena_printf(root, "strategy.close(%s%s)", id,
			ONE_OF(r, "", ", qty_percent = 50", ", immediately = true"));
	}
	return ONE_OF(r, "strategy.cancel(\"A\")", "strategy.close_all()",
		      "strategy.cancel_all()", "strategy.cancel(\"X\")");
}

/* Strategies nobody would write: calls of every kind under conditions of every
 * kind, with every property. */
static void strategies_at_random(void **state)
{
	const char *most = getenv("ORCH_TEST_SEEDS");
	unsigned n = most != NULL ? (unsigned)strtoul(most, NULL, 10) : 16;
	size_t trades = 0;

	(void)state;
	for (unsigned seed = 1; seed <= n; seed++) {
		const char *src;
		struct run r;
		struct rng g;

		rng_seed(&g, seed);
		src = arena_printf(root, "//@version=%s\nstrategy(\"r\", %s)\n%s"
			"up = ta.crossover(close, ta.sma(close, 7))\n"
			"dn = ta.crossunder(close, ta.sma(close, 7))\n",
			ONE_OF(&g, "5", "6"), random_head(&g), ONE_OF(&g, "", "", "",
			"strategy.risk.max_position_size(4)\n",
			"strategy.risk.max_intraday_filled_orders(5)\n"));
		for (size_t i = 3 + rng_below(&g, 6); i > 0; i--)
			src = arena_printf(root, "%sif %s\n    %s\n", src,
				ONE_OF(&g, "up", "dn", "close > open", "bar_index % 5 == 0",
				       "strategy.position_size > 0", "true",
				       "strategy.position_size == 0"), random_call(&g));
		backtest(&r, src);
		if (check(&r) < 0)
			fail_msg("seed %u: %s\n%s", seed, r.err.msg, src);
		trades += r.out.trades;
	}
	print_message("%u strategies, %zu trades\n", n, trades);
	assert_true(trades > 300);
}

/* Each thing that is compared, wrong by a little. */
static void a_backtest_that_lies_is_found_out(void **state)
{
	static const char *const what[] = { "exit price", "entry time", "quantity",
		"signal", "profit", "equity", "number of closed trades" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		struct emu_trade *t;
		struct run r;

		backtest(&r, "//@version=5\nstrategy(\"s\")\n"
			 "if ta.crossover(close, ta.sma(close, 9))\n"
			 "    strategy.entry(\"L\", strategy.long)\n"
			 "if ta.crossunder(close, ta.sma(close, 9))\n"
			 "    strategy.close(\"L\")\n");
		t = NEW_N(root, struct emu_trade, r.res.n_trades);
		memcpy(t, r.res.trades, r.res.n_trades * sizeof(*t));
		r.res.trades = t;
		assert_int_equal(check(&r), 0);
		switch (i) {
		case 0: t[20].t.exit_price += 0.01; break;
		case 1: t[20].t.entry_time -= 3600000; break;
		case 2: t[20].t.size += 0.001; break;
		case 3: t[20].t.exit_id = "another"; break;
		case 4: t[20].t.profit += 0.01; break;
		case 5: r.res.equity[1500] += 1e-9; break;
		case 6: memmove(&t[20], &t[21], (r.res.n_trades - 21) * sizeof(*t));
			r.res.n_trades--;
			break;
		}
		assert_int_equal(check(&r), -E_CONFLICT);
		if (strstr(r.err.msg, i == 6 ? "expected" : what[i]) == NULL ||
		    strstr(r.err.msg, "candle") == NULL)
			fail_msg("%s: %s", what[i], r.err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(market_orders_and_reversals),
		cmocka_unit_test(limit_and_stop_entries),
		cmocka_unit_test(brackets_with_their_entry_and_on_each_bar),
		cmocka_unit_test(partial_exits),
		cmocka_unit_test(trailing_exits),
		cmocka_unit_test(one_cancels_the_other),
		cmocka_unit_test(pyramiding_and_the_order_of_closing),
		cmocka_unit_test(orders_at_the_close),
		cmocka_unit_test(rules_of_risk),
		cmocka_unit_test(margin_calls_and_refusals),
		cmocka_unit_test(commissions_of_every_kind),
		cmocka_unit_test(runs_after_fills),
		cmocka_unit_test(all_of_it_together),
		cmocka_unit_test(strategies_at_random),
		cmocka_unit_test(a_backtest_that_lies_is_found_out),
	};
	return cmocka_run_group_tests(tests, world, unworld);
}
