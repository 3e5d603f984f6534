import {
	AreaSeries,
	ColorType,
	CrosshairMode,
	createChart,
	type IChartApi,
	type ISeriesApi,
	LineSeries,
	PriceScaleMode,
	type TickMarkType,
	type Time,
	type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import { type Formats, useFormats } from "../app/format";
import { TICK_STYLE } from "./candleSeries";
import { type ChartColors, readColors, useLook } from "./theme";

export interface EquityChartProps {
	label: string;
	t: readonly number[];
	equity: readonly number[];
	/** Below or at zero: how far under the highest point. */
	drawdown: readonly number[];
	/** What the same money would have become by buying and holding. */
	hold?: readonly number[] | undefined;
	log: boolean;
}

type Area = ISeriesApi<"Area">;

/** Later points win where two share a second: the library wants one each. */
export function points(t: readonly number[], v: readonly number[]) {
	const out: { time: UTCTimestamp; value: number }[] = [];
	t.forEach((ms, i) => {
		const time = Math.floor(ms / 1000) as UTCTimestamp;
		const value = v[i];
		if (value === undefined || !Number.isFinite(value)) return;
		const last = out.at(-1);
		if (last && last.time >= time) {
			if (last.time === time) last.value = value;
			return;
		}
		out.push({ time, value });
	});
	return out;
}

/** Equity above, drawdown below, one time axis and one cursor for both. */
class EquityPlot {
	private chart: IChartApi;
	private equity: Area;
	private drawdown: Area;
	private hold: ISeriesApi<"Line"> | null = null;
	private holdColor = "";

	constructor(
		box: HTMLElement,
		private formats: () => Formats,
	) {
		const f = formats;
		this.chart = createChart(box, {
			autoSize: true,
			layout: {
				attributionLogo: false,
				fontFamily: getComputedStyle(box).fontFamily,
				fontSize: 11,
			},
			crosshair: { mode: CrosshairMode.Magnet },
			rightPriceScale: { borderVisible: false },
			timeScale: {
				borderVisible: false,
				timeVisible: true,
				minBarSpacing: 0.01,
				lockVisibleTimeRangeOnResize: true,
				tickMarkFormatter: (t: Time, type: TickMarkType) =>
					f().time(Number(t) * 1000, TICK_STYLE[type]),
			},
			localization: {
				timeFormatter: (t: Time) => f().time(Number(t) * 1000),
			},
			handleScroll: { vertTouchDrag: false },
		});
		const area = (formatter: (n: number) => string, pane: number) =>
			this.chart.addSeries(
				AreaSeries,
				{
					lineWidth: 2,
					priceLineVisible: false,
					priceFormat: { type: "custom", minMove: 0.0001, formatter },
				},
				pane,
			);
		this.equity = area((n) => f().money(n.toFixed(2)), 0);
		this.drawdown = area((n) => f().percent(n, 1), 1);
		this.chart.panes()[1]?.setStretchFactor(0.5);
	}

	setColors(c: ChartColors): void {
		this.holdColor = c.series[1] ?? c.faint;
		this.hold?.applyOptions({ color: this.holdColor });
		this.chart.applyOptions({
			layout: {
				background: { type: ColorType.Solid, color: c.surface },
				textColor: c.text,
				panes: { separatorColor: c.border, separatorHoverColor: c.border },
			},
			grid: { vertLines: { color: c.grid }, horzLines: { color: c.grid } },
			crosshair: {
				vertLine: { color: c.faint, labelBackgroundColor: c.faint },
				horzLine: { color: c.faint, labelBackgroundColor: c.faint },
			},
		});
		this.equity.applyOptions({
			lineColor: c.accent,
			topColor: `${c.accent}33`,
			bottomColor: `${c.accent}05`,
		});
		this.drawdown.applyOptions({
			invertFilledArea: true,
			lineColor: c.down,
			topColor: `${c.down}0d`,
			bottomColor: `${c.down}40`,
		});
	}

	setData(p: EquityChartProps): void {
		this.equity.setData(points(p.t, p.equity));
		this.drawdown.setData(points(p.t, p.drawdown));
		if (p.hold && !this.hold)
			this.hold = this.chart.addSeries(LineSeries, {
				color: this.holdColor,
				lineWidth: 1,
				priceLineVisible: false,
				priceFormat: {
					type: "custom",
					minMove: 0.0001,
					formatter: (n: number) => this.formats().money(n.toFixed(2)),
				},
			});
		this.hold?.setData(points(p.t, p.hold ?? []));
	}

	setLog(log: boolean): void {
		this.equity.priceScale().applyOptions({
			mode: log ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal,
		});
	}

	fit(): void {
		this.chart.timeScale().fitContent();
	}

	/** The moment under the cursor; null when it left. */
	onCursor(f: (ms: number | null) => void): void {
		this.chart.subscribeCrosshairMove((ev) =>
			f(ev.time === undefined ? null : Number(ev.time) * 1000),
		);
	}

	dispose(): void {
		this.chart.remove();
	}
}

export default function EquityChart(p: EquityChartProps) {
	const f = useFormats();
	const lookNow = useLook();
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<EquityPlot | null>(null);
	const formats = useRef(f);
	formats.current = f;
	const [at, setAt] = useState<number | null>(null);
	useEffect(() => {
		if (!box.current) return;
		const c = new EquityPlot(box.current, () => formats.current);
		plot.current = c;
		c.onCursor(setAt);
		return () => {
			plot.current = null;
			c.dispose();
		};
	}, []);
	useEffect(() => {
		if (lookNow) plot.current?.setColors(readColors());
	}, [lookNow]);
	useEffect(() => plot.current?.setLog(p.log), [p.log]);
	const { label, t, equity, drawdown, hold, log } = p;
	useEffect(() => {
		plot.current?.setData({ label, t, equity, drawdown, hold, log });
		plot.current?.fit();
	}, [label, t, equity, drawdown, hold, log]);

	const i =
		at === null
			? t.length - 1
			: t.findLastIndex((ms) => Math.floor(ms / 1000) * 1000 <= at);
	return (
		<>
			<div className="legend legend-line">
				<span className="muted">{f.time(t[i])}</span>
				<span>
					<span className="muted">Equity</span> {f.money(equity[i]?.toFixed(2))}
				</span>
				{hold && (
					<span>
						<span className="muted">Buy and hold</span>{" "}
						{f.money(hold[i]?.toFixed(2))}
					</span>
				)}
				<span>
					<span className="muted">Drawdown</span> {f.percent(drawdown[i])}
				</span>
			</div>
			<div className="equity-chart" role="img" aria-label={label} ref={box} />
		</>
	);
}
