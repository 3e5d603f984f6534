#ifndef XCHG_PAPER_H
#define XCHG_PAPER_H
/* paper.h - the paper broker: an exchange with books of its own.
 *
 * Its orders, fills and balances stand in paper_account, paper_order,
 * paper_fill and paper_balance, written in transactions of its own, so that
 * the bot's journal can be held against them as against a real exchange's.
 * Matching is match.h's.  Time is the caller's: paper_advance() brings the
 * candles and what they traded.  The books hold everything that a restart needs;
 * a candle in which nothing happens writes nothing. */
#include "xchg/match.h"

struct db;

/* What an account is opened with. */
struct paper_conf {
	uint64_t account_id;		/* the journal's account */
	const char *base, *quote;	/* assets */
	struct quote deposit;
	struct match_rules rules;
};
/* In the caller's transaction, or one of its own. */
MUST_CHECK int paper_create(struct db *db, const struct paper_conf *c,
			    struct err *err);
MUST_CHECK int paper_delete(struct db *db, uint64_t account_id, struct err *err);

/* Load the books; *ret lives in `out`. */
MUST_CHECK int paper_open(struct arena *out, struct db *db, uint64_t account_id,
			  struct xchg **ret, struct err *err);
/* The time that orders placed from now on carry (the caller's clock). */
void paper_set_now(struct xchg *x, int64_t now_ms);
/* The close of the last candle the books have seen (0: none). */
int64_t paper_clock(const struct xchg *x);
/* A candle is over, and this is what it traded (match.h).  One that the books
 * have seen already is skipped, prints and all.  When there are prints they are
 * committed together before this returns, and *ret_changed is true. */
MUST_CHECK int paper_advance(struct xchg *x, const struct match_candle *c,
			     const struct match_print *v, size_t n,
			     bool *ret_changed, struct err *err);
const struct match_rules *paper_rules(const struct xchg *x);

#endif /* XCHG_PAPER_H */
