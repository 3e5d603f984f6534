#include "config.h"

#include <math.h>
#include <string.h>

#include "test.h"

#include "core/rand.h"
#include "ind/ind.h"

#define N 3000

static double series[IND_INPUTS_MAX][N];

/* Prices as a random walk; na here and there when asked for; conditions. */
static void fill(const struct ind_def *d, uint64_t seed, bool holes)
{
	struct rng r;
	double p = 100;

	rng_seed(&r, seed);
	for (size_t i = 0; i < N; i++) {
		double h, l, o = p;

		p *= 1 + 0.01 * rng_gauss(&r);
		h = p * (1 + 0.01 * rng_unit(&r));
		l = p * (1 - 0.01 * rng_unit(&r));
		for (size_t k = 0; k < d->n_in; k++) {
			const char *s = d->in[k];
			double v = p;

			if (strcmp(s, "open") == 0)
				v = o;
			else if (strcmp(s, "high") == 0)
				v = h;
			else if (strcmp(s, "low") == 0)
				v = l;
			else if (strcmp(s, "volume") == 0)
				v = rng_below(&r, 10) == 0 ? 0 : 100 * rng_unit(&r);
			else if (strcmp(s, "anchor") == 0 || strcmp(s, "condition") == 0)
				v = rng_below(&r, 20) == 0;
			else if (strcmp(s, "source2") == 0)
				v = p * (1 + 0.02 * rng_gauss(&r));
			/* equal values in a row matter to ranks and extremes */
			if (rng_below(&r, 8) == 0 && i > 0)
				v = series[k][i - 1];
			if (holes && rng_below(&r, 15) == 0)
				v = NAN;
			series[k][i] = v;
		}
	}
}

static void run_cut(struct arena *a, const struct ind_def *d, const double *p,
		    struct rng *cuts, double (*ret)[N])
{
	struct ind *s;
	struct err err;

	assert_int_equal(ind_new(a, d, p, &s, &err), 0);
	for (size_t i = 0; i < N; ) {
		size_t n = cuts == NULL ? N : 1 + (size_t)rng_below(cuts,
			rng_below(cuts, 3) == 0 ? 700 : 3);
		const double *in[IND_INPUTS_MAX];
		double *to[IND_OUTPUTS_MAX];

		if (n > N - i)
			n = N - i;
		for (size_t k = 0; k < d->n_in; k++)
			in[k] = series[k] + i;
		for (size_t k = 0; k < d->n_out; k++)
			to[k] = ret[k] + i;
		ind_run(s, in, to, n);
		i += n;
	}
}

/* As a live tick does: one bar, and one more. */
static void run_bars(struct arena *a, const struct ind_def *d, const double *p,
		     double (*ret)[N])
{
	const double *in[IND_INPUTS_MAX];
	double *to[IND_OUTPUTS_MAX];
	struct ind *s;
	struct err err;

	assert_int_equal(ind_new(a, d, p, &s, &err), 0);
	for (size_t i = 0; i < N; i++) {
		for (size_t k = 0; k < d->n_in; k++)
			in[k] = series[k] + i;
		for (size_t k = 0; k < d->n_out; k++)
			to[k] = ret[k] + i;
		ind_run(s, in, to, 1);
	}
}

static double whole[IND_OUTPUTS_MAX][N], parts[IND_OUTPUTS_MAX][N];

static void same_bits(const struct ind_def *d, uint64_t seed)
{
	for (size_t k = 0; k < d->n_out; k++)
		for (size_t i = 0; i < N; i++)
			if (memcmp(&whole[k][i], &parts[k][i], sizeof(double)) != 0 &&
			    !(isnan(whole[k][i]) && isnan(parts[k][i])))
				fail_msg("%s: output %s differs at %zu (seed %d): %a %a",
					 d->name, d->out[k], i, (int)seed,
					 whole[k][i], parts[k][i]);
}

static void params(const struct ind_def *d, struct rng *r, double *p)
{
	ind_defaults(d, p);
	for (size_t i = 0; i < d->n_param && rng_below(r, 3) != 0; i++)
		if (d->param[i].kind == IND_INT && d->param[i].min >= 0)
			p[i] = d->param[i].min +
				(double)rng_below(r, rng_below(r, 5) == 0 ? 400 : 40);
		else if (d->param[i].kind == IND_BOOL)
			p[i] = (double)rng_below(r, 2);
}

static void cuts_do_not_matter(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (size_t k = 0; k < ind_table_n; k++)
		for (uint64_t seed = 0; seed < 12; seed++) {
			const struct ind_def *d = ind_table[k];
			struct arena *a = arena_new("t", 1 << 24);
			double p[IND_PARAMS_MAX];

			params(d, &r, p);
			fill(d, seed, seed % 3 == 0);
			run_cut(a, d, p, NULL, whole);
			run_cut(a, d, p, &r, parts);
			same_bits(d, seed);
			run_bars(a, d, p, parts);
			same_bits(d, seed);
			arena_free(&a);
		}
}

static void a_restarted_indicator_is_as_new(void **state)
{
	(void)state;
	for (size_t k = 0; k < ind_table_n; k++) {
		const struct ind_def *d = ind_table[k];
		struct arena *a = arena_new("t", 1 << 24);
		const double *in[IND_INPUTS_MAX];
		double *to[IND_OUTPUTS_MAX], p[IND_PARAMS_MAX];
		struct ind *s;
		struct err err;

		ind_defaults(d, p);
		fill(d, 3, true);
		for (size_t i = 0; i < IND_INPUTS_MAX; i++)
			in[i] = series[i];
		for (size_t i = 0; i < IND_OUTPUTS_MAX; i++)
			to[i] = whole[i];
		assert_int_equal(ind_new(a, d, p, &s, &err), 0);
		ind_run(s, in, to, N);
		ind_restart(s);
		for (size_t i = 0; i < IND_OUTPUTS_MAX; i++)
			to[i] = parts[i];
		ind_run(s, in, to, N);
		same_bits(d, 3);
		arena_free(&a);
	}
}

static void the_table_is_sorted_and_found(void **state)
{
	(void)state;
	for (size_t k = 0; k < ind_table_n; k++) {
		assert_ptr_equal(ind_find(ind_table[k]->name), ind_table[k]);
		if (k > 0)
			assert_true(strcmp(ind_table[k - 1]->name,
					   ind_table[k]->name) < 0);
	}
	assert_null(ind_find("nothing"));
}

static void bad_parameters_are_refused(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	struct ind *s;
	struct err err;

	(void)state;
	assert_int_equal(ind_new(a, ind_find("sma"), (double[]){ 0 }, &s, &err), -E_INVAL);
	assert_string_equal(err.msg, "sma: length is 0; it must be from 1 to 5000");
	assert_int_equal(ind_new(a, ind_find("sma"), (double[]){ 2.5 }, &s, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "whole number"));
	assert_int_equal(ind_new(a, ind_find("ema"), (double[]){ NAN }, &s, &err), -E_INVAL);
	arena_free(&a);
}

static void run1(const char *name, const double *p, size_t n, const double *x, double *y)
{
	struct arena *a = arena_new("t", 1 << 22);
	const double *in[1] = { x };
	double *ret[IND_OUTPUTS_MAX] = { y, whole[1], whole[2] };
	struct ind *s;
	struct err err;

	assert_int_equal(ind_new(a, ind_find(name), p, &s, &err), 0);
	ind_run(s, in, ret, n);
	arena_free(&a);
}

static void expect(const char *name, double p0, double p1, const double *x, size_t n,
		   const double *want)
{
	double y[64], p[IND_PARAMS_MAX] = { p0, p1 };

	run1(name, p, n, x, y);
	for (size_t i = 0; i < n; i++) {
		if (isnan(want[i]) ? !isnan(y[i]) : !(fabs(y[i] - want[i]) < 1e-9))
			fail_msg("%s[%zu] is %.12g, not %.12g", name, i, y[i], want[i]);
	}
}

/* Worked by hand from the definitions in words. */
static void known_values(void **state)
{
	static const double x[] = { 1, 2, 4, 7, 11, 16, 10, 10 };

	(void)state;
	expect("sma", 3, 0, x, 8, (double[]){ NAN, NAN, 7.0 / 3, 13.0 / 3, 22.0 / 3,
		34.0 / 3, 37.0 / 3, 12 });
	/* seed 7/3, then halves */
	expect("ema", 3, 0, x, 6, (double[]){ NAN, NAN, 7.0 / 3, 14.0 / 3, 47.0 / 6,
		143.0 / 12 });
	expect("rma", 2, 0, x, 4, (double[]){ NAN, 1.5, 2.75, 4.875 });
	expect("wma", 3, 0, x, 5, (double[]){ NAN, NAN, (1 + 4 + 12) / 6.0,
		(2 + 8 + 21) / 6.0, (4 + 14 + 33) / 6.0 });
	expect("stdev", 2, 1, x, 4, (double[]){ NAN, 0.5, 1, 1.5 });
	expect("variance", 2, 0, x, 4, (double[]){ NAN, 0.5, 2, 4.5 });
	expect("change", 1, 0, x, 4, (double[]){ NAN, 1, 2, 3 });
	expect("roc", 2, 0, x, 4, (double[]){ NAN, NAN, 300, 250 });
	expect("highest", 3, 0, x, 8, (double[]){ NAN, NAN, 4, 7, 11, 16, 16, 16 });
	expect("lowestbars", 3, 0, x, 8, (double[]){ NAN, NAN, -2, -2, -2, -2, 0, -1 });
	expect("median", 4, 0, x, 5, (double[]){ NAN, NAN, NAN, 3, 5.5 });
	expect("percentrank", 3, 0, x, 8, (double[]){ NAN, NAN, NAN, 100, 100, 100,
		100.0 / 3, 100.0 / 3 });
	expect("linreg", 3, 0, x, 4, (double[]){ NAN, NAN, 7.0 / 3 + 1.5, 13.0 / 3 + 2.5 });
	expect("rising", 2, 0, x, 8, (double[]){ 0, 0, 1, 1, 1, 1, 0, 0 });
	expect("cmo", 2, 0, x, 7, (double[]){ NAN, NAN, 100, 100, 100, 100, 100 * (5 - 6) / 11.0 });
	expect("swma", 0, 0, x, 4, (double[]){ NAN, NAN, NAN, (1 + 4 + 8 + 7) / 6.0 });
	/* ups 1,2,3,4,5 then down 6: rma(2): u 1.5 2.25 3.125 4.0625 2.03.. */
	expect("rsi", 2, 0, x, 7, (double[]){ NAN, NAN, 100, 100, 100, 100,
		100 - 100 / (1 + 2.03125 / 3) });
}

static void na_is_skipped_and_the_last_value_held(void **state)
{
	static const double x[] = { NAN, 1, 3, NAN, 5, NAN };

	(void)state;
	expect("sma", 2, 0, x, 6, (double[]){ NAN, NAN, 2, 2, 4, 4 });
	expect("ema", 2, 0, x, 6, (double[]){ NAN, NAN, 2, 2, 4, 4 });
	expect("highest", 2, 0, x, 6, (double[]){ NAN, NAN, 3, 3, 5, 5 });
	expect("change", 1, 0, x, 6, (double[]){ NAN, NAN, 2, NAN, NAN, NAN });
}

/* A window after a million wild values is the window itself. */
static void nothing_drifts(void **state)
{
	static double x[1 << 20], y[1 << 20];
	struct rng r;
	size_t n = 1 << 20, len = 50;
	double p[IND_PARAMS_MAX] = { 50, 1 };

	(void)state;
	rng_seed(&r, 1);
	for (size_t i = 0; i < n; i++)
		x[i] = i % 100000 < 50000 ? 1e9 * rng_unit(&r) : 1 + 1e-3 * rng_unit(&r);
	run1("sma", p, n, x, y);
	for (size_t i = n - 40000; i < n; i += 997) {
		double s = 0;

		for (size_t k = 0; k < len; k++)
			s += x[i - k];
		assert_true(fabs(y[i] / (s / (double)len) - 1) < 1e-12);
	}
	run1("stdev", p, n, x, y);
	for (size_t i = n - 40000; i < n; i += 997) {
		long double m = 0, q = 0;

		for (size_t k = 0; k < len; k++)
			m += x[i - k];
		m /= (long double)len;
		for (size_t k = 0; k < len; k++)
			q += (x[i - k] - m) * (x[i - k] - m);
		assert_true(fabs(y[i] / (double)sqrtl(q / (long double)len) - 1) < 1e-9);
	}
}

static void a_changing_length_reads_its_window_anew(void **state)
{
	struct arena *a = arena_new("t", 1 << 24);
	struct ind_dyn *s;
	struct err err;
	double y, x[] = { 1, 2, 4, 7, 11 }, len[] = { 1, 2, 2, 4, NAN };
	double want[] = { 1, 1.5, 3, 3.5, NAN };

	(void)state;
	assert_int_equal(ind_dyn_new(a, ind_find("ema"), &s, &err), -E_INVAL);
	assert_int_equal(ind_dyn_new(a, ind_find("sma"), &s, &err), 0);
	for (size_t i = 0; i < 5; i++) {
		ind_dyn_step(s, &len[i], &x[i], &y);
		if (isnan(want[i]))
			assert_true(isnan(y));
		else
			assert_true(fabs(y - want[i]) < 1e-12);
	}
	arena_free(&a);
}

/* Given the same length on every bar it is the row itself. */
static void a_length_that_could_change_and_does_not(void **state)
{
	(void)state;
	for (size_t k = 0; k < ind_table_n; k++) {
		const struct ind_def *d = ind_table[k];
		struct arena *a = arena_new("t", 1 << 26);
		double p[IND_PARAMS_MAX], x[IND_INPUTS_MAX], y[IND_OUTPUTS_MAX];
		struct ind_dyn *s;
		struct err err;

		ind_defaults(d, p);
		if (d->window == IND_RECURSIVE) {
			assert_int_equal(ind_dyn_new(a, d, &s, &err), -E_INVAL);
			arena_free(&a);
			continue;
		}
		fill(d, 21, false);
		p[0] = fmax(p[0], 2);
		run_cut(a, d, p, NULL, whole);
		assert_int_equal(ind_dyn_new(a, d, &s, &err), 0);
		for (size_t i = 0; i < 400; i++) {
			for (size_t j = 0; j < d->n_in; j++)
				x[j] = series[j][i];
			ind_dyn_step(s, p, x, y);
			for (size_t j = 0; j < d->n_out; j++)
				if (isnan(y[j]) != isnan(whole[j][i]) ||
				    fabs(y[j] - whole[j][i]) > 1e-9 * fmax(1, fabs(y[j])))
					fail_msg("%s: %s at %zu: %.17g, not %.17g", d->name,
						 d->out[j], i, y[j], whole[j][i]);
		}
		arena_free(&a);
	}
}

/* Ranked windows pass na over and hold; percentrank and the interpolated
 * percentile say na; differences do. */
static void na_in_ranked_windows(void **state)
{
	static const double x[] = { 5, NAN, 1, 3, NAN, 4, 4, NAN };

	(void)state;
	expect("median", 3, 0, x, 8, (double[]){ NAN, NAN, NAN, 3, 3, 3, 4, 4 });
	expect("mode", 3, 0, x, 8, (double[]){ NAN, NAN, NAN, 1, 1, 1, 4, 4 });
	expect("percentile_nearest_rank", 3, 100, x, 8,
	       (double[]){ NAN, NAN, NAN, 5, 5, 4, 4, 4 });
	expect("percentile_linear_interpolation", 3, 50, x, 8,
	       (double[]){ NAN, NAN, NAN, 3, NAN, 3, 4, NAN });
	expect("percentrank", 2, 0, x, 8, (double[]){ NAN, NAN, NAN, 50, NAN, 100, 100, NAN });
	expect("dev", 3, 0, x, 8, (double[]){ NAN, NAN, NAN, 4.0 / 3, 4.0 / 3, 10.0 / 9,
		4.0 / 9, 4.0 / 9 });
	expect("rci", 2, 0, x, 8, (double[]){ NAN, NAN, NAN, 100, 100, 100, NAN, NAN });
	expect("roc", 1, 0, x, 7, (double[]){ NAN, NAN, NAN, 200, NAN, NAN, 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_found),
		cmocka_unit_test(bad_parameters_are_refused),
		cmocka_unit_test(known_values),
		cmocka_unit_test(na_is_skipped_and_the_last_value_held),
		cmocka_unit_test(cuts_do_not_matter),
		cmocka_unit_test(a_restarted_indicator_is_as_new),
		cmocka_unit_test(nothing_drifts),
		cmocka_unit_test(a_changing_length_reads_its_window_anew),
		cmocka_unit_test(a_length_that_could_change_and_does_not),
		cmocka_unit_test(na_in_ranked_windows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
