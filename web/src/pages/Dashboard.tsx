import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { useBots } from "../api/botHooks";
import { getDashboard } from "../api/endpoints";
import { useBatch, useLiveMany } from "../api/liveHooks";
import type { Bot, BotTrade, DashboardData, OpenPosition } from "../api/types";
import { useFormats } from "../app/format";
import { status, usePageTitle } from "../app/title";
import {
	BotActions,
	botNow,
	tradeColumns,
	tradeTime,
} from "../components/BotBits";
import { type Column, DataTable } from "../components/DataTable";
import { BotsIcon, PlusIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import {
	ButtonLink,
	Empty,
	Panel,
	Signed,
	SkeletonBlock,
	SkeletonRows,
	Stat,
	StateBadge,
	Stats,
} from "../components/ui";
import { mul, parse, sub, text } from "../lib/decimal";
import { formatDuration } from "../lib/time";

const LineChart = lazy(() => import("../charts/LineChart"));
const KEY = ["dashboard"] as const;
const REFRESH = 20_000;
const NONE: readonly never[] = [];

interface Quote {
	last: string;
	time: number;
}

/** A position as the latest price makes it. Exact: these are amounts. */
export function revalue(p: OpenPosition, q: Quote | undefined): OpenPosition {
	const [last, avg, qty] = [parse(q?.last), parse(p.avg_price), parse(p.qty)];
	if (!q || !last || !avg || !qty) return p;
	return { ...p, last: q.last, unrealised: text(mul(sub(last, avg), qty)) };
}

/** The newest price of each market with an open position. */
function useQuotes(
	positions: readonly OpenPosition[],
	live: ReadonlySet<number>,
) {
	const [quotes, setQuotes] = useState<Record<string, Quote>>({});
	const topics = useMemo(
		() => [
			...new Set(
				positions
					.filter((p) => live.has(p.bot.id))
					.map((p) => `ticker:${p.market.id}`),
			),
		],
		[positions, live],
	);
	const push = useBatch<[string, Quote]>(
		(items) => setQuotes((q) => ({ ...q, ...Object.fromEntries(items) })),
		500,
	);
	useLiveMany(topics, (ev) => {
		const d = ev.data as { last?: unknown; time?: unknown } | null;
		const last = typeof d?.last === "number" ? String(d.last) : d?.last;
		if (typeof last === "string")
			push([ev.topic, { last, time: Number(d?.time ?? 0) }]);
	});
	return quotes;
}

function EquityPanel({ data }: { data: DashboardData }) {
	const f = useFormats();
	const lines = useMemo(
		() => [
			{
				label: "Equity",
				values: data.equity_curve.equity.map(Number),
				color: (c: { accent: string }) => c.accent,
				fill: true,
			},
		],
		[data.equity_curve],
	);
	if (data.equity_curve.t.length < 2)
		return (
			<Empty title="No curve yet">
				The total equity of your bots is drawn here as soon as one of them has
				decided a few bars.
			</Empty>
		);
	return (
		<Suspense fallback={<SkeletonBlock className="chart-h240" />}>
			<LineChart
				label="Total equity over time"
				t={data.equity_curve.t}
				lines={lines}
				height={264}
				format={(n) => f.money(n.toFixed(2), { min: 0 })}
			/>
		</Suspense>
	);
}

function BotsAtAGlance({ bots }: { bots: readonly Bot[] }) {
	const f = useFormats();
	if (bots.length === 0)
		return (
			<Empty
				icon={<BotsIcon size={28} />}
				title="No bot yet"
				action={
					<ButtonLink href="/bots/new" primary>
						<PlusIcon size={16} /> Create a paper bot
					</ButtonLink>
				}
			>
				A paper bot trades with play money on real prices. No exchange account
				and no keys are needed.
			</Empty>
		);
	return (
		<ul className="bot-list">
			{bots.map((b) => (
				<li key={b.id} className="bot-row">
					<div className="grow">
						<div className="row">
							<Link href={`/bots/${b.id}`} className="bot-name truncate">
								{b.name}
							</Link>
							<StateBadge state={b.state} />
						</div>
						<div className="muted truncate">
							{b.market.symbol} · {b.tf} · {b.strategy.name}
						</div>
					</div>
					<div className="num">
						<div>{f.money(b.equity)}</div>
						<Signed value={b.profit}>{f.percent(b.profit_ratio)}</Signed>
					</div>
					<div className="row">
						<BotActions bot={b} small />
					</div>
				</li>
			))}
		</ul>
	);
}

function Positions(p: {
	positions: readonly OpenPosition[];
	bots: readonly Bot[];
}) {
	const { positions, bots } = p;
	const f = useFormats();
	const [, go] = useLocation();
	// A bot that replays the past does not care for today's prices.
	const live = useMemo(
		() => new Set(bots.filter((b) => b.feed.kind === "live").map((b) => b.id)),
		[bots],
	);
	const quotes = useQuotes(positions, live);
	const rows = positions.map((p) =>
		live.has(p.bot.id) ? revalue(p, quotes[`ticker:${p.market.id}`]) : p,
	);
	const age = (p: OpenPosition) => {
		const bot = bots.find((b) => b.id === p.bot.id);
		return (bot ? botNow(bot) : Date.now()) - p.since;
	};
	const columns: Column<OpenPosition>[] = [
		{
			key: "bot",
			title: "Bot",
			head: true,
			sort: (p) => p.bot.name,
			cell: (p) => p.bot.name,
		},
		{ key: "market", title: "Market", cell: (p) => p.market.symbol },
		{ key: "qty", title: "Quantity", num: true, cell: (p) => f.qty(p.qty) },
		{
			key: "avg",
			title: "Average",
			num: true,
			cell: (p) => f.price(p.avg_price, 2),
		},
		{ key: "last", title: "Last", num: true, cell: (p) => f.price(p.last, 2) },
		{
			key: "profit",
			title: "Profit",
			num: true,
			sort: (p) => Number(p.unrealised),
			cell: (p) => (
				<Signed value={p.unrealised}>
					{f.money(p.unrealised, { sign: true })}
				</Signed>
			),
		},
		{
			key: "since",
			title: "In trade",
			num: true,
			sort: (p) => p.since,
			cell: (p) => formatDuration(age(p)),
		},
	];
	if (rows.length === 0)
		return (
			<Empty title="No open position">
				What your bots hold stands here, with its profit as prices move.
			</Empty>
		);
	return (
		<DataTable
			caption="Open positions"
			columns={columns}
			rows={rows}
			rowKey={(p) => `${p.bot.id}/${p.market.id}`}
			rowLabel={(p) => `Open ${p.bot.name}`}
			onRow={(p) => go(`/bots/${p.bot.id}`)}
		/>
	);
}

function LastTrades({ trades }: { trades: readonly BotTrade[] }) {
	const f = useFormats();
	const [, go] = useLocation();
	const columns: Column<BotTrade>[] = [
		{
			key: "time",
			title: `Time (${f.zoneLabel})`,
			sort: tradeTime,
			cell: (t) => f.time(tradeTime(t)),
		},
		{ key: "bot", title: "Bot", head: true, cell: (t) => t.bot.name },
		{ key: "market", title: "Market", cell: (t) => t.market.symbol },
		...tradeColumns<BotTrade>(f),
	];
	if (trades.length === 0)
		return (
			<Empty title="No trade yet">
				Each finished trade of a bot is listed here with its result after fees.
			</Empty>
		);
	return (
		<DataTable
			caption="Last trades"
			columns={columns}
			rows={trades}
			rowKey={(t) => `${t.bot.id}/${t.number}`}
			rowLabel={(t) => `Show trade ${t.number} of ${t.bot.name}`}
			onRow={(t) => go(`/bots/${t.bot.id}?trade=${t.number}`)}
		/>
	);
}

function KeyFigures({ data }: { data: DashboardData }) {
	const f = useFormats();
	return (
		<Stats>
			<Stat lead label="Total equity">
				{f.money(data.equity)}
			</Stat>
			<Stat label="Last 24 hours" tone={data.profit_24h}>
				{f.money(data.profit_24h, { sign: true })}
			</Stat>
			<Stat label="Profit" tone={data.profit}>
				{f.money(data.profit, { sign: true })}
			</Stat>
			<Stat label="Bots running" note={`of ${f.count(data.bots.total)}`}>
				{f.count(data.bots.running)}
			</Stat>
			<Stat
				label="Open positions"
				note={data.positions.length === 1 ? "market" : "markets"}
			>
				{f.count(data.positions.length)}
			</Stat>
		</Stats>
	);
}

export default function Dashboard() {
	usePageTitle("Dashboard");
	const queries = useQueryClient();
	const dash = useQuery({
		queryKey: KEY,
		queryFn: ({ signal }) => getDashboard(signal),
		refetchInterval: REFRESH,
	});
	const bots = useBots();
	const list = bots.data?.items;
	// A bot that changes its state changes the totals as well.
	const states = list?.map((b) => `${b.id}${b.state}${b.trades}`).join();
	useEffect(() => {
		if (!states) return;
		const t = setTimeout(
			() => void queries.invalidateQueries({ queryKey: KEY }),
			3000,
		);
		return () => clearTimeout(t);
	}, [states, queries]);
	useEffect(() => {
		if (!list) return;
		status.set({
			running: list.filter((b) => b.state === "running").length,
			troubled: list.filter((b) => b.state === "halted").length,
		});
	}, [list]);
	return (
		<>
			<div className="page-head">
				<h1>Dashboard</h1>
				<span className="spacer" />
				<ButtonLink href="/bots/new" primary>
					<PlusIcon size={16} /> New bot
				</ButtonLink>
			</div>
			<Loaded
				query={dash}
				skeleton={<SkeletonBlock className="stats-skeleton" />}
			>
				{(d) => <KeyFigures data={d} />}
			</Loaded>
			<div className="grid">
				<Panel title="Equity" className="span-7">
					<Loaded
						query={dash}
						skeleton={<SkeletonBlock className="chart-h240" />}
					>
						{(d) => <EquityPanel data={d} />}
					</Loaded>
				</Panel>
				<Panel
					title="Bots"
					className="span-5"
					flush
					actions={<Link href="/bots">All bots</Link>}
				>
					<Loaded query={bots}>
						{(l) => <BotsAtAGlance bots={l.items.slice(0, 7)} />}
					</Loaded>
				</Panel>
				<Panel title="Open positions" flush>
					<Loaded query={dash} skeleton={<SkeletonRows rows={2} />}>
						{(d) => <Positions positions={d.positions} bots={list ?? NONE} />}
					</Loaded>
				</Panel>
				<Panel title="Last trades" flush>
					<Loaded query={dash}>
						{(d) => <LastTrades trades={d.trades} />}
					</Loaded>
				</Panel>
			</div>
		</>
	);
}
