import "../styles/runs.css";
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { getBacktest, getBacktests, getRunEquity } from "../api/runEndpoints";
import type { Backtest, RunEquity } from "../api/runTypes";
import { useFormats } from "../app/format";
import { usePageTitle } from "../app/title";
import type { ChartColors } from "../charts/theme";
import { type Column, DataTable } from "../components/DataTable";
import {
	ChevronIcon,
	CloseIcon,
	DownloadIcon,
	ImageIcon,
	TableIcon,
} from "../components/icons";
import { LoadError } from "../components/Loaded";
import { Empty, Panel, SkeletonBlock } from "../components/ui";
import { saveCsv, savePicture } from "../lib/save";
import { useUrlState } from "../lib/url";
import {
	bestOf,
	commonMetrics,
	type Difference,
	differences,
	idsOf,
	overlay,
} from "../runs/compare";
import { Term } from "../runs/MetricTable";
import { type Metric, writeMetric } from "../runs/metrics";
import { COMPARE_MAX } from "../runs/RunBits";
import { value } from "../runs/values";

const LineChart = lazy(() => import("../charts/LineChart"));

const colorOf = (i: number) => (c: ChartColors) =>
	i === 0 ? c.accent : (c.series[i] ?? c.text);

/** Another run to set beside these. */
function Add(p: { ids: readonly number[]; onAdd: (id: number) => void }) {
	const list = useQuery({
		queryKey: ["backtests", "done"],
		queryFn: ({ signal }) =>
			getBacktests({ state: "done", limit: 100 }, signal),
	});
	const rest = (list.data?.items ?? []).filter((r) => !p.ids.includes(r.id));
	if (p.ids.length >= COMPARE_MAX || rest.length === 0) return null;
	return (
		<select
			className="select select-auto"
			aria-label="Add a run to compare"
			value=""
			onChange={(ev) => p.onAdd(Number(ev.target.value))}
		>
			<option value="">Add a run…</option>
			{rest.map((r) => (
				<option key={r.id} value={r.id}>
					{r.name} (#{r.id})
				</option>
			))}
		</select>
	);
}

function Curves(p: {
	runs: readonly Backtest[];
	curves: readonly RunEquity[];
}) {
	const f = useFormats();
	const box = useRef<HTMLDivElement>(null);
	const [table, setTable] = useState(false);
	const { t, lines } = useMemo(() => overlay(p.curves), [p.curves]);
	const drawn = useMemo(
		() =>
			lines.map((values, i) => ({
				label: p.runs[i]?.name ?? "",
				values,
				color: colorOf(i),
			})),
		[lines, p.runs],
	);
	const rows = useMemo(() => t.map((_, i) => t.length - 1 - i), [t]);
	const columns: Column<number>[] = [
		{
			key: "t",
			title: `Time (${f.zoneLabel})`,
			head: true,
			cell: (i) => f.time(t[i]),
		},
		...lines.map(
			(v, k): Column<number> => ({
				key: String(k),
				title: p.runs[k]?.name ?? "",
				num: true,
				cell: (i) => f.percent(v[i]),
			}),
		),
	];
	return (
		<Panel
			title="Growth of the equity"
			actions={
				<>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the curves as a picture"
						disabled={table}
						onClick={() => savePicture(box.current, "compare-equity")}
					>
						<ImageIcon size={15} />
					</button>
					<button
						type="button"
						className="btn btn-s"
						aria-pressed={table}
						onClick={() => setTable(!table)}
					>
						<TableIcon size={15} /> {table ? "Chart" : "Table"}
					</button>
				</>
			}
		>
			{table ? (
				<DataTable
					caption="Growth of each run"
					columns={columns}
					rows={rows}
					rowKey={(i) => t[i] ?? i}
					virtual
				/>
			) : (
				<div ref={box}>
					<Suspense fallback={<SkeletonBlock className="chart-h240" />}>
						<LineChart
							label="Growth of the equity of each run"
							t={t}
							lines={drawn}
							height={300}
							format={(n) => f.percent(n, 1)}
						/>
					</Suspense>
				</div>
			)}
		</Panel>
	);
}

function Head(p: {
	runs: readonly Backtest[];
	onRemove: (id: number) => void;
}) {
	return (
		<ul className="compare-head">
			{p.runs.map((r, i) => (
				<li key={r.id} className={`compare-run compare-${i}`}>
					<span className="compare-key" aria-hidden="true" />
					<Link href={`/backtests/${r.id}`} className="truncate">
						{r.name}
					</Link>
					<button
						type="button"
						className="btn btn-ghost btn-s btn-icon"
						aria-label={`Take ${r.name} out`}
						onClick={() => p.onRemove(r.id)}
					>
						<CloseIcon size={14} />
					</button>
				</li>
			))}
		</ul>
	);
}

function Tables({ runs }: { runs: readonly Backtest[] }) {
	const f = useFormats();
	const [all, setAll] = useState(false);
	const metrics = commonMetrics(runs);
	const facts = differences(runs, f);
	const shown = facts.filter((d) => all || !d.same);
	const metricColumns: Column<Metric>[] = [
		{ key: "m", title: "Figure", head: true, cell: (m) => <Term m={m} /> },
		...runs.map(
			(r, i): Column<Metric> => ({
				key: String(r.id),
				title: r.name,
				num: true,
				cell: (m) => {
					const text = writeMetric(f, m, value(r.metrics, m.key));
					return bestOf(m, runs) === i ? (
						<strong className="best">
							{text}
							<span className="sr"> (best)</span>
						</strong>
					) : (
						text
					);
				},
			}),
		),
	];
	const factColumns: Column<Difference>[] = [
		{ key: "l", title: "Setting", head: true, cell: (d) => d.label },
		...runs.map(
			(r, i): Column<Difference> => ({
				key: String(r.id),
				title: r.name,
				cell: (d) => d.values[i],
			}),
		),
	];
	return (
		<>
			<Panel
				title={all ? "Settings" : "What differs"}
				flush
				actions={
					<button
						type="button"
						className="btn btn-s"
						aria-pressed={all}
						onClick={() => setAll(!all)}
					>
						Show all
					</button>
				}
			>
				{shown.length > 0 ? (
					<DataTable
						caption="Settings of each run"
						columns={factColumns}
						rows={shown}
						rowKey={(d) => d.label}
					/>
				) : (
					<Empty title="Nothing differs">
						All of these runs were asked for in the same way.
					</Empty>
				)}
			</Panel>
			<Panel
				title="Figures"
				flush
				actions={
					<button
						type="button"
						className="btn btn-s"
						onClick={() =>
							saveCsv(
								"compare-figures",
								["metric", ...runs.map((r) => r.name)],
								metrics.map((m) => [
									m.key,
									...runs.map((r) => value(r.metrics, m.key)),
								]),
							)
						}
					>
						<DownloadIcon size={15} /> CSV
					</button>
				}
			>
				<DataTable
					caption="Figures of each run; the best of each row is bold"
					columns={metricColumns}
					rows={metrics}
					rowKey={(m) => m.key}
				/>
			</Panel>
		</>
	);
}

export default function BacktestCompare() {
	usePageTitle("Compare backtests");
	const [url, setUrl] = useUrlState();
	const ids = idsOf(url.get("ids"), COMPARE_MAX);
	const set = (next: readonly number[]) =>
		setUrl({ ids: next.length ? next.join(",") : null });
	const runs = useQueries({
		queries: ids.map((id) => ({
			queryKey: ["backtest", id],
			queryFn: ({ signal }: { signal: AbortSignal }) => getBacktest(id, signal),
		})),
	});
	const curves = useQueries({
		queries: ids.map((id) => ({
			queryKey: ["run-equity", id],
			queryFn: ({ signal }: { signal: AbortSignal }) =>
				getRunEquity(id, 1000, signal),
			staleTime: Number.POSITIVE_INFINITY,
		})),
	});
	const failed = [...runs, ...curves].find((q) => q.error);
	const loadedRuns = runs.flatMap((q) => (q.data ? [q.data] : []));
	const loadedCurves = curves.flatMap((q) => (q.data ? [q.data] : []));
	const ready =
		loadedRuns.length === ids.length && loadedCurves.length === ids.length;
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/backtests">Backtests</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1>Compare</h1>
				<span className="spacer" />
				<Add ids={ids} onAdd={(id) => set([...ids, id])} />
			</div>
			{failed ? (
				<div className="panel">
					<LoadError
						error={failed.error}
						retry={() => {
							for (const q of [...runs, ...curves])
								if (q.error) void q.refetch();
						}}
					/>
				</div>
			) : ids.length === 0 ? (
				<div className="panel">
					<Empty title="Choose runs to compare">
						Two to four finished runs are set side by side here: their figures,
						their curves and what differs between them.
					</Empty>
				</div>
			) : ready ? (
				<>
					<Head
						runs={loadedRuns}
						onRemove={(id) => set(ids.filter((x) => x !== id))}
					/>
					{ids.length === 1 && (
						<p className="notice">Add another run above to compare with.</p>
					)}
					<Curves runs={loadedRuns} curves={loadedCurves} />
					<Tables runs={loadedRuns} />
				</>
			) : (
				<SkeletonBlock className="page-skeleton" />
			)}
		</>
	);
}
