/* Differences, crossings and oscillators of gains and losses. */
#include "config.h"

#include "core/wide.h"
#include "ind/window_i.h"

static void init_none(void *s, const double *p) { (void)s; (void)p; }

struct lagged { struct lag g; };
static size_t size_lag(const double *p)
{
	return sizeof(struct lagged) + (size_t)p[0] * sizeof(double);
}
static void init_lag(void *v, const double *p)
{
	struct lagged *s = v;

	lag_init(&s->g, p[0], (double *)(s + 1));
}
static inline double change_step(struct lagged *s, double x)
{
	return x - lag_step(&s->g, x);
}
static inline double roc_step(struct lagged *s, double x)
{
	double was = lag_step(&s->g, x);

	return 100 * (x - was) / was;
}
KERNEL1(run_change, struct lagged, change_step)
KERNEL1(run_roc, struct lagged, roc_step)
#define LAG_ROW(n, title, len, fn)					\
const struct ind_def ind_##n = {					\
	#n, title, 1, 1, 1, { "source" }, { LENGTH(len) }, { #n },	\
	IND_TIMED, 1, size_lag, init_lag, fn,				\
};
LAG_ROW(change, "Difference from an earlier value", 1, run_change)
LAG_ROW(mom, "Momentum: difference from an earlier value", 10, run_change)
LAG_ROW(roc, "Rate of change, percent", 9, run_roc)

/* Crossings compare with the bar before; na on either side is no crossing. */
struct cross { double a, b; };
static size_t size_cross(const double *p) { (void)p; return sizeof(struct cross); }
static void init_cross(void *v, const double *p)
{
	(void)p;
	*(struct cross *)v = (struct cross){ NAN, NAN };
}
#define CROSS(n, title, test)						\
static inline double n##_step(struct cross *s, double a, double b)	\
{									\
	double r = (test) ? 1 : 0;					\
									\
	s->a = a;							\
	s->b = b;							\
	return r;							\
}									\
KERNEL2(run_##n, struct cross, n##_step)				\
const struct ind_def ind_##n = {					\
	#n, title, 2, 0, 1, { "source1", "source2" }, { { 0 } }, { #n }, \
	IND_RECURSIVE, 0, size_cross, init_cross, run_##n,		\
};
CROSS(crossover, "First series crosses over the second",
      a > b && s->a <= s->b)
CROSS(crossunder, "First series crosses under the second",
      a < b && s->a >= s->b)
CROSS(cross, "The series cross",
      (a > b && s->a <= s->b) || (a < b && s->a >= s->b))

struct rsi { struct ema u, d; double prev; };
static size_t size_rsi(const double *p) { (void)p; return sizeof(struct rsi); }
static void init_rsi(void *v, const double *p)
{
	struct rsi *s = v;

	ema_rma(&s->u, p[0]);
	ema_rma(&s->d, p[0]);
	s->prev = NAN;
}
/* Of the averages of ups and downs; y has the ups. */
WIDE_BODY void rsi_body(double *y, const double *down, size_t n)
{
	wide u, d, r, all = WIDE_ALL(100.0), one = WIDE_ALL(1.0), none = WIDE_ALL(0.0);
	size_t i = 0;

	for (; i + WIDE <= n; i += WIDE) {
		WIDE_LOAD(u, y + i);
		WIDE_LOAD(d, down + i);
		r = all - all / (one + u / d);
		r = WIDE_PICK(u == none, none, r);
		r = WIDE_PICK(d == none, all, r);
		WIDE_STORE(y + i, r);
	}
	for (; i < n; i++)
		y[i] = down[i] == 0 ? 100 : y[i] == 0 ? 0 :
			100 - 100 / (1 + y[i] / down[i]);
}
static void rsi_of(double *y, const double *down, size_t n);
WIDE_FN(rsi_of, rsi_body, (double *y, const double *down, size_t n), (y, down, n))

/* The averages bar by bar, for each hangs on the one before; what is made of
 * them all at once. */
#define RUN 256
static void run_rsi(RUN_ARGS)
{
	struct rsi s = *(struct rsi *)state;
	double down[RUN];

	for (size_t i = 0, m; i < n; i += m) {
		double *y = ret[0] + i;

		m = n - i < RUN ? n - i : RUN;
		for (size_t k = 0; k < m; k++) {
			double x = in[0][i + k], c = x - s.prev;

			s.prev = x;
			y[k] = ema_step(&s.u, isnan(c) ? NAN : pos(c));
			down[k] = ema_step(&s.d, isnan(c) ? NAN : pos(-c));
		}
		rsi_of(y, down, m);
	}
	*(struct rsi *)state = s;
}
const struct ind_def ind_rsi = {
	"rsi", "Relative strength index", 1, 1, 1, { "source" },
	{ LENGTH(14) }, { "rsi" }, IND_RECURSIVE, 0, size_rsi, init_rsi, run_rsi,
};

/* Two window sums that skip na, over gains and losses. */
struct pair { struct sma a, b; double prev; };
static size_t size_pair(const double *p)
{
	return sizeof(struct pair) + 2 * wsum_room(p[0]) * sizeof(double);
}
static void init_pair(void *v, const double *p)
{
	struct pair *s = v;

	sma_init(&s->b, p[0], sma_init(&s->a, p[0], (double *)(s + 1)));
	s->prev = NAN;
}
static inline double cmo_step(struct pair *s, double x)
{
	double c = x - s->prev, u, d;

	s->prev = x;
	u = sma_step(&s->a, isnan(c) ? NAN : pos(c));
	d = sma_step(&s->b, isnan(c) ? NAN : pos(-c));
	return 100 * (u - d) / (u + d);
}
KERNEL1(run_cmo, struct pair, cmo_step)
const struct ind_def ind_cmo = {
	"cmo", "Momentum oscillator of Chande", 1, 1, 1, { "source" },
	{ LENGTH(9) }, { "cmo" }, IND_TIMED, 1, size_pair, init_pair, run_cmo,
};

/* The first bar has no change and counts to both sides. */
static inline double mfi_step(struct pair *s, double x, double v)
{
	double c = x - s->prev, u, d;

	s->prev = x;
	u = sma_step(&s->a, v * (c <= 0 ? 0 : x));
	d = sma_step(&s->b, v * (c >= 0 ? 0 : x));
	return 100 - 100 / (1 + u / d);
}
KERNEL2(run_mfi, struct pair, mfi_step)
const struct ind_def ind_mfi = {
	"mfi", "Money flow index", 2, 1, 1, { "hlc3", "volume" },
	{ LENGTH(14) }, { "mfi" }, IND_TIMED, 1, size_pair, init_pair, run_mfi,
};

struct tsi { struct ema a1, a2, b1, b2; double prev; };
static size_t size_tsi(const double *p) { (void)p; return sizeof(struct tsi); }
static void init_tsi(void *v, const double *p)
{
	struct tsi *s = v;

	ema_ema(&s->a1, p[1]);
	ema_ema(&s->a2, p[0]);
	ema_ema(&s->b1, p[1]);
	ema_ema(&s->b2, p[0]);
	s->prev = NAN;
}
static inline double tsi_step(struct tsi *s, double x)
{
	double c = x - s->prev, a;

	s->prev = x;
	a = ema_step(&s->a2, ema_step(&s->a1, c));
	return a / ema_step(&s->b2, ema_step(&s->b1, fabs(c)));
}
KERNEL1(run_tsi, struct tsi, tsi_step)
const struct ind_def ind_tsi = {
	"tsi", "True strength index, -1 to 1", 1, 2, 1, { "source" },
	{ { "short_length", IND_INT, 13, 1, IND_LENGTH_MAX },
	  { "long_length", IND_INT, 25, 1, IND_LENGTH_MAX } },
	{ "tsi" }, IND_RECURSIVE, 0, size_tsi, init_tsi, run_tsi,
};

struct cog { struct wma w; struct wsum s; size_t nas, seen; };
static size_t size_cog(const double *p)
{
	return sizeof(struct cog) +
	       (wma_room(p[0]) + wsum_room(p[0])) * sizeof(double);
}
static void init_cog(void *v, const double *p)
{
	struct cog *s = v;

	wsum_init(&s->s, p[0], wma_init(&s->w, p[0], (double *)(s + 1)));
}
static inline double cog_step(struct cog *s, double x)
{
	double sum, w;

	s->nas = isnan(x) ? s->w.n : s->nas - (s->nas > 0);
	if (isnan(x))
		x = 0;
	w = wma_sum(&s->w, x);
	sum = wsum_step(&s->s, x);
	if (s->seen < s->w.n)
		s->seen++;
	if (s->nas > 0 || s->seen < s->w.n)
		return NAN;
	return -((double)(s->w.n + 1) * sum - w) / sum;
}
KERNEL1(run_cog, struct cog, cog_step)
const struct ind_def ind_cog = {
	"cog", "Centre of gravity", 1, 1, 1, { "source" }, { LENGTH(10) },
	{ "cog" }, IND_TIMED, 0, size_cog, init_cog, run_cog,
};

/* Each of the last n steps went the same way. */
struct run { double prev, n, count; };
static size_t size_run(const double *p) { (void)p; return sizeof(struct run); }
static void init_run(void *v, const double *p)
{
	*(struct run *)v = (struct run){ NAN, p[0], 0 };
}
static inline double rising_step(struct run *s, double x)
{
	s->count = x > s->prev ? s->count + 1 : 0;
	s->prev = x;
	return s->count >= s->n;
}
static inline double falling_step(struct run *s, double x)
{
	s->count = x < s->prev ? s->count + 1 : 0;
	s->prev = x;
	return s->count >= s->n;
}
KERNEL1(run_rising, struct run, rising_step)
KERNEL1(run_falling, struct run, falling_step)
const struct ind_def ind_rising = {
	"rising", "Each of the last steps rose", 1, 1, 1, { "source" },
	{ LENGTH(3) }, { "rising" }, IND_TIMED, 1, size_run, init_run, run_rising,
};
const struct ind_def ind_falling = {
	"falling", "Each of the last steps fell", 1, 1, 1, { "source" },
	{ LENGTH(3) }, { "falling" }, IND_TIMED, 1, size_run, init_run, run_falling,
};

struct since { double bars; };
static size_t size_since(const double *p) { (void)p; return sizeof(struct since); }
static void init_nan(void *v, const double *p) { (void)p; *(double *)v = NAN; }
static inline double since_step(struct since *s, double c)
{
	s->bars = !isnan(c) && c != 0 ? 0 : s->bars + 1;
	return s->bars;
}
static inline double fixnan_step(struct since *s, double x)
{
	if (!isnan(x))
		s->bars = x;
	return s->bars;
}
KERNEL1(run_barssince, struct since, since_step)
KERNEL1(run_fixnan, struct since, fixnan_step)
const struct ind_def ind_barssince = {
	"barssince", "Bars since the condition was true", 1, 0, 1,
	{ "condition" }, { { 0 } }, { "barssince" }, IND_RECURSIVE, 0,
	size_since, init_nan, run_barssince,
};
const struct ind_def ind_fixnan = {
	"fixnan", "The latest value that is not na", 1, 0, 1, { "source" },
	{ { 0 } }, { "fixnan" }, IND_RECURSIVE, 0, size_since, init_nan, run_fixnan,
};

struct when { struct lag g; double last; size_t n; };
static size_t size_when(const double *p)
{
	return sizeof(struct when) + ((size_t)p[0] + 1) * sizeof(double);
}
static void init_when(void *v, const double *p)
{
	struct when *s = v;

	s->n = (size_t)p[0];
	lag_init(&s->g, p[0] + 1, (double *)(s + 1));
	s->last = NAN;
}
static inline double when_step(struct when *s, double c, double x)
{
	if (!isnan(c) && c != 0) {
		lag_step(&s->g, x);
		/* the slot to be overwritten next is the oldest kept */
		s->last = s->g.b[s->g.k];
	}
	return s->last;
}
KERNEL2(run_valuewhen, struct when, when_step)
const struct ind_def ind_valuewhen = {
	"valuewhen", "Value when the condition was true the n-th time back", 2, 1, 1,
	{ "condition", "source" },
	{ { "occurrence", IND_INT, 0, 0, IND_LENGTH_MAX } },
	{ "valuewhen" }, IND_RECURSIVE, 0, size_when, init_when, run_valuewhen,
};

/* The bar `right` bars back towers over its neighbours: none of the `left`
 * before it is higher, and all behind it are lower. */
struct pivot { struct wext l, r; struct lag mid; double max_l; size_t nl, nr; };
static size_t size_pivot(const double *p)
{
	return sizeof(struct pivot) + (wext_room(p[0] + 1) + wext_room(p[1] + 1) +
		(size_t)p[1] + 1) * sizeof(double);
}
static void init_pivot(void *v, const double *p)
{
	struct pivot *s = v;
	double *room = wext_init(&s->l, p[0] + 1, (double *)(s + 1));

	room = wext_init(&s->r, p[1] + 1, room);
	lag_init(&s->mid, p[1] + 1, room);
	s->nl = (size_t)p[0];
	s->nr = (size_t)p[1];
}
#define PIVOT(n, title, src, step)					\
static inline double n##_step(struct pivot *s, double x)		\
{									\
	double ago, right = step(&s->r, x, &ago), m, left;		\
									\
	lag_step(&s->mid, x);						\
	m = s->mid.b[s->mid.k];		/* nr bars back */		\
	if (isnan(m))							\
		return NAN;						\
	left = step(&s->l, m, &ago);					\
	if (isnan(left) || left != m)					\
		return NAN;						\
	/* m itself is in `right`: it must stand there alone */	\
	if (isnan(right) || right != m)					\
		return NAN;						\
	for (size_t i = 0; i <= s->nr; i++)				\
		if (i != s->mid.k && s->mid.b[i] == m)			\
			return NAN;					\
	return m;							\
}									\
KERNEL1(run_##n, struct pivot, n##_step)				\
const struct ind_def ind_##n = {					\
	#n, title, 1, 2, 1, { src },					\
	{ { "leftbars", IND_INT, 5, 0, IND_LENGTH_MAX - 1 },		\
	  { "rightbars", IND_INT, 5, 0, IND_LENGTH_MAX - 1 } },		\
	{ #n }, IND_RECURSIVE, 0, size_pivot, init_pivot, run_##n,	\
};
PIVOT(pivothigh, "High pivot, seen rightbars late", "high", wmax_step)
PIVOT(pivotlow, "Low pivot, seen rightbars late", "low", wmin_step)

/* --- Volume ---------------------------------------------------------- */

/* Running totals over bars; pc, pv: of the bar before. */
struct total { double s, c, pc, pv; size_t bar; };
static size_t size_total(const double *p) { (void)p; return sizeof(struct total); }
static void init_total(void *v, const double *p)
{
	(void)p;
	*(struct total *)v = (struct total){ .pc = NAN, .pv = NAN };
}
static inline double total_add(struct total *t, double x)
{
	double s, b;

	if (!isnan(x)) {
		s = t->s + x;
		b = s - t->s;
		t->c += (t->s - (s - b)) + (x - b);	/* what rounding took */
		t->s = s;
	}
	return t->s + t->c;
}
static inline double obv_step(struct total *t, double c, double v)
{
	double d = c - t->pc, r;

	/* no branch: which way the price goes nobody can foretell */
	r = total_add(t, v * (double)((d > 0) - (d < 0)));
	t->pc = c;
	return t->bar++ == 0 ? NAN : r;
}
static inline double pvt_step(struct total *t, double c, double v)
{
	double r = total_add(t, (c - t->pc) / t->pc * v);

	t->pc = c;
	return t->bar++ == 0 ? NAN : r;
}
static inline double accdist_step(struct total *t, double h, double l, double c, double v)
{
	return total_add(t, h == l ? 0 : ((c - l) - (h - c)) / (h - l) * v);
}
static inline double wad_step(struct total *t, double h, double l, double c)
{
	double th = h > t->pc ? h : t->pc, tl = l < t->pc ? l : t->pc;
	double r = total_add(t, c > t->pc ? c - tl : c < t->pc ? c - th : 0);

	t->pc = c;
	return r;
}
#define VI(n, cmp)							\
static inline double n##_step(struct total *t, double c, double v)	\
{									\
	if (t->bar++ == 0)						\
		t->s = 1;						\
	else if (c != 0 && t->pc != 0 && v cmp t->pv)			\
		t->s += (c - t->pc) / t->pc * t->s;			\
	t->pc = c;							\
	t->pv = v;							\
	return t->s;							\
}									\
KERNEL2(run_##n, struct total, n##_step)
VI(nvi, <)
VI(pvi, >)
/* Which way the volume goes, then the total. */
WIDE_BODY void signs_body(const double *c, const double *was, const double *v, double *y,
			  size_t n)
{
	wide d, x, none = WIDE_ALL(0.0);
	size_t i = 0;

	for (; i + WIDE <= n; i += WIDE) {
		wide up, down, p;

		WIDE_LOAD(d, c + i);
		WIDE_LOAD(p, was + i);
		WIDE_LOAD(x, v + i);
		d = d - p;
		up = WIDE_PICK(d > none, WIDE_ALL(1.0), none);
		down = WIDE_PICK(d < none, WIDE_ALL(1.0), none);
		x = x * (up - down);
		WIDE_STORE(y + i, x);
	}
	for (; i < n; i++)
		y[i] = v[i] * (double)((c[i] - was[i] > 0) - (c[i] - was[i] < 0));
}
static void signs(const double *c, const double *was, const double *v, double *y, size_t n);
WIDE_FN(signs, signs_body,
	(const double *c, const double *was, const double *v, double *y, size_t n),
	(c, was, v, y, n))
static void run_obv(RUN_ARGS)
{
	struct total t = *(struct total *)state;
	const double *c = in[0];
	double *y = ret[0];

	if (n > 0)
		y[0] = obv_step(&t, c[0], in[1][0]);
	for (size_t i = 1, m; i < n; i += m) {
		m = n - i < RUN ? n - i : RUN;
		signs(c + i, c + i - 1, in[1] + i, y + i, m);
		for (size_t k = i; k < i + m; k++)
			y[k] = total_add(&t, y[k]);
	}
	if (n > 1) {
		t.bar += n - 1;
		t.pc = c[n - 1];
	}
	*(struct total *)state = t;
}
KERNEL2(run_pvt, struct total, pvt_step)
KERNEL3(run_wad, struct total, wad_step)
static void run_accdist(RUN_ARGS)
{
	struct total t = *(struct total *)state;

	for (size_t i = 0; i < n; i++)
		ret[0][i] = accdist_step(&t, in[0][i], in[1][i], in[2][i], in[3][i]);
	*(struct total *)state = t;
}
static void run_iii(RUN_ARGS)
{
	(void)state;
	for (size_t i = 0; i < n; i++) {
		double h = in[0][i], l = in[1][i], c = in[2][i];

		ret[0][i] = (2 * c - h - l) / ((h - l) * in[3][i]);
	}
}
static void run_wvad(RUN_ARGS)
{
	(void)state;
	for (size_t i = 0; i < n; i++)
		ret[0][i] = (in[3][i] - in[0][i]) / (in[1][i] - in[2][i]) * in[4][i];
}
#define TOTAL_ROW(n, title, nin, ...)					\
const struct ind_def ind_##n = {					\
	#n, title, nin, 0, 1, { __VA_ARGS__ }, { { 0 } }, { #n },	\
	IND_RECURSIVE, 0, size_total, init_total, run_##n,		\
};
TOTAL_ROW(obv, "On-balance volume", 2, "close", "volume")
TOTAL_ROW(pvt, "Price-volume trend", 2, "close", "volume")
TOTAL_ROW(nvi, "Negative volume index", 2, "close", "volume")
TOTAL_ROW(pvi, "Positive volume index", 2, "close", "volume")
TOTAL_ROW(accdist, "Accumulation and distribution", 4, "high", "low", "close", "volume")
TOTAL_ROW(wad, "Accumulation and distribution of Williams", 3, "high", "low", "close")
TOTAL_ROW(iii, "Intraday intensity", 4, "high", "low", "close", "volume")
TOTAL_ROW(wvad, "Variable accumulation and distribution of Williams", 5,
	  "open", "high", "low", "close", "volume")

/* Since the anchor: average price by volume, and its deviation. */
struct vwap { double a, v, dv, ddv, mult; bool on; };
static size_t size_vwap(const double *p) { (void)p; return sizeof(struct vwap); }
static void init_vwap(void *v, const double *p)
{
	((struct vwap *)v)->mult = p[0];
	init_none(v, p);
}
static void run_vwap(RUN_ARGS)
{
	struct vwap s = *(struct vwap *)state;

	for (size_t i = 0; i < n; i++) {
		double x = in[0][i], v = in[1][i], anchor = in[2][i], m, q, d;

		if (!s.on || (!isnan(anchor) && anchor != 0)) {
			s.v = s.dv = s.ddv = 0;
			s.a = x;
			s.on = !isnan(x);
		}
		if (!isnan(x) && !isnan(v)) {
			d = x - s.a;
			s.v += v;
			s.dv += d * v;
			s.ddv += d * d * v;
		}
		m = s.dv / s.v;
		q = s.ddv / s.v - m * m;
		d = s.mult * sqrt(q > 0 ? q : q <= 0 ? 0 : NAN);
		ret[0][i] = s.a + m;
		ret[1][i] = s.a + m + d;
		ret[2][i] = s.a + m - d;
	}
	*(struct vwap *)state = s;
}
const struct ind_def ind_vwap = {
	"vwap", "Average price by volume since the anchor, with bands", 3, 1, 3,
	{ "hlc3", "volume", "anchor" },
	{ { "stdev_mult", IND_FLOAT, 1, -1e6, 1e6 } },
	{ "vwap", "upper", "lower" }, IND_RECURSIVE, 0,
	size_vwap, init_vwap, run_vwap,
};
