/* Every windowed row against its definition, computed anew from the window's
 * own values in long double: nothing that was before the window may show.
 * Relative error at most 1e-9.  With an argument, so many bars:
 *	tests/unit/test_ind_window 10000000
 * prints the greatest error of each row. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "core/rand.h"
#include "ind/ind.h"

typedef long double ld;
#define MAXLEN 600

static size_t bars = 20000, step = 7;
static bool print;
static double *x, *w;		/* two sources; w is volume, too */
static double *y[3];

/* Levels that change by nine orders, values that repeat, flat stretches. */
static void series(uint64_t seed)
{
	struct rng r;
	double p = 100, level = 1;

	rng_seed(&r, seed);
	for (size_t i = 0; i < bars; i++) {
		if (i % 4001 == 4000)
			level = level > 1 ? 1 : 1e9;
		p *= 1 + 0.01 * rng_gauss(&r);
		if (p < 10 || p > 1000)
			p = 100;
		x[i] = level * p;
		w[i] = level * 10 * (0.01 + rng_unit(&r));
		if (i > 0 && rng_below(&r, 6) == 0)
			x[i] = x[i - 1 - (size_t)rng_below(&r, i < 9 ? 1 : 9)];
		if (i % 1500 < 20 && i > 0)
			x[i] = x[i - 1];
	}
}

struct want { const double *x, *w; size_t n; double p1; };	/* x[0] is the oldest */

static ld mean(const double *v, size_t n)
{
	ld s = 0;

	for (size_t i = 0; i < n; i++)
		s += v[i];
	return s / (ld)n;
}
static ld f_sma(const struct want *a) { return mean(a->x, a->n); }
static ld f_sum(const struct want *a) { return mean(a->x, a->n) * (ld)a->n; }
static ld f_wma(const struct want *a)
{
	ld s = 0;

	for (size_t i = 0; i < a->n; i++)
		s += (ld)(i + 1) * a->x[i];
	return s / ((ld)a->n * (ld)(a->n + 1) / 2);
}
static ld f_vwma(const struct want *a)
{
	ld s = 0;

	for (size_t i = 0; i < a->n; i++)
		s += (ld)a->w[i] * a->x[i];
	return s / (mean(a->w, a->n) * (ld)a->n);
}
static ld f_variance(const struct want *a)
{
	ld m = mean(a->x, a->n), s = 0;

	for (size_t i = 0; i < a->n; i++)
		s += (a->x[i] - m) * (a->x[i] - m);
	return s / (ld)a->n;
}
static ld f_stdev(const struct want *a) { return sqrtl(f_variance(a)); }
static ld f_dev(const struct want *a)
{
	ld m = mean(a->x, a->n), s = 0;

	for (size_t i = 0; i < a->n; i++)
		s += fabsl(a->x[i] - m);
	return s / (ld)a->n;
}
static ld f_cci(const struct want *a)
{
	return (a->x[a->n - 1] - f_sma(a)) / (0.015L * f_dev(a));
}
static ld f_alma(const struct want *a)
{
	ld m = 0.85L * (ld)(a->n - 1), d = (ld)a->n / 6, s = 0, q = 0;

	for (size_t i = 0; i < a->n; i++) {
		ld e = expl(-((ld)i - m) * ((ld)i - m) / (2 * d * d));

		s += e * a->x[i];
		q += e;
	}
	return s / q;
}
static int cmp(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return p < q ? -1 : p > q;
}
static const double *sorted(const struct want *a)
{
	static double v[MAXLEN];

	memcpy(v, a->x, a->n * sizeof(*v));
	qsort(v, a->n, sizeof(*v), cmp);
	return v;
}
static ld f_median(const struct want *a)
{
	const double *v = sorted(a);

	return ((ld)v[(a->n - 1) / 2] + v[a->n / 2]) / 2;
}
static ld f_mode(const struct want *a)
{
	const double *v = sorted(a);
	size_t run = 0, best = 0;
	double r = 0;

	for (size_t i = 0; i < a->n; i++) {
		run = i > 0 && v[i] == v[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			r = v[i];
		}
	}
	return r;
}
static ld f_nearest(const struct want *a)
{
	double r = ceil(a->p1 / 100 * (double)a->n) - 1;

	return sorted(a)[r < 0 ? 0 : (size_t)r];
}
static ld f_linear(const struct want *a)
{
	ld r = (ld)a->p1 / 100 * (ld)a->n - 0.5L;
	const double *v = sorted(a);
	size_t i;

	if (r <= 0 || r >= (ld)(a->n - 1))
		return r <= 0 ? v[0] : v[a->n - 1];
	i = (size_t)r;
	return v[i] + (r - (ld)i) * ((ld)v[i + 1] - v[i]);
}
static ld f_percentrank(const struct want *a)	/* one value more than length */
{
	size_t le = 0;

	for (size_t i = 0; i + 1 < a->n; i++)
		le += a->x[i] <= a->x[a->n - 1];
	return 100 * (ld)le / (ld)(a->n - 1);
}
static ld pearson(const ld *p, const ld *q, size_t n)
{
	ld a = 0, b = 0, pp = 0, qq = 0, pq = 0;

	for (size_t i = 0; i < n; i++) {
		a += p[i] / (ld)n;
		b += q[i] / (ld)n;
	}
	for (size_t i = 0; i < n; i++) {
		pp += (p[i] - a) * (p[i] - a);
		qq += (q[i] - b) * (q[i] - b);
		pq += (p[i] - a) * (q[i] - b);
	}
	return pq / sqrtl(pp * qq);
}
static ld f_rci(const struct want *a)
{
	ld t[MAXLEN], r[MAXLEN];

	for (size_t i = 0; i < a->n; i++) {
		size_t less = 0, same = 0;

		for (size_t k = 0; k < a->n; k++) {
			less += a->x[k] < a->x[i];
			same += a->x[k] == a->x[i];
		}
		t[i] = (ld)i;
		r[i] = (ld)less + (ld)(same + 1) / 2;
	}
	return 100 * pearson(t, r, a->n);
}
static ld f_correlation(const struct want *a)
{
	ld p[MAXLEN], q[MAXLEN];

	for (size_t i = 0; i < a->n; i++) {
		p[i] = a->x[i];
		q[i] = a->w[i];
	}
	return pearson(p, q, a->n);
}
static ld f_linreg(const struct want *a)
{
	ld m = mean(a->x, a->n), c = (ld)(a->n - 1) / 2, xy = 0, xx = 0;

	for (size_t i = 0; i < a->n; i++) {
		xy += ((ld)i - c) * (a->x[i] - m);
		xx += ((ld)i - c) * ((ld)i - c);
	}
	return a->n == 1 ? m : m + xy / xx * c;
}
static ld f_cog(const struct want *a)
{
	ld s = 0;

	for (size_t i = 0; i < a->n; i++)
		s += (ld)(a->n - i) * a->x[i];
	return -s / f_sum(a);
}
static ld f_highest(const struct want *a) { return sorted(a)[a->n - 1]; }
static ld f_lowest(const struct want *a) { return sorted(a)[0]; }
static ld f_range(const struct want *a) { return (ld)f_highest(a) - f_lowest(a); }
static ld f_highestbars(const struct want *a)
{
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++)
		at = a->x[i] > a->x[at] ? i : at;
	return -(ld)(a->n - 1 - at);
}
static ld f_lowestbars(const struct want *a)
{
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++)
		at = a->x[i] < a->x[at] ? i : at;
	return -(ld)(a->n - 1 - at);
}
static ld f_cmo(const struct want *a)	/* one value more than length */
{
	ld up = 0, down = 0;

	for (size_t i = 1; i < a->n; i++) {
		ld d = (ld)a->x[i] - a->x[i - 1];

		up += d > 0 ? d : 0;
		down += d < 0 ? -d : 0;
	}
	return 100 * (up - down) / (up + down);
}
static ld f_mfi(const struct want *a)
{
	ld up = 0, down = 0;

	for (size_t i = 1; i < a->n; i++) {
		up += a->x[i] > a->x[i - 1] ? (ld)a->w[i] * a->x[i] : 0;
		down += a->x[i] < a->x[i - 1] ? (ld)a->w[i] * a->x[i] : 0;
	}
	return 100 - 100 / (1 + up / down);
}

static const struct {
	const char *name;
	ld (*want)(const struct want *);
	size_t more;		/* values beyond the length */
	size_t first;		/* bars before it says anything, beyond the window */
	double p1;
	double least;		/* lengths below say nothing */
	double scale;		/* of what may cancel to 0: errors are to this */
} rows[] = {
	{ "sma", f_sma, 0, 0, 0, 1, 0 }, { "sum", f_sum, 0, 0, 0, 1, 0 },
	{ "wma", f_wma, 0, 0, 0, 1, 0 }, { "vwma", f_vwma, 0, 0, 0, 1, 0 },
	{ "variance", f_variance, 0, 0, 1, 2, 0 }, { "stdev", f_stdev, 0, 0, 1, 2, 0 },
	{ "dev", f_dev, 0, 0, 0, 2, 0 }, { "cci", f_cci, 0, 0, 0, 2, 1 },
	{ "alma", f_alma, 0, 0, 0.85, 1, 0 }, { "median", f_median, 0, 0, 0, 1, 0 },
	{ "mode", f_mode, 0, 0, 0, 1, 0 },
	{ "percentile_nearest_rank", f_nearest, 0, 0, 73, 1, 0 },
	{ "percentile_linear_interpolation", f_linear, 0, 0, 21, 1, 0 },
	{ "percentrank", f_percentrank, 1, 0, 0, 1, 0 }, { "rci", f_rci, 0, 1, 0, 2, 1 },
	{ "correlation", f_correlation, 0, 0, 0, 3, 1e-3 },
	{ "linreg", f_linreg, 0, 0, 0, 1, 0 }, { "cog", f_cog, 0, 0, 0, 1, 0 },
	{ "highest", f_highest, 0, 0, 0, 1, 0 }, { "lowest", f_lowest, 0, 0, 0, 1, 0 },
	{ "highestbars", f_highestbars, 0, 0, 0, 1, 0 },
	{ "lowestbars", f_lowestbars, 0, 0, 0, 1, 0 },
	{ "range", f_range, 0, 0, 0, 1, 0 }, { "cmo", f_cmo, 1, 0, 0, 1, 1 },
	{ "mfi", f_mfi, 1, 0, 0, 2, 1 },
};

static void compute(const struct ind_def *d, const double *p)
{
	struct arena *a = arena_new("t", 1 << 24);
	const double *in[2] = { x, w };
	struct ind *s;
	struct err err;

	assert_int_equal(ind_new(a, d, p, &s, &err), 0);
	ind_run(s, in, y, bars);
	arena_free(&a);
}

/* The greatest error over the bars looked at. */
static double worst(size_t k, size_t len)
{
	const struct ind_def *d = ind_find(rows[k].name);
	double p[IND_PARAMS_MAX], most = 0;
	size_t n = len + rows[k].more, first = n - 1 + rows[k].first;

	assert_non_null(d);
	ind_defaults(d, p);
	p[0] = (double)len;
	if (rows[k].p1 != 0)
		p[1] = rows[k].p1;
	compute(d, p);
	for (size_t i = 0; i < bars; i += i < 2 * MAXLEN ? 1 : step) {
		struct want a = { x + i + 1 - n, w + i + 1 - n, n, rows[k].p1 };
		ld v, e;

		if (i < first) {
			if (!isnan(y[0][i]) && strcmp(d->name, "mfi") != 0)
				fail_msg("%s(%zu): not na at bar %zu", d->name, len, i);
			continue;
		}
		v = rows[k].want(&a);
		if (!isfinite(v) || fabsl(v) < 1e-10L)	/* none, or a flat window */
			continue;
		e = fabsl(y[0][i] - v) / fmaxl(fabsl(v), (ld)rows[k].scale);
		if (!(e <= 1e-9L))
			fail_msg("%s(%zu) at bar %zu: %.17g, not %.17Lg", d->name, len,
				 i, y[0][i], v);
		most = e > most ? (double)e : most;
	}
	return most;
}

static void windows_are_as_if_computed_anew(void **state)
{
	static const size_t lens[] = { 1, 2, 3, 9, 14, 20, 32, 33, 50, 200, 555 };

	(void)state;
	series(3);
	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		double most = 0, e;

		for (size_t j = 0; j < ARRAY_LEN(lens); j++) {
			if ((double)lens[j] < rows[k].least)
				continue;
			if (print && lens[j] != 20 && lens[j] != 200)
				continue;
			e = worst(k, lens[j]);
			most = e > most ? e : most;
		}
		if (print)
			printf("# %s: %.2g\n", rows[k].name, most);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_as_if_computed_anew),
	};
	struct arena *a = arena_new("t", (size_t)1 << 30);
	int rc;

	if (argc > 1) {
		bars = strtoul(argv[1], NULL, 10);
		step = bars / 20000 | 1;
		print = true;
	}
	x = NEW_N(a, double, bars);
	w = NEW_N(a, double, bars);
	for (size_t k = 0; k < 3; k++)
		y[k] = NEW_N(a, double, bars);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&a);
	return rc;
}
