import type { Metrics } from "../api/runTypes";
import type { Formats } from "../app/format";

/** The figures of a run: how each is called, written and defined. */

export type MetricKind = "money" | "ratio" | "number" | "count" | "minutes";

export interface Metric {
	key: string;
	label: string;
	kind: MetricKind;
	group: string;
	about: string;
	/** Which way is better; 0: neither. */
	better: 1 | -1 | 0;
}

type Row = [
	key: string,
	label: string,
	kind: MetricKind,
	better: 1 | -1 | 0,
	about: string,
];

const ACCOUNT: Row[] = [
	[
		"initial_capital",
		"Initial capital",
		"money",
		0,
		"What the account began with.",
	],
	[
		"starting_balance",
		"Starting balance",
		"money",
		0,
		"What the account began with.",
	],
	[
		"final_equity",
		"Final equity",
		"money",
		1,
		"The account at the last close, open positions at their value.",
	],
	[
		"final_balance",
		"Final balance",
		"money",
		1,
		"The account after the last trade closed.",
	],
	[
		"net_profit",
		"Net profit",
		"money",
		1,
		"Profit of all closed trades after fees.",
	],
	[
		"profit_total_abs",
		"Total profit",
		"money",
		1,
		"Profit of all trades after fees.",
	],
	["gross_profit", "Gross profit", "money", 1, "Sum of the trades that won."],
	["gross_loss", "Gross loss", "money", -1, "Sum of the trades that lost."],
	[
		"open_profit",
		"Open profit",
		"money",
		0,
		"Profit of what is still open at the end.",
	],
	["fees", "Fees", "money", -1, "Commission of all fills."],
	[
		"total_volume",
		"Traded volume",
		"money",
		0,
		"Value of all entries and exits.",
	],
	[
		"total_return",
		"Total return",
		"ratio",
		1,
		"Final equity over initial capital, minus 1.",
	],
	[
		"profit_total",
		"Total return",
		"ratio",
		1,
		"Total profit over the starting balance.",
	],
	[
		"cagr",
		"Yearly growth (CAGR)",
		"ratio",
		1,
		"(final / initial) to the power of 365 / days, minus 1.",
	],
	[
		"buy_hold_return",
		"Buy and hold",
		"ratio",
		0,
		"Last close over first open, minus 1: what doing nothing would have given.",
	],
	[
		"market_change",
		"Market change",
		"ratio",
		0,
		"Mean change of the markets over the range.",
	],
	[
		"exposure",
		"Exposure",
		"ratio",
		0,
		"Share of bars that end with a position.",
	],
];
const RISK: Row[] = [
	[
		"max_drawdown_ratio",
		"Deepest drawdown",
		"ratio",
		-1,
		"Largest fall of the bar-close equity, over the peak it fell from.",
	],
	[
		"max_drawdown",
		"Deepest drawdown, money",
		"money",
		-1,
		"Largest fall of the bar-close equity from its peak.",
	],
	[
		"max_drawdown_account",
		"Deepest drawdown",
		"ratio",
		-1,
		"Largest fall of the summed profit, over the balance at its highest point.",
	],
	[
		"max_drawdown_abs",
		"Deepest drawdown, money",
		"money",
		-1,
		"Largest fall of the summed profit from its highest point.",
	],
	[
		"max_relative_drawdown",
		"Largest relative drawdown",
		"ratio",
		-1,
		"The largest of all falls, each over the balance it fell from.",
	],
	[
		"ulcer_index",
		"Ulcer index",
		"ratio",
		-1,
		"Root of the mean square of the fall from the peak, over all bars: deep and long falls weigh most.",
	],
	[
		"recovery_factor",
		"Recovery factor",
		"number",
		1,
		"Profit over the deepest drawdown.",
	],
	[
		"volatility",
		"Volatility, yearly",
		"ratio",
		-1,
		"Standard deviation of daily returns times the root of 365.",
	],
	[
		"sharpe",
		"Sharpe ratio",
		"number",
		1,
		"Mean daily return times 365 over yearly volatility; risk-free rate 0.",
	],
	[
		"sortino",
		"Sortino ratio",
		"number",
		1,
		"Like Sharpe, with the deviation of negative days only.",
	],
	[
		"calmar",
		"Calmar ratio",
		"number",
		1,
		"Yearly growth over the deepest drawdown.",
	],
	[
		"omega",
		"Omega ratio",
		"number",
		1,
		"Sum of positive over sum of negative daily returns.",
	],
	[
		"var_95",
		"Value at risk, 95 %",
		"ratio",
		-1,
		"The mildest of the worst twentieth of days; positive is a loss.",
	],
	[
		"cvar_95",
		"Expected shortfall, 95 %",
		"ratio",
		-1,
		"Mean of the worst twentieth of days; positive is a loss.",
	],
	["best_day_abs", "Best day", "money", 1, "Largest profit of one day."],
	["worst_day_abs", "Worst day", "money", 1, "Largest loss of one day."],
	["csum_min", "Lowest balance", "money", 1, "Lowest running balance."],
	["csum_max", "Highest balance", "money", 1, "Highest running balance."],
];
const TRADES: Row[] = [
	[
		"trades",
		"Trades",
		"count",
		0,
		"Closed trades; what is open at the end is not counted.",
	],
	["wins", "Won", "count", 1, "Trades with a profit after fees."],
	["losses", "Lost", "count", -1, "Trades with a loss after fees."],
	["evens", "Even", "count", 0, "Trades without profit or loss."],
	["draws", "Even", "count", 0, "Trades without profit or loss."],
	["longs", "Long", "count", 0, "Trades that bought first."],
	["shorts", "Short", "count", 0, "Trades that sold first."],
	["win_rate", "Win rate", "ratio", 1, "Share of trades that won."],
	["winrate", "Win rate", "ratio", 1, "Share of trades that won."],
	[
		"profit_factor",
		"Profit factor",
		"number",
		1,
		"Gross profit over gross loss.",
	],
	[
		"payoff_ratio",
		"Payoff ratio",
		"number",
		1,
		"Average win over average loss.",
	],
	["expectancy", "Expectancy", "money", 1, "Mean profit of a trade."],
	[
		"expectancy_ratio",
		"Expectancy ratio",
		"number",
		1,
		"Expectancy over the average loss.",
	],
	[
		"sqn",
		"System quality (SQN)",
		"number",
		1,
		"Root of the number of trades times mean over standard deviation of their profits.",
	],
	["average_trade", "Average trade", "money", 1, "Mean profit of a trade."],
	[
		"profit_mean",
		"Mean return of a trade",
		"ratio",
		1,
		"Mean of the trades' returns.",
	],
	[
		"profit_median",
		"Median return of a trade",
		"ratio",
		1,
		"Half of the trades did better.",
	],
	["average_win", "Average win", "money", 1, "Mean of the trades that won."],
	[
		"average_loss",
		"Average loss",
		"money",
		-1,
		"Mean of the trades that lost.",
	],
	["best_trade", "Best trade", "money", 1, "The largest profit."],
	["worst_trade", "Worst trade", "money", 1, "The largest loss."],
	[
		"average_bars",
		"Average length, bars",
		"number",
		0,
		"Mean number of bars a trade was held.",
	],
	[
		"holding_avg_minutes",
		"Average length",
		"minutes",
		0,
		"Mean time a trade was held.",
	],
	[
		"longest_win_streak",
		"Longest winning streak",
		"count",
		1,
		"Most wins in a row.",
	],
	[
		"longest_loss_streak",
		"Longest losing streak",
		"count",
		-1,
		"Most losses in a row.",
	],
	[
		"max_consecutive_wins",
		"Longest winning streak",
		"count",
		1,
		"Most wins in a row.",
	],
	[
		"max_consecutive_losses",
		"Longest losing streak",
		"count",
		-1,
		"Most losses in a row.",
	],
	[
		"average_mae",
		"Average worst point (MAE)",
		"money",
		1,
		"Mean of the worst open profit of each trade.",
	],
	[
		"average_mfe",
		"Average best point (MFE)",
		"money",
		1,
		"Mean of the best open profit of each trade.",
	],
	["trades_per_day", "Trades a day", "number", 0, "Trades over days."],
	[
		"rejected_orders",
		"Refused orders",
		"count",
		-1,
		"Orders that the margin did not allow.",
	],
	[
		"rejected_signals",
		"Refused signals",
		"count",
		-1,
		"Signals for which no slot was free.",
	],
	[
		"margin_calls",
		"Margin calls",
		"count",
		-1,
		"Times that a part of the position was closed by force.",
	],
	["locks", "Locks", "count", 0, "Times that a protection locked a pair."],
	["bars", "Bars", "count", 0, "Candles of the range."],
	["days", "Days", "number", 0, "Length of the range."],
	["backtest_days", "Days", "count", 0, "Whole days of the range, at least 1."],
];

const make = (group: string, rows: Row[]): Metric[] =>
	rows.map(([key, label, kind, better, about]) => ({
		key,
		label,
		kind,
		better,
		about,
		group,
	}));

export const METRICS: readonly Metric[] = [
	...make("Account", ACCOUNT),
	...make("Risk", RISK),
	...make("Trades", TRADES),
];

const byKey = new Map(METRICS.map((m) => [m.key, m]));

/** One metric by its key; a key without a row speaks for itself. */
export function metricOf(key: string): Metric {
	return (
		byKey.get(key) ?? {
			key,
			label: key.replace(/_/g, " "),
			kind: "number",
			group: "Other",
			about: "",
			better: 0,
		}
	);
}

/** The metrics of a run in the order of this list, others behind. */
export function metricsOf(m: Metrics | null | undefined): Metric[] {
	if (!m) return [];
	const known = METRICS.filter((x) => x.key in m);
	const other = Object.keys(m)
		.filter((k) => !byKey.has(k) && !isObject(m[k]))
		.map(metricOf);
	return [...known, ...other];
}

function isObject(v: unknown): boolean {
	return typeof v === "object" && v !== null;
}

/** Those that are a gain or a loss. */
export const SIGNED: ReadonlySet<string> = new Set([
	"net_profit",
	"profit_total_abs",
	"open_profit",
	"total_return",
	"profit_total",
	"cagr",
	"buy_hold_return",
	"market_change",
	"expectancy",
	"average_trade",
	"profit_mean",
	"profit_median",
	"best_trade",
	"worst_trade",
]);

export function writeMetric(
	f: Formats,
	m: Metric,
	v: number | null | undefined,
): string {
	if (v === null || v === undefined || !Number.isFinite(v)) return "–";
	switch (m.kind) {
		case "money":
			return f.money(v);
		case "ratio":
			return SIGNED.has(m.key) ? f.percent(v) : f.percent(v).replace("+", "");
		case "count":
			return f.count(v);
		case "minutes":
			return `${f.qty(Math.round(v))} min`;
		case "number":
			return f.money(v, { max: 3, min: 2 });
	}
}
