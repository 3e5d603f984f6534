#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "order/journal_i.h"

static int post_all(struct db *db, uint64_t account, uint64_t tx,
		    const struct posting *v, size_t n, struct err *err)
{
	uint64_t changed;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const char book[2] = { (char)v[i].book, 0 };

		rc = db_exec(db, Q_LEDGER_POST,
			     ARGS(V_U64(tx), V_U64(i), V_U64(account),
				  V_STR(v[i].asset), V_STR(book),
				  V_QUOTE(v[i].amount)), NULL, NULL, err);
		if (rc < 0 || v[i].book != BOOK_AVAILABLE)
			continue;
		rc = db_exec(db, Q_BALANCE_MOVE,
			     ARGS(V_QUOTE(v[i].amount), V_U64(account),
				  V_STR(v[i].asset)), &changed, NULL, err);
		/* A fee in an asset that was not held before. */
		if (rc == 0 && changed == 0)
			rc = db_exec(db, Q_BALANCE_ADD,
				     ARGS(V_U64(account), V_STR(v[i].asset),
					  V_QUOTE(v[i].amount)),
				     NULL, NULL, err);
	}
	return rc;
}

int book_fill(struct journal *j, struct db *db, const struct xchg_fill *f,
	      uint64_t intent, int64_t bar_ms, struct err *err)
{
	const char side[2] = { (char)f->side, 0 };
	struct posting p[POSTINGS_MAX];
	uint64_t tx;
	size_t n;
	int rc = ledger_of_fill(f, j->c.base, j->c.quote, p, &n, err);

	if (rc == 0)
		rc = db_exec(db, Q_FILL_ADD,
			ARGS(V_U64(j->c.account_id), V_STR(f->trade_id),
			     V_U64(f->seq), V_U64(j->c.bot_id),
			     intent != 0 ? V_U64(intent) : V_NULL(),
			     V_I64(f->time_us), V_I64(bar_ms), V_STR(side),
			     V_PRICE(f->price), V_QTY(f->qty), V_QUOTE(f->cost),
			     V_QUOTE(f->fee), V_STR(f->fee_asset),
			     V_U64(f->maker)), NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_LEDGER_TX_ADD,
			     ARGS(V_U64(j->c.account_id), V_STR("f"),
				  V_STR(f->trade_id), V_I64(f->time_us)),
			     NULL, &tx, err);
	if (rc == 0)
		rc = post_all(db, j->c.account_id, tx, p, n, err);
	return rc;
}

int book_trade(struct db *db, uint64_t bot_id, const struct acct_trade *t,
	       struct err *err)
{
	bool closed = !t->open;
	struct quote fees;

	if (!quote_add(&fees, t->entry_fee, t->exit_fee))
		return FAIL(err, E_UNPROCESSABLE, "fees out of range");
	return db_exec(db, Q_TRADE_PUT,
		ARGS(V_U64(bot_id), V_U64(t->number), V_U64(t->lot),
		     V_U64(t->open), V_I64(t->direction), V_QTY(t->qty),
		     V_QTY(t->orig_qty), V_U64(t->entry_intent),
		     V_I64(t->entry_ms), V_I64(t->entry_bar),
		     V_STR(t->entry_signal), V_STR(t->entry_comment),
		     V_PRICE(acct_entry_price(t)), V_QUOTE(t->entry_cost),
		     closed ? V_U64(t->exit_intent) : V_NULL(),
		     closed ? V_I64(t->exit_ms) : V_NULL(),
		     closed ? V_I64(t->exit_bar) : V_NULL(),
		     V_STR(closed ? t->exit_signal : NULL),
		     V_STR(closed ? t->exit_comment : NULL),
		     closed ? V_PRICE(acct_exit_price(t)) : V_NULL(),
		     closed ? V_QUOTE(t->exit_cost) : V_NULL(),
		     V_QUOTE(fees), V_QUOTE(t->profit)), NULL, NULL, err);
}

int account_create(struct db *db, uint64_t user_id, const char *base,
		   const char *quote, struct quote deposit, int64_t now_ms,
		   uint64_t *ret_id, struct err *err)
{
	struct posting p[2] = { { quote, BOOK_AVAILABLE, deposit },
				{ quote, BOOK_CAPITAL, deposit } };
	uint64_t id, tx;
	int rc;

	assert(db_in_tx(db));
	if (!quote_neg(&p[1].amount, deposit))
		return FAIL(err, E_INVAL, "the deposit is out of range");
	rc = db_exec(db, Q_ACCOUNT_ADD,
		     ARGS(V_U64(user_id), V_STR("p"), V_STR(base), V_STR(quote),
			  V_I64(now_ms)), NULL, &id, err);
	if (rc == 0)
		rc = db_exec(db, Q_BALANCE_ADD,
			     ARGS(V_U64(id), V_STR(base), V_QTY(qty_zero())),
			     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_BALANCE_ADD,
			     ARGS(V_U64(id), V_STR(quote), V_QUOTE(quote_zero())),
			     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_LEDGER_TX_ADD,
			     ARGS(V_U64(id), V_STR("d"), V_STR("initial"),
				  V_I64(now_ms * 1000)), NULL, &tx, err);
	if (rc == 0)
		rc = post_all(db, id, tx, p, 2, err);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

int journal_fills(struct db *db, uint64_t bot_id, journal_fill_fn *fn, void *ctx,
		  struct err *err)
{
	struct arena *a = arena_new("fills", (size_t)64 << 20);
	uint64_t after = 0;
	struct rows r;
	int rc;

	do {
		arena_reset(a);
		rc = db_select(a, db, Q_FILLS_REBUILD,
			       ARGS(V_U64(bot_id), V_U64(after)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++) {
			struct acct_fill f = { .time_ms = row_i64(&r, i, 2) / 1000,
				.price = row_price(&r, i, 5),
				.qty = row_qty(&r, i, 6),
				.cost = row_quote(&r, i, 7),
				.fee = row_quote(&r, i, 8),
				.signal = "(external)", .comment = "",
				.from = "" };
			struct str side = row_str(&r, i, 4);

			after = row_u64(&r, i, 0);
			if (side.n != 1 || !xchg_side_parse(side.p[0], &f.side)) {
				rc = FAIL(err, E_BUG, "fill %" PRIu64 " has no side",
					  after);
				break;
			}
			if (!row_null(&r, i, 1)) {
				f.intent = row_u64(&r, i, 1);
				f.signal = row_cstr(&r, i, 9);
				f.comment = row_cstr(&r, i, 10);
				f.from = row_cstr(&r, i, 11);
			}
			rc = fn(ctx, &f, row_i64(&r, i, 3), err);
		}
	} while (rc == 0 && r.n == 500);
	arena_free(&a);
	return rc;
}
