#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* Orders: placed at the open of a candle, filled whole when the candle holds
 * their price, forgotten when they waited too long. */

/* +1, -1, or 0: what the row says to enter. */
int ft_wanted(const struct ft_rules *r, const struct ft_row *row)
{
	bool in_short = r->can_short && row->enter_short;
	bool out_short = r->can_short && row->exit_short;

	if (row->enter_long && !row->exit_long && !in_short)
		return 1;
	if (in_short && !out_short && !row->enter_long)
		return -1;
	return 0;
}

bool ft_held(const struct ft *f, size_t pair)
{
	for (size_t i = 0; i < f->open.n; i++)
		if (f->open.v[i].pair == pair)
			return true;
	return false;
}

/* What one more trade may be made of; 0: nothing. */
static double stake_for(const struct ft *f)
{
	const struct ft_rules *r = f->r;
	double tied = 0, free, available, stake = r->stake_amount;

	for (size_t i = 0; i < f->open.n; i++)
		tied += f->open.v[i].t.stake;
	free = r->wallet + f->profit - tied;
	available = fmin((tied + free) * r->tradable_ratio - tied, free);
	if (isnan(stake)) {
		if (r->max_open_trades <= 0)
			return 0;
		stake = fmin((available + tied) / (double)r->max_open_trades,
			     available);
	}
	if (r->amend_last_stake)
		stake = available > stake * r->last_stake_min_ratio ?
			fmin(stake, available) : 0;
	if (available < stake || !(stake > 0) || r->minimum_stake > available)
		return 0;
	if (stake < r->minimum_stake) {
		if (stake * 1.3 < r->minimum_stake)
			return 0;
		stake = r->minimum_stake;
	}
	return fmin(stake, available);
}

static double entry_rate(const struct ft_pair *p, const struct ft_row *row, int side)
{
	double rate = row->b.o;

	if (!isnan(row->entry_price) && row->entry_price != rate)
		rate = ft_nearest(row->entry_price, p->tick);
	return side < 0 ? fmax(rate, row->b.l) : fmin(rate, row->b.h);
}

static void enter(struct ft *f, size_t pair, const struct ft_row *row, int side)
{
	const struct ft_rules *r = f->r;
	const struct ft_pair *p = &f->pairs[pair];
	double stake = stake_for(f), rate = entry_rate(p, row, side), amount;
	double leverage = r->mode == FT_SPOT ? 1 : r->leverage;
	struct ft_pos *x;

	if (stake <= 0 || !(rate > 0))
		return;
	amount = ft_cut(stake / rate * leverage, p->lot);
	if (!(amount > 0))
		return;
	x = array_push(f->arena, &f->open);
	*x = (struct ft_pos){
		.pair = pair,
		.t = {
			.pair = p->name, .enter_tag = row->enter_tag,
			.is_short = side < 0, .open_ms = row->b.t,
			.open_rate = rate, .stake = amount * rate / leverage,
			.leverage = leverage,
			.fee_open = r->fee, .fee_close = r->fee,
			.min_rate = rate, .max_rate = rate,
		},
		.entry = { true, rate, amount, row->b.t },
	};
	ft_stop_adjust(&x->t, p, rate, r->stoploss, true);
	f->slots++;
}

static bool meets(const struct ft_order *o, const struct bar *b)
{
	return o->waits && b->l <= o->price && o->price <= b->h;
}

static void fill_entry(struct ft *f, struct ft_pos *x, const struct bar *b)
{
	const struct ft_pair *p = &f->pairs[x->pair];

	if (!meets(&x->entry, b))
		return;
	x->entry.waits = false;
	x->t.amount = x->entry.amount;
	x->t.filled_ms = f->now;
	x->t.stake = ft_product(x->t.amount, x->entry.price) / x->t.leverage;
	/* Since 2025 a trade remembers its price on the tick; what was paid
	 * is what it is measured by in the end. */
	if (f->r->version > FT_2024)
		x->t.open_rate = ft_nearest(x->entry.price, p->tick);
	x->t.stop_loss = x->t.initial_stop_loss = 0;
	ft_stop_adjust(&x->t, p, x->t.open_rate, f->r->stoploss, true);
	ft_liquidation(f->r, &x->t);
}

static void drop(struct ft *f, size_t i)
{
	memmove(&f->open.v[i], &f->open.v[i + 1],
		(f->open.n - i - 1) * sizeof(f->open.v[0]));
	f->open.n--;
}

static void leave(struct ft *f, size_t i)
{
	const struct ft_pair *p = &f->pairs[f->open.v[i].pair];
	struct ft_trade t = f->open.v[i].t;
	double rate = f->open.v[i].exit.price;

	ft_funding(f, &t, p, true);
	t.close_ms = f->now;
	t.close_rate = rate;
	ft_settle(f, &t, f->open.v[i].entry.price);
	t.candles = (t.close_ms - t.open_ms) / f->r->timeframe_ms;
	f->profit += t.profit_abs;
	/* 2024: a trade of one candle keeps its slot until the next. */
	if (f->r->version > FT_2024 ||
	    t.close_ms - t.open_ms > f->r->timeframe_ms)
		f->slots--;
	drop(f, i);
	*array_push(f->arena, &f->closed) = t;
	ft_protect(f, &f->closed.v[f->closed.n - 1]);
}

static bool waited(const struct ft *f, const struct ft_order *o, double minutes)
{
	double since = (double)f->now - minutes * 60000;

	return o->waits && !isnan(minutes) && (f->r->late_2025 ?
		(double)o->placed <= since : (double)o->placed < since);
}

/* True: the trade is gone, its entry was never filled. */
static bool too_late(struct ft *f, struct ft_pos *x)
{
	const struct ft_rules *r = f->r;

	if (waited(f, &x->entry, r->entry_timeout)) {
		f->timedout_entries++;
		return true;
	}
	if (waited(f, &x->exit, r->exit_timeout)) {
		f->timedout_exits++;
		x->exit.waits = false;
	}
	return false;
}

static void place_exit(struct ft *f, struct ft_pos *x, const struct ft_row *row)
{
	const struct ft_pair *p = &f->pairs[x->pair];
	struct ft_exit ways[3];
	size_t n;

	ft_funding(f, &x->t, p, false);
	n = ft_exits(f, &x->t, p, row, ways);
	for (size_t i = 0; i < n; i++) {
		double rate = ways[i].rate, amount = ft_cut(x->t.amount, p->lot);

		if (f->r->version >= FT_2026)
			rate = ft_nearest(rate, p->tick);
		x->t.exit_reason = ways[i].why;
		/* What already waits just so is kept. */
		if (x->exit.waits && x->exit.price == rate &&
		    x->exit.amount == amount)
			continue;
		x->exit = (struct ft_order){ true, rate, amount, row->b.t };
		return;
	}
}

static void try_enter(struct ft *f, size_t pair, const struct ft_row *row,
		      int side)
{
	const struct ft_rules *r = f->r;

	if ((ft_held(f, pair) && !r->position_stacking) ||
	    ft_locked(f, f->pairs[pair].name, side, row->b.t))
		return;
	if (r->max_open_trades > 0 && (int64_t)f->slots >= r->max_open_trades) {
		f->rejected++;
		return;
	}
	enter(f, pair, row, side);
}

int ft_candle(struct ft *f, size_t pair, const struct ft_row *row, int wanted,
	      bool may_enter)
{
	int side = 0;

	for (size_t i = 0; i < f->open.n; ) {
		struct ft_pos *x = &f->open.v[i];

		if (x->pair == pair && side == 0 && !f->r->position_stacking)
			side = ft_side(&x->t);
		if (x->pair == pair && too_late(f, x)) {
			drop(f, i);
			f->slots--;
		} else {
			i++;
		}
	}
	if (may_enter && wanted != 0)
		try_enter(f, pair, row, wanted);
	for (size_t i = 0; i < f->open.n; ) {
		struct ft_pos *x = &f->open.v[i];

		if (x->pair != pair) {
			i++;
			continue;
		}
		fill_entry(f, x, &row->b);
		if (f->r->version == FT_2024 ? !x->entry.waits && !x->exit.waits :
		    x->t.amount > 0)
			place_exit(f, x, row);
		if (meets(&x->exit, &row->b))
			leave(f, i);
		else
			i++;
	}
	return side != 0 && !ft_held(f, pair) ? side : 0;
}

/* The candles are over: what is held leaves at this open. */
void ft_force_out(struct ft *f, size_t pair, const struct ft_row *row)
{
	f->now = row->b.t;
	for (size_t i = 0; i < f->open.n; ) {
		struct ft_pos *x = &f->open.v[i];
		double rate = row->b.o;

		if (x->pair != pair) {
			i++;
			continue;
		}
		if (f->r->version >= FT_2026)
			rate = ft_nearest(rate, f->pairs[pair].tick);
		x->exit = (struct ft_order){ true, rate, x->t.amount, f->now };
		x->t.exit_reason = "force_exit";
		x->t.open_at_end = true;
		if (x->t.amount > 0 && meets(&x->exit, &row->b))
			leave(f, i);
		else
			drop(f, i);	/* never entered, or cannot be left */
	}
}
