import type {
	Inputs,
	Metrics,
	RulesSet,
	RunBase,
	RunOptions,
} from "./runTypes";
import type { InputValue } from "./types";

/** Many backtests of one strategy, and what they are worth together. */

export const METHODS = ["grid", "random", "sobol", "anneal", "tpe"] as const;
export type Method = (typeof METHODS)[number];

export interface Constraint {
	metric: string;
	op: "<=" | ">=";
	value: number;
}

export type SpaceItem =
	| { input: string; min: number; max: number; step: number }
	| { input: string; options: InputValue[] };

export interface WalkForward {
	kind: "anchored" | "rolling";
	/** Bars. */
	train: number;
	test: number;
}

export interface SweepStatistics {
	pbo: number | null;
	deflated_sharpe: number | null;
	plateau: number | null;
	/** Sharpe of a period that luck alone gives to so many trials. */
	luck_sharpe?: number | null;
	monte_carlo: Record<string, unknown> | null;
}

export interface Fold {
	number: number;
	train_from: number;
	train_to: number;
	test_from: number;
	test_to: number;
	inputs: Inputs | null;
	train: Metrics | null;
	test: Metrics | null;
}

export interface Sweep extends RunBase {
	method: Method;
	objective: string;
	constraints: Constraint[];
	space: SpaceItem[];
	max_trials: number;
	seed: number;
	walk_forward: WalkForward | null;
	trials_done: number;
	trials_total: number;
	best: {
		fold?: number | null;
		number: number;
		inputs: Inputs;
		metrics: Metrics;
		score: number | null;
	} | null;
	statistics: SweepStatistics | null;
	folds: Fold[] | null;
	out_of_sample: Metrics | null;
}

export interface SweepBody {
	strategy_id: number;
	inputs: Inputs;
	market_id: number;
	tf: string;
	from?: number;
	to?: number;
	rules_set: RulesSet;
	options: RunOptions;
	method: Method;
	objective: string;
	constraints: Constraint[];
	space: SpaceItem[];
	max_trials: number;
	seed: number;
	walk_forward: WalkForward | null;
	name?: string;
	notes?: string;
	tags?: string[];
}

export interface Trial {
	number: number;
	fold: number | null;
	/** dropped: a condition does not hold. */
	state: "done" | "dropped" | "failed";
	inputs: Inputs;
	metrics: Metrics | null;
	score: number | null;
	error: string | null;
}

export interface Heatmap {
	x: { name: string; values: InputValue[] };
	y: { name: string; values: InputValue[] };
	values: (number | null)[][];
	/** The values of the best cell, not their places. */
	best: { x: InputValue; y: InputValue } | null;
	plateau: (number | null)[][];
}
