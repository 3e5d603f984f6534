/**
 * What travels between the pages and the API. Money is a decimal string,
 * time is milliseconds since 1970 in UTC, candles come as columns.
 */

export interface List<T> {
	items: T[];
	next: string | null;
}

export type Role = "viewer" | "trader" | "admin";

export interface User {
	id: number;
	name: string;
	role: Role;
}

export interface Preferences {
	theme?: string | null;
	timezone?: string | null;
	locale?: string | null;
}

export interface SignedIn {
	user: User;
	csrf: string;
}

export interface Me extends SignedIn {
	preferences: Preferences | null;
	env: string;
	version: string;
	sentry_dsn: string | null;
}

export interface Session {
	id: number | string;
	created: number;
	seen: number;
	expires: number;
	address: string;
	agent: string;
	current: boolean;
}

export type Scope = "read" | "trade";

export interface Token {
	id: number;
	name: string;
	scopes: Scope[];
	created: number;
	expires: number | null;
	seen?: number | null;
}

export interface NewToken extends Token {
	token: string;
}

export interface Timeframe {
	tf: string;
	from: number | null;
	to: number | null;
	count: number;
}

export interface Market {
	id: number;
	exchange: string;
	symbol: string;
	base: string;
	quote: string;
	tick: string;
	lot: string;
	min_notional: string;
	status: string;
	price_decimals: number;
	timeframes: Timeframe[];
	last?: string | null;
	change_24h?: number | string | null;
}

export interface Candles {
	market: number;
	tf: string;
	t: number[];
	o: number[];
	h: number[];
	l: number[];
	c: number[];
	v: number[];
}

export interface Ticker {
	bid: string | null;
	ask: string | null;
	last: string | null;
	time: number;
	change_24h: number | string | null;
}

export type Level2 = [price: string, qty: string];

export interface Book {
	bids: Level2[];
	asks: Level2[];
	time: number;
}

export type InputValue = string | number | boolean;

export interface StrategyInput {
	name: string;
	title?: string | null;
	type: string;
	default: InputValue;
	min?: number | null;
	max?: number | null;
	step?: number | null;
	options?: InputValue[] | null;
	/** What the options mean, in their order. */
	option_titles?: string[];
	tooltip?: string | null;
	group?: string | null;
	inline?: string | null;
}

export interface Strategy {
	id: number;
	name: string;
	starter: boolean;
	description: string | null;
	inputs: StrategyInput[];
	created?: number;
	changed?: number;
}

export type BotState =
	| "created"
	| "starting"
	| "running"
	| "paused"
	| "stopping"
	| "stopped"
	| "finished"
	| "halted";

export interface MarketRef {
	id: number;
	exchange: string;
	symbol: string;
}

export interface Ref {
	id: number;
	name: string;
}

export interface Feed {
	kind: "live" | "replay";
	from?: number | null;
	to?: number | null;
	speed?: number | null;
}

export interface Position {
	qty: string;
	avg_price: string;
	unrealised: string;
	since: number;
}

export interface Progress {
	bar_time: number | null;
	bars: number;
	bars_total: number | null;
}

export interface Bot {
	id: number;
	name: string;
	state: BotState;
	want?: string | null;
	mode: string;
	market: MarketRef;
	tf: string;
	strategy: Ref;
	inputs: Record<string, InputValue>;
	feed: Feed;
	progress: Progress | null;
	equity: string | null;
	initial_balance: string;
	profit: string | null;
	profit_ratio: number | string | null;
	position: Position | null;
	trades: number;
	error: string | null;
	created: number;
	changed: number;
	ver: number;
}

export interface NewBot {
	name: string;
	market_id: number;
	tf: string;
	strategy_id: number;
	inputs: Record<string, InputValue>;
	mode: "paper";
	initial_balance: string;
	feed: {
		kind: "live" | "replay";
		from?: number;
		to?: number;
		speed?: number;
	};
}

export interface Order {
	id: number;
	client_id: string;
	side: "buy" | "sell";
	type: string;
	qty: string;
	price: string | null;
	stop: string | null;
	state: string;
	filled: string;
	avg_price: string | null;
	signal: string | null;
	created: number;
	reason: string | null;
}

export interface Fill {
	id: number;
	order_id: number | null;
	time: number;
	side: "buy" | "sell";
	price: string;
	qty: string;
	fee: string;
	fee_asset: string;
	liquidity: string;
}

export interface Trade {
	number: number;
	direction: string;
	entry_time: number;
	entry_price: string;
	entry_signal: string | null;
	exit_time: number | null;
	exit_price: string | null;
	exit_signal: string | null;
	qty: string;
	profit: string | null;
	profit_ratio: number | string | null;
	fees: string | null;
	bars: number | null;
	open: boolean;
}

export interface BotTrade extends Trade {
	bot: Ref;
	market: MarketRef;
}

export interface EquityColumns {
	t: number[];
	equity: (number | string)[];
	cash?: (number | string)[];
	drawdown: (number | string)[];
}

export interface BotLogLine {
	id: number;
	time: number;
	level: string;
	message: string;
}

export interface PlotName {
	name: string;
	kind: string;
	color: string | null;
	/** On the candles, not in a pane below them. */
	overlay: boolean;
}

export interface Plots {
	names: PlotName[];
	t: number[];
	/** One column for each name. */
	values: (number | null)[][];
}

export interface OpenPosition {
	bot: Ref;
	market: MarketRef;
	qty: string;
	avg_price: string;
	last: string | null;
	unrealised: string | null;
	since: number;
}

export interface DashboardData {
	bots: { running: number; paused: number; total: number };
	equity: string | null;
	profit: string | null;
	profit_24h: string | null;
	positions: OpenPosition[];
	trades: BotTrade[];
	equity_curve: { t: number[]; equity: (number | string)[] };
}

export interface LogRow {
	id: number;
	time: number;
	level: string;
	message: string;
	source?: string | null;
	request_id?: string | null;
	context?: unknown;
	stack?: string | null;
	url?: string | null;
	count?: number | null;
	user_id?: number | null;
	bot_id?: number | null;
}

export interface RouteStats {
	route: string;
	method: string;
	requests: number;
	errors: number;
	p50: number | null;
	p95: number | null;
	p99: number | null;
}

export interface ProcessStats {
	role: string;
	pid: number;
	state: string;
	rss: number;
	cpu_seconds: number;
	requests: number;
	restarts: number;
}

export interface MonitoringData {
	time: number;
	uptime: number;
	http: { routes: RouteStats[]; active: number; slow: number };
	processes: ProcessStats[];
	db: {
		queries: number;
		errors: number;
		p50: number | null;
		p99: number | null;
	};
	bots: Record<string, number>;
	orders: Record<string, number>;
	jobs: { queued: number; running: number };
	live: {
		clients: number;
		topics: number;
		delivered: number;
		dropped: number;
	};
}
