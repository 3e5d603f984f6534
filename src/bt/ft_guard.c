#include "config.h"

#include <string.h>

#include "bt/ft_i.h"

/* Protections: after a trade closes they may lock its pair, or all of them. */

bool ft_locked(const struct ft *f, const char *pair, int side, int64_t at)
{
	for (size_t i = 0; i < f->locks.n; i++) {
		const struct ft_lock *l = &f->locks.v[i];

		if (l->until >= at && (l->pair == NULL || l->pair == pair) &&
		    (l->side == 0 || l->side == side))
			return true;
	}
	return false;
}

/* The lock ends with the candle that begins next after it, and holds on the
 * open of that one too. */
static int64_t lock_end(const struct ft *f, const struct ft_protection *p,
			int64_t since)
{
	int64_t until = since + (int64_t)(p->stop * 60000), tf = f->r->timeframe_ms;
	int64_t day = INT64_C(86400000);

	if (p->unlock_minute >= 0) {
		until = since / day * day + p->unlock_minute * INT64_C(60000);
		if (until < since)
			until += day;
	}
	return until / tf * tf + tf;
}

static void lock(struct ft *f, const char *pair, int side, int64_t until)
{
	*array_push(f->arena, &f->locks) = (struct ft_lock){ pair, side, until };
	f->n_locks++;
}

static bool counts(const struct ft_trade *t, const char *pair, int side,
		   int64_t since)
{
	return t->close_ms > since && (pair == NULL || t->pair == pair) &&
		(side == 0 || side == (t->is_short ? -1 : 1));
}

static int64_t last_close(const struct ft *f, const char *pair, int side,
			  int64_t since)
{
	int64_t last = 0;

	for (size_t i = 0; i < f->closed.n; i++)
		if (counts(&f->closed.v[i], pair, side, since) &&
		    f->closed.v[i].close_ms > last)
			last = f->closed.v[i].close_ms;
	return last;
}

static void stoploss_guard(struct ft *f, const struct ft_protection *p,
			   const char *pair, int side, int64_t since)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->closed.n; i++) {
		const struct ft_trade *t = &f->closed.v[i];

		if (counts(t, pair, side, since) &&
		    (strcmp(t->exit_reason, "stop_loss") == 0 ||
		     strcmp(t->exit_reason, "trailing_stop_loss") == 0 ||
		     strcmp(t->exit_reason, "liquidation") == 0) &&
		    t->profit_ratio != 0 &&
		    t->profit_ratio < p->required_profit)
			n++;
	}
	if (n >= p->trade_limit)
		lock(f, pair, side, lock_end(f, p, last_close(f, pair, side, since)));
}

static void low_profit(struct ft *f, const struct ft_protection *p,
		       const char *pair, int side, int64_t since)
{
	int64_t n = 0;
	double sum = 0;

	for (size_t i = 0; i < f->closed.n; i++) {
		if (!counts(&f->closed.v[i], pair, 0, since))
			continue;
		n++;
		if (side == 0 || counts(&f->closed.v[i], pair, side, since))
			sum += f->closed.v[i].profit_ratio;
	}
	if (n >= p->trade_limit && sum < p->required_profit)
		lock(f, pair, side, lock_end(f, p, last_close(f, pair, side, since)));
}

/* Drawdown of the summed profit ratios. */
static void max_drawdown(struct ft *f, const struct ft_protection *p,
			 int64_t since)
{
	int64_t n = 0;
	double sum = 0, high = 0, down = 0;

	for (size_t i = 0; i < f->closed.n; i++) {
		if (!counts(&f->closed.v[i], NULL, 0, since))
			continue;
		n++;
		sum += f->closed.v[i].profit_ratio;
		high = fmax(high, sum);
		down = fmax(down, high - sum);
	}
	if (n >= p->trade_limit && down > p->max_drawdown)
		lock(f, NULL, 0, lock_end(f, p, last_close(f, NULL, 0, since)));
}

void ft_protect(struct ft *f, const struct ft_trade *closed)
{
	/* by value: locking may move the list the trade stands in */
	const char *pair = closed->pair;
	int side = closed->is_short ? -1 : 1;
	int64_t at = closed->close_ms;

	for (size_t i = 0; i < f->r->n_protections; i++) {
		const struct ft_protection *p = &f->r->protections[i];
		int64_t since = f->now - (int64_t)(p->lookback * 60000);
		int s = p->only_per_side ? side : 0;

		switch (p->kind) {
		case FT_COOLDOWN:
			lock(f, pair, 0, lock_end(f, p, at));
			break;
		case FT_STOPLOSS_GUARD:
			stoploss_guard(f, p, pair, s, since);
			if (!p->only_per_pair)
				stoploss_guard(f, p, NULL, s, since);
			break;
		case FT_LOW_PROFIT:
			low_profit(f, p, pair, s, since);
			break;
		case FT_MAX_DRAWDOWN:
			max_drawdown(f, p, since);
			break;
		}
	}
}
