import type { Market } from "../../api/types";
import { useFormats } from "../../app/format";
import { Field, Panel } from "../../components/ui";
import { partsOf, problemsOf, type TrainForm } from "../../models/form";
import { MarketFields } from "../../runs/FormParts";
import { bestTimeframe, day, storedOf } from "../../runs/market";
import type { PartProps } from "./KindPart";

/** Which candles it learns from, is chosen on and is judged on. */

const NAMES = ["learn", "choose", "judge, never seen"];

function PartsBar({ parts }: { parts: readonly number[] }) {
	const f = useFormats();
	const [from = 0] = parts;
	const to = parts.at(-1) ?? 1;
	return (
		<ol className="parts-bar" aria-label="How the range is divided">
			{NAMES.map((name, i) => {
				const a = parts[i] ?? 0;
				const b = parts[i + 1] ?? 0;
				return (
					<li
						key={name}
						className={`part-${i}`}
						style={{ flexGrow: Math.max(0.12, (b - a) / (to - from)) }}
					>
						<strong>{name}</strong>
						<span>
							{f.time(a, "date")} to {f.time(b, "date")}
						</span>
					</li>
				);
			})}
		</ol>
	);
}

export function DataPart(p: PartProps & { markets: readonly Market[] }) {
	const f = useFormats();
	const { form, set } = p;
	const market = p.markets.find((m) => m.id === form.market);
	const stored = storedOf(market, form.tf);
	const parts = partsOf(form, market);
	const bad = problemsOf(form);
	const date = (
		k: "trainFrom" | "trainTo" | "validTo" | "testTo",
		label: string,
		field: string,
	) => (
		<Field label={label} error={p.refused(field)}>
			{(a) => (
				<input
					{...a}
					className="input"
					type="date"
					min={day(stored?.from)}
					value={form[k]}
					onChange={(ev) => set({ [k]: ev.target.value })}
				/>
			)}
		</Field>
	);
	return (
		<Panel title="2. Candles">
			<div className="form">
				<div className="form-row">
					<MarketFields
						markets={p.markets}
						market={form.market}
						tf={form.tf}
						refused={p.refused}
						onMarket={(m) =>
							set({
								market: m.id,
								tf: bestTimeframe(m),
								trainFrom: "",
								trainTo: "",
								validTo: "",
								testTo: "",
							})
						}
						onTf={(tf) => set({ tf })}
					/>
				</div>
				<details
					className="more"
					open={[form.trainFrom, form.trainTo, form.validTo, form.testTo].some(
						Boolean,
					)}
				>
					<summary>Own ranges</summary>
					<div className="form-row">
						{date("trainFrom", "Learn from", "train_from")}
						{date("trainTo", "Learn to, choose from", "train_to")}
						{date("validTo", "Choose to, judge from", "valid_to")}
						{date("testTo", "Judge to", "test_to")}
					</div>
					<p className="hint">
						All empty: 60, 20 and 20 per cent of what is stored.
					</p>
				</details>
				{bad.ranges && (
					<p className="field-error" role="alert">
						{bad.ranges}
					</p>
				)}
				{parts ? (
					<PartsBar parts={parts} />
				) : (
					<p className="hint">
						{stored && stored.count > 0
							? "The dates do not fit what is stored."
							: "No candles are stored for this market: import some first."}
					</p>
				)}
				{stored && stored.count > 0 && (
					<p className="hint">
						Stored: {f.count(stored.count)} candles of {stored.tf} from{" "}
						{f.time(stored.from, "date")} to {f.time(stored.to, "date")}. Labels
						that reach from one part into the next are left out.
					</p>
				)}
			</div>
		</Panel>
	);
}

export type { TrainForm };
