import "../styles/runs.css";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { getStrategies } from "../api/endpoints";
import type { Backtest, RunState } from "../api/runTypes";
import { useCommands } from "../app/commands";
import { type Formats, useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { type Column, DataTable } from "../components/DataTable";
import { Confirm } from "../components/Dialog";
import {
	BacktestIcon,
	PlusIcon,
	StopIcon,
	TrashIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import { ButtonLink, Empty, Panel, Signed } from "../components/ui";
import { useUrlState } from "../lib/url";
import {
	COMPARE_MAX,
	isActive,
	RULES,
	RunBadge,
	RunProgress,
	Tags,
} from "../runs/RunBits";
import { RunTabs } from "../runs/RunTabs";
import { useBacktests, useRunActions } from "../runs/useRuns";
import { DRAWDOWN, firstOf, RETURN, value } from "../runs/values";

const STATES: RunState[] = ["queued", "running", "done", "failed", "cancelled"];

function RowActions({ run }: { run: Backtest }) {
	const { cancel, remove } = useRunActions();
	const [ask, setAsk] = useState(false);
	const trader = useCanTrade();
	if (!trader) return null;
	return (
		<span className="cell-actions">
			{isActive(run) ? (
				<button
					type="button"
					className="btn btn-ghost btn-s btn-icon"
					aria-label={`Cancel ${run.name}`}
					disabled={cancel.isPending}
					onClick={() => cancel.mutate(run)}
				>
					<StopIcon size={16} />
				</button>
			) : (
				<button
					type="button"
					className="btn btn-ghost btn-s btn-icon"
					aria-label={`Delete ${run.name}`}
					onClick={() => setAsk(true)}
				>
					<TrashIcon size={16} />
				</button>
			)}
			{ask && (
				<Confirm
					title={`Delete ${run.name}?`}
					action="Delete for good"
					danger
					onConfirm={() => remove.mutateAsync(run)}
					onClose={() => setAsk(false)}
				>
					<p>Its trades and curves go with it. This cannot be undone.</p>
				</Confirm>
			)}
		</span>
	);
}

function columns(
	f: Formats,
	chosen: readonly number[],
	choose: (id: number, on: boolean) => void,
): Column<Backtest>[] {
	return [
		{
			key: "pick",
			title: "Compare",
			quiet: true,
			cell: (r) => (
				<input
					type="checkbox"
					className="pick"
					aria-label={`Compare ${r.name}`}
					checked={chosen.includes(r.id)}
					disabled={
						r.state !== "done" ||
						(!chosen.includes(r.id) && chosen.length >= COMPARE_MAX)
					}
					onChange={(ev) => choose(r.id, ev.target.checked)}
				/>
			),
		},
		{
			key: "name",
			title: "Backtest",
			head: true,
			sort: (r) => r.name,
			cell: (r) => (
				<span className="row">
					<Link href={`/backtests/${r.id}`}>{r.name}</Link>
					<Tags tags={r.tags} />
				</span>
			),
		},
		{
			key: "state",
			title: "State",
			sort: (r) => r.state,
			cell: (r) => (
				<span className="row">
					<RunBadge state={r.state} />
					<RunProgress run={r} small />
				</span>
			),
		},
		{
			key: "strategy",
			title: "Strategy",
			sort: (r) => r.strategy.name,
			cell: (r) => r.strategy.name,
		},
		{
			key: "market",
			title: "Market",
			sort: (r) => r.market.symbol,
			cell: (r) => (
				<>
					{r.market.symbol} <span className="muted">{r.tf}</span>
				</>
			),
		},
		{
			key: "rules",
			title: "Rules",
			sort: (r) => r.rules_set,
			cell: (r) => RULES[r.rules_set]?.label ?? r.rules_set,
		},
		{
			key: "return",
			title: "Return",
			num: true,
			sort: (r) => firstOf(r.metrics, ...RETURN) ?? Number.NEGATIVE_INFINITY,
			cell: (r) => {
				const v = firstOf(r.metrics, ...RETURN);
				return <Signed value={v}>{f.percent(v)}</Signed>;
			},
		},
		{
			key: "drawdown",
			title: "Drawdown",
			num: true,
			sort: (r) => firstOf(r.metrics, ...DRAWDOWN) ?? 0,
			cell: (r) => {
				const v = firstOf(r.metrics, ...DRAWDOWN);
				return v === null ? "–" : f.percent(-Math.abs(v));
			},
		},
		{
			key: "sharpe",
			title: "Sharpe",
			num: true,
			sort: (r) => value(r.metrics, "sharpe") ?? Number.NEGATIVE_INFINITY,
			cell: (r) => f.money(value(r.metrics, "sharpe")),
		},
		{
			key: "trades",
			title: "Trades",
			num: true,
			sort: (r) => value(r.metrics, "trades") ?? 0,
			cell: (r) => f.count(value(r.metrics, "trades")),
		},
		{
			key: "created",
			title: `Created (${f.zoneLabel})`,
			sort: (r) => r.created,
			cell: (r) => f.time(r.created),
		},
		{
			key: "actions",
			title: "Actions",
			quiet: true,
			cell: (r) => <RowActions run={r} />,
		},
	];
}

function Filters(p: {
	tags: readonly string[];
	url: URLSearchParams;
	set: (change: Record<string, string | null>) => void;
}) {
	const strategies = useQuery({
		queryKey: ["strategies"],
		queryFn: ({ signal }) => getStrategies(signal),
	});
	const pick = (
		name: string,
		label: string,
		all: string,
		options: readonly [string, string][],
	) => (
		<select
			className="select select-auto"
			aria-label={label}
			value={p.url.get(name) ?? ""}
			onChange={(ev) => p.set({ [name]: ev.target.value || null })}
		>
			<option value="">{all}</option>
			{options.map(([v, text]) => (
				<option key={v} value={v}>
					{text}
				</option>
			))}
		</select>
	);
	return (
		<div className="filters">
			{pick(
				"state",
				"State",
				"Any state",
				STATES.map((s) => [s, s]),
			)}
			{pick(
				"strategy",
				"Strategy",
				"Any strategy",
				(strategies.data?.items ?? []).map((s) => [String(s.id), s.name]),
			)}
			{p.tags.length > 0 &&
				pick(
					"tag",
					"Tag",
					"Any tag",
					p.tags.map((t) => [t, t]),
				)}
		</div>
	);
}

function Runs() {
	const f = useFormats();
	const [, go] = useLocation();
	const [url, setUrl] = useUrlState();
	const filter = {
		state: url.get("state") ?? "",
		strategy: url.get("strategy") ?? "",
		tag: url.get("tag") ?? "",
	};
	const query = useBacktests(filter);
	const filtered = Object.values(filter).some(Boolean);
	const [chosen, setChosen] = useState<readonly number[]>([]);
	const choose = (id: number, on: boolean) =>
		setChosen((c) => (on ? [...c, id] : c.filter((x) => x !== id)));
	const tags = useMemo(
		() =>
			[
				...new Set([
					...(query.data?.items.flatMap((r) => r.tags) ?? []),
					...(filter.tag ? [filter.tag] : []),
				]),
			].sort(),
		[query.data, filter.tag],
	);
	return (
		<Panel
			title="Runs"
			flush
			actions={
				<>
					<Filters tags={tags} url={url} set={setUrl} />
					<button
						type="button"
						className="btn btn-s"
						disabled={chosen.length < 2}
						onClick={() => go(`/backtests/compare?ids=${chosen.join(",")}`)}
					>
						Compare{chosen.length ? ` ${chosen.length}` : ""}
					</button>
				</>
			}
		>
			<Loaded query={query}>
				{(l) =>
					l.items.length > 0 ? (
						<DataTable
							caption="Backtests"
							columns={columns(f, chosen, choose)}
							rows={l.items}
							rowKey={(r) => r.id}
							rowLabel={(r) => `Open ${r.name}`}
							onRow={(r) => go(`/backtests/${r.id}`)}
						/>
					) : filtered ? (
						<Empty title="No run matches">
							Take a filter away to see the others.
						</Empty>
					) : (
						<Empty
							icon={<BacktestIcon size={30} />}
							title="What would it have earned?"
							action={
								<ButtonLink href="/backtests/new" primary>
									<PlusIcon size={16} /> New backtest
								</ButtonLink>
							}
						>
							A backtest runs a strategy over candles of the past and shows
							every trade, every figure and how it compares with just holding.
						</Empty>
					)
				}
			</Loaded>
		</Panel>
	);
}

export default function Backtests() {
	usePageTitle("Backtests");
	const trader = useCanTrade();
	const [, go] = useLocation();
	useCommands(
		() =>
			trader
				? [
						{
							id: "backtest-new",
							label: "Run a new backtest",
							group: "Backtests",
							keys: "c",
							run: () => go("/backtests/new"),
						},
					]
				: [],
		[trader],
	);
	return (
		<>
			<div className="page-head">
				<h1>Backtests</h1>
				<RunTabs at="runs" />
				<span className="spacer" />
				{trader && (
					<ButtonLink href="/backtests/new" primary>
						<PlusIcon size={16} /> New backtest
					</ButtonLink>
				)}
			</div>
			<Runs />
		</>
	);
}
