#ifndef XCHG_PUBLIC_H
#define XCHG_PUBLIC_H
/* public.h - what exchanges tell everybody: symbols and candles, by REST.
 *
 * A dialect (public_NAME.c) knows the paths, names and orders of columns of
 * one exchange; nothing of that is known elsewhere.  Every number keeps the
 * exact text it came in.
 *
 * What the exchanges document, as of November 2026:
 *
 *	binance		/api/v3/klines, 1,000 rows, ascending, from the listing
 *	coinbase	/api/v3/brokerage/market/products/ID/candles, 350 rows,
 *			newest first
 *	kraken		/0/public/OHLC has the newest 720 rows only; what is
 *			older is made of /0/public/Trades, 1,000 a request
 *	kucoin		/api/v1/market/candles, 1,500 rows, newest first, the
 *			close before the high
 *
 * All four were written from their documentation and tried against a server
 * of the tests that speaks like them, not against the exchanges. */
#include "market/market.h"

struct http;
struct conf;

struct pub;			/* one exchange */
struct pub_symbol {
	char id[2 * ASSET_MAX + 2];	/* the exchange's own name of it */
	struct market m;	/* exchange, symbol, base, quote, tick, lot,
				 * min_notional, status; no ids */
};

/* Names of the exchanges, NULL at the end. */
#define PUB_EXCHANGES 4
extern const char *const pub_names[];
/* -E_NOTFOUND: none of that name.  Its address is a setting of `conf`. */
MUST_CHECK int pub_new(struct arena *out, const char *exchange,
		       const struct conf *conf, struct http *http,
		       struct pub **ret, struct err *err);
/* Does it offer candles of that length? */
bool pub_has_tf(const struct pub *p, enum tf tf);
/* Errors of all that ask: -E_IO, -E_TIMEOUT no answer; -E_BUSY it wants to be
 * left alone (for how long is in the sentence); -E_EXCHANGE it refused, or
 * what it said makes no sense; -E_NOTFOUND it has no such symbol. */
MUST_CHECK int pub_time(struct pub *p, int64_t *ret_ms, struct err *err);
MUST_CHECK int pub_symbol(struct pub *p, const struct market *named,
			  struct pub_symbol *ret, struct err *err);

/* Closed candles of [from, to), opens on the grid, `to` not after the newest
 * closed one's end.  Ascending; where nothing was traded there is none.
 * All before `next` (> from, <= to) is then known: ask again from there. */
struct pub_page { struct xcandle *x; size_t n; int64_t next; };
MUST_CHECK int pub_candles(struct arena *out, struct pub *p,
			   const struct pub_symbol *s, enum tf tf, int64_t from,
			   int64_t to, struct pub_page *ret, struct err *err);

/* ---- into the store ---- */

struct pub_fill {
	struct pub *p;
	const struct pub_symbol *s;
	uint64_t market_id;
	enum tf tf;
	int64_t from, to;	/* as for pub_candles() */
	/* After each page: bars known of bars asked for; other than 0 ends it
	 * and is returned.  May be NULL. */
	int (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};
struct pub_filled { uint64_t pages, added, same, missing; };
/* What is not stored of [from, to), page by page, each in a transaction of its
 * own: what was stored stays, and the same call goes on from there.  A stored
 * candle is never changed.  missing: bars that the exchange has not either. */
MUST_CHECK int pub_fill(struct arena *scratch, struct db *db,
			const struct pub_fill *f, struct pub_filled *ret,
			struct err *err);

#endif /* XCHG_PUBLIC_H */
