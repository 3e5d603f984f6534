#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "order/plan_i.h"

static void note(struct plan *p, const char *what, const char *id)
{
	*array_push(p->a, &p->notes) = arena_printf(p->a, "%s: %s", id, what);
}

int plan_range(struct plan *p, const struct strat_cmd *c)
{
	return FAIL(p->err, E_UNPROCESSABLE,
		    "line %d: %s \"%.40s\": a price or quantity is out of range",
		    c->line, strat_kind_name(c->kind), c->id ? c->id : "");
}

void plan_text(char *to, size_t size, const char *from)
{
	size_t n;

	snprintf(to, size, "%s", text(from));
	/* A character is never cut in half. */
	for (n = strlen(to); n > 0 && !str_utf8_valid(str_n(to, n)); n--)
		to[n - 1] = '\0';
}

struct item *plan_add(struct plan *p, enum order_kind kind,
		      const struct strat_cmd *c, enum xchg_side side)
{
	struct item *n = array_push(p->a, &p->items);

	n->parent = -1;
	n->it.kind = kind;
	n->it.leg = LEG_NONE;
	n->it.bar_ms = p->in->bar_ms;
	n->it.created_ms = p->in->now_ms;
	n->it.state = ORDER_NEW;
	n->it.o.side = side;
	n->it.o.type = OT_MARKET;
	n->it.o.deadline_us = p->in->deadline_us;
	plan_text(n->it.tag, sizeof(n->it.tag), c->id);
	plan_text(n->it.from_entry, sizeof(n->it.from_entry), c->from_entry);
	plan_text(n->it.comment, sizeof(n->it.comment), c->comment);
	return n;
}

/* Children that wait for an order go with it. */
static void drop(struct plan *p, size_t i)
{
	struct item *it = &p->items.v[i], *b;

	it->gone = true;
	for (size_t k = 0; k < p->items.n; k++) {
		b = &p->items.v[k];
		if (!b->gone &&
		    (b->parent == (int)i ||
		     (it->live != NULL && b->live != NULL &&
		      qty_is_zero(it->it.filled) &&
		      coid_eq(b->it.o.parent, it->it.o.coid))))
			b->gone = true;
	}
}

/* ---- sizes and prices ---------------------------------------------------- */

/* An entry's stop is rounded away from the market, its limit never to the
 * worse side of what was asked. */
static bool set_prices(struct plan *p, struct xchg_order *o,
		       const struct strat_cmd *c)
{
	struct price tick = p->in->rules.tick;
	bool buy = o->side == SIDE_BUY;

	o->limit = price_zero();
	o->stop = price_zero();
	if (given(c->limit) &&
	    (!price_from_double(&o->limit, c->limit, tick,
				buy ? ROUND_FLOOR : ROUND_CEIL) ||
	     price_sign(o->limit) <= 0))
		return false;
	if (given(c->stop) &&
	    (!price_from_double(&o->stop, c->stop, tick,
				buy ? ROUND_CEIL : ROUND_FLOOR) ||
	     price_sign(o->stop) <= 0))
		return false;
	o->type = given(c->limit) ?
		(given(c->stop) ? OT_STOP_LIMIT : OT_LIMIT) :
		(given(c->stop) ? OT_STOP : OT_MARKET);
	return true;
}

static struct price order_price(const struct plan *p, const struct xchg_order *o)
{
	switch (o->type) {
	case OT_LIMIT:
	case OT_STOP_LIMIT:
		return o->limit;
	case OT_STOP:
		return o->stop;
	case OT_MARKET:
	case OT_TRAIL:
		break;
	}
	return p->in->close;
}

static bool default_qty(const struct plan *p, struct price px, struct qty *ret)
{
	const struct strat_properties *pr = p->in->rules.props;
	struct qty lot = p->in->rules.lot, part;
	struct quote money = p->in->equity;
	struct qty e9 = qty_from_raw(1000000000);	/* 1e-9 */

	switch (pr->default_qty_type) {
	case STRAT_QTY_FIXED:
		return qty_from_double(ret, pr->default_qty_value, lot, ROUND_DOWN);
	case STRAT_QTY_PERCENT:
		if (!qty_from_double(&part, pr->default_qty_value / 100, e9,
				     ROUND_HALF_EVEN) ||
		    !quote_scale(&money, money, part, ROUND_DOWN))
			return false;
		break;
	case STRAT_QTY_CASH:
		if (!quote_from_double(&money, pr->default_qty_value,
				       quote_from_raw(1000000000), ROUND_DOWN))
			return false;
		break;
	}
	if (quote_sign(money) <= 0) {
		*ret = qty_zero();
		return true;
	}
	return notional_qty(ret, money, px, ROUND_DOWN) &&
		qty_to_step(ret, *ret, lot, ROUND_DOWN);
}

static bool own_qty(const struct plan *p, const struct strat_cmd *c,
		    struct price px, struct qty *ret)
{
	if (!given(c->qty))
		return default_qty(p, px, ret);
	return qty_from_double(ret, c->qty, p->in->rules.lot, ROUND_DOWN);
}

/* What market orders of this bar and before are about to close. */
static struct qty closing(const struct plan *p)
{
	struct qty q = qty_zero();

	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *t = &p->items.v[i];

		if (!t->gone && t->it.kind == KIND_CLOSE &&
		    !qty_add(&q, q, intent_rest(&t->it)))
			return qty_zero();
	}
	return q;
}

static struct qty position_size(const struct plan *p)
{
	struct qty q = p->in->acct->base;

	if (qty_sign(q) < 0 && !qty_neg(&q, q))
		return qty_zero();
	return q;
}

static uint64_t name_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h | 1;
}

static void set_oca(struct xchg_order *o, const struct strat_cmd *c)
{
	if (c->oca_name == NULL || *c->oca_name == '\0')
		return;
	switch (c->oca_type) {
	case STRAT_OCA_NONE:
		return;
	case STRAT_OCA_CANCEL:
		o->oca_kind = OCA_CANCEL;
		break;
	case STRAT_OCA_REDUCE:
		o->oca_kind = OCA_REDUCE;
		break;
	}
	o->oca = name_hash(c->oca_name);
}

/* ---- entry and order ------------------------------------------------------ */

static int find_pending(const struct plan *p, const char *tag)
{
	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *t = &p->items.v[i];

		if (!t->gone && !is_exit(&t->it) && strcmp(t->it.tag, tag) == 0)
			return (int)i;
	}
	return -1;
}

static bool same_order(const struct xchg_order *a, const struct xchg_order *b)
{
	return a->side == b->side && a->type == b->type &&
		qty_cmp(a->qty, b->qty) == 0 &&
		price_cmp(a->limit, b->limit) == 0 &&
		price_cmp(a->stop, b->stop) == 0 &&
		(a->flags & XO_REDUCE) == (b->flags & XO_REDUCE);
}

static unsigned entries(const struct plan *p, int dir)
{
	const struct acct *a = p->in->acct;
	uint64_t last = 0;
	unsigned n = 0;

	for (size_t i = 0; i < a->n_lots; i++)
		if (a->lots[i].direction == dir && a->lots[i].lot != last) {
			last = a->lots[i].lot;
			n++;
		}
	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *t = &p->items.v[i];

		if (!t->gone && t->it.kind == KIND_ENTRY &&
		    t->it.o.type == OT_MARKET && qty_is_zero(t->it.filled) &&
		    side_dir(t->it.o.side) == dir)
			n++;
	}
	return n;
}

static void put_entry(struct plan *p, const struct item *n, int old)
{
	size_t at;

	if (old >= 0 && same_order(&p->items.v[old].it.o, &n->it.o))
		return;		/* said again: it stands as it is */
	at = p->items.n;
	*array_push(p->a, &p->items) = *n;
	if (old < 0)
		return;
	/* Exits that wait for the old one wait for the new one. */
	for (size_t i = 0; i < at; i++) {
		struct item *t = &p->items.v[i], child;

		if (t->gone || t->it.kind != KIND_EXIT ||
		    !(t->parent == old || coid_eq(t->it.o.parent,
						  p->items.v[old].it.o.coid)))
			continue;
		child = *t;
		child.live = NULL;
		child.parent = (int)at;
		child.it.id = 0;
		child.it.state = ORDER_NEW;
		child.it.ver = 0;
		child.it.attempt = 0;
		child.it.bar_ms = p->in->bar_ms;
		child.it.created_ms = p->in->now_ms;
		child.it.o.deadline_us = p->in->deadline_us;
		child.it.o.qty = n->it.o.qty;
		*array_push(p->a, &p->items) = child;
	}
	drop(p, (size_t)old);
}

/* May there be an entry in this direction now? */
static bool may_enter(const struct plan *p, const struct strat_cmd *c, int old,
		      unsigned max)
{
	/* one of that name is on its way */
	if (old >= 0 && p->items.v[old].live != NULL &&
	    p->items.v[old].it.o.type == OT_MARKET)
		return false;
	return pos_dir(p) != c->dir || entries(p, c->dir) < max;
}

/* Its own size, and the position that it turns round. */
static int entry_size(struct plan *p, const struct strat_cmd *c, bool only_close,
		      struct item *n)
{
	bool against = pos_dir(p) == -c->dir;
	struct qty own, back;

	back = against ? less(position_size(p), closing(p)) : qty_zero();
	if (only_close) {
		n->it.o.qty = back;
		n->it.o.flags |= XO_REDUCE;
		return 0;
	}
	if (!own_qty(p, c, order_price(p, &n->it.o), &own))
		return plan_range(p, c);
	if (qty_sign(own) <= 0) {
		note(p, "the quantity rounds to zero", n->it.tag);
		n->it.o.qty = qty_zero();
		return 0;
	}
	return qty_add(&n->it.o.qty, own, back) ? 0 : plan_range(p, c);
}

static int plan_entry(struct plan *p, const struct strat_cmd *c)
{
	unsigned max = p->in->rules.props->pyramiding < 1 ? 1 :
		(unsigned)p->in->rules.props->pyramiding;
	bool only_close = p->allow_dir != 0 && p->allow_dir != c->dir;
	int old = find_pending(p, text(c->id)), rc;
	struct item n;

	if (!may_enter(p, c, old, max))
		return 0;
	n = *plan_add(p, KIND_ENTRY, c, dir_side(c->dir));
	p->items.n--;
	if (!set_prices(p, &n.it.o, c))
		return plan_range(p, c);
	rc = entry_size(p, c, only_close, &n);
	if (rc < 0 || qty_sign(n.it.o.qty) <= 0)
		return rc;
	if (max == 1 && !only_close)
		n.it.o.flags |= XO_FIRST;
	if (p->in->rules.props->process_orders_on_close &&
	    n.it.o.type == OT_MARKET)
		n.it.o.flags |= XO_NOW;
	set_oca(&n.it.o, c);
	put_entry(p, &n, old);
	return 0;
}

static int plan_order(struct plan *p, const struct strat_cmd *c)
{
	int old = find_pending(p, text(c->id));
	struct item n = *plan_add(p, KIND_ORDER, c, dir_side(c->dir));

	p->items.n--;
	if (!set_prices(p, &n.it.o, c) ||
	    !own_qty(p, c, order_price(p, &n.it.o), &n.it.o.qty))
		return plan_range(p, c);
	if (qty_sign(n.it.o.qty) <= 0) {
		note(p, "the quantity rounds to zero", n.it.tag);
		return 0;
	}
	if (p->in->rules.props->process_orders_on_close &&
	    n.it.o.type == OT_MARKET)
		n.it.o.flags |= XO_NOW;
	set_oca(&n.it.o, c);
	put_entry(p, &n, old);
	return 0;
}

/* ---- close ---------------------------------------------------------------- */

static int put_close(struct plan *p, const struct strat_cmd *c,
		     const char *tag, struct qty q)
{
	struct item *n;

	q = qty_min(q, less(position_size(p), closing(p)));
	if (qty_sign(q) <= 0)
		return 0;
	n = plan_add(p, KIND_CLOSE, c, dir_side(-pos_dir(p)));
	plan_text(n->it.tag, sizeof(n->it.tag), tag);
	plan_text(n->it.from_entry, sizeof(n->it.from_entry), c->id);
	n->it.o.qty = q;
	n->it.o.flags = XO_REDUCE;
	if (c->immediately || p->in->rules.props->process_orders_on_close)
		n->it.o.flags |= XO_NOW;
	return 0;
}

static int plan_close(struct plan *p, const struct strat_cmd *c)
{
	struct qty q = acct_qty_of(p->in->acct, text(c->id)), part;
	struct qty e9 = qty_from_raw(1000000000);
	char tag[TAG_MAX];

	if (c->kind == STRAT_CLOSE_ALL) {
		snprintf(tag, sizeof(tag), "Close position order");
		return put_close(p, c, tag, position_size(p));
	}
	if (given(c->qty)) {
		if (!qty_from_double(&part, c->qty, p->in->rules.lot, ROUND_DOWN))
			return plan_range(p, c);
		q = qty_min(q, part);
	} else if (given(c->qty_percent) && c->qty_percent < 100) {
		if (!qty_from_double(&part, c->qty_percent / 100, e9,
				     ROUND_HALF_EVEN) ||
		    !qty_scale(&q, q, part, ROUND_DOWN) ||
		    !qty_to_step(&q, q, p->in->rules.lot, ROUND_DOWN))
			return plan_range(p, c);
	}
	snprintf(tag, sizeof(tag), "Close entry(s) order %.40s", text(c->id));
	return put_close(p, c, tag, q);
}

/* ---- the rest ---------------------------------------------------------------- */

static void plan_cancel(struct plan *p, const struct strat_cmd *c)
{
	for (size_t i = 0; i < p->items.n; i++) {
		struct item *t = &p->items.v[i];

		if (!t->gone && (c->kind == STRAT_CANCEL_ALL ||
				 strcmp(t->it.tag, text(c->id)) == 0))
			drop(p, i);
	}
}

static int plan_cmd(struct plan *p, const struct strat_cmd *c)
{
	switch (c->kind) {
	case STRAT_ENTRY:
		return plan_entry(p, c);
	case STRAT_ORDER:
		return plan_order(p, c);
	case STRAT_EXIT:
		return plan_exit(p, c);
	case STRAT_CLOSE:
	case STRAT_CLOSE_ALL:
		return plan_close(p, c);
	case STRAT_CANCEL:
	case STRAT_CANCEL_ALL:
		plan_cancel(p, c);
		return 0;
	case STRAT_RISK_ALLOW_ENTRY:
		p->allow_dir = c->dir;
		return 0;
	case STRAT_RISK_MAX_CONS_LOSS_DAYS:
	case STRAT_RISK_MAX_DRAWDOWN:
	case STRAT_RISK_MAX_INTRADAY_ORDERS:
	case STRAT_RISK_MAX_INTRADAY_LOSS:
	case STRAT_RISK_MAX_POSITION:
		break;
	}
	/* A guard that is not obeyed is worse than none. */
	return FAIL(p->err, E_UNPROCESSABLE,
		    "line %d: %s is not enforced by bots; remove the call or use the bot's own limits",
		    c->line, strat_kind_name(c->kind));
}

/* Exits of a position that is gone, or was turned round. */
static void drop_orphans(struct plan *p)
{
	for (size_t i = 0; i < p->items.n; i++) {
		struct item *t = &p->items.v[i];

		if (!is_exit(&t->it) || !plan_bound(p, t, -1))
			continue;
		if (side_dir(t->it.o.side) != -pos_dir(p) ||
		    (t->it.kind == KIND_EXIT &&
		     qty_is_zero(acct_qty_of(p->in->acct, t->it.from_entry))))
			t->gone = true;
	}
}

int plan_orders(struct arena *out, const struct plan_in *in,
		struct plan_out *ret, struct err *err)
{
	struct plan p = { .a = out, .in = in, .allow_dir = in->allow_dir,
			  .err = err };
	unsigned seq = 0;
	int rc;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < in->n_live; i++) {
		struct item *t;

		if (in->live[i].state == ORDER_CANCELING)
			continue;
		t = array_push(out, &p.items);
		t->live = &in->live[i];
		t->it = in->live[i];
		t->parent = -1;
	}
	drop_orphans(&p);
	for (size_t i = 0; i < in->n_cmds; i++) {
		rc = plan_cmd(&p, &in->cmds[i]);
		if (rc < 0)
			return rc;
	}
	ret->place = NEW_N(out, struct intent, p.items.n + 1);
	ret->cancel = NEW_N(out, struct intent *, p.items.n + 1);
	for (size_t i = 0; i < p.items.n; i++) {
		struct item *t = &p.items.v[i];

		if (t->live != NULL && t->gone)
			ret->cancel[ret->n_cancel++] = t->live;
		if (t->live != NULL || t->gone)
			continue;
		t->it.seq = ++seq;
		intent_name(&t->it, in->bot_id);
		/* a new parent stands before its children */
		if (t->parent >= 0)
			t->it.o.parent = p.items.v[t->parent].it.o.coid;
		ret->place[ret->n_place++] = t->it;
	}
	ret->notes = p.notes.v;
	ret->n_notes = p.notes.n;
	return 0;
}
