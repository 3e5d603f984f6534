import { lazy, Suspense, useCallback, useRef } from "react";
import type { Fold, Sweep } from "../../api/sweepTypes";
import { type Formats, useFormats } from "../../app/format";
import { ticks } from "../../charts/axes";
import type { Area } from "../../charts/CanvasChart";
import { type Column, DataTable } from "../../components/DataTable";
import { ImageIcon } from "../../components/icons";
import { Panel, SkeletonBlock, Stat, Stats } from "../../components/ui";
import { savePicture } from "../../lib/save";
import { metricOf, writeMetric } from "../../runs/metrics";
import { metricsIn } from "../../runs/statistics";
import { value } from "../../runs/values";
import { inputsText } from "./Trials";

const CanvasChart = lazy(() => import("../../charts/CanvasChart"));

const ROW = 26;
const PAD = 12;

function useTimeline(folds: readonly Fold[], f: Formats) {
	const lo = Math.min(...folds.map((x) => x.train_from));
	const hi = Math.max(...folds.map((x) => x.test_to));
	const at = useCallback(
		(w: number, t: number) => PAD + ((t - lo) / (hi - lo || 1)) * (w - 2 * PAD),
		[lo, hi],
	);
	const draw = useCallback(
		(a: Area) => {
			const { g, c } = a;
			g.textAlign = "center";
			for (const t of ticks(lo, hi, Math.max(2, a.w / 140))) {
				g.fillStyle = c.faint;
				g.fillText(f.time(t, "date"), at(a.w, t), a.h - 9);
			}
			folds.forEach((x, i) => {
				const y = i * ROW + 4;
				const bar = (from: number, to: number, color: string) => {
					g.fillStyle = color;
					const left = at(a.w, from);
					g.fillRect(left, y, Math.max(1, at(a.w, to) - left - 1), ROW - 8);
				};
				g.globalAlpha = a.hover === null || a.hover === i ? 1 : 0.55;
				bar(x.train_from, x.train_to, c.border);
				bar(x.test_from, x.test_to, c.accent);
				g.globalAlpha = 1;
			});
		},
		[folds, lo, hi, at, f],
	);
	const pick = useCallback(
		(_x: number, y: number) => {
			const i = Math.floor((y - 2) / ROW);
			return i >= 0 && i < folds.length ? i : null;
		},
		[folds.length],
	);
	const tip = (i: number) => {
		const x = folds[i];
		return x
			? `Fold ${x.number + 1}: in sample ${f.time(x.train_from, "date")} – ${f.time(x.train_to, "date")}, out of sample to ${f.time(x.test_to, "date")}`
			: "";
	};
	return { draw, pick, tip };
}

function columns(f: Formats, objective: string): Column<Fold>[] {
	const m = metricOf(objective);
	const ret = metricOf("total_return");
	const of = (v: unknown, key: string) => value(metricsIn(v), key);
	const pair = (
		key: string,
		metric: typeof m,
		side: "train" | "test",
	): Column<Fold> => ({
		key: `${key}-${side}`,
		title: `${metric.label}, ${side === "train" ? "in sample" : "out of sample"}`,
		num: true,
		sort: (x) => of(x[side], metric.key) ?? Number.NEGATIVE_INFINITY,
		cell: (x) => {
			const text = writeMetric(f, metric, of(x[side], metric.key));
			return side === "test" ? <strong>{text}</strong> : text;
		},
	});
	return [
		{
			key: "n",
			title: "Fold",
			head: true,
			sort: (x) => x.number,
			cell: (x) => f.count(x.number + 1),
		},
		{
			key: "train",
			title: "Searched (in sample)",
			cell: (x) =>
				`${f.time(x.train_from, "date")} – ${f.time(x.train_to, "date")}`,
		},
		{
			key: "test",
			title: "Tested (out of sample)",
			cell: (x) =>
				`${f.time(x.test_from, "date")} – ${f.time(x.test_to, "date")}`,
		},
		{
			key: "inputs",
			title: "Chosen",
			cell: (x) =>
				x.inputs ? inputsText(x.inputs) : "none met the conditions",
		},
		pair("o", m, "train"),
		pair("o", m, "test"),
		...(objective === "total_return"
			? []
			: [pair("r", ret, "train"), pair("r", ret, "test")]),
		{
			key: "trades",
			title: "Trades, out of sample",
			num: true,
			cell: (x) => f.count(of(x.test, "trades")),
		},
	];
}

/** Walk-forward: what each search chose, and how that did where it was blind. */
export function Folds({ sweep }: { sweep: Sweep }) {
	const f = useFormats();
	const folds = sweep.folds ?? [];
	const parts = useTimeline(folds, f);
	const box = useRef<HTMLDivElement>(null);
	const out = metricsIn(sweep.out_of_sample);
	if (folds.length === 0) return null;
	const show = (key: string) => writeMetric(f, metricOf(key), value(out, key));
	return (
		<Panel
			title="Walk-forward"
			flush
			actions={
				<>
					<span className="map-key">
						<span className="key-box key-train" aria-hidden="true" /> in sample
					</span>
					<span className="map-key">
						<span className="key-box key-test" aria-hidden="true" /> out of
						sample
					</span>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the folds as a picture"
						onClick={() => savePicture(box.current, `${sweep.name}-folds`)}
					>
						<ImageIcon size={15} />
					</button>
				</>
			}
		>
			<div ref={box}>
				<Suspense fallback={<SkeletonBlock className="chart-h160" />}>
					<CanvasChart
						label={`${folds.length} folds over time: where each was searched and where it was tested. The table holds the same.`}
						height={folds.length * ROW + 26}
						{...parts}
					/>
				</Suspense>
			</div>
			<DataTable
				caption="Folds, in sample and out of sample"
				columns={columns(f, sweep.objective)}
				rows={folds}
				rowKey={(x) => x.number}
			/>
			{out && (
				<>
					<p className="spread-note out-note">
						<span className="badge badge-info">out of sample</span> All tests
						one behind the other: nothing here was seen by a search.
					</p>
					<Stats>
						<Stat lead label="Return" tone={value(out, "total_return")}>
							{show("total_return")}
						</Stat>
						<Stat label="Sharpe">{show("sharpe")}</Stat>
						<Stat label="Deepest drawdown">{show("max_drawdown_ratio")}</Stat>
						<Stat label="Profit factor">{show("profit_factor")}</Stat>
						<Stat label="Trades">{show("trades")}</Stat>
					</Stats>
				</>
			)}
		</Panel>
	);
}
