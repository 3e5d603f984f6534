import { lazy, useCallback, useMemo } from "react";
import type { Bin, Evaluation, Importance } from "../../api/modelTypes";
import { type Formats, useFormats } from "../../app/format";
import { drawAxes, line, xOf, yOf } from "../../charts/axes";
import type { Area } from "../../charts/CanvasChart";
import { type Column, DataTable } from "../../components/DataTable";
import { OutOfSample } from "../../models/ModelBits";
import { CanvasChart, Drawing, Legend } from "./Drawing";

const LineChart = lazy(() => import("../../charts/LineChart"));

const HEIGHT = 260;
const UNIT = { lo: 0, hi: 1 };

const share = (f: Formats, v: number | null, digits = 0) =>
	f.percent(v, digits).replace("+", "");

/** The line on which said and come would be the same. */
function diagonal(a: Area): void {
	a.g.strokeStyle = a.c.faint;
	a.g.setLineDash([4, 4]);
	line(
		a.g,
		xOf(UNIT, a.w, 0),
		yOf(UNIT, a.h, 0),
		xOf(UNIT, a.w, 1),
		yOf(UNIT, a.h, 1),
	);
	a.g.setLineDash([]);
}

/* ---- are its probabilities to be believed? --------------------------------- */

function binColumns(f: Formats): Column<Bin>[] {
	return [
		{
			key: "bin",
			title: "Said",
			head: true,
			cell: (b) => `${share(f, b.from)} to ${share(f, b.to)}`,
		},
		{
			key: "mean",
			title: "Said, mean",
			num: true,
			cell: (b) => share(f, b.mean_p, 1),
		},
		{
			key: "observed",
			title: "Came",
			num: true,
			cell: (b) => share(f, b.observed, 1),
		},
		{ key: "n", title: "Bars", num: true, cell: (b) => f.count(b.n) },
	];
}

export function ReliabilityPanel(p: { evaluation: Evaluation; name: string }) {
	const f = useFormats();
	const bins = useMemo(
		() => p.evaluation.reliability.filter((b) => b.n > 0),
		[p.evaluation],
	);
	const most = Math.max(1, ...bins.map((b) => b.n));
	const draw = useCallback(
		(a: Area) => {
			drawAxes(
				a,
				UNIT,
				UNIT,
				(v) => share(f, v),
				(v) => share(f, v),
			);
			diagonal(a);
			a.g.strokeStyle = a.c.accent;
			a.g.lineWidth = 2;
			a.g.beginPath();
			bins.forEach((b, i) => {
				const x = xOf(UNIT, a.w, b.mean_p ?? 0);
				const y = yOf(UNIT, a.h, b.observed ?? 0);
				if (i === 0) a.g.moveTo(x, y);
				else a.g.lineTo(x, y);
			});
			a.g.stroke();
			a.g.fillStyle = a.c.accent;
			bins.forEach((b, i) => {
				a.g.beginPath();
				a.g.arc(
					xOf(UNIT, a.w, b.mean_p ?? 0),
					yOf(UNIT, a.h, b.observed ?? 0),
					// As large as many bars stand behind it.
					3 + 6 * Math.sqrt(b.n / most) + (a.hover === i ? 2 : 0),
					0,
					2 * Math.PI,
				);
				a.g.fill();
			});
		},
		[bins, most, f],
	);
	const pick = useCallback(
		(px: number, py: number, w: number, h: number) => {
			const i = bins.findIndex(
				(b) =>
					Math.hypot(
						xOf(UNIT, w, b.mean_p ?? 0) - px,
						yOf(UNIT, h, b.observed ?? 0) - py,
					) < 14,
			);
			return i < 0 ? null : i;
		},
		[bins],
	);
	const ece = share(f, p.evaluation.ece, 1);
	return (
		<Drawing
			title="Reliability"
			file={`${p.name}-reliability`}
			badge={<OutOfSample />}
			table={
				<DataTable
					caption="What was said and what came"
					columns={binColumns(f)}
					rows={bins}
					rowKey={(b) => b.from}
				/>
			}
		>
			<CanvasChart
				label={`Reliability: probability that was said against how often it came. Calibration error ${ece}.`}
				height={HEIGHT}
				draw={draw}
				pick={pick}
				tip={(i) => {
					const b = bins[i];
					return b
						? `Said ${share(f, b.mean_p, 1)}, came ${share(f, b.observed, 1)} of ${f.count(b.n)}`
						: "";
				}}
			/>
			<p className="hint">
				Calibration error (ECE) <strong>{ece}</strong>. On the dashed line a
				model is right as often as it says.
			</p>
		</Drawing>
	);
}

/* ---- how well it tells the classes apart ------------------------------------ */

export function RocPanel(p: { evaluation: Evaluation; name: string }) {
	const f = useFormats();
	const { roc } = p.evaluation;
	const draw = useCallback(
		(a: Area) => {
			drawAxes(
				a,
				UNIT,
				UNIT,
				(v) => share(f, v),
				(v) => share(f, v),
			);
			diagonal(a);
			roc.forEach((r, k) => {
				a.g.strokeStyle = a.c.series[k] ?? a.c.accent;
				a.g.lineWidth = 2;
				a.g.beginPath();
				r.fpr.forEach((x, i) => {
					const px = xOf(UNIT, a.w, x);
					const py = yOf(UNIT, a.h, r.tpr[i] ?? 0);
					if (i === 0) a.g.moveTo(px, py);
					else a.g.lineTo(px, py);
				});
				a.g.stroke();
			});
		},
		[roc, f],
	);
	const auc = (v: number | null) =>
		v === null ? "–" : f.money(v.toFixed(3), { min: 3, max: 3 });
	type Row = (typeof roc)[number];
	const columns: Column<Row>[] = [
		{ key: "class", title: "Class", head: true, cell: (r) => r.class },
		{ key: "auc", title: "AUC", num: true, cell: (r) => auc(r.auc) },
		...[0.05, 0.1, 0.2, 0.5].map(
			(x): Column<Row> => ({
				key: String(x),
				title: `Found at ${share(f, x)} false alarms`,
				num: true,
				cell: (r) => {
					const i = r.fpr.findLastIndex((v) => v <= x);
					return share(f, r.tpr[i] ?? null, 1);
				},
			}),
		),
	];
	return (
		<Drawing
			title="ROC"
			file={`${p.name}-roc`}
			badge={<OutOfSample />}
			table={
				<DataTable
					caption="ROC by class"
					columns={columns}
					rows={roc}
					rowKey={(r) => r.class}
				/>
			}
		>
			<CanvasChart
				label={`ROC, each class against the rest: ${roc.map((r) => `${r.class} ${auc(r.auc)}`).join(", ")}. 0.5 is chance.`}
				height={HEIGHT}
				draw={draw}
			/>
			<Legend
				items={roc.map((r, k) => ({
					name: `${r.class} (AUC ${auc(r.auc)})`,
					color: `model-key-${k}`,
				}))}
			/>
		</Drawing>
	);
}

/* ---- what it would have earned ----------------------------------------------- */

export function ProfitPanel(p: {
	profit: NonNullable<Evaluation["profit"]>;
	name: string;
}) {
	const f = useFormats();
	const { profit } = p;
	const lines = useMemo(
		() => [
			{
				label: "signal after fees",
				values: profit.model.map((v) => (v === null ? null : v - 1)),
				color: (c: { accent: string }) => c.accent,
			},
			{
				label: "buy and hold",
				values: profit.buy_hold.map((v) => (v === null ? null : v - 1)),
				color: (c: { series: string[]; text: string }) => c.series[1] ?? c.text,
			},
		],
		[profit],
	);
	const last = (v: readonly (number | null)[]) => v.at(-1) ?? null;
	const [mine, held] = lines.map((l) => last(l.values));
	const rows = useMemo(() => {
		const step = Math.max(1, Math.floor(profit.t.length / 60));
		return profit.t
			.map((t, i) => ({
				t,
				model: lines[0]?.values[i] ?? null,
				hold: lines[1]?.values[i] ?? null,
			}))
			.filter((_r, i) => i % step === 0 || i === profit.t.length - 1);
	}, [profit, lines]);
	return (
		<Drawing
			title="Profit of the signal"
			file={`${p.name}-profit`}
			badge={<OutOfSample />}
			table={
				<DataTable
					caption="Profit of the signal over time"
					columns={[
						{
							key: "t",
							title: `Time (${f.zoneLabel})`,
							head: true,
							cell: (r) => f.time(r.t),
						},
						{
							key: "model",
							title: "Signal after fees",
							num: true,
							cell: (r) => f.percent(r.model),
						},
						{
							key: "hold",
							title: "Buy and hold",
							num: true,
							cell: (r) => f.percent(r.hold),
						},
					]}
					rows={rows}
					rowKey={(r) => r.t}
				/>
			}
		>
			<div>
				<LineChart
					label={`Growth of the signal after fees, ${f.percent(mine)}, against buy and hold, ${f.percent(held)}`}
					t={profit.t}
					lines={lines}
					height={230}
					format={(n) => f.percent(n, 1)}
				/>
			</div>
		</Drawing>
	);
}

/* ---- what it looks at --------------------------------------------------------- */

export function ImportancePanel(p: { evaluation: Evaluation; name: string }) {
	const f = useFormats();
	const all = p.evaluation.importance;
	const widest = Math.max(
		1e-9,
		...all.map((x) =>
			Math.max(
				Math.abs(x.high ?? 0),
				Math.abs(x.low ?? 0),
				Math.abs(x.value ?? 0),
			),
		),
	);
	const text = (v: number | null) =>
		v === null ? "–" : f.money(v.toFixed(5), { min: 4, max: 4, sign: true });
	const place = (v: number) => `${50 + (v / widest) * 50}%`;
	const columns: Column<Importance>[] = [
		{ key: "feature", title: "Feature", head: true, cell: (x) => x.feature },
		{
			key: "bar",
			title: "Loss when it is shuffled",
			cell: (x) => (
				<span className="signed-bar" aria-hidden="true">
					<span
						className={`signed-fill ${(x.value ?? 0) >= 0 ? "fill-up" : "fill-down"}`}
						style={{
							left: (x.value ?? 0) >= 0 ? "50%" : place(x.value ?? 0),
							width: `${(Math.abs(x.value ?? 0) / widest) * 50}%`,
						}}
					/>
					{x.low !== null && x.high !== null && (
						<span
							className="signed-whisker"
							style={{
								left: place(x.low),
								width: `${((x.high - x.low) / widest) * 50}%`,
							}}
						/>
					)}
				</span>
			),
		},
		{
			key: "value",
			title: "Loss",
			num: true,
			sort: (x) => x.value ?? 0,
			cell: (x) => text(x.value),
		},
		{
			key: "interval",
			title: "95 % interval",
			num: true,
			cell: (x) => (x.low === null ? "–" : `${text(x.low)} to ${text(x.high)}`),
		},
	];
	return (
		<Drawing
			title="Permutation importance"
			file={`${p.name}-importance`}
			badge={<OutOfSample />}
			table={
				<DataTable
					caption="Permutation importance with intervals"
					columns={columns.filter((c) => c.key !== "bar")}
					rows={all}
					rowKey={(x) => x.feature}
					initial={{ key: "value", down: true }}
				/>
			}
		>
			<DataTable
				caption="Permutation importance"
				columns={columns}
				rows={all.slice(0, 20)}
				rowKey={(x) => x.feature}
			/>
			<p className="hint hint-edge">
				How much the log loss grows when a feature's values are shuffled. An
				interval that holds zero: it may not matter at all.
			</p>
		</Drawing>
	);
}
