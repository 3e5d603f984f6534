import {
	type QueryClient,
	useMutation,
	useQuery,
	useQueryClient,
} from "@tanstack/react-query";
import { useCallback } from "react";
import { useBatch, useLive, useLiveMany } from "../api/liveHooks";
import {
	cancelBacktest,
	deleteBacktest,
	getBacktest,
	getBacktests,
} from "../api/runEndpoints";
import type { Backtest, RunBase } from "../api/runTypes";
import type { List } from "../api/types";
import { toast, toastError } from "../components/toasts";
import type { LiveEvent } from "../lib/live";
import { isActive } from "./RunBits";

/** Runs, kept fresh by the live channel; where that is silent, by asking. */

type Patch = Record<string, unknown> & { id: number };

/** What an event says about a run; the topic names it where the data do not. */
export function patchOf(ev: LiveEvent): Patch | null {
	if (ev.type !== "state" && ev.type !== "progress") return null;
	if (typeof ev.data !== "object" || ev.data === null) return null;
	const id = Number(ev.topic.split(":")[1]);
	return Number.isInteger(id) ? { ...ev.data, id } : null;
}

export const runsKey = ["backtests"] as const;
export const runKey = (id: number) => ["backtest", id] as const;

export function applyRun<T extends RunBase>(
	queries: QueryClient,
	one: readonly unknown[],
	lists: readonly unknown[],
	patch: Patch,
): void {
	queries.setQueryData<T>(one, (r) => r && { ...r, ...patch });
	for (const [key, list] of queries.getQueriesData<List<T>>({
		queryKey: lists,
	}))
		if (list?.items?.some((r) => r.id === patch.id))
			queries.setQueryData<List<T>>(key, {
				...list,
				items: list.items.map((r) =>
					r.id === patch.id ? { ...r, ...patch } : r,
				),
			});
}

const POLL = 5000;

export interface RunFilter {
	state: string;
	strategy: string;
	tag: string;
}

export function useBacktests(filter: RunFilter) {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: [...runsKey, filter],
		queryFn: ({ signal }) =>
			getBacktests(
				{
					limit: 200,
					state: filter.state || null,
					strategy_id: filter.strategy || null,
					tag: filter.tag || null,
				},
				signal,
			),
		refetchInterval: (q) => (q.state.data?.items.some(isActive) ? POLL : false),
	});
	const active = (query.data?.items ?? []).filter(isActive).slice(0, 20);
	const push = useBatch<Patch>((patches) => {
		for (const p of patches)
			applyRun<Backtest>(queries, runKey(p.id), runsKey, p);
		if (patches.some((p) => p.state && p.state !== "running"))
			void queries.invalidateQueries({ queryKey: runsKey });
	}, 250);
	useLiveMany(
		active.map((r) => `backtest:${r.id}`),
		(ev) => {
			const p = patchOf(ev);
			if (p) push(p);
		},
	);
	return query;
}

export function useBacktest(id: number) {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: runKey(id),
		queryFn: ({ signal }) => getBacktest(id, signal),
		enabled: Number.isInteger(id) && id > 0,
		refetchInterval: (q) =>
			q.state.data && isActive(q.state.data) ? POLL / 2 : false,
	});
	const refresh = useCallback(
		() => void queries.invalidateQueries({ queryKey: runKey(id) }),
		[queries, id],
	);
	const active = query.data ? isActive(query.data) : false;
	useLive(
		active ? `backtest:${id}` : null,
		(ev) => {
			const p = patchOf(ev);
			if (!p) return;
			// A run that has ended has results that no event carries.
			if (p.state && p.state !== "running" && p.state !== "queued") refresh();
			else applyRun<Backtest>(queries, runKey(id), runsKey, p);
		},
		refresh,
	);
	return query;
}

export function useRunActions() {
	const queries = useQueryClient();
	const cancel = useMutation({
		mutationFn: (r: Backtest) => cancelBacktest(r.id),
		onSuccess: (r) => {
			if (r) applyRun<Backtest>(queries, runKey(r.id), runsKey, { ...r });
			void queries.invalidateQueries({ queryKey: runsKey });
		},
		onError: (error, r) => toastError(`Could not cancel ${r.name}`, error),
	});
	const remove = useMutation({
		mutationFn: (r: Backtest) => deleteBacktest(r.id),
		onSuccess: (_x, r) => {
			queries.removeQueries({ queryKey: runKey(r.id) });
			void queries.invalidateQueries({ queryKey: runsKey });
			toast(`${r.name} was deleted`, "good");
		},
		onError: (error, r) => toastError(`Could not delete ${r.name}`, error),
	});
	return { cancel, remove };
}
