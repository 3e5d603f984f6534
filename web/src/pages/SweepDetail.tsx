import "../styles/runs.css";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { changeSweep } from "../api/sweepEndpoints";
import type { Sweep } from "../api/sweepTypes";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { Confirm } from "../components/Dialog";
import { ChevronIcon, StopIcon, TrashIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import { Panel, SkeletonBlock, Stat, Stats } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { metricOf, writeMetric } from "../runs/metrics";
import { Notes } from "../runs/Notes";
import {
	isActive,
	RULES,
	RunBadge,
	RunProgress,
	rangeText,
	Tags,
} from "../runs/RunBits";
import {
	sweepKey,
	sweepsKey,
	useSweep,
	useSweepActions,
} from "../runs/useSweeps";
import { value } from "../runs/values";
import NotFound from "./NotFound";
import { Folds } from "./sweep/Folds";
import { HeatmapPanel } from "./sweep/HeatmapPanel";
import { Statistics } from "./sweep/Statistics";
import { BestLink, inputsText, Trials } from "./sweep/Trials";

function Actions({ sweep }: { sweep: Sweep }) {
	const trader = useCanTrade();
	const { act, remove } = useSweepActions();
	const [, go] = useLocation();
	const [ask, setAsk] = useState(false);
	if (!trader) return null;
	const active = isActive(sweep);
	return (
		<div className="row row-wrap">
			<BestLink sweep={sweep} />
			{active && (
				<button
					type="button"
					className="btn"
					disabled={act.isPending}
					onClick={() => act.mutate({ sweep, action: "cancel" })}
				>
					<StopIcon size={16} /> Cancel sweep
				</button>
			)}
			{["cancelled", "failed"].includes(sweep.state) && (
				<button
					type="button"
					className="btn btn-primary"
					disabled={act.isPending}
					onClick={() => act.mutate({ sweep, action: "resume" })}
				>
					Go on with it
				</button>
			)}
			{!active && (
				<button
					type="button"
					className="btn btn-danger"
					onClick={() => setAsk(true)}
				>
					<TrashIcon size={16} /> Delete
				</button>
			)}
			{ask && (
				<Confirm
					title={`Delete ${sweep.name}?`}
					action="Delete for good"
					danger
					onConfirm={async () => {
						await remove.mutateAsync(sweep);
						go("/backtests/sweeps");
					}}
					onClose={() => setAsk(false)}
				>
					<p>All its trials go with it. This cannot be undone.</p>
				</Confirm>
			)}
		</div>
	);
}

function Best({ sweep }: { sweep: Sweep }) {
	const f = useFormats();
	const m = metricOf(sweep.objective);
	const b = sweep.best;
	const show = (key: string) =>
		writeMetric(f, metricOf(key), value(b?.metrics, key));
	return (
		<>
			<Stats>
				<Stat
					lead
					label={
						isActive(sweep) ? `Best so far: ${m.label}` : `Best: ${m.label}`
					}
					note={
						sweep.walk_forward && b
							? `in sample, fold ${f.count((b.fold ?? 0) + 1)}`
							: "in sample"
					}
				>
					{b ? writeMetric(f, m, value(b.metrics, m.key) ?? b.score) : "–"}
				</Stat>
				<Stat label="Return" tone={value(b?.metrics, "total_return")}>
					{show("total_return")}
				</Stat>
				<Stat label="Deepest drawdown">{show("max_drawdown_ratio")}</Stat>
				<Stat label="Trades">{show("trades")}</Stat>
				<Stat
					label="Trials"
					note={
						sweep.state === "running" && sweep.trials_total > 0
							? `of ${f.count(sweep.trials_total)}`
							: undefined
					}
				>
					{f.count(sweep.trials_done)}
				</Stat>
			</Stats>
			<p className="best-line">
				{b ? (
					<>
						Best inputs: <strong>{inputsText(b.inputs)}</strong>
					</>
				) : isActive(sweep) ? (
					"No trial has met the conditions yet."
				) : (
					"No trial met the conditions."
				)}
			</p>
		</>
	);
}

function SweepView({ sweep }: { sweep: Sweep }) {
	const f = useFormats();
	const trader = useCanTrade();
	const queries = useQueryClient();
	usePageTitle(
		isActive(sweep)
			? `${Math.floor(sweep.progress * 100)} % ${sweep.name}`
			: `${sweep.name} ${sweep.state}`,
	);
	const terms = sweep.constraints.map(
		(c) =>
			`${metricOf(c.metric).label} ${c.op === ">=" ? "at least" : "at most"} ${c.value}`,
	);
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/backtests/sweeps">Sweeps</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1 className="truncate">{sweep.name}</h1>
				<RunBadge state={sweep.state} />
				<Tags tags={sweep.tags} />
				<span className="muted">
					{sweep.strategy.name} · {sweep.market.symbol} · {sweep.tf} ·{" "}
					{rangeText(sweep, f.time)} · {RULES[sweep.rules_set]?.label} rules ·{" "}
					{sweep.method}
					{sweep.walk_forward ? `, ${sweep.walk_forward.kind}` : ""}
					{terms.length ? ` · ${terms.join(", ")}` : ""}
				</span>
				<span className="spacer" />
				<Actions sweep={sweep} />
			</div>
			{isActive(sweep) && (
				<Panel title="Under way">
					<RunProgress run={sweep} />
				</Panel>
			)}
			{sweep.error && (
				<p className="notice notice-error" role="alert">
					<strong>It did not finish:</strong> {sweep.error}
				</p>
			)}
			<Best sweep={sweep} />
			<div className="grid">
				<div className={sweep.statistics ? "span-7" : ""}>
					<HeatmapPanel sweep={sweep} />
				</div>
				{sweep.statistics && (
					<div className="span-5">
						<Statistics sweep={sweep} />
					</div>
				)}
			</div>
			<Folds sweep={sweep} />
			<Trials sweep={sweep} />
			<Panel title="Notes" flush>
				<Notes
					run={sweep}
					readOnly={!trader}
					save={async (change) => {
						const r = await changeSweep(sweep.id, change);
						queries.setQueryData<Sweep>(sweepKey(sweep.id), (old) =>
							old ? { ...old, ...change, ...r } : r,
						);
						void queries.invalidateQueries({ queryKey: sweepsKey });
					}}
				/>
			</Panel>
		</>
	);
}

export default function SweepDetail({ id }: { id: number }) {
	const sweep = useSweep(id);
	usePageTitle("Sweep");
	const missing =
		!Number.isInteger(id) ||
		id <= 0 ||
		(sweep.error instanceof ApiError && sweep.error.status === 404);
	if (missing) return <NotFound />;
	return (
		<Loaded
			query={sweep}
			skeleton={<SkeletonBlock className="page-skeleton" />}
		>
			{(s) => <SweepView sweep={s} />}
		</Loaded>
	);
}
