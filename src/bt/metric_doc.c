#include "config.h"

#include <math.h>

#include "bt/html.h"

/* The definitions of doc/backtest.md, short enough for a table. */

#define N METRIC_NUM
#define M METRIC_MONEY
#define R METRIC_RATIO
#define C METRIC_COUNT

static const struct metric_doc common[] = {
	{ "initial_capital", "Initial capital", M, "what the account began with" },
	{ "final_equity", "Final equity", M, "account at the last close, open trades "
	  "at that price" },
	{ "net_profit", "Net profit", M, "of closed trades, after fees" },
	{ "gross_profit", "Gross profit", M, "sum of the winning trades" },
	{ "gross_loss", "Gross loss", M, "sum of the losing trades" },
	{ "fees", "Fees", M, "paid on all fills of closed trades" },
	{ "carry", "Funding and interest", M, "paid for holding, part of the fees; "
	  "below 0: received" },
	{ "open_profit", "Open profit", M, "of trades still open at the end" },
	{ "total_return", "Total return", R, "final equity / initial capital - 1" },
	{ "cagr", "CAGR", R, "(final / initial)^(365 / days) - 1" },
	{ "max_drawdown", "Max drawdown", M, "largest fall of the equity at bar "
	  "closes from its peak" },
	{ "max_drawdown_ratio", "Max drawdown, relative", R, "largest fall over the "
	  "peak it fell from" },
	{ "recovery_factor", "Recovery factor", N, "profit / max drawdown" },
	{ "ulcer_index", "Ulcer index", R, "root of the mean square of the fall from "
	  "the peak, over all bars" },
	{ "volatility", "Volatility", R, "standard deviation (n - 1) of daily returns "
	  "x root of 365" },
	{ "sharpe", "Sharpe", N, "mean daily return x 365 / volatility; risk-free "
	  "rate 0" },
	{ "sortino", "Sortino", N, "mean daily return x 365 / (root of the mean "
	  "square of negative ones, over all days, x root of 365)" },
	{ "calmar", "Calmar", N, "CAGR / relative max drawdown" },
	{ "omega", "Omega", N, "sum of positive / sum of negative daily returns" },
	{ "var_95", "Value at risk 95 %", R, "mildest of the worst 5 % of days; from "
	  "20 days on" },
	{ "cvar_95", "Expected shortfall 95 %", R, "mean of the worst 5 % of days" },
	{ "exposure", "Time in market", R, "share of bars that end with a position" },
	{ "buy_hold_return", "Buy and hold", R, "last close / first open - 1" },
	{ "trades", "Closed trades", C, "open ones are in no count" },
	{ "wins", "Winning", C, "profit above 0" },
	{ "losses", "Losing", C, "profit below 0" },
	{ "evens", "Even", C, "profit of 0" },
	{ "longs", "Long", C, "trades that bought first" },
	{ "shorts", "Short", C, "trades that sold first" },
	{ "win_rate", "Win rate", R, "winning / closed trades" },
	{ "profit_factor", "Profit factor", N, "gross profit / gross loss" },
	{ "payoff_ratio", "Payoff ratio", N, "average win / average loss" },
	{ "expectancy", "Expectancy", M, "mean profit of a trade" },
	{ "expectancy_ratio", "Expectancy ratio", N, "expectancy / average loss" },
	{ "sqn", "SQN", N, "root of n x mean / standard deviation (n - 1) of trade "
	  "profits" },
	{ "average_trade", "Average trade", M, "mean profit" },
	{ "average_win", "Average win", M, "gross profit / winning trades" },
	{ "average_loss", "Average loss", M, "gross loss / losing trades" },
	{ "best_trade", "Best trade", M, "largest profit" },
	{ "worst_trade", "Worst trade", M, "smallest profit" },
	{ "average_bars", "Average length", N, "bars from entry to exit" },
	{ "longest_win_streak", "Longest winning streak", C, "trades in a row" },
	{ "longest_loss_streak", "Longest losing streak", C, "trades in a row" },
	{ "average_mae", "Average adverse excursion", M, "mean of the worst open loss "
	  "of a trade" },
	{ "average_mfe", "Average favourable excursion", M, "mean of the best open "
	  "profit of a trade" },
	{ "bars", "Bars", C, "candles of the run" },
	{ "days", "Days", N, "from the first bar to the last" },
	{ "rejected_orders", "Refused orders", C, "for want of margin" },
	{ "margin_calls", "Margin calls", C, "forced liquidations" },
};

static const struct metric_doc freqtrade[] = {
	{ "starting_balance", "Starting balance", M, "the dry-run wallet" },
	{ "final_balance", "Final balance", M, "after all trades" },
	{ "profit_total_abs", "Profit", M, "sum over all trades" },
	{ "profit_total", "Total profit", R, "profit / starting balance" },
	{ "profit_mean", "Mean profit", R, "of a trade's stake" },
	{ "profit_median", "Median profit", R, "of a trade's stake" },
	{ "draws", "Draws", C, "profit of 0" },
	{ "winrate", "Win rate", R, "winning / all trades" },
	{ "profit_factor", "Profit factor", N, "wins / losses; 0 without losses" },
	{ "expectancy", "Expectancy", M, "win rate x average win - loss rate x "
	  "average loss" },
	{ "expectancy_ratio", "Expectancy ratio", N, "(1 + average win / average "
	  "loss) x win rate - 1; 100 without losses" },
	{ "sharpe", "Sharpe", N, "(sum r / days) / deviation of r x root of 365; "
	  "r = profit / starting balance" },
	{ "sortino", "Sortino", N, "the same with the deviation of losing trades" },
	{ "calmar", "Calmar", N, "(sum r / days x 100) / account drawdown x root of "
	  "365" },
	{ "sqn", "SQN", N, "root of n x mean / deviation (n - 1) of r" },
	{ "cagr", "CAGR", R, "(final / start)^(365 / days) - 1" },
	{ "max_drawdown_abs", "Max drawdown", M, "largest fall of the summed profit" },
	{ "max_drawdown_account", "Max drawdown of the account", R, "that fall / "
	  "(start + highest point)" },
	{ "max_relative_drawdown", "Max relative drawdown", R, "largest (highest - "
	  "sum) / (start + highest)" },
	{ "holding_avg_minutes", "Average holding", N, "minutes" },
	{ "max_consecutive_wins", "Longest winning streak", C, "trades in a row" },
	{ "max_consecutive_losses", "Longest losing streak", C, "trades in a row" },
	{ "best_trade", "Best trade", R, "of its stake" },
	{ "worst_trade", "Worst trade", R, "of its stake" },
	{ "best_day_abs", "Best day", M, "profit of the trades closed on it" },
	{ "worst_day_abs", "Worst day", M, "profit of the trades closed on it" },
	{ "csum_min", "Lowest balance", M, "start + smallest running sum" },
	{ "csum_max", "Highest balance", M, "start + largest running sum" },
	{ "backtest_days", "Days", C, "of the range" },
	{ "trades_per_day", "Trades a day", N, "over all days" },
	{ "total_volume", "Volume", M, "stakes in and out" },
	{ "wallet_sharpe", "Sharpe, wallet", N, "mean / deviation (n) of the wallet's "
	  "daily returns x root of 365; -100 when it is 0" },
	{ "wallet_sortino", "Sortino, wallet", N, "the same with the deviation of the "
	  "negative ones" },
	{ "wallet_calmar", "Calmar, wallet", N, "daily gain in percent / its relative "
	  "drawdown x root of 365" },
	{ "wallet_max_drawdown_abs", "Max drawdown, wallet", M, "largest fall of the "
	  "snapshots from their highest" },
	{ "wallet_max_drawdown_account", "Max drawdown, wallet, relative", R,
	  "that fall over the highest" },
	{ "wallet_max_relative_drawdown", "Max relative drawdown, wallet", R,
	  "the largest fall over its own highest" },
	{ "market_change", "Market change", R, "mean over the pairs, first to last "
	  "close" },
	{ "rejected_signals", "Refused entries", C, "no free slot" },
	{ "timedout_entry_orders", "Entries timed out", C, "orders that waited too "
	  "long" },
	{ "timedout_exit_orders", "Exits timed out", C, "orders that waited too "
	  "long" },
	{ "ignored_exits", "Exits not obeyed", C, "strategy.exit of the script: the "
	  "rules' own stops and targets hold" },
	{ "locks", "Locks", C, "set by protections" },
};

#undef N
#undef M
#undef R
#undef C

const struct metric_doc *metric_doc(bool ft, struct str name)
{
	for (size_t i = 0; ft && i < ARRAY_LEN(freqtrade); i++)
		if (str_eqc(name, freqtrade[i].name))
			return &freqtrade[i];
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (str_eqc(name, common[i].name))
			return &common[i];
	return NULL;
}

void metric_text(struct sbuf *b, enum metric_kind kind, double v)
{
	if (!isfinite(v)) {
		sbuf_add_cstr(b, "&#8211;");
		return;
	}
	switch (kind) {
	case METRIC_NUM:
		sbuf_addf(b, "%.3f", v);
		return;
	case METRIC_MONEY:
		sbuf_addf(b, "%.2f", v);
		return;
	case METRIC_RATIO:
		sbuf_addf(b, "%.2f %%", v * 100);
		return;
	case METRIC_COUNT:
		sbuf_addf(b, "%.0f", v);
		return;
	}
}
