#include "config.h"

#include <stdio.h>
#include <string.h>

#include "risk/risk.h"

static void verdict(struct risk_verdict *v, enum risk_outcome how,
		    const char *rule, const char *why)
{
	v->outcome = how;
	v->rule = rule;
	snprintf(v->why, sizeof(v->why), "%s", why);
}

static bool refuse(struct risk_verdict *v, const char *rule, const char *why)
{
	verdict(v, RISK_REFUSED, rule, why);
	return false;
}

static struct qty abs_qty(struct qty q)
{
	struct qty n;

	return qty_sign(q) < 0 && qty_neg(&n, q) ? n : q;
}

static struct qty qty_min(struct qty a, struct qty b)
{
	return qty_cmp(a, b) < 0 ? a : b;
}

/* The part of the position that this side closes. */
static struct qty closes(const struct risk_state *s, enum xchg_side side)
{
	int d = qty_sign(s->base);

	return (side == SIDE_SELL ? d > 0 : d < 0) ? abs_qty(s->base) :
		qty_zero();
}

/* What the price of this order will be at worst. */
static bool worst_price(const struct risk_state *s, const struct xchg_order *o,
			struct price *ret)
{
	struct price room, px = s->last;

	switch (o->type) {
	case OT_LIMIT:
	case OT_STOP_LIMIT:
		*ret = o->limit;
		return true;
	case OT_STOP:
		px = o->stop;
		break;
	case OT_MARKET:
	case OT_TRAIL:
		break;
	}
	if (o->side == SIDE_SELL) {
		*ret = px;
		return true;
	}
	return price_mul_i64(&room, s->rules.tick, s->rules.slippage_ticks + 1) &&
		price_add(ret, px, room);
}

static bool do_round(const struct risk_state *s, struct xchg_order *o,
		     struct risk_verdict *v)
{
	const struct match_rules *r = &s->rules;
	bool buy = o->side == SIDE_BUY;
	struct qty q;

	if (!qty_to_step(&q, o->qty, r->lot, ROUND_DOWN) ||
	    (!price_is_zero(o->limit) && !(o->flags & XO_REL_LIMIT) &&
	     !price_to_step(&o->limit, o->limit, r->tick,
			    buy ? ROUND_DOWN : ROUND_CEIL)) ||
	    (!price_is_zero(o->stop) && !(o->flags & XO_REL_STOP) &&
	     !price_to_step(&o->stop, o->stop, r->tick, ROUND_HALF_EVEN)))
		return refuse(v, "round", "a price or quantity is out of range");
	if (qty_cmp(q, o->qty) < 0)
		verdict(v, RISK_SHRUNK, "round", "quantity rounded to the lot");
	o->qty = q;
	if (qty_sign(q) <= 0)
		return refuse(v, "min_qty", "the quantity is below one lot");
	return true;
}

static bool in_band(const struct risk_limits *l, const struct risk_state *s,
		    struct price px)
{
	struct price d, room;

	if (price_is_zero(px))
		return true;
	if (!price_sub(&d, px, s->last) ||
	    (price_sign(d) < 0 && !price_neg(&d, d)) ||
	    !price_scale(&room, s->last, l->price_band, ROUND_DOWN))
		return false;
	return price_cmp(d, room) <= 0;
}

static bool do_band(const struct risk_limits *l, const struct risk_state *s,
		    const struct xchg_order *o, struct risk_verdict *v)
{
	if (qty_is_zero(l->price_band) || price_is_zero(s->last))
		return true;
	if (!(o->flags & XO_REL_LIMIT) && !in_band(l, s, o->limit))
		return refuse(v, "price_band", "the limit is too far from the last price");
	if (!(o->flags & XO_REL_STOP) && !in_band(l, s, o->stop))
		return refuse(v, "price_band", "the stop is too far from the last price");
	return true;
}

/* Let at most `room` of the part that enlarges the position stay. */
static bool shrink_to(const struct risk_state *s, struct xchg_order *o,
		      struct qty max, const char *rule, struct risk_verdict *v)
{
	struct qty q;

	if (qty_cmp(o->qty, max) <= 0)
		return true;
	if (qty_sign(max) <= 0 ||
	    !qty_to_step(&q, max, s->rules.lot, ROUND_DOWN) || qty_sign(q) <= 0)
		return refuse(v, rule, "nothing of the order is within the limit");
	o->qty = q;
	verdict(v, RISK_SHRUNK, rule, "the order was cut to the limit");
	return true;
}

/* The largest order of this side after which, all open orders of the side
 * filled too, the position is at most max. */
static bool position_room(const struct risk_state *s, enum xchg_side side,
			  struct qty max, struct qty *ret)
{
	struct qty pos = s->base, open = s->open_buy;

	if (side == SIDE_SELL) {
		open = s->open_sell;
		if (!qty_neg(&pos, pos))
			return false;
	}
	return qty_sub(ret, max, pos) && qty_sub(ret, *ret, open);
}

static bool do_position(const struct risk_limits *l, const struct risk_state *s,
			struct xchg_order *o, struct risk_verdict *v)
{
	struct price px;
	struct qty room;

	if (!qty_is_zero(l->max_position) &&
	    (!position_room(s, o->side, l->max_position, &room) ||
	     !shrink_to(s, o, room, "max_position", v)))
		return v->outcome == RISK_REFUSED ? false :
			refuse(v, "max_position", "out of range");
	if (quote_is_zero(l->max_notional))
		return true;
	if (!worst_price(s, o, &px) || price_sign(px) <= 0 ||
	    !notional_qty(&room, l->max_notional, px, ROUND_DOWN) ||
	    !position_room(s, o->side, room, &room))
		return refuse(v, "max_notional", "out of range");
	return shrink_to(s, o, room, "max_notional", v);
}

/* Equity that is not bound, as in match.c: the position is paid for, what the
 * order closes is free again. */
static bool free_money(const struct risk_state *s, enum xchg_side side,
		       struct price px, struct quote *ret)
{
	struct qty close = closes(s, side), bound = abs_qty(s->base);
	struct quote worth, part;

	if (!notional(&worth, px, s->base, ROUND_FLOOR) ||
	    !quote_add(ret, s->cash, worth) ||
	    !quote_sub(ret, *ret, s->open_cost))
		return false;
	if (!qty_is_zero(close))
		return notional(&part, px, close, ROUND_DOWN) &&
			quote_add(ret, *ret, part);
	return notional(&part, px, bound, ROUND_UP) &&
		quote_sub(ret, *ret, part);
}

static bool do_balance(const struct risk_state *s, struct xchg_order *o,
		       struct risk_verdict *v)
{
	const struct match_rules *r = &s->rules;
	struct qty close = closes(s, o->side), max, factor, one;
	struct quote room;
	struct price px, unit;

	if (r->allow_short)
		return true;
	if (o->side == SIDE_SELL) {
		if (!qty_sub(&max, close, s->open_sell))
			return refuse(v, "balance", "out of range");
		return shrink_to(s, o, max, "balance", v);
	}
	if (!qty_parse(&one, "1") || !qty_add(&factor, one, r->fee_taker) ||
	    !worst_price(s, o, &px) || price_sign(px) <= 0 ||
	    !price_scale(&unit, px, factor, ROUND_UP) ||
	    !free_money(s, o->side, px, &room) ||
	    !quote_sub(&room, room, r->quote_step))
		return refuse(v, "balance", "out of range");
	if (quote_sign(room) <= 0)
		max = close;
	else if (!notional_qty(&max, room, unit, ROUND_DOWN))
		return refuse(v, "balance", "out of range");
	if (qty_cmp(max, close) < 0)
		max = close;
	return shrink_to(s, o, max, "balance", v);
}

static bool do_notional(const struct risk_state *s, const struct xchg_order *o,
			struct risk_verdict *v)
{
	struct price px = s->last;
	struct quote n;

	if (o->type == OT_LIMIT || o->type == OT_STOP_LIMIT)
		px = o->limit;
	else if (o->type == OT_STOP)
		px = o->stop;
	if (!notional(&n, px, o->qty, ROUND_DOWN))
		return refuse(v, "min_notional", "out of range");
	if (quote_cmp(n, s->rules.min_notional) < 0)
		return refuse(v, "min_notional",
			      "the order is below the market's minimum");
	return true;
}

void risk_check(const struct risk_limits *l, const struct risk_state *s,
		struct xchg_order *o, struct risk_verdict *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!do_round(s, o, ret) || (o->flags & XO_REDUCE))
		return;
	if (l->max_orders != 0 && s->n_open >= l->max_orders) {
		(void)refuse(ret, "max_orders", "too many open orders");
		return;
	}
	if (!do_band(l, s, o, ret) || !do_position(l, s, o, ret) ||
	    !do_balance(s, o, ret))
		return;
	(void)do_notional(s, o, ret);
}

void risk_add(struct risk_state *s, const struct xchg_order *o)
{
	struct quote cost;
	struct price px;
	struct qty q = o->qty, close = closes(s, o->side), *open;

	s->n_open++;
	if (o->flags & XO_REDUCE)
		return;
	open = o->side == SIDE_BUY ? &s->open_buy : &s->open_sell;
	/* Out of range cannot pass the checks; a count that would not fit
	 * stays as it is, and the balance check holds. */
	(void)!qty_add(open, *open, q);
	if (qty_sub(&q, q, qty_min(q, close)) && worst_price(s, o, &px) &&
	    notional(&cost, px, q, ROUND_UP))
		(void)!quote_add(&s->open_cost, s->open_cost, cost);
}

void risk_open_orders(struct risk_state *s, const struct intent *live, size_t n,
		      struct intent *const *skip, size_t n_skip)
{
	for (size_t i = 0; i < n; i++) {
		struct xchg_order o = live[i].o;
		bool go = false;

		for (size_t k = 0; k < n_skip; k++)
			go |= skip[k] == &live[i];
		if (go)
			continue;
		o.qty = intent_rest(&live[i]);
		risk_add(s, &o);
	}
}
