import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import type { Heatmap, Sweep } from "../../api/sweepTypes";
import { type Formats, useFormats } from "../../app/format";
import type { Area } from "../../charts/CanvasChart";
import { ImageIcon, TableIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { Empty, Panel, SkeletonBlock } from "../../components/ui";
import { savePicture } from "../../lib/save";
import { useUrlState } from "../../lib/url";
import { metricOf, writeMetric } from "../../runs/metrics";
import { OBJECTIVES } from "../../runs/space";
import { useHeatmap } from "../../runs/useSweeps";

const CanvasChart = lazy(() => import("../../charts/CanvasChart"));

const LEFT = 64;
const BOTTOM = 30;
const TOP = 6;
/** From this share of the best on, a cell belongs to a plateau. */
export const PLATEAU = 0.8;

/** Where a value lies between the worst and the best: 0 to 1. */
export function shadeOf(
	v: number | null,
	lo: number,
	hi: number,
	down: boolean,
): number | null {
	if (v === null || !Number.isFinite(v)) return null;
	const x = hi > lo ? (v - lo) / (hi - lo) : 1;
	return down ? 1 - x : x;
}

function extent(values: readonly (number | null)[][]) {
	const all = values.flat().filter((v): v is number => v !== null);
	return { lo: Math.min(...all), hi: Math.max(...all) };
}

function useMap(map: Heatmap, metric: string, f: Formats) {
	const m = metricOf(metric);
	const { lo, hi } = useMemo(() => extent(map.values), [map]);
	const nx = map.x.values.length;
	const ny = map.y.values.length;
	const cell = useCallback(
		(w: number, h: number) => ({
			w: (w - LEFT - 8) / Math.max(1, nx),
			h: (h - TOP - BOTTOM) / Math.max(1, ny),
		}),
		[nx, ny],
	);
	const draw = useCallback(
		(a: Area) => {
			const { g, c } = a;
			const size = cell(a.w, a.h);
			// The least of y lies at the bottom, as on any chart.
			const top = (j: number) => TOP + (ny - 1 - j) * size.h;
			for (let j = 0; j < ny; j++)
				for (let i = 0; i < nx; i++) {
					const v = map.values[j]?.[i] ?? null;
					const s = shadeOf(v, lo, hi, m.better === -1);
					const x = LEFT + i * size.w;
					g.globalAlpha = s === null ? 1 : 0.12 + 0.88 * Math.abs(s - 0.5) * 2;
					g.fillStyle = s === null ? c.grid : s >= 0.5 ? c.up : c.down;
					g.fillRect(x, top(j), Math.ceil(size.w), Math.ceil(size.h));
					g.globalAlpha = 1;
					const flat = map.plateau[j]?.[i];
					if (
						typeof flat === "number" &&
						flat >= PLATEAU &&
						s !== null &&
						s > 0.5
					) {
						g.fillStyle = c.surface;
						g.beginPath();
						g.arc(
							x + size.w / 2,
							top(j) + size.h / 2,
							Math.max(1.5, Math.min(4, size.w / 6, size.h / 6)),
							0,
							Math.PI * 2,
						);
						g.fill();
					}
					if (a.hover === j * nx + i) {
						g.strokeStyle = c.text;
						g.lineWidth = 2;
						g.strokeRect(x + 1, top(j) + 1, size.w - 2, size.h - 2);
					}
				}
			const best = placeOf(map);
			if (best) {
				g.strokeStyle = c.surface;
				g.lineWidth = 5;
				const box = [
					LEFT + best.x * size.w + 2,
					top(best.y) + 2,
					size.w - 4,
					size.h - 4,
				] as const;
				g.strokeRect(...box);
				g.strokeStyle = c.accent;
				g.lineWidth = 2.5;
				g.strokeRect(...box);
			}
			g.fillStyle = c.faint;
			g.textAlign = "center";
			const every = Math.max(1, Math.ceil(44 / size.w));
			map.x.values.forEach((v, i) => {
				if (i % every === 0)
					g.fillText(String(v), LEFT + (i + 0.5) * size.w, a.h - BOTTOM + 10);
			});
			g.fillText(map.x.name, LEFT + (a.w - LEFT) / 2, a.h - 7);
			g.textAlign = "right";
			const rows = Math.max(1, Math.ceil(16 / size.h));
			map.y.values.forEach((v, j) => {
				if (j % rows === 0)
					g.fillText(String(v), LEFT - 6, top(j) + size.h / 2);
			});
		},
		[map, lo, hi, nx, ny, m, cell],
	);
	const pick = useCallback(
		(px: number, py: number, w: number, h: number) => {
			const size = cell(w, h);
			const i = Math.floor((px - LEFT) / size.w);
			const j = ny - 1 - Math.floor((py - TOP) / size.h);
			return i >= 0 && i < nx && j >= 0 && j < ny ? j * nx + i : null;
		},
		[cell, nx, ny],
	);
	const tip = (k: number) => {
		const [i, j] = [k % nx, Math.floor(k / nx)];
		const flat = map.plateau[j]?.[i];
		return `${map.x.name} ${map.x.values[i]}, ${map.y.name} ${map.y.values[j]}: ${writeMetric(f, m, map.values[j]?.[i] ?? null)}${
			typeof flat === "number"
				? `, neighbours reach ${f.percent(flat, 0).replace("+", "")}`
				: ""
		}`;
	};
	return { draw, pick, tip };
}

/** The best cell, as places in the lists of values. */
export function placeOf(map: Heatmap): { x: number; y: number } | null {
	const b = map.best;
	if (!b) return null;
	const at = (all: readonly unknown[], v: unknown) =>
		all.findIndex((x) => String(x) === String(v));
	const x = at(map.x.values, b.x);
	const y = at(map.y.values, b.y);
	return x < 0 || y < 0 ? null : { x, y };
}

function MapTable(p: { map: Heatmap; metric: string }) {
	const f = useFormats();
	const { map } = p;
	const m = metricOf(p.metric);
	const best = placeOf(map);
	return (
		// biome-ignore lint/a11y/useSemanticElements: this is no form
		<div
			className="vlist"
			role="group"
			aria-label={`${m.label} by ${map.x.name} and ${map.y.name}`}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
			tabIndex={0}
		>
			<table className="table">
				<caption className="sr">
					{m.label} by {map.x.name} (across) and {map.y.name} (down)
				</caption>
				<thead>
					<tr>
						<th scope="col">
							{map.y.name} \ {map.x.name}
						</th>
						{map.x.values.map((v) => (
							<th key={String(v)} scope="col" className="num">
								{String(v)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{map.y.values.map((y, j) => (
						<tr key={String(y)}>
							<th scope="row">{String(y)}</th>
							{map.x.values.map((x, i) => {
								const text = writeMetric(f, m, map.values[j]?.[i] ?? null);
								return (
									<td key={String(x)} className="num">
										{best?.x === i && best.y === j ? (
											<strong className="best">{text}</strong>
										) : (
											text
										)}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Drawn(p: {
	map: Heatmap;
	metric: string;
	height: number;
	folds: boolean;
}) {
	const f = useFormats();
	const parts = useMap(p.map, p.metric, f);
	const best = placeOf(p.map);
	return (
		<>
			<Suspense fallback={<SkeletonBlock className="chart-h" />}>
				<CanvasChart
					label={`${metricOf(p.metric).label} by ${p.map.x.name} and ${p.map.y.name}${
						best
							? `; the best at ${p.map.x.name} ${p.map.x.values[best.x]} and ${p.map.y.name} ${p.map.y.values[best.y]}`
							: ""
					}. The table holds the same.`}
					height={p.height}
					{...parts}
				/>
			</Suspense>
			<p className="hint spread-note">
				Framed: the best. Dotted: a plateau, where the neighbours reach{" "}
				{f.percent(PLATEAU, 0).replace("+", "")} of it or more. Where other
				inputs vary too{p.folds ? ", and over all folds" : ""}, each cell shows
				its best trial.
			</p>
		</>
	);
}

export function HeatmapPanel({ sweep }: { sweep: Sweep }) {
	const [url, setUrl] = useUrlState();
	const [table, setTable] = useState(false);
	const box = useRef<HTMLDivElement>(null);
	const names = sweep.space.map((s) => s.input);
	const x = names.find((n) => n === url.get("x")) ?? names[0] ?? null;
	const y =
		names.find((n) => n === url.get("y") && n !== x) ??
		names.find((n) => n !== x) ??
		null;
	const metric = url.get("metric") || sweep.objective;
	const query = useHeatmap(sweep, x, y, metric);
	const select = (
		label: string,
		name: string,
		value: string,
		options: readonly [string, string][],
	) => (
		<label className="map-select">
			<span>{label}</span>
			<select
				className="select select-auto"
				value={value}
				onChange={(ev) => setUrl({ [name]: ev.target.value })}
			>
				{options.map(([v, text]) => (
					<option key={v} value={v}>
						{text}
					</option>
				))}
			</select>
		</label>
	);
	const both = names.map((n): [string, string] => [n, n]);
	const metrics = [...new Set([sweep.objective, ...OBJECTIVES, "trades"])];
	return (
		<Panel
			title="Map"
			flush
			actions={
				<>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the map as a picture"
						disabled={table || !query.data}
						onClick={() => savePicture(box.current, `${sweep.name}-map`)}
					>
						<ImageIcon size={15} />
					</button>
					<button
						type="button"
						className="btn btn-s"
						aria-pressed={table}
						onClick={() => setTable(!table)}
					>
						<TableIcon size={15} /> {table ? "Map" : "Table"}
					</button>
				</>
			}
		>
			{x === null || y === null ? (
				<Empty title="No map of one input">
					A map has two sides; the trials below show how the one input did.
				</Empty>
			) : sweep.trials_done === 0 ? (
				<Empty title="No trial yet">The map fills as trials come in.</Empty>
			) : (
				<>
					<div className="tab-bar map-bar">
						{select("Across", "x", x, both)}
						{select(
							"Upwards",
							"y",
							y,
							both.filter(([n]) => n !== x),
						)}
						{select(
							"Figure",
							"metric",
							metric,
							metrics.map((k) => [k, metricOf(k).label]),
						)}
					</div>
					<Loaded
						query={query}
						skeleton={<SkeletonBlock className="chart-h" />}
					>
						{(map) =>
							map.x.values.length === 0 || map.y.values.length === 0 ? (
								<Empty title="No trial yet" />
							) : table ? (
								<MapTable map={map} metric={metric} />
							) : (
								<div ref={box}>
									<Drawn
										map={map}
										metric={metric}
										folds={sweep.walk_forward !== null}
										height={Math.max(
											220,
											Math.min(460, map.y.values.length * 34 + 40),
										)}
									/>
								</div>
							)
						}
					</Loaded>
				</>
			)}
		</Panel>
	);
}
