/* Windows whose values are ranked: median, percentiles, correlation. */
#include "config.h"

#include <string.h>

#include "ind/window_i.h"

/* The last n values that are not na, by age in b and by size in v. */
struct rank { double *b, *v, p, last; size_t n, k, have; };
static size_t size_rank(const double *p)
{
	return sizeof(struct rank) + 2 * ((size_t)p[0] + 1) * sizeof(double);
}
static void init_rank(void *m, const double *p)
{
	struct rank *s = m;

	s->n = (size_t)p[0];
	s->b = (double *)(s + 1);
	s->v = s->b + s->n + 1;
	s->p = p[1];
	s->last = NAN;
}
/* First place whose value is not less than x. */
static size_t rank_find(const struct rank *s, double x)
{
	size_t lo = 0, hi = s->have;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
static bool rank_push(struct rank *s, double x)
{
	size_t at, from = s->have;

	if (s->have == s->n) {
		from = rank_find(s, s->b[s->k]);
	} else {
		s->have++;
		s->v[from] = INFINITY;
	}
	s->b[s->k] = x;
	if (++s->k == s->n)
		s->k = 0;
	/* close the gap at `from` and open one for x in a single move */
	at = rank_find(s, x);
	if (at > from) {
		at--;
		memmove(s->v + from, s->v + from + 1, (at - from) * sizeof(double));
	} else {
		memmove(s->v + at + 1, s->v + at, (from - at) * sizeof(double));
	}
	s->v[at] = x;
	return s->have == s->n;
}
static inline double median_step(struct rank *s, double x)
{
	if (!isnan(x) && rank_push(s, x))
		s->last = (s->v[(s->n - 1) / 2] + s->v[s->n / 2]) / 2;
	return s->last;
}
static inline double nearest_step(struct rank *s, double x)
{
	double r = ceil(s->p / 100 * (double)s->n) - 1;

	if (!isnan(x) && rank_push(s, x))
		s->last = s->v[r < 0 ? 0 : (size_t)r];
	return s->last;
}
static double interpolate(const struct rank *s)
{
	double r = s->p / 100 * (double)s->n - 0.5, f;
	size_t i;

	if (r <= 0)
		return s->v[0];
	if (r >= (double)(s->n - 1))
		return s->v[s->n - 1];
	i = (size_t)r;
	f = r - (double)i;
	return s->v[i] + f * (s->v[i + 1] - s->v[i]);
}
static inline double linear_step(struct rank *s, double x)
{
	if (!isnan(x) && rank_push(s, x))
		s->last = interpolate(s);
	return isnan(x) ? NAN : s->last;
}
static inline double mode_step(struct rank *s, double x)
{
	size_t best = 0, run = 0;

	if (isnan(x) || !rank_push(s, x))
		return s->last;
	for (size_t i = 0; i < s->n; i++) {
		run = i > 0 && s->v[i] == s->v[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			s->last = s->v[i];
		}
	}
	return s->last;
}
/* Of the n values before this one, the share that is not greater. */
static inline double percentrank_step(struct rank *s, double x)
{
	double r = NAN;
	size_t lo = 0, hi = s->have;

	if (isnan(x))
		return NAN;
	if (s->have == s->n) {
		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (s->v[mid] <= x)
				lo = mid + 1;
			else
				hi = mid;
		}
		r = 100 * (double)lo / (double)s->n;
	}
	rank_push(s, x);
	return r;
}
KERNEL1(run_median, struct rank, median_step)
KERNEL1(run_nearest, struct rank, nearest_step)
KERNEL1(run_linear, struct rank, linear_step)
KERNEL1(run_mode, struct rank, mode_step)
KERNEL1(run_percentrank, struct rank, percentrank_step)
#define RANK_ROW(id, title, np, fn, ext)				\
const struct ind_def ind_##id = {					\
	#id, title, 1, np, 1, { "source" },				\
	{ LENGTH(20), { "percentage", IND_FLOAT, 50, 0, 100 } },	\
	{ #id }, IND_SKIPPING, ext, size_rank, init_rank, fn,		\
};
RANK_ROW(median, "Median", 1, run_median, 0)
RANK_ROW(mode, "Most frequent value, the least of several", 1, run_mode, 0)
RANK_ROW(percentrank, "Percent of earlier values not above this one", 1,
	 run_percentrank, 1)
RANK_ROW(percentile_nearest_rank, "Percentile, nearest rank", 2, run_nearest, 0)
RANK_ROW(percentile_linear_interpolation, "Percentile, interpolated", 2,
	 run_linear, 0)

/* Pearson's correlation of two windows; pairs with na are skipped.  Halves
 * as in struct wvar, for the five moments of a pair. */
struct corr {
	double *mx, *my, *qx, *qy, *qxy;
	double ax, ay, sx, sy, sxx, syy, sxy, last;
	size_t n, k, seen;
};
static size_t size_corr(const double *p)
{
	return sizeof(struct corr) + 5 * ((size_t)p[0] + 1) * sizeof(double);
}
static void init_corr(void *m, const double *p)
{
	struct corr *s = m;
	size_t n = (size_t)p[0] + 1;

	s->n = n - 1;
	s->mx = (double *)(s + 1);
	s->my = s->mx + n;
	s->qx = s->my + n;
	s->qy = s->qx + n;
	s->qxy = s->qy + n;
	s->last = NAN;
}
static void corr_clear(struct corr *s, double ax, double ay)
{
	s->ax = ax;
	s->ay = ay;
	s->sx = s->sy = s->sxx = s->syy = s->sxy = 0;
}
static inline void corr_add(struct corr *s, double x, double y)
{
	double dx = x - s->ax, dy = y - s->ay;

	s->sx += dx;
	s->sy += dy;
	s->sxx += dx * dx;
	s->syy += dy * dy;
	s->sxy += dx * dy;
}
static void corr_wrap(struct corr *s)
{
	corr_clear(s, s->mx[s->n - 1], s->my[s->n - 1]);
	for (size_t j = s->n; j-- > 0; ) {
		double c = (double)(s->n - j);

		corr_add(s, s->mx[j], s->my[j]);
		s->mx[j] = s->ax + s->sx / c;
		s->my[j] = s->ay + s->sy / c;
		s->qx[j] = s->sxx - s->sx * s->sx / c;
		s->qy[j] = s->syy - s->sy * s->sy / c;
		s->qxy[j] = s->sxy - s->sx * s->sy / c;
	}
	s->k = 0;
}
static double corr_merge(const struct corr *s)
{
	double nb = (double)(s->k + 1), na = (double)(s->n - 1 - s->k);
	double dx = s->ax + s->sx / nb - s->mx[s->k + 1];
	double dy = s->ay + s->sy / nb - s->my[s->k + 1];
	double w = na * nb / (double)s->n;
	double qx = s->qx[s->k + 1] + s->sxx - s->sx * s->sx / nb + dx * dx * w;
	double qy = s->qy[s->k + 1] + s->syy - s->sy * s->sy / nb + dy * dy * w;
	double qxy = s->qxy[s->k + 1] + s->sxy - s->sx * s->sy / nb + dx * dy * w;

	return qxy / sqrt(qx * qy);
}
static double corr_step(struct corr *s, double x, double y)
{
	if (isnan(x) || isnan(y))
		return s->last;
	if (s->k == 0)
		corr_clear(s, x, y);
	corr_add(s, x, y);
	if (s->seen + 1 < s->n)
		s->seen++;
	else
		s->last = corr_merge(s);
	s->mx[s->k] = x;
	s->my[s->k] = y;
	if (++s->k == s->n)
		corr_wrap(s);
	return s->last;
}
KERNEL2(run_correlation, struct corr, corr_step)
const struct ind_def ind_correlation = {
	"correlation", "Correlation of two series", 2, 1, 1,
	{ "source1", "source2" }, { LENGTH(20) }, { "correlation" },
	IND_TIMED, 0, size_corr, init_corr, run_correlation,
};

/* Correlation of the ranks of the values, equals sharing theirs, with time. */
static double rci_of(const struct rank *s)
{
	double n = (double)s->n, m = (n + 1) / 2, xy = 0, yy = 0;

	for (size_t age = 0; age < s->n; age++) {
		double x = s->b[(s->k + age) % s->n], r;
		size_t lo = rank_find(s, x), hi = lo;

		while (hi < s->n && s->v[hi] == x)
			hi++;
		r = (double)(lo + hi + 1) / 2 - m;
		xy += ((double)age + 1 - m) * r;
		yy += r * r;
	}
	return 100 * xy / sqrt(n * (n * n - 1) / 12 * yy);
}
static double rci_step(struct rank *s, double x)
{
	double was = s->p;

	if (isnan(x) || !rank_push(s, x))
		return s->last;
	s->p = 1;			/* the first full window is na still */
	if (was != 0)
		s->last = rci_of(s);
	return s->last;
}
static void init_rci(void *m, const double *p)
{
	double q[2] = { p[0], 0 };

	init_rank(m, q);
}
KERNEL1(run_rci, struct rank, rci_step)
const struct ind_def ind_rci = {
	"rci", "Rank correlation index, -100 to 100", 1, 1, 1, { "source" },
	{ LENGTH(9) }, { "rci" }, IND_RECURSIVE, 0, size_rank, init_rci, run_rci,
};
