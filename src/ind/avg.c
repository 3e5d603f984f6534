/* Averages and what is made of averages. */
#include "config.h"

#include "core/wide.h"
#include "ind/window_i.h"

static size_t size_sma(const double *p)
{
	return sizeof(struct sma) + wsum_room(p[0]) * sizeof(double);
}
static void init_sma(void *s, const double *p)
{
	sma_init(s, p[0], (double *)((struct sma *)s + 1));
}
/* y[i] = (a[i] + y[i]) / n */
WIDE_BODY void means_body(const double *a, double *y, size_t m, double n)
{
	wide p, q, d = WIDE_ALL(n);
	size_t i = 0;

	for (; i + WIDE <= m; i += WIDE) {
		WIDE_LOAD(p, a + i);
		WIDE_LOAD(q, y + i);
		q = (p + q) / d;
		WIDE_STORE(y + i, q);
	}
	for (; i < m; i++)
		y[i] = (a[i] + y[i]) / n;
}
static void means(const double *a, double *y, size_t m, double n);
WIDE_FN(means, means_body, (const double *a, double *y, size_t m, double n), (a, y, m, n))

/* The sums of a half and of the half behind it hang on nothing of each other:
 * they are added side by side, for an addition waits longer than it works. */
static double wrap_and_go_on(double *b, size_t n, const double *x, double *y, size_t m)
{
	size_t both = m < n ? m : n, i;
	double a = 0, pre = 0;

	for (i = 0; i < both; i++) {
		b[n - 1 - i] = a = b[n - 1 - i] + a;
		y[i] = pre = pre + x[i];
	}
	for (size_t k = i; k < n; k++)
		b[n - 1 - k] = a = b[n - 1 - k] + a;
	for (; i < m; i++)
		y[i] = pre = pre + x[i];
	return pre;
}

/* As many of the m values as are of this half, the window being full; 0 when
 * one of them is na. */
static size_t sma_half(struct sma *s, const double *x, double *y, size_t m)
{
	struct wsum *w = &s->w;
	double pre = w->pre;

	m = m < w->n - w->k ? m : w->n - w->k;
	for (size_t i = 0; i < m; i++)
		y[i] = pre += x[i];
	if (isnan(pre))
		return 0;
	means(w->b + w->k + 1, y, m, s->inv);
	memcpy(w->b + w->k, x, m * sizeof(*x));
	w->pre = pre;
	w->k += m;
	return m;
}

/* A half that is complete, and what there is of the next. */
static size_t sma_wrap(struct sma *s, const double *x, double *y, size_t m)
{
	struct wsum *w = &s->w;

	m = m < w->n ? m : w->n;
	w->pre = wrap_and_go_on(w->b, w->n, x, y, m);
	w->k = 0;
	if (isnan(w->pre)) {		/* the steps begin here again */
		w->pre = 0;
		return 0;
	}
	means(w->b + 1, y, m, s->inv);
	memcpy(w->b, x, m * sizeof(*x));
	w->k = m;
	return m;
}

static void run_sma(RUN_ARGS)
{
	struct sma s = *(struct sma *)state;
	const double *x = in[0];
	double *y = ret[0];
	size_t i = 0;

	while (i < n) {
		size_t m = s.seen + 1 < s.w.n || s.w.n < 4 ? 0 :
			sma_half(&s, x + i, y + i, n - i);

		while (m > 0) {
			i += m;
			s.last = y[i - 1];
			m = s.w.k < s.w.n ? 0 : sma_wrap(&s, x + i, y + i, n - i);
		}
		/* One by one until the half is over, or the block. */
		for (bool over = false; i < n && !over; i++) {
			y[i] = sma_step(&s, x[i]);
			over = s.w.k == 0 && s.w.n >= 4;
		}
	}
	*(struct sma *)state = s;
}
const struct ind_def ind_sma = {
	"sma", "Simple moving average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "sma" }, IND_SKIPPING, 0,
	size_sma, init_sma, run_sma,
};

static inline double sum_step(struct sma *s, double x)
{
	double r;

	if (isnan(x))
		return s->last;
	r = wsum_step(&s->w, x);
	if (s->seen + 1 < s->w.n)
		s->seen++;
	else
		s->last = r;
	return s->last;
}
KERNEL1(run_sum, struct sma, sum_step)
const struct ind_def ind_sum = {
	"sum", "Sum of the last values", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "sum" }, IND_SKIPPING, 0,
	size_sma, init_sma, run_sum,
};

/* Running total; compensated, for it never forgets. */
struct cum { double s, c; };
static size_t size_cum(const double *p) { (void)p; return sizeof(struct cum); }
static void init_none(void *s, const double *p) { (void)s; (void)p; }
static inline double cum_step(struct cum *u, double x)
{
	double t;

	if (!isnan(x)) {
		t = u->s + x;
		u->c += fabs(u->s) >= fabs(x) ? (u->s - t) + x : (x - t) + u->s;
		u->s = t;
	}
	return u->s + u->c;
}
KERNEL1(run_cum, struct cum, cum_step)
const struct ind_def ind_cum = {
	"cum", "Running total", 1, 0, 1, { "source" }, { { 0 } }, { "cum" },
	IND_RECURSIVE, 0, size_cum, init_none, run_cum,
};

static size_t size_ema(const double *p) { (void)p; return sizeof(struct ema); }
static void init_ema(void *s, const double *p) { ema_ema(s, p[0]); }
static void init_rma(void *s, const double *p) { ema_rma(s, p[0]); }
KERNEL1(run_ema, struct ema, ema_step)
const struct ind_def ind_ema = {
	"ema", "Exponential moving average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "ema" }, IND_RECURSIVE, 0, size_ema, init_ema, run_ema,
};
const struct ind_def ind_rma = {
	"rma", "Moving average of Wilder", 1, 1, 1, { "source" },
	{ LENGTH(14) }, { "rma" }, IND_RECURSIVE, 0, size_ema, init_rma, run_ema,
};

struct ema3 { struct ema a, b, c; double prev; };
static size_t size_ema3(const double *p) { (void)p; return sizeof(struct ema3); }
static void init_ema3(void *v, const double *p)
{
	struct ema3 *s = v;

	ema_ema(&s->a, p[0]);
	ema_ema(&s->b, p[0]);
	ema_ema(&s->c, p[0]);
	s->prev = NAN;
}
static inline double dema_step(struct ema3 *s, double x)
{
	double a = ema_step(&s->a, x);

	return 2 * a - ema_step(&s->b, a);
}
static inline double tema_step(struct ema3 *s, double x)
{
	double a = ema_step(&s->a, x), b = ema_step(&s->b, a);

	return 3 * a - 3 * b + ema_step(&s->c, b);
}
static inline double trix_step(struct ema3 *s, double x)
{
	double t = ema_step(&s->c, ema_step(&s->b, ema_step(&s->a, x)));
	double r = 100 * (t - s->prev) / s->prev;

	s->prev = t;
	return r;
}
KERNEL1(run_dema, struct ema3, dema_step)
KERNEL1(run_tema, struct ema3, tema_step)
KERNEL1(run_trix, struct ema3, trix_step)
const struct ind_def ind_dema = {
	"dema", "Double exponential moving average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "dema" }, IND_RECURSIVE, 0, size_ema3, init_ema3, run_dema,
};
const struct ind_def ind_tema = {
	"tema", "Triple exponential moving average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "tema" }, IND_RECURSIVE, 0, size_ema3, init_ema3, run_tema,
};
const struct ind_def ind_trix = {
	"trix", "Rate of change of a triple smoothed average, percent", 1, 1, 1,
	{ "source" }, { LENGTH(18) }, { "trix" }, IND_RECURSIVE, 0,
	size_ema3, init_ema3, run_trix,
};

static size_t size_wma(const double *p)
{
	return sizeof(struct wma) + wma_room(p[0]) * sizeof(double);
}
static void init_wma(void *s, const double *p)
{
	wma_init(s, p[0], (double *)((struct wma *)s + 1));
}
KERNEL1(run_wma, struct wma, wma_step)
const struct ind_def ind_wma = {
	"wma", "Weighted moving average", 1, 1, 1, { "source" },
	{ LENGTH(20) }, { "wma" }, IND_SKIPPING, 0, size_wma, init_wma, run_wma,
};

struct hma { struct wma half, full, root; };
static double hma_half(double n) { return n < 2 ? 1 : floor(n / 2); }
static size_t size_hma(const double *p)
{
	return sizeof(struct hma) + (wma_room(hma_half(p[0])) + wma_room(p[0]) +
		wma_room(floor(sqrt(p[0])))) * sizeof(double);
}
static void init_hma(void *v, const double *p)
{
	struct hma *s = v;
	double *room = (double *)(s + 1);

	room = wma_init(&s->half, hma_half(p[0]), room);
	room = wma_init(&s->full, p[0], room);
	wma_init(&s->root, floor(sqrt(p[0])), room);
}
static inline double hma_step(struct hma *s, double x)
{
	double a = wma_step(&s->half, x), b = wma_step(&s->full, x);

	return wma_step(&s->root, 2 * a - b);
}
KERNEL1(run_hma, struct hma, hma_step)
const struct ind_def ind_hma = {
	"hma", "Moving average of Hull", 1, 1, 1, { "source" },
	{ LENGTH(16) }, { "hma" }, IND_RECURSIVE, 0, size_hma, init_hma, run_hma,
};

struct vwma { struct sma xv, v; };
static size_t size_vwma(const double *p)
{
	return sizeof(struct vwma) + 2 * wsum_room(p[0]) * sizeof(double);
}
static void init_vwma(void *v, const double *p)
{
	struct vwma *s = v;

	sma_init(&s->v, p[0], sma_init(&s->xv, p[0], (double *)(s + 1)));
}
static inline double vwma_step(struct vwma *s, double x, double v)
{
	double a = sma_step(&s->xv, x * v);

	return a / sma_step(&s->v, v);
}
KERNEL2(run_vwma, struct vwma, vwma_step)
const struct ind_def ind_vwma = {
	"vwma", "Moving average weighted by volume", 2, 1, 1,
	{ "source", "volume" }, { LENGTH(20) }, { "vwma" }, IND_TIMED, 0,
	size_vwma, init_vwma, run_vwma,
};

struct swma { double a, b, c; };
static size_t size_swma(const double *p) { (void)p; return sizeof(struct swma); }
static void init_swma(void *v, const double *p)
{
	(void)p;
	*(struct swma *)v = (struct swma){ NAN, NAN, NAN };
}
static inline double swma_step(struct swma *s, double x)
{
	double r = s->a * (1.0 / 6) + s->b * (2.0 / 6) + s->c * (2.0 / 6) +
		   x * (1.0 / 6);

	s->a = s->b;
	s->b = s->c;
	s->c = x;
	return r;
}
KERNEL1(run_swma, struct swma, swma_step)
const struct ind_def ind_swma = {
	"swma", "Symmetric weights over four bars", 1, 0, 1, { "source" },
	{ { 0 } }, { "swma" }, IND_RECURSIVE, 0, size_swma, init_swma, run_swma,
};

/* Each value stands twice, n apart, so that a window is one straight run.
 * Bell-shaped weights have no exact recurrence: each bar costs n products, in
 * four independent sums so that they overlap. */
struct alma { double *w, *b, norm; size_t n, k; };
static size_t size_alma(const double *p)
{
	return sizeof(struct alma) + 3 * (size_t)p[0] * sizeof(double);
}
static void init_alma(void *v, const double *p)
{
	struct alma *s = v;
	double m = p[1] * (p[0] - 1), d = p[0] / p[2];

	s->n = (size_t)p[0];
	s->w = (double *)(s + 1);
	s->b = s->w + s->n;
	if (p[3] != 0)
		m = floor(m);
	for (size_t i = 0; i < s->n; i++) {
		double e = (double)i - m;

		s->w[i] = exp(-(e * e) / (2 * d * d));
		s->norm += s->w[i];
		s->b[i] = s->b[i + s->n] = NAN;
	}
}
static inline double alma_step(struct alma *s, double x)
{
	double a[4] = { 0 };
	const double *w = s->w, *b;
	size_t i;

	s->b[s->k] = s->b[s->k + s->n] = x;
	if (++s->k == s->n)
		s->k = 0;
	b = s->b + s->k;
	for (i = 0; i + 4 <= s->n; i += 4)
		for (size_t j = 0; j < 4; j++)
			a[j] += w[i + j] * b[i + j];
	for (; i < s->n; i++)
		a[0] += w[i] * b[i];
	return ((a[0] + a[1]) + (a[2] + a[3])) / s->norm;
}
KERNEL1(run_alma, struct alma, alma_step)
const struct ind_def ind_alma = {
	"alma", "Moving average of Arnaud Legoux", 1, 4, 1, { "source" },
	{ LENGTH(9), { "offset", IND_FLOAT, 0.85, -1e6, 1e6 },
	  { "sigma", IND_FLOAT, 6, 1e-6, 1e6 }, { "floor", IND_BOOL, 0, 0, 1 } },
	{ "alma" }, IND_TIMED, 0, size_alma, init_alma, run_alma,
};

/* Least squares over the last n bars; na anywhere among them gives na. */
struct linreg { struct wma w; struct wsum s; size_t nas, seen; double off; };
static size_t size_linreg(const double *p)
{
	return sizeof(struct linreg) +
	       (wma_room(p[0]) + wsum_room(p[0])) * sizeof(double);
}
static void init_linreg(void *v, const double *p)
{
	struct linreg *s = v;

	s->off = p[1];
	wsum_init(&s->s, p[0], wma_init(&s->w, p[0], (double *)(s + 1)));
}
static inline double linreg_step(struct linreg *s, double x)
{
	double n = (double)s->w.n, sy, sw, siy, slope, b;

	s->nas = isnan(x) ? s->w.n : s->nas - (s->nas > 0);
	if (isnan(x))
		x = 0;
	sw = wma_sum(&s->w, x);
	sy = wsum_step(&s->s, x);
	if (s->seen < s->w.n)
		s->seen++;
	if (s->nas > 0 || s->seen < s->w.n)
		return NAN;
	if (s->w.n == 1)
		return x;
	siy = sw - sy;				/* sum of i*y, i from 0 */
	slope = (siy - (n - 1) / 2 * sy) / (n * (n * n - 1) / 12);
	b = sy / n - slope * (n - 1) / 2;
	return b + slope * (n - 1 - s->off);
}
KERNEL1(run_linreg, struct linreg, linreg_step)
const struct ind_def ind_linreg = {
	"linreg", "Linear regression", 1, 2, 1, { "source" },
	{ LENGTH(20), { "offset", IND_INT, 0, -IND_LENGTH_MAX, IND_LENGTH_MAX } },
	{ "linreg" }, IND_TIMED, 0, size_linreg, init_linreg, run_linreg,
};

struct macd { struct ema fast, slow, sig; };
static size_t size_macd(const double *p) { (void)p; return sizeof(struct macd); }
static void init_macd(void *v, const double *p)
{
	struct macd *s = v;

	ema_ema(&s->fast, p[0]);
	ema_ema(&s->slow, p[1]);
	ema_ema(&s->sig, p[2]);
}
static void run_macd(RUN_ARGS)
{
	struct macd s = *(struct macd *)state;
	const double *x = in[0];
	double *m = ret[0], *g = ret[1], *h = ret[2];

	for (size_t i = 0; i < n; i++) {
		double f = ema_step(&s.fast, x[i]), a, b;

		m[i] = a = f - ema_step(&s.slow, x[i]);
		g[i] = b = ema_step(&s.sig, a);
		h[i] = a - b;
	}
	*(struct macd *)state = s;
}
#define LEN(name, d) { name, IND_INT, d, 1, IND_LENGTH_MAX }
const struct ind_def ind_macd = {
	"macd", "Convergence and divergence of two averages", 1, 3, 3, { "source" },
	{ LEN("fastlen", 12), LEN("slowlen", 26), LEN("siglen", 9) },
	{ "macd", "signal", "hist" }, IND_RECURSIVE, 0,
	size_macd, init_macd, run_macd,
};

static void run_ppo(RUN_ARGS)
{
	struct macd s = *(struct macd *)state;

	for (size_t i = 0; i < n; i++) {
		double f = ema_step(&s.fast, in[0][i]);
		double l = ema_step(&s.slow, in[0][i]);

		ret[0][i] = 100 * (f - l) / l;
		ret[1][i] = ema_step(&s.sig, ret[0][i]);
		ret[2][i] = ret[0][i] - ret[1][i];
	}
	*(struct macd *)state = s;
}
const struct ind_def ind_ppo = {
	"ppo", "Difference of two averages in percent of the slower", 1, 3, 3,
	{ "source" }, { LEN("fastlen", 12), LEN("slowlen", 26), LEN("siglen", 9) },
	{ "ppo", "signal", "hist" }, IND_RECURSIVE, 0,
	size_macd, init_macd, run_ppo,
};

/* Kaufman: the average follows as fast as the move is straight. */
struct kama { struct lag back; struct wsum path; size_t seen; double prev, s, fast, slow; };
static size_t size_kama(const double *p)
{
	return sizeof(struct kama) + (size_t)p[0] * sizeof(double) +
	       wsum_room(p[0]) * sizeof(double);
}
static void init_kama(void *v, const double *p)
{
	struct kama *s = v;

	wsum_init(&s->path, p[0], lag_init(&s->back, p[0], (double *)(s + 1)));
	s->prev = s->s = NAN;
	s->fast = 2 / (p[1] + 1);
	s->slow = 2 / (p[2] + 1);
}
static inline double kama_step(struct kama *s, double x)
{
	double was, path, er, c;

	if (isnan(x))
		return s->s;
	was = lag_step(&s->back, x);
	path = wsum_step(&s->path, isnan(s->prev) ? 0 : fabs(x - s->prev));
	if (s->seen++ < s->path.n) {
		s->prev = x;
		return NAN;
	}
	er = path > 0 ? fabs(x - was) / path : 0;
	c = er * (s->fast - s->slow) + s->slow;
	s->s = isnan(s->s) ? s->prev : s->s;
	s->s += c * c * (x - s->s);
	s->prev = x;
	return s->s;
}
KERNEL1(run_kama, struct kama, kama_step)
const struct ind_def ind_kama = {
	"kama", "Adaptive moving average of Kaufman", 1, 3, 1, { "source" },
	{ LENGTH(10), LEN("fastlen", 2), LEN("slowlen", 30) }, { "kama" },
	IND_RECURSIVE, 0, size_kama, init_kama, run_kama,
};
