import {
	lazy,
	type ReactNode,
	Suspense,
	useCallback,
	useMemo,
	useRef,
} from "react";
import type { Backtest, RunTrade } from "../../api/runTypes";
import { type Formats, useFormats } from "../../app/format";
import { drawAxes, xOf, yOf } from "../../charts/axes";
import type { Area } from "../../charts/CanvasChart";
import { type Column, DataTable } from "../../components/DataTable";
import { ImageIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { Empty, Segmented, SkeletonBlock } from "../../components/ui";
import { savePicture } from "../../lib/save";
import { useUrlState } from "../../lib/url";
import {
	type Bin,
	histogram,
	type Point,
	pointsOf,
	quantile,
} from "../../runs/spread";
import { useAllTrades } from "./data";

const CanvasChart = lazy(() => import("../../charts/CanvasChart"));
const HEIGHT = 260;

function useHistogram(bins: readonly Bin[], f: Formats) {
	const x = useMemo(
		() => ({ lo: bins[0]?.from ?? 0, hi: bins.at(-1)?.to ?? 1 }),
		[bins],
	);
	const y = useMemo(
		() => ({ lo: 0, hi: Math.max(1, ...bins.map((b) => b.count)) * 1.05 }),
		[bins],
	);
	const draw = useCallback(
		(a: Area) => {
			drawAxes(
				a,
				x,
				y,
				(v) => f.percent(v, 1),
				(v) => f.count(Math.round(v)),
			);
			bins.forEach((b, i) => {
				const left = xOf(x, a.w, b.from);
				const right = xOf(x, a.w, b.to);
				const top = yOf(y, a.h, b.count);
				a.g.globalAlpha = a.hover === null || a.hover === i ? 1 : 0.5;
				a.g.fillStyle = b.from < 0 ? a.c.down : a.c.up;
				a.g.fillRect(
					left + 1,
					top,
					Math.max(1, right - left - 2),
					yOf(y, a.h, 0) - top,
				);
			});
			a.g.globalAlpha = 1;
		},
		[bins, x, y, f],
	);
	const pick = useCallback(
		(px: number, _py: number, w: number) => {
			const i = bins.findIndex(
				(b) => px >= xOf(x, w, b.from) && px < xOf(x, w, b.to),
			);
			return i < 0 ? null : i;
		},
		[bins, x],
	);
	const tip = (i: number) => {
		const b = bins[i];
		return b
			? `${f.percent(b.from)} to ${f.percent(b.to)}: ${f.count(b.count)} trades`
			: "";
	};
	return { draw, pick, tip };
}

type Axis = "mae" | "mfe";

function useScatter(points: readonly Point[], axis: Axis, f: Formats) {
	const x = useMemo(
		() => ({ lo: 0, hi: Math.max(1e-4, ...points.map((p) => p[axis])) * 1.05 }),
		[points, axis],
	);
	const y = useMemo(() => {
		const v = points.map((p) => p.result);
		return { lo: Math.min(0, ...v) * 1.05, hi: Math.max(1e-4, ...v) * 1.05 };
	}, [points]);
	const draw = useCallback(
		(a: Area) => {
			const percent = (v: number) => f.percent(v, 1);
			drawAxes(a, x, y, (v) => percent(v).replace("+", ""), percent);
			points.forEach((p, i) => {
				a.g.fillStyle = p.result >= 0 ? a.c.up : a.c.down;
				a.g.globalAlpha = a.hover === i ? 1 : 0.65;
				a.g.beginPath();
				a.g.arc(
					xOf(x, a.w, p[axis]),
					yOf(y, a.h, p.result),
					a.hover === i ? 6 : 3.2,
					0,
					Math.PI * 2,
				);
				a.g.fill();
			});
			a.g.globalAlpha = 1;
		},
		[points, axis, x, y, f],
	);
	const pick = useCallback(
		(px: number, py: number, w: number, h: number) => {
			let best = -1;
			let near = 144;
			points.forEach((p, i) => {
				const d =
					(xOf(x, w, p[axis]) - px) ** 2 + (yOf(y, h, p.result) - py) ** 2;
				if (d < near) {
					near = d;
					best = i;
				}
			});
			return best < 0 ? null : best;
		},
		[points, axis, x, y],
	);
	const tip = (i: number) => {
		const p = points[i];
		return p
			? `Trade ${p.number}: result ${f.percent(p.result)}, worst ${f.percent(-p.mae)}, best ${f.percent(p.mfe)}`
			: "";
	};
	return { draw, pick, tip };
}

function binColumns(f: Formats): Column<Bin>[] {
	return [
		{
			key: "from",
			title: "Return from",
			head: true,
			sort: (b) => b.from,
			cell: (b) => f.percent(b.from),
		},
		{ key: "to", title: "to", num: true, cell: (b) => f.percent(b.to) },
		{
			key: "count",
			title: "Trades",
			num: true,
			sort: (b) => b.count,
			cell: (b) => f.count(b.count),
		},
	];
}

function pointColumns(f: Formats): Column<Point>[] {
	return [
		{
			key: "n",
			title: "Trade",
			head: true,
			sort: (p) => p.number,
			cell: (p) => f.count(p.number),
		},
		...(["mae", "mfe", "result"] as const).map(
			(k): Column<Point> => ({
				key: k,
				title: { mae: "Worst point", mfe: "Best point", result: "Result" }[k],
				num: true,
				sort: (p) => p[k],
				cell: (p) => f.percent(k === "mae" ? -p.mae : p[k]),
			}),
		),
	];
}

function Picture(p: {
	name: string;
	children: ReactNode;
	table: ReactNode;
	extra?: ReactNode;
	title: string;
}) {
	const box = useRef<HTMLDivElement>(null);
	return (
		<section className="spread-part" aria-label={p.title}>
			<div className="tab-bar">
				<h3>{p.title}</h3>
				{p.extra}
				<button
					type="button"
					className="btn btn-s btn-icon"
					aria-label={`Save as a picture: ${p.title}`}
					onClick={() => savePicture(box.current, p.name)}
				>
					<ImageIcon size={15} />
				</button>
			</div>
			<div ref={box}>
				<Suspense fallback={<SkeletonBlock className="chart-h240" />}>
					{p.children}
				</Suspense>
			</div>
			<details className="behind">
				<summary>The numbers as a table</summary>
				{p.table}
			</details>
		</section>
	);
}

function Spread(p: {
	run: Backtest;
	trades: readonly RunTrade[];
	onPick: (t: RunTrade) => void;
}) {
	const f = useFormats();
	const [url, setUrl] = useUrlState();
	const axis: Axis = url.get("axis") === "mfe" ? "mfe" : "mae";
	const returns = useMemo(
		() =>
			p.trades
				.filter((t) => !t.open_at_end)
				.map((t) => Number(t.profit_ratio))
				.filter(Number.isFinite)
				.sort((a, b) => a - b),
		[p.trades],
	);
	const bins = useMemo(() => histogram(returns), [returns]);
	const points = useMemo(() => pointsOf(p.trades), [p.trades]);
	const h = useHistogram(bins, f);
	const s = useScatter(points, axis, f);
	const pickTrade = (i: number) => {
		const hit = p.trades.find((t) => t.number === points[i]?.number);
		if (hit) p.onPick(hit);
	};
	const q = (x: number) => f.percent(quantile(returns, x));
	return (
		<div className="spread">
			<Picture
				title="Distribution of results"
				name={`${p.run.name}-distribution`}
				table={
					<DataTable
						caption="Trades by return"
						columns={binColumns(f)}
						rows={bins.filter((b) => b.count > 0)}
						rowKey={(b) => b.from}
						virtual
					/>
				}
			>
				<CanvasChart
					label={`Distribution of ${returns.length} trade returns: a quarter below ${q(0.25)}, half below ${q(0.5)}, a quarter above ${q(0.75)}.`}
					height={HEIGHT}
					{...h}
				/>
				<p className="hint spread-note">
					A quarter of the trades returned less than {q(0.25)}, half less than{" "}
					{q(0.5)}, a quarter more than {q(0.75)}.
				</p>
			</Picture>
			<Picture
				title={
					axis === "mae" ? "Worst point and result" : "Best point and result"
				}
				name={`${p.run.name}-${axis}`}
				extra={
					<Segmented
						label="Across"
						value={axis}
						onChange={(v) => setUrl({ axis: v === "mae" ? null : v })}
						options={[
							{ value: "mae", label: "Worst (MAE)" },
							{ value: "mfe", label: "Best (MFE)" },
						]}
					/>
				}
				table={
					<DataTable
						caption="Worst and best point of each trade"
						columns={pointColumns(f)}
						rows={points}
						rowKey={(x) => x.number}
						rowLabel={(x) => `Show trade ${x.number} on the chart`}
						onRow={(x) =>
							pickTrade(points.findIndex((y) => y.number === x.number))
						}
						virtual
					/>
				}
			>
				<CanvasChart
					label={`${points.length} trades: across how far each was ${axis === "mae" ? "against" : "in favour of"} the position at its ${axis === "mae" ? "worst" : "best"}, upwards its result.`}
					height={HEIGHT}
					{...s}
					onPick={pickTrade}
				/>
				<p className="hint spread-note">
					{axis === "mae"
						? "Winners far to the right came close to being losers; losers there might have had a nearer stop."
						: "Losers far to the right were once well ahead: a target or a trailing stop might have kept some of it."}
				</p>
			</Picture>
		</div>
	);
}

export function SpreadTab(p: { run: Backtest; onPick: (t: RunTrade) => void }) {
	const f = useFormats();
	const { query, items, whole } = useAllTrades(p.run.id);
	return (
		<Loaded query={query}>
			{() =>
				!whole ? (
					<p className="tab-bar muted" role="status">
						Loading trades… {f.count(items?.length ?? 0)}
					</p>
				) : items && items.length > 0 ? (
					<Spread run={p.run} trades={items} onPick={p.onPick} />
				) : (
					<Empty title="No trade">
						Where there are trades, their results are drawn here.
					</Empty>
				)
			}
		</Loaded>
	);
}
