import type {
	Feature,
	Kind,
	Kinds,
	LabelKind,
	Model,
	ModelBody,
} from "../api/modelTypes";
import type { Market, StrategyInput } from "../api/types";
import { type Draft, fromDraft, toDraft } from "../components/InputsForm";
import { timeframesOf } from "../lib/time";
import { bestTimeframe, dateMs, day, storedOf } from "../runs/market";

/** What the form of a training holds while it is filled in. */
export interface TrainForm {
	name: string;
	kind: string;
	params: Draft;
	layout: string;
	market: number;
	tf: string;
	/** Dates; all empty: 60, 20 and 20 per cent of what is stored. */
	trainFrom: string;
	trainTo: string;
	validTo: string;
	testTo: string;
	own: boolean;
	features: string[];
	/** Further names, with lags or of other timeframes. */
	more: string;
	window: string;
	label: string;
	threshold: string;
	bars: string;
	weights: boolean;
	seed: string;
	retrain: string;
	search: boolean;
	trials: string;
	layouts: string;
	rates: string;
	notes: string;
}

/** "…: 0 constant, 1 steps, 2 cosine" is a choice, not a number. */
export function choicesOf(doc: string): [number, string][] {
	const list = doc.match(/0 \w[^,]*(?:, \d+ \w[^,]*)+$/)?.[0].split(", ");
	const out = (list ?? []).map((x): [number, string] => [
		Number(x.slice(0, x.indexOf(" "))),
		x.slice(x.indexOf(" ") + 1),
	]);
	return out.every(([n], i) => n === i) ? out : [];
}

/** The parameters of a kind as inputs of a form. */
export function inputsOf(k: Kind | undefined): StrategyInput[] {
	return (k?.params ?? []).map((p) => ({
		name: p.name,
		title: p.name.replace(/_/g, " "),
		type: p.integer ? "int" : "float",
		default: p.default,
		min: p.min,
		max: p.max,
		...docOf(p),
	}));
}

function docOf(p: Kind["params"][number]): Partial<StrategyInput> {
	const list = p.integer ? choicesOf(p.doc) : [];
	if (list.length === 0) return { tooltip: p.doc };
	const rest = p.doc.slice(0, p.doc.indexOf(`0 ${list[0]?.[1]}`));
	return {
		options: list.map(([n]) => n),
		option_titles: list.map(([, t]) => t),
		tooltip: rest.replace(/[:\s]+$/, ""),
	};
}

function labelDefaults(l: LabelKind | undefined) {
	return {
		label: l?.kind ?? "next",
		threshold: String(l?.threshold === undefined ? 0.5 : percent(l.threshold)),
		bars: String(l?.bars ?? (l?.kind === "triple" ? 24 : 5)),
	};
}

const percent = (share: number) => Number((share * 100).toPrecision(12));

export function withKind(f: TrainForm, k: Kind | undefined): TrainForm {
	return {
		...f,
		kind: k?.name ?? f.kind,
		params: toDraft(inputsOf(k)),
		layout: k?.layout ?? "",
		window: k ? String(k.window) : f.window,
	};
}

export function withLabel(f: TrainForm, l: LabelKind | undefined): TrainForm {
	return { ...f, ...labelDefaults(l) };
}

export function startForm(
	kinds: Kinds,
	markets: readonly Market[],
	want: { market: number; tf: string | null; kind: string | null },
): TrainForm {
	const m =
		markets.find((x) => x.id === want.market) ??
		markets.find((x) => x.timeframes.some((t) => t.count > 500)) ??
		markets[0];
	const offered = timeframesOf(m?.timeframes.map((t) => t.tf) ?? []);
	const kind =
		kinds.kinds.find((k) => k.name === want.kind) ??
		kinds.kinds.find((k) => k.name === "boosting") ??
		kinds.kinds[0];
	const base: TrainForm = {
		name: "",
		kind: "",
		params: {},
		layout: "",
		market: m?.id ?? 0,
		tf: want.tf && offered.includes(want.tf) ? want.tf : bestTimeframe(m),
		trainFrom: "",
		trainTo: "",
		validTo: "",
		testTo: "",
		own: false,
		features: kinds.features.filter((x) => x.usual).map((x) => x.name),
		more: "",
		window: "",
		weights: false,
		seed: "1",
		retrain: "",
		search: false,
		trials: "8",
		layouts: "",
		rates: "",
		notes: "",
		...labelDefaults(kinds.labels[0]),
	};
	return withKind(base, kind);
}

const textsOf = (v: unknown): string[] =>
	Array.isArray(v) ? v.map(String) : [];

/** A model's own settings, to be changed and trained anew. */
export function adoptForm(base: TrainForm, m: Model, kinds: Kinds): TrainForm {
	const k = kinds.kinds.find((x) => x.name === m.kind);
	const known = new Set(kinds.features.map((x) => x.name));
	return {
		...withKind(base, k),
		name: m.name,
		params: {
			...toDraft(inputsOf(k)),
			...Object.fromEntries(
				Object.entries(m.params).map(([n, v]) => [n, String(v)]),
			),
		},
		layout: m.layout ?? "",
		market: m.market.id,
		tf: m.tf,
		trainFrom: day(m.train_from),
		trainTo: day(m.train_to),
		validTo: day(m.valid_to),
		testTo: day(m.test_to),
		own: m.features.length > 0,
		features: m.features.filter((x) => known.has(x)),
		more: m.features.filter((x) => !known.has(x)).join(", "),
		window: m.window > 0 ? String(m.window) : "",
		label: m.label.kind,
		threshold:
			m.label.threshold === undefined
				? base.threshold
				: String(percent(m.label.threshold)),
		bars: m.label.bars === undefined ? base.bars : String(m.label.bars),
		weights: m.label.weights === true,
		seed: String(m.seed),
		retrain: m.retrain_days ? String(m.retrain_days) : "",
		...(m.search
			? {
					search: true,
					trials: String(m.search.trials ?? base.trials),
					layouts: textsOf(m.search.layouts).join("\n"),
					rates: textsOf(m.search.rates).join(", "),
				}
			: {}),
	};
}

export const listOf = (text: string): string[] =>
	text
		.split(/[,\s]+/)
		.map((x) => x.trim())
		.filter(Boolean);

export type Problems = Partial<
	Record<
		| "ranges"
		| "features"
		| "window"
		| "threshold"
		| "bars"
		| "seed"
		| "retrain"
		| "trials"
		| "rates",
		string
	>
>;

const whole = (s: string, lo: number, hi: number) =>
	/^\d+$/.test(s) && Number(s) >= lo && Number(s) <= hi;

function rangeProblem(f: TrainForm): string | undefined {
	const all = [f.trainFrom, f.trainTo, f.validTo, f.testTo];
	if (all.every((x) => x === "")) return undefined;
	const inner = [f.trainTo, f.validTo].map(dateMs);
	if (inner.some((x) => x === undefined))
		return "Say where training ends and where choosing ends, or leave all empty.";
	const set = all.map(dateMs).filter((x) => x !== undefined);
	return set.every((x, i) => i === 0 || x > (set[i - 1] ?? 0))
		? undefined
		: "Each date must come after the one before it.";
}

export function problemsOf(f: TrainForm): Problems {
	const out: Problems = {};
	const ranges = rangeProblem(f);
	if (ranges) out.ranges = ranges;
	if (f.own && f.features.length + listOf(f.more).length === 0)
		out.features = "Choose at least one.";
	if (f.window && !whole(f.window, 1, 4096))
		out.window = "Enter a whole number of bars.";
	const t = Number(f.threshold);
	if (f.threshold === "" || !(t >= 0 && t <= 50))
		out.threshold = "Enter percent, such as 0.5.";
	if (f.label !== "next" && !whole(f.bars, 1, 1000))
		out.bars = "Enter a whole number from 1 to 1000.";
	if (!whole(f.seed, 0, 1e15)) out.seed = "Enter a whole number.";
	if (f.retrain && !whole(f.retrain, 1, 3650))
		out.retrain = "Enter a whole number of days, or nothing.";
	if (f.search) {
		if (!whole(f.trials, 2, 1000)) out.trials = "From 2 to 1000.";
		if (listOf(f.rates).some((x) => !(Number(x) > 0)))
			out.rates = "Enter numbers such as 0.001, 0.003.";
	}
	return out;
}

function rangesOf(f: TrainForm): Partial<ModelBody> {
	const out: Partial<ModelBody> = {};
	const put = (
		k: "train_from" | "train_to" | "valid_to" | "test_to",
		s: string,
	) => {
		const ms = dateMs(s);
		if (ms !== undefined) out[k] = ms;
	};
	put("train_from", f.trainFrom);
	put("train_to", f.trainTo);
	put("valid_to", f.validTo);
	put("test_to", f.testTo);
	return out;
}

function labelOf(f: TrainForm): NonNullable<ModelBody["label"]> {
	return {
		kind: f.label,
		threshold: Number((Number(f.threshold) / 100).toPrecision(12)),
		...(f.label === "next" ? {} : { bars: Number(f.bars) }),
		...(f.weights && f.label !== "return" ? { weights: true } : {}),
	};
}

function searchOf(f: TrainForm): NonNullable<ModelBody["search"]> {
	const layouts = f.layouts
		.split("\n")
		.map((x) => x.trim())
		.filter(Boolean);
	const rates = listOf(f.rates).map(Number);
	return {
		trials: Number(f.trials),
		...(layouts.length > 0 ? { layouts } : {}),
		...(rates.length > 0 ? { rates } : {}),
	};
}

/** What the form says, in the API's words; null while it is not right. */
export function toBody(
	f: TrainForm,
	kind: Kind | undefined,
	suggested: string,
): ModelBody | null {
	if (!kind || !f.market || !f.tf) return null;
	if (Object.keys(problemsOf(f)).length > 0) return null;
	const values = fromDraft(inputsOf(kind), f.params);
	if (!values) return null;
	const params = Object.fromEntries(
		Object.entries(values).map(([k, v]) => [k, Number(v)]),
	);
	return {
		name: (f.name.trim() || suggested).slice(0, 120),
		kind: kind.name,
		market_id: f.market,
		tf: f.tf,
		...rangesOf(f),
		...(f.own ? { features: [...f.features, ...listOf(f.more)] } : {}),
		...(f.window ? { window: Number(f.window) } : {}),
		label: labelOf(f),
		params,
		...(f.layout.trim() && f.layout.trim() !== kind.layout
			? { layout: f.layout.trim() }
			: {}),
		seed: Number(f.seed),
		...(f.retrain ? { retrain_days: Number(f.retrain) } : {}),
		...(f.notes.trim() ? { notes: f.notes.trim() } : {}),
		...(f.search ? { search: searchOf(f) } : {}),
	};
}

/** Where the parts lie: the dates, or the usual shares of what is stored. */
export function partsOf(f: TrainForm, m: Market | undefined): number[] | null {
	const stored = storedOf(m, f.tf);
	if (!stored || stored.count === 0) return null;
	const from = dateMs(f.trainFrom) ?? stored.from ?? 0;
	const to = dateMs(f.testTo) ?? stored.to ?? 0;
	const a = dateMs(f.trainTo) ?? from + (to - from) * 0.6;
	const b = dateMs(f.validTo) ?? from + (to - from) * 0.8;
	return from < a && a < b && b < to ? [from, a, b, to] : null;
}

/** The features by group, in the order of the table. */
export function groupsOf(all: readonly Feature[]): [string, Feature[]][] {
	const out = new Map<string, Feature[]>();
	for (const x of all) out.set(x.group, [...(out.get(x.group) ?? []), x]);
	return [...out];
}
