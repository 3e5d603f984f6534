import type { RunTrade } from "../api/runTypes";
import { type Formats, useFormats } from "../app/format";
import { type Column, DataTable } from "../components/DataTable";
import { Empty, Side, Signed } from "../components/ui";

/** The trades of a run: choosing one shows it on the chart. */

export function runTradeColumns(f: Formats): Column<RunTrade>[] {
	return [
		{
			key: "number",
			title: "#",
			num: true,
			sort: (t) => t.number,
			cell: (t) => f.count(t.number),
		},
		{
			key: "side",
			title: "Side",
			sort: (t) => t.direction,
			cell: (t) => <Side side={t.direction} />,
		},
		{
			key: "entered",
			title: `Entered (${f.zoneLabel})`,
			sort: (t) => t.entry_ms,
			cell: (t) => f.time(t.entry_ms),
		},
		{
			key: "entry",
			title: "Entry",
			num: true,
			sort: (t) => Number(t.entry_price),
			cell: (t) => f.price(t.entry_price),
		},
		{
			key: "exited",
			title: `Left (${f.zoneLabel})`,
			sort: (t) => t.exit_ms ?? Number.MAX_SAFE_INTEGER,
			cell: (t) => (t.open_at_end ? "still open" : f.time(t.exit_ms)),
		},
		{
			key: "exit",
			title: "Exit",
			num: true,
			sort: (t) => Number(t.exit_price),
			cell: (t) => f.price(t.exit_price),
		},
		{
			key: "qty",
			title: "Quantity",
			num: true,
			sort: (t) => Number(t.qty),
			cell: (t) => f.qty(t.qty),
		},
		{
			key: "profit",
			title: "Profit",
			num: true,
			sort: (t) => Number(t.profit),
			cell: (t) => (
				<Signed value={t.profit}>{f.money(t.profit, { sign: true })}</Signed>
			),
		},
		{
			key: "ratio",
			title: "Return",
			num: true,
			sort: (t) => Number(t.profit_ratio),
			cell: (t) => (
				<Signed value={t.profit_ratio}>{f.percent(t.profit_ratio)}</Signed>
			),
		},
		{
			key: "bars",
			title: "Bars",
			num: true,
			sort: (t) => t.bars ?? 0,
			cell: (t) => f.count(t.bars),
		},
		{
			key: "mfe",
			title: "Best point",
			num: true,
			sort: (t) => Number(t.mfe),
			cell: (t) => f.money(t.mfe),
		},
		{
			key: "mae",
			title: "Worst point",
			num: true,
			sort: (t) => -Math.abs(Number(t.mae)),
			// How far against it the trade once was; the API says it positive.
			cell: (t) => (t.mae === null ? "–" : f.money(-Math.abs(Number(t.mae)))),
		},
		{
			key: "fees",
			title: "Fees",
			num: true,
			sort: (t) => Number(t.fees),
			cell: (t) => f.money(t.fees),
		},
		{
			key: "why",
			title: "Signals",
			cell: (t) =>
				[t.entry_signal, t.exit_signal ?? t.exit_reason]
					.filter(Boolean)
					.join(" → ") || "–",
		},
		{
			key: "reason",
			title: "Exit reason",
			sort: (t) => t.exit_reason ?? "",
			cell: (t) => t.exit_reason ?? "–",
		},
		{
			key: "tag",
			title: "Tag",
			sort: (t) => t.tag ?? "",
			cell: (t) => t.tag || "–",
		},
	];
}

export function RunTrades(p: {
	trades: readonly RunTrade[];
	active: number | null;
	onPick: (t: RunTrade) => void;
	onHover?: (t: RunTrade | null) => void;
	onEnd?: () => void;
}) {
	const f = useFormats();
	if (p.trades.length === 0)
		return (
			<Empty title="No trade">
				The script entered nothing on these bars. A trade is an entry and the
				exit that follows it.
			</Empty>
		);
	return (
		<DataTable
			caption="Trades. Choosing one shows it on the chart."
			columns={runTradeColumns(f)}
			rows={p.trades}
			rowKey={(t) => t.number}
			rowLabel={(t) => `Show trade ${t.number} on the chart`}
			active={p.active}
			onRow={p.onPick}
			{...(p.onHover ? { onHover: p.onHover } : {})}
			{...(p.onEnd ? { onEnd: p.onEnd } : {})}
			virtual
		/>
	);
}
