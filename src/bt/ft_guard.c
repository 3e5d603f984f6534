#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* Protections: after a trade closes they may lock its pair, or all of them. */

bool ft_locked(const struct ft *f, const char *pair, int side, int64_t at)
{
	for (size_t i = 0; i < f->locks.n; i++) {
		const struct ft_lock *l = &f->locks.v[i];
		/* Until 2025 a lock still held on the candle it ends with. */
		bool holds = f->r->version < FT_2026 ? l->until >= at :
			l->until > at;

		if (holds && (l->pair == NULL || l->pair == pair) &&
		    (l->side == 0 || l->side == side))
			return true;
	}
	return false;
}

static int64_t stop_end(const struct ft_protection *p, int64_t since)
{
	int64_t day = INT64_C(86400000), until;

	if (p->unlock_minute < 0)
		return since + (int64_t)(p->stop * 60000);
	until = since / day * day + p->unlock_minute * INT64_C(60000) +
		since % 60000;
	return until < since ? until + day : until;
}

/* The lock ends with the candle that begins next after it.  What is locked
 * that long already is not locked again. */
static void lock(struct ft *f, const struct ft_protection *p, const char *pair,
		 int side, int64_t last)
{
	int64_t until = stop_end(p, last), tf = f->r->timeframe_ms;

	if (ft_locked(f, pair, side, until))
		return;
	*array_push(f->arena, &f->locks) = (struct ft_lock){
		pair, side, until / tf * tf + tf };
}

static bool recent(const struct ft_trade *t, const char *pair, int64_t since)
{
	return t->close_ms > since && (pair == NULL || t->pair == pair);
}

static bool was_stopped(const struct ft_trade *t)
{
	static const char *const why[] = { "stop_loss", "trailing_stop_loss",
		"stoploss_on_exchange", "liquidation" };

	for (size_t i = 0; i < ARRAY_LEN(why); i++)
		if (strcmp(t->exit_reason, why[i]) == 0)
			return true;
	return false;
}

static void cooldown(struct ft *f, const struct ft_protection *p,
		     const char *pair, int64_t since)
{
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < f->closed.n; i++)
		if (recent(&f->closed.v[i], pair, since) &&
		    f->closed.v[i].close_ms > last)
			last = f->closed.v[i].close_ms;
	if (last != INT64_MIN)
		lock(f, p, pair, 0, last);
}

static void stoploss_guard(struct ft *f, const struct ft_protection *p,
			   const char *pair, int side, int64_t since)
{
	int64_t n = 0, last = INT64_MIN;

	for (size_t i = 0; i < f->closed.n; i++) {
		const struct ft_trade *t = &f->closed.v[i];

		if (!recent(t, pair, since) || !was_stopped(t) ||
		    (side != 0 && ft_side(t) != side) ||
		    t->profit_ratio == 0 || t->profit_ratio >= p->required_profit)
			continue;
		n++;
		if (t->close_ms > last)
			last = t->close_ms;
	}
	if (n > 0 && n >= p->trade_limit)
		lock(f, p, pair, side, last);
}

/* Side counts in the sum, not in the number of trades or the time. */
static void low_profit(struct ft *f, const struct ft_protection *p,
		       const char *pair, int side, int64_t since)
{
	int64_t n = 0, last = INT64_MIN;
	double sum = 0;

	for (size_t i = 0; i < f->closed.n; i++) {
		const struct ft_trade *t = &f->closed.v[i];

		if (!recent(t, pair, since))
			continue;
		n++;
		if (t->close_ms > last)
			last = t->close_ms;
		if (side == 0 || ft_side(t) == side)
			sum += t->profit_ratio;
	}
	if (n > 0 && n >= p->trade_limit && sum < p->required_profit)
		lock(f, p, pair, side, last);
}

struct fall { double sum, high, down; size_t n; };

/* Of summed profits; 2024 began at the first of them, not at 0. */
static void fall_add(struct fall *x, enum ft_version v, double start, double profit)
{
	double down;

	x->sum += profit;
	if (x->n++ == 0 && v == FT_2024)
		x->high = x->sum;
	x->high = fmax(x->high, x->sum);
	down = x->high - x->sum;
	if (start > 0)
		down /= start + x->high;
	x->down = fmax(x->down, down);
}

static void max_drawdown(struct ft *f, const struct ft_protection *p,
			 int64_t since)
{
	bool of_equity = p->of_equity && f->r->version >= FT_2026;
	int64_t last = INT64_MIN;
	struct fall x = { 0 };
	double start = 0;

	if (of_equity) {
		start = f->r->wallet * f->r->tradable_ratio;
		for (size_t i = 0; i < f->closed.n; i++)
			if (f->closed.v[i].close_ms <= since)
				start += f->closed.v[i].profit_abs;
	}
	for (size_t i = 0; i < f->closed.n; i++) {
		const struct ft_trade *t = &f->closed.v[i];

		if (!recent(t, NULL, since))
			continue;
		fall_add(&x, f->r->version, start,
			 of_equity ? t->profit_abs : t->profit_ratio);
		if (t->close_ms > last)
			last = t->close_ms;
	}
	if (x.n == 1 && !f->r->late_2025)
		return;			/* one trade has no drawdown there */
	if (x.n > 0 && (int64_t)x.n >= p->trade_limit && x.down > p->max_drawdown)
		lock(f, p, NULL, 0, last);
}

void ft_protect(struct ft *f, const struct ft_trade *closed)
{
	const struct ft_rules *r = f->r;
	const char *pair = closed->pair;
	int side = ft_side(closed);

	/* All that lock a pair, then all that lock everything. */
	for (size_t i = 0; i < r->n_protections; i++) {
		const struct ft_protection *p = &r->protections[i];
		int64_t since = f->now - (int64_t)(p->lookback * 60000);
		int s = p->only_per_side ? side : 0;

		switch (p->kind) {
		case FT_COOLDOWN:
			cooldown(f, p, pair, since);
			break;
		case FT_STOPLOSS_GUARD:
			stoploss_guard(f, p, pair, s, since);
			break;
		case FT_LOW_PROFIT:
			low_profit(f, p, pair, s, since);
			break;
		case FT_MAX_DRAWDOWN:
			break;
		}
	}
	for (size_t i = 0; i < r->n_protections; i++) {
		const struct ft_protection *p = &r->protections[i];
		int64_t since = f->now - (int64_t)(p->lookback * 60000);

		if (p->kind == FT_STOPLOSS_GUARD && !p->only_per_pair)
			stoploss_guard(f, p, NULL, p->only_per_side ? side : 0,
				       since);
		else if (p->kind == FT_MAX_DRAWDOWN)
			max_drawdown(f, p, since);
	}
}
