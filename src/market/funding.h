#ifndef MARKET_FUNDING_H
#define MARKET_FUNDING_H
/* funding.h - the stored funding rates of perpetual futures. */
#include "market/market.h"

struct funding {
	size_t n;
	int64_t *t;			/* ascending */
	double *rate, *mark;		/* mark NaN: not known */
};
/* What is there for a time already is replaced. */
MUST_CHECK int funding_store(struct db *db, uint64_t market_id,
			     const struct funding *f, struct err *err);
/* Times in [from, to); nothing there: n = 0 and no error. */
MUST_CHECK int funding_load(struct arena *out, struct db *db, uint64_t market_id,
			    int64_t from, int64_t to, struct funding *ret,
			    struct err *err);

#endif /* MARKET_FUNDING_H */
