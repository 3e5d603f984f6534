#include "config.h"

#include "bt/emu_i.h"

/* Commands become orders.  What was said before under the same id is changed,
 * not doubled. */

static double tick_level(const struct emu *e, double price, bool up)
{
	double n = price / e->r.mintick, near = nearbyint(n);

	if (fabs(n - near) < 1e-4)
		return near * e->r.mintick;
	return (up ? ceil(n) : floor(n)) * e->r.mintick;
}

/* The size where the script gave none: from the close for a market order, from
 * its own price for another; fees are part of what is spent. */
double emu_default_qty(const struct emu *e, double price)
{
	double money, unit = price * e->r.pointvalue;

	switch (e->r.qty_type) {
	case STRAT_QTY_FIXED:
		return emu_cut(e, e->r.qty_value);
	case STRAT_QTY_CASH:
		money = e->r.qty_value;
		break;
	case STRAT_QTY_PERCENT:
		money = e->a.equity * e->r.qty_value / 100;
		break;
	default:
		return 0;
	}
	switch (e->r.fee_type) {
	case STRAT_FEE_PERCENT:
		unit *= 1 + e->r.fee / 100;
		break;
	case STRAT_FEE_PER_CONTRACT:
		unit += e->r.fee;
		break;
	case STRAT_FEE_PER_ORDER:
		money -= e->r.fee;
		break;
	}
	return unit > 0 && money > 0 ? emu_cut(e, money / unit) : 0;
}

/* With the key of the order that it changes, or a new one. */
static struct emu_order *order_slot(struct emu *e, enum emu_kind kind,
				    const char *id)
{
	struct emu_order *n;

	if (kind != EO_CLOSE) {		/* closes of one bar add up */
		for (size_t i = 0; i < e->orders.n; i++) {
			struct emu_order *o = &e->orders.v[i];

			if (o->dead || o->kind != kind || o->id != id)
				continue;
			if (!e->in_again)
				o->born = 0;
			return o;
		}
	}
	n = array_push(e->arena, &e->orders);
	n->key = ++e->keys;
	n->born = emu_born(e);
	n->born_leg = emu_born_leg(e);
	return n;
}

static bool equal(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b;
}

/* Said again as it was, it is where it was: nothing is sent. */
static bool unchanged(const struct emu_order *old, const struct emu_order *o)
{
	return old->seq != 0 && old->dir == o->dir &&
	       equal(old->qty, o->qty) && equal(old->against, o->against) &&
	       equal(old->limit, o->limit) && equal(old->stop, o->stop);
}

static void place(struct emu *e, enum emu_kind kind, const struct strat_cmd *c)
{
	const char *id = emu_name(e, c->id);
	double stop = c->stop, limit = c->limit, price, qty;
	bool buys = c->dir > 0;
	struct emu_order *o, old;

	if (c->dir == 0 || e->risk.halted || e->risk.day_halted)
		return;
	stop = tick_level(e, stop, buys);
	limit = nearbyint(limit / e->r.mintick) * e->r.mintick;
	price = !isnan(limit) ? limit : !isnan(stop) ? stop :
		e->in_again ? e->point : e->bar.c;
	qty = isnan(c->qty) ? emu_default_qty(e, price) : emu_cut(e, c->qty);
	if (!(qty > EMU_EPS))
		return;
	o = order_slot(e, kind, id);
	old = *o;
	*o = (struct emu_order){
		.kind = kind, .id = id, .comment = emu_name(e, c->comment),
		.oca = emu_name(e, c->oca_name), .oca_type = c->oca_type,
		.dir = c->dir, .qty = qty, .limit = limit, .stop = stop,
		.against = kind == EO_ENTRY && e->position * c->dir < 0 ?
			fabs(e->position) : 0,
		.seq = ++e->seq, .key = o->key, .live = emu_live(e),
		.born = o->born, .born_leg = o->born_leg,
	};
	e->work = true;
	if (e->watched && e->watch.gate != NULL) {
		double let = emu_gate(e, o);

		/* (a + b) - b is not a: what is not cut is not touched */
		if (let < o->qty + o->against) {
			o->dead = let <= EMU_EPS;
			o->against = fmin(o->against, let);
			o->qty = let - o->against;
		}
	}
	if (e->r.strict && unchanged(&old, o)) {
		o->live = old.live;
		o->stop_met = old.stop_met;
	}
}

static double held_of(const struct emu *e, const char *entry)
{
	double sum = 0;

	for (size_t i = 0; i < e->open.n; i++)
		if (entry == NULL || e->open.v[i].entry_id == entry)
			sum += fabs(e->open.v[i].size);
	return sum;
}

const char *emu_close_id(struct emu *e, const char *entry)
{
	return emu_name(e, arena_printf(e->arena, "Close entry(s) order %s", entry));
}

static void close_position(struct emu *e, const struct strat_cmd *c, bool all)
{
	const char *entry = all ? NULL : emu_name(e, c->id), *id;
	double qty = held_of(e, entry);
	struct emu_order *o;

	if (qty <= EMU_EPS)
		return;
	if (!isnan(c->qty))
		qty = fmin(qty, c->qty);
	else if (!isnan(c->qty_percent) && c->qty_percent < 100)
		qty = emu_cut(e, qty * c->qty_percent / 100);
	if (qty <= EMU_EPS)
		return;
	id = all ? EMU_CLOSE_ALL_ID : emu_close_id(e, entry);
	o = order_slot(e, EO_CLOSE, id);
	*o = (struct emu_order){
		.kind = EO_CLOSE, .id = id, .comment = emu_name(e, c->comment),
		.dir = e->position > 0 ? -1 : 1, .qty = qty, .all = all,
		.from = entry, .limit = NAN, .stop = NAN, .seq = ++e->seq,
		.key = o->key, .live = emu_live(e),
		.born = o->born, .born_leg = o->born_leg,
	};
	e->work = true;
	/* The close of a bar is had once. */
	if (c->immediately && !e->r.strict && !(e->in_again && e->at_close))
		emu_fill_order(e, (size_t)(o - e->orders.v),
			       e->in_again ? e->point : e->bar.c, true);
}

static void cancel(struct emu *e, const char *id)
{
	for (size_t i = 0; i < e->orders.n; i++)
		if (id == NULL || e->orders.v[i].id == id)
			e->orders.v[i].dead = true;
	for (size_t i = 0; i < e->exits.n; i++)
		if (id == NULL || e->exits.v[i].id == id)
			e->exits.v[i].dead = true;
}

void emu_command(struct emu *e, const struct strat_cmd *c)
{
	switch (c->kind) {
	case STRAT_ENTRY:
		place(e, EO_ENTRY, c);
		break;
	case STRAT_ORDER:
		place(e, EO_ORDER, c);
		break;
	case STRAT_EXIT:
		emu_exit_cmd(e, c);
		break;
	case STRAT_CLOSE:
		close_position(e, c, false);
		break;
	case STRAT_CLOSE_ALL:
		close_position(e, c, true);
		break;
	case STRAT_CANCEL:
		cancel(e, emu_name(e, c->id));
		break;
	case STRAT_CANCEL_ALL:
		cancel(e, NULL);
		break;
	case STRAT_RISK_ALLOW_ENTRY:
	case STRAT_RISK_MAX_CONS_LOSS_DAYS:
	case STRAT_RISK_MAX_DRAWDOWN:
	case STRAT_RISK_MAX_INTRADAY_ORDERS:
	case STRAT_RISK_MAX_INTRADAY_LOSS:
	case STRAT_RISK_MAX_POSITION:
		emu_risk_cmd(e, c);
		break;
	}
}

void emu_withdraw(struct emu *e)
{
	cancel(e, NULL);
	emu_sweep(e);
}

void emu_commands(struct emu *e, const struct strat_cmds *cmds)
{
	bool close;

	if (cmds->n == 0)
		return;
	e->at_close = true;
	for (size_t i = 0; i < cmds->n; i++)
		emu_command(e, &cmds->v[i]);
	emu_ask_again(e, e->bar.c);
	close = e->r.on_close;
	if (close && e->orders.n > 0) {
		emu_market_orders(e, e->bar.c, UINT64_MAX);
		emu_again_close(e);
	}
	e->at_close = false;
	emu_sweep(e);
	if (close)
		emu_value(e);
	emu_pool_value(e);
}
