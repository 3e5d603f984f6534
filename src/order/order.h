#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H
/* order.h - the life of an order, journal first.
 *
 * An order is a row (order_intent) before the exchange hears of it, and every
 * change of its state is a row (order_event) with its cause.  The steps, each
 * one transaction that first checks that this process still holds the bot:
 *
 *	journal_decide	T1: the intents of one bar are written, NEW
 *	journal_send	T2: NEW -> SENDING; from here they count as live
 *			then one request each leaves the process, once
 *			T3: the answers: OPEN, REJECTED, or UNKNOWN when there
 *			was none.  If T3 fails the row says SENDING, which is
 *			read as UNKNOWN
 *	journal_sync	what the exchange did meanwhile: fills are booked once
 *			(by trade id) together with ledger, balance and trades
 *	journal_resolve	asks the exchange about what is UNKNOWN and about
 *			cancellations; it alone may say LOST_NOT_PLACED, and
 *			only with proof
 *
 * Nobody sends an intent twice.  One that provably never arrived is replaced
 * by a new intent (attempt + 1) while its deadline, on the bot's clock, has
 * not passed; after that it stays LOST.  An intent that was never sent (NEW)
 * is sent after a restart under the same condition, else ABANDONED.
 *
 * Every call that fails leaves memory behind the database: reopen. */
#include "order/acct.h"

struct db;
struct clock;

/* name, letter, live (counts as exposure) */
#define ORDER_STATES(X)							\
	X(NEW, 'n', false)		/* written, never sent */	\
	X(SENDING, 's', true)		/* may be on its way */		\
	X(OPEN, 'o', true) X(PARTIAL, 'p', true)			\
	X(CANCELING, 'k', true)		/* asked to go */		\
	X(UNKNOWN, 'u', true)		/* no answer came */		\
	X(FILLED, 'f', false) X(CANCELED, 'c', false)			\
	X(REJECTED, 'r', false)		/* by risk or the exchange */	\
	X(LOST_NOT_PLACED, 'l', false)	/* proven not to have arrived */ \
	X(ABANDONED, 'a', false)	/* never sent, too late now */
enum order_state {
#define X(id, c, live) ORDER_##id = c,
	ORDER_STATES(X)
#undef X
};
const char *order_state_name(enum order_state s);
bool order_state_parse(char c, enum order_state *ret);
bool order_state_live(enum order_state s);
/* May an order go from a to b?  One table; a test walks all pairs. */
bool order_state_may(enum order_state a, enum order_state b);

enum order_kind { KIND_ENTRY = 'e', KIND_ORDER = 'o', KIND_EXIT = 'x',
		  KIND_CLOSE = 'c' };
enum order_leg { LEG_NONE = '-', LEG_PROFIT = 'p', LEG_LOSS = 'l',
		 LEG_TRAIL = 't' };

struct intent {
	uint64_t id;		/* 0: not written yet */
	int64_t bar_ms;		/* the bar it was decided on */
	unsigned seq, attempt;	/* with bar_ms: its name within the bot */
	enum order_kind kind;
	enum order_leg leg;
	uint64_t key_seq, key_entry;	/* with leg: its name at who decided */
	char tag[TAG_MAX];	/* the signal's name */
	char from_entry[TAG_MAX];
	char comment[COMMENT_MAX];
	struct xchg_order o;
	enum order_state state;
	int64_t created_ms, sent_us;
	struct qty filled;
	struct quote cost;
	unsigned not_found;	/* rounds in which the exchange knew nothing */
	char reason[200];	/* why it was refused or ended */
	uint64_t ver;
	bool cancel_sent;	/* in this process */
};

/* What of it may still fill. */
struct qty intent_rest(const struct intent *it);
/* The coid of (bot, bar, seq, attempt). */
void intent_name(struct intent *it, uint64_t bot_id);

/* ---- the journal of one bot ------------------------------------------- */

/* Runs inside a transaction of the journal, first: locks the lease row and
 * fails with -E_BUSY when this process is not the holder any more. */
typedef int journal_guard_fn(void *ctx, struct db *db, struct err *err);
/* Runs at its end: what the caller wants to stand or fall with it. */
typedef int journal_with_fn(void *ctx, struct db *db, struct err *err);

struct journal_conf {
	uint64_t bot_id, account_id, epoch;
	const char *base, *quote;
	struct db *db;
	struct xchg *x;
	journal_guard_fn *guard;
	/* In memory, just before a request leaves: is the lease good for as
	 * long as the request may take? */
	bool (*may_send)(void *ctx);
	/* After a commit, once for each order whose state is new. */
	void (*changed)(void *ctx, const struct intent *it);
	void *ctx;		/* of all three */
};

struct journal {
	struct journal_conf c;
	struct arena *arena;
	struct intent *live;	/* NEW and live ones, by id */
	size_t n_live, room;
	uint64_t fill_seq;	/* the last one booked */
	uint64_t sent, acked, refused, unknown, lost;	/* counts */
};

MUST_CHECK int journal_open(struct arena *out, const struct journal_conf *c,
			    struct journal **ret, struct err *err);

/* What one bar decides.  Those to be placed come checked by risk; refused
 * ones have state REJECTED and a reason, the others NEW.  `cancel` points
 * into j->live. */
struct decision {
	struct intent *place;
	size_t n_place;
	struct intent **cancel;
	size_t n_cancel;
	journal_with_fn *with;	/* may be NULL */
	void *ctx;
};
MUST_CHECK int journal_decide(struct journal *j, const struct decision *d,
			      struct err *err);
/* Sends what is NEW and cancels what is CANCELING.  now_ms is the bot's
 * clock.  An intent whose deadline is over becomes ABANDONED. */
MUST_CHECK int journal_send(struct journal *j, int64_t now_ms, struct err *err);

struct booked {			/* one fill, as it was booked */
	uint64_t intent;	/* 0: not ours */
	char tag[TAG_MAX];
	struct xchg_fill f;
};
struct sync_in {
	/* The last bar that was decided on (its open, its index): a fill is
	 * seen by the decision after it.  0 and -1: none yet. */
	int64_t decided_ms;
	int64_t decided_index;
	struct acct *acct;	/* moves on with the fills */
	journal_with_fn *with;
	void *ctx;
};
struct sync_out {
	struct booked *fills;
	size_t n_fills;
	struct acct_changes trades;
	size_t n_orders;	/* that changed state */
};
MUST_CHECK int journal_sync(struct arena *out, struct journal *j,
			    const struct sync_in *in, struct sync_out *ret,
			    struct err *err);
/* *ret_open: how many are still UNKNOWN.  now_ms as in journal_send. */
MUST_CHECK int journal_resolve(struct journal *j, int64_t now_ms,
			       size_t *ret_open, struct err *err);
/* The account as the exchange and as the ledger see it.  -E_CONFLICT with the
 * difference in the sentence. */
MUST_CHECK int journal_compare(struct journal *j, struct err *err);
/* All booked fills of the bot, oldest first, each with the last bar that had
 * been decided on; its own bar index is not filled in. */
typedef int journal_fill_fn(void *ctx, const struct acct_fill *f,
			    int64_t after_bar_ms, struct err *err);
MUST_CHECK int journal_fills(struct db *db, uint64_t bot_id,
			     journal_fill_fn *fn, void *ctx, struct err *err);
/* In the caller's transaction: the account's rows and its first posting. */
MUST_CHECK int account_create(struct db *db, uint64_t user_id, const char *base,
			      const char *quote, struct quote deposit,
			      int64_t now_ms, uint64_t *ret_id, struct err *err);

/* ---- ledger, pure ------------------------------------------------------- */

enum ledger_book { BOOK_AVAILABLE = 'a', BOOK_MARKET = 'm', BOOK_FEE = 'f',
		   BOOK_CAPITAL = 'c', BOOK_ROUNDING = 'r' };
struct posting { const char *asset; enum ledger_book book; struct quote amount; };
#define POSTINGS_MAX 8
/* The postings of a fill: they sum to zero per asset.  Zero amounts are left
 * out; the exchange's cost against price x qty goes to rounding. */
MUST_CHECK int ledger_of_fill(const struct xchg_fill *f, const char *base,
			      const char *quote,
			      struct posting ret[static POSTINGS_MAX],
			      size_t *ret_n, struct err *err);

#endif /* ORDER_ORDER_H */
