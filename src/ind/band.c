/* Highest and lowest, spread, and the bands and oscillators made of them. */
#include "config.h"

#include "ind/order_i.h"
#include "ind/pair_i.h"
#include "ind/spread_i.h"
#include "ind/window_i.h"

struct ext { struct wtop w; double last; };
static size_t size_ext(const double *p)
{
	return sizeof(struct ext) + wtop_room(p[0]) * sizeof(double);
}
static double *ext_init(struct ext *s, double n, double *room)
{
	s->last = NAN;
	return wtop_init(&s->w, n, room);
}
static void init_ext(void *v, const double *p)
{
	ext_init(v, p[0], (double *)((struct ext *)v + 1));
}
static inline double highest(struct ext *s, double x)
{
	return isnan(x) ? s->last : (s->last = wtop_max(&s->w, x));
}
static inline double lowest(struct ext *s, double x)
{
	return isnan(x) ? s->last : (s->last = wtop_min(&s->w, x));
}

/* How many values back: 0 or less. */
struct ago { struct wext w; double last; };
static size_t size_ago(const double *p)
{
	return sizeof(struct ago) + wext_room(p[0]) * sizeof(double);
}
static void init_ago(void *v, const double *p)
{
	struct ago *s = v;

	wext_init(&s->w, p[0], (double *)(s + 1));
	s->last = NAN;
}
#define AGO(name, step)							\
static inline double name(struct ago *s, double x)			\
{									\
	double ago;							\
									\
	if (!isnan(x))							\
		s->last = isnan(step(&s->w, x, &ago)) ? NAN : 0 - ago;	\
	return s->last;							\
}
AGO(highest_bars, wmax_step)
AGO(lowest_bars, wmin_step)
KERNEL1(run_highest, struct ext, highest)
KERNEL1(run_lowest, struct ext, lowest)
KERNEL1(run_highestbars, struct ago, highest_bars)
KERNEL1(run_lowestbars, struct ago, lowest_bars)
#define EXT_ROW(n, title, src, state)						\
const struct ind_def ind_##n = {					\
	#n, title, 1, 1, 1, { src }, { LENGTH(20) }, { #n },		\
	IND_SKIPPING, 0, size_##state, init_##state, run_##n,		\
};
EXT_ROW(highest, "Highest value", "high", ext)
EXT_ROW(lowest, "Lowest value", "low", ext)
EXT_ROW(highestbars, "Bars back to the highest value, as a negative number", "high", ago)
EXT_ROW(lowestbars, "Bars back to the lowest value, as a negative number", "low", ago)

struct chan { struct ext h, l; };
static size_t size_chan(const double *p)
{
	return sizeof(struct chan) + 2 * wtop_room(p[0]) * sizeof(double);
}
static double *chan_init(struct chan *s, double n, double *room)
{
	return ext_init(&s->l, n, ext_init(&s->h, n, room));
}
static void init_chan(void *v, const double *p)
{
	chan_init(v, p[0], (double *)((struct chan *)v + 1));
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

/* %K smoothed, and its average %D. */
struct stochastic { struct chan c; struct sma k, d; };
static size_t size_stochastic(const double *p)
{
	return sizeof(struct stochastic) + (2 * wtop_room(p[0]) +
		wsum_room(p[1]) + wsum_room(p[2])) * sizeof(double);
}
static void init_stochastic(void *v, const double *p)
{
	struct stochastic *s = v;
	double *room = chan_init(&s->c, p[0], (double *)(s + 1));

	sma_init(&s->d, p[2], sma_init(&s->k, p[1], room));
}
static void run_stochastic(RUN_ARGS)
{
	struct stochastic s = *(struct stochastic *)state;

	for (size_t i = 0; i < n; i++) {
		double k = stoch_step(&s.c, in[2][i], in[0][i], in[1][i]);

		ret[0][i] = k = sma_step(&s.k, k);
		ret[1][i] = sma_step(&s.d, k);
	}
	*(struct stochastic *)state = s;
}
const struct ind_def ind_stochastic = {
	"stochastic", "Stochastic %K and %D", 3, 3, 2, { "high", "low", "close" },
	{ LENGTH(14), { "smoothk", IND_INT, 1, 1, IND_LENGTH_MAX },
	  { "smoothd", IND_INT, 3, 1, IND_LENGTH_MAX } },
	{ "k", "d" }, IND_RECURSIVE, 0,
	size_stochastic, init_stochastic, run_stochastic,
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

/* Middles of three channels.  The lead is drawn `displacement` - 1 bars ahead;
 * the cloud is the lead that was drawn for this bar.  The lagging line is the
 * close, drawn as many bars back. */
struct ichimoku { struct chan c[3]; struct lag a, b; };
static size_t size_ichimoku(const double *p)
{
	size_t n = 2 * (size_t)p[3];

	for (int k = 0; k < 3; k++)
		n += 2 * wtop_room(p[k]);
	return sizeof(struct ichimoku) + n * sizeof(double);
}
static void init_ichimoku(void *v, const double *p)
{
	struct ichimoku *s = v;
	double *room = (double *)(s + 1);

	for (int k = 0; k < 3; k++)
		room = chan_init(&s->c[k], p[k], room);
	lag_init(&s->b, p[3], lag_init(&s->a, p[3], room));
}
static void run_ichimoku(RUN_ARGS)
{
	struct ichimoku s = *(struct ichimoku *)state;

	for (size_t i = 0; i < n; i++) {
		double m[3];

		for (size_t k = 0; k < 3; k++)
			m[k] = (highest(&s.c[k].h, in[0][i]) +
				lowest(&s.c[k].l, in[1][i])) / 2;
		ret[0][i] = m[0];
		ret[1][i] = m[1];
		ret[2][i] = (m[0] + m[1]) / 2;
		ret[3][i] = m[2];
		lag_step(&s.a, ret[2][i]);
		lag_step(&s.b, m[2]);
		ret[4][i] = s.a.b[s.a.k];	/* the oldest kept */
		ret[5][i] = s.b.b[s.b.k];
		ret[6][i] = in[2][i];
	}
	*(struct ichimoku *)state = s;
}
const struct ind_def ind_ichimoku = {
	"ichimoku", "Ichimoku lines and cloud", 3, 4, 7, { "high", "low", "close" },
	{ { "conversion", IND_INT, 9, 1, IND_LENGTH_MAX },
	  { "base", IND_INT, 26, 1, IND_LENGTH_MAX },
	  { "spanb", IND_INT, 52, 1, IND_LENGTH_MAX },
	  { "displacement", IND_INT, 26, 1, IND_LENGTH_MAX } },
	{ "conversion", "base", "lead_a", "lead_b", "cloud_a", "cloud_b", "lagging" },
	IND_RECURSIVE, 0, size_ichimoku, init_ichimoku, run_ichimoku,
};

/* Of n + 1 bars: how fresh the extreme is, 100 being this bar. */
struct aroon { struct ago h, l; };
static size_t size_aroon(const double *p)
{
	return sizeof(struct aroon) + 2 * wext_room(p[0] + 1) * sizeof(double);
}
static void init_aroon(void *v, const double *p)
{
	struct aroon *s = v;
	double *room = wext_init(&s->h.w, p[0] + 1, (double *)(s + 1));

	wext_init(&s->l.w, p[0] + 1, room);
	s->h.last = s->l.last = NAN;
}
static void run_aroon(RUN_ARGS)
{
	struct aroon s = *(struct aroon *)state;
	double len = (double)(s.h.w.n - 1);

	for (size_t i = 0; i < n; i++) {
		double u = highest_bars(&s.h, in[0][i]);
		double d = lowest_bars(&s.l, in[1][i]);

		ret[0][i] = 100 * (u + len) / len;
		ret[1][i] = 100 * (d + len) / len;
		ret[2][i] = ret[0][i] - ret[1][i];
	}
	*(struct aroon *)state = s;
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

#define BB_RUN 64
struct bands { double *mid, *up, *low; };
static inline void bb_one(const struct var *s, const struct bands *to, size_t k)
{
	double m = wvar_mean(s->w.wa, s->w.w1, s->w.inv);
	double d = s->mult * sqrt(wvar_var(s->w.w1, s->w.w2, s->w.inv));

	to->mid[k] = m;
	to->up[k] = m + d;
	to->low[k] = m - d;
}
/* Two bars at a time, of the sums that stand side by side in `sums`. */
static inline void bb_two(const struct var *s, const struct bands *to, const double *sums,
			  size_t k, v2 a)
{
	v2 p = v2_load(sums + 2 * k), r = v2_load(sums + 2 * k + 2);
	v2 t = v2_firsts(p, r) * s->w.inv, q = v2_seconds(p, r) * s->w.inv, m = a + t;

	q -= t * t;
	q = s->mult * v2_sqrt(v2_pick(q < v2_of(1e-20), v2_of(0), q));
	v2_store(to->mid + k, m);
	v2_store(to->up + k, m + q);
	v2_store(to->low + k, m - q);
}
/* As many bars as there are until the halves meet, none with na: the sums bar
 * by bar, then all that is made of them.  How many were done. */
static size_t bb_run(struct var *s, const double *x, const struct bands *to, size_t n,
		     double *restrict sums)
{
	struct wvar *w = &s->w;
	size_t room = w->n - 1 - w->k, k;
	double *restrict keep = w->x + w->k;
	const double *d = w->d + 2 * w->k;
	v2 a = v2_of(w->a), sum = w->s;

	n = n < room + 1 ? n : room + 1;
	n = n < BB_RUN ? n : BB_RUN;
	if (w->seen < w->n)
		return 0;
	for (k = 0; k < n - (n > room); k++) {
		sum += wvar_of(x[k], a);
		keep[k] = x[k];
		v2_store(sums + 2 * k, v2_load(d + 2 * k + 2) + sum);
	}
	if (isnan(sum[0]) || isnan(x[n - 1]))
		return 0;			/* nothing kept will be read */
	w->s = sum;
	w->k += k;
	if (k < n) {				/* the halves meet */
		keep[k] = x[k];
		wvar_wrap(w);
		v2_store(sums + 2 * k, v2_load(w->d));
	}
	for (k = 0; k + 2 < n; k += 2)
		bb_two(s, to, sums, k, a);
	w->wa = w->a;
	w->w1 = sums[2 * n - 2];
	w->w2 = sums[2 * n - 1];
	if (k + 2 == n)
		bb_two(s, to, sums, k, (v2){ a[0], w->a });
	else
		bb_one(s, to, k);
	return n;
}
static void run_bb(RUN_ARGS)
{
	struct var s = *(struct var *)state;
	double sums[2 * BB_RUN];

	for (size_t i = 0; i < n; ) {
		struct bands to = { ret[0] + i, ret[1] + i, ret[2] + i };
		size_t k = bb_run(&s, in[0] + i, &to, n - i, sums);

		if (k == 0) {
			wvar_push(&s.w, in[0][i]);
			bb_one(&s, &to, 0);
			k = 1;
		}
		i += k;
	}
	*(struct var *)state = s;
}
static inline double bbw_step(struct var *s, double x)
{
	wvar_step(&s->w, x);
	return 2 * s->mult * sqrt(s->w.var) / s->w.mean * 100;
}
static inline double bbp_step(struct var *s, double x)
{
	double d;

	wvar_step(&s->w, x);
	d = s->mult * sqrt(s->w.var);
	return (x - (s->w.mean - d)) / (2 * d);
}
KERNEL1(run_bbw, struct var, bbw_step)
KERNEL1(run_bbp, struct var, bbp_step)
#define MULT(d) { "mult", IND_FLOAT, d, -1e6, 1e6 }
const struct ind_def ind_bb = {
	"bb", "Bollinger bands", 1, 2, 3, { "source" }, { LENGTH(20), MULT(2) },
	{ "basis", "upper", "lower" }, IND_SKIPPING, 0, size_var, init_var, run_bb,
};
const struct ind_def ind_bbp = {
	"bbp", "Place within the Bollinger bands, 0 lower to 1 upper", 1, 2, 1,
	{ "source" }, { LENGTH(20), MULT(2) }, { "bbp" }, IND_SKIPPING, 0,
	size_var, init_var, run_bbp,
};
const struct ind_def ind_bbw = {
	"bbw", "Width of the Bollinger bands in percent of the basis", 1, 2, 1,
	{ "source" }, { LENGTH(20), MULT(2) }, { "bbw" }, IND_SKIPPING, 0,
	size_var, init_var, run_bbw,
};

/* Mean absolute deviation: the mean moves, so all of the window matters on
 * every bar.  What lies above the mean weighs as much as what lies below, so
 * the ordered window tells it in O(log n); a short window is read anew, which
 * is quicker. */
#define DEV_SHORT 32
struct dev { struct sma m; struct rank w; };
static size_t size_dev(const double *p)
{
	return sizeof(struct dev) + (wsum_room(p[0]) +
		(p[0] > DEV_SHORT ? rank_room(p[0]) : p[0])) * sizeof(double);
}
static void init_dev(void *v, const double *p)
{
	struct dev *s = v;
	double *room = sma_init(&s->m, p[0], (double *)(s + 1));

	s->w = (struct rank){ .b = room, .n = (size_t)p[0], .last = NAN };
	if (p[0] > DEV_SHORT)
		rank_init(&s->w, p[0], room);
}
static inline double dev_near(struct rank *w, double m, double x)
{
	double a = 0;

	w->b[w->k] = x;
	if (++w->k == w->n)
		w->k = 0;
	for (size_t i = 0; i < w->n; i++)
		a += fabs(w->b[i] - m);
	return a / (double)w->n;
}
static inline double dev_step(struct dev *s, double x)
{
	struct rank *w = &s->w;
	double m;

	if (isnan(x))
		return w->last;
	m = sma_step(&s->m, x);
	if (w->n <= DEV_SHORT)
		w->last = dev_near(w, m, x);	/* na as long as m is */
	else if (rank_push(w, x))
		w->last = 2 * order_split(&w->o, m).above / (double)w->n;
	return w->last;
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
	"cci", "Commodity channel index", 1, 1, 1, { "hlc3" },
	{ LENGTH(20) }, { "cci" }, IND_SKIPPING, 0, size_dev, init_dev, run_cci,
};
