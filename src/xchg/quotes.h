#ifndef XCHG_QUOTES_H
#define XCHG_QUOTES_H
/* quotes.h - the newest ticker and order book of every market, for hot reads.
 *
 * One file mapping in the run directory: the feed process writes, any process
 * of the host reads without a lock and without the database.  A slot carries
 * a sequence number that is odd while it is being written; a reader copies
 * and looks again.  A file of another layout is replaced. */
#include "core/arena.h"
#include "core/err.h"
#include "core/money.h"

#define BOOK_DEPTH 50
#define QUOTES_MAX 512		/* markets */

struct ticker {
	int64_t time;
	struct price bid, ask, last;
	struct price open_24h;	/* zero: not known */
	struct qty volume_24h;
};
/* (last - open_24h) / open_24h; false when it is not known. */
MUST_CHECK bool ticker_change(const struct ticker *t, double *ret);

struct book_level { struct price price; struct qty qty; };
struct book {			/* best first */
	int64_t time;
	unsigned n_bids, n_asks;
	struct book_level bids[BOOK_DEPTH], asks[BOOK_DEPTH];
};

struct quotes;
/* Opens or creates run_dir/quotes; closed with `out`. */
MUST_CHECK int quotes_open(struct arena *out, const char *run_dir,
			   struct quotes **ret, struct err *err);
/* One writer per market.  -E_LIMIT: no slot is left for a new market. */
MUST_CHECK int quotes_put(struct quotes *q, uint64_t market_id,
			  const struct ticker *t, const struct book *b,
			  struct err *err);
/* False: nobody has brought a quote of this market yet.  Either ret may be
 * NULL.  How old it is, its time tells. */
MUST_CHECK bool quotes_get(const struct quotes *q, uint64_t market_id,
			   struct ticker *ret_ticker, struct book *ret_book);

#endif /* XCHG_QUOTES_H */
