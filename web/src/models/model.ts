import type { Curve, Estimate, Model, ModelState } from "../api/modelTypes";
import type { Formats } from "../app/format";

/** What can be said of a model without drawing it. */

export const isUnderWay = (m: { state: ModelState }) =>
	m.state === "queued" || m.state === "training";
export const isTrained = (m: { state: ModelState }) =>
	m.state === "candidate" || m.state === "active" || m.state === "retired";

export interface EpochNews {
	epoch?: number;
	epochs?: number;
	train_loss?: number | null;
	valid_loss?: number | null;
	valid_accuracy?: number | null;
	rate?: number | null;
}

/** The curve with one epoch more; an epoch that is told twice counts once. */
export function addEpoch(c: Curve, n: EpochNews): Curve {
	if (n.epoch === undefined || n.train_loss === undefined) return c;
	const at = c.epoch.indexOf(n.epoch);
	const last = c.epoch.at(-1) ?? 0;
	// A search begins anew with each trial: its curve is another one.
	const from = at < 0 && n.epoch < last ? 0 : at < 0 ? c.epoch.length : at;
	const put = <T>(v: readonly T[], x: T): T[] => [...v.slice(0, from), x];
	return {
		epoch: put(c.epoch, n.epoch),
		train_loss: put(c.train_loss, n.train_loss ?? null),
		valid_loss: put(c.valid_loss, n.valid_loss ?? null),
		valid_accuracy: put(c.valid_accuracy, n.valid_accuracy ?? null),
		rate: put(c.rate, n.rate ?? null),
	};
}

export interface MetricInfo {
	key: string;
	label: string;
	about: string;
	/** 1: more is better, -1: less is. */
	better: 1 | -1;
	/** Shown as a share of 100. */
	share?: boolean;
}

export const METRICS: readonly MetricInfo[] = [
	{
		key: "accuracy",
		label: "Accuracy",
		about: "share of bars whose class was said right",
		better: 1,
		share: true,
	},
	{
		key: "balanced_accuracy",
		label: "Balanced accuracy",
		about: "mean over the classes of the share that was found",
		better: 1,
		share: true,
	},
	{
		key: "precision",
		label: "Precision",
		about: "of what it said, how much came; mean over the classes",
		better: 1,
		share: true,
	},
	{
		key: "recall",
		label: "Recall",
		about: "of what came, how much it said; mean over the classes",
		better: 1,
		share: true,
	},
	{
		key: "f1",
		label: "F1",
		about: "harmonic mean of precision and recall, over the classes",
		better: 1,
		share: true,
	},
	{
		key: "mcc",
		label: "Matthews correlation",
		about: "0 is chance, 1 is perfect",
		better: 1,
	},
	{
		key: "log_loss",
		label: "Log loss",
		about: "−ln of the probability given to what came; less is better",
		better: -1,
	},
	{
		key: "brier",
		label: "Brier score",
		about: "squared error of the probabilities; less is better",
		better: -1,
	},
	{
		key: "ece",
		label: "Calibration error",
		about: "how far stated probabilities are from what came (ECE)",
		better: -1,
		share: true,
	},
	{
		key: "auc",
		label: "ROC AUC",
		about: "0.5 is chance; one class against the rest, mean",
		better: 1,
	},
	{
		key: "profit",
		label: "Profit after fees",
		about: "of following the signal, each change of position paid for",
		better: 1,
		share: true,
	},
	{
		key: "sharpe",
		label: "Sharpe, per bar",
		about: "mean return over its deviation, after fees",
		better: 1,
	},
];

export function infoOf(key: string): MetricInfo {
	return (
		METRICS.find((m) => m.key === key) ?? {
			key,
			label: key.replace(/_/g, " "),
			about: "",
			better: 1,
		}
	);
}

/** The metrics that are there, in the order in which they are shown. */
export function presentMetrics(
	all: readonly (Record<string, Estimate> | null | undefined)[],
): MetricInfo[] {
	const keys = new Set(all.flatMap((m) => Object.keys(m ?? {})));
	return [
		...METRICS.filter((m) => keys.has(m.key)),
		...[...keys].filter((k) => !METRICS.some((m) => m.key === k)).map(infoOf),
	];
}

export function writeValue(
	f: Formats,
	m: MetricInfo,
	v: number | null | undefined,
): string {
	if (v === null || v === undefined || !Number.isFinite(v)) return "–";
	return m.share
		? f.percent(v, 1).replace("+", "")
		: f.money(v.toFixed(4), { min: 3, max: 3 });
}

/** "from 41.0 % to 45.2 %", or nothing where there is no interval. */
export function writeInterval(
	f: Formats,
	m: MetricInfo,
	e: Estimate | undefined,
): string {
	if (!e || e.low === null || e.high === null) return "";
	return `${writeValue(f, m, e.low)} to ${writeValue(f, m, e.high)}`;
}

export type AgeTone = "good" | "warn";

/** Days since it was trained; null while it is not. */
export function ageDays(m: Model, now: number): number | null {
	return m.trained === null
		? null
		: Math.max(0, (now - m.trained) / 86_400_000);
}

/** Which model of each list is best by a metric: the indices, ties too. */
export function bestBy(
	info: MetricInfo,
	values: readonly (number | null | undefined)[],
): Set<number> {
	const known = values
		.map((v, i) => ({ v, i }))
		.filter(
			(x): x is { v: number; i: number } =>
				typeof x.v === "number" && Number.isFinite(x.v),
		);
	if (known.length < 2) return new Set();
	const top = known.reduce(
		(a, x) => (info.better * (x.v - a) > 0 ? x.v : a),
		known[0]?.v ?? 0,
	);
	return new Set(known.filter((x) => x.v === top).map((x) => x.i));
}
