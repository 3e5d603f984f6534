#ifndef IND_WINDOW_I_H
#define IND_WINDOW_I_H
/* window_i.h - sliding windows: sums, averages, extremes.
 *
 * Windows are halves.  The array b of n slots is filled round and round; at
 * each wrap its n values become partial aggregates from each slot to the end,
 * while `pre` aggregates what came since.  The window that ends in slot k is
 * b[k + 1] and pre: each a fresh aggregate of at most n values, so nothing is
 * ever subtracted again and nothing drifts. */
#include "ind/ind_i.h"

/* Sum of a window; n + 1 slots. */
struct wsum { double *b; size_t n, k; double pre; };
static inline size_t wsum_room(double n) { return (size_t)n + 1; }
static inline double *wsum_init(struct wsum *w, double n, double *room)
{
	*w = (struct wsum){ .b = room, .n = (size_t)n };
	return room + wsum_room(n);
}
static inline void wsum_wrap(struct wsum *w)
{
	double a = 0;

	for (size_t j = w->n; j-- > 0; )
		w->b[j] = a = w->b[j] + a;
	w->k = 0;
	w->pre = 0;
}
static inline double wsum_step(struct wsum *w, double x)
{
	double r;

	w->pre += x;
	r = w->b[w->k + 1] + w->pre;
	w->b[w->k] = x;
	if (++w->k == w->n)
		wsum_wrap(w);
	return r;
}

/* Average of the last n values that are not na. */
struct sma { struct wsum w; size_t seen; double inv, last; };
static inline double *sma_init(struct sma *s, double n, double *room)
{
	s->seen = 0;
	s->last = NAN;
	s->inv = n;
	return wsum_init(&s->w, n, room);
}
static inline double sma_step(struct sma *s, double x)
{
	double r;

	if (isnan(x))
		return s->last;
	r = wsum_step(&s->w, x);
	if (s->seen + 1 < s->w.n)
		s->seen++;
	else
		s->last = r / s->inv;
	return s->last;
}

/* Weights 1 (oldest) to n: the old half is a running total of its suffix
 * sums, the new half two growing sums. */
struct wma { double *b; size_t n, k, seen; double pre, q, last; };
static inline size_t wma_room(double n) { return (size_t)n + 1; }
static inline double *wma_init(struct wma *w, double n, double *room)
{
	*w = (struct wma){ .b = room, .n = (size_t)n, .last = NAN };
	return room + wma_room(n);
}
/* The weighted sum, whether or not the window is full. */
static inline double wma_sum(struct wma *w, double x)
{
	double r, a = 0, t = 0;

	w->pre += x;
	w->q += (double)(w->k + 1) * x;
	r = w->b[w->k + 1] + (w->q + (double)(w->n - 1 - w->k) * w->pre);
	w->b[w->k] = x;
	if (++w->k == w->n) {
		for (size_t j = w->n; j-- > 0; ) {
			a += w->b[j];
			w->b[j] = t += a;
		}
		w->k = 0;
		w->pre = w->q = 0;
	}
	return r;
}
static inline double wma_step(struct wma *w, double x)
{
	double r;

	if (isnan(x))
		return w->last;
	r = wma_sum(w, x);
	if (w->seen + 1 < w->n)
		w->seen++;
	else
		w->last = r / ((double)w->n * (double)(w->n + 1) / 2);
	return w->last;
}

/* Greatest (sign 1) or least (sign -1) of a window, and how many values ago
 * it was; of equals the oldest. */
struct wext { double *b; uint32_t *at; size_t n, k, seen; double pre; size_t pre_at; };
static inline size_t wext_room(double n)
{
	return (size_t)n + 1 + ((size_t)n + 2) / 2;
}
static inline double *wext_init(struct wext *w, double n, double *room)
{
	*w = (struct wext){ .b = room, .n = (size_t)n };
	w->at = (uint32_t *)(room + w->n + 1);
	return room + wext_room(n);
}
#define WEXT(name, beats)						\
static inline double name(struct wext *w, double x, double *ret_ago)	\
{									\
	size_t k = w->k, j;						\
	double r;							\
									\
	if (k == 0 || x beats w->pre) {					\
		w->pre = x;						\
		w->pre_at = k;						\
	}								\
	r = w->pre;							\
	*ret_ago = (double)(k - w->pre_at);				\
	if (w->seen + 1 < w->n) {					\
		w->seen++;						\
		r = NAN;						\
	} else if (k + 1 < w->n && !(r beats w->b[k + 1])) {		\
		r = w->b[k + 1];					\
		*ret_ago = (double)(k + w->n - w->at[k + 1]);		\
	}								\
	w->b[k] = x;							\
	if (++w->k == w->n) {						\
		w->at[w->n - 1] = (uint32_t)(w->n - 1);			\
		for (j = w->n - 1; j-- > 0; ) {				\
			w->at[j] = (uint32_t)j;				\
			if (w->b[j + 1] beats w->b[j]) {		\
				w->b[j] = w->b[j + 1];			\
				w->at[j] = w->at[j + 1];		\
			}						\
		}							\
		w->k = 0;						\
	}								\
	return r;							\
}
WEXT(wmax_step, >)
WEXT(wmin_step, <)

/* The value alone, without a question whose answer cannot be foretold. */
struct wtop { double *b; size_t n, k, seen; double pre; };
static inline size_t wtop_room(double n) { return (size_t)n + 1; }
static inline double *wtop_init(struct wtop *w, double n, double *room)
{
	*w = (struct wtop){ .b = room, .n = (size_t)n };
	return room + wtop_room(n);
}
#define WTOP(name, best, none)						\
static inline double name(struct wtop *w, double x)			\
{									\
	double r, a;							\
									\
	w->pre = best(w->k == 0 ? none : w->pre, x);			\
	w->b[w->n] = none;						\
	r = best(w->b[w->k + 1], w->pre);				\
	w->b[w->k] = x;							\
	if (++w->k == w->n) {						\
		a = none;						\
		for (size_t j = w->n; j-- > 0; )			\
			w->b[j] = a = best(a, w->b[j]);			\
		w->k = 0;						\
	}								\
	if (w->seen + 1 < w->n) {					\
		w->seen++;						\
		return NAN;						\
	}								\
	return r;							\
}
static inline double more_of(double a, double b) { return a > b ? a : b; }
static inline double less_of(double a, double b) { return a < b ? a : b; }
WTOP(wtop_max, more_of, -INFINITY)
WTOP(wtop_min, less_of, INFINITY)

#endif /* IND_WINDOW_I_H */
