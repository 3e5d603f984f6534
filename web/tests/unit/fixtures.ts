import type {
	Backtest,
	Breakdown,
	RunEquity,
	RunTrade,
} from "../../src/api/runTypes";

/** Runs as the API answers them. */

export function aTrade(p: Partial<RunTrade> = {}): RunTrade {
	return {
		number: 1,
		pair: "BTC/USDT",
		direction: "long",
		entry_ms: 3_600_000,
		entry_price: "100",
		entry_signal: "Long",
		exit_ms: 7_200_000,
		exit_price: "110",
		exit_reason: "close",
		exit_signal: "Close",
		qty: "2",
		profit: "20",
		profit_ratio: "0.1",
		fees: "0.4",
		mfe: "30",
		mae: "10",
		bars: 1,
		tag: null,
		open_at_end: false,
		entry_values: { Fast: 101.5 },
		...p,
	};
}

export function aRun(p: Partial<Backtest> = {}): Backtest {
	return {
		id: 7,
		name: "Cross",
		state: "done",
		progress: 1,
		eta_ms: null,
		error: null,
		strategy: { id: 2, name: "EMA cross" },
		market: { id: 4, exchange: "binance", symbol: "BTC/USDT" },
		tf: "1h",
		from: 0,
		to: 36_000_000,
		inputs: { fastLength: 12 },
		rules_set: "chart",
		options: {},
		notes: "",
		tags: ["a"],
		created: 1,
		started: 2,
		finished: 3,
		metrics: {
			total_return: 0.25,
			max_drawdown_ratio: 0.4,
			sharpe: 1.5,
			trades: 12,
			net_profit: 2500,
			odd_number: 3,
			gross_loss: null,
		},
		properties: { pyramiding: 1, from: 0 },
		...p,
	};
}

export const EQUITY: RunEquity = {
	t: [0, 3_600_000, 7_200_000],
	equity: [100, null, 120],
	drawdown: [0, 0.1, 0],
	buy_hold: [100, 90, 80],
	position: [0, 1, 0],
};

export const BREAKDOWN: Breakdown = {
	months: [
		{ year: 2024, month: 1, profit: "10", ratio: 0.1 },
		{ year: 2024, month: 2, profit: "-5", ratio: -0.5 },
	],
	groups: {
		reason: [
			{ name: "stop", trades: 4, wins: 1, profit: "-8", fees: "1", bars: 3 },
		],
	},
};
