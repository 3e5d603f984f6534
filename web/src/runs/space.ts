import type { SpaceItem, WalkForward } from "../api/sweepTypes";
import type { StrategyInput } from "../api/types";
import { SOURCES } from "../components/InputsForm";

/** The inputs that a sweep varies, as a form holds them. */

export interface AxisDraft {
	vary: boolean;
	min: string;
	max: string;
	step: string;
	/** For inputs that are chosen from a list. */
	chosen: string[];
}
export type SpaceDraft = Record<string, AxisDraft>;

const NUMBER = new Set(["int", "float", "price"]);
export const isRange = (i: StrategyInput) =>
	NUMBER.has(i.type) && !i.options?.length;

/** The values that an input can be chosen from; empty: it is no choice. */
export function listOf(i: StrategyInput): string[] {
	if (i.type === "bool") return ["false", "true"];
	if (i.options?.length) return i.options.map(String);
	return i.type === "source" ? SOURCES : [];
}

export const canVary = (i: StrategyInput) => isRange(i) || listOf(i).length > 1;

const tidy = (n: number) => String(Number(n.toPrecision(6)));

/** From half of the default to twice as much, in about eight steps. */
export function startAxis(i: StrategyInput, vary: boolean): AxisDraft {
	const d = Number(i.default);
	if (!isRange(i))
		return { vary, min: "", max: "", step: "", chosen: listOf(i) };
	const lo = Math.max(i.min ?? Number.NEGATIVE_INFINITY, d ? d / 2 : 0);
	const hi = Math.min(i.max ?? Number.POSITIVE_INFINITY, d ? d * 2 : 1);
	const whole = i.type === "int";
	const min = whole ? Math.round(Math.min(lo, hi)) : Math.min(lo, hi);
	const max = whole ? Math.round(Math.max(lo, hi)) : Math.max(lo, hi);
	const raw = (max - min) / 8;
	const step = whole ? Math.max(1, Math.round(raw)) : (i.step ?? raw);
	return { vary, min: tidy(min), max: tidy(max), step: tidy(step), chosen: [] };
}

/** The first two ranges are varied to begin with: a map has two sides. */
export function startSpace(inputs: readonly StrategyInput[]): SpaceDraft {
	let left = 2;
	return Object.fromEntries(
		inputs.filter(canVary).map((i) => {
			const vary = isRange(i) && left-- > 0;
			return [i.name, startAxis(i, vary)];
		}),
	);
}

export function axisError(i: StrategyInput, a: AxisDraft): string | null {
	if (!a.vary) return null;
	if (!isRange(i)) return a.chosen.length ? null : "Choose at least one value.";
	const [min, max, step] = [Number(a.min), Number(a.max), Number(a.step)];
	if (![a.min, a.max, a.step].every((s) => s.trim() !== ""))
		return "Enter least, most and step.";
	if (![min, max, step].every(Number.isFinite)) return "Enter numbers.";
	if (i.type === "int" && ![min, max, step].every(Number.isInteger))
		return "Enter whole numbers.";
	if (min > max) return "The least is above the most.";
	if (step <= 0) return "The step must be above zero.";
	if (i.min !== null && i.min !== undefined && min < i.min)
		return `The script allows ${i.min} or more.`;
	if (i.max !== null && i.max !== undefined && max > i.max)
		return `The script allows ${i.max} at most.`;
	return null;
}

export function axisCount(i: StrategyInput, a: AxisDraft): number {
	if (!isRange(i)) return a.chosen.length;
	const n = (Number(a.max) - Number(a.min)) / Number(a.step);
	return Number.isFinite(n) ? Math.max(1, Math.floor(n + 1e-9) + 1) : 0;
}

/** How many combinations there are. */
export function spaceSize(
	inputs: readonly StrategyInput[],
	d: SpaceDraft,
): number {
	let n = 1;
	for (const i of inputs) {
		const a = d[i.name];
		if (a?.vary) n *= axisCount(i, a);
	}
	return n;
}

/** In the API's words; null while it is not right or nothing is varied. */
export function toSpace(
	inputs: readonly StrategyInput[],
	d: SpaceDraft,
): SpaceItem[] | null {
	const out: SpaceItem[] = [];
	for (const i of inputs) {
		const a = d[i.name];
		if (!a?.vary) continue;
		if (axisError(i, a)) return null;
		if (isRange(i))
			out.push({
				input: i.name,
				min: Number(a.min),
				max: Number(a.max),
				step: Number(a.step),
			});
		else
			out.push({
				input: i.name,
				options: a.chosen.map((v) =>
					i.type === "bool" ? v === "true" : NUMBER.has(i.type) ? Number(v) : v,
				),
			});
	}
	return out.length ? out : null;
}

/** How many folds fit into so many bars. */
export function foldCount(w: WalkForward, bars: number): number {
	if (!(w.train > 0) || !(w.test > 0) || bars < w.train + w.test) return 0;
	return Math.floor((bars - w.train) / w.test);
}

/** What a sweep can aim at, the most robust first. */
export const OBJECTIVES = [
	"sharpe",
	"sortino",
	"calmar",
	"sqn",
	"profit_factor",
	"total_return",
	"recovery_factor",
	"omega",
	"expectancy_ratio",
	"max_drawdown_ratio",
	"ulcer_index",
] as const;

export const CONSTRAINED = [
	"trades",
	"max_drawdown_ratio",
	"profit_factor",
	"win_rate",
	"exposure",
	"sharpe",
	"total_return",
	"average_bars",
] as const;
