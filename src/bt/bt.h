#ifndef BT_BT_H
#define BT_BT_H
/* bt.h - a backtest: one program over one series of candles.
 *
 *	bt_run -> struct bt_result -> bt_stats -> bt_json, bt_text, bt_html
 *
 * Candles are columns in memory; the run reads no clock and no file and gives
 * the same bytes for the same inputs.  What is in force (the defaults too) is
 * part of the result.  The rules of each broker, and every definition below,
 * are in doc/backtest.md. */
#include "bt/emu.h"
#include "core/array.h"
#include "core/sbuf.h"

/* The rule sets: name in the API, letter in the database. */
#define BT_RULES_LIST(X)						\
	X(CHART, "chart", 'c')						\
	X(FREQTRADE, "freqtrade", 'f')					\
	X(STRICT, "strict", 's')
enum bt_rules {
#define X(id, name, letter) BT_RULES_##id,
	BT_RULES_LIST(X)
#undef X
};
const char *bt_rules_name(enum bt_rules r);
char bt_rules_letter(enum bt_rules r);
MUST_CHECK bool bt_rules_parse(struct str s, enum bt_rules *ret);
MUST_CHECK bool bt_rules_of(char letter, enum bt_rules *ret);

/* What the strict rules take where nothing else is said. */
#define BT_STRICT_SPREAD_TICKS 2.0
#define BT_STRICT_SLIPPAGE_TICKS 1.0	/* at least */
#define BT_STRICT_LATENCY_MS 500.0
#define BT_STRICT_VOLUME_PERCENT 10.0

struct bt_options {
	/* BT_RULES_CHART or BT_RULES_STRICT; the freqtrade rules have a run of
	 * their own (bt/ft.h). */
	enum bt_rules rules_set;
	/* NaN: what the script declared, or its default. */
	double initial_capital, fee_percent, slippage_ticks;
	/* Of the strict rules; NaN: as above.  volume_percent of a bar can be
	 * had in it; 0: all one wants. */
	double spread_ticks, latency_ms, volume_percent;
	/* Finer candles of the same market: the way inside a bar (n 0: none). */
	struct bars detail;
	/* Of the market, when it is a perpetual future (n 0: none); and what a
	 * year's loan costs in percent, 0: nothing. */
	struct bt_funding funding;
	double interest_percent;
	/* Bars before this time feed the strategy and do not trade. */
	int64_t trade_from;
	/* Called every SCRIPT_BLOCK bars, which may be seconds of a slow script;
	 * other than 0 ends the run and is returned.  May be NULL. */
	int (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
	/* Called after bar i, for what it plots; other than 0 ends the run and
	 * is returned.  May be NULL. */
	int (*each_bar)(void *ctx, size_t i, const struct script_vm *vm);
	void *bar_ctx;
	/* Called once when the last bar is over.  May be NULL. */
	void (*at_end)(void *ctx, const struct script_vm *vm);
	void *end_ctx;
	/* Every bar through machine and emulator, also where the result is known
	 * to be the same without: for comparison. */
	bool bar_by_bar;
	struct script_limits limits;	/* 0: the machine's own */
	const struct bt_models *models;	/* that it asks, to be told; or NULL */
};
struct bt_options bt_defaults(void);

struct bt_result {
	struct emu_rules rules;		/* in force */
	struct strat_properties props;
	struct bars bars;		/* the caller's */
	double *equity;			/* one a bar, at its close */
	double *position;		/* signed size after the close */
	const struct emu_trade *trades;
	size_t n_trades;
	size_t rejected, margin_calls, waiting;
	double carry;			/* funding and interest paid */
	bool magnified;			/* finer candles told the way */
	const struct bt_models *models;
	/* of a portfolio: of each trade; NULL: there is one pair */
	const char *const *trade_pairs;
	size_t max_open_trades;		/* 0: no limit */
};
/* `m` needs mintick, pointvalue and lot.  -E_INVAL and -E_LIMIT as
 * script_on_bar; -E_UNPROCESSABLE when the source is no strategy. */
MUST_CHECK int bt_run(struct arena *out, const struct script_prog *prog,
		      const struct script_binding *binding,
		      const struct script_market *m, const struct bars *bars,
		      const struct bt_options *opt, struct bt_result *ret,
		      struct err *err);

/* Several pairs on one account, a program each.  At each moment the orders of
 * all pairs meet their bars, in the order of the list, then the strategies
 * decide in that order; all see the equity of the whole account.  With
 * max_open > 0 an entry that would hold one pair more is refused.
 * ret->pairs[i] is pair i by itself (its equity is the account's); ret->all
 * has the trades of all by the time they closed, positions as the number of
 * pairs held, and prices as the mean of the pairs' own, each over its first. */
struct bt_job {
	const char *pair;
	const struct script_prog *prog;
	const struct script_binding *binding;
	const struct script_market *market;
	struct bars bars, detail;
	struct bt_funding funding;
};
struct bt_portfolio { struct bt_result all, *pairs; size_t n; };
MUST_CHECK int bt_run_portfolio(struct arena *out, const struct bt_job *jobs,
				size_t n, const struct bt_options *opt,
				size_t max_open, struct bt_portfolio *ret,
				struct err *err);

/* Every number is NaN where it is not defined (no trades, no losses, ...). */
#define BT_STATS(X)							\
	/* money, in the account's currency */				\
	X(initial_capital) X(final_equity) X(net_profit) X(gross_profit)\
	X(gross_loss) X(fees) X(carry) X(open_profit)			\
	/* the account over time */					\
	X(total_return) X(cagr) X(max_drawdown) X(max_drawdown_ratio)	\
	X(recovery_factor) X(ulcer_index) X(volatility) X(sharpe)	\
	X(sortino) X(calmar) X(omega) X(var_95) X(cvar_95) X(exposure)	\
	X(buy_hold_return)						\
	/* trades */							\
	X(trades) X(wins) X(losses) X(evens) X(longs) X(shorts)		\
	X(win_rate) X(profit_factor) X(payoff_ratio) X(expectancy)	\
	X(expectancy_ratio) X(sqn) X(average_trade) X(average_win)	\
	X(average_loss) X(best_trade) X(worst_trade) X(average_bars)	\
	X(longest_win_streak) X(longest_loss_streak)			\
	X(average_mae) X(average_mfe)					\
	/* span */							\
	X(bars) X(days)

struct bt_stats {
#define X(name) double name;
	BT_STATS(X)
#undef X
};
void bt_stats(struct bt_stats *ret, const struct bt_result *r);
/* name -> value, for objectives; NaN for a name that is not there. */
double bt_stat(const struct bt_stats *s, const char *name);

/* Profit of each calendar month (UTC) as a share of the equity it began with. */
struct bt_month { int year, month; double profit, ratio; };
size_t bt_months(struct arena *out, const struct bt_result *r,
		 struct bt_month **ret);
/* Trades grouped by entry id, exit id, exit reason, pair, entry comment. */
enum bt_group { BT_BY_ENTRY, BT_BY_EXIT, BT_BY_REASON, BT_BY_PAIR, BT_BY_TAG };
struct bt_sum { const char *name; double trades, wins, profit, fees, bars; };
size_t bt_groups(struct arena *out, const struct bt_result *r, enum bt_group by,
		 struct bt_sum **ret);

/* {rules, title, ...}: everything in force; and {name: number or null}. */
void bt_properties_json(struct jw *w, const struct bt_result *r);
void bt_metrics_json(struct jw *w, const struct bt_result *r,
		     const struct bt_stats *s);
/* The tables of the JSON by themselves: "months", and "by_exit", "by_pair",
 * "by_tag", ... as asked for. */
void bt_months_json(struct jw *w, const struct bt_result *r);
void bt_groups_json(struct jw *w, const struct bt_result *r, const char *key,
		    enum bt_group by);
/* {properties, metrics, months, groups, equity, trades} */
void bt_json(struct sbuf *b, const struct bt_result *r, const struct bt_stats *s,
	     const char *pair);
void bt_trades_csv(struct sbuf *b, const struct bt_result *r);
void bt_equity_csv(struct sbuf *b, const struct bt_result *r);
void bt_text(struct sbuf *b, const struct bt_result *r, const struct bt_stats *s);

#endif /* BT_BT_H */
