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

export function usePlots(bot: Bot) {
	const moving = bot.state === "running";
	return useQuery({
		queryKey: ["bot-plots", bot.id],
		queryFn: ({ signal }) => getPlots(bot.id, {}, signal),
		refetchInterval: moving ? 15_000 : false,
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

function mergeInto<T>(
	queries: QueryClient,
	id: number,
	what: string,
	news: readonly T[],
	key: (x: T) => number | string,
): void {
	if (news.length === 0) return;
	queries.setQueryData<InfiniteData<List<T>, string | null>>(
		listKey(id, what),
		(d) => {
			const first = d?.pages[0];
			if (!d || !first) return d;
			const rest = new Set(d.pages.slice(1).flatMap((p) => p.items.map(key)));
			const own = news.filter((n) => !rest.has(key(n)));
			return {
				...d,
				pages: [
					{ ...first, items: mergeItems(first.items, own, key) },
					...d.pages.slice(1),
				],
			};
		},
	);
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

function rows<T>(events: readonly LiveEvent[], type: string, key: string): T[] {
	return events
		.filter((e) => e.type === type && isObject(e.data) && key in e.data)
		.map((e) => e.data as T);
}

function equityPoints(events: readonly LiveEvent[]) {
	return rows<{ t: unknown; equity: unknown }>(events, "equity", "equity")
		.map((d) => ({ t: Number(d.t), equity: Number(d.equity) }))
		.filter((p) => Number.isFinite(p.t) && Number.isFinite(p.equity));
}

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
		mergeInto(queries, id, "fills", rows<Fill>(events, "fill", "id"), byId);
		mergeInto(queries, id, "orders", rows<Order>(events, "order", "id"), byId);
		mergeInto(
			queries,
			id,
			"trades",
			rows<Trade>(events, "trade", "number"),
			(x) => x.number,
		);
		mergeInto(queries, id, "log", rows<BotLogLine>(events, "log", "id"), byId);
		const points = equityPoints(events);
		if (points.length)
			queries.setQueryData<EquityColumns>(
				equityKey(id),
				(c) => c && extendEquity(c, points),
			);
		const bars = rows(events, "bar", "t")
			.map(toBar)
			.filter((b) => b !== null);
		if (bars.length) onBars(bars);
		// At its end a replay may have been faster than the channel: the
		// whole is fetched once more.
		const after = queries.getQueryData<Bot>(botKey(id))?.state;
		if (after && after !== before && ENDED.has(after)) refresh();
	}, 300);
	useLive(`bot:${id}`, push, refresh);
}

const byId = (x: { id: number }) => x.id;
