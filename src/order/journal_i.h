#ifndef ORDER_JOURNAL_I_H
#define ORDER_JOURNAL_I_H
/* journal_i.h - inside of the journal. */
#include "core/array.h"
#include "db/db.h"
#include "order/order.h"

#define LIVE_MAX 600

/* A change of one order, first written, then applied in memory. */
struct change {
	struct intent *it;
	enum order_state to;
	struct qty filled;
	struct quote cost;
	unsigned not_found;
	const char *exch_id;	/* NULL: as it was */
	const char *cause;	/* of the event */
	const char *reason;	/* NULL: none */
};
struct change change_of(struct intent *it, enum order_state to,
			const char *cause);
MUST_CHECK int change_write(struct journal *j, struct db *db,
			    const struct change *c, struct err *err);
void change_apply(struct journal *j, const struct change *c);
/* Forget the orders that are over.  Pointers into live end here. */
void live_sweep(struct journal *j);
/* NEW, or refused already.  *ret_id is the row's. */
MUST_CHECK int intent_insert(struct journal *j, struct db *db,
			     const struct intent *it, uint64_t *ret_id,
			     struct err *err);
struct intent *live_find(struct journal *j, struct coid coid);
MUST_CHECK int intent_from_row(const struct rows *r, size_t i,
			       struct intent *it, struct err *err);
MUST_CHECK int journal_guard(struct journal *j, struct db *db, struct err *err);
/* Fill, ledger, balance. */
MUST_CHECK int book_fill(struct journal *j, struct db *db,
			 const struct xchg_fill *f, uint64_t intent,
			 int64_t bar_ms, struct err *err);
MUST_CHECK int book_trade(struct db *db, uint64_t bot_id,
			  const struct acct_trade *t, struct err *err);

#endif /* ORDER_JOURNAL_I_H */
