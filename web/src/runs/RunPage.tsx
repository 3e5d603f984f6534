import { type ReactNode, useState } from "react";
import { Link, useLocation } from "wouter";
import { exportUrl } from "../api/runEndpoints";
import type { Backtest } from "../api/runTypes";
import { useCommands } from "../app/commands";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { Confirm } from "../components/Dialog";
import {
	ChevronIcon,
	DownloadIcon,
	StopIcon,
	TrashIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import { ButtonLink, Panel, SkeletonBlock } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import NotFound from "../pages/NotFound";
import { Menu } from "./Menu";
import {
	isActive,
	RULES,
	RunBadge,
	RunProgress,
	rangeText,
	Tags,
} from "./RunBits";
import { useBacktest, useRunActions } from "./useRuns";

/** What the pages of one backtest have in common: its name, state and deeds. */

function Actions({ run }: { run: Backtest }) {
	const trader = useCanTrade();
	const { cancel, remove } = useRunActions();
	const [, go] = useLocation();
	const [ask, setAsk] = useState(false);
	const done = run.state === "done";
	return (
		<div className="row row-wrap">
			{isActive(run) && trader && (
				<button
					type="button"
					className="btn"
					disabled={cancel.isPending}
					onClick={() => cancel.mutate(run)}
				>
					<StopIcon size={16} /> Cancel run
				</button>
			)}
			{done && (
				<ButtonLink href={`/backtests/compare?ids=${run.id}`}>
					Compare
				</ButtonLink>
			)}
			{trader && !isActive(run) && (
				<ButtonLink href={`/backtests/new?again=${run.id}`}>
					Change and run again
				</ButtonLink>
			)}
			{done && (
				<Menu
					label={
						<>
							<DownloadIcon size={16} /> Export
						</>
					}
				>
					{(
						[
							["html", "Report (HTML)"],
							["json", "Everything (JSON)"],
							["trades", "Trades (CSV)"],
							["equity", "Equity (CSV)"],
						] as const
					).map(([format, text]) => (
						<a
							key={format}
							className="menu-item"
							href={exportUrl(run.id, format)}
							download
						>
							{text}
						</a>
					))}
				</Menu>
			)}
			{trader && !isActive(run) && (
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
					title={`Delete ${run.name}?`}
					action="Delete for good"
					danger
					onConfirm={async () => {
						await remove.mutateAsync(run);
						go("/backtests");
					}}
					onClose={() => setAsk(false)}
				>
					<p>Its trades and curves go with it. This cannot be undone.</p>
				</Confirm>
			)}
		</div>
	);
}

function RunNav(p: { id: number; at: "result" | "analysis" }) {
	return (
		<nav className="seg seg-links" aria-label="Parts of this backtest">
			<Link
				href={`/backtests/${p.id}`}
				aria-current={p.at === "result" ? "page" : undefined}
			>
				Result
			</Link>
			<Link
				href={`/backtests/${p.id}/analysis`}
				aria-current={p.at === "analysis" ? "page" : undefined}
			>
				Analysis
			</Link>
		</nav>
	);
}

function RunView(p: {
	run: Backtest;
	at: "result" | "analysis";
	children: (run: Backtest) => ReactNode;
}) {
	const { run } = p;
	const f = useFormats();
	const trader = useCanTrade();
	const [, go] = useLocation();
	usePageTitle(
		isActive(run)
			? `${Math.floor(run.progress * 100)} % ${run.name}`
			: `${run.name} ${run.state}`,
	);
	useCommands(
		() =>
			trader
				? [
						{
							id: "run-again",
							label: `Change ${run.name} and run it again`,
							group: "This backtest",
							keys: "r",
							run: () => go(`/backtests/new?again=${run.id}`),
						},
					]
				: [],
		[run.id, trader],
	);
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/backtests">Backtests</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1 className="truncate">{run.name}</h1>
				<RunBadge state={run.state} />
				{run.properties?.in_sample === true && (
					<span className="badge badge-warn">models in sample</span>
				)}
				{run.state === "done" && <RunNav id={run.id} at={p.at} />}
				<Tags tags={run.tags} />
				<span className="muted">
					{run.strategy.name} · {run.market.symbol} · {run.tf} ·{" "}
					{rangeText(run, f.time)} · {RULES[run.rules_set]?.label} rules
				</span>
				<span className="spacer" />
				<Actions run={run} />
			</div>
			{isActive(run) && (
				<Panel title="Under way">
					<div data-testid="run-progress">
						<RunProgress run={run} />
					</div>
				</Panel>
			)}
			{run.error && (
				<p className="notice notice-error" role="alert">
					<strong>It did not finish:</strong> {run.error}
				</p>
			)}
			{run.state === "cancelled" && (
				<p className="notice notice-warn" role="status">
					This run was cancelled; it has no result.
				</p>
			)}
			{run.state === "done" && p.children(run)}
		</>
	);
}

export function RunPage(p: {
	id: number;
	at: "result" | "analysis";
	children: (run: Backtest) => ReactNode;
}) {
	const { id } = p;
	const run = useBacktest(id);
	usePageTitle("Backtest");
	const missing =
		!Number.isInteger(id) ||
		id <= 0 ||
		(run.error instanceof ApiError && run.error.status === 404);
	if (missing) return <NotFound />;
	return (
		<Loaded query={run} skeleton={<SkeletonBlock className="page-skeleton" />}>
			{(r) => (
				<RunView run={r} at={p.at}>
					{p.children}
				</RunView>
			)}
		</Loaded>
	);
}
