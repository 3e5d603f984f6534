import { lazy, Suspense, useMemo, useRef, useState } from "react";
import type { Backtest, RunEquity as Columns } from "../../api/runTypes";
import { useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { ImageIcon, TableIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { toast } from "../../components/toasts";
import { Empty, Panel, Segmented, SkeletonBlock } from "../../components/ui";
import { savePicture } from "../../lib/save";
import { useUrlState } from "../../lib/url";
import { useRunEquity } from "./data";

const EquityChart = lazy(() => import("../../charts/EquityChart"));

export interface Curves {
	t: number[];
	equity: number[];
	drawdown: number[];
	hold: number[] | undefined;
}

/** Columns as they are drawn: the drawdown below zero, gaps carried over. */
export function curvesOf(c: Columns): Curves {
	const fill = (v: readonly (number | null)[]) => {
		let last = Number.NaN;
		return v.map((x) => {
			if (x !== null && Number.isFinite(Number(x))) last = Number(x);
			return last;
		});
	};
	return {
		t: c.t,
		equity: fill(c.equity),
		drawdown: fill(c.drawdown).map((d) => -Math.abs(d)),
		hold: c.buy_hold?.some((x) => x !== null) ? fill(c.buy_hold) : undefined,
	};
}

function CurveTable({ curves }: { curves: Curves }) {
	const f = useFormats();
	const rows = useMemo(
		() => curves.t.map((_, i) => curves.t.length - 1 - i),
		[curves.t],
	);
	const { hold } = curves;
	const columns: Column<number>[] = [
		{
			key: "t",
			title: `Time (${f.zoneLabel})`,
			head: true,
			cell: (i) => f.time(curves.t[i]),
		},
		{
			key: "equity",
			title: "Equity",
			num: true,
			cell: (i) => f.money(curves.equity[i]?.toFixed(2)),
		},
		...(hold
			? [
					{
						key: "hold",
						title: "Buy and hold",
						num: true,
						cell: (i: number) => f.money(hold[i]?.toFixed(2)),
					},
				]
			: []),
		{
			key: "drawdown",
			title: "Drawdown",
			num: true,
			cell: (i) => f.percent(curves.drawdown[i]),
		},
	];
	return (
		<DataTable
			caption="Equity, buy and hold, and drawdown"
			columns={columns}
			rows={rows}
			rowKey={(i) => curves.t[i] ?? i}
			virtual
		/>
	);
}

export function RunEquity({ run }: { run: Backtest }) {
	const query = useRunEquity(run.id);
	const [url, setUrl] = useUrlState();
	const [table, setTable] = useState(false);
	const box = useRef<HTMLDivElement>(null);
	const log = url.get("scale") === "log";
	const curves = useMemo(
		() => query.data && curvesOf(query.data),
		[query.data],
	);
	return (
		<Panel
			title="Equity and drawdown"
			flush
			actions={
				<>
					<Segmented
						label="Scale"
						value={log ? "log" : "linear"}
						onChange={(v) => setUrl({ scale: v === "log" ? v : null })}
						options={[
							{ value: "linear", label: "Linear" },
							{ value: "log", label: "Log" },
						]}
					/>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the curves as a picture"
						disabled={table || !curves}
						onClick={() => {
							if (!savePicture(box.current, `${run.name}-equity`))
								toast("There is nothing drawn yet");
						}}
					>
						<ImageIcon size={15} />
					</button>
					<button
						type="button"
						className="btn btn-s"
						aria-pressed={table}
						onClick={() => setTable(!table)}
					>
						<TableIcon size={15} /> {table ? "Chart" : "Table"}
					</button>
				</>
			}
		>
			<Loaded
				query={query}
				skeleton={<SkeletonBlock className="equity-chart" />}
			>
				{() =>
					!curves || curves.t.length < 2 ? (
						<Empty title="No curve">
							The run has fewer than two points to draw.
						</Empty>
					) : table ? (
						<CurveTable curves={curves} />
					) : (
						<div className="equity-box" ref={box}>
							<Suspense fallback={<SkeletonBlock className="equity-chart" />}>
								<EquityChart
									label="Equity, buy and hold, and drawdown over time"
									{...curves}
									log={log}
								/>
							</Suspense>
						</div>
					)
				}
			</Loaded>
		</Panel>
	);
}
