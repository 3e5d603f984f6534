import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { getBook, getMarkets, getTicker } from "../api/endpoints";
import { useBatch, useLive, useLiveMany } from "../api/liveHooks";
import type { Book, Level2, Market, Ticker } from "../api/types";
import { useCandles } from "../api/useCandles";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { CandleTable } from "../charts/CandleTable";
import { MarketsIcon, SearchIcon, TableIcon } from "../components/icons";
import { LoadError, Loaded } from "../components/Loaded";
import {
	ButtonLink,
	Empty,
	Panel,
	Segmented,
	Signed,
	SkeletonBlock,
	Stat,
	Stats,
} from "../components/ui";
import { type Bar, toBar } from "../lib/candles";
import { add, cmp, parse, sub, text } from "../lib/decimal";
import { timeframesOf } from "../lib/time";
import { useUrlState } from "../lib/url";

const PredictionPanel = lazy(() => import("./market/Prediction"));
const CandleChart = lazy(() => import("../charts/CandleChart"));
const DEPTH = 12;
const BOOK_EVERY = 5000;
/** Rows of the list whose prices move. */
const LIVE_ROWS = 60;

/** The newest figures of one market, from the call and the live channel. */
function useTicker(id: number) {
	const queries = useQueryClient();
	const key = ["ticker", id];
	const query = useQuery({
		queryKey: key,
		queryFn: ({ signal }) => getTicker(id, signal),
		refetchInterval: 30_000,
	});
	const push = useBatch<Partial<Ticker>>((items) => {
		queries.setQueryData<Ticker>(
			["ticker", id],
			(t) => t && Object.assign({}, t, ...items),
		);
	}, 250);
	useLive(`ticker:${id}`, (ev) => {
		if (ev.data && typeof ev.data === "object")
			push(ev.data as Partial<Ticker>);
	});
	return query;
}

type News = Record<string, Partial<Ticker>>;

/** The newest prices of many markets, as they come. */
function useTickers(markets: readonly Market[]): News {
	const [news, setNews] = useState<News>({});
	const push = useBatch<[string, Partial<Ticker>]>(
		(items) => setNews((n) => ({ ...n, ...Object.fromEntries(items) })),
		500,
	);
	useLiveMany(
		markets.slice(0, LIVE_ROWS).map((m) => `ticker:${m.id}`),
		(ev) => {
			if (ev.type === "ticker" && ev.data && typeof ev.data === "object")
				push([ev.topic, ev.data as Partial<Ticker>]);
		},
	);
	return news;
}

function MarketPrice(p: { market: Market; now: Partial<Ticker> | undefined }) {
	const f = useFormats();
	const last = p.now?.last ?? p.market.last;
	const change = p.now?.change_24h ?? p.market.change_24h;
	if (!last) return null;
	return (
		<span className="num">
			{f.price(last, p.market.price_decimals)}
			{change !== null && change !== undefined && (
				<Signed value={change}>{f.percent(change)}</Signed>
			)}
		</span>
	);
}

function MarketList(p: {
	markets: readonly Market[];
	selected: number;
	onSelect: (id: number) => void;
}) {
	const now = useTickers(p.markets);
	const [query, setQuery] = useState("");
	const q = query.toLowerCase().replace(/[-_\s]/g, "/");
	const rows = p.markets.filter((m) =>
		`${m.symbol} ${m.exchange}`.toLowerCase().includes(q),
	);
	return (
		<>
			<div className="market-search search">
				<SearchIcon size={16} />
				<input
					type="search"
					className="input"
					aria-label="Search markets"
					placeholder="Search markets"
					value={query}
					onChange={(ev) => setQuery(ev.target.value)}
				/>
			</div>
			<ul className="market-list" aria-label="Markets">
				{rows.map((m) => (
					<li key={m.id}>
						<button
							type="button"
							className="market-row"
							aria-current={m.id === p.selected ? "true" : undefined}
							onClick={() => p.onSelect(m.id)}
						>
							<span className="grow">
								<span className="market-symbol">{m.symbol}</span>
								<span className="muted">{m.exchange}</span>
							</span>
							<MarketPrice market={m} now={now[`ticker:${m.id}`]} />
						</button>
					</li>
				))}
			</ul>
			{rows.length === 0 && (
				<p className="muted market-none">No market is called “{query}”.</p>
			)}
		</>
	);
}

function TickerBar({ market }: { market: Market }) {
	const f = useFormats();
	const t = useTicker(market.id).data;
	const price = (v: string | null | undefined) =>
		f.price(v, market.price_decimals);
	const bid = parse(t?.bid);
	const ask = parse(t?.ask);
	return (
		<Stats>
			<Stat label={`Last (${market.quote})`}>
				{price(t?.last ?? market.last)}
			</Stat>
			<Stat label="24 hours" tone={t?.change_24h ?? market.change_24h ?? null}>
				{f.percent(t?.change_24h ?? market.change_24h)}
			</Stat>
			<Stat label="Bid">{price(t?.bid)}</Stat>
			<Stat label="Ask">{price(t?.ask)}</Stat>
			<Stat label="Spread">
				{bid && ask ? price(text(sub(ask, bid))) : "–"}
			</Stat>
			<Stat label="As of" note={f.zoneLabel}>
				{f.time(t?.time, "time")}
			</Stat>
		</Stats>
	);
}

interface Depth {
	price: string;
	qty: string;
	sum: string;
}

/** Levels with the amount that is there or better. */
export function depthOf(levels: readonly Level2[]): Depth[] {
	let sum = parse("0");
	return levels.map(([price, qty]) => {
		const q = parse(qty);
		if (sum && q) sum = add(sum, q);
		return { price, qty, sum: sum ? text(sum) : qty };
	});
}

function BookSide(p: {
	title: string;
	levels: Depth[];
	tone: "up" | "down";
	max: number;
	market: Market;
}) {
	const f = useFormats();
	return (
		<table className={`book book-${p.tone}`}>
			<caption className="sr">{p.title}</caption>
			<thead>
				<tr>
					<th scope="col">Price</th>
					<th scope="col">Quantity</th>
					<th scope="col">Sum</th>
				</tr>
			</thead>
			<tbody>
				{p.levels.map((l) => (
					<tr key={l.price}>
						<td className={p.tone}>
							{f.price(l.price, p.market.price_decimals)}
						</td>
						<td>{f.qty(l.qty)}</td>
						<td>
							<span
								className="book-bar"
								aria-hidden="true"
								style={{
									width: `${p.max ? (100 * Number(l.sum)) / p.max : 0}%`,
								}}
							/>
							{f.qty(l.sum)}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function OrderBook({ book, market }: { book: Book; market: Market }) {
	const f = useFormats();
	const asks = depthOf(book.asks.slice(0, DEPTH));
	const bids = depthOf(book.bids.slice(0, DEPTH));
	const max = Math.max(
		Number(asks.at(-1)?.sum ?? 0),
		Number(bids.at(-1)?.sum ?? 0),
	);
	const best = (l: Depth[]) => parse(l[0]?.price);
	const [bid, ask] = [best(bids), best(asks)];
	if (asks.length + bids.length === 0)
		return <Empty title="The order book is empty" />;
	return (
		<div className="book-box">
			<BookSide
				title="Asks"
				tone="down"
				levels={[...asks].reverse()}
				max={max}
				market={market}
			/>
			<p className="book-spread">
				Spread{" "}
				{bid && ask && cmp(ask, bid) >= 0
					? f.price(text(sub(ask, bid)), market.price_decimals)
					: "–"}
			</p>
			<BookSide
				title="Bids"
				tone="up"
				levels={bids}
				max={max}
				market={market}
			/>
		</div>
	);
}

function MarketChart({ market, tf }: { market: Market; tf: string }) {
	const feed = useCandles(market.id, tf);
	const [table, setTable] = useState(false);
	const [, setUrl] = useUrlState();
	const push = useBatch<Bar>((bars) => feed.push(bars), 200);
	useLive(
		`market:${market.id}:${tf}`,
		(ev) => {
			const bar = toBar(ev.data);
			if (ev.type === "candle" && bar) push(bar);
		},
		feed.reload,
	);
	return (
		<Panel
			title={`${market.symbol} chart`}
			quiet
			flush
			actions={
				<>
					<Segmented
						label="Timeframe"
						value={tf}
						onChange={(v) => setUrl({ tf: v })}
						options={timeframesOf(market.timeframes.map((t) => t.tf)).map(
							(t) => ({ value: t, label: t }),
						)}
					/>
					<span className="grow" />
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
			{feed.state === "error" ? (
				<LoadError error={feed.error} retry={feed.reload} />
			) : feed.state === "loading" ? (
				<SkeletonBlock className="chart-h" />
			) : feed.candles.t.length === 0 ? (
				<Empty icon={<MarketsIcon size={28} />} title="No candles yet">
					Import some: <code>orchctl candles import FILE</code>, or wait for the
					first one to close.
				</Empty>
			) : table ? (
				<CandleTable candles={feed.candles} decimals={market.price_decimals} />
			) : (
				<Suspense fallback={<SkeletonBlock className="chart-h" />}>
					<div className="chart-h">
						<CandleChart
							label={`Candles of ${market.symbol}, ${tf}. Arrow keys scroll, plus and minus zoom.`}
							candles={feed.candles}
							decimals={market.price_decimals}
							onOlder={feed.older}
							onNewer={feed.newer}
						/>
					</div>
				</Suspense>
			)}
		</Panel>
	);
}

function BookPanel({ market }: { market: Market }) {
	const ticker = useTicker(market.id);
	// Imported candles have no bid and no book: asking would be refused.
	const quoted = ticker.data ? ticker.data.bid !== null : true;
	const book = useQuery({
		enabled: ticker.data !== undefined && quoted,
		queryKey: ["book", market.id],
		queryFn: ({ signal }) => getBook(market.id, DEPTH, signal),
		refetchInterval: BOOK_EVERY,
	});
	const queries = useQueryClient();
	useLive(`ticker:${market.id}`, (ev) => {
		const d = ev.data as Partial<Book> | null;
		if (ev.type === "book" && d?.bids && d.asks)
			queries.setQueryData(["book", market.id], d);
	});
	return (
		<Panel title="Order book" flush>
			{quoted ? (
				<Loaded query={book}>
					{(b) => <OrderBook book={b} market={market} />}
				</Loaded>
			) : (
				<Empty title="No order book">
					Imported candles have none. The sim market and exchanges do.
				</Empty>
			)}
		</Panel>
	);
}

function pick(markets: readonly Market[], id: number): Market | undefined {
	return markets.find((m) => m.id === id) ?? markets[0];
}

function MarketView({ markets }: { markets: readonly Market[] }) {
	const [url, setUrl] = useUrlState();
	const trader = useCanTrade();
	const market = pick(markets, Number(url.get("market")));
	const have = timeframesOf(market?.timeframes.map((t) => t.tf) ?? []);
	const wanted = url.get("tf") ?? "";
	const tf = have.includes(wanted)
		? wanted
		: have.includes("1h")
			? "1h"
			: (have[0] ?? "1h");
	usePageTitle(market ? market.symbol : "Markets");
	// Another market opens at its beginning, not where the last one was.
	useEffect(() => {
		document
			.querySelector('.market-row[aria-current="true"]')
			?.scrollIntoView({ block: "nearest" });
	}, []);
	if (!market)
		return (
			<div className="panel">
				<Empty icon={<MarketsIcon size={28} />} title="No market yet">
					Import candles with <code>orchctl candles import FILE</code>; the
					market appears here with them.
				</Empty>
			</div>
		);
	return (
		<div className="market-grid">
			<Panel title="Markets" quiet flush className="market-panel">
				<MarketList
					markets={markets}
					selected={market.id}
					onSelect={(id) => setUrl({ market: id, tf })}
				/>
			</Panel>
			<div className="stack">
				<div className="page-head">
					<h2 className="page-title">
						{market.symbol} <span className="badge">{market.exchange}</span>
					</h2>
					<span className="spacer" />
					{trader && (
						<ButtonLink href={`/bots/new?market=${market.id}`}>
							Trade it with a bot
						</ButtonLink>
					)}
				</div>
				<TickerBar key={market.id} market={market} />
				<div className="market-main">
					<MarketChart key={market.id} market={market} tf={tf} />
					<div className="stack">
						<Suspense fallback={null}>
							<PredictionPanel market={market} tf={tf} />
						</Suspense>
						<BookPanel key={`b${market.id}`} market={market} />
					</div>
				</div>
			</div>
		</div>
	);
}

export default function Markets() {
	usePageTitle("Markets");
	const markets = useQuery({
		queryKey: ["markets"],
		queryFn: ({ signal }) => getMarkets(signal),
		refetchInterval: 60_000,
	});
	return (
		<>
			<h1 className="sr">Markets</h1>
			<Loaded
				query={markets}
				skeleton={<SkeletonBlock className="page-skeleton" />}
			>
				{(l) => <MarketView markets={l.items} />}
			</Loaded>
		</>
	);
}
