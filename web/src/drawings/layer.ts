import type {
	IChartApi,
	IPrimitivePaneRenderer,
	ISeriesApi,
	ISeriesPrimitive,
	SeriesAttachedParameter,
	Time,
} from "lightweight-charts";
import type { Candles } from "../api/types";
import type { ChartColors } from "../charts/theme";
import {
	type Drawing,
	type DrawnBox,
	type DrawnFill,
	type DrawnLabel,
	type DrawnLine,
	type DrawnPolyline,
	type Point,
	placeOf,
	stretch,
} from "../runs/drawings";

/** Draws what scripts draw onto the candles; loaded by those that do. */

type G = CanvasRenderingContext2D;

const SIZES: Record<string, number> = {
	tiny: 9,
	small: 10,
	normal: 12,
	large: 15,
	huge: 20,
};

function dash(g: G, style: string | undefined): void {
	g.setLineDash(
		style?.endsWith("dashed")
			? [6, 5]
			: style?.endsWith("dotted")
				? [2, 3]
				: [],
	);
}

class Pen {
	constructor(
		private g: G,
		private chart: IChartApi,
		private series: ISeriesApi<"Candlestick">,
		private data: Candles,
		private colors: ChartColors,
		private width: number,
	) {}

	private x(v: number | null | undefined, xloc: string | undefined) {
		const place = placeOf(v, xloc, this.data.t);
		if (place === null) return null;
		const ts = this.chart.timeScale();
		// Between two bars: as far from the one as the other says.
		const at = ts.logicalToCoordinate(Math.floor(place) as never);
		const rest = place - Math.floor(place);
		return at === null ? null : at + rest * ts.options().barSpacing;
	}

	private y(v: number | null | undefined) {
		return v === null || v === undefined
			? null
			: this.series.priceToCoordinate(v);
	}

	private point(
		x: number | null | undefined,
		y: number | null | undefined,
		xloc: string | undefined,
	): Point | null {
		const px = this.x(x, xloc);
		const py = this.y(y);
		return px === null || py === null ? null : { x: px, y: py };
	}

	private ends(d: DrawnLine): [Point, Point] | null {
		const a = this.point(d.x1, d.y1, d.xloc);
		const b = this.point(d.x2, d.y2, d.xloc);
		return a && b ? stretch(a, b, d.extend, this.width) : null;
	}

	private stroke(color: string, width: number | undefined, style?: string) {
		const { g } = this;
		g.strokeStyle = color;
		g.lineWidth = Math.max(1, width ?? 1);
		dash(g, style);
		g.stroke();
		g.setLineDash([]);
	}

	private path(points: readonly Point[], closed: boolean) {
		const { g } = this;
		g.beginPath();
		points.forEach((p, i) => {
			if (i === 0) g.moveTo(p.x, p.y);
			else g.lineTo(p.x, p.y);
		});
		if (closed) g.closePath();
	}

	line(d: DrawnLine): void {
		const ends = this.ends(d);
		if (!ends) return;
		this.path(ends, false);
		this.stroke(d.color ?? this.colors.accent, d.width, d.style);
	}

	fill(d: DrawnFill): void {
		const one = d.line1 && this.ends(d.line1);
		const two = d.line2 && this.ends(d.line2);
		if (!one || !two || !d.color) return;
		this.path([one[0], one[1], two[1], two[0]], true);
		this.g.fillStyle = d.color;
		this.g.fill();
	}

	polyline(d: DrawnPolyline): void {
		const points = (d.points ?? [])
			.map(([x, y]) => this.point(x, y, d.xloc))
			.filter((p) => p !== null);
		if (points.length < 2) return;
		this.path(points, d.closed === true);
		if (d.fill_color) {
			this.g.fillStyle = d.fill_color;
			this.g.fill();
		}
		this.stroke(d.line_color ?? this.colors.accent, d.line_width, d.line_style);
	}

	box(d: DrawnBox): void {
		const a = this.point(d.left, d.top, d.xloc);
		const b = this.point(d.right, d.bottom, d.xloc);
		if (!a || !b) return;
		const { g } = this;
		const both = d.extend === "both";
		const left = both || d.extend === "left" ? 0 : Math.min(a.x, b.x);
		const right =
			both || d.extend === "right" ? this.width : Math.max(a.x, b.x);
		const top = Math.min(a.y, b.y);
		const bottom = Math.max(a.y, b.y);
		g.beginPath();
		g.rect(left, top, right - left, bottom - top);
		if (d.bgcolor) {
			g.fillStyle = d.bgcolor;
			g.fill();
		}
		if (d.border_width !== 0)
			this.stroke(
				d.border_color ?? this.colors.accent,
				d.border_width,
				d.border_style,
			);
		if (d.text)
			this.text(
				d.text,
				(left + right) / 2,
				(top + bottom) / 2,
				12,
				d.text_color ?? this.colors.text,
			);
	}

	private text(s: string, x: number, y: number, size: number, color: string) {
		const { g } = this;
		const lines = s.split("\n");
		g.font = `${size}px sans-serif`;
		g.textAlign = "center";
		g.textBaseline = "middle";
		g.fillStyle = color;
		lines.forEach((l, i) => {
			g.fillText(l, x, y + (i - (lines.length - 1) / 2) * size * 1.25);
		});
	}

	label(d: DrawnLabel): void {
		const x = this.x(d.x, d.xloc);
		const i = Math.round(placeOf(d.x, d.xloc, this.data.t) ?? -1);
		const above = d.yloc === "abovebar";
		const below = d.yloc === "belowbar";
		const price = above ? this.data.h[i] : below ? this.data.l[i] : d.y;
		const y = this.y(price);
		if (x === null || y === null) return;
		const size =
			typeof d.size === "number" && d.size > 0
				? Math.min(d.size, 40)
				: (SIZES[String(d.size ?? "").replace("size_", "")] ?? 12);
		const style = (d.style ?? "style_label_down").replace("style_", "");
		const text = d.text ?? "";
		const lines = text.split("\n");
		const { g } = this;
		g.font = `${size}px sans-serif`;
		const w = Math.max(...lines.map((l) => g.measureText(l).width)) + 10;
		const h = lines.length * size * 1.25 + 6;
		const color = d.color ?? this.colors.accent;
		if (style === "none" || style === "text_outline") {
			this.text(text, x, y, size, d.textcolor ?? this.colors.text);
			return;
		}
		if (!style.startsWith("label")) {
			this.sign(style, x, y + (above ? -8 : below ? 8 : 0), color);
			if (text)
				this.text(text, x, y - 16, size, d.textcolor ?? this.colors.text);
			return;
		}
		const lift = h / 2 + 6;
		const cy = /down$|lower/.test(style)
			? y - lift
			: /up$|upper/.test(style)
				? y + lift
				: y;
		const cx = /left$/.test(style)
			? x + w / 2 + 6
			: /right$/.test(style)
				? x - w / 2 - 6
				: x;
		g.fillStyle = color;
		g.beginPath();
		g.roundRect(cx - w / 2, cy - h / 2, w, h, 3);
		if (cy !== y) {
			const edge = cy < y ? cy + h / 2 : cy - h / 2;
			g.moveTo(x - 4, edge);
			g.lineTo(x, y);
			g.lineTo(x + 4, edge);
		}
		g.fill();
		this.text(text, cx, cy, size, d.textcolor ?? this.colors.surface);
	}

	/** Labels that are a sign: a circle, a triangle, a cross. */
	private sign(style: string, x: number, y: number, color: string): void {
		const { g } = this;
		const r = 5;
		g.beginPath();
		if (/triangleup|arrowup/.test(style))
			this.path(
				[
					{ x: x - r, y: y + r },
					{ x, y: y - r },
					{ x: x + r, y: y + r },
				],
				true,
			);
		else if (/triangledown|arrowdown/.test(style))
			this.path(
				[
					{ x: x - r, y: y - r },
					{ x, y: y + r },
					{ x: x + r, y: y - r },
				],
				true,
			);
		else if (/cross/.test(style)) {
			const turned = style === "xcross";
			const k = turned ? r * 0.8 : 0;
			g.moveTo(x - (turned ? k : r), y - k);
			g.lineTo(x + (turned ? k : r), y + k);
			g.moveTo(x - k, y + (turned ? k : r));
			g.lineTo(x + k, y - (turned ? k : r));
			this.stroke(color, 2);
			return;
		} else if (style === "square") g.rect(x - r, y - r, 2 * r, 2 * r);
		else g.arc(x, y, r, 0, 2 * Math.PI);
		g.fillStyle = color;
		g.fill();
	}

	draw(d: Drawing): void {
		switch (d.kind) {
			case "line":
				this.line(d);
				break;
			case "box":
				this.box(d);
				break;
			case "label":
				this.label(d);
				break;
			case "linefill":
				this.fill(d);
				break;
			case "polyline":
				this.polyline(d);
				break;
			case "table":
				break;
		}
	}
}

/** Fills first, words last, as they would cover each other. */
const ORDER = ["linefill", "box", "polyline", "line", "label"];

export class DrawingLayer implements ISeriesPrimitive<Time> {
	private at: SeriesAttachedParameter<Time> | null = null;
	private list: readonly Drawing[] = [];
	private data: Candles | null = null;
	private colors: ChartColors | null = null;

	attached(p: SeriesAttachedParameter<Time>): void {
		this.at = p;
	}

	detached(): void {
		this.at = null;
	}

	set(list: readonly Drawing[], data: Candles, colors: ChartColors): void {
		this.list = [...list].sort(
			(a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind),
		);
		this.data = data;
		this.colors = colors;
		this.at?.requestUpdate();
	}

	paneViews() {
		return [{ zOrder: () => "top" as const, renderer: () => this }];
	}

	draw(target: Parameters<IPrimitivePaneRenderer["draw"]>[0]): void {
		const { at, data, colors } = this;
		if (!at || !data || !colors || this.list.length === 0) return;
		// biome-ignore lint/correctness/useHookAtTopLevel: no hook of React
		target.useMediaCoordinateSpace(({ context, mediaSize }) => {
			const pen = new Pen(
				context,
				at.chart as IChartApi,
				at.series as ISeriesApi<"Candlestick">,
				data,
				colors,
				mediaSize.width,
			);
			for (const d of this.list) pen.draw(d);
		});
	}
}
