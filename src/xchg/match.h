#ifndef XCHG_MATCH_H
#define XCHG_MATCH_H
/* match.h - the paper broker's order book and books: pure.
 *
 * State and what a candle traded go in, events come out, and the state has
 * moved on.  No clock, no I/O, no chance.
 *
 * What a candle trades is not decided here: one code decides that for
 * backtests and for bots, the emulator (bt/emu.h).  It arrives as prints, in
 * their order.  The broker holds each against its own book and refuses one
 * that no exchange could have made (match_may_print): an order that is not
 * open, more than is left of it, a price that the candle did not see or that
 * is worse than the order's limit, a stop that was not met, an order that only
 * reduces and would enlarge.  Cost, fee and balances are worked out here, in
 * exact money.
 *
 *	parent		a child sleeps until its parent first fills; distances
 *			become levels then.  It ends with a parent that ends
 *			unfilled
 *	XO_NOW		fills when it arrives, at the last close, slippage_ticks
 *			worse */
#include "xchg/xchg.h"

struct match_rules {
	struct price tick;
	struct qty lot;
	struct quote min_notional;
	struct quote quote_step;	/* cost and fees are rounded to it */
	/* Of a fill: a share of its cost (0.001 is 0.1 %), and an amount for
	 * each unit; of an order: an amount. */
	struct qty fee_maker, fee_taker;
	struct qty fee_unit;
	struct quote fee_order;
	int64_t slippage_ticks;
	/* How the emulator is to fill; the books only keep them. */
	struct qty participation;	/* of a candle's volume; 0: no limit */
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
	struct quote cost;
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

struct match_print {
	struct coid coid;
	enum xchg_side side;
	struct price price;	/* slippage included */
	struct qty qty;
	bool maker;
	bool last;		/* what is left of the order ends */
};
/* Could the candle have done this to the order?  0, or -E_UNPROCESSABLE with
 * the reason. */
MUST_CHECK int match_may_print(const struct match_rules *r,
			       const struct xchg_order *o,
			       const struct match_candle *c,
			       const struct match_print *p, struct err *err);
/* The candle is over; its open is not before s->clock_ms.  -E_UNPROCESSABLE:
 * a print that cannot be, or an amount that does not fit the money type (the
 * state is then of no use). */
MUST_CHECK int match_candle(struct arena *out, struct match_state *s,
			    const struct match_candle *c,
			    const struct match_print *v, size_t n,
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

#endif /* XCHG_MATCH_H */
