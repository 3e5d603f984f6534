/**
 * Strategies as scripts, their backtests and their sweeps, as they travel.
 * Prices and amounts are decimal strings, statistics are numbers or null.
 */
import type { Drawing } from "../runs/drawings";
import type { InputValue, MarketRef, Strategy, StrategyInput } from "./types";

export type Inputs = Record<string, InputValue>;

export interface StrategyFull extends Strategy {
	source: string;
	/** What a starter does, as light markdown; "" for one's own. */
	explanation?: string;
	created: number;
	changed: number;
}

export interface Diagnostic {
	line: number;
	column: number;
	/** One past the last. */
	end_column: number;
	severity: "error" | "warning" | "note";
	code: string;
	message: string;
}

export interface Check {
	ok: boolean;
	diagnostics: Diagnostic[];
	inputs: StrategyInput[];
}

export interface Formatted {
	source: string;
	diagnostics: Diagnostic[];
}

export type Metrics = Record<string, number | string | null>;

export interface RunTrade {
	number: number;
	pair: string | null;
	direction: string;
	entry_ms: number;
	entry_price: string;
	entry_signal: string | null;
	exit_ms: number | null;
	exit_price: string | null;
	exit_reason: string | null;
	exit_signal: string | null;
	qty: string;
	profit: string | null;
	profit_ratio: string | number | null;
	fees: string | null;
	/** Best and worst open profit while it was held. */
	mfe: string | null;
	mae: string | null;
	bars: number | null;
	tag: string | null;
	open_at_end: boolean;
	/** What the script plotted on the bar that decided. */
	entry_values?: Record<string, number | null> | null;
}

export interface RunPlot {
	name: string;
	kind: string;
	color: string | null;
	overlay: boolean;
	values: (number | null)[];
}

export interface Columns {
	t: number[];
	o: number[];
	h: number[];
	l: number[];
	c: number[];
	v: number[];
}

export interface RunChart extends Columns {
	plots: RunPlot[];
	trades: RunTrade[];
	drawings?: Drawing[];
	/** The run's number of the first candle here. */
	first_bar?: number;
	/** Candles merged into one. */
	step?: number;
}

export interface Preview extends Partial<Columns> {
	ok: boolean;
	diagnostics: Diagnostic[];
	error: string | null;
	inputs: StrategyInput[];
	plots?: RunPlot[];
	trades?: RunTrade[];
	drawings?: Drawing[];
	metrics: Metrics | null;
}

export type RulesSet = "chart" | "freqtrade" | "strict";

/** Left out: what the script declares, else the rule set's own. */
export interface RunOptions {
	initial_capital?: number;
	/** Percent of each fill. */
	fee?: number;
	/** Ticks against the order. */
	slippage?: number;
	/** Strict rules: ticks between bid and ask, delay, share of the volume. */
	spread?: number;
	latency?: number;
	volume_share?: number;
	/** 100,000 and all of the equity, where the script is silent. */
	new_defaults?: boolean;
	/** Models may see what they learned from. */
	in_sample?: boolean;
}

export interface PreviewBody {
	source: string;
	inputs: Inputs;
	market_id: number;
	tf: string;
	to?: number;
	bars?: number;
	rules_set?: RulesSet;
	options?: RunOptions;
	rules?: unknown;
}

export type RunState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface RunBase {
	id: number;
	name: string;
	state: RunState;
	/** From 0 to 1. */
	progress: number;
	eta_ms: number | null;
	error: string | null;
	strategy: { id: number | null; name: string };
	market: MarketRef;
	tf: string;
	from: number | null;
	to: number | null;
	inputs: Inputs;
	rules_set: RulesSet;
	options: Record<string, unknown>;
	notes: string;
	tags: string[];
	created: number;
	started: number | null;
	finished: number | null;
}

export interface Backtest extends RunBase {
	metrics: Metrics | null;
	properties: Record<string, unknown> | null;
}

export interface RunBody {
	strategy_id: number;
	inputs: Inputs;
	market_id: number;
	tf: string;
	from?: number;
	to?: number;
	rules_set: RulesSet;
	options: RunOptions;
	rules?: unknown;
	name?: string;
	notes?: string;
	tags?: string[];
}

export interface RunEquity {
	t: number[];
	equity: (number | null)[];
	drawdown: (number | null)[];
	buy_hold?: (number | null)[] | null;
	position?: (number | null)[] | null;
}

export interface Month {
	year: number;
	month: number;
	profit: string;
	ratio: number | null;
}

export interface Group {
	name: string | null;
	trades: number;
	wins: number;
	profit: string;
	fees: string;
	/** Mean length of its trades. */
	bars?: number | null;
}

export const GROUPS = ["pair", "entry", "exit", "reason", "tag"] as const;
export type GroupKey = (typeof GROUPS)[number];

export interface Breakdown {
	months: Month[];
	groups: Partial<Record<GroupKey, Group[]>>;
}

export type ExportFormat = "json" | "trades" | "equity" | "html";
