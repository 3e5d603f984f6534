#include "config.h"

#include "bt/emu_i.h"

/* Levels fall on ticks, on the side that never helps: a stop of a long goes
 * down, its target up.  A level within 1e-4 of a tick is on it. */
static double tick(const struct emu *e, double price, bool up)
{
	double n = price / e->r.mintick, near = nearbyint(n);

	if (fabs(n - near) < 1e-4)
		return near * e->r.mintick;
	return (up ? ceil(n) : floor(n)) * e->r.mintick;
}

static bool given(double x) { return !isnan(x); }

/* Of an absolute and a relative level: before version 6 the absolute one wins;
 * since then the one that is met first. */
static double one_of(const struct emu *e, double absolute, double relative,
		     bool want_lower)
{
	if (!given(relative))
		return absolute;
	if (!given(absolute))
		return relative;
	if (e->r.version < 6)
		return absolute;
	return (absolute < relative) == want_lower ? absolute : relative;
}

static void leg_levels(struct emu *e, struct emu_leg *l)
{
	const struct emu_exit *x = &e->exits.v[l->exit];
	const struct emu_fill *f = &e->fills.v[l->fill];
	double d = f->dir, unit = e->r.mintick, at = l->trail_at;
	bool is_long = f->dir > 0;

	l->limit = tick(e, one_of(e, x->limit, f->price + d * x->profit * unit,
				  is_long), is_long);
	l->stop = tick(e, one_of(e, x->stop, f->price - d * x->loss * unit,
				 !is_long), !is_long);
	l->trail_at = one_of(e, x->trail_price,
			     f->price + d * x->trail_points * unit, is_long);
	l->trail_off = given(x->trail_offset) ? x->trail_offset * unit : 0;
	/* A stricter activation arms it anew. */
	if (l->trailing && given(at) && given(l->trail_at) &&
	    d * l->trail_at > d * at && d * l->mark < d * l->trail_at)
		l->trailing = false;
	l->version = x->version;
}

static double leg_slice(const struct emu *e, const struct emu_exit *x,
			const struct emu_fill *f)
{
	if (given(x->qty))
		return fmin(x->qty, f->size);
	if (given(x->qty_percent) && x->qty_percent < 100)
		return emu_cut(e, f->size * x->qty_percent / 100);
	return NAN;
}

static bool matches(const struct emu_exit *x, const struct emu_fill *f)
{
	return !x->dead && (x->from == NULL || x->from == f->id);
}

/* Only what is new since the last time: an order that fills in hundreds of
 * parts (the strict rules' bound of volume) has as many fills. */
static void bind(struct emu *e, size_t exit, size_t from)
{
	const struct emu_exit *x = &e->exits.v[exit];

	for (size_t k = from; k < e->fills.n; k++) {
		const struct emu_fill *f = &e->fills.v[k];
		struct emu_leg *l;

		if (!matches(x, f))
			continue;
		l = array_push(e->arena, &e->legs);
		*l = (struct emu_leg){ .exit = exit, .fill = k,
			.trail_at = NAN, .mark = f->price };
		l->qty = leg_slice(e, x, f);
		leg_levels(e, l);
		emu_again_leg(e, l);
	}
}

void emu_legs_bind(struct emu *e)
{
	for (size_t i = 0; i < e->exits.n; i++) {
		struct emu_exit *x = &e->exits.v[i];

		if (x->dead)
			continue;
		for (size_t k = 0; x->bound != x->version && k < e->legs.n; k++)
			if (e->legs.v[k].exit == i)
				leg_levels(e, &e->legs.v[k]);
		bind(e, i, x->fills);
		x->bound = x->version;
		x->fills = e->fills.n;
	}
}

double emu_leg_qty(const struct emu *e, const struct emu_leg *l)
{
	const struct emu_fill *f = &e->fills.v[l->fill];
	double qty = l->qty;

	if (isnan(qty)) {
		qty = f->left;
		for (size_t i = 0; i < e->legs.n; i++) {
			const struct emu_leg *o = &e->legs.v[i];

			if (o != l && o->fill == l->fill && !o->done &&
			    !isnan(o->qty) && !e->exits.v[o->exit].dead)
				qty -= o->qty;
		}
	}
	return fmax(0, fmin(qty, f->left));
}

static bool entry_waits(const struct emu *e, const char *id)
{
	for (size_t i = 0; i < e->orders.n; i++) {
		const struct emu_order *o = &e->orders.v[i];

		if (!o->dead && o->kind != EO_CLOSE && (id == NULL || o->id == id))
			return true;
	}
	return false;
}

static bool fill_held(const struct emu *e, const char *id)
{
	for (size_t i = 0; i < e->fills.n; i++)
		if (e->fills.v[i].left > EMU_EPS &&
		    (id == NULL || e->fills.v[i].id == id))
			return true;
	return false;
}

/* Flat: exits of the position go with it; one that waits for an entry that is
 * still to come stays. */
void emu_flat(struct emu *e)
{
	for (size_t i = 0; i < e->exits.n; i++) {
		struct emu_exit *x = &e->exits.v[i];
		bool bound = false;

		for (size_t k = 0; k < e->legs.n; k++)
			bound |= e->legs.v[k].exit == i;
		if (x->from == NULL ? bound : !entry_waits(e, x->from))
			x->dead = true;
	}
	for (size_t i = 0; i < e->exits.n; i++)
		e->exits.v[i].fills = 0;
	e->fills.n = 0;
	e->legs.n = 0;
}

static struct emu_exit *exit_slot(struct emu *e, const char *id, const char *from)
{
	for (size_t i = 0; i < e->exits.n; i++) {
		struct emu_exit *x = &e->exits.v[i];

		if (!x->dead && x->id == id && x->from == from)
			return x;
	}
	return NULL;
}

void emu_exit_cmd(struct emu *e, const struct strat_cmd *c)
{
	const char *id = emu_name(e, c->id), *from = emu_name(e, c->from_entry);
	struct emu_exit *x;
	uint64_t seq, version;
	int64_t live, born;
	size_t fills;
	int leg;

	if (from != NULL && *from == '\0')
		from = NULL;
	if (!given(c->limit) && !given(c->stop) && !given(c->profit) &&
	    !given(c->loss) && !given(c->trail_price) && !given(c->trail_points))
		return;
	if (!fill_held(e, from) && !entry_waits(e, from))
		return;
	x = exit_slot(e, id, from);
	if (x == NULL) {
		x = array_push(e->arena, &e->exits);
		x->seq = ++e->seq;
		x->live = emu_live(e);
		x->born = emu_born(e);
		x->born_leg = emu_born_leg(e);
	}
	live = x->live;		/* changing it is not sending it anew */
	born = x->born;
	leg = x->born_leg;
	seq = x->seq;
	fills = x->fills;
	version = x->version + 1;
	*x = (struct emu_exit){
		.id = id, .from = from, .seq = seq, .version = version,
		.live = live, .born = born, .born_leg = leg, .fills = fills,
		.comment = emu_name(e, c->comment),
		.c_profit = emu_name(e, c->comment_profit),
		.c_loss = emu_name(e, c->comment_loss),
		.c_trail = emu_name(e, c->comment_trailing),
		.oca = emu_name(e, c->oca_name),
		.qty = c->qty, .qty_percent = c->qty_percent,
		.limit = c->limit, .stop = c->stop,
		.profit = c->profit, .loss = c->loss,
		.trail_price = c->trail_price, .trail_points = c->trail_points,
		.trail_offset = c->trail_offset,
	};
	e->work = true;
	emu_legs_bind(e);
}
