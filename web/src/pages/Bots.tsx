import { useState } from "react";
import { Link, useLocation } from "wouter";
import { allowed, useBotAction, useBots } from "../api/botHooks";
import type { Bot } from "../api/types";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { BotActions, feedText } from "../components/BotBits";
import { type Column, DataTable } from "../components/DataTable";
import { Confirm } from "../components/Dialog";
import {
	BotsIcon,
	PauseIcon,
	PlayIcon,
	PlusIcon,
	SearchIcon,
	StopIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import {
	ButtonLink,
	Empty,
	Panel,
	Progress,
	Signed,
	Stat,
	StateBadge,
	Stats,
} from "../components/ui";
import { add, parse, text } from "../lib/decimal";

/** Exact sum of amounts; those that are missing count nothing. */
export function total(values: readonly (string | null)[]): string | null {
	const known = values.map((v) => parse(v)).filter((d) => d !== null);
	const first = known[0];
	if (!first) return null;
	return text(known.slice(1).reduce((a, b) => add(a, b), first));
}

/** One step for every bot that allows it. */
function AllActions({ bots }: { bots: readonly Bot[] }) {
	const act = useBotAction();
	const [ask, setAsk] = useState(false);
	const trader = useCanTrade();
	const startable = bots.filter((b) => allowed(b).start);
	const pausable = bots.filter((b) => allowed(b).pause);
	const stoppable = bots.filter((b) => allowed(b).stop);
	if (!trader || bots.length < 2) return null;
	return (
		<>
			<button
				type="button"
				className="btn"
				disabled={startable.length === 0}
				onClick={() => {
					for (const bot of startable) act.mutate({ bot, action: "start" });
				}}
			>
				<PlayIcon size={16} /> Start all
			</button>
			<button
				type="button"
				className="btn"
				disabled={pausable.length === 0}
				onClick={() => {
					for (const bot of pausable) act.mutate({ bot, action: "pause" });
				}}
			>
				<PauseIcon size={16} /> Pause all
			</button>
			<button
				type="button"
				className="btn"
				disabled={stoppable.length === 0}
				onClick={() => setAsk(true)}
			>
				<StopIcon size={16} /> Stop all
			</button>
			{ask && (
				<Confirm
					title={`Stop ${stoppable.length} bots?`}
					action="Stop all bots"
					danger
					onClose={() => setAsk(false)}
					onConfirm={() =>
						Promise.allSettled(
							stoppable.map((bot) => act.mutateAsync({ bot, action: "stop" })),
						)
					}
				>
					<p>
						Each cancels its working orders and places no more. Open positions
						stay as they are.
					</p>
				</Confirm>
			)}
		</>
	);
}

function columns(f: ReturnType<typeof useFormats>): Column<Bot>[] {
	return [
		{
			key: "name",
			title: "Bot",
			head: true,
			sort: (b) => b.name,
			cell: (b) => <Link href={`/bots/${b.id}`}>{b.name}</Link>,
		},
		{
			key: "state",
			title: "State",
			sort: (b) => b.state,
			cell: (b) => <StateBadge state={b.state} />,
		},
		{
			key: "market",
			title: "Market",
			sort: (b) => b.market.symbol,
			cell: (b) => (
				<>
					{b.market.symbol} <span className="muted">{b.tf}</span>
				</>
			),
		},
		{
			key: "strategy",
			title: "Strategy",
			sort: (b) => b.strategy.name,
			cell: (b) => b.strategy.name,
		},
		{
			key: "feed",
			title: "Prices",
			cell: (b) => (
				<span className="row">
					{feedText(b)}
					{b.progress?.bars_total ? (
						<Progress
							value={b.progress.bars}
							max={b.progress.bars_total}
							label={`Replay of ${b.name}`}
						/>
					) : null}
				</span>
			),
		},
		{
			key: "equity",
			title: "Equity",
			num: true,
			sort: (b) => Number(b.equity),
			cell: (b) => f.money(b.equity),
		},
		{
			key: "profit",
			title: "Profit",
			num: true,
			sort: (b) => Number(b.profit),
			cell: (b) => (
				<Signed value={b.profit}>{f.money(b.profit, { sign: true })}</Signed>
			),
		},
		{
			key: "return",
			title: "Return",
			num: true,
			sort: (b) => Number(b.profit_ratio),
			cell: (b) => (
				<Signed value={b.profit_ratio}>{f.percent(b.profit_ratio)}</Signed>
			),
		},
		{
			key: "trades",
			title: "Trades",
			num: true,
			sort: (b) => b.trades,
			cell: (b) => f.count(b.trades),
		},
		{
			key: "actions",
			title: "Actions",
			quiet: true,
			cell: (b) => (
				<span className="cell-actions">
					<BotActions bot={b} small />
				</span>
			),
		},
	];
}

function BotTable({ bots }: { bots: readonly Bot[] }) {
	const f = useFormats();
	const [query, setQuery] = useState("");
	const [, go] = useLocation();
	const q = query.toLowerCase();
	const rows = bots.filter((b) =>
		`${b.name} ${b.market.symbol} ${b.strategy.name} ${b.state}`
			.toLowerCase()
			.includes(q),
	);
	if (bots.length === 0)
		return (
			<div className="panel">
				<Empty
					icon={<BotsIcon size={30} />}
					title="Your first bot takes a minute"
					action={
						<ButtonLink href="/bots/new" primary>
							<PlusIcon size={16} /> Create a bot
						</ButtonLink>
					}
				>
					Pick a market and a starter strategy. It trades with play money, on
					live prices or on candles of the past, as fast as you like.
				</Empty>
			</div>
		);
	return (
		<>
			<Stats>
				<Stat label="Equity of all bots">
					{f.money(total(bots.map((b) => b.equity)))}
				</Stat>
				<Stat label="Profit" tone={total(bots.map((b) => b.profit))}>
					{f.money(total(bots.map((b) => b.profit)), { sign: true })}
				</Stat>
				<Stat label="Running">
					{f.count(bots.filter((b) => b.state === "running").length)}
				</Stat>
				<Stat label="Paused">
					{f.count(bots.filter((b) => b.state === "paused").length)}
				</Stat>
				<Stat label="Halted">
					{f.count(bots.filter((b) => b.state === "halted").length)}
				</Stat>
			</Stats>
			<Panel
				title="Bots"
				flush
				actions={
					<div className="search">
						<SearchIcon size={16} />
						<input
							type="search"
							className="input"
							aria-label="Search bots"
							placeholder="Search bots"
							value={query}
							onChange={(ev) => setQuery(ev.target.value)}
						/>
					</div>
				}
			>
				{rows.length === 0 ? (
					<Empty title="No bot matches">
						Nothing here is called “{query}”.
					</Empty>
				) : (
					<DataTable
						caption="Bots"
						columns={columns(f)}
						rows={rows}
						rowKey={(b) => b.id}
						rowLabel={(b) => `Open ${b.name}`}
						onRow={(b) => go(`/bots/${b.id}`)}
					/>
				)}
			</Panel>
		</>
	);
}

export default function Bots() {
	usePageTitle("Bots");
	const bots = useBots();
	return (
		<>
			<div className="page-head">
				<h1>Bots</h1>
				<span className="spacer" />
				{bots.data && <AllActions bots={bots.data.items} />}
				<ButtonLink href="/bots/new" primary>
					<PlusIcon size={16} /> New bot
				</ButtonLink>
			</div>
			<Loaded query={bots}>{(l) => <BotTable bots={l.items} />}</Loaded>
		</>
	);
}
