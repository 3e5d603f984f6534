#ifndef ORDER_ACCT_H
#define ORDER_ACCT_H
/* acct.h - position, round trips and equity of one bot: a pure function of
 * its fills.
 *
 * Fills go in, in the order in which they were booked; lots are closed first
 * in, first out (or, with close_any, those of the entry that an exit names).
 * What changed in the list of trades comes out, to be stored.
 * Running the stored fills through again gives the same trades to the last
 * digit: that is how a restart gets its state back.
 *
 * Nothing is lost in division: a part takes its share rounded, the rest keeps
 * what is left, so the parts of a cost or a fee always sum to the whole. */
#include "xchg/xchg.h"

#define TAG_MAX 64		/* a signal's name, with its NUL */
#define COMMENT_MAX 120

struct acct_trade {
	uint64_t number;	/* from 1; of a part that was closed: its own */
	uint64_t lot;		/* number of the entry it is a part of */
	bool open;
	int direction;		/* +1 long, -1 short */
	struct qty qty;		/* > 0 */
	struct qty orig_qty;	/* of the entry, before parts were closed */
	uint64_t entry_intent, exit_intent;
	int64_t entry_ms, exit_ms;
	int64_t entry_bar, exit_bar;	/* index of the bar, from 0 */
	char entry_signal[TAG_MAX], exit_signal[TAG_MAX];
	char entry_comment[COMMENT_MAX], exit_comment[COMMENT_MAX];
	struct quote entry_cost, exit_cost;
	struct quote entry_fee, exit_fee;
	struct quote profit;	/* of a closed one, after fees */
	double max_runup, max_drawdown;	/* quote units, bar by bar */
};

struct acct_fill {		/* one fill, and the order behind it */
	uint64_t intent;
	enum xchg_side side;
	struct price price;
	struct qty qty;
	struct quote cost, fee;
	int64_t time_ms, bar;
	const char *signal, *comment;
	const char *from;	/* entry that an exit belongs to; "", NULL: any */
};

#define ACCT_LOTS_MAX 1000
#define ACCT_CLOSED_KEPT 2000

struct acct {
	struct quote initial, cash;
	bool close_any;			/* close_entries_rule = "ANY" */
	struct qty base;		/* signed */
	struct acct_trade *lots;	/* open, oldest first */
	size_t n_lots;
	/* The newest closed ones; closed[0] is number closed_first of the
	 * list (from 0), at most ACCT_CLOSED_KEPT of them. */
	struct acct_trade *closed;
	size_t n_closed, closed_first;
	uint64_t next_number;
	uint64_t wins, losses, evens;
	struct quote net_profit, gross_profit, gross_loss;
	struct quote peak, trough;	/* of the equity at bar ends */
	struct quote max_drawdown, max_runup;
	double max_contracts;
};

/* The trades that a fill has touched: to be written over what is stored. */
struct acct_changes { struct acct_trade *v; size_t n; };

void acct_init(struct arena *out, struct acct *a, struct quote initial);
/* -E_UNPROCESSABLE: out of range of money, or too many lots. */
MUST_CHECK int acct_fill(struct arena *out, struct acct *a,
			 const struct acct_fill *f, struct acct_changes *ret,
			 struct err *err);
/* The end of a bar: drawdowns and run-ups move on. */
void acct_mark(struct acct *a, struct price high, struct price low,
	       struct price close);
/* cash + position at this price. */
MUST_CHECK bool acct_equity(const struct acct *a, struct price px,
			    struct quote *ret);
MUST_CHECK bool acct_open_profit(const struct acct *a, struct price px,
				 struct quote *ret);
/* sum of cost / sum of size; zero when flat. */
struct price acct_avg_price(const struct acct *a);
struct price acct_entry_price(const struct acct_trade *t);
struct price acct_exit_price(const struct acct_trade *t);
/* What of the position came in by this signal ("": all of it). */
struct qty acct_qty_of(const struct acct *a, const char *signal);

#endif /* ORDER_ACCT_H */
