#include "config.h"

#include <stdio.h>
#include <string.h>

#include "xchg/match.h"

static bool is_buy(const struct match_order *m)
{
	return m->o.side == SIDE_BUY;
}

static void end_order(struct match_order *m, enum xchg_state how,
		      const char *reason)
{
	m->state = how;
	m->dirty = true;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
}

void match_init(struct arena *out, struct match_state *s, size_t room)
{
	memset(s, 0, sizeof(*s));
	s->orders = NEW_N(out, struct match_order, room);
	s->room = room;
}

/* ---- what a fill does -------------------------------------------------- */

static struct qty remaining(const struct match_order *m)
{
	struct qty q;

	if (!qty_sub(&q, m->o.qty, m->filled) || qty_sign(q) < 0)
		return qty_zero();
	return q;
}

/* The part of the position that an order of this side would close. */
static struct qty closable(const struct match_state *s, enum xchg_side side)
{
	struct qty q = s->base;

	if (side == SIDE_BUY && !qty_neg(&q, s->base))
		return qty_zero();
	return qty_sign(q) > 0 ? q : qty_zero();
}

/* The order's own fee comes with its first fill. */
static bool fee_of(const struct match_rules *r, const struct match_order *m,
		   struct quote cost, struct qty q, bool maker,
		   struct quote *ret)
{
	struct quote units = quote_from_raw(qty_raw(q));

	return quote_scale(ret, cost, maker ? r->fee_maker : r->fee_taker,
			   ROUND_CEIL) &&
		quote_scale(&units, units, r->fee_unit, ROUND_CEIL) &&
		quote_add(ret, *ret, units) &&
		(!qty_is_zero(m->filled) || quote_add(ret, *ret, r->fee_order)) &&
		quote_to_step(ret, *ret, r->quote_step, ROUND_CEIL);
}

static bool book(struct match_state *s, struct match_order *m, struct price px,
		 struct qty q, bool maker, struct match_fill *f)
{
	const struct match_rules *r = &s->rules;
	struct quote c;

	if (!notional(&c, px, q, ROUND_HALF_EVEN) ||
	    !quote_to_step(&f->cost, c, r->quote_step, ROUND_HALF_EVEN) ||
	    !fee_of(r, m, f->cost, q, maker, &f->fee) ||
	    !quote_sub(&s->cash, s->cash, f->fee))
		return false;
	if (is_buy(m)) {
		if (!quote_sub(&s->cash, s->cash, f->cost) ||
		    !qty_add(&s->base, s->base, q))
			return false;
	} else if (!quote_add(&s->cash, s->cash, f->cost) ||
		   !qty_sub(&s->base, s->base, q)) {
		return false;
	}
	if (!qty_add(&m->filled, m->filled, q) ||
	    !quote_add(&m->cost, m->cost, f->cost))
		return false;
	f->price = px;
	f->qty = q;
	f->maker = maker;
	f->seq = ++s->fill_seq;
	m->dirty = true;
	return true;
}

static void cancel_children(struct match_state *s, const struct match_order *p)
{
	for (size_t i = 0; i < s->n_orders; i++) {
		struct match_order *m = &s->orders[i];

		if (m->state == XS_PENDING && coid_eq(m->o.parent, p->o.coid))
			end_order(m, XS_CANCELED, "its parent ended unfilled");
	}
}

static void cancel_rest(struct match_state *s, struct match_order *m,
			const char *reason)
{
	end_order(m, XS_CANCELED, reason);
	cancel_children(s, m);
}

/* A distance from the parent's average price becomes a price: profit lies
 * above for what sells.  Stops round away from the market, targets too. */
static bool level_from(struct price *lv, struct price avg, bool above,
		       struct price tick)
{
	struct price x;

	return (above ? price_add(&x, avg, *lv) : price_sub(&x, avg, *lv)) &&
		price_to_step(lv, x, tick, above ? ROUND_CEIL : ROUND_FLOOR) &&
		price_sign(*lv) > 0;
}

static void wake(const struct match_state *s, struct match_order *m,
		 const struct match_order *parent)
{
	bool sell = !is_buy(m), trails = m->o.type == OT_TRAIL, good;
	struct price avg;

	m->state = XS_OPEN;
	m->dirty = true;
	if ((m->o.flags & (XO_REL_LIMIT | XO_REL_STOP)) == 0)
		return;
	good = notional_price(&avg, parent->cost, parent->filled,
			      ROUND_HALF_EVEN);
	if (good && (m->o.flags & XO_REL_LIMIT))
		good = level_from(&m->o.limit, avg, sell, s->rules.tick);
	if (good && (m->o.flags & XO_REL_STOP))
		good = level_from(&m->o.stop, avg, sell == trails, s->rules.tick);
	m->o.flags &= ~(unsigned)(XO_REL_LIMIT | XO_REL_STOP);
	/* A target below nothing is never met. */
	if (!good)
		end_order(m, XS_CANCELED, "its level is no price");
}

static void settle(struct match_state *s, struct match_order *m,
		   const char *rest)
{
	if (qty_cmp(m->filled, m->o.qty) >= 0)
		end_order(m, XS_FILLED, "");
	else if (rest != NULL)
		cancel_rest(s, m, rest);
	else
		m->state = XS_PARTIAL;
}

static bool slipped(const struct match_state *s, const struct match_order *m,
		    struct price at, struct price *ret)
{
	struct price slip;

	*ret = at;
	if (m->o.type == OT_LIMIT || m->o.type == OT_STOP_LIMIT ||
	    s->rules.slippage_ticks == 0)
		return true;
	if (!price_mul_i64(&slip, s->rules.tick, s->rules.slippage_ticks))
		return false;
	if (is_buy(m))
		return price_add(ret, at, slip);
	if (price_cmp(at, slip) <= 0) {
		*ret = s->rules.tick;
		return true;
	}
	return price_sub(ret, at, slip);
}

/* ---- what a candle did ------------------------------------------------- */

static struct match_order *find(const struct match_state *s, struct coid coid)
{
	for (size_t i = 0; i < s->n_orders; i++)
		if (coid_eq(s->orders[i].o.coid, coid) &&
		    !xchg_state_over(s->orders[i].state))
			return &s->orders[i];
	return NULL;
}

static int no_print(struct err *err, const struct match_print *p,
		    const char *why)
{
	char px[MONEY_TEXT_MAX], q[MONEY_TEXT_MAX];

	price_format(px, p->price);
	qty_format(q, p->qty);
	return FAIL(err, E_UNPROCESSABLE, "a fill of %s at %s cannot be: %s",
		    q, px, why);
}

/* A price of the candle, or as much worse as slippage makes it. */
static bool candle_saw(const struct match_rules *r, const struct match_candle *c,
		       const struct match_print *p)
{
	struct price slip, lo = c->l, hi = c->h;

	if (!p->maker) {
		if (!price_mul_i64(&slip, r->tick, r->slippage_ticks))
			return false;
		if (p->side == SIDE_BUY ? !price_add(&hi, hi, slip) :
		    !price_sub(&lo, lo, slip))
			return false;
	}
	return price_cmp(p->price, lo) >= 0 && price_cmp(p->price, hi) <= 0;
}

/* Was the stop met, and is what was paid on its far side? */
static bool stop_met(const struct xchg_order *o, const struct match_candle *c,
		     struct price at)
{
	return o->side == SIDE_BUY ? price_cmp(c->h, o->stop) >= 0 &&
		price_cmp(at, o->stop) >= 0 :
		price_cmp(c->l, o->stop) <= 0 && price_cmp(at, o->stop) <= 0;
}

int match_may_print(const struct match_rules *r, const struct xchg_order *o,
		    const struct match_candle *c, const struct match_print *p,
		    struct err *err)
{
	int at_limit = price_cmp(p->price, o->limit);

	if (p->side != o->side || qty_sign(p->qty) <= 0 ||
	    price_sign(p->price) <= 0)
		return no_print(err, p, "it is of the other side, or of nothing");
	if (!candle_saw(r, c, p))
		return no_print(err, p, "the candle did not see that price");
	switch (o->type) {
	case OT_LIMIT:
	case OT_STOP_LIMIT:
		if ((o->flags & XO_REL_LIMIT) == 0 &&
		    (o->side == SIDE_BUY ? at_limit > 0 : at_limit < 0))
			return no_print(err, p, "it is worse than the limit");
		break;
	case OT_STOP:
		if ((o->flags & XO_REL_STOP) == 0 && !stop_met(o, c, p->price))
			return no_print(err, p, "the stop was not met");
		break;
	case OT_MARKET:
	case OT_TRAIL:
		break;
	}
	return 0;
}

static void wake_children(struct match_state *s, const struct match_order *parent)
{
	for (size_t i = 0; i < s->n_orders; i++) {
		struct match_order *m = &s->orders[i];

		if (m->state == XS_PENDING &&
		    coid_eq(m->o.parent, parent->o.coid))
			wake(s, m, parent);
	}
}

static int print(struct match_state *s, const struct match_candle *c,
		 const struct match_print *p, struct match_events *ev,
		 struct err *err)
{
	struct match_fill *f = &ev->fills[ev->n_fills];
	struct match_order *m = find(s, p->coid);
	int rc;

	if (m == NULL || m->state == XS_PENDING)
		return no_print(err, p, "there is no such open order");
	rc = match_may_print(&s->rules, &m->o, c, p, err);
	if (rc < 0)
		return rc;
	if (qty_cmp(p->qty, remaining(m)) > 0)
		return no_print(err, p, "less than that is left of the order");
	if ((m->o.flags & XO_REDUCE) &&
	    qty_cmp(p->qty, closable(s, m->o.side)) > 0)
		return no_print(err, p, "the order only reduces the position");
	if (!s->rules.allow_short && m->o.side == SIDE_SELL &&
	    qty_cmp(p->qty, s->base) > 0)
		return no_print(err, p, "the account does not hold so much");
	if (!book(s, m, p->price, p->qty, p->maker, f))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of the range of money");
	f->order = (size_t)(m - s->orders);
	/* Stamped with the open of its candle, as charts do. */
	f->time_ms = c->open_ms;
	ev->n_fills++;
	/* before what is left of the parent ends */
	wake_children(s, m);
	settle(s, m, p->last ? "the rest was not needed" : NULL);
	return 0;
}

int match_candle(struct arena *out, struct match_state *s,
		 const struct match_candle *c, const struct match_print *v,
		 size_t n, struct match_events *ret, struct err *err)
{
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	assert(c->open_ms >= s->clock_ms && c->close_ms > c->open_ms);
	ret->fills = NEW_N(out, struct match_fill, n + 1);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = print(s, c, &v[i], ret, err);
	if (rc < 0)
		return rc;
	s->clock_ms = c->close_ms;
	s->bar_ms = c->open_ms;
	s->last = c->c;
	ret->changed = n > 0;
	return 0;
}

/* ---- orders come and go -------------------------------------------------- */

static bool on_tick(struct price p, struct price tick)
{
	struct price r;

	return price_sign(p) > 0 && price_to_step(&r, p, tick, ROUND_DOWN) &&
		price_cmp(r, p) == 0;
}

/* A distance becomes a level, on a tick, when the parent fills. */
static bool level_good(const struct xchg_order *o, enum xchg_order_flag far,
		       struct price p, struct price tick)
{
	return (o->flags & far) || on_tick(p, tick);
}

static int check_notional(const struct match_rules *r, struct price at,
			  struct qty q, struct err *err)
{
	struct quote n;

	if (!notional(&n, at, q, ROUND_DOWN))
		return FAIL(err, E_UNPROCESSABLE, "price x quantity out of range");
	if (quote_cmp(n, r->min_notional) < 0)
		return FAIL(err, E_UNPROCESSABLE, "below the minimum notional");
	return 0;
}

static int check_order(const struct match_state *s, const struct xchg_order *o,
		       struct err *err)
{
	const struct match_rules *r = &s->rules;
	bool limit = o->type == OT_LIMIT || o->type == OT_STOP_LIMIT;
	bool stop = o->type == OT_STOP || o->type == OT_STOP_LIMIT;
	struct price at = limit ? o->limit : stop ? o->stop : s->last;
	struct qty q;

	if (qty_sign(o->qty) <= 0 ||
	    !qty_to_step(&q, o->qty, r->lot, ROUND_DOWN) ||
	    qty_cmp(q, o->qty) != 0)
		return FAIL(err, E_UNPROCESSABLE, "quantity is not a multiple of the lot");
	if ((limit && !level_good(o, XO_REL_LIMIT, o->limit, r->tick)) ||
	    (stop && !level_good(o, XO_REL_STOP, o->stop, r->tick)))
		return FAIL(err, E_UNPROCESSABLE, "price is not a multiple of the tick");
	if (o->type == OT_TRAIL &&
	    (price_sign(o->offset) < 0 || price_sign(o->stop) < 0))
		return FAIL(err, E_UNPROCESSABLE, "trailing distance below zero");
	if ((o->flags & XO_NOW) && (o->type != OT_MARKET || price_is_zero(s->last)))
		return FAIL(err, E_UNPROCESSABLE, "there is no price to fill at now");
	if ((o->flags & XO_REDUCE) || price_is_zero(at))
		return 0;
	return check_notional(r, at, o->qty, err);
}

static int fill_now(struct arena *out, struct match_state *s,
		    struct match_order *m, struct match_events *ret,
		    struct err *err)
{
	struct qty q = m->o.qty, most = closable(s, m->o.side);
	bool capped = (m->o.flags & XO_REDUCE) ||
		(!s->rules.allow_short && m->o.side == SIDE_SELL);
	struct price px;

	ret->fills = NEW(out, struct match_fill);
	if (capped && qty_cmp(most, q) < 0)
		q = most;
	if (!slipped(s, m, s->last, &px))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of range");
	if (qty_sign(q) > 0) {
		if (!book(s, m, px, q, false, &ret->fills[0]))
			return FAIL(err, E_UNPROCESSABLE, "a fill is out of range");
		ret->fills[0].order = (size_t)(m - s->orders);
		ret->fills[0].time_ms = s->bar_ms;
		ret->n_fills = 1;
	}
	settle(s, m, "the position is closed");
	return 0;
}

int match_place(struct arena *out, struct match_state *s,
		const struct xchg_order *o, int64_t now_ms,
		struct match_events *ret, struct err *err)
{
	struct match_order *m;
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = check_order(s, o, err);
	if (rc < 0)
		return rc;
	if (o->deadline_us != 0 && now_ms * 1000 > o->deadline_us)
		return FAIL(err, E_UNPROCESSABLE, "the order came after its deadline");
	if (s->n_orders >= s->room)
		return FAIL(err, E_UNPROCESSABLE, "too many open orders");
	if (!coid_is_zero(o->parent) && find(s, o->parent) == NULL)
		return FAIL(err, E_UNPROCESSABLE, "its parent is not open");
	m = &s->orders[s->n_orders++];
	*m = (struct match_order){ .o = *o, .seq = ++s->order_seq,
		.placed_ms = now_ms, .dirty = true,
		.state = coid_is_zero(o->parent) ? XS_OPEN : XS_PENDING };
	ret->changed = true;
	if (o->flags & XO_NOW)
		return fill_now(out, s, m, ret, err);
	return 0;
}

int match_cancel(struct match_state *s, struct coid coid, const char *reason,
		 struct err *err)
{
	struct match_order *m = find(s, coid);

	if (m == NULL)
		return FAIL(err, E_NOTFOUND, "no such open order");
	cancel_rest(s, m, reason);
	return 0;
}

void match_sweep(struct match_state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_orders; i++)
		if (!xchg_state_over(s->orders[i].state))
			s->orders[n++] = s->orders[i];
	s->n_orders = n;
}
