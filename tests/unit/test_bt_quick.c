#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/opt.h"
#include "core/rand.h"
#include "script/many.h"

/* The quick ways (runs of programs that only choose, many trials at once) give
 * the bits of the ordinary one: random scripts, rules and candles. */

#define BARS 3000
#define SCRIPTS 150

static struct arena *root;
static struct bars bars;

static void make_bars(size_t n)
{
	int64_t *t = NEW_N(root, int64_t, n);
	double *x[5], p = 100;
	struct rng r;

	for (size_t i = 0; i < 5; i++)
		x[i] = NEW_N(root, double, n);
	rng_seed(&r, 11);
	for (size_t i = 0; i < n; i++) {
		double q = p * exp(0.01 * rng_gauss(&r));

		/* a gap of days now and then, and prices that do not move */
		t[i] = i > 0 ? t[i - 1] + 3600000 * (i % 500 == 0 ? 60 : 1) :
			       INT64_C(1600000000000);
		if (i % 300 > 280)
			q = p;
		x[0][i] = p * (1 + 0.001 * rng_gauss(&r));
		x[1][i] = fmax(x[0][i], q) * (1 + 0.003 * rng_unit(&r));
		x[2][i] = fmin(x[0][i], q) * (1 - 0.003 * rng_unit(&r));
		x[3][i] = p = q;
		x[4][i] = rng_unit(&r);
	}
	bars = (struct bars){ n, t, x[0], x[1], x[2], x[3], x[4] };
}

static size_t pick(struct rng *r, size_t n)
{
	return (size_t)(rng_unit(r) * (double)n);
}

static const char *condition(struct arena *a, struct rng *r)
{
	static const char *const v[] = {
		"ta.crossover(f, s)", "ta.crossunder(f, s)", "ta.cross(close, s)",
		"ta.crossover(close, f)", "ta.crossunder(close[1], s)", "f > s",
		"close < open", "ta.crossover(f, 100)", "bar_index % 7 == 3",
		"ta.rsi(close, 7) > 60", "ta.crossunder(ta.rsi(close, 7), 40)",
	};
	const char *x = v[pick(r, ARRAY_LEN(v))], *y = v[pick(r, ARRAY_LEN(v))];

	switch (pick(r, 5)) {
	case 0: return arena_printf(a, "%s and %s", x, y);
	case 1: return arena_printf(a, "%s or %s", x, y);
	case 2: return arena_printf(a, "%s and not (%s)", x, y);
	default: return x;
	}
}

static const char *command(struct rng *r)
{
	static const char *const v[] = {
		"strategy.entry(\"L\", strategy.long)",
		"strategy.entry(\"S\", strategy.short)",
		"strategy.entry(\"L\", strategy.long, comment = \"up\")",
		"strategy.entry(\"M\", strategy.long, qty = size)",
		"strategy.entry(\"S\", strategy.short, qty = 2)",
		"strategy.close(\"L\")", "strategy.close(\"S\", comment = \"done\")",
		"strategy.close(\"M\")", "strategy.close_all()",
	};

	return v[pick(r, ARRAY_LEN(v))];
}

/* A strategy that only chooses, most of the time. */
static const char *source(struct arena *a, struct rng *r)
{
	static const char *const size[] = {
		"default_qty_type = strategy.percent_of_equity, default_qty_value = 100",
		"default_qty_type = strategy.percent_of_equity, default_qty_value = 50",
		"default_qty_type = strategy.cash, default_qty_value = 700",
		"default_qty_value = 3",
	};
	static const char *const fee[] = {
		"commission_type = strategy.commission.percent, commission_value = 0.1",
		"commission_type = strategy.commission.cash_per_order, commission_value = 2",
		"commission_type = strategy.commission.cash_per_contract, commission_value = 0.5",
		"slippage = 3",
	};
	static const char *const more[] = {
		"", "", "", ", margin_long = 100, margin_short = 100",
		", margin_long = 20, margin_short = 20", ", pyramiding = 1",
		", close_entries_rule = \"ANY\"", ", process_orders_on_close = true",
		", pyramiding = 3",
	};
	struct sbuf b;
	size_t n = 1 + pick(r, 4);

	sbuf_init(&b, a, 1 << 14);
	sbuf_addf(&b, "//@version=%zu\nstrategy(\"t\", initial_capital = 10000, %s, %s%s)\n"
		  "size = input.float(1.5)\nfast = input.int(5)\nslow = input.int(20)\n"
		  "f = ta.%s(close, fast)\ns = ta.sma(close, slow)\n", 5 + pick(r, 2),
		  size[pick(r, ARRAY_LEN(size))], fee[pick(r, ARRAY_LEN(fee))],
		  more[pick(r, ARRAY_LEN(more))], pick(r, 2) == 0 ? "sma" : "ema");
	for (size_t i = 0; i < n; i++) {
		sbuf_addf(&b, "%sif %s\n    %s\n", i > 0 && pick(r, 4) == 0 ? "else " : "",
			  condition(a, r), command(r));
		if (pick(r, 4) == 0)
			sbuf_addf(&b, "    %s\n", command(r));
	}
	return sbuf_finish(&b);
}

static struct script_market market = { .symbol = "X", .timeframe = "60",
	.mintick = 0.01, .pointvalue = 1, .lot = 0 };

static void same(const char *src, const char *what, double a, double b)
{
	if (memcmp(&a, &b, sizeof(a)) != 0 && !(isnan(a) && isnan(b)))
		fail_msg("%s: %.17g the quick way, %.17g bar by bar:\n%s", what, a, b, src);
}

static void same_text(const char *src, const char *a, const char *b)
{
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		fail_msg("%s the quick way, %s bar by bar:\n%s", a, b, src);
}

static void same_trade(const char *src, const struct emu_trade *a, const struct emu_trade *b)
{
#define N(f) same(src, #f, (double)a->t.f, (double)b->t.f)
	N(size); N(entry_price); N(exit_price); N(profit); N(commission);
	N(max_runup); N(max_drawdown); N(entry_time); N(exit_time);
	N(entry_bar); N(exit_bar);
#undef N
	same(src, "reason", a->reason, b->reason);
	same(src, "fee_entry", a->fee_entry, b->fee_entry);
	same(src, "fee_exit", a->fee_exit, b->fee_exit);
	same_text(src, a->t.entry_id, b->t.entry_id);
	same_text(src, a->t.exit_id, b->t.exit_id);
	same_text(src, a->t.entry_comment, b->t.entry_comment);
	same_text(src, a->t.exit_comment, b->t.exit_comment);
}

static void same_run(const char *src, const struct bt_result *a, const struct bt_result *b)
{
	struct bt_stats x, y;

	for (size_t i = 0; i < b->bars.n; i++) {
		same(src, "equity", a->equity[i], b->equity[i]);
		same(src, "position", a->position[i], b->position[i]);
	}
	assert_int_equal(a->n_trades, b->n_trades);
	for (size_t i = 0; i < b->n_trades; i++)
		same_trade(src, &a->trades[i], &b->trades[i]);
	assert_int_equal(a->rejected, b->rejected);
	assert_int_equal(a->margin_calls, b->margin_calls);
	assert_int_equal(a->waiting, b->waiting);
	bt_stats(&x, a);
	bt_stats(&y, b);
#define X(n) same(src, #n, x.n, y.n);
	BT_STATS(X)
#undef X
}

static const struct script_prog *compile(struct arena *a, const char *src)
{
	const struct script_prog *p;
	struct diags d;
	struct err err;

	if (script_compile(a, src, strlen(src), NULL, &p, &d, &err) < 0)
		fail_msg("%s:\n%s", d.n > 0 ? d.v[0].msg : err.msg, src);
	return p;
}

static void run(struct arena *a, const struct script_prog *p, bool bar_by_bar,
		const struct bars *b, int64_t from, struct bt_result *ret)
{
	struct bt_options o = bt_defaults();
	struct err err;

	o.bar_by_bar = bar_by_bar;
	o.trade_from = from;
	if (bt_run(a, p, NULL, &market, b, &o, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void random_scripts_run_the_same(void **state)
{
	size_t trades = 0, quick = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 5);
	for (size_t i = 0; i < SCRIPTS; i++) {
		SCOPE(a, root) {
			const char *src = source(a, &r);
			const struct script_prog *p = compile(a, src);
			struct bars b = bars_slice(&bars, 0, BARS - pick(&r, 300));
			struct bt_result x, y;
			struct script_vm *vm;
			struct err err;

			market.lot = i % 2 == 0 ? 0 : 1e-3;
			run(a, p, false, &b, i % 3 == 0 ? b.t[1000] : 0, &x);
			run(a, p, true, &b, i % 3 == 0 ? b.t[1000] : 0, &y);
			same_run(src, &x, &y);
			trades += x.n_trades;
			if (script_vm_new(a, p, NULL, &market, NULL, &vm, &err) < 0)
				fail_msg("%s", err.msg);
			quick += script_choose(vm);
		}
	}
	/* The comparison is of something. */
	assert_true(trades > 50 * SCRIPTS);
	assert_true(quick > SCRIPTS / 2);
}

/* --- many trials ------------------------------------------------------------ */

static void same_trial(const char *src, const struct opt_trial *a, const struct opt_trial *b)
{
#define X(n) same(src, #n, a->stats.n, b->stats.n);
	BT_STATS(X)
#undef X
	assert_int_equal(a->number, b->number);
	assert_string_equal(a->inputs, b->inputs);
	same_text(src, a->error, b->error);
	same(src, "score", a->score, b->score);
	same(src, "kept", a->kept, b->kept);
	same(src, "mean", a->returns.mean, b->returns.mean);
	same(src, "skew", a->returns.skew, b->returns.skew);
	assert_memory_equal(&a->returns, &b->returns, sizeof(a->returns));
}

static struct opt_spec spec_of(struct arena *a, const struct script_prog *p, const char *text)
{
	const struct json *j;
	struct opt_spec s = { 0 };
	struct err err;

	if (json_parse(a, text, strlen(text), &j, &err) < 0 ||
	    opt_spec_read(a, p, j, &s, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return s;
}

/* Side by side as one by one as bar by bar; `error`: some must fail. */
static size_t same_trials(struct arena *a, const char *src, const char *text, bool error)
{
	const struct script_prog *p = compile(a, src);
	struct opt_spec s = spec_of(a, p, text);
	struct opt_data d = { .prog = p, .opt = bt_defaults(), .market = market,
			      .bars = bars }, slow = d;
	struct opt_search *q = opt_search_new(a, &s, 0);
	size_t n = opt_trials(&s), trades = 0, failed = 0;
	struct opt_point *v = NEW_N(a, struct opt_point, n);
	struct opt_trial *x = NEW_N(a, struct opt_trial, n), y;
	struct opt_fold *f;
	size_t n_folds;
	struct err err;

	slow.opt.bar_by_bar = true;
	if (opt_folds(a, &s, bars.n, &f, &n_folds, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct opt_point){ i, opt_ask(q, i) };
	if (opt_eval_many(a, &d, &s, f, 0, v, n, x, &err) != 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++) {
		if (opt_eval(a, &slow, &s, f, 0, i, v[i].point, &y, &err) != 0)
			fail_msg("%s", err.msg);
		same_trial(src, &x[i], &y);
		trades += y.stats.trades > 0;
		failed += y.error != NULL;
	}
	assert_int_equal(failed > 0, error);
	return trades;
}

#define HEAD "//@version=5\nstrategy(\"t\", initial_capital = 10000, " \
	"default_qty_type = strategy.percent_of_equity, default_qty_value = 100)\n"
#define SPACE "{\"space\":[{\"input\":\"fast\",\"min\":2,\"max\":10,\"step\":2}," \
	"{\"input\":\"slow\",\"min\":12,\"max\":30,\"step\":6}]"

static void random_trials_are_the_same(void **state)
{
	static const char *const more[] = {
		"}", ",\"objective\":\"calmar\"}", ",\"metrics\":[\"trades\",\"sharpe\"]}",
		(",\"metrics\":[\"average_mae\"],\"constraints\":[{\"metric\":\"ulcer_index\","
		 "\"op\":\"<=\",\"value\":0.3}]}"),
	};
	size_t traded = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 17);
	market.lot = 0;
	for (size_t i = 0; i < 12; i++)
		SCOPE(a, root)
			traded += same_trials(a, source(a, &r),
				arena_printf(a, "%s%s", SPACE, more[i % 4]), false);
	assert_true(traded > 100);
}

static void trials_differ_in_what_they_read(void **state)
{
	static const char *const sources[] = {
		/* columns reach back as far as an input says */
		"fast = input.int(5)\nslow = input.int(20)\n"
		"if ta.crossover(close, close[fast])\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(close, ta.sma(close, slow)[fast])\n    strategy.close(\"L\")\n",
		/* a column the bar's code and another column read */
		"fast = input.int(5)\nslow = input.int(20)\nup = ta.crossover(ta.sma(close, fast), "
		"ta.sma(close, slow))\nn = ta.barssince(up)\n"
		"if up\n    strategy.entry(\"L\", strategy.long)\n"
		"if n == fast\n    strategy.close(\"L\")\n",
		/* a switch that is off for some */
		"fast = input.int(5)\nslow = input.int(20)\n"
		"f = fast > 4 ? ta.ema(close, fast) : ta.wma(close, fast)\ns = ta.sma(close, slow)\n"
		"if ta.crossover(f, s) and slow > 12\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(f, s)\n    strategy.entry(\"S\", strategy.short, qty = fast)\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		SCOPE(a, root)
			assert_true(same_trials(a, arena_printf(a, "%s%s", HEAD, sources[i]),
						SPACE "}", false) > 0);
}

/* Some of the trials fail; what they would have computed for others is there. */
static void trials_that_fail_do_so_alone(void **state)
{
	(void)state;
	SCOPE(a, root)
		same_trials(a, HEAD "fast = input.int(5)\nslow = input.int(20)\n"
			"f = ta.sma(close, fast - 4)\ns = ta.sma(close, slow)\n"
			"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
			"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n", SPACE "}", true);
	/* Near a margin call: these begin again, the others read on. */
	SCOPE(a, root)
		same_trials(a, "//@version=6\nstrategy(\"t\", initial_capital = 10000, "
			"default_qty_type = strategy.percent_of_equity, default_qty_value = 90)\n"
			"fast = input.int(5)\nslow = input.int(20)\n"
			"f = ta.sma(close, fast)\ns = ta.sma(close, slow)\n"
			"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
			"if ta.crossunder(f, s) and fast > 5\n"
			"    strategy.entry(\"S\", strategy.short)\n"
			"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n", SPACE "}", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_scripts_run_the_same),
		cmocka_unit_test(random_trials_are_the_same),
		cmocka_unit_test(trials_differ_in_what_they_read),
		cmocka_unit_test(trials_that_fail_do_so_alone),
	};
	int rc;

	root = arena_new("test", (size_t)1 << 30);
	make_bars(BARS);
	rc = cmocka_run_group_tests_name("quick ways", tests, NULL, NULL);
	arena_free(&root);
	return rc;
}
