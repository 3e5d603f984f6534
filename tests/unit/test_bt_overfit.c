#include "config.h"
#include "test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "bt/overfit.h"
#include "core/rand.h"

#define near(got, want, tol) near_at((got), (want), (tol), __LINE__)
static void near_at(double got, double want, double tol, int line)
{
	if (!(fabs(got - want) <= tol))
		fail_msg("line %d: %.17g, wanted %.17g", line, got, want);
}

/* --- The vignette of CRAN's package pbo ------------------------------------
 * set.seed(765), 100 trials of 2,400 normal returns, 8 slices: it prints
 * p_bo 1, -0.0030456 (the constant of in-sample on out-of-sample, which it
 * calls slope), adjusted R^2 0.97, p_loss 1.  Its numbers come from R's
 * generator, which is made here: Mersenne twister and inversion. */

struct r_rng { uint32_t mt[624]; int at; };

static void r_seed(struct r_rng *r, uint32_t seed)
{
	for (int i = 0; i < 50; i++)
		seed = seed * 69069 + 1;
	seed = seed * 69069 + 1;		/* R's own place for `at` */
	for (int i = 0; i < 624; i++) {
		seed = seed * 69069 + 1;
		r->mt[i] = seed;
	}
	r->at = 624;
}

static double r_unif(struct r_rng *r)
{
	uint32_t y;

	if (r->at == 624) {
		for (int k = 0; k < 624; k++) {
			y = (r->mt[k] & 0x80000000u) |
				(r->mt[(k + 1) % 624] & 0x7fffffffu);
			r->mt[k] = r->mt[(k + 397) % 624] ^ (y >> 1) ^
				(y & 1 ? 0x9908b0dfu : 0);
		}
		r->at = 0;
	}
	y = r->mt[r->at++];
	y ^= y >> 11;
	y ^= (y << 7) & 0x9d2c5680u;
	y ^= (y << 15) & 0xefc60000u;
	y ^= y >> 18;
	return (double)y * 2.3283064365386963e-10;
}

static double r_norm(struct r_rng *r)
{
	double u = trunc(134217728 * r_unif(r));

	return gsl_cdf_ugaussian_Pinv((u + r_unif(r)) / 134217728);
}

enum { PERIODS = 2400, TRIALS = 100 };

static void vignette(struct arena *a, const struct returns **v)
{
	double *x = NEW_N(a, double, PERIODS);
	struct r_rng r;

	r_seed(&r, 765);
	for (size_t k = 0; k < TRIALS; k++) {
		struct returns *s = NEW(a, struct returns);
		struct returns raw;

		for (size_t i = 0; i < PERIODS; i++)
			x[i] = r_norm(&r);
		returns_of(&raw, x, PERIODS);
		for (size_t i = 0; i < PERIODS; i++)
			x[i] = (x[i] - raw.mean) / raw.sd / sqrt(252) - 0.03 / 252;
		returns_of(s, x, PERIODS);
		/* 8 slices of 300 out of 16 of 150. */
		s->slice_n *= 2;
		for (size_t i = 0; i < 8; i++) {
			struct slice b = s->slice[2 * i + 1];

			s->slice[i] = s->slice[2 * i];
			s->slice[i].sum += b.sum;
			s->slice[i].sum2 += b.sum2;
		}
		v[k] = s;
	}
}

static void pbo_of_the_vignette(void **state)
{
	struct arena *a = arena_new("t", (size_t)1 << 28);
	const struct returns *v[TRIALS];
	double mx = 0, my = 0, xx = 0, xy = 0, yy = 0, n = 70, b, r2;
	struct pbo p;

	(void)state;
	vignette(a, v);
	assert_true(overfit_pbo(a, v, TRIALS, 8, &p));
	assert_int_equal(p.ways, 70);
	near(p.pbo, 1, 0);
	near(p.loss, 1, 0);
	for (size_t i = 0; i < p.ways; i++) {	/* in on out, as it does */
		mx += p.out[i] / n;
		my += p.in[i] / n;
	}
	for (size_t i = 0; i < p.ways; i++) {
		xx += (p.out[i] - mx) * (p.out[i] - mx);
		xy += (p.out[i] - mx) * (p.in[i] - my);
		yy += (p.in[i] - my) * (p.in[i] - my);
	}
	b = xy / xx;
	r2 = xy * xy / (xx * yy);
	near(my - b * mx, -0.0030456, 0.5e-7);
	near(1 - (1 - r2) * (n - 1) / (n - 2), 0.97, 0.005);
	near(p.r2, r2, 1e-12);
	assert_true(p.slope < -0.9 && p.slope > -1.1);
	arena_free(&a);
}

/* One trial that is better everywhere is found everywhere. */
static void pbo_of_merit(void **state)
{
	struct arena *a = arena_new("t", (size_t)1 << 26);
	const struct returns *v[20];
	double x[1000];
	struct rng r;
	struct pbo p;

	(void)state;
	rng_seed(&r, 1);
	for (size_t k = 0; k < 20; k++) {
		struct returns *s = NEW(a, struct returns);

		for (size_t i = 0; i < 1000; i++)
			x[i] = rng_gauss(&r) + (k == 7 ? 0.5 : 0);
		returns_of(s, x, 1000);
		v[k] = s;
	}
	assert_true(overfit_pbo(a, v, 20, 16, &p));
	assert_int_equal(p.ways, 12870);
	near(p.pbo, 0, 0);
	near(p.loss, 0, 0);
	assert_false(overfit_pbo(a, v, 1, 16, &p));
	assert_false(overfit_pbo(a, v, 20, 15, &p));
	arena_free(&a);
}

/* Bailey, Lopez de Prado (2014), "A numerical example": an annual ratio of
 * 2.5 over 1,250 days, skewness -3, kurtosis 10, best of 100 trials whose
 * annual ratios have variance 1/2: SR0 0.1132, deflated 0.9004.  With 46
 * trials it would have been 0.9505; with normal returns, 88 trials. */
static void deflated_of_the_paper(void **state)
{
	double sr = 2.5 / sqrt(250), v = 0.5 / 250;

	(void)state;
	near(sharpe_expected_max(v, 100), 0.1132, 0.5e-4);
	near(sharpe_probability(sr, sharpe_expected_max(v, 100),
					       1250, -3, 10), 0.9004, 0.5e-4);
	near(sharpe_probability(sr, sharpe_expected_max(v, 46),
					       1250, -3, 10), 0.9505, 0.5e-4);
	near(sharpe_probability(sr, sharpe_expected_max(v, 88),
					       1250, 0, 3), 0.9505, 0.5e-4);
	near(sharpe_expected_max(v, 1), 0, 0);
}

static void deflated_of_trials(void **state)
{
	struct returns best = { .n = 1250, .mean = 2.5 / sqrt(250), .sd = 1,
				.skew = -3, .kurtosis = 10 };
	double s[2] = { -0.1, 0.1 }, sr0, got;

	(void)state;
	got = sharpe_deflated(s, 2, &best, &sr0);
	near(got, sharpe_probability(2.5 / sqrt(250), sr0, 1250, -3, 10), 0);
	near(sr0, sharpe_expected_max(0.02, 2), 1e-15);
	best.sd = 0;
	assert_true(isnan(sharpe_deflated(s, 2, &best, &sr0)));
}

static void moments(void **state)
{
	const double x[] = { 2, 8, 0, 4, 1, 9, 9, 0 };
	double m2 = 0, m3 = 0, m4 = 0, m = 33.0 / 8;
	struct returns r;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		m2 += pow(x[i] - m, 2) / 8;
		m3 += pow(x[i] - m, 3) / 8;
		m4 += pow(x[i] - m, 4) / 8;
	}
	returns_of(&r, x, 8);
	near(r.skew, m3 / pow(m2, 1.5), 1e-14);
	near(r.skew, 0.2650554122698573, 1e-12);	/* SciPy's manual */
	near(r.kurtosis, m4 / (m2 * m2), 1e-13);
	near(r.sd, sqrt(m2 * 8 / 7), 1e-14);
}

static void plateaus(void **state)
{
	/* 5 x 5: a peak alone in one corner, a broad top in the other. */
	static const double z[25] = {
		9, 0, 0, 0, 0,
		0, 0, 0, 0, 0,
		0, 0, 0, 8, 8,
		0, 0, 0, 8, 8.5,
		0, 0, 0, 8, 8,
	};
	double xy[50], p[25];

	(void)state;
	for (size_t i = 0; i < 25; i++) {
		xy[2 * i] = (double)(i / 5);
		xy[2 * i + 1] = (double)(i % 5);
	}
	plateau_scores(xy, 2, z, 25, p);
	near(p[0], 0, 0);
	near(p[19], 8.0 / 9, 1e-12);	/* the top's middle */
	near(p[6], 1.0 / 8, 1e-12);	/* beside the peak */
	plateau_scores(xy, 2, z, 1, p);
	assert_true(isnan(p[0]));
}

/* All 24 orders of four trades, by hand, against the shuffles. */
static void trade_orders(void **state)
{
	struct arena *a = arena_new("t", (size_t)1 << 26);
	const double f[] = { 0.5, -0.5, 0.25, -0.2 };
	struct monte_carlo m, again;

	(void)state;
	monte_carlo(a, f, 4, NULL, 0, 365, 4000, 7, &m);
	monte_carlo(a, f, 4, NULL, 0, 365, 4000, 7, &again);
	assert_memory_equal(&m.trades_drawdown, &again.trades_drawdown,
			    sizeof(m.trades_drawdown));
	/* Worst: both losses together, 1 - 0.5 * 0.8 = 0.6 (half of the
	 * orders); best: 0.5, the losses parted by a gain of a fifth or more. */
	near(m.trades_drawdown.p05, 0.5, 1e-12);
	near(m.trades_drawdown.p95, 0.6, 1e-12);
	assert_true(isnan(m.total_return.p50));
	arena_free(&a);
}

/* Politis, Romano (1994), lemma 1: the variance of the resampled mean in
 * closed form; and by 40,000 resamples. */
static void stationary_bootstrap(void **state)
{
	double x[50], m = 0, v = 0, want, runs = 40000, n = 50, p = 0.2;
	double c0 = 0, direct;
	size_t at[50];
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (size_t i = 0; i < 50; i++) {
		x[i] = (i > 0 ? 0.6 * x[i - 1] : 0) + rng_gauss(&r);
		m += x[i] / n;
	}
	want = bootstrap_mean_variance(x, 50, p);
	/* The lemma in its own form: C(0) + 2 sum (1 - i/n)(1-p)^i C(i), with
	 * circular covariances. */
	for (size_t i = 0; i < 50; i++)
		c0 += (x[i] - m) * (x[i] - m) / n;
	direct = c0;
	for (size_t k = 1; k < 50; k++) {
		double c = 0;

		for (size_t i = 0; i < 50; i++)
			c += (x[i] - m) * (x[(i + k) % 50] - m) / n;
		direct += 2 * (1 - (double)k / n) * pow(1 - p, (double)k) * c;
	}
	near(want, direct / n, 1e-12);
	for (size_t k = 0; k < 40000; k++) {
		double s = 0;

		bootstrap_places(&r, 50, p, at);
		for (size_t i = 0; i < 50; i++)
			s += x[at[i]] / n;
		v += (s - m) * (s - m) / runs;
	}
	near(v / want, 1, 0.03);
}

static void quantiles(void **state)
{
	double v[] = { 5, 1, 4, 2, 3 };

	(void)state;
	near(quantile(v, 5, 0.5), 3, 0);
	near(quantile(v, 5, 0.05), 1.2, 1e-15);	/* R: quantile(1:5, .05) */
	near(quantile(v, 5, 1), 5, 0);
	assert_true(isnan(quantile(v, 0, 0.5)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pbo_of_the_vignette),
		cmocka_unit_test(pbo_of_merit),
		cmocka_unit_test(deflated_of_the_paper),
		cmocka_unit_test(deflated_of_trials),
		cmocka_unit_test(moments),
		cmocka_unit_test(plateaus),
		cmocka_unit_test(trade_orders),
		cmocka_unit_test(stationary_bootstrap),
		cmocka_unit_test(quantiles),
	};

	return cmocka_run_group_tests_name("overfit", tests, NULL, NULL);
}
