#ifndef SCRIPT_STRAT_H
#define SCRIPT_STRAT_H
/* strat.h - what a strategy sees of its account, and what it asks for. */
#include "core/base.h"

/* A trade as the script sees it; size is negative for a short one. */
struct strat_trade {
	const char *entry_id, *exit_id, *entry_comment, *exit_comment;
	double size, entry_price, exit_price, profit, commission;
	double max_runup, max_drawdown;
	int64_t entry_time, exit_time, entry_bar, exit_bar;
};
/* What the script may read of its account; the host fills it before each bar. */
struct strat_account {
	double initial_capital, equity, net_profit, open_profit;
	double gross_profit, gross_loss, max_drawdown, max_runup;
	double position_size, position_avg_price, max_contracts;
	double margin_liquidation_price;
	double max_long, max_short;	/* largest positions of either side */
	double max_drawdown_percent, max_runup_percent;	/* of the peak, trough */
	double win_percents, loss_percents; /* sums of the closed trades' profit_percent */
	const char *position_entry_name;	/* may be NULL */
	int64_t win_trades, loss_trades, even_trades;
	/* Trade i of the list is v[i - first]: the host may keep only the
	 * newest ones; older ones read as na. */
	const struct strat_trade *open, *closed;
	size_t n_open, n_closed, closed_first;
};

enum strat_kind {
	STRAT_ENTRY, STRAT_ORDER, STRAT_EXIT, STRAT_CLOSE, STRAT_CLOSE_ALL,
	STRAT_CANCEL, STRAT_CANCEL_ALL,
	STRAT_RISK_ALLOW_ENTRY,		/* dir: +1, -1, 0 = both */
	STRAT_RISK_MAX_CONS_LOSS_DAYS, STRAT_RISK_MAX_DRAWDOWN,
	STRAT_RISK_MAX_INTRADAY_ORDERS, STRAT_RISK_MAX_INTRADAY_LOSS,
	STRAT_RISK_MAX_POSITION,	/* value in qty; risk_percent says of what */
};
enum strat_oca { STRAT_OCA_NONE, STRAT_OCA_CANCEL, STRAT_OCA_REDUCE };
/* Numbers that were not given are NaN, texts NULL.  The texts live until the
 * machine's next bar. */
struct strat_cmd {
	enum strat_kind kind;
	enum strat_oca oca_type;
	int dir;			/* +1 long, -1 short, 0 not said */
	int line;			/* of the call, for messages */
	bool immediately, risk_percent, disable_alert;
	const char *id, *from_entry, *oca_name, *comment, *alert_message;
	const char *comment_profit, *comment_loss, *comment_trailing;
	double qty, qty_percent, limit, stop, profit, loss;
	double trail_price, trail_points, trail_offset;
};
struct strat_cmds { const struct strat_cmd *v; size_t n; };
const char *strat_kind_name(enum strat_kind k);

#endif /* SCRIPT_STRAT_H */
