import {
	keepPreviousData,
	useInfiniteQuery,
	useQuery,
} from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import {
	getBreakdown,
	getRunChart,
	getRunEquity,
	getRunTrades,
} from "../../api/runEndpoints";
import type { RunTrade } from "../../api/runTypes";

/** What a finished run holds: it never changes, so it is fetched once. */
const ONCE = {
	staleTime: Number.POSITIVE_INFINITY,
	refetchOnWindowFocus: false,
} as const;

export function useRunEquity(id: number, enabled = true) {
	return useQuery({
		queryKey: ["run-equity", id],
		queryFn: ({ signal }) => getRunEquity(id, 1000, signal),
		enabled,
		...ONCE,
	});
}

export function useRunTrades(id: number) {
	const query = useInfiniteQuery({
		queryKey: ["run-trades", id],
		queryFn: ({ pageParam, signal }) => getRunTrades(id, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		...ONCE,
	});
	const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
	const items = useMemo(() => data?.pages.flatMap((p) => p.items), [data]);
	const more = useCallback(() => {
		if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
	}, [hasNextPage, isFetchingNextPage, fetchNextPage]);
	return { query, items, more, whole: data !== undefined && !hasNextPage };
}

/** Every trade, page after page: for what is about all of them. */
export function useAllTrades(id: number): {
	items: readonly RunTrade[] | undefined;
	whole: boolean;
	query: ReturnType<typeof useRunTrades>["query"];
} {
	const { query, items, more, whole } = useRunTrades(id);
	// biome-ignore lint/correctness/useExhaustiveDependencies: each new page
	useEffect(more, [more, items]);
	return { items, whole, query };
}

export function useBreakdown(id: number) {
	return useQuery({
		queryKey: ["run-breakdown", id],
		queryFn: ({ signal }) => getBreakdown(id, signal),
		...ONCE,
	});
}

export interface Span {
	from: number;
	to: number;
}

/** Candles, plots and trades of a stretch, thinned for so many points. */
export function useRunChart(id: number, span: Span | null, points: number) {
	return useQuery({
		queryKey: ["run-chart", id, span, points],
		queryFn: ({ signal }) =>
			getRunChart(
				id,
				{ from: span?.from ?? null, to: span?.to ?? null, points },
				signal,
			),
		enabled: points > 0,
		placeholderData: keepPreviousData,
		...ONCE,
	});
}
