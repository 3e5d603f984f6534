#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/stats_i.h"
#include "core/clock.h"

/* Every definition stands in doc/backtest.md under the same name. */

#define DAY_MS INT64_C(86400000)
#define DAYS_A_YEAR 365.0

size_t bt_day_ends(struct arena *out, const struct bars *b, uint32_t **ret)
{
	ARRAY(uint32_t) v = { 0 };

	for (size_t i = 0, step; i < b->n; i++) {
		int64_t end = (b->t[i] / DAY_MS + 1) * DAY_MS;	/* of i's day */

		/* Days are as long as each other, more or less. */
		for (step = 1; step > 0; ) {
			if (i + step < b->n && b->t[i + step] < end) {
				i += step;
				step *= 2;
			} else {
				step /= 2;
			}
		}
		*array_push(out, &v) = (uint32_t)i;
	}
	*ret = v.v;
	return v.n;
}

void bt_returns(double *v, size_t n, double initial)
{
	double last = initial;

	for (size_t i = 0; i < n; i++) {
		double e = v[i];

		v[i] = last > 0 ? e / last - 1 : 0;
		last = e;
	}
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

/* Of the returns of days, which are sorted by it. */
static void daily_stats(struct bt_stats *s, double *d, size_t n)
{
	double m, down = 0, up = 0, dn = 0, tail = 0;
	size_t k;

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
}

static void account_stats(struct bt_stats *s, const struct bt_fold *f,
			  const struct bars *b)
{
	size_t n = b->n;

	s->max_drawdown = f->path.most;
	s->max_drawdown_ratio = f->path.most_ratio;
	s->ulcer_index = sqrt(bt_path_squares(&f->path) / (double)n);
	s->exposure = (double)f->held / (double)n;
	s->total_return = s->final_equity / s->initial_capital - 1;
	s->days = (double)(b->t[n - 1] - b->t[0]) / (double)DAY_MS;
	s->cagr = s->days >= 1 && s->final_equity > 0 ?
		pow(s->final_equity / s->initial_capital, DAYS_A_YEAR / s->days) - 1 : NAN;
	s->recovery_factor = ratio(s->final_equity - s->initial_capital,
				   s->max_drawdown);
	s->calmar = ratio(s->cagr, s->max_drawdown_ratio);
	s->buy_hold_return = b->c[n - 1] / b->o[0] - 1;
	s->bars = (double)n;
}

static void streak_add(struct bt_streak *k, double profit)
{
	k->win = profit > 0 ? k->win + 1 : 0;
	k->loss = profit < 0 ? k->loss + 1 : 0;
	if (k->win > k->longest_win)
		k->longest_win = k->win;
	if (k->loss > k->longest_loss)
		k->longest_loss = k->loss;
}

static void add_trade(struct bt_fold *f, const struct emu_trade *t)
{
	struct bt_stats *s = &f->s;
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
	/* The first of them meets NaN. */
	s->best_trade = s->best_trade > p ? s->best_trade : p;
	s->worst_trade = s->worst_trade < p ? s->worst_trade : p;
	streak_add(&f->streak, p);
	f->profit += p;
	f->sum2 += p * p;
	f->bars += (double)(t->t.exit_bar - t->t.entry_bar);
	f->mae += t->t.max_drawdown;
	f->mfe += t->t.max_runup;
}

void bt_fold_init(struct bt_fold *f, double initial)
{
	*f = (struct bt_fold){ .s = { .best_trade = NAN, .worst_trade = NAN,
				      .var_95 = NAN, .cvar_95 = NAN,
				      .initial_capital = initial } };
	bt_path_init(&f->path, initial);
}

void bt_fold_trades(struct bt_fold *f, const struct emu_trade *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].reason == EMU_END)
			f->s.open_profit += v[i].t.profit;
		else
			add_trade(f, &v[i]);
	}
}

static void trade_stats(struct bt_stats *s, const struct bt_fold *f)
{
	double n = s->trades, m;

	s->net_profit = f->profit;
	s->longest_win_streak = (double)f->streak.longest_win;
	s->longest_loss_streak = (double)f->streak.longest_loss;
	s->win_rate = ratio(s->wins, n);
	s->profit_factor = ratio(s->gross_profit, s->gross_loss);
	s->average_win = ratio(s->gross_profit, s->wins);
	s->average_loss = ratio(s->gross_loss, s->losses);
	s->payoff_ratio = ratio(s->average_win, s->average_loss);
	s->average_trade = s->expectancy = m = ratio(f->profit, n);
	s->expectancy_ratio = ratio(m, s->average_loss);
	s->average_bars = ratio(f->bars, n);
	s->average_mae = ratio(f->mae, n);
	s->average_mfe = ratio(f->mfe, n);
	s->sqn = n > 1 ? ratio(sqrt(n) * m,
			       sqrt(fmax(0, (f->sum2 - n * m * m) / (n - 1)))) : NAN;
}

void bt_fold_end(struct bt_fold *f, const struct bars *b, double equity, double *days,
		 size_t n_days, struct bt_stats *ret)
{
	struct bt_stats s = f->s;

	s.final_equity = equity;
	account_stats(&s, f, b);
	daily_stats(&s, days, n_days);
	trade_stats(&s, f);
	*ret = s;
}

void bt_stats(struct bt_stats *ret, const struct bt_result *r)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("bt_stats", (size_t)1 << 32);
	struct bt_fold f;
	uint32_t *ends;
	size_t n = bt_day_ends(tmp, &r->bars, &ends);
	double *days = NEW_N(tmp, double, n);

	bt_fold_init(&f, r->rules.initial_capital);
	f.s.carry = r->carry;
	bt_path_add(&f.path, r->equity, r->bars.n);
	bt_held(r->position, r->bars.n, &f.held);
	bt_fold_trades(&f, r->trades, r->n_trades);
	for (size_t i = 0; i < n; i++)
		days[i] = r->equity[ends[i]];
	bt_returns(days, n, r->rules.initial_capital);
	bt_fold_end(&f, &r->bars, r->equity[r->bars.n - 1], days, n, ret);
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
