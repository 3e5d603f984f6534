import {
	type KeyboardEvent,
	type ReactNode,
	useEffect,
	useMemo,
	useRef,
	useState,
} from "react";
import type { Candles } from "../api/types";
import { useFormats } from "../app/format";
import { type Bar, barAt } from "../lib/candles";
import type { Drawing } from "../runs/drawings";
import {
	CandlePlot,
	type Level,
	type Mark,
	type Overlay,
	type Reading,
	type View,
} from "./candleSeries";
import { readColors, useLook } from "./theme";

export interface CandleChartProps {
	label: string;
	candles: Candles;
	decimals: number;
	overlays?: readonly Overlay[] | undefined;
	marks?: readonly Mark[] | undefined;
	levels?: readonly Level[] | undefined;
	/** Of a script, over these very candles. */
	drawings?: readonly Drawing[] | undefined;
	/** Where to look; a new object looks again. */
	focus?: { from: number; to: number } | null | undefined;
	/** Called when the left edge comes near. */
	onOlder?: (() => void) | undefined;
	onNewer?: (() => void) | undefined;
	/** Other bars of the same stretch of time leave the view where it is. */
	stay?: boolean;
	onView?: ((v: View) => void) | undefined;
	onMark?: ((id: string | null) => void) | undefined;
	onMarkPick?: ((id: string) => void) | undefined;
	bars?: number;
	children?: ReactNode;
}

const NONE: readonly never[] = [];
const NEAR_EDGE = 60;

function Legend(p: {
	bar: Bar | null;
	reading: Reading | null;
	decimals: number;
}) {
	const f = useFormats();
	const { bar } = p;
	if (!bar) return null;
	const change = bar.o ? bar.c / bar.o - 1 : 0;
	const tone = bar.c >= bar.o ? "up" : "down";
	return (
		<div className="legend">
			<span className="muted">{f.time(bar.t)}</span>
			{(["o", "h", "l", "c"] as const).map((k) => (
				<span key={k}>
					<span className="muted">{k.toUpperCase()}</span>{" "}
					<span className={tone}>{f.price(bar[k], p.decimals)}</span>
				</span>
			))}
			<span className={tone}>{f.percent(change)}</span>
			<span className="legend-volume">
				<span className="muted">V</span> {f.compact(bar.v)}
			</span>
			{p.reading?.overlays.map((o) => (
				<span key={o.name} className="legend-plot">
					<span className="legend-key" style={{ background: o.color }} />
					{o.name}{" "}
					{Number.isFinite(o.value) ? f.price(o.value, p.decimals) : "–"}
				</span>
			))}
		</div>
	);
}

/** Candles with volume, lines, marks and levels; worked by pointer or keys. */
export default function CandleChart(p: CandleChartProps) {
	const f = useFormats();
	const lookNow = useLook();
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<CandlePlot | null>(null);
	const placed = useRef("");
	const [reading, setReading] = useState<Reading | null>(null);
	const notation = useMemo(
		() => ({
			time: (ms: number, style: Parameters<typeof f.time>[1]) =>
				f.time(ms, style),
			price: (n: number) => f.price(n, p.decimals),
		}),
		[f, p.decimals],
	);
	const first = useRef({ notation, decimals: p.decimals });
	const edges = useRef(p);
	edges.current = p;

	useEffect(() => {
		if (!box.current) return;
		const { notation: n, decimals } = first.current;
		const c = new CandlePlot(box.current, readColors(), n, decimals);
		plot.current = c;
		placed.current = "";
		c.onReading(setReading);
		c.onView((v) => edges.current.onView?.(v));
		c.onMark(
			(id) => edges.current.onMark?.(id),
			(id) => edges.current.onMarkPick?.(id),
		);
		c.onRange((from, to) => {
			if (from < NEAR_EDGE) edges.current.onOlder?.();
			if (to > edges.current.candles.t.length - NEAR_EDGE)
				edges.current.onNewer?.();
		});
		return () => {
			plot.current = null;
			c.dispose();
		};
	}, []);

	useEffect(() => plot.current?.setNotation(notation), [notation]);
	useEffect(() => {
		if (lookNow) plot.current?.setColors(readColors());
	}, [lookNow]);
	const key = `${p.candles.market}/${p.candles.tf}`;
	const { candles, bars = 140, stay = false } = p;
	useEffect(() => {
		plot.current?.setCandles(candles, stay);
		// Only the first data of a market decides where to look.
		if (candles.t.length === 0 || placed.current === key) return;
		placed.current = key;
		plot.current?.showLast(bars);
	}, [candles, key, bars, stay]);
	const overlays = p.overlays ?? NONE;
	const marks = p.marks ?? NONE;
	const levels = p.levels ?? NONE;
	const [, redraw] = useState(0);
	useEffect(() => {
		plot.current?.setOverlays(overlays);
		// The legend tells the lines' last values.
		redraw((n) => n + 1);
	}, [overlays]);
	useEffect(() => {
		if (lookNow) plot.current?.setMarks(marks);
	}, [marks, lookNow]);
	useEffect(() => {
		if (lookNow) plot.current?.setLevels(levels);
	}, [levels, lookNow]);
	const drawings = p.drawings ?? NONE;
	// biome-ignore lint/correctness/useExhaustiveDependencies: x is a candle's
	useEffect(() => {
		void plot.current?.setDrawings(drawings);
	}, [drawings, candles]);
	useEffect(() => {
		if (p.focus) plot.current?.show(p.focus.from, p.focus.to);
	}, [p.focus]);

	const onKey = (ev: KeyboardEvent) => {
		const c = plot.current;
		if (!c || ev.ctrlKey || ev.metaKey || ev.altKey) return;
		const step = ev.shiftKey ? 50 : 5;
		if (ev.key === "ArrowLeft") c.scroll(-step);
		else if (ev.key === "ArrowRight") c.scroll(step);
		else if (ev.key === "+" || ev.key === "=") c.zoom(0.8);
		else if (ev.key === "-") c.zoom(1.25);
		else if (ev.key === "Home") c.showAll();
		else if (ev.key === "End") c.showLast(bars);
		else return;
		ev.preventDefault();
		ev.stopPropagation();
	};
	const shown = reading ?? plot.current?.lastReading() ?? null;
	const index = reading ? reading.index : candles.t.length - 1;
	return (
		<div className="chart-box">
			<Legend
				bar={barAt(candles, index) ?? barAt(candles, candles.t.length - 1)}
				reading={shown}
				decimals={p.decimals}
			/>
			{/* biome-ignore lint/a11y/useSemanticElements: no form */}
			<div
				className="chart"
				role="group"
				// biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls by keys
				tabIndex={0}
				aria-label={p.label}
				data-bars={candles.t.length}
				data-marks={marks.length}
				data-drawings={drawings.length}
				ref={box}
				onKeyDown={onKey}
			/>
			{p.children}
		</div>
	);
}
