#ifndef XCHG_MATCH_H
#define XCHG_MATCH_H
/* match.h - the paper broker's matching engine: a pure function.
 *
 * State and a candle go in, events come out, and the state has moved on.  No
 * clock, no I/O, no chance: the same input gives the same events.
 *
 * Within a candle the price walks open - high - low - close when the open is
 * nearer to the high, else open - low - high - close.  Events happen in the
 * order in which the path meets them, older orders first where they meet it
 * together:
 *
 *	market		at the open (or where the path stands when it becomes
 *			active), `slippage` ticks worse
 *	stop		at its price, or at the open when the candle opens
 *			beyond it; slippage ticks worse
 *	limit		at its price, or at the open when that is better;
 *			never any slippage
 *	stop-limit	becomes a limit where the stop is met
 *	trail		follows the best price of the path from its activation
 *			on, fills `offset` behind it as a stop does
 *
 * An order becomes active `latency_ms` after it was placed (time runs evenly
 * along the path); a child order where its parent first fills.  A fill takes
 * at most `participation` of the candle's volume, together with all the others
 * of that candle; the rest waits for the next candle.  A fill that would need
 * more money than there is shrinks, and the rest of the order is cancelled. */
#include "xchg/xchg.h"

struct match_rules {
	struct price tick;
	struct qty lot;
	struct quote min_notional;
	struct quote quote_step;	/* cost and fees are rounded to it */
	struct qty fee_maker, fee_taker;	/* 0.001 is 0.1 % */
	struct qty participation;	/* of a candle's volume; 0: no limit */
	int64_t slippage_ticks;
	int64_t latency_ms;
	bool allow_short;	/* else the base balance stays >= 0 */
};

struct match_candle {
	int64_t open_ms, close_ms;	/* close: the next one's open */
	struct price o, h, l, c;
	struct qty v;
};

struct match_order {
	struct xchg_order o;
	uint64_t seq;			/* order of arrival */
	enum xchg_state state;
	int64_t placed_ms;
	struct qty filled;
	struct qty oca_taken;	/* filled by siblings of a reduce group */
	struct quote cost;
	bool triggered;		/* a stop that was met: now market or limit */
	bool trailing;		/* a trail that is active: */
	struct price mark;	/* its best price so far */
	bool dirty;		/* changed since the caller cleared it */
	char reason[60];	/* of a cancellation */
};

struct match_state {
	struct match_rules rules;
	struct qty base;	/* position; negative: short */
	struct quote cash;
	int64_t bar_ms;		/* open of the last candle seen */
	int64_t clock_ms;	/* its close; 0: none yet */
	struct price last;	/* its closing price; zero: none yet */
	uint64_t order_seq, fill_seq;	/* the last ones used */
	struct match_order *orders;	/* live ones, by seq */
	size_t n_orders, room;		/* room: what the array can hold */
};
#define MATCH_ORDERS_MAX 200	/* live orders of an account */

struct match_fill {
	size_t order;		/* index in orders */
	uint64_t seq;
	int64_t time_ms;
	struct price price;
	struct qty qty;
	struct quote cost, fee;
	bool maker;
};

struct match_events {
	struct match_fill *fills;
	size_t n_fills;
	bool changed;		/* some order is dirty, with a fill or without */
};

/* Would no order fill or end in this candle?  Walks a copy when in doubt. */
bool match_quiet(const struct match_state *s, const struct match_candle *c);
/* Walk the candle; its open is not before s->clock_ms.  -E_UNPROCESSABLE when
 * an amount does not fit the money type (the state is then of no use). */
MUST_CHECK int match_candle(struct arena *out, struct match_state *s,
			    const struct match_candle *c,
			    struct match_events *ret, struct err *err);
/* An empty state with room for `room` orders. */
void match_init(struct arena *out, struct match_state *s, size_t room);
/* Take in an order at time now_ms.  -E_UNPROCESSABLE with the
 * rule that refuses it.  An XO_NOW order fills at once, at s->last. */
MUST_CHECK int match_place(struct arena *out, struct match_state *s,
			   const struct xchg_order *o, int64_t now_ms,
			   struct match_events *ret, struct err *err);
/* -E_NOTFOUND when no live order has this name.  Children of an order that
 * never filled go with it. */
MUST_CHECK int match_cancel(struct match_state *s, struct coid coid,
			    const char *reason, struct err *err);
/* Drop the orders that are over, after the caller has stored them. */
void match_sweep(struct match_state *s);

/* The walk: 4 prices, in order. */
void match_path(const struct match_candle *c, struct price ret[static 4]);

#endif /* XCHG_MATCH_H */
