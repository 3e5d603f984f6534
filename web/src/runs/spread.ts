import type { RunTrade } from "../api/runTypes";

/** The trades of a run as a distribution and as points. */

export interface Bin {
	from: number;
	to: number;
	count: number;
}

/** Equal bins over the returns, zero being a border of two of them. */
export function histogram(values: readonly number[], about = 31): Bin[] {
	const v = values.filter(Number.isFinite);
	if (v.length === 0) return [];
	const lo = Math.min(
		0,
		v.reduce((a, b) => Math.min(a, b)),
	);
	const hi = Math.max(
		0,
		v.reduce((a, b) => Math.max(a, b)),
	);
	const width = (hi - lo) / about || 0.001;
	const first = Math.floor(lo / width);
	const last = Math.max(first + 1, Math.ceil(hi / width));
	const bins = Array.from({ length: last - first }, (_, i) => ({
		from: (first + i) * width,
		to: (first + i + 1) * width,
		count: 0,
	}));
	for (const x of v) {
		const i = Math.min(bins.length - 1, Math.floor(x / width) - first);
		const bin = bins[Math.max(0, i)];
		if (bin) bin.count++;
	}
	return bins;
}

export interface Point {
	number: number;
	/** Worst and best open profit and the result, over what was paid. */
	mae: number;
	mfe: number;
	result: number;
}

export function pointsOf(trades: readonly RunTrade[]): Point[] {
	return trades.flatMap((t) => {
		const paid = Number(t.qty) * Number(t.entry_price);
		const result = Number(t.profit_ratio);
		if (t.open_at_end || t.mae === null || t.mfe === null) return [];
		if (!(paid > 0) || !Number.isFinite(result)) return [];
		return [
			{
				number: t.number,
				mae: Math.abs(Number(t.mae)) / paid,
				mfe: Math.max(0, Number(t.mfe)) / paid,
				result,
			},
		];
	});
}

export function quantile(sorted: readonly number[], q: number): number | null {
	if (sorted.length === 0) return null;
	const at = (sorted.length - 1) * q;
	const lo = sorted[Math.floor(at)] ?? 0;
	const hi = sorted[Math.ceil(at)] ?? lo;
	return lo + (hi - lo) * (at - Math.floor(at));
}
