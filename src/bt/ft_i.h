#ifndef BT_FT_I_H
#define BT_FT_I_H
/* ft_i.h - inside the freqtrade rules only. */
#include <math.h>

#include "bt/ft.h"
#include "core/array.h"

struct ft_lock { const char *pair; int side; int64_t until; };	/* NULL, 0: all */

/* An order that waits; whole or not at all. */
struct ft_order {
	bool waits;
	double price, amount;
	int64_t placed;
};
struct ft_pos {				/* an open trade and its orders */
	struct ft_trade t;		/* t.amount 0: not entered yet */
	struct ft_order entry, exit;
	size_t pair;
};

/* One pair on the way through its candles. */
struct ft_walk {
	size_t row;			/* next */
	size_t detail;			/* next finer candle to look at */
	/* of the candle at work */
	size_t n_detail, detail_at;	/* its finer candles, 0: none */
	int wanted;			/* side to enter */
	bool on, was_open;		/* has a candle; traded in it */
};

struct ft {
	struct arena *arena;
	const struct ft_rules *r;
	const struct ft_pair *pairs;
	size_t n_pairs;
	struct ft_walk *walk;
	ARRAY(struct ft_pos) open;
	ARRAY(struct ft_trade) closed, shown;
	ARRAY(struct ft_lock) locks;
	ARRAY(int64_t) equity_t;
	ARRAY(double) equity, wallet;
	ft_candle_fn *fn;
	void *ctx;
	double profit;			/* of closed trades */
	size_t slots;			/* taken, as this candle counts them */
	int64_t now, end, rejected, timedout_entries, timedout_exits;
};

struct ft_row {
	struct bar b;
	bool enter_long, exit_long, enter_short, exit_short;
	const char *enter_tag, *exit_tag;
	double entry_price, exit_price;	/* NaN: the open */
};

static inline int ft_side(const struct ft_trade *t)
{
	return t->is_short ? -1 : 1;
}

/* ft_round.c: as the exact decimals that the doubles print as. */
double ft_cut(double amount, double lot);	/* 0: not */
double ft_nearest(double price, double tick);
double ft_toward(double price, double tick, bool up);
double ft_product(double amount, double rate);
double ft_with_fee(double amount, double rate, double fee);	/* x (1 + fee) */
double ft_round8(double x);

/* ft_trade.c */
double ft_profit_ratio(const struct ft *f, const struct ft_trade *t, double rate);
double ft_profit_abs(const struct ft *f, const struct ft_trade *t, double rate);
/* What it came to, entered at `paid`: exact to the last digit shown. */
void ft_settle(const struct ft *f, struct ft_trade *t, double paid);
void ft_stop_adjust(struct ft_trade *t, const struct ft_pair *p, double price,
		    double stoploss, bool initial);
void ft_liquidation(const struct ft_rules *r, struct ft_trade *t);
void ft_funding(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
		bool force);
/* Ways out on this candle, in the order in which they are tried. */
struct ft_exit { double rate; const char *why; };
size_t ft_exits(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
		const struct ft_row *row, struct ft_exit ret[static 3]);

/* ft_order.c */
int ft_wanted(const struct ft_rules *r, const struct ft_row *row);
bool ft_held(const struct ft *f, size_t pair);
/* One candle of one pair; the side that was closed by it, 0: none. */
int ft_candle(struct ft *f, size_t pair, const struct ft_row *row, int wanted,
	      bool may_enter);
void ft_force_out(struct ft *f, size_t pair, const struct ft_row *row);

/* ft_guard.c */
void ft_protect(struct ft *f, const struct ft_trade *closed);
bool ft_locked(const struct ft *f, const char *pair, int side, int64_t at);

#endif /* BT_FT_I_H */
