import { lazy, Suspense, useMemo } from "react";
import { Link, useLocation } from "wouter";
import { allowed, useBot, useBotAction } from "../api/botHooks";
import type { Bot, Trade } from "../api/types";
import { useCandles } from "../api/useCandles";
import { useCommands } from "../app/commands";
import { useFormats } from "../app/format";
import { usePageTitle } from "../app/title";
import {
	BotActions,
	BotProgress,
	botNow,
	feedText,
} from "../components/BotBits";
import { ChevronIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import {
	Panel,
	SkeletonBlock,
	SkeletonRows,
	Stat,
	StateBadge,
	Stats,
	Tabs,
} from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { formatDuration } from "../lib/time";
import { useUrlState } from "../lib/url";
import { ChartPanel } from "./bot/ChartPanel";
import {
	useBotLive,
	useEquity,
	useFills,
	useOrders,
	usePlots,
	useTrades,
} from "./bot/data";
import NotFound from "./NotFound";

const EquityPanel = lazy(() =>
	import("./bot/EquityPanel").then((m) => ({ default: m.EquityPanel })),
);
const TabBody = lazy(() => import("./bot/tabs"));

const TABS = [
	{ value: "trades", label: "Trades" },
	{ value: "fills", label: "Fills" },
	{ value: "orders", label: "Orders" },
	{ value: "log", label: "Log" },
	{ value: "setup", label: "Setup" },
] as const;
type Tab = (typeof TABS)[number]["value"];

const NONE: readonly never[] = [];

function worst(drawdown: readonly (number | string)[]): number | null {
	if (drawdown.length === 0) return null;
	return -drawdown.reduce<number>((a, d) => Math.max(a, Math.abs(+d)), 0);
}

function Figures({ bot, drawdown }: { bot: Bot; drawdown: number | null }) {
	const f = useFormats();
	const p = bot.position;
	return (
		<Stats>
			<Stat lead label="Equity" note={`from ${f.money(bot.initial_balance)}`}>
				{f.money(bot.equity)}
			</Stat>
			<Stat label="Profit" tone={bot.profit} note={f.percent(bot.profit_ratio)}>
				{f.money(bot.profit, { sign: true })}
			</Stat>
			<Stat label="Deepest drawdown" tone={drawdown}>
				{drawdown === null ? "–" : f.percent(drawdown)}
			</Stat>
			<Stat label="Trades">{f.count(bot.trades)}</Stat>
			<Stat
				label="Position"
				tone={p?.unrealised ?? null}
				note={
					p
						? `${f.qty(p.qty)} at ${f.price(p.avg_price)} for ${formatDuration(botNow(bot) - p.since)}`
						: undefined
				}
			>
				{p ? f.money(p.unrealised, { sign: true }) : "none"}
			</Stat>
		</Stats>
	);
}

/** s starts or stops, p pauses: the same as the buttons. */
function useBotKeys(bot: Bot) {
	const act = useBotAction();
	const can = allowed(bot);
	useCommands(
		() => [
			{
				id: "bot-start",
				label: `Start ${bot.name}`,
				group: "This bot",
				keys: "s",
				run: () => {
					if (can.start) act.mutate({ bot, action: "start" });
				},
			},
			{
				id: "bot-pause",
				label: `Pause ${bot.name}`,
				group: "This bot",
				keys: "p",
				run: () => {
					if (can.pause) act.mutate({ bot, action: "pause" });
				},
			},
		],
		[bot.id, bot.state],
	);
}

function BotView({ bot }: { bot: Bot }) {
	usePageTitle(`${bot.name} ${bot.state}`);
	useBotKeys(bot);
	const [url, setUrl] = useUrlState();
	const [, go] = useLocation();
	const replay = bot.feed.kind === "replay";
	const barTime = bot.progress?.bar_time ?? null;
	const feed = useCandles(
		bot.market.id,
		bot.tf,
		replay ? barTime : null,
		!replay || barTime !== null,
	);
	const fills = useFills(bot.id);
	const orders = useOrders(bot.id);
	const trades = useTrades(bot.id);
	const equity = useEquity(bot.id);
	const plots = usePlots(bot, feed.candles.t);
	useBotLive(bot, feed.push, feed.reload);

	const number = Number(url.get("trade")) || null;
	const focus = useMemo(
		() => trades.items?.find((t) => t.number === number) ?? null,
		[trades.items, number],
	);
	const wanted = url.get("tab") as Tab | null;
	const tab = TABS.find((t) => t.value === wanted)?.value ?? "trades";
	const pick = (t: Trade) => {
		setUrl({ trade: t.number });
		document.getElementById("bot-chart")?.scrollIntoView({
			behavior: "smooth",
			block: "nearest",
		});
	};
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/bots">Bots</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1 className="truncate">{bot.name}</h1>
				<StateBadge state={bot.state} />
				<span className="muted nowrap">
					{bot.strategy.name} · {bot.market.symbol} · {bot.tf} · {bot.mode} ·{" "}
					{feedText(bot)}
				</span>
				<span className="spacer" />
				<div className="row row-wrap">
					<BotActions bot={bot} onDeleted={() => go("/bots")} />
				</div>
			</div>
			{bot.error && (
				<p className="notice notice-error" role="alert">
					<strong>Halted:</strong> {bot.error}
				</p>
			)}
			<Figures bot={bot} drawdown={worst(equity.data?.drawdown ?? NONE)} />
			{replay && bot.progress && <BotProgress bot={bot} />}
			<div id="bot-chart">
				<ChartPanel
					bot={bot}
					feed={feed}
					fills={fills.items ?? NONE}
					orders={orders.items ?? NONE}
					plots={plots.data}
					moreFills={fills.more}
					focus={focus}
				/>
			</div>
			<div className="grid">
				<div className="span-5">
					<Suspense fallback={<SkeletonBlock className="chart-h" />}>
						<EquityPanel query={equity} />
					</Suspense>
				</div>
				<Panel title="History" quiet flush className="span-7" resetKey={tab}>
					<Tabs
						label="History"
						options={TABS}
						value={tab}
						onChange={(t) => setUrl({ tab: t === "trades" ? null : t })}
					>
						<Suspense fallback={<SkeletonRows rows={8} />}>
							<TabBody tab={tab} bot={bot} active={number} onPick={pick} />
						</Suspense>
					</Tabs>
				</Panel>
			</div>
		</>
	);
}

export default function BotDetail({ id }: { id: number }) {
	const bot = useBot(id);
	usePageTitle("Bot");
	const missing =
		!Number.isInteger(id) ||
		id <= 0 ||
		(bot.error instanceof ApiError && bot.error.status === 404);
	if (missing) return <NotFound />;
	return (
		<Loaded query={bot} skeleton={<SkeletonBlock className="page-skeleton" />}>
			{(b) => <BotView bot={b} />}
		</Loaded>
	);
}
