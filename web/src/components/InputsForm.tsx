import type { InputValue, StrategyInput } from "../api/types";
import { parse } from "../lib/decimal";
import { Field } from "./ui";

/** The form for a strategy's inputs, made from their descriptions. */

export type Inputs = Record<string, InputValue>;
/** What the user has typed, before it is known to be right. */
export type Draft = Record<string, string | boolean>;

const NUMERIC = new Set(["int", "float", "price", "time"]);
export const SOURCES = [
	"open",
	"high",
	"low",
	"close",
	"hl2",
	"hlc3",
	"ohlc4",
	"hlcc4",
];

export function toDraft(inputs: readonly StrategyInput[]): Draft {
	return Object.fromEntries(
		inputs.map((i) => [
			i.name,
			typeof i.default === "boolean" ? i.default : String(i.default),
		]),
	);
}

/** What is wrong with one value, or null. */
export function inputError(
	i: StrategyInput,
	v: string | boolean,
): string | null {
	if (typeof v === "boolean") return null;
	if (!NUMERIC.has(i.type))
		return v.trim() === "" && i.type !== "string" ? "Choose a value." : null;
	const d = parse(v);
	if (!d) return "Enter a number.";
	if (i.type === "int" && d.scale > 0) return "Enter a whole number.";
	const n = Number(v);
	if (i.min !== null && i.min !== undefined && n < i.min)
		return `At least ${i.min}.`;
	if (i.max !== null && i.max !== undefined && n > i.max)
		return `At most ${i.max}.`;
	return null;
}

/** The values to send; null while one of them is wrong. */
export function fromDraft(
	inputs: readonly StrategyInput[],
	draft: Draft,
): Inputs | null {
	const out: Inputs = {};
	for (const i of inputs) {
		const v = draft[i.name] ?? String(i.default);
		if (inputError(i, v)) return null;
		out[i.name] = typeof v === "string" && NUMERIC.has(i.type) ? Number(v) : v;
	}
	return out;
}

function choices(i: StrategyInput): string[] | null {
	if (i.options?.length) return i.options.map(String);
	return i.type === "source" ? SOURCES : null;
}

function rangeText(i: StrategyInput): string | undefined {
	const has = (x: unknown) => x !== null && x !== undefined;
	if (has(i.min) && has(i.max)) return `${i.min} to ${i.max}`;
	if (has(i.min)) return `${i.min} or more`;
	return has(i.max) ? `up to ${i.max}` : undefined;
}

/** What it is for, where the script says so, and what it may be. */
function hintOf(i: StrategyInput, chosen: boolean): string | undefined {
	const range = chosen ? undefined : rangeText(i);
	if (!i.tooltip) return range;
	return range ? `${i.tooltip} (${range})` : i.tooltip;
}

export function InputsForm(p: {
	inputs: readonly StrategyInput[];
	draft: Draft;
	onChange: (draft: Draft) => void;
}) {
	if (p.inputs.length === 0)
		return <p className="muted">This strategy has nothing to set.</p>;
	const set = (name: string, v: string | boolean) =>
		p.onChange({ ...p.draft, [name]: v });
	return (
		<div className="form-row">
			{p.inputs.map((i) => {
				const v = p.draft[i.name] ?? "";
				const title = i.title || i.name;
				const list = choices(i);
				if (typeof v === "boolean")
					return (
						<label key={i.name} className="check check-field">
							<input
								type="checkbox"
								checked={v}
								onChange={(ev) => set(i.name, ev.target.checked)}
							/>
							{title}
						</label>
					);
				return (
					<Field
						key={i.name}
						label={title}
						hint={hintOf(i, list !== null)}
						error={inputError(i, v)}
					>
						{(a) =>
							list ? (
								<select
									{...a}
									className="select"
									value={v}
									onChange={(ev) => set(i.name, ev.target.value)}
								>
									{list.map((o, k) => (
										<option key={o} value={o}>
											{i.option_titles?.[k] ?? o}
										</option>
									))}
								</select>
							) : (
								<input
									{...a}
									className="input"
									inputMode={NUMERIC.has(i.type) ? "decimal" : "text"}
									type={NUMERIC.has(i.type) ? "number" : "text"}
									step={i.step ?? (i.type === "int" ? 1 : "any")}
									value={v}
									onChange={(ev) => set(i.name, ev.target.value)}
								/>
							)
						}
					</Field>
				);
			})}
		</div>
	);
}
