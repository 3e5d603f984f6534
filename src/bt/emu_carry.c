#include "config.h"

#include "bt/emu_i.h"

/* What it costs to hold a position, by the time: funding of a perpetual future
 * and interest on what is borrowed.  It is settled at the opens of bars, on
 * what is held before their fills, and counts as a fee of the open trades. */

#define YEAR_MS (365.0 * 86400000)

bool emu_carries(const struct emu_rules *r)
{
	return r->funding.n > 0 || r->interest > 0;
}

/* A long borrows what its value exceeds the equity by, a short all it sold. */
static double borrowed(const struct emu *e)
{
	double value = fabs(e->position) * e->bar.o * e->r.pointvalue;

	return e->position > 0 ? fmax(0, value - emu_equity_at(e, e->bar.o)) :
		value;
}

/* For each unit of a position: positive is paid. */
static void charge(struct emu *e, double per_unit_long, double per_unit)
{
	for (size_t i = 0; i < e->open.n; i++) {
		double size = e->open.v[i].size;
		double cost = size * per_unit_long + fabs(size) * per_unit;

		e->open_fee.v[i] += cost;
		e->carry += cost;
	}
}

void emu_carry(struct emu *e, int64_t before)
{
	const struct bt_funding *f = &e->r.funding;
	double rate = 0, loan;

	for (; e->fund < f->n && f->t[e->fund] <= e->bar.t; e->fund++)
		rate += f->rate[e->fund] * f->mark[e->fund];
	if (e->position == 0)
		return;
	loan = e->r.interest > 0 ? borrowed(e) * e->r.interest *
		(double)(e->bar.t - before) / YEAR_MS : 0;
	charge(e, rate * e->r.pointvalue, loan / fabs(e->position));
}
