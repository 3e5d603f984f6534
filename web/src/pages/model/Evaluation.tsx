import { useMemo } from "react";
import type { Evaluation, Model, SearchTrial } from "../../api/modelTypes";
import { type Formats, useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { Panel } from "../../components/ui";
import { OutOfSample } from "../../models/ModelBits";
import {
	type MetricInfo,
	presentMetrics,
	writeInterval,
	writeValue,
} from "../../models/model";
import {
	ImportancePanel,
	ProfitPanel,
	ReliabilityPanel,
	RocPanel,
} from "./Charts";

/** What a model is worth, on candles that it never saw. */

/** The plain sentence comes before every figure. */
export function Sentence(p: { evaluation: Evaluation; model: Model }) {
	const f = useFormats();
	const { evaluation: e, model } = p;
	return (
		<section
			className={`panel verdict ${e.better ? "verdict-good" : "verdict-not"}`}
			aria-label="Verdict"
		>
			<p className="verdict-text">{e.verdict}</p>
			<p className="muted">
				<OutOfSample /> {f.count(e.samples)} bars from{" "}
				{f.time(model.valid_to, "date")} to {f.time(model.test_to, "date")},
				which it never saw. Intervals hold 95 of 100 times (block bootstrap).
			</p>
		</section>
	);
}

interface MetricRow {
	info: MetricInfo;
	cells: { name: string; text: string; interval: string; best: boolean }[];
}

function rowsOf(e: Evaluation, f: Formats): MetricRow[] {
	const all = [
		{ name: "model", metrics: e.metrics },
		...e.baselines.map((b) => ({ name: b.name, metrics: b.metrics })),
	];
	return presentMetrics(all.map((a) => a.metrics)).map((info) => {
		const values = all.map((a) => a.metrics[info.key]?.value ?? null);
		const known = values.filter((v) => v !== null);
		const top =
			known.length > 1
				? known.reduce((a, v) => (info.better * (v - a) > 0 ? v : a))
				: null;
		return {
			info,
			cells: all.map((a, i) => ({
				name: a.name,
				text: writeValue(f, info, values[i]),
				interval: writeInterval(f, info, a.metrics[info.key]),
				best: top !== null && values[i] === top,
			})),
		};
	});
}

export function MetricsPanel({ evaluation }: { evaluation: Evaluation }) {
	const f = useFormats();
	const rows = useMemo(() => rowsOf(evaluation, f), [evaluation, f]);
	const columns: Column<MetricRow>[] = [
		{
			key: "metric",
			title: "Metric",
			head: true,
			cell: (r) => (
				<span title={r.info.about}>
					{r.info.label}
					<span className="metric-about">{r.info.about}</span>
				</span>
			),
		},
		...["model", ...evaluation.baselines.map((b) => b.name)].map(
			(name, i): Column<MetricRow> => ({
				key: name,
				title: i === 0 ? "This model" : `Baseline: ${name.replace(/_/g, " ")}`,
				num: true,
				cell: (r) => {
					const c = r.cells[i];
					return (
						<>
							<span className={c?.best ? "best" : undefined}>
								{c?.text}
								{c?.best && <span className="sr"> (best)</span>}
							</span>
							<span className="interval">{c?.interval}</span>
						</>
					);
				},
			}),
		),
	];
	return (
		<Panel title="Metrics beside the baselines" flush actions={<OutOfSample />}>
			<DataTable
				caption="Metrics beside the baselines"
				columns={columns}
				rows={rows}
				rowKey={(r) => r.info.key}
			/>
		</Panel>
	);
}

export function ClassesPanel({ evaluation }: { evaluation: Evaluation }) {
	const f = useFormats();
	const share = (v: number | null) => f.percent(v, 1).replace("+", "");
	type Row = Evaluation["per_class"][number];
	const columns: Column<Row>[] = [
		{ key: "class", title: "Class", head: true, cell: (r) => r.class },
		{
			key: "precision",
			title: "Precision",
			num: true,
			cell: (r) => share(r.precision),
		},
		{ key: "recall", title: "Recall", num: true, cell: (r) => share(r.recall) },
		{ key: "f1", title: "F1", num: true, cell: (r) => share(r.f1) },
		{
			key: "support",
			title: "Bars",
			num: true,
			cell: (r) => f.count(r.support),
		},
	];
	return (
		<Panel title="By class" flush actions={<OutOfSample />}>
			<DataTable
				caption="Precision and recall by class"
				columns={columns}
				rows={evaluation.per_class}
				rowKey={(r) => r.class}
			/>
		</Panel>
	);
}

/** Rows are what came, columns what was said. */
export function ConfusionPanel({ evaluation }: { evaluation: Evaluation }) {
	const f = useFormats();
	const names = evaluation.per_class.map((c) => c.class);
	const rows = evaluation.confusion;
	return (
		<Panel title="Confusion matrix" actions={<OutOfSample />}>
			<div className="confusion-wrap">
				<table className="confusion">
					<caption className="sr">
						Confusion matrix: rows are what came, columns what was said
					</caption>
					<thead>
						<tr>
							<th scope="col">came ↓, said →</th>
							{names.map((n) => (
								<th key={n} scope="col">
									{n}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{rows.map((r, i) => {
							const sum = r.reduce((a, b) => a + b, 0);
							return (
								<tr key={names[i]}>
									<th scope="row">{names[i]}</th>
									{r.map((n, k) => {
										const part = sum > 0 ? n / sum : 0;
										return (
											<td
												key={names[k]}
												className={i === k ? "confusion-hit" : undefined}
											>
												<span
													className="confusion-fill"
													aria-hidden="true"
													style={{ opacity: part * 0.55 }}
												/>
												<span className="confusion-n">{f.count(n)}</span>
												<span className="interval">
													{f.percent(part, 0).replace("+", "")}
												</span>
											</td>
										);
									})}
								</tr>
							);
						})}
					</tbody>
				</table>
			</div>
			<p className="hint">
				Shares are of what came: a diagonal of 100 % would be perfect.
			</p>
		</Panel>
	);
}

function SearchPanel({ trials }: { trials: readonly SearchTrial[] }) {
	const f = useFormats();
	const columns: Column<SearchTrial & { n: number }>[] = [
		{
			key: "n",
			title: "#",
			num: true,
			sort: (t) => t.n,
			cell: (t) => f.count(t.n),
		},
		{ key: "layout", title: "Layout", cell: (t) => t.layout ?? "–" },
		{
			key: "rate",
			title: "Rate",
			num: true,
			sort: (t) => t.rate ?? 0,
			cell: (t) =>
				t.rate === null ? "–" : String(Number(t.rate.toPrecision(4))),
		},
		{
			key: "round",
			title: "Round",
			num: true,
			sort: (t) => t.round,
			cell: (t) => f.count(t.round),
		},
		{
			key: "loss",
			title: "Validation loss",
			num: true,
			sort: (t) => t.loss ?? Number.MAX_VALUE,
			cell: (t) =>
				t.loss === null ? "–" : f.money(t.loss.toFixed(5), { min: 4, max: 4 }),
		},
		{
			key: "state",
			title: "State",
			cell: (t) => t.state,
		},
	];
	return (
		<Panel
			title="Search"
			flush
			actions={<span className="badge">in sample: validation</span>}
		>
			<DataTable
				caption="Trials of the search"
				columns={columns}
				rows={trials.map((t, i) => ({ ...t, n: i + 1 }))}
				rowKey={(t) => t.n}
				initial={{ key: "loss", down: false }}
			/>
		</Panel>
	);
}

export function EvaluationView(p: { evaluation: Evaluation; model: Model }) {
	const { evaluation: e, model } = p;
	return (
		<>
			<MetricsPanel evaluation={e} />
			<div className="grid">
				<div className="span-6 stack">
					<ClassesPanel evaluation={e} />
				</div>
				<div className="span-6 stack">
					<ConfusionPanel evaluation={e} />
				</div>
				<div className="span-6">
					<ReliabilityPanel evaluation={e} name={model.name} />
				</div>
				<div className="span-6">
					<RocPanel evaluation={e} name={model.name} />
				</div>
			</div>
			{e.profit && e.profit.t.length > 1 && (
				<ProfitPanel profit={e.profit} name={model.name} />
			)}
			{e.importance.length > 0 && (
				<ImportancePanel evaluation={e} name={model.name} />
			)}
			{e.search && e.search.length > 0 && <SearchPanel trials={e.search} />}
		</>
	);
}
