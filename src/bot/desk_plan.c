#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/desk_i.h"

/* From what the emulator says waits to what is placed and cancelled. */

static bool given(double x) { return !isnan(x); }

/* A level or a distance as money; false: it cannot be an order's. */
static bool level(const struct desk *d, double x, struct price *ret)
{
	return price_from_double(ret, x, d->c.rules.tick, ROUND_HALF_EVEN) &&
		price_sign(*ret) > 0;
}

/* A distance need not be whole ticks: the level made of it is. */
static bool distance(double x, struct price *ret)
{
	return price_from_double(ret, x, price_from_raw(1000000),
				 ROUND_HALF_EVEN) && price_sign(*ret) >= 0;
}

static bool leg_prices(const struct desk *d, const struct emu_work *w,
		       struct xchg_order *o)
{
	switch (w->key.leg) {
	case 'p':
		o->type = OT_LIMIT;
		if (given(w->limit))
			return level(d, w->limit, &o->limit);
		o->flags |= XO_REL_LIMIT;
		return distance(w->rel_limit, &o->limit);
	case 'l':
		o->type = OT_STOP;
		if (given(w->stop))
			return level(d, w->stop, &o->stop);
		o->flags |= XO_REL_STOP;
		return distance(w->rel_stop, &o->stop);
	}
	o->type = OT_TRAIL;
	if (w->trail_off > 0 && !distance(w->trail_off, &o->offset))
		return false;
	if (given(w->trail_at))
		return level(d, w->trail_at, &o->stop);
	o->flags |= XO_REL_STOP;
	return distance(w->rel_stop, &o->stop);
}

/* The order of a work.  False: it cannot stand at an exchange (a price below
 * zero); should it ever trade, an order is made for it then. */
static bool order_from(const struct desk *d, const struct emu_work *w,
		       const struct desk_in *in, struct intent *ret)
{
	const char *const text[3] = { w->id, w->from, w->comment };
	struct xchg_order *o = &ret->o;

	desk_intent(d, in, w->key, w->what, text, ret);
	o->side = w->dir > 0 ? SIDE_BUY : SIDE_SELL;
	if (!qty_from_double(&o->qty, w->qty, d->step, ROUND_HALF_EVEN) ||
	    qty_sign(o->qty) <= 0)
		return false;
	if (w->key.leg != '-')
		return leg_prices(d, w, o);
	o->type = given(w->limit) ?
		(given(w->stop) ? OT_STOP_LIMIT : OT_LIMIT) :
		(given(w->stop) ? OT_STOP : OT_MARKET);
	return (!given(w->limit) || level(d, w->limit, &o->limit)) &&
		(!given(w->stop) || level(d, w->stop, &o->stop));
}

/* ---- before an order exists -------------------------------------------------- */

static double cut_before(const struct desk *d, const struct emu_ask *ask)
{
	for (size_t i = 0; i < d->n_past; i++)
		if (d->past[i].kind == DETOUR_CUT && d->past[i].no == ask->no)
			return ask->w.qty - qty_to_double(d->past[i].qty);
	return ask->w.qty;
}

static struct intent *let_of(struct desk *d, struct emu_key key)
{
	for (size_t i = 0; i < d->let.n; i++)
		if (desk_same_key(&d->let.v[i], key))
			return &d->let.v[i];
	return NULL;
}

/* While a candle runs the books are behind the emulator: its position counts,
 * paid for at the last price. */
static void held_now(const struct desk *d, struct risk_state *s)
{
	struct quote cost;
	struct qty held, more;

	if (!qty_from_double(&held, emu_position(d->e), d->step,
			     ROUND_HALF_EVEN) ||
	    !qty_sub(&more, held, s->base) || qty_is_zero(more) ||
	    !notional(&cost, s->last, more, ROUND_HALF_EVEN) ||
	    !quote_sub(&cost, s->cash, cost))
		return;
	s->base = held;
	s->cash = cost;
}

/* What is bound already: open orders that still wait, and what this bar has
 * let through; not the order that is changed. */
static void state_for(struct desk *d, struct emu_key key, struct risk_state *s)
{
	const struct desk_in *in = d->in;

	memset(s, 0, sizeof(*s));
	s->rules = d->c.rules;
	s->last = in->last;
	s->base = in->base;
	s->cash = in->cash;
	held_now(d, s);
	for (size_t i = 0; i < in->n_live; i++) {
		const struct intent *it = &in->live[i];
		struct emu_key k = { it->key_seq, it->key_entry,
			it->leg == LEG_NONE ? '-' : (char)it->leg };
		struct xchg_order o = it->o;

		if (desk_same_key(it, key) || let_of(d, k) != NULL ||
		    !emu_waits(d->e, k))
			continue;
		o.qty = intent_rest(it);
		risk_add(s, &o);
	}
	for (size_t i = 0; i < d->let.n; i++)
		if (!desk_same_key(&d->let.v[i], key))
			risk_add(s, &d->let.v[i].o);
}

/* What was not let through stays in the journal, with the reason. */
static void keep_cut(struct desk *d, const struct emu_ask *ask,
		     const struct intent *it, struct qty cut, const char *why)
{
	struct intent *c = array_push(d->a, &d->cut);

	*c = *it;
	c->o.qty = cut;
	c->state = ORDER_REJECTED;
	c->seq = SEQ_ASK + ask->no;
	c->key_seq = c->key_entry = 0;
	intent_name(c, d->c.bot_id);
	snprintf(c->reason, sizeof(c->reason), "%s", why);
}

double desk_gate(void *ctx, const struct emu_ask *ask)
{
	struct desk *d = ctx;
	struct risk_verdict v;
	struct risk_state s;
	struct intent it, *let;
	struct qty asked, cut;
	char why[200];

	if (d->in == NULL)
		return cut_before(d, ask);
	if (!order_from(d, &ask->w, d->in, &it))
		return ask->w.qty;	/* never leaves the house */
	asked = it.o.qty;
	state_for(d, ask->w.key, &s);
	risk_check(&d->in->limits, &s, &it.o, &v);
	if (v.outcome != RISK_PASS) {
		snprintf(why, sizeof(why), "risk %s: %s", v.rule, v.why);
		if (v.outcome == RISK_REFUSED)
			it.o.qty = qty_zero();
		if (qty_sub(&cut, asked, it.o.qty) && qty_sign(cut) > 0)
			keep_cut(d, ask, &it, cut, why);
		if (qty_is_zero(it.o.qty))
			return 0;
	}
	let = let_of(d, ask->w.key);
	if (let == NULL)
		let = array_push(d->a, &d->let);
	*let = it;
	return v.outcome == RISK_PASS ? ask->w.qty : qty_to_double(it.o.qty);
}

/* ---- the difference ------------------------------------------------------------ */

struct plan {
	struct desk *d;
	const struct desk_in *in;
	struct desk_out *out;
	bool *keep;			/* of in->live */
	struct { struct emu_key key; struct coid coid; } *parents;
	size_t n_parents;
	unsigned seq;
};

static struct coid parent_of(const struct plan *p, uint64_t order)
{
	for (size_t i = 0; i < p->n_parents; i++)
		if (p->parents[i].key.seq == order)
			return p->parents[i].coid;
	return (struct coid){ { 0 } };
}

/* Distances are compared as distances: an exit that was placed with its entry
 * has turned them into levels by itself. */
static bool same_prices(const struct plan *p, const struct intent *it,
			const struct emu_work *w, const struct xchg_order *want)
{
	struct xchg_order rel = *want;

	if (it->o.flags & (XO_REL_LIMIT | XO_REL_STOP)) {
		struct emu_work r = *w;

		if (it->o.flags & XO_REL_LIMIT)
			r.limit = NAN;
		if (it->o.flags & XO_REL_STOP)
			r.stop = r.trail_at = NAN;
		rel.limit = rel.stop = rel.offset = price_zero();
		if (!leg_prices(p->d, &r, &rel))
			return false;
	}
	return price_cmp(it->o.limit, rel.limit) == 0 &&
		price_cmp(it->o.stop, rel.stop) == 0 &&
		price_cmp(it->o.offset, rel.offset) == 0;
}

/* Still tied to an entry that waits, when it no longer does? */
static bool tied(const struct plan *p, const struct intent *it)
{
	for (size_t i = 0; i < p->in->n_live; i++)
		if (coid_eq(p->in->live[i].o.coid, it->o.parent))
			return qty_is_zero(p->in->live[i].filled);
	return false;
}

static bool same_order(const struct plan *p, const struct intent *it,
		       const struct emu_work *w, const struct intent *want)
{
	return it->o.side == want->o.side && it->o.type == want->o.type &&
		(it->o.flags & XO_REDUCE) == (want->o.flags & XO_REDUCE) &&
		qty_cmp(intent_rest(it), want->o.qty) == 0 &&
		same_prices(p, it, w, &want->o) &&
		(w->child ? coid_eq(it->o.parent, want->o.parent) :
		 coid_is_zero(it->o.parent) || !tied(p, it)) &&
		strcmp(it->comment, want->comment) == 0;
}

/* An open order that says the same stays as it is. */
static bool stands(struct plan *p, const struct emu_work *w, struct intent *n)
{
	for (size_t i = 0; i < p->in->n_live; i++) {
		const struct intent *it = &p->in->live[i];

		if (p->keep[i] || !desk_stands(it) ||
		    !desk_same_key(it, w->key) || !same_order(p, it, w, n))
			continue;
		p->keep[i] = true;
		n->o.coid = it->o.coid;
		return true;
	}
	return false;
}

static void want(struct plan *p, const struct emu_work *w)
{
	struct intent n;

	if (!order_from(p->d, w, p->in, &n))
		return;
	if (w->child) {
		n.o.parent = parent_of(p, w->key.entry);
		if (coid_is_zero(n.o.parent))
			return;		/* its entry could not be placed */
	}
	if (w->key.leg != '-') {	/* what belongs together */
		n.o.oca = w->key.seq << 32 | (w->key.entry & UINT32_MAX);
		n.o.oca_kind = OCA_REDUCE;
	}
	if (!stands(p, w, &n)) {
		n.seq = ++p->seq;
		intent_name(&n, p->d->c.bot_id);
		p->out->place[p->out->n_place++] = n;
	}
	if (w->key.leg == '-') {
		p->parents[p->n_parents].key = w->key;
		p->parents[p->n_parents++].coid = n.o.coid;
	}
}

/* What was traded at this close goes out as orders that fill at once. */
static int now_orders(struct desk *d, const struct desk_in *in,
		      struct desk_out *out, struct err *err)
{
	const struct emu_exec *x;
	size_t n = emu_execs(d->e, &x);

	for (size_t i = 0; i < n; i++) {
		const char *const text[3] = { x[i].id, x[i].from, x[i].comment };
		struct intent *it = &out->place[out->n_place];

		desk_intent(d, in, x[i].key, x[i].what, text, it);
		it->leg = LEG_NONE;
		it->o.side = x[i].dir > 0 ? SIDE_BUY : SIDE_SELL;
		it->o.flags |= XO_NOW;
		if (!qty_from_double(&it->o.qty, x[i].qty, d->step,
				     ROUND_HALF_EVEN))
			return FAIL(err, E_UNPROCESSABLE, "the quantity of "
				    "\"%s\" is out of range", it->tag);
		if (qty_is_zero(it->o.qty))
			continue;
		it->seq = SEQ_NOW + (unsigned)i + 1;
		intent_name(it, d->c.bot_id);
		out->n_place++;
	}
	emu_execs_clear(d->e);
	return 0;
}

/* The newest first: exits before the entry they wait for, which would take
 * them along. */
static void cancel_rest(struct plan *p)
{
	for (size_t i = p->in->n_live; i-- > 0;)
		if (!p->keep[i] && desk_stands(&p->in->live[i]))
			p->out->cancel[p->out->n_cancel++] = &p->in->live[i];
}

int desk_decide(struct arena *out, struct desk *d, const struct strat_cmds *cmds,
		const struct desk_in *in, struct desk_out *ret, struct err *err)
{
	struct plan p = { .d = d, .in = in, .out = ret };
	struct emu_work *w;
	size_t n;
	int rc;

	memset(ret, 0, sizeof(*ret));
	desk_begin(out, d, in);
	emu_commands(d->e, cmds);
	d->in = NULL;
	rc = calc_done(&d->calc, err);
	if (rc < 0)
		return rc;
	n = emu_work(out, d->e, &w);
	ret->place = NEW_N(out, struct intent, n + d->cut.n + 1 +
			   emu_execs(d->e, &(const struct emu_exec *){ NULL }));
	ret->cancel = NEW_N(out, struct intent *, in->n_live + 1);
	p.keep = NEW_N(out, bool, in->n_live + 1);
	p.parents = arena_alloc(out, (n + 1) * sizeof(*p.parents));
	for (size_t i = 0; i < d->cut.n; i++)
		ret->place[ret->n_place++] = d->cut.v[i];
	rc = now_orders(d, in, ret, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		want(&p, &w[i]);
	cancel_rest(&p);
	d->a = NULL;
	return rc;
}
