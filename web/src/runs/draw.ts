import type { Columns, RunPlot, RunTrade } from "../api/runTypes";
import type { Candles } from "../api/types";
import type { Mark, Overlay } from "../charts/candleSeries";
import { indexAt } from "../lib/candles";

/** Trades and plots of a run in the words of the candle chart. */

export function candlesOf(
	c: Partial<Columns> | undefined,
	market: number,
	tf: string,
): Candles {
	return {
		market,
		tf,
		t: c?.t ?? [],
		o: c?.o ?? [],
		h: c?.h ?? [],
		l: c?.l ?? [],
		c: c?.c ?? [],
		v: c?.v ?? [],
	};
}

/** Entries and exits on the bars (thinned or not) in which they fell. */
export function tradeMarks(
	trades: readonly RunTrade[],
	times: readonly number[],
): Mark[] {
	const first = times[0];
	const last = times.at(-1);
	if (first === undefined || last === undefined) return [];
	const step = times.length > 1 ? last - (times.at(-2) ?? last) : 0;
	const out: Mark[] = [];
	const add = (
		id: string,
		ms: number | null,
		side: "buy" | "sell",
		text: string,
	) => {
		if (ms === null || ms < first || ms > last + step) return;
		const time = times[indexAt(times, ms)];
		if (time !== undefined) out.push({ id, time, side, text });
	};
	for (const t of trades) {
		const long = t.direction !== "short";
		add(
			`e${t.number}`,
			t.entry_ms,
			long ? "buy" : "sell",
			t.entry_signal ?? t.direction,
		);
		if (!t.open_at_end)
			add(
				`x${t.number}`,
				t.exit_ms,
				long ? "sell" : "buy",
				t.exit_signal ?? t.exit_reason ?? "exit",
			);
	}
	return out.sort((a, b) => a.time - b.time);
}

const SHAPES = /^(shape|char|arrow)/;
const LINES = /^(line|histogram|area|columns|circles|cross|step|hline)/;

/** Plots with a value over time, as lines. */
export function plotLines(
	plots: readonly RunPlot[] | undefined,
	times: readonly number[],
): Overlay[] {
	return (plots ?? [])
		.filter((p) => LINES.test(p.kind))
		.map((p) => ({
			name: p.name,
			color: p.color,
			below: !p.overlay,
			t: times,
			v: p.values,
		}));
}

/** Shapes and letters: on each bar where the script set one. */
export function plotMarks(
	plots: readonly RunPlot[] | undefined,
	times: readonly number[],
): Mark[] {
	const out: Mark[] = [];
	(plots ?? [])
		.filter((p) => SHAPES.test(p.kind))
		.forEach((p, k) => {
			p.values.forEach((v, i) => {
				const time = times[i];
				if (v === null || v === 0 || time === undefined) return;
				out.push({ id: `p${k}-${i}`, time, side: "note", text: p.name });
			});
		});
	return out;
}

export function allMarks(
	trades: readonly RunTrade[],
	plots: readonly RunPlot[] | undefined,
	times: readonly number[],
): Mark[] {
	return [...tradeMarks(trades, times), ...plotMarks(plots, times)].sort(
		(a, b) => a.time - b.time,
	);
}
