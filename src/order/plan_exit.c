#include "config.h"

#include <string.h>

#include "order/plan_i.h"

/* strategy.exit: up to three legs around a position or a pending entry. */

struct leg {
	enum order_leg leg;
	enum xchg_type type;
	bool relative;
	double level;		/* a price, or a distance in ticks */
	double offset;		/* trail, ticks */
};

/* The legs a call asks for.  entry is NaN for a pending entry.  Where a level
 * and a distance are both given: version 6 takes what the market meets first,
 * earlier ones the level. */
static size_t exit_legs(const struct plan *p, const struct strat_cmd *c,
			int dir, double entry, struct leg ret[3])
{
	double tick = price_to_double(p->in->rules.tick);
	bool nearest = p->in->rules.props->version >= 6 && !isnan(entry);
	const struct { enum order_leg leg; enum xchg_type type;
		double abs, rel; int sign; } want[3] = {
		{ LEG_PROFIT, OT_LIMIT, c->limit, c->profit, dir },
		{ LEG_LOSS, OT_STOP, c->stop, c->loss, -dir },
		{ LEG_TRAIL, OT_TRAIL, c->trail_price, c->trail_points, dir },
	};
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		bool abs = given(want[i].abs), rel = given(want[i].rel);
		double at;

		if (!abs && !rel)
			continue;
		if (abs && rel && nearest) {
			at = entry + want[i].sign * want[i].rel * tick;
			/* for a target above: the lower one comes first */
			if (want[i].sign > 0 ? at < want[i].abs : at > want[i].abs)
				abs = false;
		}
		ret[n] = (struct leg){ want[i].leg, want[i].type, !abs,
			abs ? want[i].abs : want[i].rel,
			given(c->trail_offset) ? c->trail_offset : 0 };
		n++;
	}
	return n;
}

/* A leg's price, rounded as a target or a stop of that side is. */
static bool leg_price(const struct plan *p, const struct leg *l, int dir,
		      struct price entry, bool child, struct price *ret)
{
	struct price tick = p->in->rules.tick, d;
	bool above = (l->leg == LEG_LOSS) ? dir < 0 : dir > 0;
	enum round m = above ? ROUND_CEIL : ROUND_FLOOR;

	if (!l->relative)
		return price_from_double(ret, l->level, tick, m) &&
			price_sign(*ret) > 0;
	if (!price_from_double(&d, l->level * price_to_double(tick), tick,
			       ROUND_HALF_EVEN))
		return false;
	if (child) {
		*ret = d;
		return true;
	}
	return (above ? price_add(ret, entry, d) : price_sub(ret, entry, d)) &&
		price_to_step(ret, *ret, tick, m) && price_sign(*ret) > 0;
}

static bool make_leg(const struct plan *p, const struct leg *l, int dir,
		     struct price entry, bool child, struct xchg_order *o)
{
	struct price at;

	if (!leg_price(p, l, dir, entry, child, &at))
		return false;
	o->type = l->type;
	o->flags = XO_REDUCE;
	if (l->type == OT_LIMIT)
		o->limit = at;
	else
		o->stop = at;
	if (child && l->relative)
		o->flags |= l->type == OT_LIMIT ? XO_REL_LIMIT : XO_REL_STOP;
	return l->type != OT_TRAIL ||
		price_from_double(&o->offset, l->offset *
			price_to_double(p->in->rules.tick), p->in->rules.tick,
			ROUND_HALF_EVEN);
}

bool plan_bound(const struct plan *p, const struct item *t, int parent)
{
	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *e = &p->items.v[i];

		if (e->gone || is_exit(&e->it) || !qty_is_zero(e->it.filled))
			continue;
		if (t->parent == (int)i ||
		    (t->live != NULL && e->live != NULL &&
		     coid_eq(t->it.o.parent, e->it.o.coid)))
			return parent == (int)i;
	}
	return parent < 0 && t->parent < 0;
}

static bool is_group(const struct plan *p, const struct item *t,
		     const struct strat_cmd *c, int parent)
{
	return !t->gone && t->it.kind == KIND_EXIT &&
		strcmp(t->it.tag, text(c->id)) == 0 &&
		strcmp(t->it.from_entry, text(c->from_entry)) == 0 &&
		plan_bound(p, t, parent);
}

/* Does the standing leg say what is wanted? */
static bool same_leg(const struct item *t, const struct xchg_order *want,
		     const struct xchg_order *want_rel, bool sized)
{
	const struct xchg_order *w = want;
	struct qty rest = intent_rest(&t->it);

	/* A leg that was placed with distances is compared by distances. */
	if (t->it.o.flags & (XO_REL_LIMIT | XO_REL_STOP))
		w = want_rel;
	if (t->it.o.side != w->side || price_cmp(t->it.o.limit, w->limit) != 0 ||
	    price_cmp(t->it.o.stop, w->stop) != 0 ||
	    price_cmp(t->it.o.offset, w->offset) != 0)
		return false;
	/* It only reduces: larger than the position does no harm. */
	return sized ? qty_cmp(t->it.o.qty, w->qty) == 0 :
		qty_cmp(rest, w->qty) >= 0;
}

struct bracket {
	const struct strat_cmd *c;
	int parent;		/* index of the pending entry; -1: position */
	int dir;		/* of the position that is closed */
	struct qty qty;
	bool sized;		/* the call named a size */
	struct price entry;
};

static bool bracket_stands(const struct plan *p, const struct bracket *b,
			   const struct leg *legs, size_t n,
			   const struct xchg_order *want)
{
	size_t have = 0, match = 0;

	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *t = &p->items.v[i];

		if (!is_group(p, t, b->c, b->parent))
			continue;
		have++;
		for (size_t k = 0; k < n; k++) {
			struct xchg_order rel = want[k];

			if (legs[k].leg != t->it.leg)
				continue;
			rel.limit = rel.stop = price_zero();
			rel.offset = want[k].offset;
			if (legs[k].relative &&
			    !make_leg(p, &legs[k], b->dir, b->entry, true, &rel))
				return false;
			match += same_leg(t, &want[k], &rel, b->sized);
		}
	}
	return have == n && match == n;
}

static int put_bracket(struct plan *p, const struct bracket *b)
{
	double entry = b->parent < 0 ? price_to_double(b->entry) : NAN;
	struct xchg_order want[3];
	struct leg legs[3];
	size_t n = exit_legs(p, b->c, b->dir, entry, legs);
	uint64_t group = 0;

	memset(want, 0, sizeof(want));
	for (size_t i = 0; i < n; i++) {
		want[i].side = dir_side(-b->dir);
		want[i].qty = b->qty;
		if (!make_leg(p, &legs[i], b->dir, b->entry, b->parent >= 0,
			      &want[i]))
			return plan_range(p, b->c);
	}
	if (n == 0 || bracket_stands(p, b, legs, n, want))
		return 0;
	for (size_t i = 0; i < p->items.n; i++)
		if (is_group(p, &p->items.v[i], b->c, b->parent))
			p->items.v[i].gone = true;
	for (size_t i = 0; i < n; i++) {
		struct item *t = plan_add(p, KIND_EXIT, b->c, want[i].side);
		const char *say = legs[i].leg == LEG_PROFIT ? b->c->comment_profit :
			legs[i].leg == LEG_LOSS ? b->c->comment_loss :
			b->c->comment_trailing;

		if (say != NULL)
			plan_text(t->it.comment, sizeof(t->it.comment), say);
		want[i].deadline_us = t->it.o.deadline_us;
		t->it.o = want[i];
		t->it.leg = legs[i].leg;
		t->parent = b->parent;
		if (b->parent >= 0 && p->items.v[b->parent].live != NULL)
			t->it.o.parent = p->items.v[b->parent].it.o.coid;
		if (n > 1) {
			if (group == 0)
				group = (uint64_t)p->in->bar_ms * 1000 +
					p->items.n;
			t->it.o.oca = group;
			t->it.o.oca_kind = OCA_REDUCE;
		}
	}
	return 0;
}

/* What other exits of the same entry have set aside. */
static struct qty set_aside(const struct plan *p, const struct strat_cmd *c)
{
	struct qty q = qty_zero();

	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *t = &p->items.v[i];
		bool first = true;

		if (t->gone || t->it.kind != KIND_EXIT ||
		    strcmp(t->it.tag, text(c->id)) == 0 ||
		    strcmp(t->it.from_entry, text(c->from_entry)) != 0)
			continue;
		/* the legs of one exit count once */
		for (size_t k = 0; k < i && first; k++)
			first = p->items.v[k].gone ||
				p->items.v[k].it.kind != KIND_EXIT ||
				strcmp(p->items.v[k].it.tag, t->it.tag) != 0;
		if (first && !qty_add(&q, q, intent_rest(&t->it)))
			return qty_zero();
	}
	return q;
}

/* Has this exit fired for the position that is open now? */
static bool fired(const struct plan *p, const struct strat_cmd *c)
{
	const struct acct *a = p->in->acct;

	for (size_t i = a->n_closed; i-- > 0;)
		for (size_t k = 0; k < a->n_lots; k++)
			if (a->closed[i].lot == a->lots[k].lot &&
			    strcmp(a->closed[i].exit_signal, text(c->id)) == 0)
				return true;
	return false;
}

/* How much of `whole` (now) and `orig` (at entry) the call closes. */
static bool exit_qty(const struct plan *p, const struct strat_cmd *c,
		     struct qty whole, struct qty orig, struct bracket *b)
{
	struct qty e9 = qty_from_raw(1000000000), part;

	b->sized = given(c->qty) || (given(c->qty_percent) && c->qty_percent < 100);
	if (given(c->qty)) {
		if (!qty_from_double(&part, c->qty, p->in->rules.lot, ROUND_DOWN))
			return false;
		b->qty = qty_min(part, orig);
	} else if (b->sized) {
		if (!qty_from_double(&part, c->qty_percent / 100, e9,
				     ROUND_HALF_EVEN) ||
		    !qty_scale(&b->qty, orig, part, ROUND_DOWN) ||
		    !qty_to_step(&b->qty, b->qty, p->in->rules.lot, ROUND_DOWN))
			return false;
	} else {
		b->qty = less(whole, set_aside(p, c));
	}
	return true;
}

static int exit_of_position(struct plan *p, const struct strat_cmd *c,
			    bool *ret_bound)
{
	const struct acct *a = p->in->acct;
	struct bracket b = { .c = c, .parent = -1, .dir = pos_dir(p) };
	struct quote cost = quote_zero();
	struct qty whole = qty_zero(), orig = qty_zero();

	for (size_t i = 0; i < a->n_lots; i++) {
		const struct acct_trade *l = &a->lots[i];

		if (*text(c->from_entry) != '\0' &&
		    strcmp(l->entry_signal, c->from_entry) != 0)
			continue;
		if (!qty_add(&whole, whole, l->qty) ||
		    !qty_add(&orig, orig, l->orig_qty) ||
		    !quote_add(&cost, cost, l->entry_cost))
			return plan_range(p, c);
	}
	*ret_bound = qty_sign(whole) > 0;
	if (!*ret_bound)
		return 0;
	if (!notional_price(&b.entry, cost, whole, ROUND_HALF_EVEN) ||
	    !exit_qty(p, c, whole, orig, &b))
		return plan_range(p, c);
	if (qty_sign(b.qty) <= 0 || (b.sized && fired(p, c)))
		return 0;
	return put_bracket(p, &b);
}

int plan_exit(struct plan *p, const struct strat_cmd *c)
{
	bool bound = false, any = *text(c->from_entry) == '\0';
	size_t n = p->items.n;
	int rc = exit_of_position(p, c, &bound);

	if (rc < 0 || (bound && any))
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct item *t = &p->items.v[i];
		struct bracket b = { .c = c, .parent = (int)i,
				     .dir = side_dir(t->it.o.side) };

		if (t->gone || is_exit(&t->it) || !qty_is_zero(t->it.filled) ||
		    (!any && strcmp(t->it.tag, c->from_entry) != 0))
			continue;
		if (!exit_qty(p, c, t->it.o.qty, t->it.o.qty, &b))
			return plan_range(p, c);
		if (qty_sign(b.qty) <= 0)
			continue;
		rc = put_bracket(p, &b);
		if (rc < 0)
			return rc;
	}
	return 0;
}
