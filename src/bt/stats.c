#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/bt.h"
#include "core/clock.h"

/* Every definition stands in doc/backtest.md under the same name. */

#define DAY_MS INT64_C(86400000)
#define DAYS_A_YEAR 365.0

/* Equity at the last bar of each UTC day; the day before the first is the
 * initial capital.  Returns are between consecutive days that have bars. */
static size_t daily_returns(struct arena *out, const struct bt_result *r,
			    double **ret)
{
	double last = r->rules.initial_capital;
	const int64_t *t = r->bars.t;
	size_t bars = r->bars.n;
	int64_t end = INT64_MIN;	/* of the day bar i is in */
	ARRAY(double) v = { 0 };

	for (size_t i = 0; i < bars; i++) {
		if (t[i] >= end)
			end = (t[i] / DAY_MS + 1) * DAY_MS;
		if (i + 1 < bars && t[i + 1] < end)
			continue;
		*array_push(out, &v) = last > 0 ? r->equity[i] / last - 1 : 0;
		last = r->equity[i];
	}
	*ret = v.v;
	return v.n;
}

static double mean(const double *v, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += v[i];
	return n > 0 ? s / (double)n : NAN;
}

/* Root of the mean square around m, divided by n - ddof. */
static double deviation(const double *v, size_t n, double m, size_t ddof)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += (v[i] - m) * (v[i] - m);
	return n > ddof ? sqrt(s / (double)(n - ddof)) : NAN;
}

static double ratio(double a, double b)
{
	return b > 0 || b < 0 ? a / b : NAN;
}

static void sort(double *v, size_t n)
{
	for (size_t gap = n / 2; gap > 0; gap /= 2)	/* shell: a few hundred */
		for (size_t i = gap; i < n; i++) {
			double x = v[i];
			size_t k = i;

			for (; k >= gap && v[k - gap] > x; k -= gap)
				v[k] = v[k - gap];
			v[k] = x;
		}
}

static void daily_stats(struct bt_stats *s, const struct bt_result *r)
{
	struct arena *tmp = arena_new("bt_stats", (size_t)1 << 32);
	double *d, m, down = 0, up = 0, dn = 0, tail = 0;
	size_t n = daily_returns(tmp, r, &d), k;

	m = mean(d, n);
	s->volatility = deviation(d, n, m, 1) * sqrt(DAYS_A_YEAR);
	s->sharpe = ratio(m * DAYS_A_YEAR, s->volatility);
	for (size_t i = 0; i < n; i++) {
		if (d[i] < 0) {
			down += d[i] * d[i];
			dn -= d[i];
		} else {
			up += d[i];
		}
	}
	s->sortino = ratio(m * DAYS_A_YEAR, n == 0 ? 0 :
			   sqrt(down / (double)n) * sqrt(DAYS_A_YEAR));
	s->omega = ratio(up, dn);
	sort(d, n);
	k = (size_t)floor(0.05 * (double)n);
	if (n >= 20) {			/* fewer have no 5 % tail */
		for (size_t i = 0; i < k; i++)
			tail -= d[i];
		s->var_95 = d[k - 1] < 0 ? -d[k - 1] : 0;
		s->cvar_95 = tail > 0 ? tail / (double)k : 0;
	}
	arena_free(&tmp);
}

static void account_stats(struct bt_stats *s, const struct bt_result *r)
{
	double peak = r->rules.initial_capital, dd2 = 0;
	double most = 0, most_ratio = 0;
	size_t held = 0, n = r->bars.n;

	for (size_t i = 0; i < n; i++) {
		double e = r->equity[i], down, share;

		peak = e > peak ? e : peak;
		down = peak - e;
		share = down / peak;
		most = down > most ? down : most;
		most_ratio = share > most_ratio ? share : most_ratio;
		dd2 += share * share;
		held += r->position[i] != 0;
	}
	s->max_drawdown = most;
	s->max_drawdown_ratio = most_ratio;
	s->ulcer_index = sqrt(dd2 / (double)n);
	s->exposure = (double)held / (double)n;
	s->final_equity = r->equity[n - 1];
	s->total_return = s->final_equity / s->initial_capital - 1;
	s->days = (double)(r->bars.t[n - 1] - r->bars.t[0]) / (double)DAY_MS;
	s->cagr = s->days >= 1 && s->final_equity > 0 ?
		pow(s->final_equity / s->initial_capital, DAYS_A_YEAR / s->days) - 1 : NAN;
	s->recovery_factor = ratio(s->final_equity - s->initial_capital,
				   s->max_drawdown);
	s->calmar = ratio(s->cagr, s->max_drawdown_ratio);
	s->buy_hold_return = r->bars.c[n - 1] / r->bars.o[0] - 1;
	s->bars = (double)n;
}

struct streak { size_t win, loss, longest_win, longest_loss; };

static void streak_add(struct streak *k, double profit)
{
	k->win = profit > 0 ? k->win + 1 : 0;
	k->loss = profit < 0 ? k->loss + 1 : 0;
	if (k->win > k->longest_win)
		k->longest_win = k->win;
	if (k->loss > k->longest_loss)
		k->longest_loss = k->loss;
}

struct sums { double profit, bars, mae, mfe, sum2; };

static void add_trade(struct bt_stats *s, struct streak *k, struct sums *u,
		      const struct emu_trade *t)
{
	double p = t->t.profit;

	s->trades++;
	s->fees += t->t.commission;
	*(t->t.size > 0 ? &s->longs : &s->shorts) += 1;
	if (p > 0) {
		s->wins++;
		s->gross_profit += p;
	} else if (p < 0) {
		s->losses++;
		s->gross_loss -= p;
	} else {
		s->evens++;
	}
	s->best_trade = fmax(s->best_trade, p);		/* fmax drops the NaN */
	s->worst_trade = fmin(s->worst_trade, p);
	streak_add(k, p);
	u->profit += p;
	u->sum2 += p * p;
	u->bars += (double)(t->t.exit_bar - t->t.entry_bar);
	u->mae += t->t.max_drawdown;
	u->mfe += t->t.max_runup;
}

static void trade_stats(struct bt_stats *s, const struct bt_result *r)
{
	struct streak k = { 0 };
	struct sums u = { 0 };
	double n, m;

	s->best_trade = s->worst_trade = NAN;
	for (size_t i = 0; i < r->n_trades; i++) {
		if (r->trades[i].reason == EMU_END) {
			s->open_profit += r->trades[i].t.profit;
			continue;
		}
		add_trade(s, &k, &u, &r->trades[i]);
	}
	n = s->trades;
	s->net_profit = u.profit;
	s->longest_win_streak = (double)k.longest_win;
	s->longest_loss_streak = (double)k.longest_loss;
	s->win_rate = ratio(s->wins, n);
	s->profit_factor = ratio(s->gross_profit, s->gross_loss);
	s->average_win = ratio(s->gross_profit, s->wins);
	s->average_loss = ratio(s->gross_loss, s->losses);
	s->payoff_ratio = ratio(s->average_win, s->average_loss);
	s->average_trade = s->expectancy = m = ratio(u.profit, n);
	s->expectancy_ratio = ratio(m, s->average_loss);
	s->average_bars = ratio(u.bars, n);
	s->average_mae = ratio(u.mae, n);
	s->average_mfe = ratio(u.mfe, n);
	s->sqn = n > 1 ? ratio(sqrt(n) * m,
			       sqrt(fmax(0, (u.sum2 - n * m * m) / (n - 1)))) : NAN;
}

void bt_stats(struct bt_stats *ret, const struct bt_result *r)
{
	struct bt_stats s = { 0 };

	s.initial_capital = r->rules.initial_capital;
	s.var_95 = s.cvar_95 = NAN;
	account_stats(&s, r);
	daily_stats(&s, r);
	trade_stats(&s, r);
	*ret = s;
}

double bt_stat(const struct bt_stats *s, const char *name)
{
#define X(n) if (strcmp(name, #n) == 0) return s->n;
	BT_STATS(X)
#undef X
	return NAN;
}

size_t bt_months(struct arena *out, const struct bt_result *r,
		 struct bt_month **ret)
{
	double began = r->rules.initial_capital;
	struct bt_month *v = NULL, m = { 0 };
	ARRAY(struct bt_month) list = { 0 };

	for (size_t i = 0; i < r->bars.n; i++) {
		int year, month, day;

		time_to_civil(r->bars.t[i] / DAY_MS, &year, &month, &day);
		if (year != m.year || month != m.month) {
			if (i > 0)
				began = r->equity[i - 1];
			m = (struct bt_month){ .year = year, .month = month };
			v = array_push(out, &list);
		}
		m.profit = r->equity[i] - began;
		m.ratio = ratio(m.profit, began);
		*v = m;
	}
	*ret = list.v;
	return list.n;
}

static const char *group_of(const struct bt_result *r, size_t i, enum bt_group by)
{
	const struct emu_trade *t = &r->trades[i];

	switch (by) {
	case BT_BY_PAIR:
		return r->trade_pairs != NULL ? r->trade_pairs[i] : "";
	case BT_BY_TAG:
		return t->t.entry_comment != NULL ? t->t.entry_comment : "";
	case BT_BY_ENTRY:
		return t->t.entry_id;
	case BT_BY_EXIT:
		return t->t.exit_id;
	case BT_BY_REASON:
		return emu_reason_name(t->reason);
	}
	return NULL;
}

size_t bt_groups(struct arena *out, const struct bt_result *r, enum bt_group by,
		 struct bt_sum **ret)
{
	ARRAY(struct bt_sum) list = { 0 };

	for (size_t i = 0; i < r->n_trades; i++) {
		const struct emu_trade *t = &r->trades[i];
		const char *name = group_of(r, i, by);
		struct bt_sum *g = NULL;

		if (name == NULL)
			name = "open";
		for (size_t k = 0; k < list.n && g == NULL; k++)
			if (strcmp(list.v[k].name, name) == 0)
				g = &list.v[k];
		if (g == NULL) {
			g = array_push(out, &list);
			g->name = name;
		}
		g->trades++;
		g->wins += t->t.profit > 0;
		g->profit += t->t.profit;
		g->fees += t->t.commission;
		g->bars += (double)(t->t.exit_bar - t->t.entry_bar);
	}
	*ret = list.v;
	return list.n;
}
