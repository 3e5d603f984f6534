#include "config.h"

#include "bt/emu_i.h"

/* The strict rules.  One candle does not tell in which order its prices came,
 * how much could be had at each, or when an order would have been there; of
 * what is possible the worse is taken. */

/* The side that the way inside the bar is thought for: what is held, else
 * what the oldest entry would make. */
static int side_of(const struct emu *e)
{
	if (e->position != 0)
		return e->position > 0 ? 1 : -1;
	for (size_t i = 0; i < e->orders.n; i++) {
		const struct emu_order *o = &e->orders.v[i];

		if (o->dead || o->kind == EO_CLOSE || !emu_there(e, o->live))
			continue;
		/* Flat: an entry is met on the way that then turns against
		 * it.  One at the market is held from the open on. */
		return isnan(o->limit) && isnan(o->stop) ? o->dir : -o->dir;
	}
	return 0;
}

bool emu_high_first(const struct emu *e, const struct bar *b)
{
	int side = e->r.strict ? side_of(e) : 0;

	return side != 0 ? side < 0 : fabs(b->h - b->o) < fabs(b->o - b->l);
}

void emu_room_open(struct emu *e)
{
	e->room = e->r.strict && e->r.volume_share > 0 ?
		e->r.volume_share * e->bar.v : INFINITY;
}

double emu_room_take(struct emu *e, double want)
{
	double got = want;

	if (want > e->room)
		got = emu_cut(e, e->room);
	e->room -= got;
	return got;
}

bool emu_there(const struct emu *e, int64_t live)
{
	return !e->r.strict || live <= e->bar.t;
}

/* It comes in after a part of the bar: at the open, moved against it by that
 * part of the bar's range. */
bool emu_late_price(const struct emu *e, const struct emu_order *o, double *price)
{
	const struct bar *b = &e->bar;
	double part;

	if (emu_there(e, o->live))
		return true;
	if (o->live >= b->t + e->r.bar_ms)
		return false;
	part = (double)(o->live - b->t) / (double)e->r.bar_ms * (b->h - b->l);
	*price = o->dir > 0 ? fmin(b->h, *price + part) : fmax(b->l, *price - part);
	return true;
}

/* A trailing exit learns of the bar's extreme when the bar is over; one whose
 * entry filled within the bar, of its close only. */
void emu_strict_trail(struct emu *e)
{
	for (size_t i = 0; i < e->legs.n; i++) {
		struct emu_leg *l = &e->legs.v[i];
		const struct emu_fill *f = &e->fills.v[l->fill];
		double far = f->bar == e->index ? e->bar.c :
			f->dir > 0 ? e->bar.h : e->bar.l;

		if (isnan(l->trail_at) || l->done)
			continue;
		if (!l->trailing && f->dir * far >= f->dir * l->trail_at &&
		    l->trail_off > 0)
			l->trailing = true;
		if (l->trailing && f->dir * far > f->dir * l->mark)
			l->mark = far;
	}
}
