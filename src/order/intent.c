#include "config.h"

#include <string.h>

#include "order/order.h"

const char *order_state_name(enum order_state s)
{
	switch (s) {
#define X(id, c, live) case ORDER_##id: return #id;
	ORDER_STATES(X)
#undef X
	}
	return "?";
}

bool order_state_parse(char c, enum order_state *ret)
{
	switch (c) {
#define X(id, ch, live) case ch: *ret = ORDER_##id; return true;
	ORDER_STATES(X)
#undef X
	}
	return false;
}

bool order_state_live(enum order_state s)
{
	switch (s) {
#define X(id, c, live) case ORDER_##id: return live;
	ORDER_STATES(X)
#undef X
	}
	return false;
}

/* from, and where to */
static const struct { char from; const char *to; } moves[] = {
	{ ORDER_NEW, "sra" },
	{ ORDER_SENDING, "oprufcl" },
	{ ORDER_UNKNOWN, "opfcrlk" },
	{ ORDER_OPEN, "pfckr" },
	{ ORDER_PARTIAL, "pfck" },
	{ ORDER_CANCELING, "cfop" },
	/* Terminal states only gain late fills. */
	{ ORDER_CANCELED, "cf" },
	{ ORDER_FILLED, "f" },
	{ ORDER_REJECTED, "" },
	{ ORDER_LOST_NOT_PLACED, "" },
	{ ORDER_ABANDONED, "" },
};

bool order_state_may(enum order_state a, enum order_state b)
{
	for (size_t i = 0; i < ARRAY_LEN(moves); i++)
		if (moves[i].from == (char)a)
			return strchr(moves[i].to, (char)b) != NULL;
	return false;
}

struct qty intent_rest(const struct intent *it)
{
	struct qty q;

	if (!qty_sub(&q, it->o.qty, it->filled) || qty_sign(q) < 0)
		return qty_zero();
	return q;
}

void intent_name(struct intent *it, uint64_t bot_id)
{
	it->o.coid = coid_make(bot_id, it->bar_ms, it->seq, it->attempt);
}

static void post(struct posting *v, size_t *n, const char *asset,
		enum ledger_book book, struct quote amount)
{
	if (quote_is_zero(amount))
		return;
	assert(*n < POSTINGS_MAX);
	v[(*n)++] = (struct posting){ asset, book, amount };
}

int ledger_of_fill(const struct xchg_fill *f, const char *base,
		   const char *quote, struct posting ret[static POSTINGS_MAX],
		   size_t *ret_n, struct err *err)
{
	bool buy = f->side == SIDE_BUY;
	/* One width for all assets: base amounts travel as quote here. */
	struct quote q = quote_from_raw(qty_raw(f->qty)), nq, exact, diff, c, nc, nf;
	size_t n = 0;

	if (!quote_neg(&nq, q) || !quote_neg(&nc, f->cost) ||
	    !quote_neg(&nf, f->fee) ||
	    !notional(&exact, f->price, f->qty, ROUND_HALF_EVEN) ||
	    !quote_sub(&diff, f->cost, exact))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of the range of money");
	/* What the exchange charged beyond price x quantity is the rounding
	 * book's; a sale that brought more than that is its loss. */
	c = exact;
	if (buy ? !quote_neg(&c, c) : !quote_neg(&diff, diff))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of the range of money");
	post(ret, &n, base, BOOK_AVAILABLE, buy ? q : nq);
	post(ret, &n, base, BOOK_MARKET, buy ? nq : q);
	post(ret, &n, quote, BOOK_AVAILABLE, buy ? nc : f->cost);
	if (!quote_neg(&c, c))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of the range of money");
	post(ret, &n, quote, BOOK_MARKET, c);
	post(ret, &n, quote, BOOK_ROUNDING, diff);
	post(ret, &n, f->fee_asset, BOOK_AVAILABLE, nf);
	post(ret, &n, f->fee_asset, BOOK_FEE, f->fee);
	*ret_n = n;
	return 0;
}
