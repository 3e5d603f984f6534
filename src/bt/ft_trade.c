#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* One trade: its value, its stop, its way out. */

static int side(const struct ft_trade *t) { return t->is_short ? -1 : 1; }

double ft_open_value(const struct ft_trade *t)
{
	return t->amount * t->open_rate * (1 + side(t) * t->fee_open);
}

static double close_value(const struct ft_trade *t, double rate)
{
	return t->amount * rate * (1 - side(t) * t->fee_close);
}

double ft_profit_abs(const struct ft_trade *t, double rate)
{
	double p = (close_value(t, rate) - ft_open_value(t)) * side(t);

	return nearbyint(p * 1e8) / 1e8;
}

double ft_profit_ratio(const struct ft_trade *t, double rate)
{
	double open = ft_open_value(t), close = close_value(t, rate), x;

	if (open == 0)
		return 0;
	x = t->is_short ? (1 - close / open) * t->leverage :
		(close / open - 1) * t->leverage;
	return nearbyint(x * 1e8) / 1e8;
}

static double snap(double price, double tick, bool up)
{
	double n;

	if (!(tick > 0))
		return price;
	n = price / tick;
	if (fabs(n - nearbyint(n)) < 1e-7)
		return nearbyint(n) * tick;
	return (up ? ceil(n) : floor(n)) * tick;
}

void ft_stop_adjust(struct ft_trade *t, const struct ft_pair *p, double price,
		    double stoploss, bool initial)
{
	double v;

	if (initial && t->stop_loss != 0)
		return;
	v = price * (1 - side(t) * fabs(stoploss / t->leverage));
	v = snap(v, p->tick, !t->is_short);
	if (t->stop_loss == 0) {
		t->stop_loss = t->initial_stop_loss = v;
		t->stop_pct = -fabs(stoploss);
	} else if (t->is_short ? v < t->stop_loss : v > t->stop_loss) {
		t->stop_loss = v;
		t->stop_pct = -fabs(stoploss);
		t->stop_moved = true;
	}
}

static void trail(const struct ft_rules *r, struct ft_trade *t,
		  const struct ft_pair *p, const struct bar *b)
{
	double bound = t->is_short ? b->l : b->h, value = r->stoploss, profit;
	bool free = t->is_short ? t->stop_loss > b->h : t->stop_loss < b->l;

	ft_stop_adjust(t, p, t->open_rate, value, true);
	if (!r->trailing_stop || !free)
		return;
	profit = ft_profit_ratio(t, bound);
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

static bool roi_rate(const struct ft_rules *r, const struct ft_trade *t,
		     const struct bar *b, int64_t age, long i, double *ret)
{
	int64_t entry = r->roi[i].minutes, tf = r->timeframe_ms / 60000;
	bool on_open = tf > 0 && entry % tf == 0;
	int s = side(t);
	double rate, target = r->roi[i].ratio;

	if (target == -1 && on_open) {
		*ret = b->o;
		return true;
	}
	rate = -(t->open_rate * target / t->leverage +
		 s * t->open_rate * (1 + s * t->fee_open)) / (t->fee_close - s);
	if (age > 0 && age == entry && on_open &&
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

static double stop_rate(const struct ft_rules *r, const struct ft_trade *t,
			const struct bar *b, int64_t age)
{
	int s = side(t);
	double rate;

	if (t->is_short ? t->stop_loss < b->l : t->stop_loss > b->h)
		return b->o;
	if (!t->stop_moved || age != 0)
		return t->stop_loss;
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

bool ft_exit(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
	     const struct ft_row *row, double *ret_rate, const char **ret_why)
{
	const struct ft_rules *r = f->r;
	const struct bar *b = &row->b;
	bool enter = t->is_short ? row->enter_short : row->enter_long;
	bool leave = t->is_short ? row->exit_short : row->exit_long, hit;
	int64_t age = (b->t - t->open_ms) / 60000;
	double now = ft_profit_ratio(t, b->o);
	double best = ft_profit_ratio(t, t->is_short ? b->l : b->h);
	long roi = roi_row(r, age);

	t->max_rate = fmax(t->max_rate, b->h);
	t->min_rate = fmin(t->min_rate, b->l);
	trail(r, t, p, b);
	hit = t->is_short ? t->stop_loss <= b->h : t->stop_loss >= b->l;
	if (r->use_exit_signal && leave && !enter &&
	    (!r->exit_profit_only || now > r->exit_profit_offset)) {
		*ret_rate = b->o;
		*ret_why = row->exit_tag != NULL ? row->exit_tag : "exit_signal";
		return true;
	}
	if (hit && !t->stop_moved) {
		*ret_rate = stop_rate(r, t, b, age);
		*ret_why = "stop_loss";
		return true;
	}
	if (!(enter && r->ignore_roi_if_entry) && roi >= 0 &&
	    best > r->roi[roi].ratio && roi_rate(r, t, b, age, roi, ret_rate)) {
		*ret_why = "roi";
		return true;
	}
	if (hit) {
		*ret_rate = stop_rate(r, t, b, age);
		*ret_why = "trailing_stop_loss";
		return true;
	}
	return false;
}
