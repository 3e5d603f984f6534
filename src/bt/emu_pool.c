#include "config.h"

#include "bt/emu_i.h"

/* What emulators on one account know of each other. */

void emu_join(struct emu *e, struct emu_pool *pool)
{
	e->pool = pool;
}

void emu_pool_value(struct emu *e)
{
	double m = (e->position > 0 ? e->r.margin_long : e->r.margin_short) / 100;
	double profit = e->a.net_profit + e->a.open_profit;
	double tied = fabs(e->position) * e->bar.c * e->r.pointvalue * m;

	if (e->pool == NULL)
		return;
	e->pool->profit += profit - e->profit;
	e->pool->tied += tied - e->tied;
	e->profit = profit;
	e->tied = tied;
}

void emu_pool_holds(struct emu *e)
{
	bool holds = e->open.n > 0;

	if (e->pool == NULL || holds == e->holds)
		return;
	e->holds = holds;
	e->pool->open += holds ? 1 : -(size_t)1;
}

bool emu_pool_full(const struct emu *e)
{
	return e->pool != NULL && e->pool->max_open > 0 && !e->holds &&
		e->pool->open >= e->pool->max_open;
}
