// A small world for working on the pages without the server: markets, bots
// that really trade an EMA cross on candles, logs. Never shipped.
import { existsSync, readFileSync } from "node:fs";

const DATA = process.env.ORCH_SHARED_DATA ?? "../../shared/data";
const HOUR = 3_600_000;
const MIN = 60_000;

/** Seeded random numbers (mulberry32), so that two runs look the same. */
export function rng(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
const normal = (r) =>
	Math.sqrt(-2 * Math.log(r() + 1e-12)) * Math.cos(2 * Math.PI * r());

const empty = () => ({ t: [], o: [], h: [], l: [], c: [], v: [] });
function put(c, b) {
	for (const k of ["t", "o", "h", "l", "c", "v"]) c[k].push(b[k]);
}
export const barAt = (c, i) => ({
	t: c.t[i],
	o: c.o[i],
	h: c.h[i],
	l: c.l[i],
	c: c.c[i],
	v: c.v[i],
});

function fromCsv(file) {
	if (!existsSync(file)) return null;
	const c = empty();
	for (const line of readFileSync(file, "utf8").split("\n").slice(1)) {
		const [t, o, h, l, cl, v] = line.split(",").map(Number);
		if (t) put(c, { t, o, h, l, c: cl, v });
	}
	return c;
}

function invented(seed, n, tf, price, end) {
	const r = rng(seed);
	const c = empty();
	let vol = 0.002;
	let p = price;
	const start = Math.floor(end / tf) * tf - (n - 1) * tf;
	for (let i = 0; i < n; i++) {
		vol = 0.96 * vol + 0.04 * (0.0012 + 0.003 * r());
		const o = p;
		const cl = o * Math.exp(vol * normal(r));
		const h = Math.max(o, cl) * (1 + vol * r() * 0.7);
		const l = Math.min(o, cl) * (1 - vol * r() * 0.7);
		put(c, {
			t: start + i * tf,
			o: +o.toFixed(2),
			h: +h.toFixed(2),
			l: +l.toFixed(2),
			c: +cl.toFixed(2),
			v: +(20 + 200 * r() * (1 + vol * 300)).toFixed(5),
		});
		p = cl;
	}
	return c;
}

export function resample(c, tf) {
	const out = empty();
	for (let i = 0; i < c.t.length; i++) {
		const t = Math.floor(c.t[i] / tf) * tf;
		const n = out.t.length - 1;
		if (out.t[n] !== t) put(out, { ...barAt(c, i), t });
		else {
			out.h[n] = Math.max(out.h[n], c.h[i]);
			out.l[n] = Math.min(out.l[n], c.l[i]);
			out.c[n] = c.c[i];
			out.v[n] = +(out.v[n] + c.v[i]).toFixed(5);
		}
	}
	return out;
}

export const TF = {
	"1m": MIN,
	"5m": 5 * MIN,
	"15m": 15 * MIN,
	"1h": HOUR,
	"4h": 4 * HOUR,
	"1d": 24 * HOUR,
};

function market(id, exchange, base, candles) {
	return {
		id,
		exchange,
		symbol: `${base}/USDT`,
		base,
		quote: "USDT",
		tick: "0.01",
		lot: "0.00001",
		min_notional: "10",
		status: "open",
		price_decimals: 2,
		candles,
	};
}

export function makeMarkets(now) {
	const sim = (seed, price) => {
		const one = invented(seed, 6000, MIN, price, now);
		return {
			"1m": one,
			"5m": resample(one, 5 * MIN),
			"15m": resample(one, 15 * MIN),
			"1h": resample(one, HOUR),
		};
	};
	const real = (coin, seed, price) => {
		const hour =
			fromCsv(`${DATA}/binance_${coin}_USDT-1h-2022_2025.csv`) ??
			invented(seed, 8000, HOUR, price, now);
		return {
			"1h": hour,
			"4h": resample(hour, 4 * HOUR),
			"1d": resample(hour, 24 * HOUR),
		};
	};
	return [
		market(1, "sim", "BTC", sim(7, 64250)),
		market(2, "sim", "ETH", sim(8, 3120)),
		market(3, "binance", "BTC", real("BTC", 3, 46000)),
		market(4, "binance", "ETH", real("ETH", 4, 3600)),
		market(5, "sim", "SOL", sim(9, 148)),
	];
}

export const STRATEGIES = [
	{
		id: 1,
		name: "EMA cross",
		starter: true,
		description:
			"Buys when a fast average crosses above a slow one, sells when it falls below.",
		inputs: [
			int("fast", "Fast length", 12),
			int("slow", "Slow length", 26),
			{
				name: "src",
				title: "Source",
				type: "source",
				default: "close",
				min: null,
				max: null,
				step: null,
				options: null,
			},
		],
	},
	{
		id: 2,
		name: "RSI reversal",
		starter: true,
		description: "Buys what has fallen too far, sells when it has recovered.",
		inputs: [
			int("len", "Length", 14),
			{ ...int("low", "Buy below", 30), min: 1, max: 99 },
			{ ...int("high", "Sell above", 70), min: 1, max: 99 },
		],
	},
	{
		id: 3,
		name: "Bollinger breakout",
		starter: true,
		description: "Follows a break of the upper band, with an ATR stop below.",
		inputs: [
			int("len", "Length", 20),
			{
				name: "mult",
				title: "Width",
				type: "float",
				default: 2,
				min: 0.1,
				max: 10,
				step: 0.1,
				options: null,
			},
			{
				name: "trail",
				title: "Trailing stop",
				type: "bool",
				default: true,
				min: null,
				max: null,
				step: null,
				options: null,
			},
		],
	},
];
function int(name, title, value) {
	return {
		name,
		title,
		type: "int",
		default: value,
		min: 1,
		max: 500,
		step: 1,
		options: null,
	};
}

const FEE = 0.001;
const money = (n, d = 8) => n.toFixed(d).replace(/\.?0+$/, "") || "0";

/** A bot: decides on a closed bar, fills at the open of the next. */
export class DevBot {
	constructor(id, p, m, strategy) {
		Object.assign(this, {
			id,
			...p,
			m,
			strategy,
			state: "created",
			error: null,
			created: Date.now() - 86_400_000,
			changed: Date.now(),
			ver: 1,
			cash: Number(p.initial_balance),
			qty: 0,
			avg: 0,
			since: 0,
			pending: null,
			bars: 0,
			bar: null,
			orders: [],
			fills: [],
			trades: [],
			eq: { t: [], equity: [], cash: [], drawdown: [] },
			plots: { t: [], fast: [], slow: [] },
			lines: [],
			peak: 0,
			ef: null,
			es: null,
			up: null,
		});
		const all = m.candles[p.tf];
		this.from = all.t.findIndex((t) => t >= (p.feed.from ?? 0));
		if (p.feed.kind === "live") this.from = Math.max(0, all.t.length - 1);
		this.at = this.from;
		const to = p.feed.to ?? Number.MAX_SAFE_INTEGER;
		this.total =
			p.feed.kind === "replay"
				? all.t.filter((t, i) => i >= this.from && t <= to).length
				: null;
	}
	log(level, message, time = this.bar?.t ?? Date.now()) {
		const line = { id: this.lines.length + 1, time, level, message };
		this.lines.push(line);
		return ["log", line];
	}
	fill(side, price, qty, t) {
		const fee = price * qty * FEE;
		const order = {
			id: this.orders.length + 1,
			client_id: `b${this.id}-${this.orders.length + 1}`,
			side,
			type: "market",
			qty: money(qty),
			price: null,
			stop: null,
			state: "filled",
			filled: money(qty),
			avg_price: money(price),
			signal: side === "buy" ? "Long" : "Close",
			created: t,
			reason: null,
		};
		const fill = {
			id: this.fills.length + 1,
			order_id: order.id,
			time: t,
			side,
			price: money(price),
			qty: money(qty),
			fee: money(fee),
			fee_asset: "USDT",
			liquidity: "taker",
		};
		this.orders.push(order);
		this.fills.push(fill);
		const events = [
			["order", order],
			["fill", fill],
		];
		if (side === "buy") {
			this.cash -= price * qty + fee;
			this.qty = qty;
			this.avg = price;
			this.since = t;
			this.entryFee = fee;
			this.trades.push({
				number: this.trades.length + 1,
				direction: "long",
				entry_time: t,
				entry_price: money(price),
				entry_signal: "Long",
				exit_time: null,
				exit_price: null,
				exit_signal: null,
				qty: money(qty),
				profit: "0",
				profit_ratio: 0,
				fees: money(fee),
				bars: 0,
				open: true,
			});
		} else {
			this.cash += price * qty - fee;
			const profit = (price - this.avg) * qty - fee - this.entryFee;
			Object.assign(this.trades.at(-1), {
				exit_time: t,
				exit_price: money(price),
				exit_signal: "Close",
				profit: money(profit),
				profit_ratio: profit / (this.avg * qty),
				fees: money(fee + this.entryFee),
				bars: Math.round((t - this.since) / TF[this.tf]),
				open: false,
			});
			this.qty = 0;
		}
		events.push(["trade", this.trades.at(-1)]);
		return events;
	}
	/** One closed bar. Returns what happened as live events. */
	step(b) {
		const ev = [];
		this.bar = b;
		this.bars++;
		if (this.pending === "buy" && this.qty === 0) {
			const qty = Math.floor(((this.cash * 0.95) / b.o) * 1e5) / 1e5;
			ev.push(...this.fill("buy", b.o, qty, b.t));
			ev.push(this.log("info", `Bought ${qty} at ${b.o}`));
		} else if (this.pending === "sell" && this.qty > 0) {
			ev.push(...this.fill("sell", b.o, this.qty, b.t));
			ev.push(this.log("info", `Sold at ${b.o}`));
		}
		this.pending = null;
		const k = (n) => 2 / (n + 1);
		const { fast = 12, slow = 26 } = this.inputs;
		this.ef = this.ef === null ? b.c : this.ef + k(fast) * (b.c - this.ef);
		this.es = this.es === null ? b.c : this.es + k(slow) * (b.c - this.es);
		const up = this.ef > this.es;
		if (this.bars > slow && this.up !== null && up !== this.up) {
			this.pending = up ? "buy" : "sell";
			ev.push(
				this.log(
					"debug",
					`${up ? "Crossed above" : "Fell below"}: fast ${this.ef.toFixed(2)}, slow ${this.es.toFixed(2)}`,
				),
			);
		}
		this.up = up;
		this.plots.t.push(b.t);
		this.plots.fast.push(this.bars < fast ? null : +this.ef.toFixed(2));
		this.plots.slow.push(this.bars < slow ? null : +this.es.toFixed(2));
		const equity = this.cash + this.qty * b.c;
		this.peak = Math.max(this.peak, equity);
		this.eq.t.push(b.t);
		this.eq.equity.push(+equity.toFixed(2));
		this.eq.cash.push(+this.cash.toFixed(2));
		this.eq.drawdown.push((equity - this.peak) / this.peak);
		ev.push(["bar", b], ["equity", { t: b.t, equity: money(equity, 2) }]);
		return ev;
	}
	view() {
		const equity = this.eq.equity.at(-1) ?? Number(this.initial_balance);
		const profit = equity - Number(this.initial_balance);
		const last = this.bar?.c ?? 0;
		return {
			id: this.id,
			name: this.name,
			state: this.state,
			want: this.state,
			mode: "paper",
			market: {
				id: this.m.id,
				exchange: this.m.exchange,
				symbol: this.m.symbol,
			},
			tf: this.tf,
			strategy: { id: this.strategy.id, name: this.strategy.name },
			inputs: this.inputs,
			feed: this.feed,
			progress: {
				bar_time: this.bar?.t ?? null,
				bars: this.bars,
				bars_total: this.total,
			},
			equity: money(equity, 2),
			initial_balance: this.initial_balance,
			profit: money(profit, 2),
			profit_ratio: profit / Number(this.initial_balance),
			position: this.qty
				? {
						qty: money(this.qty),
						avg_price: money(this.avg),
						unrealised: money((last - this.avg) * this.qty, 2),
						since: this.since,
					}
				: null,
			trades: this.trades.filter((t) => !t.open).length,
			error: this.error,
			created: this.created,
			changed: this.changed,
			ver: this.ver,
		};
	}
}
