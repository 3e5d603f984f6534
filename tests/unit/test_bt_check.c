#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/check.h"

#define N 1000

struct walk { int64_t t[N]; double o[N], h[N], l[N], c[N], v[N]; struct bars b; };

static struct walk *walk_of(struct arena *a)
{
	struct walk *w = NEW(a, struct walk);
	uint32_t x = 7;
	double c = 100;

	for (size_t i = 0; i < N; i++) {
		w->t[i] = (int64_t)i * 3600000;
		w->o[i] = c;
		x = x * 1664525u + 1013904223u;
		c += ((double)(x >> 8) / (1 << 24) - 0.5) * 2;
		w->c[i] = c;
		w->h[i] = fmax(w->o[i], c) + 0.25;
		w->l[i] = fmin(w->o[i], c) - 0.25;
		w->v[i] = 1;
	}
	w->b = (struct bars){ N, w->t, w->o, w->h, w->l, w->c, w->v };
	return w;
}

static const struct script_market market = {
	.symbol = "X", .exchange = "file", .timeframe = "60",
	.mintick = 0.01, .pointvalue = 1, .lot = 0.01 };

static const struct script_prog *compile(struct arena *a, const char *source)
{
	const struct script_prog *p;
	struct diags d = { 0 };
	struct err err;

	if (script_compile(a, source, strlen(source), NULL, &p, &d, &err) < 0)
		fail_msg("%s", err.msg);
	return p;
}

static struct bt_leak lookahead(struct arena *a, const char *source)
{
	const struct script_prog *p = compile(a, source);
	struct bt_options opt = bt_defaults();
	struct bt_leak l;
	struct err err;

	if (bt_check_lookahead(a, p, script_bind(a, p), &market,
			       &walk_of(a)->b, &opt, &l, &err) < 0)
		fail_msg("%s", err.msg);
	return l;
}

static void what_looks_back_only_is_clean(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_leak l = lookahead(a, "//@version=5\nstrategy(\"s\")\n"
		"m = ta.sma(close, 20)\n"
		"d = request.security(syminfo.tickerid, \"D\", close)\n"
		"plot(m)\nplot(d)\n"
		"if ta.crossover(close, m)\n    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(close, m)\n    strategy.close(\"L\")\n");

	(void)state;
	assert_false(l.found);
	assert_int_equal(l.runs, BT_CUTS);
	arena_free(&a);
}

/* It knows how long the history is, and trades by it. */
static void a_trade_that_knows_the_end_is_found(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_leak l = lookahead(a, "//@version=5\nstrategy(\"s\")\n"
		"if bar_index == last_bar_index - 40\n"
		"    strategy.entry(\"L\", strategy.long)\n");

	(void)state;
	assert_true(l.found);
	assert_string_equal(l.what, "position");
	assert_int_equal(l.bar, l.ended - 40);
	assert_true(l.with == 0 && l.without == 1);
	arena_free(&a);
}

static void a_plot_that_knows_the_end_is_named(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_leak l = lookahead(a, "//@version=5\nstrategy(\"s\")\n"
		"plot(close, \"price\")\nplot(last_bar_index, \"end\")\n");
	struct sbuf b;

	(void)state;
	assert_true(l.found);
	assert_int_equal(l.bar, 0);
	assert_string_equal(l.what, "end");
	sbuf_init(&b, a, 1 << 10);
	bt_leak_text(&b, &l);
	assert_non_null(strstr(sbuf_finish(&b), "end is 999"));
	arena_free(&a);
}

static void values_that_begin_somewhere_need_their_bars(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	const struct script_prog *p = compile(a, "//@version=5\nstrategy(\"s\")\n"
		"plot(ta.sma(close, 60))\nplot(ta.ema(close, 20))\n");
	struct bt_options opt = bt_defaults();
	struct bt_recursion r;
	struct err err;

	(void)state;
	assert_int_equal(bt_check_recursion(a, p, script_bind(a, p), &market,
					    &walk_of(a)->b, &opt, &r, &err), 0);
	assert_int_equal(r.n, 5);		/* 50 ... 800 */
	assert_true(isinf(r.v[0].by[0]));	/* 60 bars are not there yet */
	assert_true(r.v[0].by[1] < 1e-12);
	assert_true(r.v[1].by[0] > r.v[1].by[1] && r.v[1].by[2] < 1e-6);
	assert_int_equal(r.enough, 200);
	arena_free(&a);
}

/* A sum since the beginning never holds. */
static void a_sum_from_the_beginning_never_holds(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	const struct script_prog *p = compile(a, "//@version=5\nstrategy(\"s\")\n"
		"plot(ta.cum(volume))\n");
	struct bt_options opt = bt_defaults();
	struct bt_recursion r;
	struct err err;

	(void)state;
	assert_int_equal(bt_check_recursion(a, p, script_bind(a, p), &market,
					    &walk_of(a)->b, &opt, &r, &err), 0);
	assert_int_equal(r.enough, 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_looks_back_only_is_clean),
		cmocka_unit_test(a_trade_that_knows_the_end_is_found),
		cmocka_unit_test(a_plot_that_knows_the_end_is_named),
		cmocka_unit_test(values_that_begin_somewhere_need_their_bars),
		cmocka_unit_test(a_sum_from_the_beginning_never_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
