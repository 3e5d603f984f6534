#include "config.h"

#include <stdio.h>
#include <string.h>

#include "order/acct.h"

void acct_init(struct arena *out, struct acct *a, struct quote initial)
{
	memset(a, 0, sizeof(*a));
	a->initial = a->cash = a->peak = a->trough = initial;
	a->lots = NEW_N(out, struct acct_trade, ACCT_LOTS_MAX);
	a->closed = NEW_N(out, struct acct_trade, ACCT_CLOSED_KEPT);
	a->next_number = 1;
}

struct price acct_entry_price(const struct acct_trade *t)
{
	struct price p;

	if (qty_sign(t->qty) <= 0 ||
	    !notional_price(&p, t->entry_cost, t->qty, ROUND_HALF_EVEN))
		return price_zero();
	return p;
}

struct price acct_exit_price(const struct acct_trade *t)
{
	struct price p;

	if (t->open || qty_sign(t->qty) <= 0 ||
	    !notional_price(&p, t->exit_cost, t->qty, ROUND_HALF_EVEN))
		return price_zero();
	return p;
}

struct price acct_avg_price(const struct acct *a)
{
	struct quote cost = quote_zero();
	struct qty q = qty_zero();
	struct price p;

	for (size_t i = 0; i < a->n_lots; i++)
		if (!quote_add(&cost, cost, a->lots[i].entry_cost) ||
		    !qty_add(&q, q, a->lots[i].qty))
			return price_zero();
	if (qty_sign(q) <= 0 || !notional_price(&p, cost, q, ROUND_HALF_EVEN))
		return price_zero();
	return p;
}

struct qty acct_qty_of(const struct acct *a, const char *signal)
{
	struct qty q = qty_zero();

	for (size_t i = 0; i < a->n_lots; i++)
		if ((*signal == '\0' ||
		     strcmp(a->lots[i].entry_signal, signal) == 0) &&
		    !qty_add(&q, q, a->lots[i].qty))
			return qty_zero();
	return q;
}

bool acct_equity(const struct acct *a, struct price px, struct quote *ret)
{
	struct quote worth;

	return notional(&worth, px, a->base, ROUND_HALF_EVEN) &&
		quote_add(ret, a->cash, worth);
}

/* What a lot would earn at px, its entry fee included. */
static bool lot_profit(const struct acct_trade *t, struct price px,
		       struct quote *ret)
{
	struct quote worth;

	if (!notional(&worth, px, t->qty, ROUND_HALF_EVEN))
		return false;
	return (t->direction > 0 ? quote_sub(ret, worth, t->entry_cost) :
		quote_sub(ret, t->entry_cost, worth)) &&
		quote_sub(ret, *ret, t->entry_fee);
}

bool acct_open_profit(const struct acct *a, struct price px, struct quote *ret)
{
	struct quote sum = quote_zero(), one;

	for (size_t i = 0; i < a->n_lots; i++)
		if (!lot_profit(&a->lots[i], px, &one) ||
		    !quote_add(&sum, sum, one))
			return false;
	*ret = sum;
	return true;
}

/* part / whole of `amount`, by way of the amount for one unit. */
static bool share(struct quote *ret, struct quote amount, struct qty part,
		  struct qty whole)
{
	struct price per_unit;

	if (qty_cmp(part, whole) == 0) {
		*ret = amount;
		return true;
	}
	return notional_price(&per_unit, amount, whole, ROUND_HALF_EVEN) &&
		notional(ret, per_unit, part, ROUND_HALF_EVEN);
}

/* Take `part` of what is left of an amount. */
static bool take(struct quote *ret, struct quote *rest, struct qty part,
		 struct qty whole)
{
	struct quote v;

	if (!share(&v, *rest, part, whole) || !quote_sub(rest, *rest, v))
		return false;
	*ret = v;
	return true;
}

static bool count_closed(struct acct *a, const struct acct_trade *t)
{
	struct quote p = t->profit;
	int s = quote_sign(p);

	if (!quote_add(&a->net_profit, a->net_profit, p))
		return false;
	if (s > 0) {
		a->wins++;
		return quote_add(&a->gross_profit, a->gross_profit, p);
	}
	if (s == 0) {
		a->evens++;
		return true;
	}
	a->losses++;
	return quote_sub(&a->gross_loss, a->gross_loss, p);
}

static bool uncount_closed(struct acct *a, const struct acct_trade *t)
{
	struct quote p = t->profit;
	int s = quote_sign(p);

	if (!quote_sub(&a->net_profit, a->net_profit, p))
		return false;
	if (s > 0) {
		a->wins--;
		return quote_sub(&a->gross_profit, a->gross_profit, p);
	}
	if (s == 0) {
		a->evens--;
		return true;
	}
	a->losses--;
	return quote_add(&a->gross_loss, a->gross_loss, p);
}

static bool trade_profit(struct acct_trade *t)
{
	struct quote p;

	return (t->direction > 0 ? quote_sub(&p, t->exit_cost, t->entry_cost) :
		quote_sub(&p, t->entry_cost, t->exit_cost)) &&
		quote_sub(&p, p, t->entry_fee) &&
		quote_sub(&t->profit, p, t->exit_fee);
}

static void keep_closed(struct acct *a, const struct acct_trade *t)
{
	if (a->n_closed == ACCT_CLOSED_KEPT) {
		size_t half = ACCT_CLOSED_KEPT / 2;

		memmove(a->closed, a->closed + half,
			(a->n_closed - half) * sizeof(*a->closed));
		a->n_closed -= half;
		a->closed_first += half;
	}
	a->closed[a->n_closed++] = *t;
}

static void changed(struct acct_changes *c, const struct acct_trade *t)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].number == t->number) {
			c->v[i] = *t;
			return;
		}
	c->v[c->n++] = *t;
}

/* A further fill of the same exit of the same lot belongs to the same trade. */
static struct acct_trade *same_exit(struct acct *a, const struct acct_trade *lot,
				    uint64_t intent)
{
	struct acct_trade *t;

	if (a->n_closed == 0)
		return NULL;
	t = &a->closed[a->n_closed - 1];
	return t->lot == lot->lot && t->exit_intent == intent ? t : NULL;
}

static bool merge_exit(struct acct *a, struct acct_trade *into,
		       const struct acct_trade *part)
{
	return uncount_closed(a, into) &&
		qty_add(&into->qty, into->qty, part->qty) &&
		quote_add(&into->entry_cost, into->entry_cost, part->entry_cost) &&
		quote_add(&into->exit_cost, into->exit_cost, part->exit_cost) &&
		quote_add(&into->entry_fee, into->entry_fee, part->entry_fee) &&
		quote_add(&into->exit_fee, into->exit_fee, part->exit_fee) &&
		trade_profit(into) && count_closed(a, into);
}

/* Close `q` of a lot with a part of the fill's cost and fee. */
static bool close_part(struct acct *a, struct acct_trade *lot,
		       const struct acct_fill *f, struct qty q,
		       struct quote cost, struct quote fee,
		       struct acct_changes *ch)
{
	struct acct_trade t = *lot, *into;
	bool whole = qty_cmp(q, lot->qty) == 0;

	if (!take(&t.entry_cost, &lot->entry_cost, q, lot->qty) ||
	    !take(&t.entry_fee, &lot->entry_fee, q, lot->qty) ||
	    !qty_sub(&lot->qty, lot->qty, q))
		return false;
	t.open = false;
	t.qty = q;
	t.exit_cost = cost;
	t.exit_fee = fee;
	t.exit_intent = f->intent;
	t.exit_ms = f->time_ms;
	t.exit_bar = f->bar;
	snprintf(t.exit_signal, sizeof(t.exit_signal), "%s", f->signal);
	snprintf(t.exit_comment, sizeof(t.exit_comment), "%s", f->comment);
	if (!trade_profit(&t))
		return false;
	/* The last part of a lot takes over the lot's own row, whatever rows
	 * its other parts have. */
	into = whole ? NULL : same_exit(a, lot, f->intent);
	if (into != NULL) {
		if (!merge_exit(a, into, &t))
			return false;
		into->exit_ms = t.exit_ms;
		into->exit_bar = t.exit_bar;
		changed(ch, into);
	} else {
		if (!whole)
			t.number = a->next_number++;
		if (!count_closed(a, &t))
			return false;
		keep_closed(a, &t);
		changed(ch, &t);
	}
	if (!whole) {
		changed(ch, lot);
	} else {
		size_t behind = (size_t)(&a->lots[a->n_lots] - (lot + 1));

		memmove(lot, lot + 1, behind * sizeof(*lot));
		a->n_lots--;
	}
	return true;
}

static bool open_part(struct acct *a, const struct acct_fill *f, struct qty q,
		      struct quote cost, struct quote fee,
		      struct acct_changes *ch)
{
	struct acct_trade *t = a->n_lots > 0 ? &a->lots[a->n_lots - 1] : NULL;

	/* The next part of the same entry order. */
	if (t != NULL && t->entry_intent == f->intent &&
	    qty_cmp(t->qty, t->orig_qty) == 0) {
		if (!qty_add(&t->qty, t->qty, q) ||
		    !quote_add(&t->entry_cost, t->entry_cost, cost) ||
		    !quote_add(&t->entry_fee, t->entry_fee, fee))
			return false;
		t->orig_qty = t->qty;
		changed(ch, t);
		return true;
	}
	if (a->n_lots == ACCT_LOTS_MAX)
		return false;
	t = &a->lots[a->n_lots++];
	memset(t, 0, sizeof(*t));
	t->number = t->lot = a->next_number++;
	t->open = true;
	t->direction = f->side == SIDE_BUY ? 1 : -1;
	t->qty = t->orig_qty = q;
	t->entry_intent = f->intent;
	t->entry_ms = f->time_ms;
	t->entry_bar = f->bar;
	t->entry_cost = cost;
	t->entry_fee = fee;
	snprintf(t->entry_signal, sizeof(t->entry_signal), "%s", f->signal);
	snprintf(t->entry_comment, sizeof(t->entry_comment), "%s", f->comment);
	changed(ch, t);
	return true;
}

static bool move_balance(struct acct *a, const struct acct_fill *f)
{
	if (!quote_sub(&a->cash, a->cash, f->fee))
		return false;
	if (f->side == SIDE_BUY)
		return quote_sub(&a->cash, a->cash, f->cost) &&
			qty_add(&a->base, a->base, f->qty);
	return quote_add(&a->cash, a->cash, f->cost) &&
		qty_sub(&a->base, a->base, f->qty);
}

/* The lot that a fill of this direction closes next; NULL: none. */
static struct acct_trade *next_lot(struct acct *a, const struct acct_fill *f,
				   int dir)
{
	for (size_t i = 0; i < a->n_lots; i++) {
		struct acct_trade *t = &a->lots[i];

		if (t->direction != dir &&
		    (!a->close_any || f->from == NULL || *f->from == '\0' ||
		     strcmp(t->entry_signal, f->from) == 0))
			return t;
	}
	return NULL;
}

static bool apply(struct acct *a, const struct acct_fill *f,
		  struct acct_changes *ch)
{
	int dir = f->side == SIDE_BUY ? 1 : -1;
	struct quote cost = f->cost, fee = f->fee, c, e;
	struct qty rest = f->qty, part;
	struct acct_trade *lot;
	double size;

	while (qty_sign(rest) > 0 && (lot = next_lot(a, f, dir)) != NULL) {
		part = qty_cmp(rest, lot->qty) < 0 ? rest : lot->qty;
		if (!take(&c, &cost, part, rest) || !take(&e, &fee, part, rest) ||
		    !qty_sub(&rest, rest, part) ||
		    !close_part(a, lot, f, part, c, e, ch))
			return false;
	}
	if (qty_sign(rest) > 0 && !open_part(a, f, rest, cost, fee, ch))
		return false;
	size = qty_to_double(a->base);
	size = size < 0 ? -size : size;
	if (size > a->max_contracts)
		a->max_contracts = size;
	return move_balance(a, f);
}

int acct_fill(struct arena *out, struct acct *a, const struct acct_fill *f,
	      struct acct_changes *ret, struct err *err)
{
	/* Each lot can be touched twice (a part closed, the rest), and one
	 * can be opened. */
	ret->v = NEW_N(out, struct acct_trade, 2 * a->n_lots + 2);
	ret->n = 0;
	if (qty_sign(f->qty) <= 0)
		return FAIL(err, E_UNPROCESSABLE, "a fill of nothing");
	if (!apply(a, f, ret))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of the range of money");
	return 0;
}

static void mark_lot(struct acct_trade *t, struct price high, struct price low)
{
	struct quote p;
	double v;

	if (lot_profit(t, t->direction > 0 ? high : low, &p)) {
		v = quote_to_double(p);
		if (v > t->max_runup)
			t->max_runup = v;
	}
	if (lot_profit(t, t->direction > 0 ? low : high, &p)) {
		v = -quote_to_double(p);
		if (v > t->max_drawdown)
			t->max_drawdown = v;
	}
}

void acct_mark(struct acct *a, struct price high, struct price low,
	       struct price close)
{
	struct quote eq, d;

	for (size_t i = 0; i < a->n_lots; i++)
		mark_lot(&a->lots[i], high, low);
	if (!acct_equity(a, close, &eq))
		return;
	if (quote_cmp(eq, a->peak) > 0)
		a->peak = eq;
	if (quote_cmp(eq, a->trough) < 0)
		a->trough = eq;
	if (quote_sub(&d, a->peak, eq) && quote_cmp(d, a->max_drawdown) > 0)
		a->max_drawdown = d;
	if (quote_sub(&d, eq, a->trough) && quote_cmp(d, a->max_runup) > 0)
		a->max_runup = d;
}
