import { useState } from "react";
import { allowed, useBotAction, useBotDelete } from "../api/botHooks";
import type { Bot, BotTrade, Trade } from "../api/types";
import { type Formats, useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import type { Column } from "./DataTable";
import { Confirm } from "./Dialog";
import { PauseIcon, PlayIcon, StopIcon, TrashIcon } from "./icons";
import { Progress, Side, Signed } from "./ui";

/** Start, pause, stop and, where asked for, delete. */
export function BotActions(p: {
	bot: Bot;
	/** Icons only: for rows. */
	small?: boolean;
	onDeleted?: () => void;
}) {
	const { bot } = p;
	const can = allowed(bot);
	const trader = useCanTrade();
	const act = useBotAction();
	const del = useBotDelete();
	const [ask, setAsk] = useState<"stop" | "delete" | null>(null);
	if (!trader) return null;
	const cls = p.small ? "btn btn-ghost btn-s btn-icon" : "btn";
	const size = p.small ? 16 : 17;
	const label = (verb: string) => (p.small ? `${verb} ${bot.name}` : undefined);
	const stop = () => act.mutateAsync({ bot, action: "stop" });
	return (
		<>
			{(can.start || !can.pause) && (
				<button
					type="button"
					className={p.small ? cls : "btn btn-primary"}
					disabled={!can.start || act.isPending}
					aria-label={label("Start")}
					onClick={() => act.mutate({ bot, action: "start" })}
				>
					<PlayIcon size={size} />
					{!p.small && (bot.state === "paused" ? "Resume" : "Start")}
				</button>
			)}
			{can.pause && (
				<button
					type="button"
					className={cls}
					disabled={act.isPending}
					aria-label={label("Pause")}
					onClick={() => act.mutate({ bot, action: "pause" })}
				>
					<PauseIcon size={size} />
					{!p.small && "Pause"}
				</button>
			)}
			<button
				type="button"
				className={cls}
				disabled={!can.stop || act.isPending}
				aria-label={label("Stop")}
				onClick={() => setAsk("stop")}
			>
				<StopIcon size={size} />
				{!p.small && "Stop"}
			</button>
			{p.onDeleted && (
				<button
					type="button"
					className="btn btn-danger"
					disabled={!can.delete || del.isPending}
					title={can.delete ? undefined : "Stop the bot first"}
					onClick={() => setAsk("delete")}
				>
					<TrashIcon size={size} />
					Delete
				</button>
			)}
			{ask === "stop" && (
				<Confirm
					title={`Stop ${bot.name}?`}
					action="Stop bot"
					onConfirm={stop}
					onClose={() => setAsk(null)}
				>
					<p>
						It cancels its working orders and places no more.
						{bot.position &&
							" Its open position is not sold: it stays in the account as it is."}
					</p>
				</Confirm>
			)}
			{ask === "delete" && (
				<Confirm
					title={`Delete ${bot.name}?`}
					action="Delete for good"
					danger
					typed={bot.name}
					onConfirm={async () => {
						await del.mutateAsync(bot);
						p.onDeleted?.();
					}}
					onClose={() => setAsk(null)}
				>
					<p>
						Its orders, fills, trades and equity are removed with it. This
						cannot be undone.
					</p>
				</Confirm>
			)}
		</>
	);
}

/** How far a replay has come. */
export function BotProgress({ bot }: { bot: Bot }) {
	const f = useFormats();
	const g = bot.progress;
	if (!g) return null;
	if (!g.bars_total)
		return <span className="muted">{f.count(g.bars)} bars decided</span>;
	return (
		<div className="bot-progress">
			<Progress
				value={g.bars}
				max={g.bars_total}
				label={`Replay of ${bot.name}`}
			/>
			<span className="muted">
				{f.count(g.bars)} of {f.count(g.bars_total)} bars
				{g.bar_time ? ` · at ${f.time(g.bar_time)}` : ""}
			</span>
		</div>
	);
}

/** The moment that a bot lives in: a replay has a clock of its own. */
export function botNow(bot: Bot): number {
	return (bot.feed.kind === "replay" && bot.progress?.bar_time) || Date.now();
}

export function feedText(bot: Bot): string {
	if (bot.feed.kind === "live") return "live";
	const s = bot.feed.speed;
	return s ? `replay ${s}×` : "replay";
}

/** Columns that every list of trades has. */
export function tradeColumns<T extends Trade>(f: Formats): Column<T>[] {
	return [
		{
			key: "side",
			title: "Side",
			cell: (t) => <Side side={t.direction} />,
		},
		{
			key: "qty",
			title: "Quantity",
			num: true,
			sort: (t) => Number(t.qty),
			cell: (t) => f.qty(t.qty),
		},
		{
			key: "entry",
			title: "Entry",
			num: true,
			cell: (t) => f.price(t.entry_price),
		},
		{
			key: "exit",
			title: "Exit",
			num: true,
			cell: (t) => (t.open ? "open" : f.price(t.exit_price)),
		},
		{
			key: "profit",
			title: "Profit",
			num: true,
			sort: (t) => Number(t.profit),
			cell: (t) => (
				<Signed value={t.profit}>{f.money(t.profit, { sign: true })}</Signed>
			),
		},
		{
			key: "ratio",
			title: "Return",
			num: true,
			sort: (t) => Number(t.profit_ratio),
			cell: (t) => (
				<Signed value={t.profit_ratio}>{f.percent(t.profit_ratio)}</Signed>
			),
		},
	];
}

export function tradeTime(t: Trade | BotTrade): number {
	return t.exit_time ?? t.entry_time;
}
