#ifndef IND_BAR_H
#define IND_BAR_H
/* bar.h - one candle, and many of them as columns.
 *
 * Prices are double here: bars feed indicators, models and statistics, never
 * a balance.  Bars are stamped with the time they open. */
#include "core/base.h"

struct bar {
	int64_t t;			/* opening time, ms since 1970 UTC */
	double o, h, l, c, v;
};

struct bars {
	size_t n;
	const int64_t *t;
	const double *o, *h, *l, *c, *v;
};

static inline struct bar bars_at(const struct bars *b, size_t i)
{
	assert(i < b->n);
	return (struct bar){ b->t[i], b->o[i], b->h[i], b->l[i], b->c[i],
			     b->v[i] };
}

static inline struct bars bars_slice(const struct bars *b, size_t i, size_t n)
{
	assert(i <= b->n && n <= b->n - i);
	return (struct bars){ n, b->t + i, b->o + i, b->h + i, b->l + i,
			      b->c + i, b->v + i };
}

#endif /* IND_BAR_H */
