/**
 * Models that learn from candles, as they travel: the types are made from the
 * API's own description (npm run api-types). Statistics are numbers or null;
 * every metric is of samples that the model never saw.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Model = Schemas["Model"];
export type ModelState = Model["state"];
/** A figure and its 95 % interval. */
export type Estimate = Schemas["ModelValue"];
export type ModelMetrics = Record<string, Estimate>;
export type Label = Schemas["ModelLabel"];
export type Drift = Schemas["ModelDrift"];

export type Kinds = Schemas["ModelKinds"];
export type Kind = Schemas["ModelKind"];
export type Feature = Schemas["ModelFeature"];
export type LabelKind = Schemas["ModelLabelKind"];

export type Curve = Schemas["ModelCurve"];
export type Evaluation = Schemas["ModelEvaluation"];
export type Bin = Schemas["ModelBin"];
export type Importance = Schemas["ModelImportance"];
export type SearchTrial = Schemas["ModelTrial"];

export type Prediction = Schemas["Prediction"];
export type Reason = Schemas["PredictionReason"];
export type Action = Prediction["action"];
export const ACTIONS: readonly Action[] = ["buy", "hold", "sell"];

/** What is asked for: what is left out is as usual. */
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
	label?: Partial<Label> & { kind: string };
	params?: Record<string, number>;
	layout?: string;
	seed?: number;
	retrain_days?: number;
	notes?: string;
	search?: { trials: number; layouts?: string[]; rates?: number[] };
}
