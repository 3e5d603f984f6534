#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "bt/ft_i.h"

/* freqtrade's definitions (2024.10); r_i = profit / starting balance, days =
 * whole days of the range, at least one.  doc/backtest.md has them in full. */

#define DAY_MS INT64_C(86400000)

/* Close time ascending, then open time descending: published drawdowns and
 * Calmar ratios come from this order of ties. */
static int by_close(const void *a, const void *b)
{
	const struct ft_trade *x = *(const struct ft_trade *const *)a;
	const struct ft_trade *y = *(const struct ft_trade *const *)b;

	if (x->close_ms != y->close_ms)
		return x->close_ms < y->close_ms ? -1 : 1;
	if (x->open_ms != y->open_ms)
		return x->open_ms > y->open_ms ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct risk {
	double start, days, high, cum, abs, account, relative;
	enum ft_version version;
	bool begun;
};

static void drawdown(struct risk *k, double profit)
{
	double down, rel;

	k->cum += profit;
	/* 2024 measured from the first result, not from what one began with. */
	if (!k->begun && k->version == FT_2024)
		k->high = k->cum;
	k->begun = true;
	if (k->cum > k->high)
		k->high = k->cum;
	down = k->high - k->cum;
	rel = k->start + k->high > 0 ? down / (k->start + k->high) : 0;
	if (down > k->abs) {
		k->abs = down;
		k->account = rel;
	}
	k->relative = fmax(k->relative, rel);
}

static double std0(const double *v, size_t n)
{
	double m = 0, s = 0;

	for (size_t i = 0; i < n; i++)
		m += v[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		s += (v[i] - m) * (v[i] - m);
	return n > 0 ? sqrt(s / (double)n) : 0;
}

static double annual(double sum, double days, double dev)
{
	return dev > 0 ? sum / days / dev * sqrt(365) : -100;
}

static void by_day(struct ft_stats *s, const struct ft_trade *const *t, size_t n)
{
	double day = 0;

	s->best_day_abs = -INFINITY;
	s->worst_day_abs = INFINITY;
	for (size_t i = 0; i < n; i++) {
		day += t[i]->profit_abs;
		if (i + 1 < n && t[i + 1]->close_ms / DAY_MS ==
		    t[i]->close_ms / DAY_MS)
			continue;
		s->best_day_abs = fmax(s->best_day_abs, day);
		s->worst_day_abs = fmin(s->worst_day_abs, day);
		day = 0;
	}
}

static void counted(struct ft_stats *s, const struct ft_trade *const *t, size_t n)
{
	double win = 0, loss = 0, minutes = 0;
	double average_win, average_loss;

	for (size_t i = 0; i < n; i++) {
		double p = t[i]->profit_abs;

		s->wins += p > 0;
		s->losses += p < 0;
		s->draws += p == 0;
		*(p > 0 ? &win : &loss) += fabs(p);
		s->profit_mean += t[i]->profit_ratio / (double)n;
		s->best_trade = fmax(s->best_trade, t[i]->profit_ratio);
		s->worst_trade = fmin(s->worst_trade, t[i]->profit_ratio);
		minutes += (double)(t[i]->close_ms - t[i]->open_ms) / 60000;
	}
	s->holding_avg_minutes = nearbyint(minutes / (double)n);
	s->winrate = s->wins / (double)n;
	s->profit_factor = loss > 0 ? win / loss : 0;
	average_win = s->wins > 0 ? win / s->wins : 0;
	average_loss = s->losses > 0 ? loss / s->losses : 0;
	s->expectancy = s->winrate * average_win -
		s->losses / (double)n * average_loss;
	s->expectancy_ratio = average_loss > 0 ?
		(1 + average_win / average_loss) * s->winrate - 1 : 100;
}

/* In the order of the list; and what was traded, as each release counts it. */
static void listed(struct ft_stats *s, const struct ft_result *r)
{
	double win = 0, loss = 0;

	for (size_t i = 0; i < r->n_trades; i++) {
		const struct ft_trade *t = &r->trades[i];

		win = t->profit_abs > 0 ? win + 1 : 0;
		loss = t->profit_abs > 0 ? 0 : loss + 1;
		s->max_consecutive_wins = fmax(s->max_consecutive_wins, win);
		s->max_consecutive_losses = fmax(s->max_consecutive_losses, loss);
		s->total_volume += r->rules.version == FT_2024 ? t->stake :
			t->amount * (t->open_rate * (1 + t->fee_open) +
				     t->close_rate * (1 + t->fee_close));
	}
}

static void risk_adjusted(struct arena *tmp, struct ft_stats *s,
			  enum ft_version version,
			  const struct ft_trade *const *t, size_t n)
{
	struct risk k = { .start = s->starting_balance, .version = version,
			  .days = s->backtest_days };
	double *r = NEW_N(tmp, double, n), *lost = NEW_N(tmp, double, n);
	double *ratio = NEW_N(tmp, double, n), sum = 0, var = 0;
	size_t n_lost = 0;

	s->csum_min = INFINITY;
	s->csum_max = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		r[i] = t[i]->profit_abs / k.start;
		ratio[i] = t[i]->profit_ratio;
		sum += r[i];
		if (t[i]->profit_abs < 0)
			lost[n_lost++] = r[i];
		drawdown(&k, t[i]->profit_abs);
		s->csum_min = fmin(s->csum_min, k.start + k.cum);
		s->csum_max = fmax(s->csum_max, k.start + k.cum);
	}
	s->sharpe = annual(sum, k.days, std0(r, n));
	s->sortino = annual(sum, k.days, std0(lost, n_lost));
	s->max_drawdown_abs = k.abs;
	s->max_drawdown_account = k.account;
	s->max_relative_drawdown = k.relative;
	s->calmar = k.account > 0 ?
		sum / k.days * 100 / k.account * sqrt(365) : -100;
	for (size_t i = 0; i < n; i++)
		var += (r[i] - sum / (double)n) * (r[i] - sum / (double)n);
	s->sqn = n > 1 && var > 0 ? nearbyint(sqrt((double)n) * (sum / (double)n) /
		sqrt(var / (double)(n - 1)) * 1e4) / 1e4 : -100;
	qsort(ratio, n, sizeof(*ratio), by_value);
	s->profit_median = n % 2 ? ratio[n / 2] :
		(ratio[n / 2 - 1] + ratio[n / 2]) / 2;
}

/* Of the last snapshot of each UTC day over that of the day before. */
static size_t daily_returns(double *ret, const struct ft_result *r)
{
	double before = NAN;
	size_t n = 0;

	for (size_t i = 0; i < r->n_equity; i++) {
		if (i + 1 < r->n_equity &&
		    r->equity_t[i + 1] / DAY_MS == r->equity_t[i] / DAY_MS)
			continue;
		if (!isnan(before))
			ret[n++] = r->wallet[i] / before - 1;
		before = r->wallet[i];
	}
	return n;
}

static void wallet_drawdown(struct ft_stats *s, const struct ft_result *r)
{
	struct risk k = { .start = r->wallet[0], .version = FT_2026 };

	for (size_t i = 1; i < r->n_equity; i++)
		drawdown(&k, r->wallet[i] - r->wallet[i - 1]);
	s->wallet_max_drawdown_abs = k.abs;
	s->wallet_max_drawdown_account = k.account;
	s->wallet_max_relative_drawdown = k.relative;
}

/* 2026's definitions, from the wallet and not from the trades. */
static void of_wallet(struct arena *tmp, struct ft_stats *s,
		      const struct ft_result *r)
{
	double *v = NEW_N(tmp, double, r->n_equity + 1);
	double *lost = NEW_N(tmp, double, r->n_equity + 1), sum = 0, days, gain;
	size_t n = daily_returns(v, r), n_lost = 0, last = r->n_equity - 1;

	for (size_t i = 0; i < n; i++) {
		sum += v[i];
		if (v[i] < 0)
			lost[n_lost++] = v[i];
	}
	if (n > 0) {
		s->wallet_sharpe = annual(sum, (double)n, std0(v, n));
		s->wallet_sortino = annual(sum, (double)n, std0(lost, n_lost));
	}
	if (r->n_equity < 2)
		return;
	wallet_drawdown(s, r);
	days = floor((double)(r->equity_t[last] - r->equity_t[0]) / (double)DAY_MS);
	gain = r->wallet[last] / r->wallet[0] - 1;
	s->wallet_calmar = s->wallet_max_drawdown_account > 0 ?
		gain / fmax(1, days) * 100 / s->wallet_max_drawdown_account *
		sqrt(365) : -100;
}

void ft_stats(struct ft_stats *ret, const struct ft_result *r)
{
	struct arena *tmp = arena_new("ft_stats", (size_t)1 << 32);
	const struct ft_trade **t = NEW_N(tmp, const struct ft_trade *, r->n_trades);
	struct ft_stats s = { .best_trade = -INFINITY, .worst_trade = INFINITY };
	double days = floor((double)(r->to - r->from) / (double)DAY_MS);

	for (size_t i = 0; i < r->n_trades; i++)
		t[i] = &r->trades[i];
	qsort(t, r->n_trades, sizeof(*t), by_close);
	s.starting_balance = r->rules.wallet;
	s.final_balance = r->final_balance;
	s.profit_total_abs = r->final_balance - r->rules.wallet;
	s.profit_total = s.profit_total_abs / r->rules.wallet;
	s.trades = (double)r->n_trades;
	s.backtest_days = fmax(1, days);
	s.trades_per_day = s.trades / s.backtest_days;
	s.cagr = s.final_balance < 0 ? 0 :
		pow(s.final_balance / s.starting_balance,
		    365 / s.backtest_days) - 1;
	s.market_change = r->market_change;
	if (r->n_equity > 0)
		of_wallet(tmp, &s, r);
	if (r->n_trades > 0) {
		counted(&s, t, r->n_trades);
		listed(&s, r);
		risk_adjusted(tmp, &s, r->rules.version, t, r->n_trades);
		by_day(&s, t, r->n_trades);
	} else {
		s.best_trade = s.worst_trade = 0;
	}
	*ret = s;
	arena_free(&tmp);
}
