/* Pressure of buyers and sellers, and levels of an earlier period. */
#include "config.h"

#include "ind/window_i.h"

#define LEN(name, d) { name, IND_INT, d, 1, IND_LENGTH_MAX }

/* --- Force index: the average of the change times the volume ------------- */

struct force { struct ema a; double pc; };
static size_t size_force(const double *p) { (void)p; return sizeof(struct force); }
static void init_force(void *v, const double *p)
{
	struct force *s = v;

	ema_ema(&s->a, p[0]);
	s->pc = NAN;
}
/* A bar with na in it is passed over. */
static inline double force_step(struct force *s, double c, double v)
{
	double d = (c - s->pc) * v;

	if (isnan(c) || isnan(v))
		return s->a.s;
	s->pc = c;
	return ema_step(&s->a, d);
}
KERNEL2(run_force, struct force, force_step)
const struct ind_def ind_force = {
	"force", "Force index", 2, 1, 1, { "close", "volume" }, { LENGTH(13) },
	{ "force" }, IND_RECURSIVE, 0, size_force, init_force, run_force,
};

/* The volume, signed by where the bar closed in its range; without a range
 * nothing, unless na. */
static inline double flow(double h, double l, double c, double v)
{
	return h > l || l > h ? (2 * c - l - h) / (h - l) * v : 0 * (h + l + c + v);
}

/* --- Chaikin money flow: of the volume of a window, the share that bought -- */

struct cmf { struct sma f, v; };
static size_t size_cmf(const double *p)
{
	return sizeof(struct cmf) + 2 * wsum_room(p[0]) * sizeof(double);
}
static void init_cmf(void *v, const double *p)
{
	struct cmf *s = v;

	sma_init(&s->v, p[0], sma_init(&s->f, p[0], (double *)(s + 1)));
}
static void run_cmf(RUN_ARGS)
{
	struct cmf s = *(struct cmf *)state;

	for (size_t i = 0; i < n; i++) {
		double x = flow(in[0][i], in[1][i], in[2][i], in[3][i]);
		double v = isnan(x) ? NAN : in[3][i], f = sma_step(&s.f, x);

		ret[0][i] = f / sma_step(&s.v, v);
	}
	*(struct cmf *)state = s;
}
const struct ind_def ind_cmf = {
	"cmf", "Chaikin money flow, -1 to 1", 4, 1, 1, { "high", "low", "close", "volume" },
	{ LENGTH(20) }, { "cmf" }, IND_TIMED, 0, size_cmf, init_cmf, run_cmf,
};

/* --- Chaikin oscillator: two averages of accumulation ---------------------- */

struct chaikin { struct ema fast, slow; double ad, c; };
static size_t size_chaikin(const double *p) { (void)p; return sizeof(struct chaikin); }
static void init_chaikin(void *v, const double *p)
{
	struct chaikin *s = v;

	ema_ema(&s->fast, p[0]);
	ema_ema(&s->slow, p[1]);
	s->ad = s->c = 0;
}
static void run_chaikin(RUN_ARGS)
{
	struct chaikin s = *(struct chaikin *)state;

	for (size_t i = 0; i < n; i++) {
		double x = flow(in[0][i], in[1][i], in[2][i], in[3][i]), f, g;
		double t = s.ad + x;

		if (!isnan(x)) {
			s.c += fabs(s.ad) >= fabs(x) ? (s.ad - t) + x : (x - t) + s.ad;
			s.ad = t;
			x = s.ad + s.c;
		}
		f = ema_step(&s.fast, x);
		g = ema_step(&s.slow, x);
		ret[0][i] = f - g;
	}
	*(struct chaikin *)state = s;
}
const struct ind_def ind_chaikin = {
	"chaikin", "Chaikin oscillator", 4, 2, 1, { "high", "low", "close", "volume" },
	{ LEN("fastlen", 3), LEN("slowlen", 10) }, { "chaikin" }, IND_RECURSIVE, 0,
	size_chaikin, init_chaikin, run_chaikin,
};

/* --- Ultimate oscillator: buying pressure over three windows --------------- */

struct ultimate { struct wsum bp[3], tr[3]; double pc; size_t seen, longest; };
static size_t size_ultimate(const double *p)
{
	size_t n = 0;

	for (int k = 0; k < 3; k++)
		n += 2 * wsum_room(p[k]);
	return sizeof(struct ultimate) + n * sizeof(double);
}
static void init_ultimate(void *v, const double *p)
{
	struct ultimate *s = v;
	double *room = (double *)(s + 1);

	s->pc = NAN;
	s->longest = 0;
	for (int k = 0; k < 3; k++) {
		room = wsum_init(&s->bp[k], p[k], room);
		room = wsum_init(&s->tr[k], p[k], room);
		s->longest = s->bp[k].n > s->longest ? s->bp[k].n : s->longest;
	}
}
/* A bar with na in it gives na and is passed over. */
static inline double ultimate_step(struct ultimate *s, double h, double l, double c)
{
	double pc = s->pc, low = l < pc ? l : pc, high = h > pc ? h : pc, y = 0;

	if (isnan(h + l + c))
		return NAN;
	s->pc = c;
	if (isnan(pc))
		return NAN;
	for (int k = 0; k < 3; k++) {
		double b = wsum_step(&s->bp[k], c - low);

		y += (4 >> k) * (b / wsum_step(&s->tr[k], high - low));
	}
	return ++s->seen < s->longest ? NAN : 100 * y / 7;
}
static void run_ultimate(RUN_ARGS)
{
	struct ultimate *s = state;

	for (size_t i = 0; i < n; i++)
		ret[0][i] = ultimate_step(s, in[0][i], in[1][i], in[2][i]);
}
const struct ind_def ind_ultimate = {
	"ultimate", "Ultimate oscillator", 3, 3, 1, { "high", "low", "close" },
	{ LEN("short", 7), LEN("middle", 14), LEN("long", 28) }, { "ultimate" },
	IND_RECURSIVE, 0, size_ultimate, init_ultimate, run_ultimate,
};

/* --- Pivot points of the period before (a day unless told otherwise) ------- */

struct pivots { double h, l, c, y[7]; };
static size_t size_pivots(const double *p) { (void)p; return sizeof(struct pivots); }
static void init_pivots(void *v, const double *p)
{
	struct pivots *s = v;

	(void)p;
	s->h = s->l = s->c = NAN;
	for (int k = 0; k < 7; k++)
		s->y[k] = NAN;
}
static void pivots_levels(struct pivots *s)
{
	double h = s->h, l = s->l, p = (h + l + s->c) / 3;

	s->y[0] = p;
	s->y[1] = 2 * p - l;
	s->y[2] = p + (h - l);
	s->y[3] = h + 2 * (p - l);
	s->y[4] = 2 * p - h;
	s->y[5] = p - (h - l);
	s->y[6] = l - 2 * (h - p);
}
/* na in a bar is no part of the period's extremes and close. */
static void run_pivots(RUN_ARGS)
{
	struct pivots s = *(struct pivots *)state;

	for (size_t i = 0; i < n; i++) {
		double h = in[0][i], l = in[1][i], c = in[2][i];

		if (in[3][i] > 0) {
			if (!isnan(s.h + s.l + s.c))
				pivots_levels(&s);
			s.h = s.l = s.c = NAN;
		}
		s.h = isnan(s.h) || h > s.h ? h : s.h;
		s.l = isnan(s.l) || l < s.l ? l : s.l;
		s.c = isnan(c) ? s.c : c;
		for (int k = 0; k < 7; k++)
			ret[k][i] = s.y[k];
	}
	*(struct pivots *)state = s;
}
const struct ind_def ind_pivotpoints = {
	"pivotpoints", "Pivot points of the period before", 4, 0, 7,
	{ "high", "low", "close", "anchor" }, { { 0 } },
	{ "p", "r1", "r2", "r3", "s1", "s2", "s3" }, IND_RECURSIVE, 0,
	size_pivots, init_pivots, run_pivots,
};
