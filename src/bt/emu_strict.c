#include "config.h"

#include "bt/emu_i.h"

/* The strict rules.  One candle does not tell in which order its prices came,
 * how much could be had at each, or when an order would have been there; of
 * what is possible the worse is taken. */

/* Is it there before the bar is over? */
static bool comes(const struct emu *e, int64_t live)
{
	return live < e->way.t + e->way_ms;
}

/* The side that the way inside the bar is thought for: what is held, else
 * what the oldest entry would make. */
static int side_of(const struct emu *e)
{
	if (e->position != 0)
		return e->position > 0 ? 1 : -1;
	for (size_t i = 0; i < e->orders.n; i++) {
		const struct emu_order *o = &e->orders.v[i];

		if (o->dead || o->kind == EO_CLOSE || !comes(e, o->live))
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

void emu_way_begin(struct emu *e, const struct bar *b, int64_t ms)
{
	e->way = *b;
	e->way_ms = ms;
	e->now = b->t;
}

bool emu_there(const struct emu *e, int64_t live)
{
	return !e->r.strict || live <= e->now;
}

static double share_gone(const struct emu *e, int64_t at)
{
	return (double)(at - e->way.t) / (double)e->way_ms;
}

/* The open, moved against the order by the part of the bar's range that has
 * passed when it comes in. */
static double moved(const struct emu *e, int dir, int64_t at)
{
	const struct bar *b = &e->way;
	double part = share_gone(e, at) * (b->h - b->l);

	return dir > 0 ? fmin(b->h, b->o + part) : fmax(b->l, b->o - part);
}

bool emu_late_price(const struct emu *e, const struct emu_order *o, double *price)
{
	if (emu_there(e, o->live))
		return true;
	if (!comes(e, o->live))
		return false;
	*price = moved(e, o->dir, o->live);
	return true;
}

static void sooner(const struct emu *e, int64_t live, int64_t *best)
{
	if (live > e->now && live < *best)
		*best = live;
}

bool emu_arrival(struct emu *e, double from, double to, int64_t *ret,
		 double *ret_share)
{
	/* The price is taken to go its way evenly in time. */
	int64_t gone = (int64_t)(to * (double)e->way_ms), next, over;

	if (!e->r.strict)
		return false;
	over = e->way.t + (gone < e->way_ms ? gone : e->way_ms - 1);
	next = over + 1;
	for (size_t i = 0; i < e->orders.n; i++) {
		const struct emu_order *o = &e->orders.v[i];

		if (!o->dead && (!isnan(o->limit) || !isnan(o->stop)))
			sooner(e, o->live, &next);
	}
	for (size_t i = 0; i < e->exits.n; i++)
		if (!e->exits.v[i].dead)
			sooner(e, e->exits.v[i].live, &next);
	if (next > over) {
		e->now = over > e->now ? over : e->now;
		return false;
	}
	*ret = next;
	*ret_share = fmin(fmax(share_gone(e, next), from), to);
	return true;
}

double emu_arrival_price(const struct emu *e, int dir, double p)
{
	double late;

	if (!e->arriving)
		return p;
	late = moved(e, dir, e->now);
	return dir > 0 ? fmax(p, late) : fmin(p, late);
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
