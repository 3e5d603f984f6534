#ifndef BT_FT_H
#define BT_FT_H
/* ft.h - a backtest by the `freqtrade` rules.
 *
 * Driven by signal columns (of a candle file, or of a script's entries and
 * exits: ft_run_script) and a rules file in freqtrade's own key names.
 * Several pairs share one account.  The rules are restated in
 * doc/backtest.md; the short of it: the signal of a candle is acted on at the
 * open of the next one; on each candle of an open trade the exit signal comes
 * before the stop, the stop before the ROI table, the ROI table before a stop
 * that trailed.
 *
 * Arithmetic is double, as the lists it is compared with were made. */
#include "core/err.h"
#include "core/sbuf.h"
#include "bt/emu.h"
#include "json/json.h"

#define FT_ROI_MAX 64
#define FT_PROTECTIONS_MAX 16

/* Releases of freqtrade differ; see "Versions" in doc/backtest.md. */
enum ft_version { FT_2024, FT_2025, FT_2026 };
enum ft_mode { FT_SPOT, FT_MARGIN, FT_FUTURES };
enum ft_lender { FT_LENDER_BINANCE, FT_LENDER_KRAKEN };

enum ft_protection_kind {
	FT_COOLDOWN, FT_STOPLOSS_GUARD, FT_MAX_DRAWDOWN, FT_LOW_PROFIT,
};
struct ft_protection {
	enum ft_protection_kind kind;
	/* minutes; candles are turned into minutes when read */
	double lookback, stop;
	int unlock_minute;		/* of the day; -1: stop counts */
	int64_t trade_limit;
	bool only_per_pair, only_per_side;
	bool of_equity;			/* drawdown of the account, not of ratios */
	double required_profit, max_drawdown;
};

struct ft_rules {
	enum ft_version version;
	bool late_2025;			/* 2025.12 or newer */
	enum ft_mode mode;
	int64_t timeframe_ms, detail_ms;	/* detail_ms 0: none */
	double stoploss;		/* below 0 */
	struct { int64_t minutes; double ratio; } roi[FT_ROI_MAX];
	size_t n_roi;			/* ascending in minutes */
	bool trailing_stop, only_offset;	/* trailing_only_offset_is_reached */
	double trailing_positive;	/* NaN: none */
	double trailing_offset;
	bool use_exit_signal, exit_profit_only, ignore_roi_if_entry;
	double exit_profit_offset;
	int64_t max_open_trades;	/* <= 0: no limit */
	double stake_amount;		/* NaN: unlimited */
	double wallet;			/* dry_run_wallet */
	double tradable_ratio, fee, leverage;
	bool can_short, position_stacking, amend_last_stake;
	double last_stake_min_ratio, minimum_stake;
	double entry_timeout, exit_timeout;	/* minutes; NaN: never */
	/* margin: hourly lending; futures: liquidation of an isolated position */
	enum ft_lender lender;
	double interest_rate;
	double maintenance_ratio, maintenance_amount, liquidation_buffer;
	int64_t startup;		/* candles cut off first */
	struct ft_protection protections[FT_PROTECTIONS_MAX];
	size_t n_protections;
};
struct ft_rules ft_defaults(void);
/* Unknown keys, wrong types and impossible values: -E_INVAL by name. */
MUST_CHECK int ft_rules_read(const struct json *j, struct ft_rules *ret,
			     struct err *err);

struct ft_pair {
	const char *name;
	struct bars bars;
	/* one a candle; a pointer may be NULL: never */
	const bool *enter_long, *exit_long, *enter_short, *exit_short;
	const char *const *enter_tag, *const *exit_tag;
	/* the price an entry or exit signal asks for; NaN or NULL: the open */
	const double *entry_price, *exit_price;
	double tick, lot;		/* 0: prices, amounts are not rounded */
	struct bars detail;		/* finer candles; n 0: none */
	struct bt_funding funding;
};

struct ft_trade {
	const char *pair, *enter_tag, *exit_reason;
	bool is_short, open_at_end;
	int64_t open_ms, filled_ms, close_ms;
	double open_rate, close_rate, amount, stake, leverage;
	double fee_open, fee_close;	/* ratios */
	double profit_abs, profit_ratio;
	double funding;			/* received; below 0: paid */
	double min_rate, max_rate, stop_loss, initial_stop_loss;
	double liquidation;		/* price; 0: none */
	double stop_pct;
	bool stop_moved;
	int64_t candles;
};

struct ft_result {
	struct ft_rules rules;
	struct ft_trade *trades;	/* in the order in which they closed */
	size_t n_trades;
	int64_t rejected;		/* entry signals without a free slot */
	int64_t locks, timedout_entries, timedout_exits;
	int64_t from, to;		/* first and last candle traded */
	double final_balance, market_change;
	/* Balance and what open trades are worth at each close, one a candle */
	size_t n_equity;
	int64_t *equity_t;
	double *equity;
	/* What the wallet holds when each candle begins, coins at its open: the
	 * snapshots that 2026 makes its ratios of. */
	double *wallet;
	size_t ignored_exits;		/* strategy.exit of a script */
};

/* Called with a candle of one pair after all of its moment is done, oldest
 * first, start-up candles too: a script fills in the signals of that row. */
struct ft_account {
	double balance, equity;		/* realised; with open profit */
	const struct ft_trade *open;	/* all pairs; oldest first */
	size_t n_open;
	const struct ft_trade *closed;
	size_t n_closed;
};
typedef int ft_candle_fn(void *ctx, size_t pair, size_t row,
			 const struct ft_account *a, struct err *err);

MUST_CHECK int ft_run(struct arena *out, const struct ft_rules *r,
		      const struct ft_pair *pairs, size_t n_pairs,
		      struct ft_result *ret, struct err *err);
MUST_CHECK int ft_run_with(struct arena *out, const struct ft_rules *r,
			   const struct ft_pair *pairs, size_t n_pairs,
			   ft_candle_fn *fn, void *ctx, struct ft_result *ret,
			   struct err *err);

/* One script a pair; all on one account.  Its entries and closes become the
 * signals: entry and order of a side enter it and leave the other, close
 * leaves the side its id entered, close_all both.  Stops and targets are the
 * rules' own: strategy.exit is counted in ignored_exits, not obeyed; an entry
 * that waits for a price is refused (-E_UNPROCESSABLE, line in the sentence). */
struct script_prog;
struct script_binding;
struct script_market;
struct ft_job {
	const char *pair;
	const struct script_prog *prog;
	const struct script_binding *binding;
	const struct script_market *market;
	struct bars bars, detail;
	struct bt_funding funding;
	double tick, lot;
};
MUST_CHECK int ft_run_script(struct arena *out, const struct ft_job *jobs,
			     size_t n_jobs, const struct ft_rules *r,
			     struct ft_result *ret, struct err *err);

#define FT_STATS(X)							\
	X(starting_balance) X(final_balance) X(profit_total_abs)	\
	X(profit_total) X(profit_mean) X(profit_median) X(trades)	\
	X(wins) X(losses) X(draws) X(winrate) X(profit_factor)		\
	X(expectancy) X(expectancy_ratio) X(sharpe) X(sortino) X(calmar)\
	X(sqn) X(cagr) X(max_drawdown_abs) X(max_drawdown_account)	\
	X(max_relative_drawdown) X(holding_avg_minutes)			\
	X(max_consecutive_wins) X(max_consecutive_losses)		\
	X(best_trade) X(worst_trade) X(best_day_abs) X(worst_day_abs)	\
	X(csum_min) X(csum_max) X(backtest_days) X(trades_per_day)	\
	X(total_volume) X(market_change)				\
	X(wallet_sharpe) X(wallet_sortino) X(wallet_calmar)		\
	X(wallet_max_drawdown_abs) X(wallet_max_drawdown_account)	\
	X(wallet_max_relative_drawdown)
struct ft_stats {
#define X(name) double name;
	FT_STATS(X)
#undef X
};
/* The same run in the form of the chart rules (bt/bt.h): equity at each close,
 * position as the number of trades held, trades with freqtrade's reasons in
 * exit_id.  `r` must outlive it. */
struct bt_result;
void ft_as_bt(struct arena *out, const struct ft_result *r, struct bt_result *ret);

void ft_stats(struct ft_stats *ret, const struct ft_result *r);
void ft_properties_json(struct jw *w, const struct ft_rules *r);
void ft_metrics_json(struct jw *w, const struct ft_result *r,
		     const struct ft_stats *s);
void ft_json(struct sbuf *b, const struct ft_result *r, const struct ft_stats *s);
void ft_trades_csv(struct sbuf *b, const struct ft_result *r);
void ft_equity_csv(struct sbuf *b, const struct ft_result *r);
void ft_text(struct sbuf *b, const struct ft_result *r, const struct ft_stats *s);

#endif /* BT_FT_H */
