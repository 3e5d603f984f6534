import type { Candles } from "../api/types";

/** One bar, as it comes over the live channel. */
export interface Bar {
	t: number;
	o: number;
	h: number;
	l: number;
	c: number;
	v: number;
}

const COLUMNS = ["t", "o", "h", "l", "c", "v"] as const;

export function emptyCandles(market: number, tf: string): Candles {
	return { market, tf, t: [], o: [], h: [], l: [], c: [], v: [] };
}

/** A bar from live data, whose fields may be numbers or decimal strings. */
export function toBar(data: unknown): Bar | null {
	if (typeof data !== "object" || data === null) return null;
	const d = data as Record<string, unknown>;
	const bar = { t: 0, o: 0, h: 0, l: 0, c: 0, v: 0 };
	for (const k of COLUMNS) {
		const n = Number(d[k]);
		if (d[k] === null || d[k] === undefined || !Number.isFinite(n)) return null;
		bar[k] = n;
	}
	return bar;
}

export function barAt(c: Candles, i: number): Bar | null {
	const t = c.t[i];
	if (t === undefined) return null;
	return {
		t,
		o: c.o[i] ?? 0,
		h: c.h[i] ?? 0,
		l: c.l[i] ?? 0,
		c: c.c[i] ?? 0,
		v: c.v[i] ?? 0,
	};
}

/** Index of the last bar that opened at or before a moment; -1: none. */
export function indexAt(times: readonly number[], ms: number): number {
	let lo = 0;
	let hi = times.length;
	while (lo < hi) {
		const mid = (lo + hi) >> 1;
		if ((times[mid] ?? 0) <= ms) lo = mid + 1;
		else hi = mid;
	}
	return lo - 1;
}

function slice(c: Candles, from: number, to?: number): Candles {
	const out = emptyCandles(c.market, c.tf);
	for (const k of COLUMNS) out[k] = c[k].slice(from, to);
	return out;
}

function concat(a: Candles, b: Candles): Candles {
	const out = emptyCandles(b.market, b.tf);
	for (const k of COLUMNS) out[k] = a[k].concat(b[k]);
	return out;
}

/** Older bars in front; what both have is taken from the newer. */
export function prepend(older: Candles, newer: Candles): Candles {
	const first = newer.t[0];
	if (first === undefined) return older;
	return concat(slice(older, 0, indexAt(older.t, first - 1) + 1), newer);
}

/** Newer bars behind; what both have is taken from the newer. */
export function append(older: Candles, newer: Candles): Candles {
	const first = newer.t[0];
	if (first === undefined) return older;
	return concat(slice(older, 0, indexAt(older.t, first - 1) + 1), newer);
}

/** Live bars: the last bar grows or new ones follow. Late ones are dropped. */
export function upsert(c: Candles, bars: readonly Bar[]): Candles {
	if (bars.length === 0) return c;
	const out = slice(c, 0);
	for (const b of bars) {
		const n = out.t.length;
		const last = out.t[n - 1];
		if (last !== undefined && b.t < last) continue;
		const at = last === b.t ? n - 1 : n;
		for (const k of COLUMNS) out[k][at] = b[k];
	}
	return out;
}

/** Median distance between bars, for timeframes nobody named. */
export function spacing(times: readonly number[]): number {
	const d: number[] = [];
	for (let i = Math.max(1, times.length - 50); i < times.length; i++)
		d.push((times[i] ?? 0) - (times[i - 1] ?? 0));
	d.sort((a, b) => a - b);
	return d[d.length >> 1] ?? 0;
}

/** Digits after the point that the last closes use, at most eight. */
export function decimalsOf(closes: readonly number[]): number {
	let most = 0;
	for (const c of closes.slice(-200)) {
		const s = String(c);
		const frac = s.includes("e") ? 8 : (s.split(".")[1]?.length ?? 0);
		most = Math.max(most, Math.min(frac, 8));
	}
	return Math.max(most, 2);
}
