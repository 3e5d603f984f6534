/* Levels that prices have made: turning points and volume by price. */
#include "config.h"

#include "ind/window_i.h"

/* --- ZigZag ----------------------------------------------------------------
 * A leg ends at its extreme once the price has come back from it by
 * `deviation` percent: on that bar, not before, the extreme is a pivot.  What
 * was given is never changed.  A bar that extends the leg does not end it:
 * what came first within the bar is not known. */
struct zigzag {
	double rate, high, low, last_high, last_low, dir;
	uint64_t bar, high_at, low_at;
};
static size_t size_zigzag(const double *p) { (void)p; return sizeof(struct zigzag); }
static void init_zigzag(void *v, const double *p)
{
	*(struct zigzag *)v = (struct zigzag){ .rate = p[0] / 100, .high = NAN,
		.low = NAN, .last_high = NAN, .last_low = NAN };
}
/* The extremes of the leg; before the first pivot both are followed. */
static void zigzag_follow(struct zigzag *s, double h, double l)
{
	if (s->dir >= 0 && !(h <= s->high)) {
		s->high = h;
		s->high_at = s->bar;
	}
	if (s->dir <= 0 && !(l >= s->low)) {
		s->low = l;
		s->low_at = s->bar;
	}
}
/* The pivot this bar confirms; na if none. */
static double zigzag_pivot(struct zigzag *s, double h, double l, double *ret_ago)
{
	double r = NAN;

	if (s->dir >= 0 && s->high_at < s->bar && s->high - l >= s->high * s->rate) {
		s->dir = -1;
		r = s->last_high = s->high;
		*ret_ago = (double)(s->bar - s->high_at);
		s->low = l;
		s->low_at = s->bar;
	} else if (s->dir <= 0 && s->low_at < s->bar && h - s->low >= s->low * s->rate) {
		s->dir = 1;
		r = s->last_low = s->low;
		*ret_ago = (double)(s->bar - s->low_at);
		s->high = h;
		s->high_at = s->bar;
	}
	return r;
}
static void run_zigzag(RUN_ARGS)
{
	struct zigzag s = *(struct zigzag *)state;

	for (size_t i = 0; i < n; i++) {
		double h = in[0][i], l = in[1][i], ago = NAN, pivot = NAN;

		if (!isnan(h) && !isnan(l)) {
			zigzag_follow(&s, h, l);
			pivot = zigzag_pivot(&s, h, l, &ago);
		}
		s.bar++;
		ret[0][i] = pivot;
		ret[1][i] = s.dir == 0 ? NAN : s.dir;
		ret[2][i] = ago;
		ret[3][i] = s.last_high;
		ret[4][i] = s.last_low;
	}
	*(struct zigzag *)state = s;
}
const struct ind_def ind_zigzag = {
	"zigzag", "ZigZag of confirmed pivots, without look-ahead", 2, 1, 5,
	{ "high", "low" }, { { "deviation", IND_FLOAT, 5, 1e-6, 99.99 } },
	{ "pivot", "direction", "bars_ago", "last_high", "last_low" },
	IND_RECURSIVE, 0, size_zigzag, init_zigzag, run_zigzag,
};

/* --- Volume profile ---------------------------------------------------------
 * The range of the window is cut into equal rows; the volume of a bar is
 * spread evenly from its low to its high.  Rows are kept as two doubles each
 * (the sum and what rounding took from it), so that what leaves the window
 * leaves nothing behind; a new range means new rows. */
struct profile {
	struct wext h, l;
	double *bar[3], *sum, *rest;	/* high, low, volume of the window */
	double lo, hi, share, last[3];
	size_t n, rows, k, have;
};
static size_t size_profile(const double *p)
{
	return sizeof(struct profile) + (2 * wext_room(p[0]) + 3 * (size_t)p[0] +
		2 * (size_t)p[1]) * sizeof(double);
}
static void init_profile(void *v, const double *p)
{
	struct profile *s = v;
	double *room = wext_init(&s->h, p[0], (double *)(s + 1));

	s->n = (size_t)p[0];
	s->rows = (size_t)p[1];
	s->share = p[2] / 100;
	room = wext_init(&s->l, p[0], room);
	for (size_t k = 0; k < 3; k++, room += s->n) {
		s->bar[k] = room;
		s->last[k] = NAN;
	}
	s->sum = room;
	s->rest = room + s->rows;
	s->lo = s->hi = NAN;
}
static inline void profile_put(struct profile *s, size_t row, double x)
{
	double a = s->sum[row], t = a + x, b = t - a;

	s->rest[row] += (a - (t - b)) + (x - b);
	s->sum[row] = t;
	t = s->sum[row] + s->rest[row];		/* keep the rest small */
	s->rest[row] -= t - s->sum[row];
	s->sum[row] = t;
}
static size_t profile_row(const struct profile *s, double price)
{
	double r = floor((price - s->lo) / (s->hi - s->lo) * (double)s->rows);

	return !(r >= 0) ? 0 : r >= (double)s->rows ? s->rows - 1 : (size_t)r;
}
/* sign 1: the bar comes, -1: it goes. */
static void profile_bar(struct profile *s, size_t at, double sign)
{
	double h = s->bar[0][at], l = s->bar[1][at], v = sign * s->bar[2][at];
	double width = (s->hi - s->lo) / (double)s->rows;
	size_t from, to;

	if (!(s->hi > s->lo))
		return;
	from = profile_row(s, l);
	to = profile_row(s, h);
	if (from == to) {
		profile_put(s, from, v);
		return;
	}
	for (size_t k = from; k <= to; k++) {
		double a = s->lo + width * (double)k, b = s->lo + width * (double)(k + 1);

		a = k == from ? l : a;
		b = k == to ? h : b;
		profile_put(s, k, b > a ? v * ((b - a) / (h - l)) : 0);
	}
}
static void profile_anew(struct profile *s, double hi, double lo)
{
	s->hi = hi;
	s->lo = lo;
	for (size_t k = 0; k < s->rows; k++)
		s->sum[k] = s->rest[k] = 0;
	for (size_t k = 0; k < s->n; k++)
		profile_bar(s, k, 1);
}
/* The fullest row (the lowest of several), and its neighbours, the fuller one
 * first, until the share of the whole volume is reached. */
static void profile_area(struct profile *s)
{
	double all = 0, width = (s->hi - s->lo) / (double)s->rows, got;
	size_t poc = 0, up, down;

	for (size_t k = 0; k < s->rows; k++) {
		all += s->sum[k];
		poc = s->sum[k] > s->sum[poc] ? k : poc;
	}
	got = s->sum[poc];
	for (up = down = poc; got < s->share * all && (up + 1 < s->rows || down > 0); ) {
		double u = up + 1 < s->rows ? s->sum[up + 1] : -INFINITY;
		double d = down > 0 ? s->sum[down - 1] : -INFINITY;

		got += u >= d ? u : d;
		if (u >= d)
			up++;
		else
			down--;
	}
	s->last[0] = all > 0 ? s->lo + width * ((double)poc + 0.5) : NAN;
	s->last[1] = all > 0 ? s->lo + width * (double)(up + 1) : NAN;
	s->last[2] = all > 0 ? s->lo + width * (double)down : NAN;
}
/* A bar with na in it is passed over and the last levels are held. */
static void profile_step(struct profile *s, double h, double l, double v)
{
	double hi, lo, ago;
	bool full = s->have == s->n;

	if (isnan(h) || isnan(l) || isnan(v))
		return;
	hi = wmax_step(&s->h, h, &ago);
	lo = wmin_step(&s->l, l, &ago);
	if (full && hi == s->hi && lo == s->lo)
		profile_bar(s, s->k, -1);
	s->bar[0][s->k] = h;
	s->bar[1][s->k] = l;
	s->bar[2][s->k] = v;
	s->have += !full;
	if (full && hi == s->hi && lo == s->lo)
		profile_bar(s, s->k, 1);
	else if (s->have == s->n)
		profile_anew(s, hi, lo);
	if (++s->k == s->n)
		s->k = 0;
	if (s->have < s->n)
		return;
	if (hi > lo)
		profile_area(s);
	else
		s->last[0] = s->last[1] = s->last[2] = hi;
}
static void run_profile(RUN_ARGS)
{
	struct profile *s = state;

	for (size_t i = 0; i < n; i++) {
		profile_step(s, in[0][i], in[1][i], in[2][i]);
		for (size_t k = 0; k < 3; k++)
			ret[k][i] = s->last[k];
	}
}
const struct ind_def ind_volumeprofile = {
	"volumeprofile", "Volume by price: point of control and value area", 3, 3, 3,
	{ "high", "low", "volume" },
	{ LENGTH(100), { "rows", IND_INT, 24, 1, 1000 },
	  { "value_area", IND_FLOAT, 70, 1, 100 } },
	{ "poc", "vah", "val" }, IND_RECURSIVE, 0,
	size_profile, init_profile, run_profile,
};
