import {
	lazy,
	Suspense,
	useCallback,
	useEffect,
	useMemo,
	useState,
} from "react";
import { useBatch, useLive } from "../../api/liveHooks";
import type { Bot, Fill, Order, Plots, Trade } from "../../api/types";
import type { CandleFeed } from "../../api/useCandles";
import { useFormats } from "../../app/format";
import { CandleTable } from "../../charts/CandleTable";
import type { Level, Mark, Overlay } from "../../charts/candleSeries";
import { TableIcon } from "../../components/icons";
import { LoadError } from "../../components/Loaded";
import { Empty, Panel, SkeletonBlock } from "../../components/ui";
import { type Bar, decimalsOf, indexAt, toBar } from "../../lib/candles";
import { toNumber } from "../../lib/decimal";

const CandleChart = lazy(() => import("../../charts/CandleChart"));

/** States in which an order may still be filled. */
const WORKING = new Set([
	"new",
	"sending",
	"open",
	"partial",
	"canceling",
	"unknown",
]);
/** Plots that are no values over time: arrows and letters. */
const MARKS = /shape|char|arrow/;

/** Fills as arrows on the bar in which they happened. */
export function marksOf(
	fills: readonly Fill[],
	times: readonly number[],
	label: (f: Fill) => string,
): Mark[] {
	const first = times[0];
	if (first === undefined) return [];
	return fills
		.filter((f) => f.time >= first)
		.map((f) => ({
			id: `fill-${f.id}`,
			time: times[indexAt(times, f.time)] ?? first,
			side: f.side,
			text: label(f),
		}))
		.sort((a, b) => a.time - b.time);
}

/** Lines at the entry of the position and at the orders that wait. */
export function levelsOf(bot: Bot, orders: readonly Order[]): Level[] {
	const out: Level[] = [];
	if (bot.position)
		out.push({
			price: toNumber(bot.position.avg_price),
			label: "entry",
			tone: "entry",
		});
	for (const o of orders) {
		if (!WORKING.has(o.state)) continue;
		if (o.stop !== null)
			out.push({ price: toNumber(o.stop), label: "stop", tone: "stop" });
		else if (o.price !== null)
			out.push({ price: toNumber(o.price), label: o.side, tone: "order" });
	}
	return out.filter((l) => Number.isFinite(l.price)).slice(0, 12);
}

/** The strategy's own values, cut to the bars that are shown. */
export function overlaysOf(
	plots: Plots | undefined,
	times: readonly number[],
): Overlay[] {
	const first = times[0];
	const last = times.at(-1);
	if (!plots || first === undefined || last === undefined) return [];
	const from = indexAt(plots.t, first - 1) + 1;
	const to = indexAt(plots.t, last) + 1;
	const t = plots.t.slice(from, to);
	return plots.names
		.map((n, i) => ({
			name: n.name,
			kind: n.kind,
			color: n.color,
			below: !n.overlay,
			t,
			v: plots.values[i]?.slice(from, to) ?? [],
		}))
		.filter((o) => !MARKS.test(o.kind));
}

export function ChartPanel(p: {
	bot: Bot;
	feed: CandleFeed;
	fills: readonly Fill[];
	orders: readonly Order[];
	plots: Plots | undefined;
	/** Fills older than the loaded ones may exist. */
	moreFills: () => void;
	focus: Trade | null;
}) {
	const { bot, feed, moreFills } = p;
	const f = useFormats();
	const [table, setTable] = useState(false);
	const [focus, setFocus] = useState<{ from: number; to: number } | null>(null);
	const { candles, reach } = feed;
	const times = candles.t;
	const label = useCallback(
		(x: Fill) => `${x.side === "buy" ? "+" : "−"}${f.qty(x.qty)}`,
		[f],
	);
	const marks = useMemo(
		() => marksOf(p.fills, times, label),
		[p.fills, times, label],
	);
	const overlays = useMemo(() => overlaysOf(p.plots, times), [p.plots, times]);
	const levels = useMemo(() => levelsOf(bot, p.orders), [bot, p.orders]);

	// The bar that is still forming belongs to bots on live prices.
	const pushBar = useBatch<Bar>((bars) => feed.push(bars), 250);
	useLive(
		bot.feed.kind === "live" ? `market:${bot.market.id}:${bot.tf}` : null,
		(ev) => {
			const bar = toBar(ev.data);
			if (ev.type === "candle" && bar) pushBar(bar);
		},
	);

	const oldest = p.fills.at(-1)?.time;
	const first = times[0];
	useEffect(() => {
		if (first !== undefined && oldest !== undefined && oldest > first)
			moreFills();
	}, [first, oldest, moreFills]);

	const trade = p.focus;
	const ready = feed.state === "ready";
	useEffect(() => {
		if (!trade || !ready) return;
		let current = true;
		const from = trade.entry_time;
		const to = trade.exit_time ?? from;
		void reach(from, to).then(() => {
			if (current) setFocus({ from, to });
		});
		return () => {
			current = false;
		};
	}, [trade, ready, reach]);

	return (
		<Panel
			title={`${bot.market.symbol} · ${bot.tf}`}
			flush
			actions={
				<>
					<span className="muted" data-testid="fill-count">
						{marks.length === 1 ? "1 fill" : `${f.count(marks.length)} fills`}{" "}
						on the chart
					</span>
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
			{feed.state === "error" ? (
				<LoadError error={feed.error} retry={feed.reload} />
			) : feed.state === "loading" ? (
				<SkeletonBlock className="chart-h" />
			) : times.length === 0 ? (
				<div className="chart-h chart-empty">
					<Empty title="No candle yet">
						{bot.state === "created"
							? "Start the bot: candles appear here as it decides on them."
							: "The first one appears when it closes."}
					</Empty>
				</div>
			) : table ? (
				<CandleTable candles={candles} decimals={decimalsOf(candles.c)} />
			) : (
				<Suspense fallback={<SkeletonBlock className="chart-h" />}>
					<div className="chart-h">
						<CandleChart
							label={`Candles of ${bot.market.symbol}, ${bot.tf}, with ${marks.length} fills of ${bot.name}. Arrow keys scroll, plus and minus zoom; the tables below hold the same.`}
							candles={candles}
							decimals={decimalsOf(candles.c)}
							overlays={overlays}
							marks={marks}
							levels={levels}
							focus={focus}
							onOlder={feed.older}
							onNewer={feed.newer}
						/>
					</div>
				</Suspense>
			)}
		</Panel>
	);
}
