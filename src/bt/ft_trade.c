#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* One trade: its value, its stop, its way out. */

static int64_t age_of(const struct ft_trade *t, int64_t at)
{
	return (at - t->open_ms) / 60000;
}

static double round8(double x)
{
	return nearbyint(x * 1e8) / 1e8;
}

static double open_value(const struct ft_trade *t)
{
	return t->amount * t->open_rate * (1 + ft_side(t) * t->fee_open);
}

/* What was borrowed costs by the hour: quote for a long, base for a short. */
static double interest(const struct ft *f, const struct ft_trade *t)
{
	const struct ft_rules *r = f->r;
	double hours, borrowed = t->amount;

	if (r->mode != FT_MARGIN || (t->leverage == 1 && !t->is_short))
		return 0;
	if (!t->is_short)
		borrowed = t->amount * t->open_rate * (t->leverage - 1) /
			t->leverage;
	hours = (double)(f->now - t->open_ms) / 3600000;
	switch (r->lender) {
	case FT_LENDER_BINANCE:
		return borrowed * r->interest_rate * ceil(hours) / 24;
	case FT_LENDER_KRAKEN:
		return borrowed * r->interest_rate * (1 + ceil(hours / 4));
	}
	return 0;
}

static double close_value(const struct ft *f, const struct ft_trade *t,
			  double rate)
{
	double owed = interest(f, t), amount = t->amount;

	if (t->is_short)
		return (amount + owed) * rate * (1 + t->fee_close) - t->funding;
	return amount * rate * (1 - t->fee_close) - owed + t->funding;
}

double ft_profit_abs(const struct ft *f, const struct ft_trade *t, double rate)
{
	return round8((close_value(f, t, rate) - open_value(t)) * ft_side(t));
}

double ft_profit_ratio(const struct ft *f, const struct ft_trade *t, double rate)
{
	double open = open_value(t), close = close_value(f, t, rate);

	if (open == 0)
		return 0;
	return round8(t->is_short ? (1 - close / open) * t->leverage :
		      (close / open - 1) * t->leverage);
}

void ft_settle(const struct ft *f, struct ft_trade *t, double paid)
{
	double s = ft_side(t), owed = interest(f, t);
	double open = ft_with_fee(t->amount, paid, s * t->fee_open);
	double close = t->is_short ?
		ft_with_fee(t->amount + owed, t->close_rate, t->fee_close) -
			t->funding :
		ft_with_fee(t->amount, t->close_rate, -t->fee_close) - owed +
			t->funding;

	t->profit_abs = ft_round8(t->is_short ? open - close : close - open);
	t->profit_ratio = open > 0 ? t->profit_abs / open * t->leverage : 0;
}

void ft_stop_adjust(struct ft_trade *t, const struct ft_pair *p, double price,
		    double stoploss, bool initial)
{
	double v;

	if (initial && t->stop_loss != 0)
		return;
	v = t->is_short ? price * (1 + fabs(stoploss / t->leverage)) :
		price * (1 - fabs(stoploss / t->leverage));
	v = ft_toward(v, p->tick, !t->is_short);
	if (t->initial_stop_loss == 0 && t->stop_loss == 0) {
		t->stop_loss = t->initial_stop_loss = v;
		t->stop_pct = -fabs(stoploss);
	} else if (t->is_short ? v < t->stop_loss : v > t->stop_loss) {
		t->stop_loss = v;
		t->stop_pct = -fabs(stoploss);
		t->stop_moved = true;
	}
}

/* Isolated margin: the price at which the stake is used up but for the
 * maintenance margin, and a buffer before it. */
void ft_liquidation(const struct ft_rules *r, struct ft_trade *t)
{
	double s = ft_side(t), at;

	if (r->mode != FT_FUTURES)
		return;
	at = (t->stake + r->maintenance_amount - s * t->amount * t->open_rate) /
		(t->amount * r->maintenance_ratio - s * t->amount);
	at += s * fabs(t->open_rate - at) * r->liquidation_buffer;
	t->liquidation = fmax(at, 0);
}

void ft_funding(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
		bool force)
{
	const struct bt_funding *u = &p->funding;
	double sum = 0;

	if (f->r->mode != FT_FUTURES || u->n == 0 ||
	    (!force && f->now % (8 * INT64_C(3600000)) != 0))
		return;
	for (size_t i = 0; i < u->n && u->t[i] <= f->now; i++)
		if (u->t[i] >= t->filled_ms)
			sum += u->rate[i] * u->mark[i] * t->amount;
	t->funding = t->is_short ? sum : -sum;
}

static void trail(const struct ft *f, struct ft_trade *t,
		  const struct ft_pair *p, const struct bar *b)
{
	const struct ft_rules *r = f->r;
	double bound = t->is_short ? b->l : b->h, value = r->stoploss, profit;
	bool room = t->is_short ? t->stop_loss > b->h : t->stop_loss < b->l;

	if (!r->trailing_stop || !room)
		return;
	profit = ft_profit_ratio(f, t, bound);
	if (r->only_offset && profit < r->trailing_offset)
		return;
	if (!isnan(r->trailing_positive) && profit > r->trailing_offset)
		value = r->trailing_positive;
	ft_stop_adjust(t, p, bound, value, false);
}

/* The table's row for a trade this old; -1: none yet. */
static long roi_row(const struct ft_rules *r, int64_t minutes)
{
	long found = -1;

	for (size_t i = 0; i < r->n_roi; i++)
		if (r->roi[i].minutes <= minutes)
			found = (long)i;
	return found;
}

/* The rate that gives this ratio: of the price until 2025, of what was paid
 * for the position, fee and all, since. */
static double roi_target(const struct ft *f, const struct ft_trade *t, double roi)
{
	double s = ft_side(t), zero, unit;

	if (f->r->version < FT_2026)
		return -(t->open_rate * roi / t->leverage +
			 s * t->open_rate * (1 + s * t->fee_open)) /
			(t->fee_close - s);
	zero = close_value(f, t, 0);
	unit = close_value(f, t, 1) - zero;
	return (open_value(t) * (1 + s * roi / t->leverage) - zero) / unit;
}

static bool roi_rate(const struct ft *f, const struct ft_trade *t,
		     const struct bar *b, double *ret)
{
	const struct ft_rules *r = f->r;
	int64_t age = age_of(t, f->now), tf = r->timeframe_ms / 60000, minutes;
	long i = roi_row(r, age);
	bool on_open;
	double rate;

	if (i < 0) {
		*ret = b->o;
		return true;
	}
	minutes = r->roi[i].minutes;
	on_open = tf > 0 && minutes % tf == 0;
	if (r->roi[i].ratio == -1 && on_open) {
		*ret = b->o;
		return true;
	}
	rate = roi_target(f, t, r->roi[i].ratio);
	if (age > 0 && age == minutes && on_open &&
	    (t->is_short ? b->o < rate : b->o > rate)) {
		*ret = b->o;
		return true;
	}
	/* On its own candle only from the open or the near wick. */
	if (age == 0 && (t->is_short ?
	    b->o < b->c && t->open_rate > b->o && rate < b->c :
	    b->o > b->c && t->open_rate < b->o && rate > b->c))
		return false;
	*ret = fmin(fmax(rate, b->l), b->h);
	return true;
}

static double stop_rate(const struct ft *f, const struct ft_trade *t,
			const struct bar *b, double stop, bool trailed)
{
	const struct ft_rules *r = f->r;
	int s = ft_side(t);
	double rate;

	if (t->is_short ? stop < b->l : stop > b->h)
		return b->o;
	if (!trailed || age_of(t, f->now) != 0)
		return stop;
	/* It trailed and was hit on the candle of its entry: the worst that
	 * can have happened, within the candle. */
	if (r->trailing_stop && r->only_offset && !isnan(r->trailing_positive) &&
	    r->trailing_positive != 0)
		rate = b->o * (1 + s * fabs(r->trailing_offset) -
			       s * fabs(r->trailing_positive / t->leverage));
	else
		rate = b->o * (1 - s * fabs(t->stop_pct / t->leverage));
	return t->is_short ? fmin(b->h, rate) : fmax(b->l, rate);
}

static double signal_rate(const struct ft *f, const struct ft_trade *t,
			  const struct ft_pair *p, const struct ft_row *row)
{
	double rate = row->b.o;

	if (!isnan(row->exit_price) && row->exit_price != rate)
		rate = f->r->version < FT_2026 ?
			ft_nearest(row->exit_price, p->tick) : row->exit_price;
	return t->is_short ? fmin(rate, row->b.h) : fmax(rate, row->b.l);
}

static bool met(const struct ft_trade *t, const struct bar *b, double stop)
{
	return t->is_short ? stop <= b->h : stop >= b->l;
}

static bool says_exit(const struct ft *f, const struct ft_trade *t,
		      const struct ft_row *row, bool enter)
{
	const struct ft_rules *r = f->r;

	return r->use_exit_signal && !enter &&
		(t->is_short ? row->exit_short : row->exit_long) &&
		(!r->exit_profit_only ||
		 ft_profit_ratio(f, t, row->b.o) > r->exit_profit_offset);
}

static bool reached_roi(const struct ft *f, const struct ft_trade *t,
			const struct bar *b, bool enter)
{
	const struct ft_rules *r = f->r;
	long roi = roi_row(r, age_of(t, b->t));

	return !(enter && r->ignore_roi_if_entry) && roi >= 0 &&
		ft_profit_ratio(f, t, t->is_short ? b->l : b->h) >
		r->roi[roi].ratio;
}

size_t ft_exits(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
		const struct ft_row *row, struct ft_exit ret[static 3])
{
	const struct bar *b = &row->b;
	bool enter = t->is_short ? row->enter_short : row->enter_long, hit;
	double rate = 0;
	size_t n = 0;

	t->max_rate = fmax(t->max_rate, b->h);
	t->min_rate = fmin(t->min_rate, b->l);
	trail(f, t, p, b);
	hit = met(t, b, t->stop_loss);
	if (says_exit(f, t, row, enter))
		ret[n++] = (struct ft_exit){ signal_rate(f, t, p, row),
			row->exit_tag != NULL ? row->exit_tag : "exit_signal" };
	if (hit && !t->stop_moved)
		ret[n++] = (struct ft_exit){
			stop_rate(f, t, b, t->stop_loss, false), "stop_loss" };
	else if (!hit && t->liquidation > 0 && met(t, b, t->liquidation))
		ret[n++] = (struct ft_exit){
			stop_rate(f, t, b, t->liquidation, false), "liquidation" };
	if (reached_roi(f, t, b, enter) && roi_rate(f, t, b, &rate))
		ret[n++] = (struct ft_exit){ rate, "roi" };
	if (hit && t->stop_moved)
		ret[n++] = (struct ft_exit){
			stop_rate(f, t, b, t->stop_loss, true),
			"trailing_stop_loss" };
	return n;
}
