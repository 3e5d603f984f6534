#ifndef XCHG_XCHG_H
#define XCHG_XCHG_H
/* xchg.h - the order side of an exchange behind one table of functions.
 *
 * The paper broker (paper.h) and every real exchange fill in struct xchg_ops;
 * nothing above this header knows which of them it speaks to.  Market data
 * comes another way (feed.h).
 *
 * The life of a request.  The caller has journalled the order before it calls
 * submit(); the client order id (coid) is its name at the exchange for ever.
 * Every request has one of three outcomes:
 *
 *	XR_DONE		the exchange has it
 *	XR_REFUSED	the exchange does not have it and never will; why is told
 *	XR_UNCERTAIN	nobody knows: query() decides, nobody sends again
 *
 * Submitting a coid the exchange knows already changes nothing and is XR_DONE.
 * query() that answers "not found" proves nothing by itself, except where the
 * exchange is XCHG_FENCED: attach() names the fencing epoch of the caller, and
 * requests of an earlier epoch that are still on their way will be refused. */
#include "core/err.h"
#include "core/money.h"
#include "core/str.h"

#define COID_SIZE 16
struct coid { uint8_t b[COID_SIZE]; };	/* client order id; all zero: none */

/* name, letter in the database */
#define XCHG_SIDES(X) X(BUY, "buy", 'b') X(SELL, "sell", 's')
#define XCHG_TYPES(X)							\
	X(MARKET, "market", 'm') X(LIMIT, "limit", 'l')			\
	X(STOP, "stop", 's') X(STOP_LIMIT, "stop_limit", 'x')		\
	X(TRAIL, "trail", 't')
/* PENDING: waits for the fill of its parent. */
#define XCHG_STATES(X)							\
	X(PENDING, "pending", 'w') X(OPEN, "open", 'o')			\
	X(PARTIAL, "partial", 'p') X(FILLED, "filled", 'f')		\
	X(CANCELED, "canceled", 'c')

enum xchg_side {
#define X(id, text, c) SIDE_##id = c,
	XCHG_SIDES(X)
#undef X
};
enum xchg_type {
#define X(id, text, c) OT_##id = c,
	XCHG_TYPES(X)
#undef X
};
enum xchg_state {
#define X(id, text, c) XS_##id = c,
	XCHG_STATES(X)
#undef X
};
const char *xchg_side_name(enum xchg_side s);
const char *xchg_type_name(enum xchg_type t);
const char *xchg_state_name(enum xchg_state s);
bool xchg_side_parse(char c, enum xchg_side *ret);
bool xchg_type_parse(char c, enum xchg_type *ret);
bool xchg_state_parse(char c, enum xchg_state *ret);
enum xchg_side xchg_side_other(enum xchg_side s);
bool xchg_state_over(enum xchg_state s);	/* filled or cancelled */

enum xchg_order_flag {
	XO_REDUCE	= 1 << 0, /* never more than closes the position */
	XO_NOW		= 1 << 1, /* market, at the last price: fills at the
				   * close that was decided on */
	/* limit and stop are distances from the parent's average price, on
	 * the side where a profit (limit) or a loss (stop) lies */
	XO_REL_LIMIT	= 1 << 2,
	XO_REL_STOP	= 1 << 3,
};

/* Orders of one `oca` group belong together: what one of them fills is taken
 * from the others (reduce), or ends them (cancel).  Who places them sees to it;
 * an exchange with XCHG_OCA does so by itself. */
enum xchg_oca { OCA_NONE = 0, OCA_CANCEL = 'c', OCA_REDUCE = 'r' };

struct xchg_order {
	struct coid coid;
	enum xchg_side side;
	enum xchg_type type;
	unsigned flags;		/* of enum xchg_order_flag */
	struct qty qty;		/* > 0, a multiple of the lot */
	struct price limit;	/* LIMIT, STOP_LIMIT */
	struct price stop;	/* STOP, STOP_LIMIT; TRAIL: activates there,
				 * zero: at once */
	struct price offset;	/* TRAIL: distance from the best price */
	uint64_t oca;		/* group; 0: none */
	enum xchg_oca oca_kind;
	struct coid parent;	/* sleeps until this one has filled; zero: none */
	int64_t deadline_us;	/* refused when it arrives later; 0: none */
};

enum xchg_verb { XV_PLACE, XV_CANCEL };
struct xchg_req {
	enum xchg_verb verb;
	struct xchg_order order;	/* CANCEL: only the coid counts */
};

enum xchg_outcome { XR_DONE, XR_REFUSED, XR_UNCERTAIN };
struct xchg_ack {
	enum xchg_outcome outcome;
	char exch_id[40];	/* the exchange's own number for the order */
	char reason[120];	/* REFUSED, UNCERTAIN */
};

struct xchg_report {		/* what the exchange says of an order */
	struct coid coid;
	char exch_id[40];
	enum xchg_state state;
	struct qty qty, filled;
	struct quote cost;
	int64_t updated_us;
	char reason[120];
};

struct xchg_fill {
	uint64_t seq;		/* rises with every fill of the account */
	char trade_id[40];	/* unique within the account */
	struct coid coid;
	int64_t time_us;
	enum xchg_side side;
	struct price price;
	struct qty qty;
	struct quote cost;	/* the exchange's own price x qty */
	struct quote fee;	/* negative: a rebate */
	char fee_asset[24];
	bool maker;
};

struct xchg_balance { char asset[24]; struct qty total; };

/* A round of fills is read in pages of at most this many. */
#define XCHG_FILLS_MAX 500

enum xchg_cap {
	XCHG_FENCED	= 1 << 0, /* "not found" is proof, see above */
	XCHG_OCA	= 1 << 1, /* takes groups and parents along by itself */
};

struct xchg;
struct xchg_ops {
	const char *name;
	unsigned caps;		/* of enum xchg_cap */
	/* Take over the account under this fencing epoch. */
	int (*attach)(struct xchg *x, uint64_t epoch, struct err *err);
	/* n requests in their order; ack[i] is always filled.  The return
	 * value is 0, or the error behind an outcome that is not DONE. */
	int (*submit)(struct xchg *x, const struct xchg_req *req, size_t n,
		      struct xchg_ack *ret_ack, struct err *err);
	/* -E_NOTFOUND: the exchange knows no such order (now). */
	int (*query)(struct xchg *x, struct coid coid,
		     struct xchg_report *ret, struct err *err);
	int (*open_orders)(struct arena *out, struct xchg *x,
			   struct xchg_report **ret, size_t *ret_n,
			   struct err *err);
	/* Fills with seq > after, oldest first, at most XCHG_FILLS_MAX. */
	int (*fills_since)(struct arena *out, struct xchg *x, uint64_t after,
			   struct xchg_fill **ret, size_t *ret_n,
			   struct err *err);
	int (*balances)(struct arena *out, struct xchg *x,
			struct xchg_balance **ret, size_t *ret_n,
			struct err *err);
};

struct xchg {
	unsigned magic;
#define XCHG_MAGIC 0x5c8e1f27u
	const struct xchg_ops *ops;
};

/* The calls, with their fault points (xchg.submit before the exchange hears
 * of it, xchg.answer after it has acted, xchg.query, xchg.fills). */
MUST_CHECK int xchg_attach(struct xchg *x, uint64_t epoch, struct err *err);
MUST_CHECK int xchg_submit(struct xchg *x, const struct xchg_req *req, size_t n,
			   struct xchg_ack *ret_ack, struct err *err);
MUST_CHECK int xchg_query(struct xchg *x, struct coid coid,
			  struct xchg_report *ret, struct err *err);
MUST_CHECK int xchg_open_orders(struct arena *out, struct xchg *x,
				struct xchg_report **ret, size_t *ret_n,
				struct err *err);
MUST_CHECK int xchg_fills_since(struct arena *out, struct xchg *x,
				uint64_t after, struct xchg_fill **ret,
				size_t *ret_n, struct err *err);
MUST_CHECK int xchg_balances(struct arena *out, struct xchg *x,
			     struct xchg_balance **ret, size_t *ret_n,
			     struct err *err);

/* Which outcome an error code of a write means. */
enum xchg_outcome xchg_outcome_of(int rc);
bool coid_eq(struct coid a, struct coid b);
bool coid_is_zero(struct coid c);
#define COID_TEXT_MAX 33
void coid_format(char buf[static COID_TEXT_MAX], struct coid c);
/* The id of an order is made from what decided it, so that the same decision
 * taken again after a crash has the same name: a 128-bit hash. */
struct coid coid_make(uint64_t bot, int64_t bar_time, unsigned seq,
		      unsigned attempt);

#endif /* XCHG_XCHG_H */
