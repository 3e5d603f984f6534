import { useMemo } from "react";
import type { Candles } from "../api/types";
import { useFormats } from "../app/format";
import { type Column, DataTable } from "../components/DataTable";

/** The numbers behind the chart, newest first. */
export function CandleTable(p: { candles: Candles; decimals: number }) {
	const f = useFormats();
	const rows = useMemo(() => {
		const n = p.candles.t.length;
		return Array.from({ length: n }, (_, i) => n - 1 - i);
	}, [p.candles.t.length]);
	const { candles: c, decimals } = p;
	const price = (a: number[], i: number) => f.price(a[i], decimals);
	const columns: Column<number>[] = [
		{
			key: "t",
			title: `Opened (${f.zoneLabel})`,
			head: true,
			cell: (i) => f.time(c.t[i]),
		},
		{ key: "o", title: "Open", num: true, cell: (i) => price(c.o, i) },
		{ key: "h", title: "High", num: true, cell: (i) => price(c.h, i) },
		{ key: "l", title: "Low", num: true, cell: (i) => price(c.l, i) },
		{ key: "c", title: "Close", num: true, cell: (i) => price(c.c, i) },
		{
			key: "v",
			title: "Volume",
			num: true,
			cell: (i) => f.compact(c.v[i]),
		},
	];
	return (
		<DataTable
			caption="Candles"
			columns={columns}
			rows={rows}
			rowKey={(i) => c.t[i] ?? i}
			virtual
		/>
	);
}
