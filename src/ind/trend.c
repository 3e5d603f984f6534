/* True range, its averages, and trend followers built on it. */
#include "config.h"

#include "ind/order_i.h"
#include "ind/pair_i.h"
#include "ind/window_i.h"

struct tr { double pc; bool first; };	/* first: high - low where close[1] is na */
static size_t size_tr(const double *p) { (void)p; return sizeof(struct tr); }
static void init_tr(void *v, const double *p)
{
	*(struct tr *)v = (struct tr){ NAN, p[0] != 0 };
}
static inline double tr_step(struct tr *s, double h, double l, double c)
{
	double r = isnan(s->pc) ? (s->first ? h - l : NAN) :
		   true_range(h, l, s->pc);

	s->pc = c;
	return r;
}
KERNEL3(run_tr, struct tr, tr_step)
const struct ind_def ind_tr = {
	"tr", "True range", 3, 1, 1, { "high", "low", "close" },
	{ { "handle_na", IND_BOOL, 0, 0, 1 } }, { "tr" }, IND_RECURSIVE, 0,
	size_tr, init_tr, run_tr,
};

struct atr { struct tr t; struct ema a; };
static size_t size_atr(const double *p) { (void)p; return sizeof(struct atr); }
static void init_atr(void *v, const double *p)
{
	struct atr *s = v;

	s->t = (struct tr){ NAN, true };
	ema_rma(&s->a, p[0]);
}
static inline double atr_step(struct atr *s, double h, double l, double c)
{
	return ema_step(&s->a, tr_step(&s->t, h, l, c));
}
KERNEL3(run_atr, struct atr, atr_step)
const struct ind_def ind_atr = {
	"atr", "Average true range", 3, 1, 1, { "high", "low", "close" },
	{ LENGTH(14) }, { "atr" }, IND_RECURSIVE, 0, size_atr, init_atr, run_atr,
};

static inline double natr_step(struct atr *s, double h, double l, double c)
{
	return 100 * atr_step(s, h, l, c) / c;
}
KERNEL3(run_natr, struct atr, natr_step)
const struct ind_def ind_natr = {
	"natr", "Average true range in percent of the close", 3, 1, 1,
	{ "high", "low", "close" }, { LENGTH(14) }, { "natr" }, IND_RECURSIVE, 0,
	size_atr, init_atr, run_natr,
};

struct kc { struct ema m, r; struct tr t; double mult; bool use_tr; };
static size_t size_kc(const double *p) { (void)p; return sizeof(struct kc); }
static void init_kc(void *v, const double *p)
{
	struct kc *s = v;

	ema_ema(&s->m, p[0]);
	ema_ema(&s->r, p[0]);
	s->t = (struct tr){ NAN, false };
	s->mult = p[1];
	s->use_tr = p[2] != 0;
}
static inline double kc_half(struct kc *s, double h, double l, double c)
{
	double t = tr_step(&s->t, h, l, c);

	return s->mult * ema_step(&s->r, s->use_tr ? t : h - l);
}
static void run_kc(RUN_ARGS)
{
	struct kc s = *(struct kc *)state;

	for (size_t i = 0; i < n; i++) {
		double m = ema_step(&s.m, in[0][i]);
		double d = kc_half(&s, in[1][i], in[2][i], in[3][i]);

		ret[0][i] = m;
		ret[1][i] = m + d;
		ret[2][i] = m - d;
	}
	*(struct kc *)state = s;
}
static void run_kcw(RUN_ARGS)
{
	struct kc s = *(struct kc *)state;

	for (size_t i = 0; i < n; i++) {
		double m = ema_step(&s.m, in[0][i]);
		double d = kc_half(&s, in[1][i], in[2][i], in[3][i]);

		ret[0][i] = ((m + d) - (m - d)) / m;
	}
	*(struct kc *)state = s;
}
#define KC_ROW(n, title, outs, ...)					\
const struct ind_def ind_##n = {					\
	#n, title, 4, 3, outs, { "source", "high", "low", "close" },	\
	{ LENGTH(20), { "mult", IND_FLOAT, 1.5, -1e6, 1e6 },		\
	  { "useTrueRange", IND_BOOL, 1, 0, 1 } }, { __VA_ARGS__ },	\
	IND_RECURSIVE, 0, size_kc, init_kc, run_##n,			\
};
KC_ROW(kc, "Keltner channel", 3, "basis", "upper", "lower")
KC_ROW(kcw, "Width of the Keltner channel, as a ratio", 1, "kcw")

/* Bands follow the price on one side only, until it closes through. */
struct supertrend { struct atr a; double f, up, lo, line, pc, patr; };
static size_t size_super(const double *p)
{
	(void)p;
	return sizeof(struct supertrend);
}
static void init_super(void *v, const double *p)
{
	struct supertrend *s = v;
	const double len = p[1];

	init_atr(&s->a, &len);
	s->f = p[0];
	s->up = s->lo = s->line = s->pc = s->patr = NAN;
}
static void run_supertrend(RUN_ARGS)
{
	struct supertrend s = *(struct supertrend *)state;

	for (size_t i = 0; i < n; i++) {
		double h = in[0][i], l = in[1][i], c = in[2][i], dir;
		double a = atr_step(&s.a, h, l, c), mid = (h + l) / 2;
		double up = mid + s.f * a, lo = mid - s.f * a;
		double pu = isnan(s.up) ? 0 : s.up, pl = isnan(s.lo) ? 0 : s.lo;

		if (!(lo > pl || s.pc < pl))
			lo = pl;
		if (!(up < pu || s.pc > pu))
			up = pu;
		if (isnan(s.patr))
			dir = 1;
		else if (s.line == pu)
			dir = c > up ? -1 : 1;
		else
			dir = c < lo ? 1 : -1;
		s.line = dir < 0 ? lo : up;
		s.up = up;
		s.lo = lo;
		s.pc = c;
		s.patr = a;
		ret[0][i] = s.line;
		ret[1][i] = dir;
	}
	*(struct supertrend *)state = s;
}
const struct ind_def ind_supertrend = {
	"supertrend", "Supertrend; direction -1 is up", 3, 2, 2,
	{ "high", "low", "close" },
	{ { "factor", IND_FLOAT, 3, -1e6, 1e6 },
	  { "atrPeriod", IND_INT, 10, 1, IND_LENGTH_MAX } },
	{ "supertrend", "direction" }, IND_RECURSIVE, 0,
	size_super, init_super, run_supertrend,
};

struct dmi { struct ema t, p, m, x; double ph, pl, pc, plus, minus; };
static size_t size_dmi(const double *p) { (void)p; return sizeof(struct dmi); }
static void init_dmi(void *v, const double *p)
{
	struct dmi *s = v;

	ema_rma(&s->t, p[0]);
	ema_rma(&s->p, p[0]);
	ema_rma(&s->m, p[0]);
	ema_rma(&s->x, p[1]);
	s->ph = s->pl = s->pc = s->plus = s->minus = NAN;
}
static inline double fix(double x, double *last)
{
	if (!isnan(x))
		*last = x;
	return *last;
}
/* The averages of one bar.  No branches: which way prices go nobody can
 * foretell. */
struct moves { double t, p, m; };
static inline struct moves dmi_moves(struct dmi *s, double h, double l, double c)
{
	double up = h - s->ph, dn = s->pl - l;
	struct moves r;

	r.t = ema_step(&s->t, isnan(s->pc) ? NAN : true_range(h, l, s->pc));
	r.p = ema_step(&s->p, (double)((up > dn) & (up > 0)) * up);
	r.m = ema_step(&s->m, (double)((dn > up) & (dn > 0)) * dn);
	s->ph = h;
	s->pl = l;
	s->pc = c;
	return r;
}
static inline double dmi_step(struct dmi *s, double h, double l, double c)
{
	struct moves r = dmi_moves(s, h, l, c);
	double sum;

	fix(100 * r.p / r.t, &s->plus);
	fix(100 * r.m / r.t, &s->minus);
	sum = s->plus + s->minus;
	return 100 * ema_step(&s->x, fabs(s->plus - s->minus) / (sum == 0 ? 1 : sum));
}
/* n bars, an even number: p, m and x become +DI, -DI and what ADX averages. */
static void dmi_divide(struct dmi *s, const double *t, double *p, double *m, double *x,
		       size_t n)
{
	v2i na = { 0, 0 };

	for (size_t k = 0; k < n; k += 2) {
		v2 q = v2_load(t + k), a = 100 * v2_load(p + k) / q;
		v2 b = 100 * v2_load(m + k) / q;

		na |= (a != a) | (b != b);
		v2_store(p + k, a);
		v2_store(m + k, b);
	}
	for (size_t k = 0; k < n && (na[0] | na[1]) != 0; k++) {
		p[k] = fix(p[k], &s->plus);
		m[k] = fix(m[k], &s->minus);
	}
	s->plus = p[n - 1];
	s->minus = m[n - 1];
	for (size_t k = 0; k < n; k += 2) {
		v2 a = v2_load(p + k), b = v2_load(m + k), sum = a + b;

		sum = v2_pick(sum == v2_of(0), v2_of(1), sum);
		v2_store(x + k, v2_abs(a - b) / sum);
	}
}
#define BLOCK 256
static void run_dmi(RUN_ARGS)
{
	struct dmi s = *(struct dmi *)state;
	double t[BLOCK], p[BLOCK], m[BLOCK], x[BLOCK];
	size_t i = 0, k;

	while (n - i >= 2) {
		size_t len = n - i < BLOCK ? (n - i) / 2 * 2 : BLOCK;

		for (k = 0; k < len; k++) {
			struct moves r = dmi_moves(&s, in[0][i + k], in[1][i + k],
						   in[2][i + k]);

			t[k] = r.t;
			p[k] = r.p;
			m[k] = r.m;
		}
		dmi_divide(&s, t, p, m, x, len);
		for (k = 0; k < len; k++) {
			ret[0][i + k] = p[k];
			ret[1][i + k] = m[k];
			ret[2][i + k] = 100 * ema_step(&s.x, x[k]);
		}
		i += len;
	}
	for (; i < n; i++) {
		ret[2][i] = dmi_step(&s, in[0][i], in[1][i], in[2][i]);
		ret[0][i] = s.plus;
		ret[1][i] = s.minus;
	}
	*(struct dmi *)state = s;
}
const struct ind_def ind_dmi = {
	"dmi", "Directional movement: +DI, -DI, ADX", 3, 2, 3,
	{ "high", "low", "close" },
	{ { "diLength", IND_INT, 14, 1, IND_LENGTH_MAX },
	  { "adxSmoothing", IND_INT, 14, 1, IND_LENGTH_MAX } },
	{ "plus", "minus", "adx" }, IND_RECURSIVE, 0, size_dmi, init_dmi, run_dmi,
};

/* Kind of market: volatile (2) when the average range, in percent of the close,
 * is at least as high as in `volatile` percent of the last `lookback` bars;
 * else a trend (1) when ADX is `threshold` or more; else a range (0). */
struct regime { struct dmi d; struct atr a; struct rank r; double adx, rank; };
static size_t size_regime(const double *p)
{
	return sizeof(struct regime) + rank_room(p[1]) * sizeof(double);
}
static void init_regime(void *v, const double *p)
{
	struct regime *s = v;
	double len[2] = { p[0], p[0] };

	init_dmi(&s->d, len);
	init_atr(&s->a, len);
	rank_init(&s->r, p[1], (double *)(s + 1));
	s->adx = p[2];
	s->rank = p[3];
}
static void run_regime(RUN_ARGS)
{
	struct regime *s = state;

	for (size_t i = 0; i < n; i++) {
		double h = in[0][i], l = in[1][i], c = in[2][i];
		double adx = dmi_step(&s->d, h, l, c);
		double v = percentrank_step(&s->r, 100 * atr_step(&s->a, h, l, c) / c);

		ret[0][i] = isnan(adx) || isnan(v) ? NAN : v >= s->rank ? 2 :
			    adx >= s->adx ? 1 : 0;
		ret[1][i] = isnan(adx) ? NAN : s->d.plus > s->d.minus ? 1 :
			    s->d.plus < s->d.minus ? -1 : 0;
		ret[2][i] = adx;
		ret[3][i] = v;
	}
}
const struct ind_def ind_regime = {
	"regime", "Market regime: 0 range, 1 trend, 2 volatile", 3, 4, 4,
	{ "high", "low", "close" },
	{ LENGTH(14), { "lookback", IND_INT, 100, 1, IND_LENGTH_MAX },
	  { "threshold", IND_FLOAT, 25, 0, 100 },
	  { "volatile", IND_FLOAT, 90, 0, 100 } },
	{ "regime", "direction", "adx", "volatility" }, IND_RECURSIVE, 0,
	size_regime, init_regime, run_regime,
};

/* Parabolic stop and reverse. */
struct sar {
	double start, inc, max, r, ext, acc;
	double h1, l1, h2, l2, pc;
	size_t bar;
	bool below;
};
static size_t size_sar(const double *p) { (void)p; return sizeof(struct sar); }
static void init_sar(void *v, const double *p)
{
	*(struct sar *)v = (struct sar){ .start = p[0], .inc = p[1], .max = p[2],
		.r = NAN, .ext = NAN, .h1 = NAN, .l1 = NAN, .h2 = NAN,
		.l2 = NAN, .pc = NAN };
}
static bool sar_begin(struct sar *s, double h, double l, double c)
{
	if (s->bar != 1)
		return false;
	s->below = c > s->pc;
	s->ext = s->below ? h : l;
	s->r = s->below ? s->l1 : s->h1;
	s->acc = s->start;
	return true;
}
static bool sar_flip(struct sar *s, double h, double l)
{
	if (s->below ? !(s->r > l) : !(s->r < h))
		return false;
	s->r = s->below ? (h > s->ext ? h : s->ext) : (l < s->ext ? l : s->ext);
	s->below = !s->below;
	s->ext = s->below ? h : l;
	s->acc = s->start;
	return true;
}
static void sar_clamp(struct sar *s)
{
	double a = s->below ? s->l1 : s->h1, b = s->below ? s->l2 : s->h2;

	if (s->below ? a < s->r : a > s->r)
		s->r = a;
	if (s->bar > 1 && (s->below ? b < s->r : b > s->r))
		s->r = b;
}
static double sar_step(struct sar *s, double h, double l, double c)
{
	bool fresh = sar_begin(s, h, l, c);

	if (s->bar > 0) {
		s->r += s->acc * (s->ext - s->r);
		if (sar_flip(s, h, l))
			fresh = true;
		if (!fresh && (s->below ? h > s->ext : l < s->ext)) {
			s->ext = s->below ? h : l;
			s->acc = s->acc + s->inc < s->max ? s->acc + s->inc : s->max;
		}
		sar_clamp(s);
	}
	s->bar++;
	s->h2 = s->h1;
	s->l2 = s->l1;
	s->h1 = h;
	s->l1 = l;
	s->pc = c;
	return s->r;
}
KERNEL3(run_sar, struct sar, sar_step)
const struct ind_def ind_sar = {
	"sar", "Parabolic stop and reverse", 3, 3, 1, { "high", "low", "close" },
	{ { "start", IND_FLOAT, 0.02, 0, 1e6 }, { "inc", IND_FLOAT, 0.02, 0, 1e6 },
	  { "max", IND_FLOAT, 0.2, 0, 1e6 } },
	{ "sar" }, IND_RECURSIVE, 0, size_sar, init_sar, run_sar,
};
