import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import DrawnTables from "../../src/drawings/DrawnTables";
import { DrawingLayer } from "../../src/drawings/layer";
import { candlesOf } from "../../src/runs/draw";
import {
	type Drawing,
	placeOf,
	rebase,
	shapesOf,
	stretch,
	tablesOf,
} from "../../src/runs/drawings";

const T = [1e12, 1e12 + 60_000, 1e12 + 120_000];

describe("where a drawing stands", () => {
	it("takes numbers of bars as they are", () => {
		expect(placeOf(7, undefined, T)).toBe(7);
		expect(placeOf(-2, "bar_index", T)).toBe(-2);
		expect(placeOf(null, undefined, T)).toBeNull();
		expect(placeOf(Number.NaN, undefined, T)).toBeNull();
	});
	it("finds times among the bars, between them and beyond", () => {
		expect(placeOf(1e12 + 60_000, "bar_time", T)).toBe(1);
		expect(placeOf(1e12 + 90_000, "bar_time", T)).toBe(1.5);
		expect(placeOf(1e12 + 240_000, "bar_time", T)).toBe(4);
		expect(placeOf(1e12 - 60_000, "bar_time", T)).toBe(-1);
		// A polyline's points do not say which they are.
		expect(placeOf(1e12 + 120_000, undefined, T)).toBe(2);
		expect(placeOf(5, "bar_time", [])).toBeNull();
	});
	it("knows the bars of a run in a part of it, and thinned", () => {
		const moved = rebase(DRAWN, 1, 2);
		expect(moved[0]).toMatchObject({ x: 0 });
		expect(moved[3]).toMatchObject({ x1: -0.5, x2: 0.5, y2: 12 });
		expect(moved[4]).toMatchObject({ left: -0.5, right: 0 });
		expect(moved[5]).toMatchObject({ line2: { x1: -0.5, x2: 0 } });
		expect(moved[6]).toMatchObject({
			points: [
				[-0.5, 1],
				[0, 2],
				[null, 3],
			],
		});
		expect(moved[7]).toBe(DRAWN[7]);
		expect(
			rebase([{ kind: "label", x: 5e11, xloc: "bar_time" }], 3, 2)[0],
		).toMatchObject({ x: 5e11 });
		expect(rebase([{ kind: "label", y: 1 }], 3, 2)[0]).toEqual({
			kind: "label",
			y: 1,
		});
	});
	it("carries lines on to the edges", () => {
		const a = { x: 10, y: 0 };
		const b = { x: 20, y: 10 };
		expect(stretch(a, b, undefined, 100)).toEqual([a, b]);
		expect(stretch(a, b, "right", 100)).toEqual([a, { x: 100, y: 90 }]);
		expect(stretch(b, a, "left", 100)).toEqual([{ x: 0, y: -10 }, b]);
		expect(stretch(a, { x: 10, y: 5 }, "both", 100)[1]).toEqual({
			x: 10,
			y: 5,
		});
	});
});

const DRAWN: Drawing[] = [
	{ kind: "label", x: 1, y: 11, text: "here" },
	{ kind: "label", x: 1, y: 11, style: "style_circle", yloc: "abovebar" },
	{ kind: "label", x: 9, y: 11, style: "style_none", text: "out of sight" },
	{ kind: "line", x1: 0, y1: 10, x2: 2, y2: 12, style: "style_dashed" },
	{ kind: "box", left: 0, top: 12, right: 1, bottom: 10, bgcolor: "#ff000033" },
	{
		kind: "linefill",
		line1: { kind: "line", x1: 0, y1: 1, x2: 1, y2: 2 },
		line2: { kind: "line", x1: 0, y1: 2, x2: 1, y2: 3 },
		color: "#00ff0033",
	},
	{
		kind: "polyline",
		points: [
			[0, 1],
			[1, 2],
			[null, 3],
		],
		closed: true,
		fill_color: "#0000ff33",
	},
	{
		kind: "table",
		position: "bottom_left",
		columns: 2,
		rows: 3,
		cells: [
			{ column: 1, row: 2, text: "42" },
			{ column: 0, row: 2, text: "Answer", bgcolor: "#112233ff" },
		],
	},
];

/** Notes what is asked of a canvas. */
function pad() {
	const calls: string[] = [];
	const context = new Proxy({} as Record<string, unknown>, {
		get: (o, k: string) =>
			k in o
				? o[k]
				: k === "measureText"
					? (s: string) => ({ width: s.length * 6 })
					: (...a: unknown[]) => {
							calls.push(`${k}(${a.join(",")})`);
						},
		set: (o, k: string, v) => {
			o[k] = v;
			return true;
		},
	});
	const target = {
		useMediaCoordinateSpace: (f: (s: unknown) => void) =>
			f({ context, mediaSize: { width: 300, height: 200 } }),
	};
	return { calls, target };
}

describe("what a script draws", () => {
	it("comes onto the canvas where chart and scale say", () => {
		const layer = new DrawingLayer();
		layer.attached({
			chart: {
				timeScale: () => ({
					logicalToCoordinate: (i: number) => (i < 5 ? i * 10 : null),
					options: () => ({ barSpacing: 10 }),
				}),
			},
			series: { priceToCoordinate: (p: number) => 100 - p },
			requestUpdate: () => undefined,
		} as never);
		const candles = candlesOf(
			{ t: T, o: T, h: [12, 13, 14], l: T, c: T, v: T },
			1,
			"1m",
		);
		const { calls, target } = pad();
		layer.draw(target as never);
		expect(calls).toEqual([]);
		layer.set(shapesOf(DRAWN), candles, { accent: "#000" } as never);
		layer.draw(target as never);
		expect(calls).toContain("moveTo(0,90)");
		expect(calls).toContain("lineTo(20,88)");
		expect(calls).toContain("rect(0,88,10,2)");
		// The circle stands above the bar's high.
		expect(calls.some((c) => c.startsWith("arc(10,79,"))).toBe(true);
		expect(calls.filter((c) => c.startsWith("fillText"))).toHaveLength(1);
		// Fills come before what stands on them.
		expect(calls.indexOf("moveTo(0,99)")).toBeLessThan(
			calls.indexOf("rect(0,88,10,2)"),
		);
		layer.detached();
		calls.length = 0;
		layer.draw(target as never);
		expect(calls).toEqual([]);
	});
	it("has its tables as tables", () => {
		render(<DrawnTables tables={tablesOf(DRAWN)} />);
		const cells = screen.getAllByRole("cell");
		expect(cells.map((c) => c.textContent)).toEqual(["Answer", "42"]);
		expect(screen.getByRole("table").className).toContain("drawn-bottom-left");
	});
});
