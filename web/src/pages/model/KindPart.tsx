import type { Kinds } from "../../api/modelTypes";
import { InputsForm } from "../../components/InputsForm";
import { Field, Panel } from "../../components/ui";
import { inputsOf, type TrainForm, withKind } from "../../models/form";

export interface PartProps {
	form: TrainForm;
	set: (part: Partial<TrainForm>) => void;
	kinds: Kinds;
	/** What the server said of a field. */
	refused: (field: string) => string | null;
}

/** What is to learn, and how it is built. */
export function KindPart(p: PartProps) {
	const { form, set, kinds } = p;
	const kind = kinds.kinds.find((k) => k.name === form.kind);
	const groups = [...new Set(kinds.kinds.map((k) => k.group))];
	const inputs = inputsOf(kind);
	return (
		<Panel title="1. Kind">
			<div className="form">
				<Field label="Kind of model" error={p.refused("kind")}>
					{(a) => (
						<select
							{...a}
							className="select"
							value={form.kind}
							onChange={(ev) =>
								set(
									withKind(
										form,
										kinds.kinds.find((k) => k.name === ev.target.value),
									),
								)
							}
						>
							{groups.map((g) => (
								<optgroup key={g} label={g}>
									{kinds.kinds
										.filter((k) => k.group === g)
										.map((k) => (
											<option key={k.name} value={k.name}>
												{k.title}
											</option>
										))}
								</optgroup>
							))}
						</select>
					)}
				</Field>
				{inputs.length > 0 && (
					<details className="more">
						<summary>Parameters</summary>
						<InputsForm
							inputs={inputs}
							draft={form.params}
							onChange={(params) => set({ params })}
						/>
					</details>
				)}
				{kind?.layout && (
					<Field
						label={kind.group === "ensemble" ? "Members" : "Layout"}
						hint={
							kind.group === "ensemble"
								? "KIND parameter=value …, separated by semicolons"
								: "layers, first to last, separated by commas"
						}
						error={p.refused("layout")}
					>
						{(a) => (
							<textarea
								{...a}
								className="input textarea mono"
								rows={2}
								spellCheck={false}
								value={form.layout}
								onChange={(ev) => set({ layout: ev.target.value })}
							/>
						)}
					</Field>
				)}
				{p.refused("params") && (
					<p className="field-error" role="alert">
						{p.refused("params")}
					</p>
				)}
			</div>
		</Panel>
	);
}
