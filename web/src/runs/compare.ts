import type { Backtest, RunEquity } from "../api/runTypes";
import type { Formats } from "../app/format";
import { indexAt } from "../lib/candles";
import { type Metric, metricsOf } from "./metrics";
import { setupFacts } from "./Properties";
import { value } from "./values";

/** Several runs side by side. */

/** Ids from the address: each once, four at most. */
export function idsOf(text: string | null, most: number): number[] {
	const all = (text ?? "")
		.split(",")
		.map(Number)
		.filter((n) => Number.isInteger(n) && n > 0);
	return [...new Set(all)].slice(0, most);
}

/** The metrics that any of them has. */
export function commonMetrics(runs: readonly Backtest[]): Metric[] {
	const seen = new Set<string>();
	return runs
		.flatMap((r) => metricsOf(r.metrics))
		.filter((m) => {
			if (seen.has(m.key)) return false;
			seen.add(m.key);
			return true;
		});
}

/** Which of them did best; none where nothing tells them apart. */
export function bestOf(m: Metric, runs: readonly Backtest[]): number | null {
	if (m.better === 0) return null;
	const v = runs.map((r) => value(r.metrics, m.key));
	const known = v.filter((x): x is number => x !== null);
	// Losses come as positive or negative numbers: nearer to zero is less.
	const score = (x: number) => (m.better === 1 ? x : -Math.abs(x));
	const top = Math.max(...known.map(score));
	const hits = v.flatMap((x, i) => (x !== null && score(x) === top ? [i] : []));
	return hits.length === 1 && known.length > 1 ? (hits[0] ?? null) : null;
}

export interface Difference {
	label: string;
	values: string[];
	same: boolean;
}

/** What was asked for in each, and where that differs. */
export function differences(
	runs: readonly Backtest[],
	f: Formats,
): Difference[] {
	const facts = runs.map((r) => new Map(setupFacts(r, f)));
	const labels = [...new Set(facts.flatMap((m) => [...m.keys()]))];
	return labels.map((label) => {
		const values = facts.map((m) => m.get(label) ?? "–");
		return { label, values, same: values.every((v) => v === values[0]) };
	});
}

/** Curves on one axis of time, each as growth over what it began with. */
export function overlay(curves: readonly RunEquity[], most = 1500) {
	const all = [...new Set(curves.flatMap((c) => c.t))].sort((a, b) => a - b);
	const step = Math.max(1, Math.ceil(all.length / most));
	const t = all.filter((_, i) => i % step === 0 || i === all.length - 1);
	const lines = curves.map((c) => {
		const first = c.equity.find((x) => x !== null) ?? null;
		return t.map((ms) => {
			const i = indexAt(c.t, ms);
			const v = i < 0 || ms > (c.t.at(-1) ?? 0) ? null : c.equity[i];
			if (v === null || v === undefined || !first) return null;
			return Number(v) / Number(first) - 1;
		});
	});
	return { t, lines };
}
