import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useFormats } from "../app/format";
import type { TimeStyle } from "../lib/time";
import { type ChartColors, readColors, useLook } from "./theme";

export interface Line {
	label: string;
	values: readonly (number | null)[];
	color: (c: ChartColors) => string;
	/** Fills down to zero (or to the axis). */
	fill?: boolean;
}

export interface LineChartProps {
	label: string;
	t: readonly number[];
	lines: readonly Line[];
	height: number;
	format: (n: number) => string;
	/** Charts with the same key share their cursor and range. */
	sync?: string;
	fromZero?: boolean;
}

const AXIS_WIDTH = 72;
const FONT = "11px";

/** As much of a moment as the distance of the marks calls for. */
function tickStyle(s: number, incr: number): TimeStyle {
	if (incr >= 25 * 86_400)
		return new Date(s * 1000).getUTCMonth() === 0 ? "year" : "month";
	if (incr >= 86_400) return "day";
	return incr >= 60 ? "minute" : "time";
}

function soft(color: string): string {
	return /^#[0-9a-f]{6}$/i.test(color) ? `${color}22` : color;
}

/** Lines over time. Charts above each other line up: same axis, same room. */
export default function LineChart(p: LineChartProps) {
	const f = useFormats();
	const lookNow = useLook();
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const data = useMemo<uPlot.AlignedData>(
		() => [
			p.t.map((ms) => ms / 1000),
			...p.lines.map((l) => l.values as (number | null)[]),
		],
		[p.t, p.lines],
	);
	const now = useRef({ p, data, f });
	now.current = { p, data, f };
	const shape = p.lines.map((l) => l.label).join("|");

	// A new look or shape makes a new chart; data alone does not.
	// biome-ignore lint/correctness/useExhaustiveDependencies: shape is one
	useEffect(() => {
		const el = box.current;
		if (!el || !lookNow) return;
		const c = readColors();
		const font = `${FONT} ${getComputedStyle(el).fontFamily}`;
		const cur = () => now.current;
		const axis = {
			stroke: c.faint,
			font,
			grid: { stroke: c.grid, width: 1 },
			ticks: { show: false },
		};
		const u = new uPlot(
			{
				width: Math.max(el.clientWidth, 120),
				height: p.height,
				padding: [10, 12, 0, 0],
				legend: { show: false },
				cursor: {
					y: false,
					points: { size: 7 },
					...(p.sync ? { sync: { key: p.sync, setSeries: false } } : {}),
				},
				scales: {
					x: { time: true },
					y: {
						...(p.fromZero
							? { range: (_u, _lo, hi) => [0, hi > 0 ? hi * 1.1 : 1] }
							: {}),
					},
				},
				axes: [
					{
						...axis,
						size: 28,
						space: 90,
						values: (_u, splits, _axis, _space, incr) =>
							splits.map((s) => cur().f.time(s * 1000, tickStyle(s, incr))),
					},
					{
						...axis,
						size: AXIS_WIDTH,
						values: (_u, splits) =>
							splits.map((v) => (v === null ? "" : cur().p.format(v))),
					},
				],
				series: [
					{},
					...cur().p.lines.map((l) => ({
						label: l.label,
						stroke: l.color(c),
						width: 1.6,
						points: { show: false },
						...(l.fill ? { fill: soft(l.color(c)) } : {}),
					})),
				],
				hooks: {
					setCursor: [(up) => tell(el, up, cur())],
				},
			},
			cur().data,
			el,
		);
		plot.current = u;
		tell(el, u, cur());
		const ro = new ResizeObserver(() => {
			const w = el.clientWidth;
			if (w > 0 && w !== u.width) u.setSize({ width: w, height: p.height });
		});
		ro.observe(el);
		return () => {
			ro.disconnect();
			plot.current = null;
			u.destroy();
		};
	}, [lookNow, shape, p.height, p.sync, p.fromZero]);

	useEffect(() => {
		const u = plot.current;
		if (!u) return;
		u.setData(data);
		if (box.current) tell(box.current, u, now.current);
	}, [data]);

	return (
		<div className="line-chart">
			<div className="legend legend-line" aria-hidden="true" />
			<div role="img" aria-label={p.label} ref={box} />
		</div>
	);
}

/** Writes the values under the cursor (or the last ones) into the legend. */
function tell(
	el: HTMLElement,
	u: uPlot,
	c: { p: LineChartProps; f: ReturnType<typeof useFormats> },
): void {
	const legend = el.parentElement?.querySelector(".legend-line");
	if (!legend) return;
	const i = u.cursor.idx ?? c.p.t.length - 1;
	const t = c.p.t[i];
	const parts = c.p.lines.map((l) => {
		const v = l.values[i];
		return `${l.label} ${v === null || v === undefined ? "–" : c.p.format(v)}`;
	});
	legend.textContent =
		t === undefined ? "" : [c.f.time(t), ...parts].join("   ");
}
