#include "config.h"

#include "bt/emu_i.h"

static double margin_of(const struct emu *e, double size)
{
	return (size > 0 ? e->r.margin_long : e->r.margin_short) / 100;
}

bool emu_affords(const struct emu *e, int dir, double opens, double price)
{
	double m = margin_of(e, dir), held = fabs(e->position);
	double need, have = emu_equity_at(e, price);

	if (m <= 0)
		return true;
	if (e->pool != NULL)
		have -= e->pool->tied - e->tied;
	need = (held + opens) * price * e->r.pointvalue * m;
	if (e->r.fee_type == STRAT_FEE_PERCENT)
		have -= opens * price * e->r.pointvalue * e->r.fee / 100;
	return need <= have * (1 + 1e-12);
}

/* Funds short at this price: four times what would cover it is closed. */
void emu_margin_check(struct emu *e, double price)
{
	double m = margin_of(e, e->position), size = fabs(e->position);
	double funds, cover;
	struct emu_deal d = {
		.id = "Margin call", .reason = EMU_MARGIN, .price = price,
		.fee_once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0,
	};

	if (m <= 0 || size <= EMU_EPS)
		return;
	funds = emu_equity_at(e, price) - size * price * e->r.pointvalue * m;
	if (funds >= -1e-9 * e->r.initial_capital)
		return;
	cover = emu_cut(e, -funds / m / (price * e->r.pointvalue));
	cover = cover > 0 ? 4 * cover : 1;
	e->margin_calls++;
	emu_note_exec(e, &(struct emu_exec){
		.key = { 0, 0, 'm' }, .what = EMU_W_CLOSE, .id = d.id,
		.dir = e->position > 0 ? -1 : 1, .qty = fmin(cover, size),
		.price = price });
	emu_take_left(e, NULL, emu_close_qty(e, fmin(cover, size), &d));
	emu_legs_bind(e);
}
