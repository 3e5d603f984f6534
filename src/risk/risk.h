#ifndef RISK_RISK_H
#define RISK_RISK_H
/* risk.h - the last word before an order is journalled: pure.
 *
 * A check may only shrink an order or refuse it; it never makes one larger,
 * turns it round or moves it to a worse price.  Rules, in this order, each
 * with its name in the verdict:
 *
 *	round		quantity down to the lot; a limit never worse than
 *			asked (buy down, sell up); a stop to the nearest tick
 *	min_qty		something is left
 *	max_orders	open orders of the bot
 *	price_band	limits and stops near the last price
 *	max_position	base units, after all that is open has filled
 *	max_notional	the same in quote units (shrinks)
 *	balance		of an account that cannot owe: what it costs with fee,
 *			slippage and one tick of room, beside all that is open
 *			(shrinks).  What a margin account may open is looked at
 *			where it fills
 *	min_notional	on the rounded values
 *
 * Orders that only reduce pass after `round`: what takes risk away is not
 * held up by a limit on risk. */
#include "order/order.h"
#include "xchg/match.h"

struct risk_limits {
	struct qty max_position;	/* 0: none */
	struct quote max_notional;	/* of the position; 0: none */
	unsigned max_orders;		/* 0: none */
	struct qty price_band;		/* 0.05: within 5 %; 0: none */
};

struct risk_state {
	struct match_rules rules;	/* tick, lot, fees, slippage */
	struct price last;
	struct qty base;		/* position */
	struct quote cash;
	/* Open orders that may still add to the position, all of them filled:
	 * UNKNOWN ones count like the rest. */
	struct qty open_buy, open_sell;
	struct quote open_cost;		/* of those that would enlarge it */
	unsigned n_open;
};

enum risk_outcome { RISK_PASS, RISK_SHRUNK, RISK_REFUSED };
struct risk_verdict {
	enum risk_outcome outcome;
	const char *rule;		/* a literal; NULL when it passed */
	char why[160];
};

/* Checks *o and shrinks it in place. */
void risk_check(const struct risk_limits *l, const struct risk_state *s,
		struct xchg_order *o, struct risk_verdict *ret);
/* What the journal's live orders bind.  Those in `skip` are about to go. */
void risk_open_orders(struct risk_state *s, const struct intent *live, size_t n,
		      struct intent *const *skip, size_t n_skip);
/* Count an order that was just let through. */
void risk_add(struct risk_state *s, const struct xchg_order *o);

#endif /* RISK_RISK_H */
