#ifndef ORDER_PLAN_H
#define ORDER_PLAN_H
/* plan.h - from what a strategy says to what is placed and cancelled: pure.
 *
 * In: the commands of one bar, the position, the orders that are open.  Out:
 * orders to place, orders to cancel, and remarks about commands that led to
 * nothing.  It keeps no memory of its own: what it must know of earlier bars
 * stands in the open orders and in the trades.
 *
 * The rules are those of the chart's broker emulator:
 *   entry	its size is fixed here: against a position of the other
 *		direction it trades the position and its own size; a pending
 *		entry of the same name is replaced; more than `pyramiding`
 *		entries in one direction are left out
 *   exit	up to three legs (target, stop, trail) that share their
 *		quantity and only reduce; bound to the open position, or to the
 *		pending entry, whose children they become; the same call on the
 *		next bar changes nothing, another level replaces them; a leg
 *		with a size of its own fires once per position
 *   close	market, only reduces; close_all likewise
 *   cancel	by name, entries and exits; cancel_all
 *   order	as it is said
 * Exits whose position is gone are cancelled. */
#include "order/order.h"
#include "script/script.h"

struct plan_rules {
	struct price tick;
	struct qty lot;
	const struct strat_properties *props;
};

struct plan_in {
	uint64_t bot_id;
	struct plan_rules rules;
	const struct acct *acct;
	struct intent *live;		/* of the journal */
	size_t n_live;
	struct price close;
	struct quote equity;
	int64_t bar_ms, now_ms;
	int64_t deadline_us;		/* of what is placed now */
	const struct strat_cmd *cmds;
	size_t n_cmds;
	int allow_dir;			/* +1, -1; 0: both */
};

struct plan_out {
	struct intent *place;		/* state NEW, named */
	size_t n_place;
	struct intent **cancel;		/* into in->live */
	size_t n_cancel;
	const char **notes;
	size_t n_notes;
};

/* -E_UNPROCESSABLE: a command that a bot cannot obey; the run must stop. */
MUST_CHECK int plan_orders(struct arena *out, const struct plan_in *in,
			   struct plan_out *ret, struct err *err);

#endif /* ORDER_PLAN_H */
