/* Highest and lowest, spread, and the bands and oscillators made of them. */
#include "config.h"

#include "ind/window_i.h"

struct ext { struct wext w; double last, last_ago; };
static size_t size_ext(const double *p)
{
	return sizeof(struct ext) + wext_room(p[0]) * sizeof(double);
}
static void init_ext(void *v, const double *p)
{
	struct ext *s = v;

	wext_init(&s->w, p[0], (double *)(s + 1));
	s->last = s->last_ago = NAN;
}
#define EXT_STEPS(name, step)						\
static inline double name(struct ext *s, double x)			\
{									\
	double ago;							\
									\
	if (!isnan(x))							\
		s->last = step(&s->w, x, &ago);				\
	return s->last;							\
}									\
static inline double name##_bars(struct ext *s, double x)		\
{									\
	double ago;							\
									\
	if (!isnan(x)) {						\
		s->last = step(&s->w, x, &ago);				\
		s->last_ago = isnan(s->last) ? NAN : 0 - ago;		\
	}								\
	return s->last_ago;						\
}
EXT_STEPS(highest, wmax_step)
EXT_STEPS(lowest, wmin_step)
KERNEL1(run_highest, struct ext, highest)
KERNEL1(run_lowest, struct ext, lowest)
KERNEL1(run_highestbars, struct ext, highest_bars)
KERNEL1(run_lowestbars, struct ext, lowest_bars)
#define EXT_ROW(n, title, src)						\
const struct ind_def ind_##n = {					\
	#n, title, 1, 1, 1, { src }, { LENGTH(20) }, { #n },		\
	IND_SKIPPING, 0, size_ext, init_ext, run_##n,			\
};
EXT_ROW(highest, "Highest value", "source")
EXT_ROW(lowest, "Lowest value", "source")
EXT_ROW(highestbars, "Bars back to the highest value, as a negative number", "source")
EXT_ROW(lowestbars, "Bars back to the lowest value, as a negative number", "source")

struct chan { struct ext h, l; };
static size_t size_chan(const double *p)
{
	return sizeof(struct chan) + 2 * wext_room(p[0]) * sizeof(double);
}
static void init_chan(void *v, const double *p)
{
	struct chan *s = v;
	double *room = wext_init(&s->h.w, p[0], (double *)(s + 1));

	wext_init(&s->l.w, p[0], room);
	s->h.last = s->l.last = NAN;
}
static inline double range_step(struct chan *s, double x)
{
	double h = highest(&s->h, x);

	return h - lowest(&s->l, x);
}
KERNEL1(run_range, struct chan, range_step)
const struct ind_def ind_range = {
	"range", "Highest less lowest value", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "range" }, IND_SKIPPING, 0, size_chan, init_chan, run_range,
};

static inline double stoch_step(struct chan *s, double x, double h, double l)
{
	double hh = highest(&s->h, h), ll = lowest(&s->l, l);

	return 100 * (x - ll) / (hh - ll);
}
static inline double wpr_step(struct chan *s, double h, double l, double c)
{
	double hh = highest(&s->h, h), ll = lowest(&s->l, l);

	return 100 * (c - hh) / (hh - ll);
}
KERNEL3(run_stoch, struct chan, stoch_step)
KERNEL3(run_wpr, struct chan, wpr_step)
const struct ind_def ind_stoch = {
	"stoch", "Stochastic, %K unsmoothed", 3, 1, 1, { "source", "high", "low" },
	{ LENGTH(14) }, { "stoch" }, IND_TIMED, 0, size_chan, init_chan, run_stoch,
};
const struct ind_def ind_wpr = {
	"wpr", "Percent range of Williams", 3, 1, 1, { "high", "low", "close" },
	{ LENGTH(14) }, { "wpr" }, IND_TIMED, 0, size_chan, init_chan, run_wpr,
};

static void run_donchian(RUN_ARGS)
{
	struct chan s = *(struct chan *)state;

	for (size_t i = 0; i < n; i++) {
		double h = highest(&s.h, in[0][i]), l = lowest(&s.l, in[1][i]);

		ret[0][i] = (h + l) / 2;
		ret[1][i] = h;
		ret[2][i] = l;
	}
	*(struct chan *)state = s;
}
const struct ind_def ind_donchian = {
	"donchian", "Channel of highest high and lowest low", 2, 1, 3,
	{ "high", "low" }, { LENGTH(20) }, { "middle", "upper", "lower" },
	IND_TIMED, 0, size_chan, init_chan, run_donchian,
};

/* Of n + 1 bars: how fresh the extreme is, 100 being this bar. */
static size_t size_aroon(const double *p)
{
	return sizeof(struct chan) + 2 * wext_room(p[0] + 1) * sizeof(double);
}
static void init_aroon(void *v, const double *p)
{
	struct chan *s = v;
	double *room = wext_init(&s->h.w, p[0] + 1, (double *)(s + 1));

	wext_init(&s->l.w, p[0] + 1, room);
	s->h.last_ago = s->l.last_ago = NAN;
}
static void run_aroon(RUN_ARGS)
{
	struct chan s = *(struct chan *)state;
	double len = (double)(s.h.w.n - 1);

	for (size_t i = 0; i < n; i++) {
		double u = highest_bars(&s.h, in[0][i]);
		double d = lowest_bars(&s.l, in[1][i]);

		ret[0][i] = 100 * (u + len) / len;
		ret[1][i] = 100 * (d + len) / len;
		ret[2][i] = ret[0][i] - ret[1][i];
	}
	*(struct chan *)state = s;
}
const struct ind_def ind_aroon = {
	"aroon", "Aroon up, down and their difference", 2, 1, 3,
	{ "high", "low" }, { LENGTH(14) }, { "up", "down", "oscillator" },
	IND_TIMED, 1, size_aroon, init_aroon, run_aroon,
};

struct var { struct wvar w; double mult, ratio; };
static size_t size_var(const double *p)
{
	return sizeof(struct var) + wvar_room(p[0]) * sizeof(double);
}
static void init_var(void *v, const double *p)
{
	struct var *s = v;

	wvar_init(&s->w, p[0], (double *)(s + 1));
	s->mult = p[1];
	s->ratio = p[1] != 0 ? 1 : p[0] / (p[0] - 1);	/* p[1] = biased */
}
static inline double variance_step(struct var *s, double x)
{
	wvar_step(&s->w, x);
	return s->w.var * s->ratio;
}
static inline double stdev_step(struct var *s, double x)
{
	return sqrt(variance_step(s, x));
}
KERNEL1(run_variance, struct var, variance_step)
KERNEL1(run_stdev, struct var, stdev_step)
#define BIASED { "biased", IND_BOOL, 1, 0, 1 }
const struct ind_def ind_variance = {
	"variance", "Variance", 1, 2, 1, { "source" }, { LENGTH(20), BIASED },
	{ "variance" }, IND_SKIPPING, 0, size_var, init_var, run_variance,
};
const struct ind_def ind_stdev = {
	"stdev", "Standard deviation", 1, 2, 1, { "source" }, { LENGTH(20), BIASED },
	{ "stdev" }, IND_SKIPPING, 0, size_var, init_var, run_stdev,
};

static void run_bb(RUN_ARGS)
{
	struct var s = *(struct var *)state;
	const double *x = in[0];
	double *m = ret[0], *u = ret[1], *l = ret[2];

	for (size_t i = 0; i < n; i++) {
		double d;

		wvar_step(&s.w, x[i]);
		d = s.mult * sqrt(s.w.var);
		m[i] = s.w.mean;
		u[i] = s.w.mean + d;
		l[i] = s.w.mean - d;
	}
	*(struct var *)state = s;
}
static inline double bbw_step(struct var *s, double x)
{
	wvar_step(&s->w, x);
	return 2 * s->mult * sqrt(s->w.var) / s->w.mean * 100;
}
KERNEL1(run_bbw, struct var, bbw_step)
#define MULT(d) { "mult", IND_FLOAT, d, -1e6, 1e6 }
const struct ind_def ind_bb = {
	"bb", "Bollinger bands", 1, 2, 3, { "source" }, { LENGTH(20), MULT(2) },
	{ "basis", "upper", "lower" }, IND_SKIPPING, 0, size_var, init_var, run_bb,
};
const struct ind_def ind_bbw = {
	"bbw", "Width of the Bollinger bands in percent of the basis", 1, 2, 1,
	{ "source" }, { LENGTH(20), MULT(2) }, { "bbw" }, IND_SKIPPING, 0,
	size_var, init_var, run_bbw,
};

/* Mean absolute deviation: the mean moves, so the window is read anew. */
struct dev { struct sma m; double *b, last; size_t n, k; };
static size_t size_dev(const double *p)
{
	return sizeof(struct dev) + (wsum_room(p[0]) + (size_t)p[0]) * sizeof(double);
}
static void init_dev(void *v, const double *p)
{
	struct dev *s = v;

	s->b = sma_init(&s->m, p[0], (double *)(s + 1));
	s->n = (size_t)p[0];
	s->last = NAN;
}
static inline double dev_step(struct dev *s, double x)
{
	double m, a = 0;

	if (isnan(x))
		return s->last;
	m = sma_step(&s->m, x);
	s->b[s->k] = x;
	if (++s->k == s->n)
		s->k = 0;
	if (isnan(m))
		return NAN;
	for (size_t i = 0; i < s->n; i++)
		a += fabs(s->b[i] - m);
	return s->last = a / (double)s->n;
}
static inline double cci_step(struct dev *s, double x)
{
	double d = dev_step(s, x);

	return isnan(x) ? NAN : (x - s->m.last) / (0.015 * d);
}
KERNEL1(run_dev, struct dev, dev_step)
KERNEL1(run_cci, struct dev, cci_step)
const struct ind_def ind_dev = {
	"dev", "Mean absolute deviation from the average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "dev" }, IND_SKIPPING, 0, size_dev, init_dev, run_dev,
};
const struct ind_def ind_cci = {
	"cci", "Commodity channel index", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "cci" }, IND_SKIPPING, 0, size_dev, init_dev, run_cci,
};
