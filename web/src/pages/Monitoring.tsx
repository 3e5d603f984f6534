import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { getMonitoring } from "../api/endpoints";
import type { MonitoringData, ProcessStats, RouteStats } from "../api/types";
import { type Formats, useFormats } from "../app/format";
import { usePageTitle } from "../app/title";
import type { ChartColors } from "../charts/theme";
import { type Column, DataTable } from "../components/DataTable";
import { Loaded } from "../components/Loaded";
import {
	Empty,
	Panel,
	SkeletonBlock,
	SkeletonRows,
	Stat,
	Stats,
} from "../components/ui";
import { useStore } from "../lib/store";
import { formatDuration } from "../lib/time";
import { history, record, type Sample } from "./monitoring/history";

const LineChart = lazy(() => import("../charts/LineChart"));
const EVERY = 5000;
const SYNC = "monitoring";

type Key = Exclude<keyof Sample, "t">;
const SERIES: ((c: ChartColors) => string)[] = [
	(c) => c.accent,
	(c) => c.series[1] ?? c.accent,
	(c) => c.down,
];

/** Seconds, in the unit that suits their size. */
export function seconds(s: number | null | undefined, f: Formats): string {
	if (s === null || s === undefined) return "–";
	if (s >= 1) return `${f.money(s.toFixed(2))} s`;
	if (s >= 0.001)
		return `${f.money((s * 1000).toFixed(1), { min: 0, max: 1 })} ms`;
	return `${f.money((s * 1e6).toFixed(0), { min: 0, max: 0 })} µs`;
}

function HistoryChart(p: {
	title: string;
	keys: readonly [Key, string][];
	format: (n: number) => string;
}) {
	const samples = useStore(history);
	const t = useMemo(() => samples.map((s) => s.t), [samples]);
	const { keys } = p;
	const lines = useMemo(
		() =>
			keys.map(([key, label], i) => ({
				label,
				values: samples.map((s) => s[key]),
				color: SERIES[i % SERIES.length] ?? ((c: ChartColors) => c.accent),
				fill: keys.length === 1,
			})),
		[samples, keys],
	);
	return (
		<Panel title={p.title} className="span-6">
			{samples.length < 3 ? (
				<div className="chart-h160 chart-empty muted" role="status">
					Measuring…
				</div>
			) : (
				<Suspense fallback={<SkeletonBlock className="chart-h160" />}>
					<LineChart
						label={`${p.title} over time`}
						t={t}
						lines={lines}
						height={150}
						sync={SYNC}
						fromZero
						format={p.format}
					/>
				</Suspense>
			)}
		</Panel>
	);
}

const REQUESTS: [Key, string][] = [
	["requests", "Requests"],
	["errors", "Errors"],
];
const LATENCY: [Key, string][] = [
	["p50", "p50"],
	["p95", "p95"],
	["p99", "p99"],
];
const DB: [Key, string][] = [
	["dbP50", "p50"],
	["dbP99", "p99"],
];
const CPU: [Key, string][] = [["cpu", "Cores in use"]];
const MEMORY: [Key, string][] = [["rss", "Memory"]];
const LIVE: [Key, string][] = [["delivered", "Delivered"]];

function Charts() {
	const f = useFormats();
	const perSecond = (n: number) => `${f.compact(n)}/s`;
	const time = (n: number) => seconds(n, f);
	return (
		<div className="grid">
			<HistoryChart title="Requests" keys={REQUESTS} format={perSecond} />
			<HistoryChart title="Latency of answers" keys={LATENCY} format={time} />
			<HistoryChart title="Latency of the database" keys={DB} format={time} />
			<HistoryChart title="Live events" keys={LIVE} format={perSecond} />
			<HistoryChart
				title="Processor"
				keys={CPU}
				format={(n) => f.money(n.toFixed(2))}
			/>
			<HistoryChart title="Memory" keys={MEMORY} format={(n) => f.bytes(n)} />
		</div>
	);
}

function Routes({ routes }: { routes: readonly RouteStats[] }) {
	const f = useFormats();
	const columns: Column<RouteStats>[] = [
		{
			key: "route",
			title: "Route",
			head: true,
			sort: (r) => r.route,
			cell: (r) => (
				<>
					<span className="method">{r.method}</span> <code>{r.route}</code>
				</>
			),
		},
		{
			key: "requests",
			title: "Requests",
			num: true,
			sort: (r) => r.requests,
			cell: (r) => f.count(r.requests),
		},
		{
			key: "errors",
			title: "Errors",
			num: true,
			sort: (r) => r.errors,
			cell: (r) =>
				r.errors > 0 ? (
					<span className="badge badge-danger">{f.count(r.errors)}</span>
				) : (
					"0"
				),
		},
		...(["p50", "p95", "p99"] as const).map(
			(k): Column<RouteStats> => ({
				key: k,
				title: k,
				num: true,
				sort: (r) => r[k] ?? -1,
				cell: (r) => seconds(r[k], f),
			}),
		),
	];
	if (routes.length === 0)
		return <Empty title="No request yet">Routes appear when used.</Empty>;
	return (
		<DataTable
			caption="Routes"
			columns={columns}
			rows={routes}
			rowKey={(r) => `${r.method} ${r.route}`}
			initial={{ key: "requests", down: true }}
		/>
	);
}

function Processes({ list }: { list: readonly ProcessStats[] }) {
	const f = useFormats();
	const columns: Column<ProcessStats>[] = [
		{
			key: "role",
			title: "Process",
			head: true,
			sort: (p) => p.role,
			cell: (p) => p.role,
		},
		{ key: "pid", title: "pid", num: true, cell: (p) => p.pid },
		{
			key: "state",
			title: "State",
			cell: (p) => <span className="badge">{p.state}</span>,
		},
		{
			key: "rss",
			title: "Memory",
			num: true,
			sort: (p) => p.rss,
			cell: (p) => f.bytes(p.rss),
		},
		{
			key: "cpu",
			title: "Processor time",
			num: true,
			sort: (p) => p.cpu_seconds,
			cell: (p) => `${f.money(p.cpu_seconds.toFixed(1), { max: 1, min: 1 })} s`,
		},
		{
			key: "requests",
			title: "Requests",
			num: true,
			sort: (p) => p.requests,
			cell: (p) => f.count(p.requests),
		},
		{
			key: "restarts",
			title: "Restarts",
			num: true,
			sort: (p) => p.restarts,
			cell: (p) => f.count(p.restarts),
		},
	];
	return (
		<DataTable
			caption="Processes"
			columns={columns}
			rows={list}
			rowKey={(p) => `${p.role}/${p.pid}`}
		/>
	);
}

function Figures({ m }: { m: MonitoringData }) {
	const f = useFormats();
	return (
		<Stats>
			<Stat label="Up for">{formatDuration(m.uptime * 1000)}</Stat>
			<Stat label="Requests in work" note={`${f.count(m.http.slow)} slow`}>
				{f.count(m.http.active)}
			</Stat>
			<Stat label="Bots running" note={`${f.count(m.bots.paused ?? 0)} paused`}>
				{f.count(m.bots.running ?? 0)}
			</Stat>
			<Stat
				label="Orders sent"
				note={
					m.orders.uncertain
						? `${f.count(m.orders.uncertain)} uncertain`
						: `${f.count(m.orders.open ?? 0)} open`
				}
			>
				{f.count(m.orders.sent ?? 0)}
			</Stat>
			<Stat label="Jobs" note={`${f.count(m.jobs.queued)} waiting`}>
				{f.count(m.jobs.running)}
			</Stat>
			<Stat
				label="Database"
				note={m.db.errors ? `${f.count(m.db.errors)} errors` : "no error"}
			>
				{f.compact(m.db.queries)}
			</Stat>
			<Stat
				label="Live listeners"
				note={
					m.live.dropped ? `${f.count(m.live.dropped)} dropped` : "none dropped"
				}
			>
				{f.count(m.live.clients)}
			</Stat>
		</Stats>
	);
}

export default function Monitoring() {
	usePageTitle("Monitoring");
	const query = useQuery({
		queryKey: ["monitoring"],
		queryFn: ({ signal }) => getMonitoring(signal),
		refetchInterval: EVERY,
		staleTime: 0,
	});
	useEffect(() => {
		if (query.data) record(query.data);
	}, [query.data]);
	return (
		<>
			<div className="page-head">
				<h1>Monitoring</h1>
				<span className="muted">
					measured every {EVERY / 1000} s, kept while this tab is open
				</span>
			</div>
			<Loaded
				query={query}
				skeleton={<SkeletonBlock className="stats-skeleton" />}
			>
				{(m) => <Figures m={m} />}
			</Loaded>
			<Charts />
			<Panel title="Processes" flush>
				<Loaded query={query} skeleton={<SkeletonRows rows={4} />}>
					{(m) => <Processes list={m.processes} />}
				</Loaded>
			</Panel>
			<Panel title="Routes" flush>
				<Loaded query={query}>
					{(m) => <Routes routes={m.http.routes} />}
				</Loaded>
			</Panel>
		</>
	);
}
