import { useFormats } from "../../app/format";
import { Field, Panel, Segmented } from "../../components/ui";
import { groupsOf, listOf, problemsOf, withLabel } from "../../models/form";
import type { PartProps } from "./KindPart";

const LABEL_TITLES: Record<string, string> = {
	next: "Class of the next bar's return",
	bars: "Class of the return over some bars",
	triple: "Which of two barriers is reached first",
	return: "The return itself",
};

/** What it sees of the market. */
export function FeaturePart(p: PartProps) {
	const f = useFormats();
	const { form, set, kinds } = p;
	const bad = problemsOf(form);
	const usual = kinds.features.filter((x) => x.usual).length;
	const chosen = new Set(form.features);
	return (
		<Panel title="3. Features">
			<div className="form">
				<Segmented
					label="Features"
					value={form.own ? "own" : "usual"}
					onChange={(v) => set({ own: v === "own" })}
					options={[
						{
							value: "usual",
							label: usual ? `The usual ${f.count(usual)}` : "The usual ones",
						},
						{
							value: "own",
							label: form.own
								? `Chosen: ${f.count(chosen.size + listOf(form.more).length)}`
								: "Choose",
						},
					]}
				/>
				{form.own && (
					<>
						{groupsOf(kinds.features).map(([group, all]) => (
							<fieldset key={group} className="feature-group">
								<legend>{group}</legend>
								{all.map((x) => (
									<label key={x.name} className="check" title={x.formula}>
										<input
											type="checkbox"
											checked={chosen.has(x.name)}
											onChange={(ev) =>
												set({
													features: ev.target.checked
														? [...form.features, x.name]
														: form.features.filter((n) => n !== x.name),
												})
											}
										/>
										<span>
											<code>{x.name}</code>
											<span className="hint">{x.title ?? x.formula}</span>
										</span>
									</label>
								))}
							</fieldset>
						))}
						<Field
							label="More"
							hint="with lags or of other timeframes: rsi_14[3], rsi_14@4h"
						>
							{(a) => (
								<input
									{...a}
									className="input mono"
									value={form.more}
									onChange={(ev) => set({ more: ev.target.value })}
								/>
							)}
						</Field>
					</>
				)}
				{(bad.features ?? p.refused("features")) && (
					<p className="field-error" role="alert">
						{bad.features ?? p.refused("features")}
					</p>
				)}
				<div className="form-row">
					<Field
						label="Window, bars"
						hint="how many bars back it sees at once"
						error={bad.window ?? p.refused("window")}
					>
						{(a) => (
							<input
								{...a}
								className="input"
								inputMode="numeric"
								value={form.window}
								onChange={(ev) => set({ window: ev.target.value.trim() })}
							/>
						)}
					</Field>
				</div>
			</div>
		</Panel>
	);
}

/** What it is to foretell. */
export function LabelPart(p: PartProps) {
	const { form, set, kinds } = p;
	const bad = problemsOf(form);
	return (
		<Panel title="4. Label">
			<div className="form">
				<div className="form-row">
					<Field label="It foretells" error={p.refused("label")}>
						{(a) => (
							<select
								{...a}
								className="select"
								value={form.label}
								onChange={(ev) =>
									set(
										withLabel(
											form,
											kinds.labels.find((l) => l.kind === ev.target.value),
										),
									)
								}
							>
								{kinds.labels.map((l) => (
									<option key={l.kind} value={l.kind}>
										{LABEL_TITLES[l.kind] ?? l.title ?? l.kind}
									</option>
								))}
							</select>
						)}
					</Field>
					<Field
						label="Threshold, percent"
						hint="smaller moves are a hold"
						error={bad.threshold}
					>
						{(a) => (
							<input
								{...a}
								className="input"
								inputMode="decimal"
								value={form.threshold}
								onChange={(ev) => set({ threshold: ev.target.value.trim() })}
							/>
						)}
					</Field>
					{form.label !== "next" && (
						<Field label="Bars ahead" error={bad.bars}>
							{(a) => (
								<input
									{...a}
									className="input"
									inputMode="numeric"
									value={form.bars}
									onChange={(ev) => set({ bars: ev.target.value.trim() })}
								/>
							)}
						</Field>
					)}
				</div>
				{form.label !== "return" && (
					<label className="check">
						<input
							type="checkbox"
							checked={form.weights}
							onChange={(ev) => set({ weights: ev.target.checked })}
						/>
						<span>Rare classes count for more while it learns</span>
					</label>
				)}
			</div>
		</Panel>
	);
}

/** Seed, and whether the machine is to look for layouts and rates itself. */
export function TrainingPart(p: PartProps) {
	const { form, set } = p;
	const bad = problemsOf(form);
	const text = (
		k: "seed" | "retrain" | "trials" | "rates",
		label: string,
		hint: string,
		field: string = k,
	) => (
		<Field label={label} hint={hint} error={bad[k] ?? p.refused(field)}>
			{(a) => (
				<input
					{...a}
					className="input"
					inputMode={k === "rates" ? "text" : "numeric"}
					value={form[k]}
					onChange={(ev) =>
						set({
							[k]: k === "rates" ? ev.target.value : ev.target.value.trim(),
						})
					}
				/>
			)}
		</Field>
	);
	return (
		<Panel title="5. Training">
			<div className="form">
				<div className="form-row">
					{text("seed", "Seed", "the same seed gives the same bytes")}
					{text(
						"retrain",
						"Train anew every, days",
						"empty: never",
						"retrain_days",
					)}
				</div>
				<label className="check">
					<input
						type="checkbox"
						checked={form.search}
						onChange={(ev) => set({ search: ev.target.checked })}
					/>
					<span>Search layouts and learning rates (successive halving)</span>
				</label>
				{form.search && (
					<>
						<div className="form-row">
							{text("trials", "Trials", "each round halves them")}
							{text("rates", "Rates", "empty: the usual ones")}
						</div>
						<Field label="Layouts" hint="one in a line; empty: the usual ones">
							{(a) => (
								<textarea
									{...a}
									className="input textarea mono"
									rows={3}
									spellCheck={false}
									value={form.layouts}
									onChange={(ev) => set({ layouts: ev.target.value })}
								/>
							)}
						</Field>
					</>
				)}
				{p.refused("search") && (
					<p className="field-error" role="alert">
						{p.refused("search")}
					</p>
				)}
			</div>
		</Panel>
	);
}
