/* Windows whose values are ranked: median, percentiles, correlation. */
#include "config.h"

#include "ind/order_i.h"
#include "ind/window_i.h"

static size_t size_rank(const double *p)
{
	return sizeof(struct rank) + rank_room(p[0]) * sizeof(double);
}
static void init_rank(void *m, const double *p)
{
	struct rank *s = m;

	rank_init(s, p[0], (double *)(s + 1));
	s->p = p[1];
}
static inline double median_step(struct rank *s, double x)
{
	if (!isnan(x) && rank_push(s, x)) {
		s->last = order_at(&s->o, s->n / 2);
		if (s->n % 2 == 0)
			s->last = (order_at(&s->o, s->n / 2 - 1) + s->last) / 2;
	}
	return s->last;
}
static inline double nearest_step(struct rank *s, double x)
{
	double r = ceil(s->p / 100 * (double)s->n) - 1;

	if (!isnan(x) && rank_push(s, x))
		s->last = order_at(&s->o, r < 0 ? 0 : (size_t)r);
	return s->last;
}
static double interpolate(const struct rank *s)
{
	double r = s->p / 100 * (double)s->n - 0.5, f, a;
	size_t i;

	if (r <= 0)
		return order_at(&s->o, 0);
	if (r >= (double)(s->n - 1))
		return order_at(&s->o, s->n - 1);
	i = (size_t)r;
	f = r - (double)i;
	a = order_at(&s->o, i);
	return a + f * (order_at(&s->o, i + 1) - a);
}
static inline double linear_step(struct rank *s, double x)
{
	if (!isnan(x) && rank_push(s, x))
		s->last = interpolate(s);
	return isnan(x) ? NAN : s->last;
}
static inline double mode_step(struct rank *s, double x)
{
	if (!isnan(x) && rank_push(s, x))
		s->last = order_mode(&s->o);
	return s->last;
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
static void init_corr_at(struct corr *s, double len, double *room)
{
	size_t n = (size_t)len + 1;

	*s = (struct corr){ .n = n - 1, .last = NAN };
	s->mx = room;
	s->my = s->mx + n;
	s->qx = s->my + n;
	s->qy = s->qx + n;
	s->qxy = s->qy + n;
}
static void init_corr(void *m, const double *p)
{
	init_corr_at(m, p[0], (double *)((struct corr *)m + 1));
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
/* Means, and sums of squared and mixed deviations. */
struct moments { double mx, my, qx, qy, qxy; };
static inline void corr_merge(const struct corr *s, struct moments *m)
{
	double n = (double)s->n, nb = (double)(s->k + 1), na = n - nb;
	const size_t k = s->k + 1;
	double bx = s->ax + s->sx / nb, by = s->ay + s->sy / nb;
	double dx = bx - s->mx[k], dy = by - s->my[k], w = na * nb / n;

	m->mx = bx - dx * (na / n);
	m->my = by - dy * (na / n);
	m->qx = s->qx[k] + s->sxx - s->sx * s->sx / nb + dx * dx * w;
	m->qy = s->qy[k] + s->syy - s->sy * s->sy / nb + dy * dy * w;
	m->qxy = s->qxy[k] + s->sxy - s->sx * s->sy / nb + dx * dy * w;
}
/* True once the window is full: then *ret is of it. */
static inline bool corr_push(struct corr *s, double x, double y, struct moments *ret)
{
	bool full = s->seen + 1 >= s->n;

	if (s->k == 0)
		corr_clear(s, x, y);
	corr_add(s, x, y);
	if (full)
		corr_merge(s, ret);
	else
		s->seen++;
	s->mx[s->k] = x;
	s->my[s->k] = y;
	if (++s->k == s->n)
		corr_wrap(s);
	return full;
}
static double corr_step(struct corr *s, double x, double y)
{
	struct moments m;

	if (!isnan(x) && !isnan(y) && corr_push(s, x, y, &m))
		s->last = m.qxy / sqrt(m.qx * m.qy);
	return s->last;
}
KERNEL2(run_correlation, struct corr, corr_step)
const struct ind_def ind_correlation = {
	"correlation", "Correlation of two series", 2, 1, 1,
	{ "source1", "source2" }, { LENGTH(20) }, { "correlation" },
	IND_TIMED, 0, size_corr, init_corr, run_correlation,
};

/* Regression on time, and bands of `mult` deviations of the residuals (their
 * squares over length - 1); na anywhere among the values gives na. */
struct lrc { struct corr c; double bar, last, mult; size_t nas; };
static size_t size_lrc(const double *p)
{
	return sizeof(struct lrc) + 5 * ((size_t)p[0] + 1) * sizeof(double);
}
static void init_lrc(void *v, const double *p)
{
	struct lrc *s = v;
	struct corr c;

	init_corr_at(&c, p[0], (double *)(s + 1));
	*s = (struct lrc){ .c = c, .mult = p[1] };
}
static void lrc_step(struct lrc *s, double x, double *y)
{
	struct moments m;
	double slope, d, rest;
	bool full;

	s->nas = isnan(x) ? s->c.n : s->nas - (s->nas > 0);
	s->last = isnan(x) ? s->last : x;
	full = corr_push(&s->c, s->bar, s->last, &m);
	s->bar++;
	if (!full || s->nas > 0) {
		for (size_t k = 0; k < 5; k++)
			y[k] = NAN;
		return;
	}
	slope = m.qxy / m.qx;
	rest = m.qy - slope * m.qxy;
	d = s->mult * sqrt((rest > 0 ? rest : 0) / (double)(s->c.n - 1));
	y[0] = m.my + slope * ((double)(s->c.n - 1) / 2);
	y[1] = y[0] + d;
	y[2] = y[0] - d;
	y[3] = slope;
	y[4] = m.qxy / sqrt(m.qx * m.qy);
}
static void run_lrc(RUN_ARGS)
{
	struct lrc *s = state;
	double y[5];

	for (size_t i = 0; i < n; i++) {
		lrc_step(s, in[0][i], y);
		for (size_t k = 0; k < 5; k++)
			ret[k][i] = y[k];
	}
}
const struct ind_def ind_linregchannel = {
	"linregchannel", "Linear regression channel; slope per bar, correlation", 1, 2, 5,
	{ "source" }, { { "length", IND_INT, 100, 2, IND_LENGTH_MAX },
	{ "mult", IND_FLOAT, 2, -1e6, 1e6 } },
	{ "middle", "upper", "lower", "slope", "r" }, IND_RECURSIVE, 0,
	size_lrc, init_lrc, run_lrc,
};

/* Correlation of the ranks of the values, equals sharing theirs, with time.
 * Kept up to date in whole numbers: `dot` is the sum of time x twice the rank,
 * `ties` the sum of c^3 - c over runs of c equal values. */
struct rci { struct rank w; uint64_t dot, ties; bool on; };
static size_t size_rci(const double *p)
{
	return sizeof(struct rci) + rank_room(p[0]) * sizeof(double);
}
static void init_rci(void *m, const double *p)
{
	struct rci *s = m;

	rank_init(&s->w, p[0], (double *)(s + 1));
}
/* What a value adds (it is not in the window): it moves the greater ones up
 * by one rank and the equal ones by half of one. */
static void rci_count(struct rci *s, double x, uint64_t time, bool in)
{
	struct split k = order_split(&s->w.o, x);
	uint64_t e = k.equal;
	uint64_t dot = time * (2 * k.less + e + 2) + 2 * k.more_times + k.equal_times;
	uint64_t ties = 3 * e * (e + 1);	/* (e + 1)^3 - (e + 1) - e^3 + e */

	s->dot += in ? dot : -dot;
	s->ties += in ? ties : -ties;
}
static double rci_value(const struct rci *s)
{
	uint64_t n = s->w.n, before = s->w.bar - n - 1;
	double m = (double)(n + 1) / 2, xy, yy;

	/* ages run from 1; all ranks, twice, add up to n(n + 1) */
	xy = (double)(s->dot - before * (n * (n + 1))) / 2 - (double)n * m * m;
	yy = (double)(n * n * n - n - s->ties) / 12;
	return 100 * xy / sqrt((double)(n * (n * n - 1)) / 12 * yy);
}
static double rci_step(struct rci *s, double x)
{
	struct rank *w = &s->w;

	if (isnan(x))
		return w->last;
	if (w->have == w->n) {
		double was = w->b[w->k];

		order_drop(&w->o, was, w->bar - w->n);
		rci_count(s, was, w->bar - w->n, false);
		w->have--;
	}
	rci_count(s, x, w->bar, true);
	rank_push(w, x);
	if (w->have < w->n)
		return NAN;
	if (s->on)
		w->last = rci_value(s);
	s->on = true;			/* the first full window is na still */
	return w->last;
}
KERNEL1(run_rci, struct rci, rci_step)
const struct ind_def ind_rci = {
	"rci", "Rank correlation index, -100 to 100", 1, 1, 1, { "source" },
	{ LENGTH(9) }, { "rci" }, IND_RECURSIVE, 0, size_rci, init_rci, run_rci,
};
