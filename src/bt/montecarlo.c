#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "bt/overfit.h"
#include "core/rand.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double quantile(double *v, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t k = (size_t)floor(at);

	if (n == 0)
		return NAN;
	qsort(v, n, sizeof(*v), by_value);
	return k + 1 < n ? v[k] + (at - (double)k) * (v[k + 1] - v[k]) : v[n - 1];
}

static struct interval interval_of(double *v, size_t n)
{
	return (struct interval){ quantile(v, n, 0.05), quantile(v, n, 0.50),
				  quantile(v, n, 0.95) };
}

void bootstrap_places(struct rng *r, size_t n, double p, size_t *ret)
{
	size_t at = rng_below(r, n);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			at = rng_unit(r) < p ? rng_below(r, n) :
				at + 1 == n ? 0 : at + 1;
		ret[i] = at;
	}
}

double bootstrap_mean_variance(const double *x, size_t n, double p)
{
	double m = 0, total = 0, keep = 1;

	for (size_t i = 0; i < n; i++)
		m += x[i] / (double)n;
	for (size_t lag = 0; lag < n; lag++, keep *= 1 - p) {
		double c = 0;

		for (size_t i = 0; i < n; i++)
			c += (x[i] - m) * (x[(i + lag) % n] - m);
		c /= (double)n;
		/* Places `lag` apart are of one block with (1 - p)^lag, and
		 * independent (no covariance) otherwise. */
		total += (lag == 0 ? 1 : 2 * (1 - (double)lag / (double)n)) *
			keep * c;
	}
	return total / (double)n;
}

struct walk { double equity, peak, drawdown; };

static void walk_on(struct walk *w, double ratio)
{
	w->equity *= ratio > -1 ? 1 + ratio : 0;
	if (w->equity > w->peak)
		w->peak = w->equity;
	w->drawdown = fmax(w->drawdown, 1 - w->equity / w->peak);
}

static void shuffle_trades(struct arena *tmp, const double *trades, size_t n,
			   size_t runs, struct rng *r, struct monte_carlo *ret)
{
	double *dd = NEW_N(tmp, double, runs), *v = NEW_N(tmp, double, n);

	for (size_t i = 0; i < n; i++)
		v[i] = trades[i];
	for (size_t k = 0; k < runs; k++) {
		struct walk w = { 1, 1, 0 };

		for (size_t i = n; i > 1; i--) {
			size_t j = rng_below(r, i);
			double x = v[j];

			v[j] = v[i - 1];
			v[i - 1] = x;
		}
		for (size_t i = 0; i < n; i++)
			walk_on(&w, v[i]);
		dd[k] = w.drawdown;
	}
	ret->trades_drawdown = interval_of(dd, runs);
}

static void resample(struct arena *tmp, const double *x, size_t n, double a_year,
		     size_t runs, struct rng *r, struct monte_carlo *ret)
{
	double *end = NEW_N(tmp, double, runs), *dd = NEW_N(tmp, double, runs);
	double *sharpe = NEW_N(tmp, double, runs), *v = NEW_N(tmp, double, n);
	size_t *at = NEW_N(tmp, size_t, n), lost = 0;

	ret->block = fmax(1, round(cbrt((double)n)));
	for (size_t k = 0; k < runs; k++) {
		struct walk w = { 1, 1, 0 };
		struct returns s;

		bootstrap_places(r, n, 1 / ret->block, at);
		for (size_t i = 0; i < n; i++) {
			v[i] = x[at[i]];
			walk_on(&w, v[i]);
		}
		returns_of(&s, v, n);
		end[k] = w.equity - 1;
		dd[k] = w.drawdown;
		sharpe[k] = returns_sharpe(&s) * sqrt(a_year);
		lost += w.equity < 1;
	}
	ret->loss = (double)lost / (double)runs;
	ret->total_return = interval_of(end, runs);
	ret->drawdown = interval_of(dd, runs);
	ret->sharpe = interval_of(sharpe, runs);
}

void monte_carlo(struct arena *tmp, const double *trades, size_t n_trades,
		 const double *returns, size_t n_returns, double a_year,
		 size_t runs, uint64_t seed, struct monte_carlo *ret)
{
	const struct interval none = { NAN, NAN, NAN };
	struct rng r;

	*ret = (struct monte_carlo){
		.runs = runs, .block = NAN, .loss = NAN,
		.trades_drawdown = none, .total_return = none, .sharpe = none,
		.drawdown = none,
	};
	rng_seed(&r, seed ^ 0x6d6f6e7465u);
	if (n_trades > 0 && runs > 0)
		shuffle_trades(tmp, trades, n_trades, runs, &r, ret);
	if (n_returns > 1 && runs > 0)
		resample(tmp, returns, n_returns, a_year, runs, &r, ret);
}
