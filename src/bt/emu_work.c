#include "config.h"

#include "bt/emu_i.h"

/* The emulator seen by a bot: what waits, what was traded, and who may say no
 * before an order exists. */

void emu_watch(struct emu *e, const struct emu_watch *w)
{
	e->watched = true;
	e->watch = *w;
}

void emu_note_exec(struct emu *e, const struct emu_exec *x)
{
	if (x->qty > EMU_EPS && x->key.leg != 'm' && x->key.leg != 'r')
		e->traded++;
	if (e->watched && x->qty > EMU_EPS)
		*array_push(e->arena, &e->execs) = *x;
}

size_t emu_execs(const struct emu *e, const struct emu_exec **ret)
{
	*ret = e->execs.v;
	return e->execs.n;
}

void emu_execs_clear(struct emu *e)
{
	e->execs.n = 0;
}

/* ---- what waits ---------------------------------------------------------- */

static struct emu_work work_of_order(const struct emu_order *o)
{
	return (struct emu_work){
		.key = { o->key, 0, '-' },
		.what = o->kind == EO_ENTRY ? EMU_W_ENTRY :
			o->kind == EO_ORDER ? EMU_W_ORDER : EMU_W_CLOSE,
		.id = o->id, .from = o->from, .comment = o->comment,
		.dir = o->dir, .qty = o->qty + o->against,
		.limit = o->limit, .stop = o->stop, .stop_met = o->stop_met,
		.rel_limit = NAN, .rel_stop = NAN,
		.trail_at = NAN, .trail_off = NAN,
	};
}

double emu_gate(struct emu *e, const struct emu_order *o)
{
	struct emu_ask ask = { ++e->asks, work_of_order(o) };
	double qty = e->watch.gate(e->watch.ctx, &ask);

	return fmin(qty, ask.w.qty);
}

struct works { struct arena *out; ARRAY(struct emu_work) v; };

static void put(struct works *w, struct emu_work leg, char name,
		const char *comment)
{
	bool is_limit = name == 'p', is_stop = name == 'l';

	leg.key.leg = name;
	if (comment != NULL)
		leg.comment = comment;
	if (!is_limit)
		leg.limit = leg.rel_limit = NAN;
	if (!is_stop)
		leg.stop = NAN;
	if (is_limit)
		leg.rel_stop = NAN;
	if (name != 't')
		leg.trail_at = leg.trail_off = NAN;
	*array_push(w->out, &w->v) = leg;
}

static bool given(double x) { return !isnan(x); }

/* Where version 6 lets the nearer of a level and a distance count, nobody
 * knows which it is until the entry has filled. */
static bool known(const struct emu *e, const struct emu_work *p, double level,
		  double distance, double said)
{
	if (!p->child)
		return given(level);
	if (given(level) && given(said) && e->r.version >= 6)
		return false;
	return given(level) || given(distance);
}

/* The legs of an exit around an entry: filled (with levels) or waiting (with
 * the distances that are not levels yet). */
static void put_legs(struct works *w, const struct emu *e,
		     const struct emu_exit *x, const struct emu_work *leg)
{
	double tick = e->r.mintick;
	struct emu_work p = *leg;

	p.what = EMU_W_EXIT;
	p.id = x->id;
	p.comment = x->comment;
	p.rel_limit = given(x->limit) ? NAN : x->profit * tick;
	p.rel_stop = given(x->stop) ? NAN : x->loss * tick;
	if (known(e, &p, p.limit, p.rel_limit, x->profit))
		put(w, p, 'p', x->c_profit);
	if (known(e, &p, p.stop, p.rel_stop, x->loss))
		put(w, p, 'l', x->c_loss);
	p.rel_stop = given(x->trail_price) ? NAN : x->trail_points * tick;
	if (known(e, &p, p.trail_at, p.rel_stop, x->trail_points))
		put(w, p, 't', x->c_trail);
}

static void works_of_fills(struct works *w, const struct emu *e)
{
	for (size_t i = 0; i < e->legs.n; i++) {
		const struct emu_leg *l = &e->legs.v[i];
		const struct emu_exit *x = &e->exits.v[l->exit];
		const struct emu_fill *f = &e->fills.v[l->fill];
		double qty = emu_leg_qty(e, l);

		if (l->done || x->dead || f->left <= EMU_EPS || qty <= EMU_EPS)
			continue;
		put_legs(w, e, x, &(struct emu_work){
			.key = { x->seq, f->order, 0 }, .from = f->id,
			.dir = -f->dir, .qty = qty,
			.limit = l->limit, .stop = l->stop,
			.trail_at = l->trail_at, .trail_off = l->trail_off });
	}
}

/* Exits that will come to life with an entry that still waits. */
static void works_of_children(struct works *w, const struct emu *e,
			      const struct emu_order *o)
{
	for (size_t i = 0; i < e->exits.n; i++) {
		const struct emu_exit *x = &e->exits.v[i];
		double qty = o->qty;

		if (x->dead || (x->from != NULL && x->from != o->id))
			continue;
		if (given(x->qty))
			qty = fmin(qty, x->qty);
		else if (given(x->qty_percent) && x->qty_percent < 100)
			qty = emu_cut(e, qty * x->qty_percent / 100);
		if (qty <= EMU_EPS)
			continue;
		put_legs(w, e, x, &(struct emu_work){
			.key = { x->seq, o->key, 0 }, .from = o->id,
			.dir = -o->dir, .qty = qty, .child = true,
			.limit = x->limit, .stop = x->stop,
			.trail_at = x->trail_price,
			.trail_off = given(x->trail_offset) ?
				x->trail_offset * e->r.mintick : 0 });
	}
}

/* A market entry that the next open will find without room: it is not worth
 * an order.  Should a close make room after all, it trades all the same. */
static bool no_room(const struct emu *e, const struct emu_order *o)
{
	size_t limit = e->r.pyramiding > 1 ? (size_t)e->r.pyramiding : 1;

	if (o->kind != EO_ENTRY || given(o->limit) || given(o->stop) ||
	    e->position * o->dir <= 0 || e->open.n < limit)
		return false;
	for (size_t i = 0; i < e->orders.n; i++)
		if (!e->orders.v[i].dead && e->orders.v[i].dir != o->dir)
			return false;
	return true;
}

size_t emu_work(struct arena *out, const struct emu *e, struct emu_work **ret)
{
	struct works w = { .out = out };

	for (size_t i = 0; i < e->orders.n; i++)
		if (!e->orders.v[i].dead && !no_room(e, &e->orders.v[i]))
			*array_push(out, &w.v) = work_of_order(&e->orders.v[i]);
	works_of_fills(&w, e);
	for (size_t i = 0; i < e->orders.n; i++)
		if (!e->orders.v[i].dead && e->orders.v[i].kind != EO_CLOSE)
			works_of_children(&w, e, &e->orders.v[i]);
	*ret = w.v.v;
	return w.v.n;
}

double emu_position(const struct emu *e)
{
	return e->position;
}

bool emu_waits(const struct emu *e, struct emu_key key)
{
	for (size_t i = 0; key.leg == '-' && i < e->orders.n; i++)
		if (e->orders.v[i].key == key.seq)
			return !e->orders.v[i].dead;
	return false;
}

/* ---- what the exchange refused -------------------------------------------- */

void emu_drop(struct emu *e, struct emu_key key)
{
	for (size_t i = 0; key.leg == '-' && i < e->orders.n; i++)
		if (e->orders.v[i].key == key.seq)
			e->orders.v[i].dead = true;
	for (size_t i = 0; key.leg != '-' && i < e->legs.n; i++) {
		struct emu_leg *l = &e->legs.v[i];

		if (e->exits.v[l->exit].seq != key.seq ||
		    e->fills.v[l->fill].order != key.entry)
			continue;
		if (key.leg == 'p')
			l->limit = NAN;
		else if (key.leg == 'l')
			l->stop = NAN;
		else
			l->trail_at = NAN;
	}
	emu_sweep(e);
}
