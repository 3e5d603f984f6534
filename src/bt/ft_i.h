#ifndef BT_FT_I_H
#define BT_FT_I_H
/* ft_i.h - inside the freqtrade rules only. */
#include <math.h>

#include "bt/ft.h"
#include "core/array.h"

struct ft_lock { const char *pair; int side; int64_t until; };	/* side 0: both */

struct ft {
	struct arena *arena;
	const struct ft_rules *r;
	const struct ft_pair *pairs;
	size_t n_pairs;
	size_t *row;			/* next row of each pair */
	ARRAY(struct ft_trade) open, closed;
	ARRAY(struct ft_lock) locks;
	double free, tied;		/* of the stake currency */
	int64_t now, end, rejected, n_locks;
};

struct ft_row {
	struct bar b;
	bool enter_long, exit_long, enter_short, exit_short;
	const char *enter_tag, *exit_tag;
};

/* ft_trade.c */
double ft_open_value(const struct ft_trade *t);
double ft_profit_ratio(const struct ft_trade *t, double rate);
double ft_profit_abs(const struct ft_trade *t, double rate);
void ft_stop_adjust(struct ft_trade *t, const struct ft_pair *p, double price,
		    double stoploss, bool initial);
/* Should it close on this candle, at what rate and why?  False: no. */
bool ft_exit(const struct ft *f, struct ft_trade *t, const struct ft_pair *p,
	     const struct ft_row *row, double *ret_rate, const char **ret_why);

/* ft_guard.c */
void ft_protect(struct ft *f, const struct ft_trade *closed);
bool ft_locked(const struct ft *f, const char *pair, int side, int64_t at);

#endif /* BT_FT_I_H */
