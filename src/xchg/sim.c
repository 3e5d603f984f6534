#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/array.h"
#include "xchg/sim_i.h"

#define DAY_MS 86400000LL
#define MIN_MS 60000LL
#define SIM_DAY0 (SIM_EPOCH / DAY_MS)

/* Purposes of a seed: two uses of one place never share their numbers. */
enum { SEED_DAY = 1, SEED_MINUTE, SEED_SECOND, SEED_BOOK };
/* The stream of shocks that all symbols of a seed share. */
#define SHARED_KEY 0x5348415245442020u

/* ---- symbols ---- */

struct temper {
	const char *base;
	unsigned price_places, qty_places;
	double level;		/* price that the days are pulled towards */
	double sigma;		/* deviation of a day */
	double turnover;	/* quote units a day */
};

static const struct temper tempers[] = {
	{ "BTC", 2, 5, 60000, 0.030, 9.0e8 },
	{ "ETH", 2, 4, 2800, 0.038, 4.5e8 },
	{ "SOL", 2, 3, 130, 0.050, 1.8e8 },
	{ "", 4, 2, 10, 0.045, 2.0e7 },		/* all others */
};

static uint64_t text_key(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;	/* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	return h;
}

static const struct temper *temper_of(const char *base)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(tempers) && strcmp(tempers[i].base, base) != 0)
		i++;
	return &tempers[i];
}

static money_raw raw_pow10(unsigned n)
{
	money_raw v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

struct sim *sim_new(struct arena *out, uint64_t seed, const char *symbol)
{
	struct sim *s = NEW(out, struct sim);
	const char *slash = strchr(symbol, '/');
	size_t base = slash != NULL ? (size_t)(slash - symbol) : strlen(symbol);
	const struct temper *tm;

	s->magic = SIM_MAGIC;
	s->arena = out;
	s->seed = seed;
	s->key = text_key(symbol);
	s->path_minute = -1;
	snprintf(s->symbol, sizeof(s->symbol), "%s", symbol);
	snprintf(s->base, sizeof(s->base), "%.*s", (int)base, symbol);
	snprintf(s->quote, sizeof(s->quote), "%s",
		 slash != NULL ? slash + 1 : "");
	tm = temper_of(s->base);
	s->price_places = tm->price_places;
	s->qty_places = tm->qty_places;
	s->tick = 1 / (double)raw_pow10(tm->price_places);
	s->lot = 1 / (double)raw_pow10(tm->qty_places);
	s->log_level = det_log(tm->level);
	s->sigma = tm->sigma;
	s->turnover = tm->turnover;
	for (size_t i = 0; i < ARRAY_LEN(s->days); i++)
		s->days[i].day = -1;
	return s;
}

void sim_market(const struct sim *s, struct market *ret)
{
	struct market m = { .status = MARKET_ACTIVE,
			    .price_decimals = s->price_places,
			    .qty_decimals = s->qty_places };

	snprintf(m.exchange, sizeof(m.exchange), "sim");
	snprintf(m.symbol, sizeof(m.symbol), "%s", s->symbol);
	snprintf(m.base, sizeof(m.base), "%s", s->base);
	snprintf(m.quote, sizeof(m.quote), "%s", s->quote);
	m.tick = price_from_raw(raw_pow10(18 - s->price_places));
	m.lot = qty_from_raw(raw_pow10(18 - s->qty_places));
	m.min_notional = quote_from_raw(5 * raw_pow10(18));
	*ret = m;
}

/* ---- days ---- */

#define GARCH_A 0.07
#define GARCH_B 0.90
#define PULL (1.0 / 250)		/* half of the distance in 173 days */
#define SHARED 0.75			/* correlation of symbols' days */
#define JUMP_P 0.015
#define DAY_MAX 0.30			/* a day's |return| */

/* Saturdays and Sundays are calmer. */
#define WEEKEND 0.72

static bool is_weekend(int64_t day)
{
	return (day + SIM_DAY0 + 3) % 7 >= 5;	/* 1970-01-01: Thursday, 3 */
}

static double clip(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

static int64_t to_ticks(const struct sim *s, double log_price)
{
	int64_t t = (int64_t)(det_exp(log_price) / s->tick + 0.5);

	return t > 0 ? t : 1;
}

/* The state at the open of the day after `d`. */
static struct sim_link day_after(const struct sim *s, struct sim_link d,
				 int64_t day)
{
	struct rng all, own;
	double z, r, dev = sqrt(d.var) * (is_weekend(day) ? WEEKEND : 1);

	rng_seed(&all, det_seed(s->seed, SHARED_KEY, (uint64_t)day, SEED_DAY));
	rng_seed(&own, det_seed(s->seed, s->key, (uint64_t)day, SEED_DAY));
	z = SHARED * det_fat(&all) + sqrt(1 - SHARED * SHARED) * det_fat(&own);
	r = PULL * (s->log_level - d.log_price) + dev * z;
	if (rng_unit(&all) < JUMP_P)
		r += 2.0 * s->sigma * det_gauss(&all);
	r = clip(r, -DAY_MAX, DAY_MAX);
	d.log_price += r;
	/* The shock that enters the variance is bounded, or one wild day
	 * would rule for months. */
	r = clip(r, -4 * s->sigma, 4 * s->sigma);
	d.var = (1 - GARCH_A - GARCH_B) * s->sigma * s->sigma +
		GARCH_A * r * r + GARCH_B * d.var;
	return d;
}

static struct sim_link day_open(struct sim *s, int64_t day)
{
	assert(day >= 0);
	while (s->chain.n <= (size_t)day + 1) {
		struct sim_link next = { s->log_level, s->sigma * s->sigma };
		size_t n = s->chain.n;

		if (n > 0)
			next = day_after(s, s->chain.v[n - 1], (int64_t)n - 1);
		*array_push(s->arena, &s->chain) = next;
	}
	return s->chain.v[day];
}

/* ---- minutes ---- */

/* Deviation at the hours of the day, UTC: Asia, Europe, and both when America
 * is awake.  The mean square is 1 within a percent. */
static const double hours[25] = {
	1.02, 0.95, 0.88, 0.82, 0.78, 0.76, 0.80, 0.90, 0.98, 0.98, 0.95, 0.94,
	1.00, 1.18, 1.35, 1.38, 1.28, 1.15, 1.06, 1.02, 1.00, 0.98, 0.95, 0.98,
	1.02
};

static double season(int64_t day, int minute)
{
	int h = minute / 60;
	double f = (double)(minute % 60) / 60;
	double s = hours[h] + (hours[h + 1] - hours[h]) * f;

	return is_weekend(day) ? WEEKEND * s : s;
}

#define MINUTE_A 0.10
#define MINUTE_B 0.87
#define MINUTE_BURN 120			/* steps until the start is forgotten */
#define MINUTE_SHARED 0.6
#define MINUTE_JUMP_P (1.0 / 2500)

/* Returns and deviations of the minutes of a day, before they are bent to end
 * where the next day opens. */
static void minute_shocks(const struct sim *s, int64_t day, struct rng *own,
			  double var, double ret[static SIM_MINUTES],
			  double dev[static SIM_MINUTES])
{
	const double per_minute = sqrt(var / SIM_MINUTES);
	struct rng all;
	double g = 1, z;

	rng_seed(&all, det_seed(s->seed, SHARED_KEY, (uint64_t)day,
				SEED_MINUTE));
	for (int i = -MINUTE_BURN; i < SIM_MINUTES; i++) {
		z = MINUTE_SHARED * det_gauss(&all) +
			sqrt(1 - MINUTE_SHARED * MINUTE_SHARED) * det_fat(own);
		if (i >= 0) {
			dev[i] = per_minute * sqrt(g) * season(day, i);
			ret[i] = dev[i] * z;
			if (rng_unit(own) < MINUTE_JUMP_P)
				ret[i] += 5 * dev[i] * det_gauss(own);
		}
		z = clip(z, -4, 4);
		g = (1 - MINUTE_A - MINUTE_B) + MINUTE_A * g * z * z +
			MINUTE_B * g;
	}
}

/* How far beyond open and close the minute reaches, in ticks. */
static int64_t reach(struct rng *r, double price, double dev, double tick)
{
	double x = -det_log(1 - rng_unit(r)) * 0.45 * dev * price / tick;

	return (int64_t)clip(x, 0, 0.2 * price / tick);
}

static int64_t volume(const struct sim *s, struct rng *r, double price,
		      double ret, double dev)
{
	/* Turnover in proportion to how restless the minute is, more when
	 * the price moved, and by chance. */
	double base = s->turnover / SIM_MINUTES / price / s->lot;
	double act = dev / (s->sigma / sqrt((double)SIM_MINUTES));
	double move = dev > 0 ? clip(fabs(ret) / dev, 0, 8) : 0;
	double luck = -det_log(1 - rng_unit(r));
	double v = base * act * act * (0.35 + 0.65 * move) * (0.4 + 0.6 * luck);

	return 1 + (int64_t)clip(v, 0, 1e15);
}

static void make_day(struct sim *s, int64_t day, struct sim_day *d)
{
	const struct sim_link from = day_open(s, day), to = day_open(s, day + 1);
	double ret[SIM_MINUTES], dev[SIM_MINUTES], sum = 0, weight = 0;
	double at = from.log_price, left, rest;
	int64_t last = to_ticks(s, from.log_price);
	struct rng r;
	uint64_t jump;

	rng_seed(&r, det_seed(s->seed, s->key, (uint64_t)day, SEED_MINUTE));
	jump = rng_below(&r, SIM_MINUTES);
	minute_shocks(s, day, &r, from.var, ret, dev);
	for (int i = 0; i < SIM_MINUTES; i++) {
		sum += ret[i];
		weight += dev[i] * dev[i];
	}
	left = to.log_price - from.log_price - sum;
	/* What a calm walk cannot explain happened at once: a jump. */
	rest = clip(left, -2 * sqrt(weight), 2 * sqrt(weight));
	ret[jump] += left - rest;
	d->day = day;
	for (int i = 0; i < SIM_MINUTES; i++) {
		struct sim_minute *m = &d->m[i];
		double price;

		ret[i] += rest * (dev[i] * dev[i] / weight);
		at += ret[i];
		m->o = last;
		m->c = to_ticks(s, i + 1 < SIM_MINUTES ? at : to.log_price);
		last = m->c;
		price = (double)m->c * s->tick;
		m->h = m->o > m->c ? m->o : m->c;
		m->l = m->o < m->c ? m->o : m->c;
		m->h += reach(&r, price, dev[i], s->tick);
		m->l -= reach(&r, price, dev[i], s->tick);
		m->l = m->l > 0 ? m->l : 1;
		m->v = volume(s, &r, price, ret[i], dev[i]);
	}
}

static const struct sim_day *sim_day_at(struct sim *s, int64_t day)
{
	struct sim_day *d = &s->days[(size_t)day % ARRAY_LEN(s->days)];

	if (d->day != day)
		make_day(s, day, d);
	return d;
}

/* ---- seconds ---- */

/* One stretch of the path: from p[a] to p[b], both given, between lo and hi. */
static void stretch(struct rng *r, int64_t *p, int a, int b, int64_t lo,
		    int64_t hi, double step)
{
	double drift = 0;

	for (int i = a + 1; i < b; i++) {
		int steps = b - i + 1;
		double at, to = (double)p[b] - (double)p[i - 1];

		drift = to / steps + step * det_gauss(r);
		at = (double)p[i - 1] + drift;
		p[i] = (int64_t)clip(at + 0.5, (double)lo, (double)hi);
	}
}

static void sim_seconds(const struct sim *s, int64_t minute, const struct sim_minute *m,
		 struct sim_path *ret)
{
	int knot[4] = { 0, 0, 0, 60 };
	int64_t value[4] = { m->o, m->h, m->l, m->c }, sum = 0;
	double share[60], total = 0;
	struct rng r;

	rng_seed(&r, det_seed(s->seed, s->key, (uint64_t)minute, SEED_SECOND));
	/* High and low are each touched at a second of their own; an extreme
	 * that is the open or the close needs none, and one more touch of it
	 * does no harm. */
	knot[1] = 1 + (int)rng_below(&r, 58);
	knot[2] = 1 + (int)rng_below(&r, 58);
	if (knot[2] >= knot[1])
		knot[2]++;
	if (knot[1] > knot[2]) {
		int k = knot[1];

		knot[1] = knot[2];
		knot[2] = k;
		value[1] = m->l;
		value[2] = m->h;
	}
	for (int k = 0; k < 4; k++)
		ret->p[knot[k]] = value[k];
	for (int k = 0; k < 3; k++)
		stretch(&r, ret->p, knot[k], knot[k + 1], m->l, m->h,
			(double)(m->h - m->l) / 12);
	for (int i = 0; i < 60; i++) {
		share[i] = 0.1 - det_log(1 - rng_unit(&r));
		total += share[i];
	}
	for (int i = 0; i < 60; i++) {
		ret->v[i] = (int64_t)((double)m->v * (share[i] / total));
		sum += ret->v[i];
	}
	/* The rounding goes where there is most; it is less than 60 lots. */
	for (int i = 0; sum < m->v; i = (i + 1) % 60, sum++)
		ret->v[i]++;
	for (int i = 0; sum > m->v; i = (i + 1) % 60) {
		if (ret->v[i] > 0) {
			ret->v[i]--;
			sum--;
		}
	}
}

/* ---- candles ---- */

struct fold {			/* a candle in ticks and lots */
	int64_t o, h, l, c, v;
	bool any;
};

static void fold_in(struct fold *f, int64_t o, int64_t h, int64_t l, int64_t c,
		    int64_t v)
{
	if (!f->any)
		*f = (struct fold){ o, h, l, c, 0, true };
	f->h = h > f->h ? h : f->h;
	f->l = l < f->l ? l : f->l;
	f->c = c;
	f->v += v;
}

static void fold_second(struct fold *f, const struct sim_path *p, int i)
{
	int64_t a = p->p[i], b = p->p[i + 1];

	fold_in(f, a, a > b ? a : b, a < b ? a : b, b, p->v[i]);
}

static struct candle fold_candle(const struct sim *s, const struct fold *f,
				 int64_t t)
{
	unsigned pp = s->price_places, qp = s->qty_places;

	return (struct candle){
		t,
		dec_to_double((struct dec){ f->o, (uint8_t)pp }),
		dec_to_double((struct dec){ f->h, (uint8_t)pp }),
		dec_to_double((struct dec){ f->l, (uint8_t)pp }),
		dec_to_double((struct dec){ f->c, (uint8_t)pp }),
		dec_to_double((struct dec){ f->v, (uint8_t)qp }),
	};
}

const struct sim_minute *sim_minute_at(struct sim *s, int64_t t)
{
	int64_t since = t - SIM_EPOCH;

	assert(since >= 0);
	return &sim_day_at(s, since / DAY_MS)->m[since % DAY_MS / MIN_MS];
}

static const struct sim_path *path_at(struct sim *s, int64_t minute,
				      const struct sim_minute *m)
{
	if (s->path_minute != minute)
		sim_seconds(s, minute, m, &s->path);
	s->path_minute = minute;
	return &s->path;
}

/* Fold [from, to), both whole seconds. */
static void fold_range(struct sim *s, int64_t from, int64_t to, struct fold *f)
{
	while (from < to) {
		int64_t minute = from - from % MIN_MS;
		const struct sim_minute *m = sim_minute_at(s, minute);
		int a = (int)((from - minute) / 1000);
		int b = to - minute < MIN_MS ? (int)((to - minute) / 1000) : 60;

		if (a == 0 && b == 60) {
			fold_in(f, m->o, m->h, m->l, m->c, m->v);
		} else {
			const struct sim_path *p = path_at(s, minute, m);

			for (int i = a; i < b; i++)
				fold_second(f, p, i);
		}
		from = minute + b * 1000LL;
	}
}

int sim_candles(struct arena *out, struct sim *s, enum tf tf, int64_t from,
		int64_t to, struct candles *ret, struct err *err)
{
	struct candles cs;
	int64_t t;
	size_t i = 0;

	if (to > SIM_END)
		return FAIL(err, E_INVAL, "the simulated market ends at %lld",
			    SIM_END);
	if (from < SIM_EPOCH)
		from = SIM_EPOCH;
	t = tf_open(tf, from);
	if (t < from)
		t = tf_next(tf, t);
	candles_alloc(out, &cs, (size_t)tf_count(tf, t, to));
	for (; t < to; t = tf_next(tf, t)) {
		struct fold f = { 0 };
		struct candle c;

		if (tf_next(tf, t) > SIM_END)
			break;
		fold_range(s, t, tf_next(tf, t), &f);
		c = fold_candle(s, &f, t);
		candles_set(&cs, i++, &c);
	}
	cs.n = i;
	*ret = cs;
	return 0;
}

int64_t sim_last_ticks(struct sim *s, int64_t now)
{
	int64_t minute = now - now % MIN_MS;

	return path_at(s, minute, sim_minute_at(s, minute))->
		p[(now - minute) / 1000];
}

struct candle sim_running(struct sim *s, enum tf tf, int64_t now)
{
	int64_t open = tf_open(tf, now), to = now - now % 1000;
	struct fold f = { 0 };

	if (open < SIM_EPOCH)
		open = SIM_EPOCH;
	fold_range(s, open, to, &f);
	if (!f.any) {
		int64_t p = sim_last_ticks(s, now);

		fold_in(&f, p, p, p, p, 0);
	}
	return fold_candle(s, &f, tf_open(tf, now));
}

void sim_book_rng(const struct sim *s, int64_t second, struct rng *r)
{
	rng_seed(r, det_seed(s->seed, s->key, (uint64_t)second, SEED_BOOK));
}
