#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* The way through time: every pair's candle of one moment, then the next. */

static double number_at(const double *v, size_t i)
{
	return v != NULL ? v[i] : NAN;
}

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
		.entry_price = number_at(p->entry_price, s),
		.exit_price = number_at(p->exit_price, s),
	};
}

/* A reversal: when the trade closed and the signal is for the other side, the
 * candle is gone through once more. */
static void act(struct ft *f, size_t pair, const struct ft_row *row, int wanted,
		bool may_enter)
{
	int closed = ft_candle(f, pair, row, wanted, may_enter);

	if (f->r->version > FT_2024 && f->r->can_short && wanted != 0 &&
	    closed == -wanted)
		ft_candle(f, pair, row, wanted, may_enter);
}

/* Finer candles within [from, to): where they begin, and how many. */
static size_t finer(struct ft *f, size_t pair, int64_t from, int64_t to)
{
	const struct bars *d = &f->pairs[pair].detail;
	struct ft_walk *w = &f->walk[pair];
	size_t n = 0;

	while (w->detail < d->n && d->t[w->detail] < from)
		w->detail++;
	w->detail_at = w->detail;
	while (w->detail_at + n < d->n && d->t[w->detail_at + n] < to)
		n++;
	return n;
}

/* The finer candle k, with the signals of the candle it is part of. */
static struct ft_row finer_row(const struct ft *f, size_t pair, size_t k)
{
	const struct ft_walk *w = &f->walk[pair];
	struct ft_row row = row_at_open(&f->pairs[pair], w->row - 1);

	row.b = bars_at(&f->pairs[pair].detail, w->detail_at + k);
	return row;
}

static bool next_row(struct ft *f, size_t pair, struct ft_row *ret)
{
	const struct ft_pair *p = &f->pairs[pair];
	struct ft_walk *w = &f->walk[pair];

	if (w->row >= p->bars.n || p->bars.t[w->row] > f->now)
		return false;
	*ret = row_at_open(p, w->row++);
	w->wanted = ft_wanted(f->r, ret);
	return true;
}

/* 2024: all finer candles of a pair, then the next pair. */
static void candle_2024(struct ft *f, size_t pair)
{
	int64_t at = f->now;
	struct ft_row row;
	size_t n = 0;
	int wanted;

	if (!next_row(f, pair, &row))
		return;
	wanted = f->walk[pair].wanted;
	if (f->r->detail_ms > 0 && (wanted != 0 || ft_held(f, pair)))
		n = finer(f, pair, row.b.t, row.b.t + f->r->timeframe_ms);
	if (n == 0)
		act(f, pair, &row, wanted, at != f->end);
	for (size_t k = 0; k < n; k++) {
		row = finer_row(f, pair, k);
		act(f, pair, &row, wanted, k == 0 && at != f->end);
		f->now += f->r->detail_ms;
	}
	f->now = at;
}

/* Since 2025 finer candles of all pairs go side by side, and an entry may come
 * on any of them. */
static void candle_2025(struct ft *f, size_t pair, size_t k)
{
	struct ft_walk *w = &f->walk[pair];
	struct ft_row row;
	bool held;

	if (k == 0) {
		w->n_detail = 0;
		w->on = next_row(f, pair, &row);
		if (!w->on)
			return;
	} else if (k >= w->n_detail) {
		return;
	}
	held = ft_held(f, pair);
	if (w->was_open && !held)
		return;			/* traded in this candle already */
	w->was_open |= held;
	if (k == 0 && f->r->detail_ms > 0 && (w->wanted != 0 || held))
		w->n_detail = finer(f, pair, row.b.t,
				    row.b.t + f->r->timeframe_ms);
	if (w->n_detail > 0)
		row = finer_row(f, pair, k);
	act(f, pair, &row, w->wanted, f->now != f->end);
}

/* Pairs with an open trade first, in the order of their trades; then the rest
 * in the order of the list.  `order` and `listed` have room for every pair. */
static void order_of(const struct ft *f, size_t *order, bool *listed)
{
	size_t n = 0;

	memset(listed, 0, f->n_pairs * sizeof(*listed));
	for (size_t k = 0; k < f->open.n; k++) {
		size_t i = f->open.v[k].pair;

		if (!listed[i])
			order[n++] = i;
		listed[i] = true;
	}
	for (size_t i = 0; i < f->n_pairs; i++)
		if (!listed[i])
			order[n++] = i;
}

static void moment(struct ft *f, size_t *order, bool *listed)
{
	const struct ft_rules *r = f->r;
	int64_t at = f->now;
	size_t steps = r->detail_ms > 0 ?
		(size_t)(r->timeframe_ms / r->detail_ms) : 1;

	f->slots = f->open.n;
	if (r->version == FT_2024) {
		order_of(f, order, listed);
		for (size_t i = 0; i < f->n_pairs; i++)
			candle_2024(f, order[i]);
		return;
	}
	for (size_t i = 0; i < f->n_pairs; i++)
		f->walk[i].was_open = ft_held(f, i);
	for (size_t k = 0; k < steps; k++) {
		order_of(f, order, listed);
		for (size_t i = 0; i < f->n_pairs; i++)
			candle_2025(f, order[i], k);
		f->now += r->detail_ms;
	}
	f->now = at;
}

/* --- what a moment finds --------------------------------------------------- */

/* Coins of the pair's trades; of several the newest's, as freqtrade has it. */
static double coins(const struct ft *f, size_t pair)
{
	for (size_t i = f->open.n; i-- > 0; ) {
		const struct ft_pos *x = &f->open.v[i];

		if (x->pair == pair)
			return x->t.amount;
	}
	return 0;
}

/* A future is a position and no coin: its stake stays in the wallet. */
static double wallet_now(const struct ft *f)
{
	double sum = f->r->wallet + f->profit;

	if (f->r->mode == FT_FUTURES)
		return sum;
	for (size_t i = 0; i < f->open.n; i++)
		if (f->open.v[i].t.amount > 0)
			sum -= f->open.v[i].t.stake;
	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t row = f->walk[i].row;

		if (row < b->n && b->t[row] <= f->now)
			sum += coins(f, i) * b->o[row];
	}
	return sum;
}

/* --- what a moment leaves ------------------------------------------------ */

/* The last close of the pair that is known now. */
static double price_of(const struct ft *f, size_t pair)
{
	const struct bars *b = &f->pairs[pair].bars;
	size_t row = f->walk[pair].row;

	return b->c[row > 0 ? row - 1 : 0];
}

static double equity_now(const struct ft *f)
{
	double sum = f->r->wallet + f->profit;

	for (size_t i = 0; i < f->open.n; i++) {
		const struct ft_pos *x = &f->open.v[i];

		if (x->t.amount > 0)
			sum += ft_profit_abs(f, &x->t, price_of(f, x->pair));
	}
	return sum;
}

static struct ft_account account(struct ft *f)
{
	f->shown.n = 0;
	for (size_t i = 0; i < f->open.n; i++)
		if (f->open.v[i].t.amount > 0)
			*array_push(f->arena, &f->shown) = f->open.v[i].t;
	return (struct ft_account){
		.balance = f->r->wallet + f->profit, .equity = equity_now(f),
		.open = f->shown.v, .n_open = f->shown.n,
		.closed = f->closed.v, .n_closed = f->closed.n,
	};
}

static int after(struct ft *f, struct err *err)
{
	*array_push(f->arena, &f->equity_t) = f->now;
	*array_push(f->arena, &f->equity) = equity_now(f);
	if (f->fn == NULL)
		return 0;
	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t row = f->walk[i].row - 1;
		struct ft_account a = account(f);
		int rc;

		if (row >= b->n || b->t[row] != f->now)
			continue;
		rc = f->fn(f->ctx, i, row, &a, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Rows that are cut off feed a script all the same. */
static int before(struct ft *f, struct err *err)
{
	struct ft_account a = account(f);
	int rc = 0;

	for (size_t i = 0; f->fn != NULL && i < f->n_pairs; i++)
		for (size_t k = 0; k < f->walk[i].row &&
		     k < f->pairs[i].bars.n && rc == 0; k++)
			rc = f->fn(f->ctx, i, k, &a, err);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */

static int bounds(struct ft *f, int64_t *ret_first, struct err *err)
{
	int64_t first = INT64_MAX, last = INT64_MIN, tf = f->r->timeframe_ms;

	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t cut = (size_t)f->r->startup;

		f->walk[i].row = cut + 1;
		if (b->n <= cut)
			continue;
		if (b->t[cut] < first)
			first = b->t[cut];
		if (b->t[b->n - 1] > last)
			last = b->t[b->n - 1];
	}
	if (first > last || last - first < tf)
		return FAIL(err, E_UNPROCESSABLE, "too few candles: %lld are "
			    "cut off at the start", (long long)f->r->startup + 1);
	*ret_first = first + tf;
	f->end = last;
	return 0;
}

static double market_change(const struct ft *f)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct bars *b = &f->pairs[i].bars;
		size_t k = (size_t)f->r->startup;

		if (k < b->n && b->c[k] > 0) {
			sum += b->c[b->n - 1] / b->c[k] - 1;
			n++;
		}
	}
	return n > 0 ? sum / (double)n : NAN;
}

/* What is still open leaves at the open of its pair's last candle; pairs in
 * the order in which their candles began. */
static void force_out(struct ft *f)
{
	size_t cut = (size_t)f->r->startup + 1;

	for (size_t done = 0; done < f->n_pairs; done++) {
		size_t best = f->n_pairs;

		for (size_t i = 0; i < f->n_pairs; i++) {
			const struct bars *b = &f->pairs[i].bars;

			if (f->walk[i].on || b->n <= cut)
				continue;
			if (best == f->n_pairs ||
			    b->t[cut] < f->pairs[best].bars.t[cut])
				best = i;
		}
		if (best == f->n_pairs)
			return;
		f->walk[best].on = true;
		struct ft_row row = row_at_open(&f->pairs[best],
						f->pairs[best].bars.n - 1);

		ft_force_out(f, best, &row);
	}
}

static struct ft_result result(const struct ft *f, int64_t first)
{
	return (struct ft_result){
		.rules = *f->r, .trades = f->closed.v, .n_trades = f->closed.n,
		.rejected = f->rejected, .locks = (int64_t)f->locks.n,
		.timedout_entries = f->timedout_entries,
		.timedout_exits = f->timedout_exits,
		.from = first, .to = f->end,
		.final_balance = f->r->wallet + f->profit,
		.market_change = market_change(f),
		.n_equity = f->equity.n, .equity_t = f->equity_t.v,
		.equity = f->equity.v, .wallet = f->wallet.v,
	};
}

int ft_run_with(struct arena *out, const struct ft_rules *r,
		const struct ft_pair *pairs, size_t n_pairs, ft_candle_fn *fn,
		void *ctx, struct ft_result *ret, struct err *err)
{
	struct ft f = {
		.arena = out, .r = r, .pairs = pairs, .n_pairs = n_pairs,
		.fn = fn, .ctx = ctx,
	};
	int64_t first = 0;
	size_t *order;
	bool *listed;
	int rc;

	if (n_pairs == 0)
		return FAIL(err, E_UNPROCESSABLE, "no pair to trade");
	if (r->timeframe_ms <= 0)
		return FAIL(err, E_INVAL, "timeframe: is not said");
	if (r->detail_ms != 0 && r->detail_ms >= r->timeframe_ms)
		return FAIL(err, E_INVAL, "timeframe_detail: must be finer than "
			    "the timeframe");
	f.walk = NEW_N(out, struct ft_walk, n_pairs);
	order = NEW_N(out, size_t, n_pairs);
	listed = NEW_N(out, bool, n_pairs);
	rc = bounds(&f, &first, err);
	if (rc == 0)
		rc = before(&f, err);
	for (f.now = first; rc == 0 && f.now <= f.end; f.now += r->timeframe_ms) {
		*array_push(out, &f.wallet) = wallet_now(&f);
		moment(&f, order, listed);
		rc = after(&f, err);
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n_pairs; i++)
		f.walk[i].on = false;
	force_out(&f);
	if (f.equity.n > 0)
		f.equity.v[f.equity.n - 1] = r->wallet + f.profit;
	*ret = result(&f, first);
	return 0;
}

int ft_run(struct arena *out, const struct ft_rules *r,
	   const struct ft_pair *pairs, size_t n_pairs, struct ft_result *ret,
	   struct err *err)
{
	return ft_run_with(out, r, pairs, n_pairs, NULL, NULL, ret, err);
}
