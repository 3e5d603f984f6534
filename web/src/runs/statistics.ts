import type { Metrics } from "../api/runTypes";
import type { SweepStatistics } from "../api/sweepTypes";
import type { Formats } from "../app/format";

/** What the statistics of a sweep say, each in one sentence. */

export interface Verdict {
	key: string;
	label: string;
	value: string;
	tone: "good" | "warn" | "danger" | "";
	sentence: string;
	about: string;
}

const num = (v: unknown): number | null =>
	typeof v === "number" && Number.isFinite(v) ? v : null;

const share = (f: Formats, v: number) => f.percent(v, 0).replace("+", "");

export function verdicts(s: SweepStatistics, f: Formats): Verdict[] {
	const out: Verdict[] = [];
	const pbo = num(s.pbo);
	out.push({
		key: "pbo",
		label: "Chance of overfitting (PBO)",
		value: pbo === null ? "–" : share(f, pbo),
		tone:
			pbo === null ? "" : pbo < 0.2 ? "good" : pbo < 0.5 ? "warn" : "danger",
		sentence:
			pbo === null
				? "There are too few trials or bars to tell."
				: `In ${share(f, pbo)} of the ways to halve the history, the best of one half was below the middle in the other.`,
		about:
			"Combinatorially symmetric cross-validation. Below a fifth is reassuring; at one half, choosing the best was worth nothing.",
	});
	const dsr = num(s.deflated_sharpe);
	const luck = num(s.luck_sharpe);
	out.push({
		key: "deflated",
		label: "Deflated Sharpe ratio",
		value: dsr === null ? "–" : share(f, dsr),
		tone:
			dsr === null ? "" : dsr > 0.95 ? "good" : dsr > 0.5 ? "warn" : "danger",
		sentence:
			dsr === null
				? "There are too few trials or returns to tell."
				: `With ${share(f, dsr)} certainty the best Sharpe ratio is more than luck gives to that many trials.`,
		about: `Takes the number of trials, their spread, skewness and fat tails into account${
			luck === null
				? ""
				: `; luck alone would reach ${f.money(luck, { max: 4 })} a period here`
		}. 95 % is the usual bar.`,
	});
	const plateau = num(s.plateau);
	out.push({
		key: "plateau",
		label: "Plateau score",
		value: plateau === null ? "–" : share(f, plateau),
		tone:
			plateau === null
				? ""
				: plateau > 0.8
					? "good"
					: plateau > 0.5
						? "warn"
						: "danger",
		sentence:
			plateau === null
				? "The best one has no neighbours to compare with."
				: `The settings next to the best one reach about ${share(f, plateau)} of its score.`,
		about:
			"A good setting among good ones is likelier to hold than a single peak.",
	});
	return out;
}

export interface IntervalRow {
	key: string;
	label: string;
	metric: string;
	low: number | null;
	mid: number | null;
	high: number | null;
}

const PARTS: [string, string][] = [
	["trade_order", "Trades shuffled"],
	["returns", "Returns drawn in blocks"],
];

/** The 5 % to 95 % intervals of the Monte Carlo runs. */
export function intervals(s: SweepStatistics): IntervalRow[] {
	const out: IntervalRow[] = [];
	for (const [part, label] of PARTS) {
		const v = s.monte_carlo?.[part];
		if (typeof v !== "object" || v === null) continue;
		for (const [metric, x] of Object.entries(v)) {
			if (typeof x !== "object" || x === null) continue;
			const i = x as Record<string, unknown>;
			out.push({
				key: `${part}/${metric}`,
				label,
				metric,
				low: num(i.p05),
				mid: num(i.p50),
				high: num(i.p95),
			});
		}
	}
	return out;
}

export function lossChance(s: SweepStatistics): number | null {
	const r = s.monte_carlo?.returns as Record<string, unknown> | undefined;
	return num(r?.loss_probability);
}

/** Metrics, whether they stand in an object of their own or not. */
export function metricsIn(v: unknown): Metrics | null {
	if (typeof v !== "object" || v === null) return null;
	const m = (v as { metrics?: unknown }).metrics;
	return (typeof m === "object" && m !== null ? m : v) as Metrics;
}
