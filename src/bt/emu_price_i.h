#ifndef BT_EMU_PRICE_I_H
#define BT_EMU_PRICE_I_H
/* emu_price_i.h - what a price costs, and does to a trade. */
#include "bt/emu_i.h"

static inline double emu_fee(const struct emu *e, double qty, double price)
{
	switch (e->r.fee_type) {
	case STRAT_FEE_PERCENT:
		return qty * price * e->r.pointvalue * e->r.fee / 100;
	case STRAT_FEE_PER_CONTRACT:
		return qty * e->r.fee;
	case STRAT_FEE_PER_ORDER:
		return 0;		/* once an order: struct emu_deal */
	}
	return 0;
}
/* nearbyint() without a call: what is added pushes the digits behind the point
 * out; numbers beyond it have none. */
static inline double emu_round(double x)
{
	const double big = 0x1p52;

	if (!(fabs(x) < big))
		return x;
	return x < 0 ? -((big - x) - big) : (x + big) - big;
}
static inline double emu_snap(const struct emu *e, double price)
{
	return emu_round(price / e->r.mintick) * e->r.mintick;
}
/* The trade has seen this price. */
static inline void emu_touch(const struct emu *e, struct strat_trade *t, double price)
{
	double p = (price - t->entry_price) * t->size * e->r.pointvalue;

	t->max_runup = p > t->max_runup ? p : t->max_runup;
	t->max_drawdown = -p > t->max_drawdown ? -p : t->max_drawdown;	/* never -0 */
}

#endif /* BT_EMU_PRICE_I_H */
