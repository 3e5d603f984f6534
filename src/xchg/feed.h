#ifndef XCHG_FEED_H
#define XCHG_FEED_H
/* feed.h - where a bot's candles come from: one pull interface for the
 * simulated market, stored candles replayed, and exchanges.
 *
 *	rc = feed_next(f, clock_ms(clock), &item, err);
 *	CANDLE	a closed candle, the next one after the last (gaps stay gaps)
 *	WAIT	nothing now; ask again after item.wait_ms
 *	END	a replay has come to its end; every later call says so too
 *
 * `now` is the real time; a replay keeps a clock of its own that runs `speed`
 * times as fast.  A feed is opened behind a candle (`after`, the open of the
 * last one that was decided on), so a bot that was killed goes on where it
 * stood.  Nothing is skipped and nothing comes twice. */
#include "market/market.h"
#include "xchg/quotes.h"

enum feed_kind { FEED_CANDLE, FEED_WAIT, FEED_END };
struct feed_item {
	enum feed_kind kind;
	struct candle candle;	/* FEED_CANDLE */
	int64_t wait_ms;	/* FEED_WAIT: > 0 */
};

struct feed;
struct feed_ops {
	const char *name;
	int (*next)(struct feed *f, int64_t now, struct feed_item *ret,
		    struct err *err);
	int64_t (*time)(const struct feed *f, int64_t now);
	bool (*quote)(struct feed *f, int64_t now, struct ticker *ret_ticker,
		      struct book *ret_book);
};
struct feed {
	unsigned magic;
#define FEED_MAGIC 0x1fe3d9a5u
	const struct feed_ops *ops;
	uint64_t bars;		/* given so far */
	int64_t last;		/* open of the last one given, or `after` */
	uint64_t bars_total;	/* from `after` to the end; 0: has no end */
};

MUST_CHECK int feed_next(struct feed *f, int64_t now, struct feed_item *ret,
			 struct err *err);
/* The market's time: of a replay its virtual clock, else `now`. */
int64_t feed_time(const struct feed *f, int64_t now);
/* Ticker and book at the market's time; false: this feed has none.  Either
 * ret may be NULL. */
MUST_CHECK bool feed_quote(struct feed *f, int64_t now,
			   struct ticker *ret_ticker, struct book *ret_book);

/* ---- kinds ---- */

#define FEED_START INT64_MIN	/* `after` of a feed that begins */

/* Stored candles [from, to) of a market, at `speed` times real time; 0: as
 * fast as they are asked for.  The virtual clock stands at the open of the
 * first candle after `after` when it is first asked. */
struct replay_opts {
	uint64_t market_id;
	enum tf tf;
	int64_t from, to;	/* opens; INT64_MIN and INT64_MAX: all of it */
	int64_t after;
	double speed;
};
MUST_CHECK int feed_replay(struct arena *out, struct db *db,
			   const struct replay_opts *o, struct feed **ret,
			   struct err *err);
/* What the feed process appends to the store, as it closes.  A feed that
 * begins (FEED_START) begins with the candle that closes next.  quotes may be
 * NULL. */
MUST_CHECK int feed_live(struct arena *out, struct db *db,
			 const struct quotes *quotes, uint64_t market_id,
			 enum tf tf, int64_t after, struct feed **ret,
			 struct err *err);
/* The simulated market itself, without a database. */
struct sim;
struct feed *feed_sim(struct arena *out, struct sim *s, enum tf tf,
		      int64_t after) NONNULL_RET;

#endif /* XCHG_FEED_H */
