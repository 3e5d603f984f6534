#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "core/array.h"
#include "market/market_i.h"

/* ---- columns ---- */

void candles_alloc(struct arena *out, struct candles *ret, size_t n)
{
	size_t room = n > 0 ? n : 1;

	*ret = (struct candles){
		.n = n,
		.t = NEW_N(out, int64_t, room),
		.o = NEW_N(out, double, room), .h = NEW_N(out, double, room),
		.l = NEW_N(out, double, room), .c = NEW_N(out, double, room),
		.v = NEW_N(out, double, room),
	};
}

void candles_alloc_raw(struct arena *out, struct candles *ret, size_t n)
{
	double *col[5];

	for (size_t k = 0; k < ARRAY_LEN(col); k++)
		col[k] = arena_alloc_raw(out, (n + 1) * sizeof(double));
	*ret = (struct candles){
		n, arena_alloc_raw(out, (n + 1) * sizeof(int64_t)),
		col[0], col[1], col[2], col[3], col[4]
	};
}

struct candle candles_at(const struct candles *cs, size_t i)
{
	assert(i < cs->n);
	return (struct candle){ cs->t[i], cs->o[i], cs->h[i], cs->l[i],
				cs->c[i], cs->v[i] };
}

void candles_set(struct candles *cs, size_t i, const struct candle *c)
{
	assert(i < cs->n);
	cs->t[i] = c->t;
	cs->o[i] = c->o;
	cs->h[i] = c->h;
	cs->l[i] = c->l;
	cs->c[i] = c->c;
	cs->v[i] = c->v;
}

struct candles candles_slice(const struct candles *cs, size_t from, size_t to)
{
	assert(from <= to && to <= cs->n);
	return (struct candles){ to - from, cs->t + from, cs->o + from,
				 cs->h + from, cs->l + from, cs->c + from,
				 cs->v + from };
}

size_t candles_seek(const struct candles *cs, int64_t t)
{
	size_t lo = 0, hi = cs->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cs->t[mid] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- one candle ---- */

const char *candle_check(const struct candle *c, enum tf tf)
{
	if (tf_open(tf, c->t) != c->t)
		return "time is off the timeframe's grid";
	if (!isfinite(c->o) || !isfinite(c->h) || !isfinite(c->l) ||
	    !isfinite(c->c) || !isfinite(c->v))
		return "not a number";
	if (c->o <= 0 || c->h <= 0 || c->l <= 0 || c->c <= 0)
		return "price is not above zero";
	if (c->v < 0)
		return "volume is negative";
	if (c->h < c->l)
		return "high < low";
	if (c->h < c->o || c->h < c->c)
		return "high is below open or close";
	if (c->l > c->o || c->l > c->c)
		return "low is above open or close";
	return NULL;
}

static struct dec part(const struct xcandle *c, int k)
{
	return (struct dec){ c->m[k], c->d[k] };
}

static int part_cmp(const struct xcandle *c, int a, int b)
{
	return dec_cmp(part(c, a), part(c, b));
}

const char *xcandle_check(const struct xcandle *c, enum tf tf)
{
	if (tf_open(tf, c->t) != c->t)
		return "time is off the timeframe's grid";
	if (c->m[X_O] <= 0 || c->m[X_H] <= 0 || c->m[X_L] <= 0 ||
	    c->m[X_C] <= 0)
		return "price is not above zero";
	if (c->m[X_V] < 0)
		return "volume is negative";
	if (part_cmp(c, X_H, X_L) < 0)
		return "high < low";
	if (part_cmp(c, X_H, X_O) < 0 || part_cmp(c, X_H, X_C) < 0)
		return "high is below open or close";
	if (part_cmp(c, X_L, X_O) > 0 || part_cmp(c, X_L, X_C) > 0)
		return "low is above open or close";
	return NULL;
}

bool xcandle_same(const struct xcandle *a, const struct xcandle *b)
{
	if (a->t != b->t)
		return false;
	for (int k = 0; k < X__N; k++)
		if (dec_cmp(part(a, k), part(b, k)) != 0)
			return false;
	return true;
}

struct candle xcandle_double(const struct xcandle *c)
{
	return (struct candle){
		c->t, dec_to_double(part(c, X_O)), dec_to_double(part(c, X_H)),
		dec_to_double(part(c, X_L)), dec_to_double(part(c, X_C)),
		dec_to_double(part(c, X_V)),
	};
}

bool xcandle_exact(struct xcandle *ret, const struct candle *c)
{
	const double x[X__N] = { c->o, c->h, c->l, c->c, c->v };
	struct xcandle e = { .t = c->t };

	for (int k = 0; k < X__N; k++) {
		struct dec d;

		if (!dec_from_double(&d, x[k]))
			return false;
		e.m[k] = d.m;
		e.d[k] = d.d;
	}
	*ret = e;
	return true;
}

/* ---- aggregation ---- */

static int not_divided(enum tf fine, enum tf coarse, struct err *err)
{
	return FAIL(err, E_INVAL, "bars of %s cannot be made of bars of %s",
		    tf_name(coarse), tf_name(fine));
}

/* A sum of decimals of up to 8 places, as the double nearest to that decimal:
 * 0.1 + 0.1 + 0.1 is 0.3, as it is when it was summed exactly. */
static double tidy(double v)
{
	double r = v * 1e8;

	if (!(r < (double)DEC_EXACT_MAX))
		return v;
	r = rint(r) / 1e8;
	return fabs(r - v) <= 1e-12 * v ? r : v;
}

int candles_resample(struct arena *out, const struct candles *cs, enum tf fine,
		     enum tf coarse, struct candles *ret, struct err *err)
{
	struct candles r;
	size_t n = 0, i = 0;

	if (!tf_divides(fine, coarse))
		return not_divided(fine, coarse, err);
	/* No more bars than the span has, and no more than there are rows. */
	if (cs->n > 0)
		n = (size_t)tf_count(coarse, tf_open(coarse, cs->t[0]),
				     cs->t[cs->n - 1] + 1);
	candles_alloc(out, &r, n < cs->n ? n : cs->n);
	r.n = 0;
	while (i < cs->n) {
		int64_t open = tf_open(coarse, cs->t[i]);
		int64_t next = tf_next(coarse, open);
		struct candle bar = candles_at(cs, i);

		bar.t = open;
		for (i++; i < cs->n && cs->t[i] < next; i++) {
			bar.h = cs->h[i] > bar.h ? cs->h[i] : bar.h;
			bar.l = cs->l[i] < bar.l ? cs->l[i] : bar.l;
			bar.c = cs->c[i];
			bar.v += cs->v[i];
		}
		bar.v = tidy(bar.v);
		candles_set(&r, r.n++, &bar);
	}
	*ret = r;
	return 0;
}

/* bar = bar + x, exactly; false when the sum does not fit. */
static bool fold_exact(struct xcandle *bar, const struct xcandle *x)
{
	unsigned d = bar->d[X_V] > x->d[X_V] ? bar->d[X_V] : x->d[X_V];
	int64_t a, b;

	if (dec_cmp(part(x, X_H), part(bar, X_H)) > 0) {
		bar->m[X_H] = x->m[X_H];
		bar->d[X_H] = x->d[X_H];
	}
	if (dec_cmp(part(x, X_L), part(bar, X_L)) < 0) {
		bar->m[X_L] = x->m[X_L];
		bar->d[X_L] = x->d[X_L];
	}
	bar->m[X_C] = x->m[X_C];
	bar->d[X_C] = x->d[X_C];
	if (!dec_rescale(bar->m[X_V], bar->d[X_V], d, &a) ||
	    !dec_rescale(x->m[X_V], x->d[X_V], d, &b) ||
	    __builtin_add_overflow(a, b, &bar->m[X_V]))
		return false;
	bar->d[X_V] = (uint8_t)d;
	return true;
}

int xcandles_resample(struct arena *out, const struct xcandle *x, size_t n,
		      enum tf fine, enum tf coarse, struct xcandle **ret,
		      size_t *ret_n, struct err *err)
{
	ARRAY(struct xcandle) bars = { 0 };
	size_t i = 0;

	if (!tf_divides(fine, coarse))
		return not_divided(fine, coarse, err);
	while (i < n) {
		int64_t open = tf_open(coarse, x[i].t);
		int64_t next = tf_next(coarse, open);
		struct xcandle *bar = array_push(out, &bars);

		*bar = x[i];
		bar->t = open;
		for (i++; i < n && x[i].t < next; i++)
			if (!fold_exact(bar, &x[i]))
				return FAIL(err, E_INVAL, "volume of the bar of "
					    "%" PRId64 " has too many digits",
					    open);
	}
	*ret = bars.v;
	*ret_n = bars.n;
	return 0;
}

size_t candles_gaps(struct arena *out, const int64_t *t, size_t n, enum tf tf,
		    struct candle_gap **ret)
{
	ARRAY(struct candle_gap) gaps = { 0 };

	for (size_t i = 1; i < n; i++) {
		int64_t next = tf_next(tf, t[i - 1]);

		if (t[i] > next)
			*array_push(out, &gaps) = (struct candle_gap){
				next, t[i], tf_count(tf, next, t[i])
			};
	}
	*ret = gaps.v;
	return gaps.n;
}
