import type { StrategyInput } from "../../api/types";
import { useFormats } from "../../app/format";
import { type Draft, InputsForm } from "../../components/InputsForm";
import { Panel } from "../../components/ui";
import {
	type AxisDraft,
	axisCount,
	axisError,
	canVary,
	isRange,
	listOf,
	type SpaceDraft,
	spaceSize,
} from "../../runs/space";

function Range(p: {
	input: StrategyInput;
	axis: AxisDraft;
	title: string;
	set: (a: Partial<AxisDraft>) => void;
}) {
	return (
		<span className="axis-range">
			{(["min", "max", "step"] as const).map((k) => (
				<label key={k}>
					<span>{{ min: "from", max: "to", step: "step" }[k]}</span>
					<input
						className="input"
						inputMode="decimal"
						aria-label={`${p.title}, ${k}`}
						value={p.axis[k]}
						onChange={(ev) => p.set({ [k]: ev.target.value })}
					/>
				</label>
			))}
		</span>
	);
}

function Choice(p: {
	input: StrategyInput;
	axis: AxisDraft;
	title: string;
	set: (a: Partial<AxisDraft>) => void;
}) {
	return (
		<fieldset className="axis-list" aria-label={`${p.title}, values`}>
			{listOf(p.input).map((v) => (
				<label key={v} className="check">
					<input
						type="checkbox"
						checked={p.axis.chosen.includes(v)}
						onChange={(ev) =>
							p.set({
								chosen: ev.target.checked
									? [...p.axis.chosen, v]
									: p.axis.chosen.filter((x) => x !== v),
							})
						}
					/>
					{v}
				</label>
			))}
		</fieldset>
	);
}

/** Which inputs are varied and how far; the others keep one value. */
export function SpacePart(p: {
	inputs: readonly StrategyInput[];
	space: SpaceDraft;
	fixed: Draft;
	setAxis: (name: string, part: Partial<AxisDraft>) => void;
	setFixed: (d: Draft) => void;
	refused: string | null;
}) {
	const f = useFormats();
	const size = spaceSize(p.inputs, p.space);
	const rest = p.inputs.filter((i) => !p.space[i.name]?.vary);
	return (
		<Panel
			title="2. What is varied"
			actions={
				<span className="muted" role="status" data-testid="space-size">
					{f.count(size)} combinations
				</span>
			}
		>
			<div className="form">
				{p.inputs.filter(canVary).length === 0 && (
					<p className="muted">This strategy has nothing that could vary.</p>
				)}
				{p.inputs.filter(canVary).map((i) => {
					const a = p.space[i.name];
					if (!a) return null;
					const title = i.title || i.name;
					const set = (part: Partial<AxisDraft>) => p.setAxis(i.name, part);
					const bad = axisError(i, a);
					return (
						<div key={i.name} className="axis">
							<label className="check axis-name">
								<input
									type="checkbox"
									aria-label={`Vary ${title}`}
									checked={a.vary}
									onChange={(ev) => set({ vary: ev.target.checked })}
								/>
								{title}
							</label>
							{a.vary &&
								(isRange(i) ? (
									<Range input={i} axis={a} title={title} set={set} />
								) : (
									<Choice input={i} axis={a} title={title} set={set} />
								))}
							{a.vary && !bad && (
								<span className="muted axis-count">
									{f.count(axisCount(i, a))} values
								</span>
							)}
							{bad && (
								<span className="field-error" role="alert">
									{bad}
								</span>
							)}
						</div>
					);
				})}
				{p.refused && (
					<p className="field-error" role="alert">
						{p.refused}
					</p>
				)}
				{rest.length > 0 && (
					<>
						<h3>The others keep</h3>
						<InputsForm inputs={rest} draft={p.fixed} onChange={p.setFixed} />
					</>
				)}
			</div>
		</Panel>
	);
}
