import { type Constraint, METHODS, type Method } from "../../api/sweepTypes";
import { useFormats } from "../../app/format";
import { CloseIcon, PlusIcon } from "../../components/icons";
import { Field, Panel } from "../../components/ui";
import { formatDuration } from "../../lib/time";
import { metricOf } from "../../runs/metrics";
import { CONSTRAINED, foldCount, OBJECTIVES } from "../../runs/space";

export interface Search {
	method: Method;
	objective: string;
	constraints: (Omit<Constraint, "value"> & { value: string; key: number })[];
	trials: string;
	seed: string;
	walk: "none" | "anchored" | "rolling";
	train: string;
	test: string;
}

export function startSearch(bars: number): Search {
	return {
		method: "grid",
		objective: "sharpe",
		constraints: [{ key: 1, metric: "trades", op: ">=", value: "30" }],
		trials: "1000",
		seed: "1",
		walk: "none",
		train: String(Math.max(100, Math.round(bars / 4))),
		test: String(Math.max(50, Math.round(bars / 12))),
	};
}

const METHOD: Record<Method, [string, string]> = {
	grid: ["Grid", "every combination, in order"],
	random: ["Random", "combinations drawn by chance"],
	sobol: ["Sobol", "drawn so that they fill the space evenly"],
	anneal: ["Annealing", "walks towards better ones, less and less far"],
	tpe: ["TPE", "learns where good ones lie"],
};

const whole = (s: string) => /^\d+$/.test(s) && Number(s) > 0;

export function searchError(s: Search): string | null {
	if (!whole(s.trials) || Number(s.trials) > 100_000)
		return "Trials: a whole number up to 100,000.";
	if (!/^\d+$/.test(s.seed)) return "Seed: a whole number.";
	if (s.constraints.some((c) => !Number.isFinite(Number(c.value)) || !c.value))
		return "Each condition needs a number.";
	if (s.walk !== "none" && !(whole(s.train) && whole(s.test)))
		return "Walk-forward: whole numbers of bars.";
	return null;
}

function Constraints(p: { s: Search; set: (part: Partial<Search>) => void }) {
	const { s, set } = p;
	const change = (key: number, part: Partial<Search["constraints"][number]>) =>
		set({
			constraints: s.constraints.map((c) =>
				c.key === key ? { ...c, ...part } : c,
			),
		});
	return (
		<fieldset className="conditions">
			<legend className="label">Only where</legend>
			{s.constraints.map((c, i) => (
				<div key={c.key} className="condition">
					<select
						className="select"
						aria-label={`Condition ${i + 1}, figure`}
						value={c.metric}
						onChange={(ev) => change(c.key, { metric: ev.target.value })}
					>
						{CONSTRAINED.map((k) => (
							<option key={k} value={k}>
								{metricOf(k).label}
							</option>
						))}
					</select>
					<select
						className="select"
						aria-label={`Condition ${i + 1}, comparison`}
						value={c.op}
						onChange={(ev) =>
							change(c.key, { op: ev.target.value === "<=" ? "<=" : ">=" })
						}
					>
						<option value=">=">at least</option>
						<option value="<=">at most</option>
					</select>
					<input
						className="input"
						inputMode="decimal"
						aria-label={`Condition ${i + 1}, value`}
						value={c.value}
						onChange={(ev) => change(c.key, { value: ev.target.value.trim() })}
					/>
					<button
						type="button"
						className="btn btn-ghost btn-icon"
						aria-label={`Take condition ${i + 1} away`}
						onClick={() =>
							set({
								constraints: s.constraints.filter((x) => x.key !== c.key),
							})
						}
					>
						<CloseIcon size={15} />
					</button>
				</div>
			))}
			<button
				type="button"
				className="btn btn-s"
				disabled={s.constraints.length >= 8}
				onClick={() =>
					set({
						constraints: [
							...s.constraints,
							{
								key: Math.max(0, ...s.constraints.map((c) => c.key)) + 1,
								metric: "max_drawdown_ratio",
								op: "<=",
								value: "0.3",
							},
						],
					})
				}
			>
				<PlusIcon size={14} /> Condition
			</button>
			<p className="hint">Shares are written as 0.3 for 30 %.</p>
		</fieldset>
	);
}

export function SearchPart(p: {
	s: Search;
	set: (part: Partial<Search>) => void;
	bars: number;
	tfMs: number;
	/** Combinations there are. */
	size: number;
	refused: (field: string) => string | null;
}) {
	const f = useFormats();
	const { s, set } = p;
	const walk =
		s.walk === "none"
			? null
			: { kind: s.walk, train: Number(s.train), test: Number(s.test) };
	const folds = walk ? foldCount(walk, p.bars) : 0;
	const field = (
		k: "trials" | "seed" | "train" | "test",
		label: string,
		hint?: string,
	) => (
		<Field label={label} hint={hint}>
			{(a) => (
				<input
					{...a}
					className="input"
					inputMode="numeric"
					value={s[k]}
					onChange={(ev) => set({ [k]: ev.target.value.trim() })}
				/>
			)}
		</Field>
	);
	const long = (n: string) =>
		whole(n) ? formatDuration(Number(n) * p.tfMs) : "";
	const bad = searchError(s);
	return (
		<Panel title="5. Search">
			<div className="form">
				<div className="form-row">
					<Field label="Method" hint={METHOD[s.method][1]}>
						{(a) => (
							<select
								{...a}
								className="select"
								value={s.method}
								onChange={(ev) =>
									set({
										method:
											METHODS.find((m) => m === ev.target.value) ?? "grid",
									})
								}
							>
								{METHODS.map((m) => (
									<option key={m} value={m}>
										{METHOD[m][0]}
									</option>
								))}
							</select>
						)}
					</Field>
					<Field
						label="Objective"
						hint={metricOf(s.objective).about}
						error={p.refused("objective")}
					>
						{(a) => (
							<select
								{...a}
								className="select"
								value={s.objective}
								onChange={(ev) => set({ objective: ev.target.value })}
							>
								{OBJECTIVES.map((k) => (
									<option key={k} value={k}>
										{metricOf(k).better < 0 ? "Least" : "Most"}:{" "}
										{metricOf(k).label}
									</option>
								))}
							</select>
						)}
					</Field>
					{field("trials", "Trials at most", walk ? "in each fold" : undefined)}
					{s.method !== "grid" &&
						field("seed", "Seed", "the same seed tries the same")}
				</div>
				<Constraints s={s} set={set} />
				<Field
					label="Walk-forward"
					hint="search on one stretch, test on the next, again and again: the tests together show what an honest user would have got"
				>
					{(a) => (
						<select
							{...a}
							className="select"
							value={s.walk}
							onChange={(ev) =>
								set({ walk: ev.target.value as Search["walk"] })
							}
						>
							<option value="none">No: search the whole range</option>
							<option value="rolling">
								Rolling: the search stretch moves along
							</option>
							<option value="anchored">
								Anchored: the search stretch grows
							</option>
						</select>
					)}
				</Field>
				{walk && (
					<>
						<div className="form-row">
							{field("train", "Search over, bars", long(s.train))}
							{field("test", "Test on, bars", long(s.test))}
						</div>
						<p className={folds > 0 ? "hint" : "field-error"} role="status">
							{folds > 0
								? `${f.count(folds)} folds fit into about ${f.count(p.bars)} candles.`
								: `The range of about ${f.count(p.bars)} candles is too short for one fold.`}
						</p>
					</>
				)}
				{s.method === "grid" && p.size > Number(s.trials) && (
					<p className="notice notice-warn">
						There are {f.count(p.size)} combinations and{" "}
						{f.count(Number(s.trials))} trials: a grid would not reach all of
						them. Take larger steps, more trials, or another method.
					</p>
				)}
				{(bad ?? p.refused("walk_forward") ?? p.refused("constraints")) && (
					<p className="field-error" role="alert">
						{bad ?? p.refused("walk_forward") ?? p.refused("constraints")}
					</p>
				)}
			</div>
		</Panel>
	);
}
