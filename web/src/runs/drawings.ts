/** What a script has drawn, as it travels: the fields of its constructors. */

interface Shown {
	xloc?: string;
	color?: string;
	bgcolor?: string;
	style?: string;
	width?: number;
	text?: string;
}

export interface DrawnLine extends Shown {
	kind: "line";
	x1?: number;
	y1?: number;
	x2?: number;
	y2?: number;
	extend?: string;
}

export interface DrawnBox extends Shown {
	kind: "box";
	left?: number;
	top?: number;
	right?: number;
	bottom?: number;
	extend?: string;
	border_color?: string;
	border_width?: number;
	border_style?: string;
	text_color?: string;
}

export interface DrawnLabel extends Shown {
	kind: "label";
	x?: number;
	y?: number;
	yloc?: string;
	textcolor?: string;
	size?: string | number;
	tooltip?: string;
}

export interface DrawnFill extends Shown {
	kind: "linefill";
	line1?: DrawnLine;
	line2?: DrawnLine;
}

export interface DrawnPolyline extends Shown {
	kind: "polyline";
	points?: [number | null, number | null][];
	closed?: boolean;
	line_color?: string;
	fill_color?: string;
	line_style?: string;
	line_width?: number;
}

export interface DrawnCell {
	column: number;
	row: number;
	text?: string;
	text_color?: string;
	bgcolor?: string;
}

export interface DrawnTable extends Shown {
	kind: "table";
	position?: string;
	columns?: number;
	rows?: number;
	cells?: DrawnCell[];
	frame_color?: string;
	border_color?: string;
}

export type Drawing =
	| DrawnLine
	| DrawnBox
	| DrawnLabel
	| DrawnFill
	| DrawnPolyline
	| DrawnTable;

/**
 * Where a drawing's x lies among the candles: the number of a bar, or a time,
 * which may fall between two of them or beyond either end.
 */
export function placeOf(
	x: number | null | undefined,
	xloc: string | undefined,
	times: readonly number[],
): number | null {
	if (x === null || x === undefined || !Number.isFinite(x)) return null;
	// Points of a polyline say neither; no chart has 10^9 bars.
	if (xloc !== "bar_time" && x < 1e9) return x;
	const first = times[0];
	const last = times.at(-1);
	if (first === undefined || last === undefined) return null;
	const step = times.length > 1 ? last - (times.at(-2) ?? last) : 60_000;
	if (x <= first) return (x - first) / step;
	if (x >= last) return times.length - 1 + (x - last) / step;
	let lo = 0;
	let hi = times.length - 1;
	while (hi - lo > 1) {
		const mid = (lo + hi) >> 1;
		if ((times[mid] ?? 0) <= x) lo = mid;
		else hi = mid;
	}
	const a = times[lo] ?? 0;
	const b = times[hi] ?? a;
	return lo + (b > a ? (x - a) / (b - a) : 0);
}

export interface Point {
	x: number;
	y: number;
}

/** Both ends of a line, carried on to the edges where it extends. */
export function stretch(
	a: Point,
	b: Point,
	extend: string | undefined,
	width: number,
): [Point, Point] {
	if (a.x === b.x || !extend || extend === "none") return [a, b];
	const slope = (b.y - a.y) / (b.x - a.x);
	const at = (x: number) => ({ x, y: a.y + slope * (x - a.x) });
	// The first point is not always the one on the left.
	const [l, r] = a.x < b.x ? [a, b] : [b, a];
	const left = extend === "left" || extend === "both";
	const right = extend === "right" || extend === "both";
	return [left && l.x > 0 ? at(0) : l, right && r.x < width ? at(width) : r];
}

export const tablesOf = (all: readonly Drawing[] | undefined): DrawnTable[] =>
	(all ?? []).filter((d) => d.kind === "table");
export const shapesOf = (all: readonly Drawing[] | undefined): Drawing[] =>
	(all ?? []).filter((d) => d.kind !== "table");

type Place = number | undefined;

/**
 * Drawings of a whole run over a part of its candles, thinned or not: `first`
 * is the run's number of the first one shown, `step` how many are one.
 */
export function rebase(
	all: readonly Drawing[],
	first: number,
	step: number,
): Drawing[] {
	if (first === 0 && step === 1) return [...all];
	const place = (x: Place, xloc: string | undefined): Place =>
		x === undefined || xloc === "bar_time" || x >= 1e9 ? x : (x - first) / step;
	// A field that is not there stays away.
	const put = <T extends Shown>(d: T, keys: readonly (keyof T)[]): T => {
		const out = { ...d };
		for (const k of keys)
			if (typeof d[k] === "number")
				out[k] = place(d[k] as number, d.xloc) as T[typeof k];
		return out;
	};
	const line = (l: DrawnLine) => put(l, ["x1", "x2"]);
	const move = (d: Drawing): Drawing => {
		switch (d.kind) {
			case "line":
				return line(d);
			case "label":
				return put(d, ["x"]);
			case "box":
				return put(d, ["left", "right"]);
			case "linefill":
				return {
					...d,
					...(d.line1 ? { line1: line(d.line1) } : {}),
					...(d.line2 ? { line2: line(d.line2) } : {}),
				};
			case "polyline":
				return {
					...d,
					points: (d.points ?? []).map(
						([x, y]): [number | null, number | null] => [
							x === null ? null : (place(x, d.xloc) ?? null),
							y,
						],
					),
				};
			case "table":
				return d;
		}
	};
	return all.map(move);
}
