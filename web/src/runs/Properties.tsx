import type { Backtest, RunBase } from "../api/runTypes";
import { type Formats, useFormats } from "../app/format";
import { RULES, rangeText } from "./RunBits";

/** Everything that was in force, defaults included. */

export type Fact = [label: string, value: string];

function show(v: unknown): string {
	if (v === null || v === undefined) return "–";
	if (typeof v === "object") return JSON.stringify(v);
	return String(v);
}

const words = (key: string) => key.replace(/_/g, " ");

export function setupFacts(r: RunBase, f: Formats): Fact[] {
	return [
		["Strategy", r.strategy.name],
		...Object.entries(r.inputs).map(([k, v]): Fact => [`Input ${k}`, show(v)]),
		["Market", `${r.market.symbol} (${r.market.exchange})`],
		["Timeframe", r.tf],
		["Range", rangeText(r, f.time)],
		["Rule set", RULES[r.rules_set]?.label ?? r.rules_set],
		...Object.entries(r.options ?? {}).map(
			([k, v]): Fact => [`Asked for: ${words(k)}`, show(v)],
		),
	];
}

export function propertyFacts(r: Backtest, f: Formats): Fact[] {
	return Object.entries(r.properties ?? {}).map(([k, v]): Fact => {
		const time = (k === "from" || k === "to") && typeof v === "number";
		return [words(k), time ? f.time(v, "full") : show(v)];
	});
}

function Facts(p: { facts: readonly Fact[] }) {
	return (
		<dl className="facts">
			{p.facts.map(([k, v]) => (
				<div key={k}>
					<dt>{k}</dt>
					<dd>{v}</dd>
				</div>
			))}
		</dl>
	);
}

export function Properties({ run }: { run: Backtest }) {
	const f = useFormats();
	const facts = propertyFacts(run, f);
	return (
		<div className="properties">
			<section aria-label="What was asked for">
				<h3>What was asked for</h3>
				<Facts
					facts={[
						...setupFacts(run, f),
						["Created", f.time(run.created, "full")],
						["Finished", f.time(run.finished, "full")],
					]}
				/>
			</section>
			{facts.length > 0 && (
				<section aria-label="What was in force">
					<h3>What was in force, defaults included</h3>
					<Facts facts={facts} />
				</section>
			)}
		</div>
	);
}
