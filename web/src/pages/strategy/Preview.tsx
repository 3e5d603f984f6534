import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { previewSource } from "../../api/runEndpoints";
import type { Inputs, Preview, RulesSet, RunTrade } from "../../api/runTypes";
import type { Market } from "../../api/types";
import { useFormats } from "../../app/format";
import { ImageIcon, TableIcon } from "../../components/icons";
import { LoadError } from "../../components/Loaded";
import { toast } from "../../components/toasts";
import {
	Empty,
	Field,
	Panel,
	SkeletonBlock,
	Stat,
	Stats,
} from "../../components/ui";
import { decimalsOf } from "../../lib/candles";
import { savePicture } from "../../lib/save";
import { useDebounced } from "../../lib/useDebounced";
import { allMarks, candlesOf, plotLines } from "../../runs/draw";
import { shapesOf, tablesOf } from "../../runs/drawings";
import { MarketFields } from "../../runs/FormParts";
import { RULE_SETS } from "../../runs/rules";
import { DRAWDOWN, firstOf, RETURN, value, WIN_RATE } from "../../runs/values";

const CandleChart = lazy(() => import("../../charts/CandleChart"));
const DrawnTables = lazy(() => import("../../drawings/DrawnTables"));
const RulesText = lazy(() => import("./RulesText"));
const RunTrades = lazy(() =>
	import("../../runs/RunTrades").then((m) => ({ default: m.RunTrades })),
);

const BARS = [500, 1500, 3000, 5000];

export interface PreviewWish {
	source: string;
	inputs: Inputs | null;
	/** The script compiles as it stands. */
	ok: boolean;
	market: Market | undefined;
	tf: string;
	bars: number;
	rulesSet: RulesSet;
	/** freqtrade's, as it reads them; null while they are no object. */
	rules: unknown;
}

/** Runs the script over the last bars, a moment after the last key. */
export function usePreview(w: PreviewWish) {
	const wish = useMemo(
		() =>
			w.ok &&
			w.inputs &&
			w.market &&
			w.tf &&
			(w.rulesSet !== "freqtrade" || w.rules)
				? {
						source: w.source,
						inputs: w.inputs,
						market_id: w.market.id,
						tf: w.tf,
						bars: w.bars,
						...(w.rulesSet === "chart" ? {} : { rules_set: w.rulesSet }),
						...(w.rulesSet === "freqtrade" ? { rules: w.rules } : {}),
					}
				: null,
		[w.ok, w.source, w.inputs, w.market, w.tf, w.bars, w.rulesSet, w.rules],
	);
	const body = useDebounced(wish, 350);
	return useQuery({
		queryKey: ["preview", body],
		queryFn: ({ signal }) => {
			if (!body) throw new Error("no preview was asked for");
			return previewSource(body, signal);
		},
		enabled: body !== null,
		// The last picture stays while the next is made.
		placeholderData: keepPreviousData,
		staleTime: Number.POSITIVE_INFINITY,
		gcTime: 60_000,
		refetchOnWindowFocus: false,
	});
}

function Figures({ m }: { m: Preview["metrics"] }) {
	const f = useFormats();
	const ret = firstOf(m, ...RETURN);
	const hold = value(m, "buy_hold_return");
	const trades = value(m, "trades");
	const factor = value(m, "profit_factor");
	const won = firstOf(m, ...WIN_RATE);
	const fall = firstOf(m, ...DRAWDOWN);
	return (
		<Stats>
			<Stat label="Return" tone={ret}>
				{f.percent(ret)}
			</Stat>
			<Stat label="Buy and hold" tone={hold}>
				{f.percent(hold)}
			</Stat>
			<Stat label="Drawdown">
				{fall === null ? "–" : f.percent(-Math.abs(fall))}
			</Stat>
			<Stat label="Trades">{f.count(trades)}</Stat>
			<Stat label="Won">
				{won === null ? "–" : f.percent(won, 1).replace("+", "")}
			</Stat>
			<Stat label="Profit factor">
				{factor === null ? "–" : f.money(factor)}
			</Stat>
		</Stats>
	);
}

const NONE: readonly never[] = [];

function Drawn(p: {
	data: Preview;
	market: Market;
	tf: string;
	table: boolean;
	showChart: () => void;
}) {
	const { data, market, tf } = p;
	const candles = useMemo(
		() => candlesOf(data, market.id, tf),
		[data, market.id, tf],
	);
	const trades = data.trades ?? NONE;
	const overlays = useMemo(
		() => plotLines(data.plots, candles.t),
		[data.plots, candles.t],
	);
	const marks = useMemo(
		() => allMarks(trades, data.plots, candles.t),
		[trades, data.plots, candles.t],
	);
	const shapes = useMemo(() => shapesOf(data.drawings), [data.drawings]);
	const tables = useMemo(() => tablesOf(data.drawings), [data.drawings]);
	const [focus, setFocus] = useState<{ from: number; to: number } | null>(null);
	const [active, setActive] = useState<number | null>(null);
	const pick = (t: RunTrade) => {
		setActive(t.number);
		p.showChart();
		setFocus({ from: t.entry_ms, to: t.exit_ms ?? t.entry_ms });
	};
	if (candles.t.length === 0)
		return (
			<div className="chart-h chart-empty">
				<Empty title="No candles">
					Nothing is stored of {market.symbol} at {tf}.
				</Empty>
			</div>
		);
	if (p.table)
		return (
			<Suspense fallback={<SkeletonBlock className="chart-h" />}>
				<RunTrades trades={trades} active={active} onPick={pick} />
			</Suspense>
		);
	return (
		<Suspense fallback={<SkeletonBlock className="chart-h" />}>
			<div className="chart-h">
				<CandleChart
					label={`Candles of ${market.symbol}, ${tf}, with ${trades.length} trades of the script. Arrow keys scroll, plus and minus zoom; the table holds the same.`}
					candles={candles}
					decimals={decimalsOf(candles.c)}
					overlays={overlays}
					marks={marks}
					drawings={shapes}
					focus={focus}
				>
					{tables.length > 0 && <DrawnTables tables={tables} />}
				</CandleChart>
			</div>
		</Suspense>
	);
}

export function PreviewPanel(p: {
	wish: PreviewWish;
	query: ReturnType<typeof usePreview>;
	markets: readonly Market[];
	/** Why there is nothing to run. */
	reason: string | null;
	onMarket: (id: number) => void;
	onTf: (tf: string) => void;
	onBars: (n: number) => void;
	onRulesSet: (r: string) => void;
	onRules: (rules: unknown) => void;
}) {
	const { wish, query } = p;
	const f = useFormats();
	const [table, setTable] = useState(false);
	const box = useRef<HTMLDivElement>(null);
	const { data, error } = query;
	const { market } = wish;
	const stale = p.reason !== null && data !== undefined;
	return (
		<Panel
			title="Preview"
			flush
			actions={
				<>
					<span className="muted" role="status" data-testid="preview-count">
						{query.isFetching
							? "Running…"
							: data?.trades
								? `${f.count(data.trades.length)} trades`
								: ""}
					</span>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the chart as a picture"
						disabled={table || !data?.t?.length}
						onClick={() => {
							if (!savePicture(box.current, `preview-${market?.symbol}`))
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
			<div className="preview-bar">
				<MarketFields
					markets={p.markets}
					market={market?.id ?? 0}
					tf={wish.tf}
					refused={() => null}
					onMarket={(m) => p.onMarket(m.id)}
					onTf={p.onTf}
				/>
				<Field label="Last bars">
					{(a) => (
						<select
							{...a}
							className="select"
							value={wish.bars}
							onChange={(ev) => p.onBars(Number(ev.target.value))}
						>
							{BARS.map((n) => (
								<option key={n} value={n}>
									{f.count(n)}
								</option>
							))}
						</select>
					)}
				</Field>
				<Field label="Rules">
					{(a) => (
						<select
							{...a}
							className="select"
							value={wish.rulesSet}
							onChange={(ev) => p.onRulesSet(ev.target.value)}
						>
							{RULE_SETS.map((r) => (
								<option key={r}>{r}</option>
							))}
						</select>
					)}
				</Field>
			</div>
			{wish.rulesSet === "freqtrade" && (
				<Suspense fallback={null}>
					<RulesText onRules={p.onRules} />
				</Suspense>
			)}
			{data?.error && !stale && (
				<p className="notice notice-error notice-edge" role="alert">
					{data.error}
				</p>
			)}
			{stale && (
				<p className="notice notice-warn notice-edge" role="status">
					The picture is of the last version that ran: {p.reason}
				</p>
			)}
			<div ref={box}>
				{data && market && data.ok ? (
					<Drawn
						data={data}
						market={market}
						tf={wish.tf}
						table={table}
						showChart={() => setTable(false)}
					/>
				) : error ? (
					<LoadError error={error} retry={() => void query.refetch()} />
				) : (
					<div className="chart-h chart-empty">
						{p.reason || data ? (
							<Empty title="Nothing to draw yet">
								{p.reason ?? data?.error ?? "The script does not run."}
							</Empty>
						) : (
							<SkeletonBlock className="page-skeleton" />
						)}
					</div>
				)}
			</div>
			{data?.ok && data.metrics && <Figures m={data.metrics} />}
		</Panel>
	);
}
