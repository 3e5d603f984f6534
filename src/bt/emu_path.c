#include "config.h"

#include "bt/emu_price_i.h"

/* Inside a bar the price is taken to go open - nearer extreme - other extreme
 * - close.  On each piece of that way the order whose level comes first is
 * filled first; what a fill sets free (an exit of the entry just made) meets
 * the rest of the way. */

enum event_kind { EV_NONE, EV_ORDER, EV_ORDER_STOP, EV_LEG };
struct event {
	enum event_kind kind;
	size_t i;
	double price;		/* where on the way */
	double fill;		/* what it fills at */
	double far;		/* distance from the cursor */
	uint64_t seq;
	enum emu_reason why;
	bool slips, fits;
};

static void offer(struct event *best, const struct event *ev, bool legs_first)
{
	if (best->kind != EV_NONE) {
		if (ev->far > best->far)
			return;
		if (ev->far == best->far) {
			if (legs_first && best->kind == EV_LEG &&
			    ev->kind != EV_LEG)
				return;
			if ((!legs_first || best->kind == ev->kind) &&
			    ev->seq > best->seq)
				return;
		}
	}
	*best = *ev;
}

/* The first price at or after p, on the way to q, that is at or above the
 * level (below, with up false); NaN: it is not reached. */
static double reach(double level, bool up, double p, double q)
{
	if (isnan(level))
		return NAN;
	if (up ? p >= level : p <= level)
		return p;
	if (up ? q >= level : q <= level)
		return level;
	return NAN;
}

/* An order that is passed when it comes in has been moved against. */
static double come_in(const struct emu *e, int64_t live, int dir, double p)
{
	return live == e->now ? emu_arrival_price(e, dir, p) : p;
}

static double bounded(double price, double limit, int dir)
{
	return dir > 0 ? fmin(price, limit) : fmax(price, limit);
}

static void look_order(const struct emu *e, size_t i, double p, double q,
		       bool at_open, struct event *best)
{
	const struct emu_order *o = &e->orders.v[i];
	bool buys = o->dir > 0, has_limit = !isnan(o->limit);
	struct event ev = { .i = i, .seq = o->seq };
	double at;

	if (o->dead || (isnan(o->limit) && isnan(o->stop) && !e->turn) ||
	    !emu_there(e, o->live) || o->spent == e->index + 1 ||
	    !emu_awake(e, o->born, o->born_leg, false))
		return;
	if (isnan(o->limit) && isnan(o->stop)) {
		at = ev.fill = p;
		ev.kind = EV_ORDER;
	} else if (!isnan(o->stop) && !o->stop_met) {
		at = reach(o->stop, buys, p, q);
		ev.kind = has_limit ? EV_ORDER_STOP : EV_ORDER;
		ev.slips = true;
		ev.fill = at == p ? come_in(e, o->live, o->dir, at) : at;
	} else {
		double beyond = o->limit - o->dir * e->r.limit_beyond;

		at = reach(beyond, !buys, p, q);
		ev.kind = EV_ORDER;
		/* Beyond it when it comes alive (at the open, where its stop
		 * was met): better than asked.  Touched: the limit. */
		ev.fill = at != p ? o->limit :
			bounded(come_in(e, o->live, o->dir, p), o->limit, o->dir);
	}
	if (isnan(at))
		return;
	ev.price = at;
	ev.far = fabs(at - p);
	offer(best, &ev, at_open);
}

static void leg_offer(struct event *best, struct event ev, double at,
		      double fill, double p, enum emu_reason why, bool at_open)
{
	if (isnan(at))
		return;
	ev.kind = EV_LEG;
	ev.price = at;
	ev.fill = fill;
	ev.far = fabs(at - p);
	ev.why = why;
	offer(best, &ev, at_open);
}

static void look_leg(const struct emu *e, size_t i, double p, double q,
		     bool at_open, struct event *best)
{
	const struct emu_leg *l = &e->legs.v[i];
	const struct emu_exit *x = &e->exits.v[l->exit];
	const struct emu_fill *f = &e->fills.v[l->fill];
	bool up = f->dir > 0;
	struct event ev = { .i = i, .seq = x->seq };
	double at, here;

	if (l->done || x->dead || f->left <= EMU_EPS ||
	    !emu_there(e, x->live) || l->spent == e->index + 1 ||
	    !emu_awake(e, x->born, x->born_leg, true))
		return;
	if (l->was_hit) {		/* what the volume left of it */
		leg_offer(best, ev, p, p, p, l->hit, at_open);
		return;
	}
	here = come_in(e, x->live, -f->dir, p);
	at = emu_newborn(e, l->mute_limit) ? NAN :
		reach(l->limit + f->dir * e->r.limit_beyond, up, p, q);
	leg_offer(best, ev, at, at == p ? bounded(here, l->limit, -f->dir) :
		  l->limit, p, EMU_PROFIT, at_open);
	at = emu_newborn(e, l->mute_stop) ? NAN : reach(l->stop, !up, p, q);
	leg_offer(best, ev, at, at == p ? here : at, p, EMU_LOSS, at_open);
	if (isnan(l->trail_at))
		return;
	if (l->trailing)
		at = reach(l->mark - f->dir * l->trail_off, !up, p, q);
	else if (l->trail_off <= 0)
		at = reach(l->trail_at, up, p, q);
	else
		return;
	leg_offer(best, ev, at, at == p ? here : at, p, EMU_TRAIL, at_open);
}

/* The price has come to x: trailing exits take note of it, and open trades of
 * how far they went. */
static void arrive(struct emu *e, double x)
{
	for (size_t i = 0; i < e->legs.n && !e->r.strict; i++) {
		struct emu_leg *l = &e->legs.v[i];
		int d = e->fills.v[l->fill].dir;

		if (isnan(l->trail_at) || l->done)
			continue;
		if (!l->trailing && d * x >= d * l->trail_at && l->trail_off > 0)
			l->trailing = true;
		if (l->trailing && d * x > d * l->mark)
			l->mark = x;
	}
	for (size_t i = 0; i < e->open.n; i++)
		emu_touch(e, &e->open.v[i], x);
}

static void happen(struct emu *e, const struct event *ev)
{
	arrive(e, ev->price);
	switch (ev->kind) {
	case EV_ORDER:
		emu_fill_order(e, ev->i, ev->fill, isnan(e->orders.v[ev->i].limit));
		break;
	case EV_ORDER_STOP:
		e->orders.v[ev->i].stop_met = true;
		break;
	case EV_LEG:
		emu_fill_leg(e, ev->i, ev->fill, ev->why);
		break;
	case EV_NONE:
		break;
	}
}

static void walk_piece(struct emu *e, double p, double q, bool at_open)
{
	for (;;) {
		struct event best = { .kind = EV_NONE };

		for (size_t i = 0; i < e->legs.n; i++)
			look_leg(e, i, p, q, at_open, &best);
		for (size_t i = 0; i < e->orders.n; i++)
			look_order(e, i, p, q, at_open, &best);
		if (best.kind == EV_NONE)
			break;
		happen(e, &best);
		p = best.price;
		emu_ask_again(e, p);
	}
	arrive(e, q);
}

/* The price is at a point of the way: what is only had here. */
static void walk_point(struct emu *e, double at)
{
	e->at_point = e->turn = true;
	walk_piece(e, at, at, false);
	e->turn = false;
}

void emu_market_orders(struct emu *e, double price, uint64_t before_seq)
{
	/* by index: a fill may append, and what it appends waits */
	for (size_t i = 0, n = e->orders.n; i < n; i++) {
		const struct emu_order *o = &e->orders.v[i];
		double at = price;

		if (o->dead || !isnan(o->limit) || !isnan(o->stop) ||
		    o->seq >= before_seq || o->spent == e->index + 1 ||
		    emu_newborn(e, o->born) || !emu_late_price(e, o, &at))
			continue;
		emu_fill_order(e, i, at, true);
		emu_ask_again(e, at);
		if (!e->at_close)	/* the first fill may bring more */
			n = e->orders.n;
	}
}

void emu_sweep(struct emu *e)
{
	size_t k = 0;

	for (size_t i = 0; i < e->orders.n; i++)
		if (!e->orders.v[i].dead)
			e->orders.v[k++] = e->orders.v[i];
	e->orders.n = k;
	if (e->legs.n == 0) {		/* legs point at exits by index */
		k = 0;
		for (size_t i = 0; i < e->exits.n; i++)
			if (!e->exits.v[i].dead)
				e->exits.v[k++] = e->exits.v[i];
		e->exits.n = k;
	}
	e->work = e->orders.n > 0 || e->exits.n > 0;
}

static bool priced_work(const struct emu *e)
{
	if (e->legs.n > 0 || e->exits.n > 0)
		return true;
	for (size_t i = 0; i < e->orders.n; i++)
		if (!e->orders.v[i].dead)
			return true;
	return false;
}

/* A piece of the way that begins and ends at these shares of it.  Orders that
 * come in on it take part from there. */
static void walk_timed(struct emu *e, double p, double q, double from, double to)
{
	int64_t when;
	double share;

	while (emu_arrival(e, from, to, &when, &share)) {
		double at = to > from ?
			p + (q - p) * (share - from) / (to - from) : q;

		walk_piece(e, p, at, false);
		e->now = when;
		e->arriving = true;
		walk_piece(e, at, at, true);
		e->arriving = false;
		p = at;
		from = share;
	}
	walk_piece(e, p, q, false);
}

/* How much of the way is gone at each turning point. */
static void shares(const double way[4], double ret[4])
{
	double sum = 0;

	ret[0] = 0;
	for (size_t k = 1; k < 4; k++)
		ret[k] = sum += fabs(way[k] - way[k - 1]);
	for (size_t k = 1; k < 4; k++)
		ret[k] = sum > 0 ? ret[k] / sum : 1;
}

/* The way of one bar, or of one of the finer bars it is made of. */
static void walk_bar(struct emu *e, const struct bar *b, int before)
{
	bool high_first = emu_high_first(e, b), first = before == 0;
	double way[4] = { b->o, high_first ? b->h : b->l,
			  high_first ? b->l : b->h, b->c }, gone[4] = { 0 };

	if (e->r.strict)
		shares(way, gone);
	e->leg = before;
	e->at_point = true;
	if (e->work) {
		if (first || e->r.strict)
			emu_market_orders(e, b->o, UINT64_MAX);
		walk_piece(e, b->o, b->o, true);
		if (!first && e->again.run != NULL)
			walk_point(e, b->o);
	} else if (!first && e->open.n > 0) {
		arrive(e, b->o);
	}
	emu_margin_check(e, b->o);
	for (size_t k = 1; k < 4; k++) {
		e->leg = before + (int)k;
		e->at_point = false;
		if (e->work && priced_work(e)) {
			walk_timed(e, way[k - 1], way[k], gone[k - 1], gone[k]);
			if (k < 3 && e->again.run != NULL)
				walk_point(e, way[k]);
		} else if (e->open.n > 0) {
			arrive(e, way[k]);
		}
		emu_margin_check(e, way[k]);
		emu_risk_point(e, way[k]);
	}
}

void emu_walk(struct emu *e, const struct bars *fine)
{
	emu_room_open(e);
	if (fine == NULL || fine->n == 0) {
		emu_way_begin(e, &e->bar, e->r.bar_ms);
		walk_bar(e, &e->bar, 0);
	}
	for (size_t i = 0; fine != NULL && i < fine->n; i++) {
		struct bar b = bars_at(fine, i);
		int64_t next = i + 1 < fine->n ? fine->t[i + 1] :
			e->bar.t + e->r.bar_ms;

		emu_way_begin(e, &b, next - b.t);
		walk_bar(e, &b, 4 * (int)i);
	}
	if (e->r.strict)
		emu_strict_trail(e);
	if (e->work)
		emu_sweep(e);
}
