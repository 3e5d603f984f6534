#include "config.h"
#include <math.h>
#include "test.h"
#include "market/market.h"

#define MIN 60000LL

static struct arena *root;

static int setup(void **st)
{
	(void)st;
	root = arena_new("test", 64u << 20);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

static void columns_are_sought_and_cut(void **st)
{
	struct candles cs, part;

	(void)st;
	candles_alloc(root, &cs, 5);
	for (size_t i = 0; i < 5; i++) {
		struct candle c = { (int64_t)i * 10, 1, 4, 0.5, 2, (double)i };

		candles_set(&cs, i, &c);
	}
	assert_int_equal(candles_seek(&cs, -1), 0);
	assert_int_equal(candles_seek(&cs, 10), 1);
	assert_int_equal(candles_seek(&cs, 11), 2);
	assert_int_equal(candles_seek(&cs, 41), 5);
	part = candles_slice(&cs, 2, 4);
	assert_int_equal(part.n, 2);
	assert_int_equal(candles_at(&part, 1).t, 30);
	assert_true(candles_at(&part, 1).v == 3);
	candles_alloc(root, &cs, 0);
	assert_int_equal(candles_seek(&cs, 0), 0);
}

static void broken_candles_are_told_by_name(void **st)
{
	static const struct { struct candle c; const char *what; } t[] = {
		{ { 60000, 1, 2, 0.5, 1.5, 3 }, NULL },
		{ { 60000, 1, 1, 1, 1, 0 }, NULL },
		{ { 60001, 1, 2, 0.5, 1.5, 3 }, "time is off the timeframe's grid" },
		{ { 60000, NAN, 2, 0.5, 1.5, 3 }, "not a number" },
		{ { 60000, 1, INFINITY, 0.5, 1.5, 3 }, "not a number" },
		{ { 60000, 0, 2, 0, 1.5, 3 }, "price is not above zero" },
		{ { 60000, 1, 2, -0.5, 1.5, 3 }, "price is not above zero" },
		{ { 60000, 1, 2, 0.5, 1.5, -3 }, "volume is negative" },
		{ { 60000, 1, 2, 3, 1.5, 3 }, "high < low" },
		{ { 60000, 3, 2, 0.5, 1.5, 3 }, "high is below open or close" },
		{ { 60000, 1, 2, 0.5, 2.5, 3 }, "high is below open or close" },
		{ { 60000, 1, 3, 1.5, 2, 3 }, "low is above open or close" },
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *got = candle_check(&t[i].c, TF_1M), *exact;
		struct xcandle x;

		if (t[i].what == NULL)
			assert_null(got);
		else
			assert_string_equal(got, t[i].what);
		if (!xcandle_exact(&x, &t[i].c))
			continue;
		exact = xcandle_check(&x, TF_1M);
		if (t[i].what == NULL)
			assert_null(exact);
		else
			assert_string_equal(exact, t[i].what);
	}
}

/* Minutes 0..11 without 3, 4, 5 and 8. */
static struct candles holed(void)
{
	static const int64_t at[] = { 0, 1, 2, 6, 7, 9, 10, 11 };
	struct candles cs;

	candles_alloc(root, &cs, ARRAY_LEN(at));
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		double x = 100 + (double)at[i];
		struct candle c = { at[i] * MIN, x, x + 3, x - 2, x + 1, 0.1 };

		candles_set(&cs, i, &c);
	}
	return cs;
}

static void aggregation_keeps_gaps(void **st)
{
	struct candles cs = holed(), r;
	struct candle c;
	struct err err;

	(void)st;
	assert_int_equal(candles_resample(root, &cs, TF_1M, TF_3M, &r, &err), 0);
	assert_int_equal(r.n, 3);		/* 0-2, none, 6-8, 9-11 */
	c = candles_at(&r, 0);
	assert_true(c.t == 0 && c.o == 100 && c.h == 105 && c.l == 98 &&
		    c.c == 103);
	c = candles_at(&r, 1);
	assert_true(c.t == 6 * MIN && c.o == 106 && c.h == 110 &&
		    c.l == 104 && c.c == 108);
	assert_int_equal(r.t[2], 9 * MIN);
	assert_int_equal(candles_resample(root, &cs, TF_1M, TF_1M, &r, &err), 0);
	assert_int_equal(r.n, cs.n);
	assert_int_equal(candles_resample(root, &cs, TF_3M, TF_1M, &r, &err),
			 -E_INVAL);
	assert_int_equal(candles_resample(root, &cs, TF_1W, TF_1MO, &r, &err),
			 -E_INVAL);
	cs.n = 0;
	assert_int_equal(candles_resample(root, &cs, TF_1M, TF_1H, &r, &err), 0);
	assert_int_equal(r.n, 0);
}

static void exact_aggregation_sums_without_rounding(void **st)
{
	struct candles cs = holed(), r;
	struct xcandle x[8], *bars;
	size_t n;
	struct err err;

	(void)st;
	for (size_t i = 0; i < cs.n; i++) {
		struct candle c = candles_at(&cs, i);

		assert_true(xcandle_exact(&x[i], &c));
	}
	assert_int_equal(xcandles_resample(root, x, 8, TF_1M, TF_3M, &bars, &n,
					   &err), 0);
	assert_int_equal(candles_resample(root, &cs, TF_1M, TF_3M, &r, &err), 0);
	assert_int_equal(n, r.n);
	for (size_t i = 0; i < n; i++) {
		struct candle c = xcandle_double(&bars[i]);

		assert_true(c.t == r.t[i] && c.o == r.o[i] && c.h == r.h[i] &&
			    c.l == r.l[i] && c.c == r.c[i] && c.v == r.v[i]);
	}
	assert_true(xcandle_double(&bars[0]).v == 0.3);	/* 0.1+0.1+0.1 is not */
	x[1].m[X_V] = INT64_MAX;
	x[1].d[X_V] = 0;
	assert_int_equal(xcandles_resample(root, x, 8, TF_1M, TF_3M, &bars, &n,
					   &err), -E_INVAL);
}

static void gaps_are_listed_with_their_size(void **st)
{
	struct candles cs = holed();
	struct candle_gap *g;

	(void)st;
	assert_int_equal(candles_gaps(root, cs.t, cs.n, TF_1M, &g), 2);
	assert_true(g[0].from == 3 * MIN && g[0].to == 6 * MIN &&
		    g[0].missing == 3);
	assert_true(g[1].from == 8 * MIN && g[1].missing == 1);
	assert_int_equal(candles_gaps(root, cs.t, 1, TF_1M, &g), 0);
	assert_int_equal(candles_gaps(root, cs.t, 0, TF_1M, &g), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_sought_and_cut),
		cmocka_unit_test(broken_candles_are_told_by_name),
		cmocka_unit_test(aggregation_keeps_gaps),
		cmocka_unit_test(exact_aggregation_sums_without_rounding),
		cmocka_unit_test(gaps_are_listed_with_their_size),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
