#include "config.h"

#include <string.h>

#include "bt/emu_i.h"

struct emu_rules emu_rules_of(const struct strat_properties *p, double mintick,
			      double pointvalue, double lot)
{
	return (struct emu_rules){
		.version = p->version,
		.mintick = mintick, .pointvalue = pointvalue, .lot = lot,
		.initial_capital = p->initial_capital,
		.qty_type = p->default_qty_type,
		.qty_value = p->default_qty_value,
		.fee_type = p->commission_type, .fee = p->commission_value,
		.slippage = p->slippage * mintick,
		.limit_beyond = p->fill_assumption_ticks * mintick,
		.pyramiding = p->pyramiding,
		.margin_long = p->margin_long, .margin_short = p->margin_short,
		.on_close = p->process_orders_on_close,
		.close_any = p->close_any,
	};
}

const char *emu_reason_name(enum emu_reason r)
{
	switch (r) {
	case EMU_SIGNAL: return "signal";
	case EMU_CLOSE: return "close";
	case EMU_PROFIT: return "take_profit";
	case EMU_LOSS: return "stop_loss";
	case EMU_TRAIL: return "trailing_stop";
	case EMU_MARGIN: return "margin_call";
	case EMU_RISK: return "risk_rule";
	case EMU_END: return "open_at_end";
	}
	return "?";
}

static const char *shown(const char *comment, const char *id)
{
	return comment != NULL && comment[0] != '\0' ? comment : id;
}

const char *emu_entry_signal(const struct emu_trade *t)
{
	return shown(t->t.entry_comment, t->t.entry_id);
}

const char *emu_exit_signal(const struct emu_trade *t)
{
	return t->reason == EMU_END ? NULL : shown(t->t.exit_comment, t->t.exit_id);
}

struct emu *emu_new(struct arena *out, const struct emu_rules *r)
{
	struct emu *e = NEW(out, struct emu);

	assert(r->mintick > 0 && r->pointvalue > 0 && r->initial_capital > 0);
	e->magic = EMU_MAGIC;
	e->arena = out;
	e->r = *r;
	e->unit = r->pointvalue;
	e->index = -1;
	e->room = INFINITY;
	e->a.initial_capital = r->initial_capital;
	e->a.equity = r->initial_capital;
	e->a.position_avg_price = NAN;
	e->a.margin_liquidation_price = NAN;
	e->peak = e->trough = r->initial_capital;
	e->risk = (struct emu_risk){
		.max_position = INFINITY, .max_drawdown = INFINITY,
		.max_day_loss = INFINITY, .day = INT64_MIN,
	};
	return e;
}

/* A strategy has a handful of ids: a list, newest use first, is the fastest
 * map there is. */
const char *emu_name(struct emu *e, const char *s)
{
	char *copy;

	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < e->names.n; i++) {
		const char *n = e->names.v[i];

		if (strcmp(n, s) != 0)
			continue;
		memmove(&e->names.v[1], &e->names.v[0], i * sizeof(e->names.v[0]));
		e->names.v[0] = n;
		return n;
	}
	copy = arena_strdup(e->arena, s);
	if (e->names.n < 256)		/* ids made up per bar are not kept */
		*array_push(e->arena, &e->names) = copy;
	return copy;
}

double emu_cut(const struct emu *e, double qty)
{
	double n;

	if (!(e->r.lot > 0))
		return qty;
	n = qty / e->r.lot;
	/* 0.3 / 0.1 is 2.9999999999999996: a whole number within rounding */
	n = fabs(n - nearbyint(n)) < 1e-9 * fmax(1, n) ? nearbyint(n) : floor(n);
	return n * e->r.lot;
}

double emu_equity_at(const struct emu *e, double price)
{
	double open = (e->position * price - e->cost) * e->r.pointvalue;

	for (size_t i = 0; i < e->open_fee.n; i++)
		open -= e->open_fee.v[i];
	return e->r.initial_capital + e->a.net_profit + open + emu_others(e);
}

/* Run-up and drawdown of the account, from the best and worst price the bar
 * gave the position.  The list of open trades has its own. */
static void value_extremes(struct emu *e)
{
	double hi = e->a.equity, lo = e->a.equity;

	if (e->position != 0) {
		double a = emu_equity_at(e, e->bar.h), b = emu_equity_at(e, e->bar.l);

		hi = fmax(hi, fmax(a, b));
		lo = fmin(lo, fmin(a, b));
	}
	e->a.max_drawdown = fmax(e->a.max_drawdown, e->peak - lo);
	e->a.max_runup = fmax(e->a.max_runup, hi - e->trough);
	if (e->peak > 0)
		e->a.max_drawdown_percent = fmax(e->a.max_drawdown_percent,
						 (e->peak - lo) / e->peak * 100);
	if (e->trough > 0)
		e->a.max_runup_percent = fmax(e->a.max_runup_percent,
					      (hi - e->trough) / e->trough * 100);
	e->peak = fmax(e->peak, hi);
	e->trough = fmin(e->trough, lo);
}

void emu_value_at(struct emu *e, double price)
{
	struct strat_account *a = &e->a;

	a->equity = emu_equity_at(e, price);
	a->open_profit = a->equity - e->r.initial_capital - a->net_profit -
		emu_others(e);
	a->position_size = e->position;
	a->position_avg_price = e->position != 0 ? e->cost / e->position : NAN;
	a->position_entry_name = e->open.n > 0 ? e->open.v[0].entry_id : NULL;
	a->max_contracts = fmax(a->max_contracts, fabs(e->position));
	a->max_long = fmax(a->max_long, e->position);
	a->max_short = fmax(a->max_short, -e->position);
	for (size_t i = 0; i < e->open.n; i++) {
		struct strat_trade *t = &e->open.v[i];

		t->profit = (price - t->entry_price) * t->size *
			e->r.pointvalue - e->open_fee.v[i];
	}
	a->open = e->open.v;
	a->n_open = e->open.n;
	/* Version 6 shows the newest trades only. */
	a->closed_first = e->r.version >= 6 && e->closed.n > EMU_SHOWN ?
		e->closed.n - EMU_SHOWN : 0;
	a->closed = e->closed.v + a->closed_first;
	a->n_closed = e->closed.n;
}

void emu_value(struct emu *e)
{
	emu_value_at(e, e->bar.c);
}

void emu_bar(struct emu *e, const struct bar *b)
{
	emu_bar_fine(e, b, NULL);
}

/* A point of the price is worth what the account's currency makes of it. */
static void emu_convert(struct emu *e)
{
	const struct emu_rate *f = &e->r.rate;

	while (e->rate + 1 < f->n && f->t[e->rate + 1] <= e->bar.t)
		e->rate++;
	e->r.pointvalue = e->unit * f->v[e->rate];
}

void emu_bar_fine(struct emu *e, const struct bar *b, const struct bars *fine)
{
	bool held = e->a.position_size != 0;	/* by what the script saw last */
	int64_t before = e->bar.t;

	e->bar = *b;
	e->index++;
	e->asks = 0;
	if (e->r.rate.n > 0)
		emu_convert(e);
	if (emu_carries(&e->r))
		emu_carry(e, before);
	emu_again_open(e);
	emu_risk_open(e);
	if (e->work || e->open.n > 0)
		emu_walk(e, fine);
	if (e->open.n > 0 || held || e->pool != NULL) {
		emu_value(e);
		value_extremes(e);
	} else if (e->a.n_closed != e->closed.n) {
		emu_value(e);
	}
	emu_pool_value(e);
	emu_risk_close(e);
}

void emu_finish(struct emu *e)
{
	for (size_t i = 0; i < e->open.n; i++) {
		struct emu_trade *t = array_push(e->arena, &e->trades);

		t->t = e->open.v[i];
		t->t.exit_price = e->bar.c;
		t->t.exit_time = e->bar.t;
		t->t.exit_bar = e->index;
		t->t.commission = e->open_fee.v[i];
		t->fee_entry = e->open_fee.v[i];
		t->worth = fabs(t->t.size) * t->t.entry_price * e->r.pointvalue;
		t->reason = EMU_END;
	}
}

const struct strat_account *emu_account(const struct emu *e)
{
	return &e->a;
}

size_t emu_trades(const struct emu *e, const struct emu_trade **ret)
{
	*ret = e->trades.v;
	return e->trades.n;
}

size_t emu_waiting(const struct emu *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->orders.n; i++)
		n += !e->orders.v[i].dead;
	for (size_t i = 0; i < e->exits.n; i++)
		n += !e->exits.v[i].dead;
	return n;
}

size_t emu_rejected(const struct emu *e) { return e->rejected; }
size_t emu_margin_calls(const struct emu *e) { return e->margin_calls; }
double emu_carried(const struct emu *e) { return e->carry; }
