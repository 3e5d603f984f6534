import { useCallback, useMemo } from "react";
import type { Curve, Model } from "../../api/modelTypes";
import { type Formats, useFormats } from "../../app/format";
import { drawAxes, xOf, yOf } from "../../charts/axes";
import type { Area } from "../../charts/CanvasChart";
import { type Column, DataTable } from "../../components/DataTable";
import { Loaded } from "../../components/Loaded";
import { Empty, Panel } from "../../components/ui";
import { isUnderWay } from "../../models/model";
import { useCurve } from "../../models/useModels";
import { CanvasChart, Drawing, Legend } from "./Drawing";

/** How the losses fell, epoch by epoch, while it learns and after. */

const HEIGHT = 250;

interface Epoch {
	epoch: number;
	train: number | null;
	valid: number | null;
	accuracy: number | null;
	rate: number | null;
}

export function epochsOf(c: Curve): Epoch[] {
	return c.epoch.map((epoch, i) => ({
		epoch,
		train: c.train_loss[i] ?? null,
		valid: c.valid_loss[i] ?? null,
		accuracy: c.valid_accuracy[i] ?? null,
		rate: c.rate[i] ?? null,
	}));
}

/** The epoch whose loss on what it does not learn from is lowest. */
export function bestEpoch(all: readonly Epoch[]): Epoch | null {
	let best: Epoch | null = null;
	for (const e of all)
		if (e.valid !== null && (best === null || e.valid < (best.valid ?? 0)))
			best = e;
	return best;
}

const loss = (f: Formats, v: number | null) =>
	v === null ? "–" : f.money(v.toFixed(5), { min: 4, max: 4 });

function columns(f: Formats): Column<Epoch>[] {
	const num = (
		key: string,
		title: string,
		cell: (e: Epoch) => string,
	): Column<Epoch> => ({ key, title, num: true, cell });
	return [
		num("epoch", "Epoch", (e) => f.count(e.epoch)),
		num("train", "Training loss", (e) => loss(f, e.train)),
		num("valid", "Validation loss", (e) => loss(f, e.valid)),
		num("accuracy", "Validation accuracy", (e) =>
			f.percent(e.accuracy, 1).replace("+", ""),
		),
		num("rate", "Rate", (e) =>
			e.rate === null ? "–" : Number(e.rate.toPrecision(4)).toString(),
		),
	];
}

function useDraw(all: readonly Epoch[], f: Formats) {
	const { x, y } = useMemo(() => {
		const v = all
			.flatMap((e) => [e.train, e.valid])
			.filter((n) => n !== null && Number.isFinite(n)) as number[];
		const lo = v.reduce((a, b) => Math.min(a, b), v[0] ?? 0);
		const hi = v.reduce((a, b) => Math.max(a, b), v[0] ?? 1);
		const pad = (hi - lo || Math.abs(hi) || 1) * 0.06;
		return {
			x: { lo: all[0]?.epoch ?? 0, hi: Math.max(2, all.at(-1)?.epoch ?? 2) },
			y: { lo: lo - pad, hi: hi + pad },
		};
	}, [all]);
	const best = useMemo(() => bestEpoch(all), [all]);
	const draw = useCallback(
		(a: Area) => {
			drawAxes(
				a,
				x,
				y,
				(v) =>
					Math.abs(v - Math.round(v)) < 1e-6 ? f.count(Math.round(v)) : "",
				(v) => f.money(v.toFixed(3), { min: 2, max: 3 }),
			);
			const path = (of: (e: Epoch) => number | null, color: string) => {
				a.g.strokeStyle = color;
				a.g.fillStyle = color;
				a.g.lineWidth = 2;
				a.g.beginPath();
				let begun = false;
				for (const e of all) {
					const v = of(e);
					if (v === null) continue;
					const px = xOf(x, a.w, e.epoch);
					const py = yOf(y, a.h, v);
					if (begun) a.g.lineTo(px, py);
					else a.g.moveTo(px, py);
					begun = true;
				}
				a.g.stroke();
				if (all.length > 30) return;
				for (const e of all) {
					const v = of(e);
					if (v === null) continue;
					a.g.beginPath();
					a.g.arc(xOf(x, a.w, e.epoch), yOf(y, a.h, v), 2.5, 0, 2 * Math.PI);
					a.g.fill();
				}
			};
			path((e) => e.train, a.c.series[0] ?? a.c.accent);
			path((e) => e.valid, a.c.series[1] ?? a.c.text);
			const at = a.hover === null ? best : (all[a.hover] ?? null);
			if (!at) return;
			a.g.strokeStyle = a.c.faint;
			a.g.lineWidth = 1;
			a.g.setLineDash([3, 3]);
			const px = Math.round(xOf(x, a.w, at.epoch)) + 0.5;
			a.g.beginPath();
			a.g.moveTo(px, 8);
			a.g.lineTo(px, a.h - 24);
			a.g.stroke();
			a.g.setLineDash([]);
		},
		[all, x, y, best, f],
	);
	const pick = useCallback(
		(px: number, _py: number, w: number) => {
			let near = -1;
			all.forEach((e, i) => {
				const d = Math.abs(xOf(x, w, e.epoch) - px);
				const b = all[near];
				if (!b || d < Math.abs(xOf(x, w, b.epoch) - px)) near = i;
			});
			return near < 0 ? null : near;
		},
		[all, x],
	);
	const tip = (i: number) => {
		const e = all[i];
		return e
			? `Epoch ${e.epoch}: training ${loss(f, e.train)}, validation ${loss(f, e.valid)}, accuracy ${f.percent(e.accuracy, 1).replace("+", "")}`
			: "";
	};
	return { draw, pick, tip, best };
}

function Drawn({ curve, model }: { curve: Curve; model: Model }) {
	const f = useFormats();
	const all = useMemo(() => epochsOf(curve), [curve]);
	const { draw, pick, tip, best } = useDraw(all, f);
	const last = all.at(-1);
	const said = [
		last
			? `Epoch ${f.count(last.epoch)}: training ${loss(f, last.train)}, validation ${loss(f, last.valid)}.`
			: "",
		best
			? `Lowest validation loss ${loss(f, best.valid)} in epoch ${f.count(best.epoch)}.`
			: "",
	]
		.filter(Boolean)
		.join(" ");
	return (
		<Drawing
			title="Losses"
			file={`${model.name}-losses`}
			badge={<span className="badge">in sample: training and validation</span>}
			table={
				<DataTable
					caption="Losses by epoch"
					columns={columns(f)}
					rows={all}
					rowKey={(e) => e.epoch}
					virtual={all.length > 100}
				/>
			}
		>
			<CanvasChart
				label={`Losses by epoch. ${said}`}
				height={HEIGHT}
				draw={draw}
				pick={pick}
				tip={tip}
			/>
			<Legend
				items={[
					{ name: "training", color: "model-key-0" },
					{ name: "validation", color: "model-key-1" },
				]}
			/>
			<p className="hint" data-testid="curve-said">
				{said}
			</p>
		</Drawing>
	);
}

export function Curves({ model }: { model: Model }) {
	const query = useCurve(model);
	if (model.state === "queued") return null;
	const empty = (
		<Panel title="Losses">
			<Empty title="No epoch yet">
				{isUnderWay(model)
					? "The curve begins with the first one."
					: "It ended before the first one."}
			</Empty>
		</Panel>
	);
	return (
		<Loaded query={query}>
			{(c) => (c.epoch.length > 0 ? <Drawn curve={c} model={model} /> : empty)}
		</Loaded>
	);
}
