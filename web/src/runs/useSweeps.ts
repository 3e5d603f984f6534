import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useBatch, useLive, useLiveMany } from "../api/liveHooks";
import {
	actOnSweep,
	deleteSweep,
	getHeatmap,
	getSweep,
	getSweeps,
} from "../api/sweepEndpoints";
import type { Sweep } from "../api/sweepTypes";
import { toast, toastError } from "../components/toasts";
import { isActive } from "./RunBits";
import { applyRun, patchOf } from "./useRuns";

export const sweepsKey = ["sweeps"] as const;
export const sweepKey = (id: number) => ["sweep", id] as const;

const POLL = 4000;

export function useSweeps() {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: sweepsKey,
		queryFn: ({ signal }) => getSweeps({ limit: 200 }, signal),
		refetchInterval: (q) => (q.state.data?.items.some(isActive) ? POLL : false),
	});
	const active = (query.data?.items ?? []).filter(isActive).slice(0, 20);
	const push = useBatch<NonNullable<ReturnType<typeof patchOf>>>((all) => {
		for (const p of all) applyRun<Sweep>(queries, sweepKey(p.id), sweepsKey, p);
		if (all.some((p) => p.state && p.state !== "running"))
			void queries.invalidateQueries({ queryKey: sweepsKey });
	}, 250);
	useLiveMany(
		active.map((r) => `sweep:${r.id}`),
		(ev) => {
			const p = patchOf(ev);
			if (p) push(p);
		},
	);
	return query;
}

export function useSweep(id: number) {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: sweepKey(id),
		queryFn: ({ signal }) => getSweep(id, signal),
		enabled: Number.isInteger(id) && id > 0,
		refetchInterval: (q) =>
			q.state.data && isActive(q.state.data) ? POLL / 2 : false,
	});
	const refresh = useCallback(() => {
		void queries.invalidateQueries({ queryKey: sweepKey(id) });
		void queries.invalidateQueries({ queryKey: ["sweep-trials", id] });
		void queries.invalidateQueries({ queryKey: ["sweep-map", id] });
	}, [queries, id]);
	const active = query.data ? isActive(query.data) : false;
	useLive(
		active ? `sweep:${id}` : null,
		(ev) => {
			const p = patchOf(ev);
			if (!p) return;
			if (p.state && p.state !== "running" && p.state !== "queued") refresh();
			else applyRun<Sweep>(queries, sweepKey(id), sweepsKey, p);
		},
		refresh,
	);
	return query;
}

export function useHeatmap(
	sweep: Sweep,
	x: string | null,
	y: string | null,
	metric: string,
) {
	return useQuery({
		queryKey: ["sweep-map", sweep.id, x, y, metric],
		queryFn: ({ signal }) => getHeatmap(sweep.id, { x, y, metric }, signal),
		enabled: x !== null && y !== null && sweep.trials_done > 0,
		refetchInterval: isActive(sweep) ? 2 * POLL : false,
		refetchOnWindowFocus: false,
	});
}

const DONE = { cancel: "is cancelled", resume: "goes on" } as const;

export function useSweepActions() {
	const queries = useQueryClient();
	const act = useMutation({
		mutationFn: (v: { sweep: Sweep; action: "cancel" | "resume" }) =>
			actOnSweep(v.sweep.id, v.action),
		onSuccess: (_r, v) => {
			void queries.invalidateQueries({ queryKey: sweepKey(v.sweep.id) });
			void queries.invalidateQueries({ queryKey: sweepsKey });
			toast(`${v.sweep.name} ${DONE[v.action]}`, "good");
		},
		onError: (error, v) =>
			toastError(`Could not ${v.action} ${v.sweep.name}`, error),
	});
	const remove = useMutation({
		mutationFn: (s: Sweep) => deleteSweep(s.id),
		onSuccess: (_r, s) => {
			queries.removeQueries({ queryKey: sweepKey(s.id) });
			void queries.invalidateQueries({ queryKey: sweepsKey });
			toast(`${s.name} was deleted`, "good");
		},
		onError: (error, s) => toastError(`Could not delete ${s.name}`, error),
	});
	return { act, remove };
}
