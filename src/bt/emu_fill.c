#include "config.h"

#include "bt/emu_price_i.h"

static void book(struct emu *e, const struct strat_trade *t, double fee_in,
		 double fee_out, enum emu_reason reason)
{
	struct strat_account *a = &e->a;
	double worth = fabs(t->size) * t->entry_price * e->r.pointvalue;
	double percent = 100 * t->profit / worth;

	*array_push(e->arena, &e->closed) = *t;
	*array_push(e->arena, &e->trades) =
		(struct emu_trade){ *t, reason, fee_in, fee_out, worth };
	a->net_profit += t->profit;
	if (t->profit > 0) {
		a->gross_profit += t->profit;
		a->win_percents += percent;
		a->win_trades++;
	} else if (t->profit < 0) {
		a->gross_loss -= t->profit;
		a->loss_percents += percent;
		a->loss_trades++;
	} else {
		a->even_trades++;
	}
}

/* Close part of one open trade: what is closed becomes a trade of its own. */
static void close_part(struct emu *e, size_t i, double qty,
		       const struct emu_deal *d, double fee_once)
{
	struct strat_trade *t = &e->open.v[i], done;
	double size = fabs(t->size), share = qty / size;
	double fee_in = e->open_fee.v[i] * share;
	double fee_out = emu_fee(e, qty, d->price) + fee_once;

	emu_touch(e, t, d->price);
	done = *t;
	done.size = t->size > 0 ? qty : -qty;
	done.max_runup = t->max_runup * share;
	done.max_drawdown = t->max_drawdown * share;
	done.exit_id = d->id;
	done.exit_comment = d->comment;
	done.exit_price = d->price;
	done.exit_time = e->bar.t;
	done.exit_bar = e->index;
	done.commission = fee_in + fee_out;
	done.profit = (d->price - t->entry_price) * done.size *
		e->r.pointvalue - done.commission;
	book(e, &done, fee_in, fee_out, d->reason);
	e->position -= done.size;
	e->cost -= done.size * t->entry_price;
	t->size -= done.size;
	t->max_runup -= done.max_runup;
	t->max_drawdown -= done.max_drawdown;
	e->open_fee.v[i] -= fee_in;
}

static void drop_empty(struct emu *e)
{
	size_t k = 0;

	for (size_t i = 0; i < e->open.n; i++) {
		if (fabs(e->open.v[i].size) <= EMU_EPS)
			continue;
		e->open.v[k] = e->open.v[i];
		e->open_fee.v[k++] = e->open_fee.v[i];
	}
	e->open.n = e->open_fee.n = k;
	if (k == 0)
		e->position = e->cost = 0;	/* no dust */
	emu_pool_holds(e);
}

static bool closes(const struct emu *e, const struct strat_trade *t,
		   const struct emu_deal *d)
{
	return !e->r.close_any || d->from == NULL || t->entry_id == d->from;
}

double emu_close_qty(struct emu *e, double qty, const struct emu_deal *d)
{
	double left, total = 0, there = 0;

	/* The fee of an order is shared by what it does close. */
	for (size_t i = 0; i < e->open.n; i++)
		if (closes(e, &e->open.v[i], d))
			there += fabs(e->open.v[i].size);
	left = qty = fmin(qty, there);
	for (size_t i = 0; i < e->open.n && left > EMU_EPS; i++) {
		struct strat_trade *t = &e->open.v[i];
		double part = fmin(left, fabs(t->size));

		if (!closes(e, t, d))
			continue;
		close_part(e, i, part, d, d->fee_once * part / qty);
		left -= part;
		total += part;
	}
	drop_empty(e);
	if (e->open.n == 0 && total > 0)
		emu_flat(e);
	return total;
}

void emu_open_qty(struct emu *e, int dir, double qty, const struct emu_deal *d)
{
	struct strat_trade *t = array_push(e->arena, &e->open);

	*t = (struct strat_trade){
		.entry_id = d->id, .entry_comment = d->comment,
		.size = dir * qty, .entry_price = d->price,
		.exit_price = NAN,
		.entry_time = e->bar.t, .entry_bar = e->index,
		.exit_bar = -1,
	};
	*array_push(e->arena, &e->open_fee) =
		emu_fee(e, qty, d->price) + d->fee_once;
	*array_push(e->arena, &e->fills) = (struct emu_fill){
		.id = d->id, .dir = dir, .size = qty, .left = qty,
		.price = d->price, .seq = ++e->seq, .order = d->key,
		.bar = e->index,
	};
	e->position += t->size;
	e->cost += t->size * d->price;
	emu_pool_holds(e);
}

/* Take what a close, or an opposite order, closed from what exits may still
 * take, oldest entry first. */
void emu_take_left(struct emu *e, const char *from, double qty)
{
	for (size_t i = 0; i < e->fills.n && qty > EMU_EPS; i++) {
		struct emu_fill *f = &e->fills.v[i];
		double part = fmin(f->left, qty);

		if (from != NULL && f->id != from)
			continue;
		f->left -= part;
		qty -= part;
	}
}

void emu_oca(struct emu *e, const char *oca, enum strat_oca type, double qty,
	     uint64_t but_seq)
{
	if (oca == NULL || type == STRAT_OCA_NONE)
		return;
	for (size_t i = 0; i < e->orders.n; i++) {
		struct emu_order *o = &e->orders.v[i];

		if (o->dead || o->oca != oca || o->seq == but_seq)
			continue;
		if (type == STRAT_OCA_REDUCE && o->qty - qty > EMU_EPS)
			o->qty -= qty;
		else
			o->dead = true;
	}
	for (size_t i = 0; i < e->exits.n; i++) {
		struct emu_exit *x = &e->exits.v[i];

		if (x->oca == oca && x->seq != but_seq && type == STRAT_OCA_CANCEL)
			x->dead = true;
	}
}

static bool entry_allowed(struct emu *e, const struct emu_order *o)
{
	int limit = e->r.pyramiding > 1 ? e->r.pyramiding : 1;

	if (e->risk.halted || e->risk.day_halted)
		return false;
	if (emu_pool_full(e)) {
		e->rejected++;
		return false;
	}
	return o->kind != EO_ENTRY || e->position * o->dir <= 0 || o->begun ||
		e->open.n < (size_t)limit;
}

/* Returns what was traded. */
static double fill_close(struct emu *e, const struct emu_order *o, double price)
{
	struct emu_deal d = {
		.id = o->id, .comment = o->comment, .from = o->from,
		.reason = EMU_CLOSE, .price = price,
		.fee_once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0,
	};
	double qty = fmin(o->qty, fabs(e->position)), done;

	if (e->position * o->dir >= 0 || qty <= EMU_EPS)
		return 0;
	done = emu_close_qty(e, qty, &d);
	emu_take_left(e, o->from, done);
	return done;
}

static double fill_entry(struct emu *e, const struct emu_order *o, double price)
{
	double other = e->position * o->dir < 0 ? fabs(e->position) : 0;
	double total = o->qty + fmin(o->against, other);
	double closes = fmin(other, total);
	double held = e->position * o->dir < 0 ? other - closes :
		fabs(e->position);
	double opens = emu_risk_entry(e, o->dir, held, total - closes);
	double once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0;
	struct emu_deal d = {
		.id = o->id, .comment = o->comment,
		.reason = EMU_SIGNAL, .price = price, .key = o->key,
	};

	total = closes + opens;		/* what shares the fee of the order */
	if (closes > EMU_EPS) {
		d.fee_once = once * closes / total;
		emu_take_left(e, NULL, emu_close_qty(e, closes, &d));
	}
	if (opens <= EMU_EPS)
		return closes;
	/* A fresh position that cannot be margined is refused whole; what
	 * stacks on this bar's, or flips, is filled and trimmed later. */
	if (closes <= EMU_EPS && (e->open.n == 0 ||
	    e->open.v[e->open.n - 1].entry_bar != e->index) &&
	    !emu_affords(e, o->dir, opens, price)) {
		e->rejected++;
		return closes;
	}
	d.fee_once = once * opens / total;
	emu_open_qty(e, o->dir, opens, &d);
	return closes + opens;
}

static void note_order(struct emu *e, const struct emu_order *o, double qty,
		       double price, bool slips, bool more)
{
	emu_note_exec(e, &(struct emu_exec){
		.key = { o->key, 0, '-' },
		.what = o->kind == EO_ENTRY ? EMU_W_ENTRY :
			o->kind == EO_ORDER ? EMU_W_ORDER : EMU_W_CLOSE,
		.id = o->id, .from = o->from, .comment = o->comment,
		.dir = o->dir, .qty = qty, .price = price, .limit = !slips,
		.more = more });
}

/* No more than the bar's volume allows: *part is what fills now; true when the
 * rest waits on (a stop that was met, for the next price there is). */
static bool split_order(struct emu *e, size_t i, struct emu_order *part)
{
	struct emu_order *o = &e->orders.v[i];
	double held = fabs(e->position), want, got;

	if (isinf(e->room))
		return false;
	want = o->kind == EO_CLOSE ? fmin(o->qty, held) :
		o->qty + (e->position * o->dir < 0 ? fmin(o->against, held) : 0);
	got = emu_room_take(e, want);
	if (got >= want - EMU_EPS)
		return false;
	if (o->kind != EO_CLOSE)
		part->against = fmin(o->against, got);
	part->qty = got - (o->kind == EO_CLOSE ? 0 : part->against);
	o->against -= o->kind == EO_CLOSE ? 0 : part->against;
	o->qty -= part->qty;
	o->begun |= got > EMU_EPS;
	o->spent = e->index + 1;
	if (isnan(o->limit))
		o->stop = NAN;
	return true;
}

void emu_fill_order(struct emu *e, size_t i, double price, bool slips)
{
	struct emu_order o = e->orders.v[i];

	bool more = false;

	price = emu_snap(e, slips ? price + o.dir * e->r.slippage : price);
	if (o.kind == EO_CLOSE) {
		more = split_order(e, i, &o);
		note_order(e, &o, fill_close(e, &o, price), price, slips, more);
	} else if (entry_allowed(e, &o)) {
		more = split_order(e, i, &o);
		note_order(e, &o, fill_entry(e, &o, price), price, slips, more);
		emu_oca(e, o.oca, o.oca_type, o.qty, o.seq);
		emu_risk_filled(e, price, o.dir);
	}
	e->orders.v[i].dead |= !more;
	emu_legs_bind(e);
}

/* The part of an exit that the bar's volume allows; the rest waits, of a stop
 * as one that was met. */
static double split_leg(struct emu *e, struct emu_leg *l, double qty,
			enum emu_reason why)
{
	double got = isinf(e->room) ? qty : emu_room_take(e, qty);

	if (got >= qty - EMU_EPS)
		return qty;
	l->done = false;
	l->spent = e->index + 1;
	if (!isnan(l->qty))
		l->qty -= got;
	l->was_hit = why != EMU_PROFIT;
	l->hit = why;
	return got;
}

void emu_fill_leg(struct emu *e, size_t i, double price, enum emu_reason why)
{
	struct emu_leg *l = &e->legs.v[i];
	const struct emu_exit x = e->exits.v[l->exit];
	size_t fill = l->fill;
	double qty = emu_leg_qty(e, l), done;
	uint64_t entry = e->fills.v[fill].order;
	int dir = e->fills.v[fill].dir;
	bool more;
	struct emu_deal d = {
		.id = x.id, .comment = x.comment, .from = e->fills.v[fill].id,
		.reason = why,
		.fee_once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0,
	};

	if (why == EMU_PROFIT && x.c_profit != NULL)
		d.comment = x.c_profit;
	else if (why == EMU_LOSS && x.c_loss != NULL)
		d.comment = x.c_loss;
	else if (why == EMU_TRAIL && x.c_trail != NULL)
		d.comment = x.c_trail;
	l->done = true;
	if (qty > EMU_EPS)
		qty = split_leg(e, l, qty, why);
	more = !l->done;
	if (qty <= EMU_EPS)
		return;
	/* A limit fills at its level or better, never worse by slippage. */
	d.price = emu_snap(e, why == EMU_PROFIT ? price : price - dir * e->r.slippage);
	e->fills.v[fill].left -= qty;
	done = emu_close_qty(e, qty, &d);
	emu_note_exec(e, &(struct emu_exec){
		.key = { x.seq, entry, why == EMU_PROFIT ? 'p' :
			 why == EMU_LOSS ? 'l' : 't' },
		.what = EMU_W_EXIT, .id = x.id, .from = d.from,
		.comment = d.comment, .dir = -dir, .qty = done,
		.price = d.price, .limit = why == EMU_PROFIT, .more = more });
	emu_oca(e, x.oca, STRAT_OCA_REDUCE, done, x.seq);
	emu_risk_filled(e, d.price, 0);
	emu_legs_bind(e);
}
