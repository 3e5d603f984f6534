/* Force index, Chaikin and ultimate oscillator, pivot points: against plain
 * sums over the same bars, and small cases worked out by hand. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "test.h"

#include "core/rand.h"
#include "ind/ind.h"

#define N 400
static double o[N], h[N], l[N], c[N], v[N], y[7][N];

static void walk(void)
{
	struct rng r;
	double p = 100;

	rng_seed(&r, 11);
	for (size_t i = 0; i < N; i++) {
		o[i] = p;
		p *= 1 + 0.01 * rng_gauss(&r);
		c[i] = p;
		h[i] = fmax(o[i], p) * (1 + 0.01 * rng_unit(&r));
		l[i] = fmin(o[i], p) * (1 - 0.01 * rng_unit(&r));
		v[i] = 100 * rng_unit(&r);
	}
}

static void compute(const char *name, size_t n, const double *a, const double *b,
		    const double *d, const double *e)
{
	const double *in[4] = { a, b, d, e };
	double *to[7] = { y[0], y[1], y[2], y[3], y[4], y[5], y[6] };
	struct arena *mem = arena_new("t", 1 << 20);
	double p[IND_PARAMS_MAX];
	struct err err;
	struct ind *s;

	assert_non_null(ind_find(name));
	ind_defaults(ind_find(name), p);
	assert_int_equal(ind_new(mem, ind_find(name), p, &s, &err), 0);
	ind_run(s, in, to, n);
	arena_free(&mem);
}

static void near(size_t i, double got, double want)
{
	if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
		fail_msg("bar %zu: %.12g, not %.12g", i, got, want);
}

static double ratio(size_t i, size_t n)
{
	double b = 0, t = 0;

	for (size_t k = i + 1 - n; k <= i; k++) {
		b += c[k] - fmin(l[k], c[k - 1]);
		t += fmax(h[k], c[k - 1]) - fmin(l[k], c[k - 1]);
	}
	return b / t;
}

static void the_ultimate_oscillator_weighs_three_windows(void **state)
{
	(void)state;
	walk();
	compute("ultimate", N, h, l, c, NULL);
	for (size_t i = 0; i < N; i++)
		near(i, y[0][i], i < 28 ? NAN :
		     100 * (4 * ratio(i, 7) + 2 * ratio(i, 14) + ratio(i, 28)) / 7);
}

/* Averages as their definition has them: seeded with a plain one. */
static void average(const double *x, size_t from, size_t n, double *ret)
{
	double s = 0;

	for (size_t i = 0; i < N; i++) {
		ret[i] = NAN;
		if (i < from)
			continue;
		if (i < from + n)
			s += x[i];
		if (i + 1 == from + n)
			ret[i] = s / (double)n;
		else if (i >= from + n)
			ret[i] = ret[i - 1] + 2 / ((double)n + 1) * (x[i] - ret[i - 1]);
	}
}

static void the_chaikin_oscillator_is_the_gap_of_two_averages(void **state)
{
	static double ad[N], f[N], s[N];
	double sum = 0;

	(void)state;
	walk();
	h[50] = l[50] = c[50];			/* a bar without range adds nothing */
	for (size_t i = 0; i < N; i++) {
		if (i != 50)
			sum += (2 * c[i] - l[i] - h[i]) / (h[i] - l[i]) * v[i];
		ad[i] = sum;
	}
	average(ad, 0, 3, f);
	average(ad, 0, 10, s);
	compute("chaikin", N, h, l, c, v);
	for (size_t i = 0; i < N; i++)
		near(i, y[0][i], f[i] - s[i]);
}

static void the_force_index_averages_change_times_volume(void **state)
{
	static double x[N], f[N];

	(void)state;
	walk();
	for (size_t i = 1; i < N; i++)
		x[i] = (c[i] - c[i - 1]) * v[i];
	average(x, 1, 13, f);
	compute("force", N, c, v, NULL, NULL);
	for (size_t i = 0; i < N; i++)
		near(i, y[0][i], f[i]);
}

/* High 110, low 90, close 106: p = 102, r1 = 114, r2 = 122, r3 = 134, s1 = 94,
 * s2 = 82, s3 = 74. */
static void pivot_points_are_those_of_the_period_before(void **state)
{
	static const double high[] = { 105, 110, 120, 121 }, low[] = { 95, 90, 80, 79 };
	static const double close[] = { 100, 106, 100, 101 }, anchor[] = { 1, 0, 1, 0 };
	static const double want[] = { 102, 114, 122, 134, 94, 82, 74 };

	(void)state;
	compute("pivotpoints", 4, high, low, close, anchor);
	for (size_t k = 0; k < 7; k++) {
		near(0, y[k][0], NAN);
		near(1, y[k][1], NAN);
		near(2, y[k][2], want[k]);
		near(3, y[k][3], want[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ultimate_oscillator_weighs_three_windows),
		cmocka_unit_test(the_chaikin_oscillator_is_the_gap_of_two_averages),
		cmocka_unit_test(the_force_index_averages_change_times_volume),
		cmocka_unit_test(pivot_points_are_those_of_the_period_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
