import type { Inputs, RulesSet, RunOptions } from "../api/runTypes";
import type { Market, Strategy } from "../api/types";
import { type Draft, fromDraft, toDraft } from "../components/InputsForm";
import { parse, sign } from "../lib/decimal";
import { timeframesOf } from "../lib/time";
import { bestTimeframe, dateMs, day } from "./market";
import { parseRules, RULE_SETS, RULES_EXAMPLE } from "./rules";

/** What a form of a run holds while it is filled in. */
export interface Setup {
	strategy: number;
	inputs: Draft;
	market: number;
	tf: string;
	from: string;
	to: string;
	rules: RulesSet;
	capital: string;
	fee: string;
	slippage: string;
	/** Of the strict rules. */
	spread: string;
	latency: string;
	share: string;
	newDefaults: boolean;
	/** Of strategies that ask models. */
	inSample: boolean;
	/** freqtrade's rules, as JSON. */
	rulesText: string;
	name: string;
	tags: string;
}

interface Wanted {
	strategy?: number;
	market?: number;
	tf?: string | null;
	rules?: string | null;
}

/** The beginning of a form: what a link or another run asks for, else the
 * first market that has candles and the first strategy. */
export function startSetup(
	markets: readonly Market[],
	strategies: readonly Strategy[],
	want: Wanted,
): Setup {
	const m =
		markets.find((x) => x.id === want.market) ??
		markets.find((x) => x.timeframes.some((t) => t.count > 0)) ??
		markets[0];
	const s = strategies.find((x) => x.id === want.strategy) ?? strategies[0];
	const offered = timeframesOf(m?.timeframes.map((t) => t.tf) ?? []);
	return {
		strategy: s?.id ?? 0,
		inputs: toDraft(s?.inputs ?? []),
		market: m?.id ?? 0,
		tf: want.tf && offered.includes(want.tf) ? want.tf : bestTimeframe(m),
		from: "",
		to: "",
		rules: RULE_SETS.find((r) => r === want.rules) ?? "chart",
		capital: "",
		fee: "",
		slippage: "",
		spread: "",
		latency: "",
		share: "",
		newDefaults: false,
		inSample: false,
		rulesText: RULES_EXAMPLE,
		name: "",
		tags: "",
	};
}

/** Values that another run had, where the strategy still takes them. */
export function adoptInputs(s: Strategy | undefined, inputs: Inputs): Draft {
	const out = toDraft(s?.inputs ?? []);
	for (const [k, v] of Object.entries(inputs))
		if (k in out) out[k] = typeof v === "boolean" ? v : String(v);
	return out;
}

export function adoptSetup(
	base: Setup,
	strategies: readonly Strategy[],
	run: {
		strategy: { id: number | null };
		market: { id: number };
		tf: string;
		from: number | null;
		to: number | null;
		inputs: Inputs;
		rules_set: RulesSet;
		options: Record<string, unknown>;
		tags: readonly string[];
	},
): Setup {
	const s = strategies.find((x) => x.id === run.strategy.id);
	const text = (k: string) => {
		const v = run.options[k];
		return v === undefined || v === null ? "" : String(v);
	};
	return {
		...base,
		...(s ? { strategy: s.id, inputs: adoptInputs(s, run.inputs) } : {}),
		market: run.market.id,
		tf: run.tf,
		from: day(run.from),
		to: day(run.to),
		rules: run.rules_set,
		capital: text("initial_capital"),
		fee: text("fee"),
		slippage: text("slippage"),
		spread: text("spread"),
		latency: text("latency"),
		share: text("volume_share"),
		newDefaults: run.options.new_defaults === true,
		inSample: run.options.in_sample === true,
		tags: run.tags.join(", "),
	};
}

export type Problems = Partial<
	Record<
		| "capital"
		| "fee"
		| "slippage"
		| "spread"
		| "latency"
		| "share"
		| "range"
		| "rules",
		string
	>
>;

export function problemsOf(s: Setup): Problems {
	const out: Problems = {};
	const capital = parse(s.capital);
	if (s.capital && (!capital || sign(capital) <= 0))
		out.capital = "Enter an amount such as 10000.";
	const fee = Number(s.fee);
	if (s.fee && !(fee >= 0 && fee <= 50))
		out.fee = "Enter percent from 0 to 50, such as 0.1.";
	const slip = Number(s.slippage);
	if (s.slippage && !(Number.isInteger(slip) && slip >= 0 && slip <= 1e6))
		out.slippage = "Enter a whole number of ticks.";
	if (s.rules === "strict") strictProblems(s, out);
	const from = dateMs(s.from);
	const to = dateMs(s.to);
	if (from !== undefined && to !== undefined && from >= to)
		out.range = "The end must come after the beginning.";
	if (s.rules === "freqtrade" && parseRules(s.rulesText) === null)
		out.rules = "This is not a JSON object.";
	return out;
}

function strictProblems(s: Setup, out: Problems): void {
	if (s.spread && !(Number(s.spread) >= 0))
		out.spread = "Enter a number of ticks.";
	if (s.latency && !/^\d+$/.test(s.latency))
		out.latency = "Enter whole milliseconds.";
	const share = Number(s.share);
	if (s.share && !(share > 0 && share <= 100))
		out.share = "Enter percent up to 100, such as 10.";
}

export interface SetupBody {
	strategy_id: number;
	inputs: Inputs;
	market_id: number;
	tf: string;
	from?: number;
	to?: number;
	rules_set: RulesSet;
	options: RunOptions;
	rules?: unknown;
}

/** What the form says, in the API's words; null while it is not right. */
export function toSetupBody(
	s: Setup,
	strategy: Strategy | undefined,
): SetupBody | null {
	if (!strategy || !s.market || !s.tf) return null;
	if (Object.keys(problemsOf(s)).length > 0) return null;
	const inputs = fromDraft(strategy.inputs, s.inputs);
	if (!inputs) return null;
	const options: RunOptions = {};
	if (s.capital) options.initial_capital = Number(s.capital);
	if (s.fee) options.fee = Number(s.fee);
	if (s.slippage) options.slippage = Number(s.slippage);
	if (s.newDefaults) options.new_defaults = true;
	if (s.inSample) options.in_sample = true;
	if (s.rules === "strict") {
		if (s.spread) options.spread = Number(s.spread);
		if (s.latency) options.latency = Number(s.latency);
		if (s.share) options.volume_share = Number(s.share);
	}
	const from = dateMs(s.from);
	const to = dateMs(s.to);
	return {
		strategy_id: strategy.id,
		inputs,
		market_id: s.market,
		tf: s.tf,
		...(from === undefined ? {} : { from }),
		...(to === undefined ? {} : { to }),
		rules_set: s.rules,
		// What freqtrade's rules say of money stands in their file.
		options: s.rules === "freqtrade" ? {} : options,
		...(s.rules === "freqtrade" ? { rules: parseRules(s.rulesText) } : {}),
	};
}
