import { useEffect, useRef, useState } from "react";
import { type ChartColors, readColors, useLook } from "./theme";

/** A small drawing: histogram, points, heat-map. Its table says the same. */

export interface Area {
	g: CanvasRenderingContext2D;
	w: number;
	h: number;
	c: ChartColors;
	/** What is under the pointer, as `pick` named it. */
	hover: number | null;
}

export interface CanvasChartProps {
	label: string;
	height: number;
	draw: (a: Area) => void;
	/** The thing at a place; null where there is none. */
	pick?: (x: number, y: number, w: number, h: number) => number | null;
	tip?: (i: number) => string;
	onPick?: (i: number) => void;
}

export default function CanvasChart(p: CanvasChartProps) {
	const look = useLook();
	const ref = useRef<HTMLCanvasElement>(null);
	const [width, setWidth] = useState(0);
	const [hover, setHover] = useState<number | null>(null);
	useEffect(() => {
		const el = ref.current?.parentElement;
		if (!el) return;
		const ro = new ResizeObserver(() => setWidth(el.clientWidth));
		ro.observe(el);
		setWidth(el.clientWidth);
		return () => ro.disconnect();
	}, []);
	useEffect(() => {
		const canvas = ref.current;
		const g = canvas?.getContext("2d");
		if (!canvas || !g || !look || width < 10) return;
		const scale = Math.max(1, window.devicePixelRatio || 1);
		canvas.width = Math.round(width * scale);
		canvas.height = Math.round(p.height * scale);
		g.setTransform(scale, 0, 0, scale, 0, 0);
		g.clearRect(0, 0, width, p.height);
		g.font = `11px ${getComputedStyle(canvas).fontFamily}`;
		g.textBaseline = "middle";
		p.draw({ g, w: width, h: p.height, c: readColors(), hover });
	}, [p.draw, p.height, width, hover, look]);
	const at = (ev: { clientX: number; clientY: number }) => {
		const r = ref.current?.getBoundingClientRect();
		if (!r || !p.pick) return null;
		return p.pick(ev.clientX - r.left, ev.clientY - r.top, width, p.height);
	};
	return (
		<div className="canvas-chart">
			<p className="legend legend-line" aria-hidden="true">
				{hover === null ? "" : (p.tip?.(hover) ?? "")}
			</p>
			<canvas
				ref={ref}
				role="img"
				aria-label={p.label}
				height={p.height}
				className={hover !== null && p.onPick ? "clickable" : undefined}
				onPointerMove={(ev) => setHover(at(ev))}
				onPointerLeave={() => setHover(null)}
				onClick={(ev) => {
					const i = at(ev);
					if (i !== null) p.onPick?.(i);
				}}
			/>
		</div>
	);
}
