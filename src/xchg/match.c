#include "config.h"

#include <stdio.h>
#include <string.h>

#include "xchg/match.h"

/* A place on the path: segment 0..2 and the price there. */
struct spot { int seg; struct price at; };

/* What the walk knows of an order besides the order. */
struct plan {
	bool found;		/* it will fill, at: */
	struct spot spot;
	bool done;		/* had its turn in this candle */
	bool maker;
};

struct walk {
	struct match_state *s;
	const struct match_candle *c;
	struct price p[4];
	struct plan *plan;	/* one per order */
	struct qty volume;	/* that may still be taken */
	bool bounded;
	struct match_events *ev;
	struct err *err;
};

static bool no_amount(struct err *err, const char *what)
{
	(void)FAIL(err, E_UNPROCESSABLE, "%s is out of the range of money", what);
	return false;
}

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

void match_path(const struct match_candle *c, struct price ret[static 4])
{
	struct price up, down;
	bool high_first;

	/* A difference of two prices of one candle always fits. */
	high_first = price_sub(&up, c->h, c->o) && price_sub(&down, c->o, c->l) &&
		price_cmp(up, down) < 0;
	ret[0] = c->o;
	ret[1] = high_first ? c->h : c->l;
	ret[2] = high_first ? c->l : c->h;
	ret[3] = c->c;
}

/* ---- where the path meets a level ------------------------------------- */

/* The first place from `from` on where the price is <= level (below) or
 * >= level (not below): where the path stands, or the level itself. */
static bool reach(const struct price p[4], struct spot from, struct price level,
		  bool below, struct spot *ret)
{
	for (int seg = from.seg; seg < 3; seg++) {
		struct price a = seg == from.seg ? from.at : p[seg];
		int at = price_cmp(a, level), to = price_cmp(p[seg + 1], level);

		if (below ? at <= 0 : at >= 0) {
			*ret = (struct spot){ seg, a };
			return true;
		}
		if (below ? to <= 0 : to >= 0) {
			*ret = (struct spot){ seg, level };
			return true;
		}
	}
	return false;
}

/* Is a before b on the path? */
static int spot_cmp(const struct price p[4], struct spot a, struct spot b)
{
	if (a.seg != b.seg)
		return a.seg < b.seg ? -1 : 1;
	return price_cmp(p[a.seg], p[a.seg + 1]) <= 0 ?
		price_cmp(a.at, b.at) : price_cmp(b.at, a.at);
}

/* Follow the best price from `from` on; the mark moves even when the order is
 * not hit. */
static bool trail(struct match_order *m, const struct price p[4],
		  struct spot from, struct spot *ret)
{
	bool sell = !is_buy(m);

	if (!m->trailing) {
		if (!price_is_zero(m->o.stop) &&
		    !reach(p, from, m->o.stop, !sell, &from))
			return false;
		m->trailing = true;
		m->mark = from.at;
	}
	for (int seg = from.seg; seg < 3; seg++) {
		struct price a = seg == from.seg ? from.at : p[seg];
		struct price to = p[seg + 1], level;

		if (sell ? price_cmp(a, m->mark) > 0 : price_cmp(a, m->mark) < 0)
			m->mark = a;
		if (!(sell ? price_sub(&level, m->mark, m->o.offset) :
		      price_add(&level, m->mark, m->o.offset)))
			return false;
		if (reach((const struct price[4]){ p[0], p[0], a, to },
			  (struct spot){ 2, a }, level, sell, ret)) {
			ret->seg = seg;
			return true;
		}
		if (sell ? price_cmp(to, m->mark) > 0 : price_cmp(to, m->mark) < 0)
			m->mark = to;
	}
	return false;
}

/* Where an order that is active from `from` on fills. */
static bool meets(struct match_order *m, const struct price p[4],
		  struct spot from, struct spot *ret, bool *ret_maker)
{
	bool buy = is_buy(m);
	struct spot start = from;

	*ret_maker = false;
	switch (m->o.type) {
	case OT_MARKET:
		*ret = from;
		return true;
	case OT_STOP:
		if (m->triggered) {
			*ret = from;
			return true;
		}
		return reach(p, from, m->o.stop, !buy, ret);
	case OT_TRAIL:
		if (m->triggered) {
			*ret = from;
			return true;
		}
		return trail(m, p, from, ret);
	case OT_STOP_LIMIT:
		if (!m->triggered) {
			if (!reach(p, from, m->o.stop, !buy, &start))
				return false;
			m->triggered = true;
			m->dirty = true;
		}
		break;
	case OT_LIMIT:
		break;
	}
	if (!reach(p, start, m->o.limit, buy, ret))
		return false;
	*ret_maker = spot_cmp(p, start, *ret) != 0;
	return true;
}

/* The place where an order placed before or in this candle wakes up. */
static bool active_from(const struct walk *w, const struct match_order *m,
			struct spot *ret, bool *ret_rested)
{
	const struct match_rules *r = &w->s->rules;
	int64_t from = m->placed_ms + r->latency_ms;
	int64_t span = w->c->close_ms - w->c->open_ms, at, seg;
	struct price d;

	*ret_rested = from < w->s->clock_ms;
	if (from <= w->c->open_ms) {
		*ret = (struct spot){ 0, w->p[0] };
		return true;
	}
	if (from >= w->c->close_ms)
		return false;
	at = (from - w->c->open_ms) * 3;
	seg = at / span;
	ret->seg = (int)seg;
	/* a + (b - a) x part, the part being the rest of the division */
	if (!price_sub(&d, w->p[seg + 1], w->p[seg]) ||
	    !price_scale(&d, d, qty_from_raw((money_raw)(at % span) *
			 1000000000000000000LL / span), ROUND_HALF_EVEN) ||
	    !price_add(&d, w->p[seg], d) ||
	    !price_to_step(&ret->at, d, r->tick, ROUND_HALF_EVEN))
		ret->at = w->p[seg];
	return true;
}

/* ---- what a fill does -------------------------------------------------- */

static struct qty remaining(const struct match_order *m)
{
	struct qty q;

	if (!qty_sub(&q, m->o.qty, m->filled) ||
	    !qty_sub(&q, q, m->oca_taken) || qty_sign(q) < 0)
		return qty_zero();
	return q;
}

static struct qty qty_min(struct qty a, struct qty b)
{
	return qty_cmp(a, b) < 0 ? a : b;
}

/* The part of the position that an order of this side would close. */
static struct qty closable(const struct match_state *s, enum xchg_side side)
{
	struct qty q = s->base;

	if (side == SIDE_BUY && !qty_neg(&q, s->base))
		return qty_zero();
	return qty_sign(q) > 0 ? q : qty_zero();
}

/* The most that can be paid for at `px`, the fee included.  What is open on
 * the other side is closed first, and what it frees counts. */
static bool affordable(const struct match_state *s, enum xchg_side side,
		       struct price px, struct qty fee, struct qty *ret)
{
	const struct match_rules *r = &s->rules;
	struct qty close = closable(s, side), one, q;
	struct quote worth, room, part;
	struct price unit;

	if (!r->allow_short && side == SIDE_SELL) {
		*ret = close;
		return true;
	}
	if (!qty_parse(&one, "1") || !qty_add(&one, one, fee) ||
	    !price_scale(&unit, px, one, ROUND_UP) ||
	    !notional(&worth, px, s->base, ROUND_FLOOR) ||
	    !quote_add(&room, s->cash, worth))
		return false;
	/* equity, less what the position binds or plus what closing it frees */
	q = close;
	if (qty_is_zero(close))
		q = s->base;
	if (!notional(&part, px, q, ROUND_CEIL))
		return false;
	if (quote_sign(part) < 0 && !quote_neg(&part, part))
		return false;
	if (qty_is_zero(close) ? !quote_sub(&room, room, part) :
	    !quote_add(&room, room, part))
		return false;
	/* the fee is rounded up to a whole step */
	if (!quote_sub(&room, room, r->quote_step))
		return false;
	if (quote_sign(room) <= 0) {
		*ret = close;
		return true;
	}
	if (!notional_qty(&q, room, unit, ROUND_DOWN) ||
	    !qty_to_step(&q, q, r->lot, ROUND_DOWN))
		return false;
	*ret = qty_cmp(q, close) < 0 ? close : q;
	return true;
}

static bool book(struct match_state *s, struct match_order *m, struct price px,
		 struct qty q, bool maker, struct match_fill *f)
{
	const struct match_rules *r = &s->rules;
	struct quote c;

	if (!notional(&c, px, q, ROUND_HALF_EVEN) ||
	    !quote_to_step(&f->cost, c, r->quote_step, ROUND_HALF_EVEN) ||
	    !quote_scale(&c, f->cost, maker ? r->fee_maker : r->fee_taker,
			 ROUND_CEIL) ||
	    !quote_to_step(&f->fee, c, r->quote_step, ROUND_CEIL) ||
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

static bool wake(const struct match_state *s, struct match_order *m,
		 const struct match_order *parent)
{
	bool sell = !is_buy(m), trails = m->o.type == OT_TRAIL;
	struct price avg;

	m->state = XS_OPEN;
	m->dirty = true;
	if ((m->o.flags & (XO_REL_LIMIT | XO_REL_STOP)) == 0)
		return true;
	if (!notional_price(&avg, parent->cost, parent->filled, ROUND_HALF_EVEN))
		return false;
	if ((m->o.flags & XO_REL_LIMIT) &&
	    !level_from(&m->o.limit, avg, sell, s->rules.tick))
		return false;
	if ((m->o.flags & XO_REL_STOP) &&
	    !level_from(&m->o.stop, avg, sell == trails, s->rules.tick))
		return false;
	m->o.flags &= ~(unsigned)(XO_REL_LIMIT | XO_REL_STOP);
	return true;
}

/* The others of the group. */
static bool share_group(struct match_state *s, const struct match_order *m,
			struct qty q)
{
	for (size_t i = 0; i < s->n_orders; i++) {
		struct match_order *b = &s->orders[i];

		if (m->o.oca == 0 || b == m || b->o.oca != m->o.oca ||
		    xchg_state_over(b->state))
			continue;
		b->dirty = true;
		if (!qty_add(&b->oca_taken, b->oca_taken, q))
			return false;
		if (b->o.oca_kind == OCA_CANCEL || qty_is_zero(remaining(b)))
			cancel_rest(s, b, "its group was filled");
	}
	return true;
}

static void settle(struct match_state *s, struct match_order *m,
		   const char *short_of)
{
	if (qty_cmp(m->filled, m->o.qty) >= 0)
		end_order(m, XS_FILLED, "");
	else if (short_of != NULL)
		cancel_rest(s, m, short_of);
	else if (qty_is_zero(remaining(m)))
		cancel_rest(s, m, "its group filled the rest");
	else
		m->state = XS_PARTIAL;
}

/* How much of an order may fill at px; *ret_short: why the rest never will. */
static bool fill_size(const struct match_state *s, const struct match_order *m,
		      struct price px, bool maker, struct qty *ret,
		      const char **ret_short)
{
	struct qty q = remaining(m), max;

	*ret_short = NULL;
	if ((m->o.flags & XO_FIRST) && qty_is_zero(m->filled) &&
	    qty_sign(closable(s, xchg_side_other(m->o.side))) > 0) {
		*ret_short = "a position is open already";
		*ret = qty_zero();
		return true;
	}
	if (m->o.flags & XO_REDUCE) {
		max = closable(s, m->o.side);
		if (qty_cmp(max, q) < 0)
			*ret_short = "the position is closed";
	} else {
		if (!affordable(s, m->o.side, px, maker ? s->rules.fee_maker :
				s->rules.fee_taker, &max))
			return false;
		if (qty_cmp(max, q) < 0)
			*ret_short = "the balance does not pay for more";
	}
	*ret = qty_min(q, max);
	return true;
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

/* ---- the walk ----------------------------------------------------------- */

static void plan_order(struct walk *w, size_t i, struct spot from, bool rested)
{
	struct match_order *m = &w->s->orders[i];
	struct plan *p = &w->plan[i];
	struct price mark = m->mark;
	bool in_book = rested && (m->o.type == OT_LIMIT ||
		(m->o.type == OT_STOP_LIMIT && m->triggered));

	p->found = meets(m, w->p, from, &p->spot, &p->maker);
	p->maker |= in_book;
	if (price_cmp(mark, m->mark) != 0)
		m->dirty = true;
}

/* Market orders first, then what only closes, then by age. */
static int rank(const struct match_order *m)
{
	if (m->o.type == OT_MARKET)
		return 0;
	return (m->o.flags & XO_REDUCE) ? 1 : 2;
}

static bool next_order(const struct walk *w, size_t *ret)
{
	bool any = false;

	for (size_t i = 0; i < w->s->n_orders; i++) {
		const struct match_order *m = &w->s->orders[i], *b;
		int c;

		if (xchg_state_over(m->state) || w->plan[i].done ||
		    !w->plan[i].found)
			continue;
		if (any) {
			b = &w->s->orders[*ret];
			c = spot_cmp(w->p, w->plan[i].spot, w->plan[*ret].spot);
			if (c > 0 || (c == 0 && rank(m) >= rank(b)))
				continue;
		}
		*ret = i;
		any = true;
	}
	return any;
}

static bool wake_children(struct walk *w, const struct match_order *parent,
			  struct spot at)
{
	for (size_t i = 0; i < w->s->n_orders; i++) {
		struct match_order *m = &w->s->orders[i];

		if (m->state != XS_PENDING ||
		    !coid_eq(m->o.parent, parent->o.coid))
			continue;
		if (!wake(w->s, m, parent))
			return no_amount(w->err, "the level of an exit");
		plan_order(w, i, at, false);
	}
	return true;
}

/* The path has come to order i. */
static bool turn(struct walk *w, size_t i)
{
	struct match_state *s = w->s;
	struct match_order *m = &s->orders[i];
	struct plan *p = &w->plan[i];
	struct match_fill *f = &w->ev->fills[w->ev->n_fills];
	const char *short_of;
	struct price px;
	struct qty q;

	p->done = true;
	if (!m->triggered && (m->o.type == OT_STOP || m->o.type == OT_TRAIL)) {
		m->triggered = true;
		m->dirty = true;
	}
	if (!slipped(s, m, p->spot.at, &px) ||
	    !fill_size(s, m, px, p->maker, &q, &short_of))
		return no_amount(w->err, "a fill");
	if (w->bounded && qty_cmp(w->volume, q) < 0) {
		q = w->volume;
		short_of = NULL;
	}
	if (qty_sign(q) <= 0) {
		if (short_of != NULL)
			cancel_rest(s, m, short_of);
		return true;
	}
	if (!book(s, m, px, q, p->maker, f) ||
	    (w->bounded && !qty_sub(&w->volume, w->volume, q)) ||
	    !share_group(s, m, q))
		return no_amount(w->err, "a fill");
	f->order = i;
	/* Stamped with the open of its candle, as charts do. */
	f->time_ms = w->c->open_ms;
	w->ev->n_fills++;
	settle(s, m, short_of);
	return wake_children(w, m, p->spot);
}

int match_candle(struct arena *out, struct match_state *s,
		 const struct match_candle *c, struct match_events *ret,
		 struct err *err)
{
	struct walk w = { .s = s, .c = c, .ev = ret, .err = err };
	bool rested;
	struct spot from;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	assert(c->open_ms >= s->clock_ms && c->close_ms > c->open_ms);
	if (s->n_orders > 0) {
		match_path(c, w.p);
		w.plan = NEW_N(out, struct plan, s->n_orders);
		ret->fills = NEW_N(out, struct match_fill, s->n_orders);
		w.bounded = !qty_is_zero(s->rules.participation);
		if (w.bounded &&
		    (!qty_scale(&w.volume, c->v, s->rules.participation,
				ROUND_DOWN) ||
		     !qty_to_step(&w.volume, w.volume, s->rules.lot, ROUND_DOWN)))
			return FAIL(err, E_UNPROCESSABLE, "candle volume out of range");
		for (i = 0; i < s->n_orders; i++)
			if (s->orders[i].state != XS_PENDING &&
			    active_from(&w, &s->orders[i], &from, &rested))
				plan_order(&w, i, from, rested);
		while (next_order(&w, &i))
			if (!turn(&w, i))
				return -E_UNPROCESSABLE;
	}
	s->clock_ms = c->close_ms;
	s->bar_ms = c->open_ms;
	s->last = c->c;
	for (i = 0; i < s->n_orders; i++)
		ret->changed |= xchg_state_over(s->orders[i].state);
	ret->changed |= ret->n_fills > 0;
	return 0;
}

/* Could the candle touch this order at all? */
static bool out_of_reach(const struct match_order *m,
			 const struct match_candle *c)
{
	bool buy = is_buy(m);

	switch (m->o.type) {
	case OT_MARKET:
	case OT_TRAIL:
		return m->state == XS_PENDING;
	case OT_STOP:
		if (m->state == XS_PENDING)
			return true;
		if (m->triggered)
			return false;
		return buy ? price_cmp(c->h, m->o.stop) < 0 :
			price_cmp(c->l, m->o.stop) > 0;
	case OT_LIMIT:
	case OT_STOP_LIMIT:
		if (m->state == XS_PENDING)
			return true;
		return buy ? price_cmp(c->l, m->o.limit) > 0 :
			price_cmp(c->h, m->o.limit) < 0;
	}
	return false;
}

bool match_quiet(const struct match_state *s, const struct match_candle *c)
{
	struct match_state copy = *s;
	struct match_events ev;
	struct arena *a;
	bool quiet = true;
	size_t i;

	for (i = 0; i < s->n_orders; i++)
		quiet &= out_of_reach(&s->orders[i], c);
	if (quiet)
		return true;
	a = arena_new("match", (size_t)4 << 20);
	copy.orders = NEW_N(a, struct match_order, s->n_orders);
	memcpy(copy.orders, s->orders, s->n_orders * sizeof(*s->orders));
	quiet = match_candle(a, &copy, c, &ev, NULL) == 0 && !ev.changed;
	arena_free(&a);
	return quiet;
}

/* ---- orders come and go -------------------------------------------------- */

static bool on_tick(struct price p, struct price tick)
{
	struct price r;

	return price_sign(p) > 0 && price_to_step(&r, p, tick, ROUND_DOWN) &&
		price_cmp(r, p) == 0;
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
	if ((limit && !on_tick(o->limit, r->tick)) ||
	    (stop && !on_tick(o->stop, r->tick)))
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

static struct match_order *find(const struct match_state *s, struct coid coid)
{
	for (size_t i = 0; i < s->n_orders; i++)
		if (coid_eq(s->orders[i].o.coid, coid) &&
		    !xchg_state_over(s->orders[i].state))
			return &s->orders[i];
	return NULL;
}

static int fill_now(struct arena *out, struct match_state *s,
		    struct match_order *m, struct match_events *ret,
		    struct err *err)
{
	const char *short_of;
	struct price px;
	struct qty q;

	ret->fills = NEW(out, struct match_fill);
	if (!slipped(s, m, s->last, &px) ||
	    !fill_size(s, m, px, false, &q, &short_of))
		return FAIL(err, E_UNPROCESSABLE, "a fill is out of range");
	if (qty_sign(q) > 0) {
		if (!book(s, m, px, q, false, &ret->fills[0]))
			return FAIL(err, E_UNPROCESSABLE, "a fill is out of range");
		ret->fills[0].order = (size_t)(m - s->orders);
		ret->fills[0].time_ms = s->bar_ms;
		ret->n_fills = 1;
	}
	settle(s, m, short_of);
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
