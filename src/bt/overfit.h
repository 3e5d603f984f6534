#ifndef BT_OVERFIT_H
#define BT_OVERFIT_H
/* overfit.h - how much of a best result is luck.
 *
 * Each statistic names its source; tests/unit/test_bt_overfit.c holds each to
 * a published example.  All of them work on returns of equal periods (days,
 * see opt.h), never on annualised numbers.  Definitions in doc/backtest.md. */
#include "core/arena.h"

/* --- Returns of one trial ------------------------------------------------ */

#define OVERFIT_SLICES 16
struct slice { double sum, sum2; };
struct returns {
	double n, mean, sd;		/* sd: divided by n - 1 */
	double skew, kurtosis;		/* m3/m2^1.5, m4/m2^2 (normal: 3) */
	double slice_n;			/* periods of each slice */
	struct slice slice[OVERFIT_SLICES];
};
/* The oldest n mod OVERFIT_SLICES periods are in no slice. */
void returns_of(struct returns *ret, const double *r, size_t n);
/* Mean over deviation, 0 where nothing varied. */
double returns_sharpe(const struct returns *r);

/* --- Probability of backtest overfitting ---------------------------------
 * Bailey, Borwein, Lopez de Prado, Zhu: "The probability of backtest
 * overfitting", Journal of Computational Finance 20(4), 2017, algorithm 2.3:
 * combinatorially symmetric cross-validation.  Every way of taking half of
 * the slices as in-sample; the best trial there (by Sharpe ratio) is ranked
 * among all trials out of sample.  pbo is the share of ways in which it is
 * no better than the median: lambda = ln(w / (1 - w)) <= 0, w = rank/(N + 1). */
struct pbo {
	double pbo;			/* 0..1 */
	double loss;			/* share of ways with a loss out of sample */
	double slope, intercept, r2;	/* out = intercept + slope * in */
	size_t ways;
	double *in, *out;		/* Sharpe ratios of the chosen, per way */
};
/* `n_slices` even, 2..OVERFIT_SLICES; at least 2 trials and 2 periods a
 * slice, else false. */
MUST_CHECK bool overfit_pbo(struct arena *out, const struct returns *const *v,
			    size_t n, size_t n_slices, struct pbo *ret);

/* --- Deflated Sharpe ratio -----------------------------------------------
 * Bailey, Lopez de Prado: "The deflated Sharpe ratio", Journal of Portfolio
 * Management 40(5), 2014: the probability that the true Sharpe ratio is above
 * what the best of n trials without any merit would be expected to show. */
double sharpe_expected_max(double variance, double n_trials);
/* Probabilistic Sharpe ratio: P(true > benchmark) for n periods. */
double sharpe_probability(double sharpe, double benchmark, double n,
			  double skew, double kurtosis);
/* `sharpes` of the n trials; `best` is the one that was chosen. */
double sharpe_deflated(const double *sharpes, size_t n,
		       const struct returns *best, double *ret_benchmark);

/* --- Parameter plateau ----------------------------------------------------
 * A parameter set that is good by luck stands alone; a real effect has
 * neighbours.  Of trial i: the mean over its neighbours j of
 *
 *	(score_j - median) / (best - median), cut to 0..1
 *
 * with best and median of all trials; trials without a score count 0.  j is
 * a neighbour when no coordinate differs by more than 1 (coordinates are
 * scaled by the caller: one step of the grid, at least a tenth of the range).
 * 1: as good all round; 0: a lonely peak.  NaN: no neighbours. */
void plateau_scores(const double *coord, size_t dims, const double *score,
		    size_t n, double *ret);

/* --- Monte Carlo ----------------------------------------------------------
 * Order of trades: the ratios are shuffled (each order as likely); the end is
 * the same, the way there is not.  Returns: stationary bootstrap of Politis,
 * Romano: "The stationary bootstrap", JASA 89(428), 1994: blocks of geometric
 * length, mean n^(1/3), round the circle. */
struct interval { double p05, p50, p95; };
struct monte_carlo {
	size_t runs;
	double block;			/* mean length */
	struct interval trades_drawdown;	/* ratio */
	struct interval total_return, sharpe, drawdown;	/* bootstrap */
	double loss;			/* share of bootstraps that end below */
};
/* Ratios of profit to the equity before each trade; returns of periods;
 * `a_year` periods make a year, for the Sharpe ratio.  Empty: NaN. */
void monte_carlo(struct arena *tmp, const double *trades, size_t n_trades,
		 const double *returns, size_t n_returns, double a_year,
		 size_t runs, uint64_t seed, struct monte_carlo *ret);
struct rng;
/* One resample: n places in 0..n-1; a new block with probability p. */
void bootstrap_places(struct rng *r, size_t n, double p, size_t *ret);
/* Its mean's variance over all resamples, exactly (lemma 1 of the source). */
double bootstrap_mean_variance(const double *x, size_t n, double p);
/* Linear between the neighbours (R's type 7); sorts v. */
double quantile(double *v, size_t n, double q);

#endif /* BT_OVERFIT_H */
