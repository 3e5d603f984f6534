import { describe, expect, it } from "vitest";
import { allowed, patchOf } from "../../src/api/botHooks";
import type {
	Bot,
	Fill,
	MonitoringData,
	Order,
	StrategyInput,
} from "../../src/api/types";
import { points } from "../../src/charts/EquityChart";
import { windowOf } from "../../src/components/DataTable";
import {
	fromDraft,
	inputError,
	toDraft,
} from "../../src/components/InputsForm";
import { logText } from "../../src/components/LogView";
import { decimalsOf } from "../../src/lib/candles";
import { toBody } from "../../src/pages/BotCreate";
import { total } from "../../src/pages/Bots";
import { levelsOf, marksOf, overlaysOf } from "../../src/pages/bot/ChartPanel";
import { extendEquity, mergeItems } from "../../src/pages/bot/data";
import { revalue } from "../../src/pages/Dashboard";
import { filterEntries } from "../../src/pages/Logs";
import { depthOf } from "../../src/pages/Markets";
import { latency, rate, sampleOf } from "../../src/pages/monitoring/history";
import { browserName } from "../../src/pages/settings/sessions";
import { dateMs } from "../../src/runs/market";

const fill = (id: number, time: number, side: "buy" | "sell"): Fill => ({
	id,
	time,
	side,
	order_id: id,
	price: "10",
	qty: "0.5",
	fee: "0",
	fee_asset: "USDT",
	liquidity: "taker",
});
const order = (p: Partial<Order>): Order => ({
	id: 1,
	client_id: "c",
	side: "sell",
	type: "stop",
	qty: "1",
	price: null,
	stop: null,
	state: "open",
	filled: "0",
	avg_price: null,
	signal: null,
	created: 0,
	reason: null,
	...p,
});
const bot = (p: Partial<Bot>): Bot => ({
	id: 1,
	name: "b",
	state: "running",
	mode: "paper",
	market: { id: 1, exchange: "sim", symbol: "A/B" },
	tf: "1h",
	strategy: { id: 1, name: "s" },
	inputs: {},
	feed: { kind: "live" },
	progress: null,
	equity: "1",
	initial_balance: "1",
	profit: "0",
	profit_ratio: 0,
	position: null,
	trades: 0,
	error: null,
	created: 0,
	changed: 0,
	ver: 1,
	...p,
});

describe("chart of a bot", () => {
	it("puts fills on the bar in which they happened, oldest first", () => {
		const m = marksOf(
			[fill(2, 25, "sell"), fill(1, 12, "buy"), fill(0, 3, "buy")],
			[10, 20, 30],
			(f) => f.qty,
		);
		expect(m.map((x) => [x.id, x.time, x.side, x.text])).toEqual([
			["fill-1", 10, "buy", "0.5"],
			["fill-2", 20, "sell", "0.5"],
		]);
		expect(marksOf([fill(1, 1, "buy")], [], () => "")).toEqual([]);
	});

	it("draws the entry and the working orders, not the done ones", () => {
		const b = bot({
			position: { qty: "1", avg_price: "100", unrealised: "0", since: 0 },
		});
		const l = levelsOf(b, [
			order({ stop: "90" }),
			order({ price: "120" }),
			order({ stop: "80", state: "cancelled" }),
		]);
		expect(l.map((x) => [x.label, x.price])).toEqual([
			["entry", 100],
			["stop", 90],
			["sell", 120],
		]);
	});

	it("cuts the strategy's lines to the bars that are shown", () => {
		const plots = {
			names: [
				{ name: "fast", kind: "line", color: null, overlay: true },
				{ name: "buy", kind: "shape", color: null, overlay: true },
			],
			t: [1, 2, 3, 4],
			values: [
				[null, 5, 6, 7],
				[1, 0, 0, 0],
			],
		};
		expect(overlaysOf(plots, [2, 3])).toHaveLength(1);
		expect(overlaysOf(plots, [2, 3])[0]).toMatchObject({
			below: false,
			t: [2, 3],
			v: [5, 6],
		});
		expect(overlaysOf(undefined, [1])).toEqual([]);
	});

	it("learns the digits of a price from the candles", () => {
		expect(decimalsOf([1, 2.5, 0.0001])).toBe(4);
		expect(decimalsOf([46000])).toBe(2);
		expect(decimalsOf([1e-7])).toBe(8);
	});

	it("gives the equity chart one point a second", () => {
		expect(points([1000, 1500, 2000, 500], [1, 2, Number.NaN, 9])).toEqual([
			{ time: 1, value: 2 },
		]);
	});
});

describe("live data of a bot", () => {
	it("puts new rows in front and replaces known ones", () => {
		const old = [
			{ id: 2, v: "b" },
			{ id: 1, v: "a" },
		];
		const out = mergeItems(
			old,
			[
				{ id: 2, v: "B" },
				{ id: 3, v: "c" },
				{ id: 4, v: "d" },
			],
			(x) => x.id,
		);
		expect(out.map((x) => x.id + x.v)).toEqual(["4d", "3c", "2B", "1a"]);
	});

	it("carries the curve on with the drawdown from its highest point", () => {
		const c = { t: [1], equity: [100], cash: [100], drawdown: [0] };
		const out = extendEquity(c, [
			{ t: 2, equity: 120 },
			{ t: 3, equity: 90 },
			{ t: 2, equity: 7 },
		]);
		expect(out.t).toEqual([1, 2, 3]);
		expect(out.drawdown).toEqual([0, 0, -0.25]);
		expect(c.t).toEqual([1]);
	});

	it("allows only what a state allows", () => {
		expect(allowed(bot({ state: "running" }))).toEqual({
			start: false,
			pause: true,
			stop: true,
			delete: false,
		});
		expect(allowed(bot({ state: "halted" }))).toEqual({
			start: true,
			pause: false,
			stop: false,
			delete: true,
		});
		expect(allowed(bot({ state: "finished" })).start).toBe(false);
	});

	it("takes only patches that name their bot", () => {
		expect(patchOf({ id: 3, state: "paused" })).toEqual({
			id: 3,
			state: "paused",
		});
		expect(patchOf({ state: "paused" })).toBeNull();
		expect(patchOf(null)).toBeNull();
	});
});

describe("forms", () => {
	const len: StrategyInput = {
		name: "len",
		type: "int",
		default: 14,
		min: 2,
		max: 50,
		step: 1,
		options: null,
	};
	const src: StrategyInput = { name: "src", type: "source", default: "close" };
	const on: StrategyInput = { name: "on", type: "bool", default: true };

	it("start from the defaults and give typed values back", () => {
		const d = toDraft([len, src, on]);
		expect(d).toEqual({ len: "14", src: "close", on: true });
		expect(fromDraft([len, src, on], d)).toEqual({
			len: 14,
			src: "close",
			on: true,
		});
	});

	it("say what is wrong and send nothing meanwhile", () => {
		expect(inputError(len, "1")).toBe("At least 2.");
		expect(inputError(len, "51")).toBe("At most 50.");
		expect(inputError(len, "2.5")).toBe("Enter a whole number.");
		expect(inputError(len, "")).toBe("Enter a number.");
		expect(inputError(src, "")).toBe("Choose a value.");
		expect(fromDraft([len], { len: "abc" })).toBeNull();
	});

	it("make a bot's request, with money as typed", () => {
		const form = {
			name: " A ",
			market: 1,
			tf: "1h",
			strategy: 1,
			inputs: { len: "14" },
			balance: "2500.50",
			feed: "replay" as const,
			from: "2022-01-01",
			to: "",
			speed: "3600",
		};
		const s = {
			id: 1,
			name: "s",
			starter: true,
			description: "",
			inputs: [len],
		};
		expect(toBody(form, s)).toEqual({
			name: "A",
			market_id: 1,
			tf: "1h",
			strategy_id: 1,
			inputs: { len: 14 },
			mode: "paper",
			initial_balance: "2500.50",
			feed: { kind: "replay", speed: 3600, from: Date.UTC(2022, 0, 1) },
		});
		expect(toBody({ ...form, balance: "0" }, s)).toBeNull();
		expect(toBody({ ...form, balance: "1e9" }, s)).toBeNull();
		expect(toBody({ ...form, feed: "live" }, s)?.feed).toEqual({
			kind: "live",
		});
		expect(dateMs("")).toBeUndefined();
	});
});

describe("sums and lists", () => {
	it("adds amounts exactly and skips missing ones", () => {
		expect(total(["0.1", "0.2", null])).toBe("0.3");
		expect(total([null])).toBeNull();
	});

	it("values a position at the latest price, exactly", () => {
		const p = {
			bot: { id: 1, name: "b" },
			market: { id: 1, exchange: "sim", symbol: "A/B" },
			qty: "0.3",
			avg_price: "0.1",
			last: null,
			unrealised: null,
			since: 0,
		};
		expect(revalue(p, { last: "0.3", time: 1 })).toMatchObject({
			last: "0.3",
			unrealised: "0.06",
		});
		expect(revalue(p, undefined)).toBe(p);
	});

	it("adds up the depth of a book", () => {
		expect(
			depthOf([
				["1", "0.1"],
				["2", "0.2"],
			]).map((d) => d.sum),
		).toEqual(["0.1", "0.3"]);
	});

	it("draws only the rows in sight and some around them", () => {
		expect(windowOf(1000, 35, 3500, 350, 5)).toEqual({
			first: 95,
			end: 115,
			before: 3325,
			after: 30975,
		});
		expect(windowOf(3, 35, 0, 420, 5)).toEqual({
			first: 0,
			end: 3,
			before: 0,
			after: 0,
		});
		expect(windowOf(0, 35, 900, 420, 5)).toEqual({
			first: 0,
			end: 0,
			before: 0,
			after: 0,
		});
	});

	it("filters the page's own log by level, words and request", () => {
		const e = (
			level: "info" | "error",
			message: string,
			request_id?: string,
		) => ({
			time: 0,
			level,
			message,
			...(request_id ? { request_id } : {}),
		});
		const all = [e("info", "Hello"), e("error", "Bye", "r1")];
		expect(
			filterEntries(all, { level: "warn", q: "", request: "" }),
		).toHaveLength(1);
		expect(
			filterEntries(all, { level: "", q: "hell", request: "" }),
		).toHaveLength(1);
		expect(
			filterEntries(all, { level: "", q: "", request: "r1" }),
		).toHaveLength(1);
	});

	it("writes a log line as plain text", () => {
		expect(
			logText({
				id: 1,
				time: 0,
				level: "warn",
				message: "slow",
				requestId: "r",
				count: 3,
			}),
		).toBe("1970-01-01T00:00:00.000Z WARN  slow request=r ×3");
	});

	it("names browsers in two words", () => {
		const ua =
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
		expect(browserName(ua)).toBe("Chrome on Linux");
		expect(browserName(`${ua} Edg/156.0`)).toBe("Edge on Linux");
		expect(browserName("curl/8.1")).toBe("curl");
		expect(browserName("")).toBe("unknown");
	});
});

describe("monitoring history", () => {
	const data = (
		time: number,
		requests: number,
		p95 = 0.01,
	): MonitoringData => ({
		time,
		uptime: 1,
		http: {
			routes: [
				{
					route: "/a",
					method: "GET",
					requests,
					errors: 0,
					p50: 0.001,
					p95,
					p99: 0.1,
				},
			],
			active: 0,
			slow: 0,
		},
		processes: [
			{
				role: "api",
				pid: 1,
				state: "idle",
				rss: 5,
				cpu_seconds: requests / 100,
				requests,
				restarts: 0,
			},
		],
		db: { queries: requests, errors: 0, p50: 0, p99: 0 },
		bots: {},
		orders: {},
		jobs: { queued: 0, running: 0 },
		live: { clients: 0, topics: 0, delivered: 0, dropped: 0 },
	});

	it("makes rates of counters, and none over a restart", () => {
		expect(rate(30, 10, 5000)).toBe(4);
		expect(rate(3, 10, 5000)).toBeNull();
		expect(rate(3, undefined, 5000)).toBeNull();
		const s = sampleOf(data(10_000, 150), data(5000, 100));
		expect(s).toMatchObject({
			requests: 10,
			errors: 0,
			cpu: 0.1,
			rss: 5,
			p95: 0.01,
		});
	});

	it("leaves latency out while nothing was asked", () => {
		expect(latency(data(2, 100), data(1, 100), "p95")).toBeNull();
	});
});
