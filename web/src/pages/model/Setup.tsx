import type { Kind, Model } from "../../api/modelTypes";
import { type Formats, useFormats } from "../../app/format";
import { Panel } from "../../components/ui";
import { choicesOf } from "../../models/form";
import { useKinds } from "../../models/useModels";

/** Everything that the training was a function of. */

export function labelText(m: Model, f: Formats): string {
	const { kind, threshold, bars } = m.label;
	const t =
		threshold === undefined ? "" : f.percent(threshold).replace("+", "");
	switch (kind) {
		case "next":
			return `class of the next bar's return, ±${t}`;
		case "bars":
			return `class of the return over ${bars} bars, ±${t}`;
		case "triple":
			return `which barrier at ±${t} is reached first within ${bars} bars`;
		case "return":
			return `the return over ${bars} bars, an action beyond ±${t}`;
		default:
			return kind;
	}
}

/** A number that stands for a word is shown as the word. */
function paramText(k: Kind | undefined, name: string, v: number): string {
	const doc = k?.params.find((x) => x.name === name);
	const word = doc?.integer ? choicesOf(doc.doc)[v]?.[1] : undefined;
	return word ?? String(v);
}

export function setupFacts(
	m: Model,
	f: Formats,
	kind?: Kind,
): [string, string][] {
	const date = (ms: number) => f.time(ms, "date");
	return [
		["Kind", m.title],
		["Market", `${m.market.symbol} (${m.market.exchange}), ${m.tf}`],
		["Learned from", `${date(m.train_from)} to ${date(m.train_to)}`],
		["Chosen on", `${date(m.train_to)} to ${date(m.valid_to)}`],
		["Judged on", `${date(m.valid_to)} to ${date(m.test_to)}`],
		["Label", labelText(m, f)],
		["Window", m.window > 0 ? `${f.count(m.window)} bars` : "as usual"],
		...(m.layout ? ([["Layout", m.layout]] as [string, string][]) : []),
		...Object.entries(m.params).map(([k, v]): [string, string] => [
			k.replace(/_/g, " "),
			paramText(kind, k, v),
		]),
		["Seed", String(m.seed)],
		...(m.parent_id
			? ([["Trained anew from", `#${m.parent_id}`]] as [string, string][])
			: []),
		...(m.size ? ([["Size", f.bytes(m.size)]] as [string, string][]) : []),
		...(m.checksum
			? ([["Checksum", m.checksum.slice(0, 16)]] as [string, string][])
			: []),
	];
}

export function Setup({ model }: { model: Model }) {
	const f = useFormats();
	const kinds = useKinds();
	const kind = kinds.data?.kinds.find((k) => k.name === model.kind);
	return (
		<Panel title="Setup">
			<dl className="facts facts-cols">
				{setupFacts(model, f, kind).map(([k, v]) => (
					<div key={k}>
						<dt>{k}</dt>
						<dd>{v}</dd>
					</div>
				))}
			</dl>
			<details className="more">
				<summary>{f.count(model.features.length)} features</summary>
				<ul className="chips">
					{model.features.map((x) => (
						<li key={x}>
							<code>{x}</code>
						</li>
					))}
				</ul>
			</details>
		</Panel>
	);
}
