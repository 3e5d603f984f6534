#ifndef IND_SPREAD_I_H
#define IND_SPREAD_I_H
/* spread_i.h - mean and population variance of a window, in halves as in
 * window_i.h.
 *
 * Kept are sums of distances and of their squares from an anchor, the value
 * at which the halves meet.  It is one of the window's own (the window that is
 * one whole half is anchored at its last value), so it is no further from the
 * mean than sqrt(n) deviations: whatever the series did before, no more than
 * log10(n) digits are lost. */
#include "ind/ind_i.h"
#include "ind/pair_i.h"

struct wvar {
	double *d;			/* old half: both sums, from each slot on */
	double *x;			/* new half: its values */
	size_t n, k, seen;
	v2 s;				/* new half */
	double a, inv;
	double wa, w1, w2;		/* the window's anchor and sums */
	double mean, var;
};
static inline size_t wvar_room(double n) { return 3 * (size_t)n + 2; }
static inline double *wvar_init(struct wvar *w, double n, double *room)
{
	*w = (struct wvar){ .d = room, .x = room + 2 * (size_t)n + 2, .n = (size_t)n,
			    .inv = 1 / n, .wa = NAN, .w1 = NAN, .w2 = NAN,
			    .mean = NAN, .var = NAN };
	return room + wvar_room(n);
}
/* The distance and its square. */
static inline v2 wvar_of(double x, v2 a)
{
	v2 d = v2_of(x) - a;

	return d * v2_firsts(v2_of(1), d);
}
static inline void wvar_wrap(struct wvar *w)
{
	double *restrict d = w->d;
	v2 a = v2_of(w->x[w->n - 1]), s = v2_of(0);

	for (size_t j = w->n; j-- > 0; ) {
		s += wvar_of(w->x[j], a);
		v2_store(d + 2 * j, s);
	}
	w->a = a[0];
	w->s = v2_of(0);
	w->k = 0;
}
/* The window's sums; those of a window that is not full are na. */
static inline void wvar_push(struct wvar *w, double x)
{
	v2 r;

	if (isnan(x))
		return;
	if (w->seen == 0)
		w->a = x;
	w->s += wvar_of(x, v2_of(w->a));
	w->x[w->k] = x;
	if (++w->k == w->n)
		wvar_wrap(w);
	if (w->seen < w->n && ++w->seen < w->n)
		return;
	r = v2_load(w->d + 2 * w->k) + w->s;
	w->wa = w->a;
	w->w1 = r[0];
	w->w2 = r[1];
}
static inline double wvar_mean(double a, double w1, double inv)
{
	return a + w1 * inv;
}
static inline double wvar_var(double w1, double w2, double inv)
{
	double m = w1 * inv, v = w2 * inv - m * m;

	return v < 1e-20 ? 0 : v;
}
static inline void wvar_step(struct wvar *w, double x)
{
	wvar_push(w, x);
	w->mean = wvar_mean(w->wa, w->w1, w->inv);
	w->var = wvar_var(w->w1, w->w2, w->inv);
}

#endif /* IND_SPREAD_I_H */
