#include "config.h"

#include <limits.h>

#include "bt/emu_i.h"

/* calc_on_order_fills: after a fill the strategy is asked again, with the
 * account as it is where the price stands, and what it says meets the rest of
 * the bar.
 *
 * The way of a bar has points: its open, the two turns, its close.  What stood
 * before the bar, and what the first fill at the open brought about, is met
 * anywhere on the way.  What a later fill brought about is had at a turn only:
 * orders at each turn that is still to come, at its price; exits at the turn
 * the price was on its way to, and anywhere after it.  Nothing of it fills at
 * the close; it is an order like others from the next bar on. */

void emu_on_fill(struct emu *e, const struct emu_again *a)
{
	e->again = *a;
}

void emu_again_open(struct emu *e)
{
	e->asked = 0;
	e->heard = e->traded;
	e->leg = 0;
	e->at_point = true;
	e->turn = false;
}

/* Made by the strategy when it was asked again? */
bool emu_newborn(const struct emu *e, int64_t born)
{
	return born == e->index + 1;
}

bool emu_awake(const struct emu *e, int64_t born, int leg, bool exit)
{
	if (!emu_newborn(e, born))
		return !e->turn;
	if (e->turn)
		return exit ? leg == e->leg : leg <= e->leg;
	return exit && leg < e->leg;
}

int64_t emu_born(const struct emu *e)
{
	return e->in_again && !e->first ? e->index + 1 : 0;
}

int emu_born_leg(const struct emu *e)
{
	return e->at_close ? INT_MAX : e->at_point ? e->leg + 1 : e->leg;
}

void emu_ask_again(struct emu *e, double price)
{
	struct strat_cmds cmds;

	while (e->again.run != NULL && e->traded != e->heard) {
		e->heard = e->traded;
		e->point = price;
		emu_value_at(e, price);
		if (!e->again.run(e->again.ctx, e->at_close, &cmds)) {
			e->again.run = NULL;
			return;
		}
		e->first = e->leg == 0 && !e->at_close && e->asked++ == 0;
		e->in_again = true;
		for (size_t i = 0; i < cmds.n; i++)
			emu_command(e, &cmds.v[i]);
		e->in_again = false;
	}
}

/* A market order of a run after the close is too late for that close. */
void emu_again_close(struct emu *e)
{
	for (size_t i = 0; i < e->orders.n; i++) {
		struct emu_order *o = &e->orders.v[i];

		if (emu_newborn(e, o->born) && o->born_leg == INT_MAX &&
		    isnan(o->limit) && isnan(o->stop))
			o->dead = true;
	}
}

/* What the price has passed already when it is said is not met by the bar of
 * its entry: a stop; a target, if it was said at the open. */
void emu_again_leg(const struct emu *e, struct emu_leg *l)
{
	const struct emu_fill *f = &e->fills.v[l->fill];

	if (!e->in_again || f->bar != e->index)
		return;
	if (f->dir * (e->point - l->stop) <= 0)
		l->mute_stop = e->index + 1;
	if (e->first && f->dir * (e->point - l->limit) >= 0)
		l->mute_limit = e->index + 1;
}
