import "../styles/runs.css";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Backtest, RunTrade } from "../api/runTypes";
import { useFormats } from "../app/format";
import { Loaded } from "../components/Loaded";
import {
	Panel,
	SkeletonBlock,
	SkeletonRows,
	Stat,
	Stats,
} from "../components/ui";
import { useUrlState } from "../lib/url";
import { RunPage } from "../runs/RunPage";
import { DRAWDOWN, firstOf, RETURN, value, WIN_RATE } from "../runs/values";
import { useRunTrades } from "./backtest/data";
import { RunChart } from "./backtest/RunChart";

// Both lie below the chart.
const RunEquity = lazy(() =>
	import("./backtest/RunEquity").then((m) => ({ default: m.RunEquity })),
);
const RunTrades = lazy(() =>
	import("../runs/RunTrades").then((m) => ({ default: m.RunTrades })),
);

function Headline({ run }: { run: Backtest }) {
	const f = useFormats();
	const m = run.metrics;
	const profit = firstOf(m, "net_profit", "profit_total_abs");
	const ret = firstOf(m, ...RETURN);
	const hold = firstOf(m, "buy_hold_return", "market_change");
	const fall = firstOf(m, ...DRAWDOWN);
	const won = firstOf(m, ...WIN_RATE);
	return (
		<Stats>
			<Stat
				lead
				label="Return"
				tone={ret}
				note={`${f.money(profit, { sign: true })} after fees`}
			>
				{f.percent(ret)}
			</Stat>
			<Stat label="Buy and hold" tone={hold}>
				{f.percent(hold)}
			</Stat>
			<Stat label="Deepest drawdown">
				{fall === null ? "–" : f.percent(-Math.abs(fall))}
			</Stat>
			<Stat label="Sharpe">{f.money(value(m, "sharpe"))}</Stat>
			<Stat
				label="Trades"
				note={won === null ? undefined : `${f.percent(won, 1).slice(1)} won`}
			>
				{f.count(value(m, "trades"))}
			</Stat>
			<Stat label="Profit factor">{f.money(value(m, "profit_factor"))}</Stat>
		</Stats>
	);
}

function Result({ run }: { run: Backtest }) {
	const f = useFormats();
	const [url, setUrl] = useUrlState();
	const { query, items, more } = useRunTrades(run.id);
	const [row, setRow] = useState<RunTrade | null>(null);
	const [mark, setMark] = useState<number | null>(null);
	const [picked, setPicked] = useState<RunTrade | null>(null);
	const number = Number(url.get("trade")) || null;
	const chosen = useMemo(
		() =>
			picked?.number === number
				? picked
				: (items?.find((t) => t.number === number) ?? null),
		[picked, items, number],
	);
	const hovered =
		row ??
		(mark === null ? null : (items?.find((t) => t.number === mark) ?? null));
	const pick = (t: RunTrade) => {
		setPicked(t);
		setUrl({ trade: t.number });
		document.getElementById("run-chart")?.scrollIntoView({
			behavior: "smooth",
			block: "nearest",
		});
	};
	return (
		<>
			<Headline run={run} />
			<div id="run-chart">
				<RunChart
					run={run}
					chosen={chosen}
					hovered={hovered}
					onHover={setMark}
					onPick={pick}
				/>
			</div>
			<Panel
				title="Trades"
				flush
				actions={
					<span className="muted">
						{f.count(value(run.metrics, "trades"))} closed
					</span>
				}
			>
				<Loaded query={query}>
					{() => (
						<Suspense fallback={<SkeletonRows rows={8} />}>
							<RunTrades
								trades={items ?? []}
								active={mark ?? number}
								onPick={pick}
								onHover={setRow}
								onEnd={more}
							/>
						</Suspense>
					)}
				</Loaded>
			</Panel>
			<Suspense fallback={<SkeletonBlock className="chart-h" />}>
				<RunEquity run={run} />
			</Suspense>
		</>
	);
}

/** One backtest: its chart, trades and curves. */
export default function BacktestDetail({ id }: { id: number }) {
	return (
		<RunPage id={id} at="result">
			{(run) => <Result run={run} />}
		</RunPage>
	);
}
