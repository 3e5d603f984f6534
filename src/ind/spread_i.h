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

struct wvar {
	double *d, *q;			/* old half: sums from each slot on */
	size_t n, k, seen;
	double a, s1, s2, inv;
	double wa, w1, w2;		/* the window's anchor and sums */
	double mean, var;
};
static inline size_t wvar_room(double n) { return 2 * (size_t)n; }
static inline double *wvar_init(struct wvar *w, double n, double *room)
{
	*w = (struct wvar){ .d = room, .q = room + (size_t)n, .n = (size_t)n,
			    .inv = 1 / n, .wa = NAN, .w1 = NAN, .w2 = NAN,
			    .mean = NAN, .var = NAN };
	return room + wvar_room(n);
}
/* Two slots a turn, so that a sum waits for half as many others. */
static inline void wvar_wrap(struct wvar *w)
{
	double *restrict v = w->d, *restrict q = w->q;
	double a = v[w->n - 1], s1 = 0, s2 = 0;
	size_t j = w->n;

	for (; j >= 2; j -= 2) {
		double d1 = v[j - 1] - a, d0 = v[j - 2] - a;
		double e1 = d1 * d1, e0 = d0 * d0;

		v[j - 1] = s1 + d1;
		q[j - 1] = s2 + e1;
		v[j - 2] = s1 += d1 + d0;
		q[j - 2] = s2 += e1 + e0;
	}
	if (j == 1) {
		double d = v[0] - a;

		v[0] = s1 + d;
		q[0] = s2 + d * d;
	}
	w->a = a;
	w->s1 = w->s2 = 0;
	w->k = 0;
}
/* The window's sums; those of a window that is not full are na. */
static inline void wvar_push(struct wvar *w, double x)
{
	double d;

	if (isnan(x))
		return;
	if (w->seen == 0)
		w->a = x;
	d = x - w->a;
	w->s1 += d;
	w->s2 += d * d;
	w->d[w->k] = x;
	if (++w->k == w->n)
		wvar_wrap(w);
	if (w->seen < w->n && ++w->seen < w->n)
		return;
	w->wa = w->a;
	w->w1 = w->d[w->k] + w->s1;
	w->w2 = w->q[w->k] + w->s2;
}
static inline double wvar_mean(double a, double w1, double inv)
{
	return a + w1 * inv;
}
static inline double wvar_var(double w1, double w2, double inv)
{
	double v = (w2 - w1 * w1 * inv) * inv;

	return v < 1e-20 ? 0 : v;
}
static inline void wvar_step(struct wvar *w, double x)
{
	wvar_push(w, x);
	w->mean = wvar_mean(w->wa, w->w1, w->inv);
	w->var = wvar_var(w->w1, w->w2, w->inv);
}

#endif /* IND_SPREAD_I_H */
