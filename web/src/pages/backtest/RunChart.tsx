import {
	lazy,
	Suspense,
	useCallback,
	useEffect,
	useLayoutEffect,
	useMemo,
	useRef,
	useState,
} from "react";
import type { Backtest, RunTrade } from "../../api/runTypes";
import { useFormats } from "../../app/format";
import { CandleTable } from "../../charts/CandleTable";
import type { Level, View } from "../../charts/candleSeries";
import { FitIcon, ImageIcon, TableIcon } from "../../components/icons";
import { LoadError } from "../../components/Loaded";
import { toast } from "../../components/toasts";
import { Empty, Panel, SkeletonBlock } from "../../components/ui";
import { decimalsOf } from "../../lib/candles";
import { savePicture } from "../../lib/save";
import { timeframeMs } from "../../lib/time";
import { allMarks, candlesOf, plotLines } from "../../runs/draw";
import { rebase, shapesOf, tablesOf } from "../../runs/drawings";
import { type Span, useRunChart } from "./data";
import { TradeStrip } from "./TradeStrip";

const CandleChart = lazy(() => import("../../charts/CandleChart"));
const DrawnTables = lazy(() => import("../../drawings/DrawnTables"));

const NONE: readonly never[] = [];

/** What to fetch when this is looked at; undefined: what is held will do. */
export function nextSpan(
	v: View,
	held: { first: number; last: number; step: number },
	tf: number,
	now: Span | null,
	run: Span,
): Span | null | undefined {
	const seen = Math.max(v.to - v.from, tf);
	const thinned = held.step > tf * 1.5;
	// Into the depth: finer candles, with as much again on either side.
	if (thinned && seen < (held.last - held.first) / 2.5)
		return {
			from: Math.max(run.from, v.from - seen),
			to: Math.min(run.to, v.to + seen),
		};
	if (now === null) return undefined;
	const left = v.before && held.first > run.from;
	const right = v.after && held.last + held.step < run.to;
	if (!left && !right) return undefined;
	const wide = {
		from: Math.max(run.from, v.from - (left ? 1.5 * seen : seen)),
		to: Math.min(run.to, v.to + (right ? 1.5 * seen : seen)),
	};
	return wide.from <= run.from && wide.to >= run.to ? null : wide;
}

/** Lines at entry and exit of one trade. */
export function levelsOf(t: RunTrade | null): Level[] {
	if (!t) return [];
	const out: Level[] = [
		{ price: Number(t.entry_price), label: "entry", tone: "entry" },
	];
	if (t.exit_price !== null && !t.open_at_end)
		out.push({ price: Number(t.exit_price), label: "exit", tone: "order" });
	return out;
}

const markTrade = (id: string) =>
	/^[ex]\d+$/.test(id) ? Number(id.slice(1)) : null;

export function RunChart(p: {
	run: Backtest;
	/** The trade that was chosen, and the one that is pointed at. */
	chosen: RunTrade | null;
	hovered: RunTrade | null;
	onHover: (number: number | null) => void;
	onPick: (t: RunTrade) => void;
}) {
	const { run, chosen } = p;
	const f = useFormats();
	const [table, setTable] = useState(false);
	const [span, setSpan] = useState<Span | null>(null);
	const [points, setPoints] = useState(0);
	const [focus, setFocus] = useState<Span | null>(null);
	const box = useRef<HTMLDivElement>(null);
	const later = useRef<ReturnType<typeof setTimeout> | null>(null);
	// As many candles as there is room for; a resize fetches none anew.
	useLayoutEffect(() => {
		const w = box.current?.clientWidth ?? 900;
		setPoints(Math.max(400, Math.min(2000, Math.round(w * 1.2))));
	}, []);
	useEffect(
		() => () => {
			if (later.current) clearTimeout(later.current);
		},
		[],
	);
	const query = useRunChart(run.id, span, points);
	const { data } = query;
	const candles = useMemo(
		() => candlesOf(data, run.market.id, run.tf),
		[data, run.market.id, run.tf],
	);
	const { t } = candles;
	const overlays = useMemo(() => plotLines(data?.plots, t), [data, t]);
	const marks = useMemo(
		() => allMarks(data?.trades ?? NONE, data?.plots, t),
		[data, t],
	);
	const levels = useMemo(
		() => levelsOf(p.hovered ?? chosen),
		[p.hovered, chosen],
	);
	const shapes = useMemo(
		() =>
			rebase(shapesOf(data?.drawings), data?.first_bar ?? 0, data?.step ?? 1),
		[data],
	);
	const tables = useMemo(() => tablesOf(data?.drawings), [data]);
	const tf = timeframeMs(run.tf) || 60_000;
	const held = useMemo(
		() => ({
			first: t[0] ?? 0,
			last: t.at(-1) ?? 0,
			step: t.length > 1 ? (t[1] ?? 0) - (t[0] ?? 0) : 0,
		}),
		[t],
	);
	const whole = useRef<Span | null>(null);
	if (span === null && t.length > 0 && !query.isPlaceholderData)
		whole.current = { from: held.first, to: held.last + held.step };

	const onView = useCallback(
		(v: View) => {
			if (later.current) clearTimeout(later.current);
			later.current = setTimeout(() => {
				const all = whole.current;
				if (!all || query.isFetching) return;
				const next = nextSpan(v, held, tf, span, all);
				if (next !== undefined) setSpan(next);
			}, 250);
		},
		[held, tf, span, query.isFetching],
	);

	// A chosen trade: its surroundings first, then the look at it.
	const wanted = useRef<Span | null>(null);
	const chosenKey = chosen?.number ?? null;
	// biome-ignore lint/correctness/useExhaustiveDependencies: a new choice only
	useEffect(() => {
		if (!chosen) return;
		const to = chosen.exit_ms ?? chosen.entry_ms;
		const look = { from: chosen.entry_ms, to };
		if (held.step <= tf * 1.5 && held.first <= look.from && held.last >= to) {
			setFocus(look);
			return;
		}
		wanted.current = look;
		const pad = Math.max(150 * tf, to - look.from);
		setSpan({ from: look.from - pad, to: to + pad });
	}, [chosenKey]);
	useEffect(() => {
		const w = wanted.current;
		if (!w || query.isPlaceholderData || query.isFetching) return;
		if (t.length === 0) return;
		wanted.current = null;
		setFocus(w);
	}, [t, query.isPlaceholderData, query.isFetching]);

	const pickMark = (id: string) => {
		const n = markTrade(id);
		const hit = data?.trades.find((x) => x.number === n);
		if (hit) p.onPick(hit);
	};
	const detail = held.step > tf * 1.5;
	return (
		<Panel
			title={`${run.market.symbol} · ${run.tf}`}
			flush
			actions={
				<>
					<span className="muted" data-testid="chart-state" role="status">
						{query.isFetching
							? "Loading…"
							: detail
								? `${f.count(t.length)} thinned candles: zoom in for more`
								: `${f.count(t.length)} candles`}
					</span>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Show the whole run"
						disabled={table}
						onClick={() => {
							setSpan(null);
							const w = whole.current;
							if (w) setFocus({ ...w });
						}}
					>
						<FitIcon size={15} />
					</button>
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label="Save the chart as a picture"
						disabled={table || t.length === 0}
						onClick={() => {
							if (!savePicture(box.current, `${run.name}-chart`))
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
			<div ref={box}>
				{query.error && !data ? (
					<LoadError error={query.error} retry={() => void query.refetch()} />
				) : !data ? (
					<SkeletonBlock className="chart-h" />
				) : t.length === 0 ? (
					<div className="chart-h chart-empty">
						<Empty title="No candles here" />
					</div>
				) : table ? (
					<CandleTable candles={candles} decimals={decimalsOf(candles.c)} />
				) : (
					<Suspense fallback={<SkeletonBlock className="chart-h" />}>
						<div className="chart-h">
							<CandleChart
								label={`Candles of ${run.market.symbol}, ${run.tf}, with the entries and exits of ${run.name}. Arrow keys scroll, plus and minus zoom; the tables hold the same.`}
								candles={candles}
								decimals={decimalsOf(candles.c)}
								overlays={overlays}
								marks={marks}
								levels={levels}
								focus={focus}
								bars={t.length}
								stay
								onView={onView}
								onMark={(id) => p.onHover(id === null ? null : markTrade(id))}
								onMarkPick={pickMark}
								drawings={shapes}
							>
								{tables.length > 0 && <DrawnTables tables={tables} />}
							</CandleChart>
						</div>
					</Suspense>
				)}
			</div>
			<TradeStrip trade={p.hovered ?? chosen} />
		</Panel>
	);
}
