import {
	type InfiniteData,
	type QueryClient,
	useInfiniteQuery,
	useQuery,
	useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { applyBot, botKey, patchOf } from "../../api/botHooks";
import {
	getBotLog,
	getEquity,
	getFills,
	getOrders,
	getPlots,
	getTrades,
} from "../../api/endpoints";
import { useBatch, useLive } from "../../api/liveHooks";
import type {
	Bot,
	BotLogLine,
	EquityColumns,
	Fill,
	List,
	Order,
	Trade,
} from "../../api/types";
import { type Bar, toBar } from "../../lib/candles";
import type { LiveEvent } from "../../lib/live";

/** Everything a bot's page shows, from calls first and then live. */

type Fetch<T> = (
	id: number,
	cursor: string | null,
	signal: AbortSignal,
) => Promise<List<T>>;

export const listKey = (id: number, what: string) =>
	["bot-list", id, what] as const;

function useBotList<T>(id: number, what: string, fetch: Fetch<T>) {
	const query = useInfiniteQuery({
		queryKey: listKey(id, what),
		queryFn: ({ pageParam, signal }) => fetch(id, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		// Pages of thousands of rows are not fetched again for nothing: the
		// live channel keeps the first one fresh.
		staleTime: 60_000,
		refetchOnWindowFocus: false,
	});
	const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
	const items = useMemo(() => data?.pages.flatMap((p) => p.items), [data]);
	const more = useCallback(() => {
		if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
	}, [hasNextPage, isFetchingNextPage, fetchNextPage]);
	return { query, items, more };
}

export const useFills = (id: number) => useBotList<Fill>(id, "fills", getFills);
export const useTrades = (id: number) =>
	useBotList<Trade>(id, "trades", getTrades);
export const useOrders = (id: number) =>
	useBotList<Order>(id, "orders", getOrders);
export const useBotLog = (id: number) =>
	useBotList<BotLogLine>(id, "log", getBotLog);

export const equityKey = (id: number) => ["bot-equity", id] as const;

export function useEquity(id: number) {
	return useQuery({
		queryKey: equityKey(id),
		queryFn: ({ signal }) => getEquity(id, 1000, signal),
		refetchOnWindowFocus: false,
	});
}

/** Bars that one answer of plots holds before it would be thinned. */
const PLOT_BARS = 5000;

/** The strategy's values for the newest of the bars that are shown. */
export function usePlots(bot: Bot, times: readonly number[]) {
	const moving = bot.state === "running";
	const from = times[Math.max(0, times.length - PLOT_BARS)] ?? null;
	return useQuery({
		queryKey: ["bot-plots", bot.id, from],
		queryFn: ({ signal }) =>
			getPlots(bot.id, { from, points: PLOT_BARS }, signal),
		enabled: from !== null,
		// The lines stay while those of more bars are fetched.
		placeholderData: (old) => old,
		refetchInterval: moving ? 10_000 : false,
		refetchOnWindowFocus: false,
	});
}

/** New rows in front of a list (newest first); known ones are replaced. */
export function mergeItems<T>(
	old: readonly T[],
	news: readonly T[],
	key: (x: T) => number | string,
): T[] {
	const fresh = new Map<number | string, T>();
	for (const n of news) fresh.set(key(n), n);
	const out = old.map((o) => {
		const n = fresh.get(key(o));
		if (n === undefined) return o;
		fresh.delete(key(o));
		return n;
	});
	return [...[...fresh.values()].reverse(), ...out];
}

function byId(x: { id: number }): number {
	return x.id;
}

type Pages<T> = InfiniteData<List<T>, string | null>;

const PARTS = {
	fill: { what: "fills", fetch: getFills, key: byId },
	trade: {
		what: "trades",
		fetch: getTrades,
		key: (x: { number: number }) => x.number,
	},
	order: { what: "orders", fetch: getOrders, key: byId },
	log: { what: "log", fetch: getBotLog, key: byId },
} as const;
type Part = keyof typeof PARTS;

/** The newest page once more, put in front of what is held. */
async function freshen<T>(
	queries: QueryClient,
	id: number,
	part: {
		what: string;
		fetch: (id: number) => Promise<List<T>>;
		key: (x: T) => number | string;
	},
): Promise<void> {
	const queryKey = listKey(id, part.what);
	const query = queries.getQueryCache().find({ queryKey });
	if (!query || query.getObserversCount() === 0) {
		void queries.invalidateQueries({ queryKey });
		return;
	}
	const page = await part.fetch(id);
	const held = queries.getQueryData<Pages<T>>(queryKey);
	const known = new Set(held?.pages.flatMap((p) => p.items.map(part.key)));
	const joined = page.items.some((x) => known.has(part.key(x)));
	// More is new than a page holds: begin anew, or rows would be missing.
	if (!held?.pages[0] || (page.next !== null && !joined)) {
		queries.setQueryData<Pages<T>>(queryKey, {
			pages: [page],
			pageParams: [null],
		});
		return;
	}
	const [first, ...rest] = held.pages;
	const later = new Set(rest.flatMap((p) => p.items.map(part.key)));
	const own = page.items.filter((x) => !later.has(part.key(x)));
	queries.setQueryData<Pages<T>>(queryKey, {
		...held,
		pages: [
			{ ...first, items: mergeItems(first.items, own.reverse(), part.key) },
			...rest,
		],
	});
}

/** Points behind the curve, the drawdown reckoned from the highest so far. */
export function extendEquity(
	c: EquityColumns,
	points: readonly { t: number; equity: number }[],
): EquityColumns {
	const t = [...c.t];
	const equity = [...c.equity];
	const drawdown = [...c.drawdown];
	let peak = equity.reduce<number>((a, b) => Math.max(a, Number(b)), 0);
	for (const p of points) {
		const last = t.at(-1);
		if (last !== undefined && p.t <= last) continue;
		peak = Math.max(peak, p.equity);
		t.push(p.t);
		equity.push(p.equity);
		drawdown.push(peak > 0 ? (p.equity - peak) / peak : 0);
	}
	return { ...c, t, equity, drawdown };
}

const isObject = (x: unknown): x is Record<string, unknown> =>
	typeof x === "object" && x !== null;

function equityPoints(events: readonly LiveEvent[]) {
	return events
		.filter((e) => e.type === "equity")
		.map((e) => (isObject(e.data) ? e.data : {}))
		.map((d) => ({ t: Number(d.t), equity: Number(d.equity) }))
		.filter((p) => Number.isFinite(p.t) && Number.isFinite(p.equity));
}

const HINT_EVERY = 4000;
const ENDED = new Set(["finished", "stopped", "halted"]);

/**
 * Hears everything about one bot. Events are gathered for a moment, because
 * a replay at full speed sends thousands a second.
 */
export function useBotLive(
	bot: Bot,
	onBars: (bars: Bar[]) => void,
	/** Bars may have been missed. */
	onHole: () => void,
): void {
	const queries = useQueryClient();
	const { id } = bot;
	const refresh = useCallback(() => {
		void queries.invalidateQueries({ queryKey: botKey(id) });
		void queries.invalidateQueries({ queryKey: ["bot-list", id] });
		void queries.invalidateQueries({ queryKey: equityKey(id) });
		void queries.invalidateQueries({ queryKey: ["bot-plots", id] });
		onHole();
	}, [queries, id, onHole]);

	// Fills, trades, orders and log lines come as hints: the rows themselves
	// are fetched, at most once in a while however many there are.
	const hint = useBatch<Part>((parts) => {
		for (const p of new Set(parts))
			void freshen(
				queries,
				id,
				PARTS[p] as Parameters<typeof freshen>[2],
			).catch(() => {
				// The API client has logged it; the next hint tries again.
			});
	}, HINT_EVERY);

	const push = useBatch<LiveEvent>((events) => {
		const before = queries.getQueryData<Bot>(botKey(id))?.state;
		for (const e of events) {
			if (e.type === "state") {
				const p = patchOf(e.data);
				if (p) applyBot(queries, p);
			} else if (e.type === "progress" && isObject(e.data)) {
				applyBot(queries, {
					id,
					progress: e.data as unknown as NonNullable<Bot["progress"]>,
				});
			}
		}
		const news = events.filter((e) => e.type in PARTS);
		for (const e of news) hint(e.type as Part);
		const points = equityPoints(events);
		if (points.length)
			queries.setQueryData<EquityColumns>(
				equityKey(id),
				(c) => c && extendEquity(c, points),
			);
		const bars = events
			.filter((e) => e.type === "bar")
			.map((e) => toBar(e.data))
			.filter((b) => b !== null);
		if (bars.length) onBars(bars);
		// At its end a replay may have been faster than the channel: the
		// whole is fetched once more.
		const after = queries.getQueryData<Bot>(botKey(id))?.state;
		if (after && after !== before && ENDED.has(after)) refresh();
	}, 300);
	useLive(`bot:${id}`, push, refresh);
}
