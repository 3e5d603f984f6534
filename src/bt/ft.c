#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

static struct ft_row row_at_open(const struct ft_pair *p, size_t i)
{
	/* What the candle before said is acted on here. */
	size_t s = i - 1;

	return (struct ft_row){
		.b = bars_at(&p->bars, i),
		.enter_long = p->enter_long != NULL && p->enter_long[s],
		.exit_long = p->exit_long != NULL && p->exit_long[s],
		.enter_short = p->enter_short != NULL && p->enter_short[s],
		.exit_short = p->exit_short != NULL && p->exit_short[s],
		.enter_tag = p->enter_tag != NULL ? p->enter_tag[s] : NULL,
		.exit_tag = p->exit_tag != NULL ? p->exit_tag[s] : NULL,
	};
}

/* +1, -1, or 0: what the row says to enter. */
static int wanted(const struct ft_rules *r, const struct ft_row *row)
{
	bool in_short = r->can_short && row->enter_short;
	bool out_short = r->can_short && row->exit_short;

	if (row->enter_long && !row->exit_long && !in_short)
		return 1;
	if (in_short && !out_short && !row->enter_long)
		return -1;
	return 0;
}

static size_t open_of(const struct ft *f, const char *pair)
{
	size_t n = 0;

	for (size_t i = 0; i < f->open.n; i++)
		n += f->open.v[i].pair == pair;
	return n;
}

static double stake_for(const struct ft *f)
{
	const struct ft_rules *r = f->r;
	double total = (f->tied + f->free) * r->tradable_ratio;
	double available = fmin(total - f->tied, f->free), stake = r->stake_amount;

	if (isnan(stake)) {
		if (r->max_open_trades <= 0)
			return 0;
		stake = fmin((available + f->tied) / (double)r->max_open_trades,
			     available);
	}
	if (r->amend_last_stake && available < stake)
		stake = available > stake * r->last_stake_min_ratio ?
			available : 0;
	if (available < stake)
		return 0;
	if (r->minimum_stake > 0 && stake < r->minimum_stake) {
		if (r->minimum_stake > stake * 1.3)
			return 0;
		stake = fmin(r->minimum_stake, available);
	}
	return fmax(stake, 0);
}

static double cut(double amount, double lot)
{
	double n;

	if (!(lot > 0))
		return amount;
	n = amount / lot;
	n = fabs(n - nearbyint(n)) < 1e-9 * fmax(1, n) ? nearbyint(n) : floor(n);
	return n * lot;
}

static void enter(struct ft *f, const struct ft_pair *p,
		  const struct ft_row *row, int side)
{
	const struct ft_rules *r = f->r;
	double stake = stake_for(f), amount;
	struct ft_trade *t;

	if (stake <= 0 || row->b.o <= 0)
		return;
	amount = cut(stake / row->b.o * r->leverage, p->lot);
	if (amount <= 0)
		return;
	stake = amount * row->b.o / r->leverage;
	t = array_push(f->arena, &f->open);
	*t = (struct ft_trade){
		.pair = p->name, .enter_tag = row->enter_tag,
		.is_short = side < 0, .open_ms = row->b.t,
		.open_rate = row->b.o, .amount = amount, .stake = stake,
		.leverage = r->leverage, .fee_open = r->fee, .fee_close = r->fee,
		.min_rate = row->b.o, .max_rate = row->b.o,
	};
	ft_stop_adjust(t, p, t->open_rate, r->stoploss, true);
	f->free -= stake;
	f->tied += stake;
}

static void leave(struct ft *f, size_t i, double rate, const char *why)
{
	struct ft_trade t = f->open.v[i];

	t.close_ms = f->now;
	t.close_rate = rate;
	t.exit_reason = why;
	t.profit_ratio = ft_profit_ratio(&t, rate);
	t.profit_abs = ft_profit_abs(&t, rate);
	t.candles = (t.close_ms - t.open_ms) / f->r->timeframe_ms;
	f->tied -= t.stake;
	f->free += t.stake + t.profit_abs;
	memmove(&f->open.v[i], &f->open.v[i + 1],
		(f->open.n - i - 1) * sizeof(f->open.v[0]));
	f->open.n--;
	*array_push(f->arena, &f->closed) = t;
}

static void try_enter(struct ft *f, const struct ft_pair *p,
		      const struct ft_row *row)
{
	const struct ft_rules *r = f->r;
	int side = wanted(r, row);

	if (side == 0 || f->now >= f->end ||
	    (open_of(f, p->name) > 0 && !r->position_stacking) ||
	    ft_locked(f, p->name, side, f->now))
		return;
	if (r->max_open_trades > 0 && (int64_t)f->open.n >= r->max_open_trades) {
		f->rejected++;
		return;
	}
	enter(f, p, row, side);
}

/* The side that was closed on this candle; 0: nothing was. */
static int leave_all(struct ft *f, const struct ft_pair *p,
		     const struct ft_row *row)
{
	int closed = 0;

	for (size_t i = 0; i < f->open.n; ) {
		struct ft_trade *t = &f->open.v[i];
		const char *why;
		double rate;

		if (t->pair != p->name || !ft_exit(f, t, p, row, &rate, &why)) {
			i++;
			continue;
		}
		closed = t->is_short ? -1 : 1;
		leave(f, i, rate, why);
		ft_protect(f, &f->closed.v[f->closed.n - 1]);
	}
	return closed;
}

static void candle(struct ft *f, size_t pair)
{
	const struct ft_pair *p = &f->pairs[pair];
	size_t i = f->row[pair];
	struct ft_row row;
	int closed;

	if (i >= p->bars.n || p->bars.t[i] > f->now)
		return;
	f->row[pair]++;
	row = row_at_open(p, i);
	try_enter(f, p, &row);
	closed = leave_all(f, p, &row);
	/* A reversal: the other side, on the open of the same candle. */
	if (closed != 0 && f->r->can_short && wanted(f->r, &row) == -closed) {
		try_enter(f, p, &row);
		leave_all(f, p, &row);
	}
}

/* Pairs with an open trade first, in the order of their trades; then the rest
 * in the order of the list.  `order` has room for every pair. */
static void moment(struct ft *f, size_t *order, bool *listed)
{
	size_t n = 0;

	memset(listed, 0, f->n_pairs * sizeof(*listed));
	for (size_t k = 0; k < f->open.n; k++) {
		size_t i = 0;

		while (f->pairs[i].name != f->open.v[k].pair)
			i++;
		if (!listed[i])
			order[n++] = i;
		listed[i] = true;
	}
	for (size_t i = 0; i < f->n_pairs; i++)
		if (!listed[i])
			order[n++] = i;
	for (size_t k = 0; k < n; k++)
		candle(f, order[k]);
}

static int bounds(struct ft *f, int64_t *ret_first, struct err *err)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t skip = (size_t)f->r->startup + 1;

		f->row[i] = skip;
		if (b->n <= skip)
			continue;
		if (b->t[skip] < first)
			first = b->t[skip];
		if (b->t[b->n - 1] > last)
			last = b->t[b->n - 1];
	}
	if (first > last)
		return FAIL(err, E_UNPROCESSABLE, "too few candles: %lld are "
			    "cut off at the start", (long long)f->r->startup + 1);
	*ret_first = first;
	f->end = last;
	return 0;
}

static double market_change(const struct ft *f, int64_t first)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t k = 0;

		while (k < b->n && b->t[k] < first)
			k++;
		if (k < b->n && b->c[k] > 0) {
			sum += b->c[b->n - 1] / b->c[k] - 1;
			n++;
		}
	}
	return n > 0 ? sum / (double)n : NAN;
}

/* What is still open leaves at the open of its pair's last candle. */
static void force_out(struct ft *f)
{
	while (f->open.n > 0) {
		size_t i = 0;

		while (f->pairs[i].name != f->open.v[0].pair)
			i++;
		f->now = f->pairs[i].bars.t[f->pairs[i].bars.n - 1];
		f->open.v[0].open_at_end = true;
		leave(f, 0, f->pairs[i].bars.o[f->pairs[i].bars.n - 1],
		      "force_exit");
	}
}

int ft_run(struct arena *out, const struct ft_rules *r,
	   const struct ft_pair *pairs, size_t n_pairs, struct ft_result *ret,
	   struct err *err)
{
	struct ft f = {
		.arena = out, .r = r, .pairs = pairs, .n_pairs = n_pairs,
		.free = r->wallet,
	};
	int64_t first = 0;
	size_t *order;
	bool *listed;
	int rc;

	if (n_pairs == 0)
		return FAIL(err, E_UNPROCESSABLE, "no pair to trade");
	f.row = NEW_N(out, size_t, n_pairs);
	order = NEW_N(out, size_t, n_pairs);
	listed = NEW_N(out, bool, n_pairs);
	rc = bounds(&f, &first, err);
	if (rc < 0)
		return rc;
	for (f.now = first; f.now <= f.end; f.now += r->timeframe_ms)
		moment(&f, order, listed);
	force_out(&f);
	*ret = (struct ft_result){
		.rules = *r, .trades = f.closed.v, .n_trades = f.closed.n,
		.rejected = f.rejected, .locks = f.n_locks,
		.from = first, .to = f.end, .final_balance = f.free,
		.market_change = market_change(&f, first - r->timeframe_ms),
	};
	return 0;
}
