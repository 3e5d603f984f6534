import type { UseQueryResult } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import type { EquityColumns } from "../../api/types";
import { useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { TableIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { Empty, Panel, Segmented, SkeletonBlock } from "../../components/ui";

const EquityChart = lazy(() => import("../../charts/EquityChart"));

type Scale = "linear" | "log";

interface Curve {
	t: number[];
	equity: number[];
	drawdown: number[];
}

function EquityTable({ curve }: { curve: Curve }) {
	const f = useFormats();
	const rows = useMemo(
		() => curve.t.map((_, i) => curve.t.length - 1 - i),
		[curve.t],
	);
	const columns: Column<number>[] = [
		{
			key: "t",
			title: `Time (${f.zoneLabel})`,
			head: true,
			cell: (i) => f.time(curve.t[i]),
		},
		{
			key: "equity",
			title: "Equity",
			num: true,
			cell: (i) => f.money(curve.equity[i]),
		},
		{
			key: "drawdown",
			title: "Drawdown",
			num: true,
			cell: (i) => f.percent(curve.drawdown[i]),
		},
	];
	return (
		<DataTable
			caption="Equity and drawdown"
			columns={columns}
			rows={rows}
			rowKey={(i) => curve.t[i] ?? i}
			virtual
		/>
	);
}

function Curves(p: { data: EquityColumns; scale: Scale; table: boolean }) {
	const { t, equity, drawdown } = p.data;
	const curve = useMemo<Curve>(
		() => ({
			t,
			equity: equity.map(Number),
			// Under water is below zero, whatever sign it came with.
			drawdown: drawdown.map((d) => -Math.abs(Number(d))),
		}),
		[t, equity, drawdown],
	);
	if (t.length < 2)
		return (
			<Empty title="No curve yet">
				After a few bars the equity is drawn here, and below it how far it is
				under its highest point.
			</Empty>
		);
	if (p.table) return <EquityTable curve={curve} />;
	return (
		<div className="equity-box">
			<Suspense fallback={<SkeletonBlock className="equity-chart" />}>
				<EquityChart
					label="Equity and drawdown over time"
					{...curve}
					log={p.scale === "log"}
				/>
			</Suspense>
		</div>
	);
}

export function EquityPanel(p: { query: UseQueryResult<EquityColumns> }) {
	const [scale, setScale] = useState<Scale>("linear");
	const [table, setTable] = useState(false);
	return (
		<Panel
			title="Equity and drawdown"
			flush
			actions={
				<>
					<Segmented
						label="Scale"
						value={scale}
						onChange={setScale}
						options={[
							{ value: "linear", label: "Linear" },
							{ value: "log", label: "Log" },
						]}
					/>
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
				query={p.query}
				skeleton={<SkeletonBlock className="equity-chart" />}
			>
				{(d) => <Curves data={d} scale={scale} table={table} />}
			</Loaded>
		</Panel>
	);
}
