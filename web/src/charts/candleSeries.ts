import {
	type CandlestickData,
	CandlestickSeries,
	ColorType,
	CrosshairMode,
	createChart,
	createSeriesMarkers,
	HistogramSeries,
	type IChartApi,
	type IPriceLine,
	type ISeriesApi,
	type ISeriesMarkersPluginApi,
	LineSeries,
	LineStyle,
	type SeriesMarker,
	TickMarkType,
	type Time,
	type UTCTimestamp,
} from "lightweight-charts";
import type { Candles } from "../api/types";
import type { DrawingLayer } from "../drawings/layer";
import { indexAt } from "../lib/candles";
import type { TimeStyle } from "../lib/time";
import type { Drawing } from "../runs/drawings";
import type { ChartColors } from "./theme";

/** A line that the strategy drew beside or below the candles. */
export interface Overlay {
	name: string;
	color: string | null;
	/** In a pane of its own below the candles. */
	below: boolean;
	t: readonly number[];
	v: readonly (number | null)[];
}

export interface Mark {
	id: string;
	time: number;
	/** "note": a shape that the script drew. */
	side: "buy" | "sell" | "note";
	text: string;
}

export interface Level {
	price: number;
	label: string;
	tone: "entry" | "stop" | "order";
}

export interface Notation {
	time: (ms: number, style: TimeStyle) => string;
	price: (n: number) => string;
}

const sec = (ms: number) => Math.floor(ms / 1000) as UTCTimestamp;
/** More new bars than this at once are set as a whole. */
const UPDATE_MAX = 40;
const MARKS_MAX = 4000;
const SMALL_FROM = 250;
/** Amounts stand beside the arrows while so few bars are in sight. */
const TEXT_BARS = 90;

export const TICK_STYLE: Record<TickMarkType, TimeStyle> = {
	[TickMarkType.Year]: "year",
	[TickMarkType.Month]: "month",
	[TickMarkType.DayOfMonth]: "day",
	[TickMarkType.Time]: "minute",
	[TickMarkType.TimeWithSeconds]: "time",
};

export interface View {
	from: number;
	to: number;
	before: boolean;
	after: boolean;
}

/** The numbers under the pointer, or of the last bar. */
export interface Reading {
	index: number;
	overlays: { name: string; color: string; value: number }[];
}

/**
 * The candle chart proper: owns the canvas library's objects and keeps them
 * in step with columns. Knows nothing of React.
 */
export class CandlePlot {
	private chart: IChartApi;
	private candles: ISeriesApi<"Candlestick">;
	private volume: ISeriesApi<"Histogram">;
	private marks: ISeriesMarkersPluginApi<Time>;
	private lines: { series: ISeriesApi<"Line">; overlay: Overlay }[] = [];
	private levels: IPriceLine[] = [];
	private markList: readonly Mark[] = [];
	private markText = false;
	private drawings: readonly Drawing[] = [];
	private layer: DrawingLayer | null = null;
	private gone = false;
	private data: Candles | null = null;
	private colors: ChartColors;

	constructor(
		box: HTMLElement,
		colors: ChartColors,
		notation: Notation,
		decimals: number,
	) {
		this.colors = colors;
		this.chart = createChart(box, {
			autoSize: true,
			layout: {
				attributionLogo: false,
				fontFamily: getComputedStyle(box).fontFamily,
				fontSize: 11,
				panes: { enableResize: true },
			},
			crosshair: { mode: CrosshairMode.Normal },
			rightPriceScale: { borderVisible: false },
			timeScale: {
				borderVisible: false,
				timeVisible: true,
				secondsVisible: false,
				rightOffset: 4,
				minBarSpacing: 0.2,
			},
			kineticScroll: { mouse: false, touch: true },
		});
		this.candles = this.chart.addSeries(CandlestickSeries, {
			priceFormat: {
				type: "price",
				precision: decimals,
				minMove: 10 ** -decimals,
			},
		});
		this.volume = this.chart.addSeries(HistogramSeries, {
			priceScaleId: "volume",
			priceFormat: { type: "volume" },
			lastValueVisible: false,
			priceLineVisible: false,
		});
		this.chart
			.priceScale("volume")
			.applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
		this.candles
			.priceScale()
			.applyOptions({ scaleMargins: { top: 0.1, bottom: 0.2 } });
		this.marks = createSeriesMarkers(this.candles, []);
		this.setNotation(notation);
		this.setColors(colors);
	}

	dispose(): void {
		this.gone = true;
		this.chart.remove();
	}

	setNotation(n: Notation): void {
		this.chart.applyOptions({
			localization: {
				timeFormatter: (t: Time) => n.time(Number(t) * 1000, "datetime"),
				priceFormatter: (p: number) => n.price(p),
			},
			timeScale: {
				tickMarkFormatter: (t: Time, type: TickMarkType) =>
					n.time(Number(t) * 1000, TICK_STYLE[type]),
			},
		});
	}

	setColors(c: ChartColors): void {
		this.colors = c;
		this.chart.applyOptions({
			layout: {
				background: { type: ColorType.Solid, color: c.surface },
				textColor: c.text,
				panes: { separatorColor: c.border, separatorHoverColor: c.border },
			},
			grid: {
				vertLines: { color: c.grid },
				horzLines: { color: c.grid },
			},
			crosshair: {
				vertLine: { color: c.faint, labelBackgroundColor: c.faint },
				horzLine: { color: c.faint, labelBackgroundColor: c.faint },
			},
		});
		this.candles.applyOptions({
			upColor: c.up,
			downColor: c.down,
			wickUpColor: c.up,
			wickDownColor: c.down,
			borderVisible: false,
			priceLineColor: c.faint,
		});
		if (this.data) this.setVolume(this.data, 0);
		this.draw();
		this.lines.forEach(({ series, overlay }, i) => {
			series.applyOptions({ color: this.lineColor(overlay, i) });
		});
	}

	/** `stay`: the same moments stay in sight, whatever bars come. */
	setCandles(c: Candles, stay = false): void {
		const old = this.data;
		this.data = c;
		const grown = c.t.length - (old?.t.length ?? 0);
		const from = old ? old.t.length - 1 : 0;
		const same =
			old !== null &&
			from >= 0 &&
			old.market === c.market &&
			old.tf === c.tf &&
			old.t[0] === c.t[0] &&
			old.t[from] === c.t[from];
		if (same && grown >= 0 && grown <= UPDATE_MAX) {
			for (let i = from; i < c.t.length; i++) this.candles.update(candle(c, i));
			this.setVolume(c, from);
			return;
		}
		const ts = this.chart.timeScale();
		const seen = stay && old?.t.length ? ts.getVisibleRange() : null;
		this.candles.setData(c.t.map((_, i) => candle(c, i)));
		this.setVolume(c, 0);
		if (seen && c.t.length > 1) ts.setVisibleRange(seen);
	}

	private setVolume(c: Candles, from: number): void {
		const point = (i: number) => ({
			time: sec(c.t[i] ?? 0),
			value: c.v[i] ?? 0,
			color:
				(c.c[i] ?? 0) >= (c.o[i] ?? 0)
					? this.colors.upSoft
					: this.colors.downSoft,
		});
		if (from > 0)
			for (let i = from; i < c.t.length; i++) this.volume.update(point(i));
		else this.volume.setData(c.t.map((_, i) => point(i)));
	}

	private lineColor(o: Overlay, i: number): string {
		const own = o.color ?? "";
		if (/^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(own)) return own;
		const list = this.colors.series;
		return list[i % list.length] ?? this.colors.accent;
	}

	/** Lines of the strategy, on the candles or in a pane below. */
	setOverlays(all: readonly Overlay[]): void {
		const names = all.map((o) => o.name).join("\n");
		const had = this.lines.map((l) => l.overlay.name).join("\n");
		if (names !== had) {
			for (const l of this.lines) this.chart.removeSeries(l.series);
			this.lines = all.map((overlay, i) => ({
				overlay,
				series: this.chart.addSeries(
					LineSeries,
					{
						color: this.lineColor(overlay, i),
						lineWidth: 2,
						priceLineVisible: false,
						lastValueVisible: false,
						crosshairMarkerVisible: false,
					},
					overlay.below ? 1 : 0,
				),
			}));
			this.chart.panes()[1]?.setStretchFactor(0.28);
		}
		all.forEach((overlay, i) => {
			const line = this.lines[i];
			if (!line) return;
			line.overlay = overlay;
			line.series.setData(
				overlay.t.map((t, k) => {
					const value = overlay.v[k];
					return value === null || value === undefined
						? { time: sec(t) }
						: { time: sec(t), value };
				}),
			);
		});
	}

	setMarks(all: readonly Mark[]): void {
		this.markList = all;
		this.drawMarks();
	}

	private drawMarks(): void {
		const all = this.markList;
		// Hundreds of arrows on a long run would hide the candles.
		const small = !this.markText && all.length > SMALL_FROM;
		const list = all.slice(-MARKS_MAX).map(
			(m): SeriesMarker<Time> => ({
				id: m.id,
				time: sec(m.time),
				...this.markLook(m.side),
				...(small ? { size: 0.4 } : {}),
				text: this.markText ? m.text : "",
			}),
		);
		this.marks.setMarkers(list);
	}

	/** What scripts draw freely; few do, so the brush comes when it is asked for. */
	async setDrawings(all: readonly Drawing[]): Promise<void> {
		this.drawings = all;
		if (all.length > 0 && !this.layer) {
			const m = await import("../drawings/layer");
			if (this.gone) return;
			if (!this.layer) {
				this.layer = new m.DrawingLayer();
				this.candles.attachPrimitive(this.layer);
			}
		}
		this.draw();
	}

	private draw(): void {
		if (this.data) this.layer?.set(this.drawings, this.data, this.colors);
	}

	private markLook(side: Mark["side"]) {
		switch (side) {
			case "buy":
				return {
					position: "belowBar",
					shape: "arrowUp",
					color: this.colors.up,
					size: 1.4,
				} as const;
			case "sell":
				return {
					position: "aboveBar",
					shape: "arrowDown",
					color: this.colors.down,
					size: 1.4,
				} as const;
			case "note":
				return {
					position: "aboveBar",
					shape: "circle",
					color: this.colors.faint,
					size: 0.6,
				} as const;
		}
	}

	setLevels(all: readonly Level[]): void {
		for (const l of this.levels) this.candles.removePriceLine(l);
		const color = {
			entry: this.colors.accent,
			stop: this.colors.down,
			order: this.colors.faint,
		};
		this.levels = all.map((l) =>
			this.candles.createPriceLine({
				price: l.price,
				color: color[l.tone],
				lineWidth: 1,
				lineStyle: l.tone === "entry" ? LineStyle.Solid : LineStyle.Dashed,
				axisLabelVisible: true,
				title: l.label,
			}),
		);
	}

	/** Shows from one moment to another with some room on both sides. */
	show(from: number, to: number): void {
		const times = this.data?.t ?? [];
		const a = indexAt(times, from);
		const b = indexAt(times, to);
		const pad = Math.max(20, Math.round((b - a) * 0.4));
		this.chart.timeScale().setVisibleLogicalRange({
			from: a - pad,
			to: b + pad,
		});
	}

	/** The last bars, as many as are readable. */
	showLast(count: number): void {
		const n = this.data?.t.length ?? 0;
		this.chart
			.timeScale()
			.setVisibleLogicalRange({ from: n - count, to: n + 4 });
	}

	showAll(): void {
		this.chart.timeScale().fitContent();
	}

	scroll(bars: number): void {
		const ts = this.chart.timeScale();
		ts.scrollToPosition(ts.scrollPosition() + bars, false);
	}

	zoom(factor: number): void {
		const ts = this.chart.timeScale();
		const r = ts.getVisibleLogicalRange();
		if (!r) return;
		const width = (r.to - r.from) * factor;
		ts.setVisibleLogicalRange({ from: r.to - width, to: r.to });
	}

	/** Reports the first visible bar (may be negative: history is wanted). */
	onRange(f: (first: number, last: number) => void): void {
		this.chart.timeScale().subscribeVisibleLogicalRangeChange((r) => {
			if (!r) return;
			const near = r.to - r.from < TEXT_BARS;
			if (near !== this.markText) {
				this.markText = near;
				this.drawMarks();
			}
			f(r.from, r.to);
		});
	}

	/** The moments in sight, and whether there is room beside the bars. */
	onView(f: (v: View) => void): void {
		const ts = this.chart.timeScale();
		ts.subscribeVisibleLogicalRangeChange((r) => {
			const seen = ts.getVisibleRange();
			const n = this.data?.t.length ?? 0;
			if (!r || !seen || n === 0) return;
			f({
				from: Number(seen.from) * 1000,
				to: Number(seen.to) * 1000,
				before: r.from < -1,
				after: r.to > n + 6,
			});
		});
	}

	/** The mark under the pointer; null when it has left. */
	onMark(over: (id: string | null) => void, pick: (id: string) => void): void {
		let last: string | null = null;
		this.chart.subscribeCrosshairMove((ev) => {
			const id = ev.hoveredObjectId;
			const now = typeof id === "string" ? id : null;
			if (now !== last) over(now);
			last = now;
		});
		this.chart.subscribeClick((ev) => {
			if (typeof ev.hoveredObjectId === "string") pick(ev.hoveredObjectId);
		});
	}

	onReading(f: (r: Reading | null) => void): void {
		this.chart.subscribeCrosshairMove((ev) => {
			if (ev.logical === undefined) return f(null);
			const overlays = this.lines.flatMap(({ series, overlay }, i) => {
				const d = ev.seriesData.get(series);
				return d && "value" in d
					? [
							{
								name: overlay.name,
								color: this.lineColor(overlay, i),
								value: d.value,
							},
						]
					: [];
			});
			f({ index: ev.logical, overlays });
		});
	}

	/** The names and last values of the lines, for the legend at rest. */
	lastReading(): Reading {
		return {
			index: (this.data?.t.length ?? 0) - 1,
			overlays: this.lines.map(({ overlay }, i) => ({
				name: overlay.name,
				color: this.lineColor(overlay, i),
				value: overlay.v.findLast((x) => x !== null) ?? Number.NaN,
			})),
		};
	}
}

function candle(c: Candles, i: number): CandlestickData<Time> {
	return {
		time: sec(c.t[i] ?? 0),
		open: c.o[i] ?? 0,
		high: c.h[i] ?? 0,
		low: c.l[i] ?? 0,
		close: c.c[i] ?? 0,
	};
}
