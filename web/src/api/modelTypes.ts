/**
 * Models that learn from candles, as they travel. Statistics are numbers or
 * null; every metric is of samples that the model never saw.
 */
import type { MarketRef } from "./types";

export type ModelState =
	| "queued"
	| "training"
	| "candidate"
	| "active"
	| "retired"
	| "failed"
	| "cancelled";

/** A figure and its 95 % interval. */
export interface Estimate {
	value: number | null;
	low: number | null;
	high: number | null;
}

export type ModelMetrics = Record<string, Estimate>;

export interface Label {
	kind: string;
	threshold?: number;
	bars?: number;
	weights?: boolean;
}

export interface Drift {
	psi: number | null;
	state: "stable" | "moderate" | "drifted";
	at: number;
}

export interface Model {
	id: number;
	name: string;
	kind: string;
	title: string;
	state: ModelState;
	market: MarketRef;
	tf: string;
	window: number;
	features: string[];
	label: Label;
	params: Record<string, number>;
	layout: string | null;
	seed: number;
	train_from: number;
	train_to: number;
	valid_to: number;
	test_to: number;
	metrics: ModelMetrics | null;
	verdict: string | null;
	better: boolean | null;
	checksum: string | null;
	feature_hash: string | null;
	size: number | null;
	created: number;
	trained: number | null;
	promoted: number | null;
	generation: number | null;
	drift: Drift | null;
	retrain_days: number | null;
	/** From 0 to 1. */
	progress: number;
	eta_ms: number | null;
	error: string | null;
	notes: string | null;
}

export interface KindParam {
	name: string;
	default: number;
	min: number;
	max: number;
	integer: boolean;
	doc: string;
}

export interface Kind {
	name: string;
	title: string;
	group: string;
	params: KindParam[];
	window: number;
	layout: string | null;
}

export interface Feature {
	name: string;
	title?: string;
	formula: string;
	warm_up: number;
	min: number | null;
	max: number | null;
	group: string;
	/** In the list that nobody has to name. */
	usual?: boolean;
}

export interface LabelKind {
	name: string;
	title?: string;
	threshold?: number;
	bars?: number;
}

export interface Kinds {
	kinds: Kind[];
	features: Feature[];
	labels: LabelKind[];
}

export interface ModelBody {
	name: string;
	kind: string;
	market_id: number;
	tf: string;
	train_from?: number;
	train_to?: number;
	valid_to?: number;
	test_to?: number;
	features?: string[];
	window?: number;
	label?: Label;
	params?: Record<string, number>;
	layout?: string;
	seed?: number;
	retrain_days?: number;
	notes?: string;
	search?: { trials: number; layouts?: string[]; rates?: number[] };
}

export interface Curve {
	epoch: number[];
	train_loss: (number | null)[];
	valid_loss: (number | null)[];
	valid_accuracy: (number | null)[];
	rate: (number | null)[];
}

export interface ClassRow {
	class: string;
	precision: number | null;
	recall: number | null;
	f1: number | null;
	support: number;
}

export interface Bin {
	from: number;
	to: number;
	mean_p: number | null;
	observed: number | null;
	n: number;
}

export interface Roc {
	class: string;
	auc: number | null;
	fpr: number[];
	tpr: number[];
}

export interface Importance extends Estimate {
	feature: string;
}

export interface Baseline {
	name: string;
	metrics: ModelMetrics;
	/** Its log loss less the model's. */
	gain?: Estimate;
}

export interface SearchTrial {
	layout: string | null;
	rate: number | null;
	round: number;
	loss: number | null;
	state?: string;
	/** It went on to the next round, or won. */
	chosen?: boolean;
}

export interface Evaluation {
	samples: number;
	metrics: ModelMetrics;
	per_class: ClassRow[];
	/** Rows: what came; columns: what was said. */
	confusion: number[][];
	reliability: Bin[];
	ece: number | null;
	roc: Roc[];
	importance: Importance[];
	baselines: Baseline[];
	profit: {
		t: number[];
		model: (number | null)[];
		buy_hold: (number | null)[];
	} | null;
	verdict: string;
	better: boolean;
	search: SearchTrial[] | null;
}

export type Action = "buy" | "hold" | "sell";
export const ACTIONS: readonly Action[] = ["buy", "hold", "sell"];

export interface Reason {
	feature: string;
	value: number | null;
	contribution: number;
	sentence: string;
}

export interface Prediction {
	action: Action;
	probabilities: Record<Action, number> | null;
	/** Calibrated: how often such answers were right. */
	confidence: number | null;
	strength: number | string | null;
	/** The return itself, of models that foretell one. */
	predicted?: number | null;
	indicators: Record<string, number | null>;
	reasons: Reason[];
	model: { id: number; name: string; kind: string; generation: number };
	bar_time: number;
	model_age_ms: number;
}
