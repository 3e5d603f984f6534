#include "config.h"

#include "bt/emu_i.h"

/* The rules of strategy.risk: once declared they hold for the whole run. */

#define DAY_MS INT64_C(86400000)

static void limit_days(struct emu_risk *k)
{
	if (k->on)
		return;
	k->on = true;
	k->day = INT64_MIN;
}

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
		limit_days(k);
		k->max_day_loss = c->qty;
		k->day_loss_percent = c->risk_percent;
		break;
	case STRAT_RISK_MAX_INTRADAY_ORDERS:
		limit_days(k);
		k->max_day_orders = (int)c->qty;
		break;
	case STRAT_RISK_MAX_CONS_LOSS_DAYS:
		limit_days(k);
		k->max_loss_days = (int)c->qty;
		break;
	case STRAT_ENTRY: case STRAT_ORDER: case STRAT_EXIT: case STRAT_CLOSE:
	case STRAT_CLOSE_ALL: case STRAT_CANCEL: case STRAT_CANCEL_ALL:
		break;
	}
}

static void stop_trading(struct emu *e, double price, const char *id)
{
	struct emu_deal d = {
		.id = id, .reason = EMU_RISK, .price = price,
		.fee_once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0,
	};

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

static int64_t day_of(const struct emu *e)
{
	int64_t ms = 0;

	if (e->r.timezone != NULL)
		(void)script_zone_offset(str_c(e->r.timezone), e->bar.t, &ms);
	ms += e->bar.t - e->r.day_start;
	return ms >= 0 ? ms / DAY_MS : -((DAY_MS - 1 - ms) / DAY_MS);
}

static void loss_days(struct emu *e)
{
	struct emu_risk *k = &e->risk;

	if (k->day == INT64_MIN || k->max_loss_days <= 0)
		return;
	k->loss_days = e->a.equity < k->day_equity ? k->loss_days + 1 : 0;
	if (k->loss_days < k->max_loss_days || k->halted)
		return;
	k->halted = true;
	stop_trading(e, e->bar.o, "Close Position (Max consecutive loss days)");
}

/* Equity may pass the limit anywhere on the way; the position is then closed
 * where the way turns, which is where it is seen. */
static void day_loss(struct emu *e, double price)
{
	struct emu_risk *k = &e->risk;
	double limit = k->day_loss_percent ?
		k->day_equity * k->max_day_loss / 100 : k->max_day_loss;

	if (k->day_halted || !isfinite(k->max_day_loss))
		return;
	if (k->day_equity - emu_equity_at(e, price) <
	    limit - 1e-9 * fmax(1, fabs(limit)))
		return;
	k->day_halted = true;
	stop_trading(e, price, "Close Position (Max intraday Loss)");
}

void emu_risk_open(struct emu *e)
{
	struct emu_risk *k = &e->risk;
	int64_t day;

	if (!k->on)
		return;
	day = day_of(e);
	if (day == k->day) {
		day_loss(e, e->bar.o);
		return;
	}
	loss_days(e);
	k->day = day;
	k->day_equity = emu_equity_at(e, e->bar.o);
	k->day_orders = 0;
	k->day_halted = false;
}

void emu_risk_point(struct emu *e, double price)
{
	if (e->risk.on)
		day_loss(e, price);
}

void emu_risk_close(struct emu *e)
{
	struct emu_risk *k = &e->risk;
	double down = e->peak - e->a.equity;

	if (!k->halted && down > 0 && (k->drawdown_percent ?
	    down / e->peak * 100 : down) >= k->max_drawdown) {
		k->halted = true;
		stop_trading(e, e->bar.c, "Close Position (Max drawdown)");
	}
}

double emu_risk_entry(const struct emu *e, int dir, double held, double qty)
{
	const struct emu_risk *k = &e->risk;
	double room;

	if ((k->allow != 0 && k->allow != dir) || (e->r.long_only && dir < 0))
		return 0;
	room = k->max_position - held;
	return qty <= room ? qty : room > 0 ? emu_cut(e, room) : 0;
}

/* A reversal is one order.  At the limit the position is closed where it is, or
 * where an entry inside the bar was carried to, and the day is over. */
void emu_risk_filled(struct emu *e, double price, int dir)
{
	struct emu_risk *k = &e->risk;

	k->day_orders++;
	if (k->max_day_orders <= 0 || k->day_orders < k->max_day_orders ||
	    k->day_halted)
		return;
	k->day_halted = true;
	if (e->at_close)	/* the extremes are gone by */
		price = e->bar.c - (e->position > 0 ? 1 : -1) * e->r.slippage;
	else if (dir > 0 && e->position > 0 && price > e->bar.o)
		price = e->bar.h;
	else if (dir < 0 && e->position < 0 && price < e->bar.o)
		price = e->bar.l;
	stop_trading(e, price,
		     "Close Position (Max number of filled orders in one day)");
}
