import type { RulesSet } from "../api/runTypes";
import type { Market, Strategy } from "../api/types";
import { useFormats } from "../app/format";
import { InputsForm, toDraft } from "../components/InputsForm";
import { Field, Panel } from "../components/ui";
import { timeframeMs } from "../lib/time";
import { MarketFields } from "./FormParts";
import { bestTimeframe, dateMs, day, storedOf } from "./market";
import { RULES } from "./RunBits";
import { problemsOf, type Setup } from "./setup";

/** The parts of a form that a backtest and a sweep have in common. */

export interface PartProps {
	setup: Setup;
	set: (part: Partial<Setup>) => void;
	/** What the server said of a field. */
	refused: (field: string) => string | null;
}

export function StrategyPart(
	p: PartProps & { strategies: readonly Strategy[]; bare?: boolean },
) {
	const { setup, set } = p;
	const strategy = p.strategies.find((s) => s.id === setup.strategy);
	const own = p.strategies.filter((s) => !s.starter);
	const starters = p.strategies.filter((s) => s.starter);
	const options = (list: readonly Strategy[]) =>
		list.map((s) => (
			<option key={s.id} value={s.id}>
				{s.name}
			</option>
		));
	return (
		<Panel title="1. Strategy">
			<div className="form">
				<Field
					label="Strategy"
					hint={strategy?.description}
					error={p.refused("strategy_id") ?? p.refused("source")}
				>
					{(a) => (
						<select
							{...a}
							className="select"
							value={setup.strategy}
							onChange={(ev) => {
								const id = Number(ev.target.value);
								const s = p.strategies.find((x) => x.id === id);
								set({ strategy: id, inputs: toDraft(s?.inputs ?? []) });
							}}
						>
							{own.length > 0 && (
								<optgroup label="Yours">{options(own)}</optgroup>
							)}
							<optgroup label="Starters">{options(starters)}</optgroup>
						</select>
					)}
				</Field>
				{strategy && !p.bare && (
					<InputsForm
						inputs={strategy.inputs}
						draft={setup.inputs}
						onChange={(inputs) => set({ inputs })}
					/>
				)}
				{p.refused("inputs") && (
					<p className="field-error" role="alert">
						{p.refused("inputs")}
					</p>
				)}
			</div>
		</Panel>
	);
}

const DAY = 86_400_000;
const PRESETS: [string, number][] = [
	["All of it", 0],
	["Last year", 365],
	["Last 90 days", 90],
	["Last 30 days", 30],
];

export function MarketPart(
	p: PartProps & { markets: readonly Market[]; number?: number },
) {
	const f = useFormats();
	const { setup, set } = p;
	const market = p.markets.find((m) => m.id === setup.market);
	const stored = storedOf(market, setup.tf);
	const bad = problemsOf(setup);
	const from = dateMs(setup.from) ?? stored?.from ?? 0;
	const to = Math.min(dateMs(setup.to) ?? stored?.to ?? 0, stored?.to ?? 0);
	const ms = timeframeMs(setup.tf);
	const bars = ms ? Math.max(0, Math.floor((to - from) / ms) + 1) : 0;
	const has = stored && stored.count > 0;
	const range = (name: "from" | "to", label: string, hint: string) => (
		<Field label={label} hint={hint} error={p.refused(name)}>
			{(a) => (
				<input
					{...a}
					className="input"
					type="date"
					min={day(stored?.from)}
					max={day((stored?.to ?? 0) + DAY)}
					value={setup[name]}
					onChange={(ev) => set({ [name]: ev.target.value })}
				/>
			)}
		</Field>
	);
	return (
		<Panel title={`${p.number ?? 2}. Market and range`}>
			<div className="form">
				<div className="form-row">
					<MarketFields
						markets={p.markets}
						market={setup.market}
						tf={setup.tf}
						refused={p.refused}
						onMarket={(m) =>
							set({ market: m.id, tf: bestTimeframe(m), from: "", to: "" })
						}
						onTf={(tf) => set({ tf })}
					/>
				</div>
				<div className="form-row">
					{range("from", "From", "empty: the first candle")}
					{range("to", "To", "empty: the last candle")}
				</div>
				<div className="row row-wrap">
					{PRESETS.map(([label, days]) => (
						<button
							key={label}
							type="button"
							className="btn btn-s"
							disabled={!has}
							onClick={() =>
								set({
									from: days ? day((stored?.to ?? 0) - days * DAY) : "",
									to: "",
								})
							}
						>
							{label}
						</button>
					))}
				</div>
				{bad.range && (
					<p className="field-error" role="alert">
						{bad.range}
					</p>
				)}
				<p className="hint">
					{has
						? `Stored: ${f.time(stored.from, "date")} to ${f.time(stored.to, "date")}${
								stored.tf === setup.tf ? "" : `, made of ${stored.tf} candles`
							}. This run: about ${f.count(bars)} candles.`
						: "No candles are stored for this market: import some first."}
				</p>
			</div>
		</Panel>
	);
}

export function RulesPart(
	p: PartProps & { sets: readonly RulesSet[]; number?: number },
) {
	const { setup, set } = p;
	const bad = problemsOf(setup);
	return (
		<Panel title={`${p.number ?? 3}. Rules and costs`}>
			<div className="form">
				<div className="choice-list" role="radiogroup" aria-label="Rule set">
					{p.sets.map((r) => (
						<label key={r} className="choice">
							<input
								type="radio"
								name="rules"
								checked={setup.rules === r}
								onChange={() => set({ rules: r })}
							/>
							<span>
								<strong>{RULES[r].label}</strong>
								<span className="muted">{RULES[r].short}</span>
								<span className="hint">{RULES[r].about}</span>
							</span>
						</label>
					))}
				</div>
				{p.sets.includes("strict") && setup.rules !== "strict" && (
					<p className="notice">
						Before you let it trade with money, run it once more under the
						strict rules: what survives them rests less on luck inside the
						candles.
					</p>
				)}
				{p.refused("rules_set") && (
					<p className="field-error" role="alert">
						{p.refused("rules_set")}
					</p>
				)}
				{setup.rules === "freqtrade" ? (
					<Field
						label="Rules file (freqtrade's own key names)"
						error={bad.rules ?? p.refused("rules")}
					>
						{(a) => (
							<textarea
								{...a}
								className="input textarea mono"
								rows={11}
								spellCheck={false}
								value={setup.rulesText}
								onChange={(ev) => set({ rulesText: ev.target.value })}
							/>
						)}
					</Field>
				) : (
					<Costs {...p} />
				)}
			</div>
		</Panel>
	);
}

function Costs(p: PartProps) {
	const { setup, set } = p;
	const bad = problemsOf(setup);
	const field = (
		key: "capital" | "fee" | "slippage" | "spread" | "latency" | "share",
		label: string,
		hint: string,
		usual = "as the script says",
	) => (
		<Field label={label} hint={hint} error={bad[key]}>
			{(a) => (
				<input
					{...a}
					className="input"
					inputMode="decimal"
					value={setup[key]}
					placeholder={usual}
					onChange={(ev) => set({ [key]: ev.target.value.trim() })}
				/>
			)}
		</Field>
	);
	return (
		<>
			<div className="form-row">
				{field("capital", "Initial capital", "in the quote currency")}
				{field("fee", "Fee, percent", "of each fill")}
				{field("slippage", "Slippage, ticks", "market and stop orders")}
			</div>
			{setup.rules === "strict" && (
				<div className="form-row">
					{field("spread", "Spread, ticks", "between bid and ask", "usual")}
					{field("latency", "Delay, ms", "until an order is there", "usual")}
					{field("share", "Share of volume, percent", "of a candle", "usual")}
				</div>
			)}
			<label className="check">
				<input
					type="checkbox"
					checked={setup.newDefaults}
					onChange={(ev) => set({ newDefaults: ev.target.checked })}
				/>
				<span>
					Where the script is silent: 100,000 of capital and all of the equity
					in each trade (instead of 1,000,000 and one unit)
				</span>
			</label>
			<label className="check">
				<input
					type="checkbox"
					checked={setup.inSample}
					onChange={(ev) => set({ inSample: ev.target.checked })}
				/>
				<span>
					Models may answer for candles they have learned from; the run is
					marked in sample, as its profit says little about what comes
				</span>
			</label>
			{p.refused("options") && (
				<p className="field-error" role="alert">
					{p.refused("options")}
				</p>
			)}
		</>
	);
}
