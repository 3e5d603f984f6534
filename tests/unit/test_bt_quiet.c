#include "config.h"
#include "test.h"
#include "t_models.h"

#include <math.h>
#include <string.h>

#include "bt/run_i.h"
#include "core/rand.h"

/* A run that passes over the bars on which nothing happens gives the bits of
 * one that does not. */

#define BARS 6000

static struct arena *root;
static struct bars bars;

static void make_bars(void)
{
	int64_t *t = NEW_N(root, int64_t, BARS);
	double *x[5], p = 100;
	struct rng r;

	for (size_t i = 0; i < 5; i++)
		x[i] = NEW_N(root, double, BARS);
	rng_seed(&r, 7);
	for (size_t i = 0; i < BARS; i++) {
		double q = p * exp(0.01 * rng_gauss(&r));

		/* a gap of days now and then */
		t[i] = i > 0 ? t[i - 1] + 3600000 * (i % 500 == 0 ? 60 : 1) :
			       INT64_C(1600000000000);
		x[0][i] = p * (1 + 0.001 * rng_gauss(&r));
		x[1][i] = fmax(x[0][i], q) * (1 + 0.003 * rng_unit(&r));
		x[2][i] = fmin(x[0][i], q) * (1 - 0.003 * rng_unit(&r));
		x[3][i] = p = q;
		x[4][i] = 2000 * rng_unit(&r);
	}
	bars = (struct bars){ BARS, t, x[0], x[1], x[2], x[3], x[4] };
}

static struct script_market market = { .symbol = "X", .timeframe = "60",
	.mintick = 0.01, .pointvalue = 1, .lot = 1e-4 };

static const struct script_prog *compile(const char *source)
{
	const struct script_prog *p;
	struct diags d;
	struct err err;

	if (script_compile(root, source, strlen(source), NULL, &p, &d, &err) < 0)
		fail_msg("%s", d.n > 0 ? d.v[0].msg : err.msg);
	t_models(root, p, bars.t, bars.n, &market);
	return p;
}

static struct bt_options options(enum bt_rules set)
{
	struct bt_options o = bt_defaults();

	o.rules_set = set;
	return o;
}

static struct bt_result fast(const struct script_prog *p, enum bt_rules set)
{
	struct bt_options o = options(set);
	struct bt_result r;
	struct err err;

	if (bt_run(root, p, NULL, &market, &bars, &o, &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

/* Each bar through machine and emulator; says how many could be passed. */
static size_t slowly(const struct script_prog *p, enum bt_rules set,
		     double *equity, double *position, struct strat_account *ret, const struct emu_trade **trades,
		     size_t *n_trades)
{
	struct bt_options o = options(set);
	struct emu_rules rules = bt_rules_in_force(p, &market, &bars, &o);
	struct emu *e = emu_new(root, &rules);
	struct script_market m = market;
	struct script_vm *vm;
	struct err err;
	size_t idle = 0;

	m.last_bar_index = BARS - 1;
	if (script_vm_new(root, p, NULL, &m, NULL, &vm, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < BARS; i++) {
		struct bar b = bars_at(&bars, i);
		struct bars one = bars_slice(&bars, i, 1);
		struct strat_cmds cmds;
		size_t quiet;

		emu_bar(e, &b);
		assert_int_equal(script_block(vm, &one, &err), 0);
		quiet = script_idle(vm);
		assert_int_equal(script_step(vm, emu_account(e), &cmds, &err), 0);
		/* The promise of script_idle. */
		if (quiet > 0) {
			const struct script_note *notes;

			assert_int_equal(cmds.n, 0);
			assert_int_equal(script_notes(vm, &notes), 0);
		}
		idle += quiet;
		emu_commands(e, &cmds);
		equity[i] = emu_account(e)->equity;
		position[i] = emu_account(e)->position_size;
	}
	*ret = *emu_account(e);
	emu_finish(e);
	*n_trades = emu_trades(e, trades);
	return idle;
}

static void same(const char *what, double a, double b)
{
	if (memcmp(&a, &b, sizeof(a)) != 0 && !(isnan(a) && isnan(b)))
		fail_msg("%s: %.17g passed over, %.17g bar by bar", what, a, b);
}

static size_t compare_under(const char *source, enum bt_rules set)
{
	const struct script_prog *p = compile(source);
	struct bt_result r = fast(p, set);
	double *equity = NEW_N(root, double, BARS), *position = NEW_N(root, double, BARS);
	const struct emu_trade *t;
	struct strat_account a;
	size_t n, idle = slowly(p, set, equity, position, &a, &t, &n);

	for (size_t i = 0; i < BARS; i++) {
		same("equity", r.equity[i], equity[i]);
		same("position", r.position[i], position[i]);
	}
	assert_int_equal(r.n_trades, n);
	for (size_t i = 0; i < n; i++) {
		same("profit", r.trades[i].t.profit, t[i].t.profit);
		same("run-up", r.trades[i].t.max_runup, t[i].t.max_runup);
		same("drawdown", r.trades[i].t.max_drawdown, t[i].t.max_drawdown);
		assert_int_equal(r.trades[i].t.entry_bar, t[i].t.entry_bar);
		assert_int_equal(r.trades[i].t.exit_bar, t[i].t.exit_bar);
		assert_int_equal(r.trades[i].t.exit_time, t[i].t.exit_time);
	}
	return idle;
}

static size_t compare(const char *source)
{
	size_t idle = compare_under(source, BT_RULES_CHART);

	assert_int_equal(compare_under(source, BT_RULES_STRICT), idle);
	return idle;
}

static void starters_are_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < script_starters_n; i++)
		compare(script_starters[i].source);
}

#define HEAD "//@version=5\nstrategy(\"t\", initial_capital = 10000, " \
	"default_qty_type = strategy.percent_of_equity, default_qty_value = 100, " \
	"commission_type = strategy.commission.percent, commission_value = 0.1"
#define CROSS "f = ta.sma(close, 5)\ns = ta.sma(close, 20)\n"

static void conditions_of_columns_are_passed_over(void **state)
{
	static const char *const sources[] = {
		HEAD ")\n" CROSS "if ta.crossover(f, s)\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n",
		HEAD ", margin_long = 100, margin_short = 100)\n" CROSS
		"d = ta.crossunder(f, s)\n"
		"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
		"else if d\n    strategy.entry(\"S\", strategy.short)\n",
		/* v5: `and` is an operation over both, one of them the account */
		HEAD ")\n" CROSS "if ta.crossover(f, s) and strategy.position_size == 0\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"strategy.close(\"L\", when = ta.crossunder(f, s))\n",
		/* v6: a jump */
		"//@version=6\nstrategy(\"t\", initial_capital = 1000, default_qty_value = 1)\n"
		CROSS "c = ta.crossover(f, s)\nif strategy.position_size == 0 and c\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s) or close[1] > 1e9\n    strategy.close_all()\n",
		/* what is remembered only when something happens */
		HEAD ")\n" CROSS "var n = 0\nif ta.crossover(f, s)\n    n += 1\n"
		"    strategy.entry(str.tostring(n), strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.close_all()\n",
		/* a switch that is off by an input */
		HEAD ")\n" CROSS "short = input.bool(false)\nif ta.crossover(f, s)\n"
		"    strategy.entry(\"L\", strategy.long)\nif ta.crossunder(f, s)\n"
		"    if short\n        strategy.entry(\"S\", strategy.short)\n"
		"    else\n        strategy.close(\"L\")\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		size_t idle = compare(sources[i]);

		if (idle < BARS / 2)
			fail_msg("source %zu: only %zu bars are idle", i, idle);
	}
}

static void what_must_run_each_bar_is_not_passed_over(void **state)
{
	static const char *const sources[] = {
		/* counts every bar */
		HEAD ")\nvar n = 0\nn += 1\nif n % 50 == 0\n"
		"    strategy.entry(\"L\", strategy.long)\nif n % 50 == 25\n"
		"    strategy.close(\"L\")\n",
		/* an exit each bar */
		HEAD ")\n" CROSS "if ta.crossover(f, s)\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"strategy.exit(\"X\", \"L\", stop = ta.lowest(low, 10))\n",
		/* remembers when nothing is said: the other way of a condition */
		HEAD ")\n" CROSS "var n = 0\nif ta.crossover(f, s)\n"
		"    strategy.entry(\"L\", strategy.long)\n    n := 0\nelse\n    n := n + 1\n"
		"if n == 20\n    strategy.close(\"L\")\n",
		/* the past of such a value */
		HEAD ")\n" CROSS "x = strategy.position_size > 0 ? close : open\n"
		"if ta.crossover(f, s) and x[3] > 0\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n",
		/* shows the account */
		HEAD ")\n" CROSS "if ta.crossover(f, s)\n"
		"    strategy.entry(\"L\", strategy.long)\nif ta.crossunder(f, s)\n"
		"    strategy.close(\"L\")\nplot(strategy.equity)\n",
		/* an alert a bar */
		HEAD ")\nif ta.crossover(close, open)\n"
		"    strategy.entry(\"L\", strategy.long)\nalert(\"bar\")\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (compare(sources[i]) != 0)
			fail_msg("source %zu is passed over", i);
}

/* Rules of strategy.risk look at every bar. */
static void risk_rules_see_each_bar(void **state)
{
	(void)state;
	compare(HEAD ")\nif bar_index == 1\n"
		"    strategy.risk.max_drawdown(10, strategy.percent_of_equity)\n"
		"    strategy.risk.max_intraday_loss(2, strategy.percent_of_equity)\n"
		CROSS "if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n");
}

/* Ten times the capital at 10 % margin: liquidated inside a quiet stretch. */
static void margin_calls_happen_inside_a_stretch(void **state)
{
	const char *source = "//@version=5\nstrategy(\"t\", initial_capital = 10000, "
		"default_qty_type = strategy.percent_of_equity, default_qty_value = 900, "
		"margin_long = 10, margin_short = 10)\n" CROSS
		"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.entry(\"S\", strategy.short)\n";

	(void)state;
	assert_true(compare(source) > BARS / 2);
	assert_true(fast(compile(source), BT_RULES_CHART).margin_calls > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starters_are_the_same),
		cmocka_unit_test(conditions_of_columns_are_passed_over),
		cmocka_unit_test(what_must_run_each_bar_is_not_passed_over),
		cmocka_unit_test(risk_rules_see_each_bar),
		cmocka_unit_test(margin_calls_happen_inside_a_stretch),
	};
	int rc;

	root = arena_new("test", (size_t)1 << 30);
	make_bars();
	rc = cmocka_run_group_tests_name("bars on which nothing happens", tests, NULL, NULL);
	arena_free(&root);
	return rc;
}
