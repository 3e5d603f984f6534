#include "config.h"

#include "bt/emu_i.h"

/* The rules of strategy.risk: once declared they hold for the whole run. */

#define DAY_MS INT64_C(86400000)

void emu_risk_cmd(struct emu *e, const struct strat_cmd *c)
{
	struct emu_risk *k = &e->risk;

	switch (c->kind) {
	case STRAT_RISK_ALLOW_ENTRY:
		k->allow = c->dir;
		break;
	case STRAT_RISK_MAX_POSITION:
		k->max_position = c->qty;
		break;
	case STRAT_RISK_MAX_DRAWDOWN:
		k->max_drawdown = c->qty;
		k->drawdown_percent = c->risk_percent;
		break;
	case STRAT_RISK_MAX_INTRADAY_LOSS:
		k->max_day_loss = c->qty;
		k->day_loss_percent = c->risk_percent;
		break;
	case STRAT_RISK_MAX_INTRADAY_ORDERS:
		k->max_day_orders = (int)c->qty;
		break;
	case STRAT_RISK_MAX_CONS_LOSS_DAYS:
		k->max_loss_days = (int)c->qty;
		break;
	case STRAT_ENTRY: case STRAT_ORDER: case STRAT_EXIT: case STRAT_CLOSE:
	case STRAT_CLOSE_ALL: case STRAT_CANCEL: case STRAT_CANCEL_ALL:
		break;
	}
}

static void stop_trading(struct emu *e, double price, const char *id)
{
	struct emu_deal d = { .id = id, .reason = EMU_RISK, .price = price };

	for (size_t i = 0; i < e->orders.n; i++)
		e->orders.v[i].dead = true;
	if (e->open.n > 0) {
		emu_note_exec(e, &(struct emu_exec){
			.key = { 0, 0, 'r' }, .what = EMU_W_CLOSE, .id = id,
			.dir = e->position > 0 ? -1 : 1,
			.qty = fabs(e->position), .price = price });
		emu_close_qty(e, fabs(e->position), &d);
	}
	emu_value(e);
}

void emu_risk_day(struct emu *e)
{
	struct emu_risk *k = &e->risk;
	int64_t day = e->bar.t / DAY_MS;

	if (day == k->day)
		return;
	if (k->day != INT64_MIN && k->max_loss_days > 0) {
		k->loss_days = e->a.equity < k->day_equity ? k->loss_days + 1 : 0;
		if (k->loss_days >= k->max_loss_days && !k->halted) {
			k->halted = true;
			stop_trading(e, e->bar.o, "Max consecutive loss days");
		}
	}
	k->day = day;
	k->day_equity = e->a.equity;
	k->day_orders = 0;
	k->day_halted = false;
}

void emu_risk_equity(struct emu *e, double price)
{
	struct emu_risk *k = &e->risk;
	double down = e->peak - e->a.equity;
	double lost = k->day_equity - e->a.equity;

	if (!k->halted && down > 0 && (k->drawdown_percent ?
	    down / e->peak * 100 : down) >= k->max_drawdown) {
		k->halted = true;
		stop_trading(e, price, "Max drawdown");
	}
	if (!k->day_halted && lost > 0 && (k->day_loss_percent ?
	    lost / k->day_equity * 100 : lost) >= k->max_day_loss) {
		k->day_halted = true;
		stop_trading(e, price, "Max intraday loss");
	}
}

double emu_risk_entry(const struct emu *e, int dir, double qty)
{
	const struct emu_risk *k = &e->risk;
	double room;

	if ((k->allow != 0 && k->allow != dir) || (e->r.long_only && dir < 0))
		return 0;
	room = k->max_position - fabs(e->position);
	return qty <= room ? qty : room > 0 ? emu_cut(e, room) : 0;
}

/* A reversal is one order; at the limit the position is closed and nothing is
 * done until the day is over. */
void emu_risk_filled(struct emu *e)
{
	struct emu_risk *k = &e->risk;

	k->day_orders++;
	if (k->max_day_orders > 0 && k->day_orders >= k->max_day_orders &&
	    !k->day_halted) {
		k->day_halted = true;
		stop_trading(e, e->bar.c, "Max filled orders in a day");
	}
}
