import "../styles/runs.css";
import "../styles/models.css";
import { useQueries } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";
import { getEvaluation, getModel } from "../api/modelEndpoints";
import type { Evaluation, Model } from "../api/modelTypes";
import { type Formats, useFormats } from "../app/format";
import { usePageTitle } from "../app/title";
import type { ChartColors } from "../charts/theme";
import { type Column, DataTable } from "../components/DataTable";
import { ChevronIcon, CloseIcon } from "../components/icons";
import { LoadError } from "../components/Loaded";
import { Empty, Panel, SkeletonBlock } from "../components/ui";
import { useUrlState } from "../lib/url";
import {
	COMPARE_MAX,
	ModelBadge,
	OutOfSample,
	Verdict,
} from "../models/ModelBits";
import {
	bestBy,
	isTrained,
	type MetricInfo,
	presentMetrics,
	writeInterval,
	writeValue,
} from "../models/model";
import { modelKey, useModels } from "../models/useModels";
import { idsOf, overlay } from "../runs/compare";
import { Drawing } from "./model/Drawing";
import { setupFacts } from "./model/Setup";

const LineChart = lazy(() => import("../charts/LineChart"));

const colorOf = (i: number) => (c: ChartColors) =>
	i === 0 ? c.accent : (c.series[i] ?? c.text);

function Add(p: { ids: readonly number[]; onAdd: (id: number) => void }) {
	const list = useModels();
	const rest = (list.data?.items ?? []).filter(
		(m) => isTrained(m) && !p.ids.includes(m.id),
	);
	if (p.ids.length >= COMPARE_MAX || rest.length === 0) return null;
	return (
		<select
			className="select select-auto"
			aria-label="Add a model to compare"
			value=""
			onChange={(ev) => p.onAdd(Number(ev.target.value))}
		>
			<option value="">Add a model…</option>
			{rest.map((m) => (
				<option key={m.id} value={m.id}>
					{m.name} (#{m.id})
				</option>
			))}
		</select>
	);
}

const label = (m: Model) => `${m.name} #${m.id}`;

function Metrics(p: {
	models: readonly Model[];
	evaluations: readonly Evaluation[];
}) {
	const f = useFormats();
	const rows = presentMetrics(p.evaluations.map((e) => e.metrics));
	const columns: Column<MetricInfo>[] = [
		{
			key: "metric",
			title: "Metric",
			head: true,
			cell: (m) => (
				<>
					{m.label}
					<span className="metric-about">{m.about}</span>
				</>
			),
		},
		...p.models.map(
			(model, i): Column<MetricInfo> => ({
				key: String(model.id),
				title: label(model),
				num: true,
				cell: (m) => {
					const all = p.evaluations.map((e) => e.metrics[m.key]?.value);
					const best = bestBy(m, all).has(i);
					return (
						<>
							<span className={best ? "best" : undefined}>
								{writeValue(f, m, all[i])}
								{best && <span className="sr"> (best)</span>}
							</span>
							<span className="interval">
								{writeInterval(f, m, p.evaluations[i]?.metrics[m.key])}
							</span>
						</>
					);
				},
			}),
		),
	];
	return (
		<Panel title="Metrics" flush actions={<OutOfSample />}>
			<DataTable
				caption="Metrics of each model"
				columns={columns}
				rows={rows}
				rowKey={(m) => m.key}
			/>
		</Panel>
	);
}

function Curves(p: {
	models: readonly Model[];
	evaluations: readonly Evaluation[];
}) {
	const f = useFormats();
	const { t, lines } = useMemo(
		() =>
			overlay(
				p.evaluations.map((e) => ({
					t: e.profit?.t ?? [],
					equity: e.profit?.model ?? [],
					drawdown: [],
				})),
			),
		[p.evaluations],
	);
	const drawn = useMemo(
		() =>
			lines.map((values, i) => ({
				label: p.models[i] ? label(p.models[i]) : "",
				values,
				color: colorOf(i),
			})),
		[lines, p.models],
	);
	if (t.length < 2) return null;
	return (
		<Drawing
			title="Profit of the signals after fees"
			file="models-profit"
			badge={<OutOfSample />}
			table={
				<DataTable
					caption="Profit at the end"
					columns={[
						{
							key: "name",
							title: "Model",
							head: true,
							cell: (r) => r.label,
						},
						{
							key: "end",
							title: "At the end",
							num: true,
							cell: (r) =>
								f.percent(r.values.findLast((v) => v !== null) ?? null),
						},
					]}
					rows={drawn}
					rowKey={(r) => r.label}
				/>
			}
		>
			<div>
				<LineChart
					label={`Growth of ${p.models.map(label).join(", ")}`}
					t={t}
					lines={drawn}
					height={230}
					format={(n) => f.percent(n, 1)}
				/>
			</div>
		</Drawing>
	);
}

interface Difference {
	name: string;
	values: string[];
}

/** What was set differently. */
export function differencesOf(models: readonly Model[], f: Formats) {
	const all = models.map((m) => new Map(setupFacts(m, f)));
	const names = [...new Set(all.flatMap((m) => [...m.keys()]))];
	const rows: Difference[] = names.map((name) => ({
		name,
		values: all.map((m) => m.get(name) ?? "–"),
	}));
	const sets = models.map((m) => [...m.features].sort().join());
	if (new Set(sets).size > 1)
		rows.push({
			name: "Features",
			values: models.map((m) => String(m.features.length)),
		});
	return rows.filter((r) => new Set(r.values).size > 1);
}

function Differences({ models }: { models: readonly Model[] }) {
	const f = useFormats();
	const rows = useMemo(() => differencesOf(models, f), [models, f]);
	if (rows.length === 0) return null;
	return (
		<Panel title="What differs" flush>
			<DataTable
				caption="Settings that differ"
				columns={[
					{ key: "name", title: "Setting", head: true, cell: (r) => r.name },
					...models.map(
						(m, i): Column<Difference> => ({
							key: String(m.id),
							title: label(m),
							cell: (r) => r.values[i],
						}),
					),
				]}
				rows={rows}
				rowKey={(r) => r.name}
			/>
		</Panel>
	);
}

/** The stretches on which they are judged must be the same to be compared. */
function sameStretch(models: readonly Model[]): boolean {
	return (
		new Set(
			models.map((m) => `${m.market.id} ${m.tf} ${m.valid_to} ${m.test_to}`),
		).size <= 1
	);
}

export default function ModelCompare() {
	usePageTitle("Compare models");
	const [url, setUrl] = useUrlState();
	const ids = idsOf(url.get("ids"), COMPARE_MAX);
	const found = useQueries({
		queries: ids.map((id) => ({
			queryKey: modelKey(id),
			queryFn: ({ signal }: { signal: AbortSignal }) => getModel(id, signal),
		})),
	});
	const judged = useQueries({
		queries: ids.map((id) => ({
			queryKey: ["model-evaluation", id, "compare"],
			queryFn: ({ signal }: { signal: AbortSignal }) =>
				getEvaluation(id, signal),
		})),
	});
	const setIds = (v: readonly number[]) =>
		setUrl({ ids: v.length ? v.join(",") : null });
	const failed = [...found, ...judged].find((q) => q.error)?.error;
	const models = found.flatMap((q) => (q.data ? [q.data] : []));
	const evaluations = judged.flatMap((q) => (q.data ? [q.data] : []));
	const ready =
		models.length === ids.length && evaluations.length === ids.length;
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/models">Models</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1>Compare models</h1>
				<span className="spacer" />
				<Add ids={ids} onAdd={(id) => setIds([...ids, id])} />
			</div>
			{ids.length === 0 ? (
				<div className="panel">
					<Empty title="No model chosen">
						Choose some in the list of models, or add one above.
					</Empty>
				</div>
			) : failed ? (
				<LoadError
					error={failed}
					retry={() => {
						for (const q of [...found, ...judged]) void q.refetch();
					}}
				/>
			) : !ready ? (
				<SkeletonBlock className="page-skeleton" />
			) : (
				<>
					<ul className="model-heads">
						{models.map((m, i) => (
							<li key={m.id} className="panel model-head">
								<span
									className={`model-key model-key-${i}`}
									aria-hidden="true"
								/>
								<Link href={`/models/${m.id}`}>{label(m)}</Link>
								<ModelBadge state={m.state} />
								<Verdict better={m.better} />
								<button
									type="button"
									className="btn btn-ghost btn-icon btn-s"
									aria-label={`Take ${label(m)} away`}
									onClick={() => setIds(ids.filter((x) => x !== m.id))}
								>
									<CloseIcon size={14} />
								</button>
							</li>
						))}
					</ul>
					{!sameStretch(models) && (
						<p className="notice notice-warn" role="status">
							They were judged on different candles: their figures do not
							measure the same thing.
						</p>
					)}
					<Suspense fallback={<SkeletonBlock className="chart-h240" />}>
						<Curves models={models} evaluations={evaluations} />
					</Suspense>
					<Metrics models={models} evaluations={evaluations} />
					<Differences models={models} />
				</>
			)}
		</>
	);
}
