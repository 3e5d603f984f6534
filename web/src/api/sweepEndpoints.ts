import { newId, type Query } from "../lib/apiClient";
import { api } from "./client";
import type { Heatmap, Sweep, SweepBody, Trial } from "./sweepTypes";
import type { List } from "./types";

type S = AbortSignal | undefined;
const opt = (s: S, query?: Query) => ({
	...(s ? { signal: s } : {}),
	...(query ? { query } : {}),
});

export const getSweeps = (q: Query, s?: S) =>
	api.get<List<Sweep>>("/sweeps", opt(s, q));
export const getSweep = (id: number, s?: S) =>
	api.get<Sweep>(`/sweeps/${id}`, opt(s));
export const createSweep = (b: SweepBody, key: string) =>
	api.post<Sweep>("/sweeps", b, { idempotencyKey: key });
export const changeSweep = (
	id: number,
	change: { name?: string; notes?: string; tags?: string[] },
) => api.patch<Sweep>(`/sweeps/${id}`, change);
export const deleteSweep = (id: number) => api.delete(`/sweeps/${id}`);
export const actOnSweep = (id: number, action: "cancel" | "resume") =>
	api.post<Sweep>(`/sweeps/${id}/${action}`, undefined, {
		idempotencyKey: newId(),
	});
export const getTrials = (
	id: number,
	sort: "score" | "number",
	cursor: string | null,
	s?: S,
) =>
	api.get<List<Trial>>(
		`/sweeps/${id}/trials`,
		opt(s, { sort, limit: 500, ...(cursor ? { cursor } : {}) }),
	);
export const getHeatmap = (id: number, q: Query, s?: S) =>
	api.get<Heatmap>(`/sweeps/${id}/heatmap`, opt(s, q));
