import { newId, type Query } from "../lib/apiClient";
import { api } from "./client";
import type {
	Curve,
	Evaluation,
	Kinds,
	Model,
	ModelBody,
	Prediction,
} from "./modelTypes";
import type { List } from "./types";

/** Calls about models, one line each. */

type S = AbortSignal | undefined;
const opt = (s: S, query?: Query) => ({
	...(s ? { signal: s } : {}),
	...(query ? { query } : {}),
});

export type ModelAction = "cancel" | "resume" | "promote" | "retire";

export const getKinds = (s?: S) => api.get<Kinds>("/models/kinds", opt(s));
export const getModels = (q: Query, s?: S) =>
	api.get<List<Model>>("/models", opt(s, q));
export const getModel = (id: number, s?: S) =>
	api.get<Model>(`/models/${id}`, opt(s));
export const createModel = (b: ModelBody, key: string) =>
	api.post<Model>("/models", b, { idempotencyKey: key });
export const changeModel = (
	id: number,
	change: { name?: string; notes?: string; retrain_days?: number | null },
) => api.patch<Model>(`/models/${id}`, change);
export const deleteModel = (id: number) => api.delete(`/models/${id}`);
export const actOnModel = (id: number, action: ModelAction) =>
	api.post<Model>(`/models/${id}/${action}`, undefined, {
		idempotencyKey: newId(),
	});
export const getCurve = (id: number, s?: S) =>
	api.get<Curve>(`/models/${id}/curve`, opt(s));
export const getEvaluation = (id: number, s?: S) =>
	api.get<Evaluation>(`/models/${id}/evaluation`, opt(s));
export const predict = (id: number, market: number, s?: S) =>
	api.post<Prediction>(
		`/models/${id}/predict`,
		{ market_id: market },
		// It writes nothing, so asking again does no harm.
		{ ...opt(s), idempotencyKey: newId() },
	);
/** The browser itself fetches it: the session travels as a cookie. */
export const exportUrl = (id: number) => `/api/v1/models/${id}/export`;
export const importModel = (file: Blob, name: string) =>
	api.post<Model>("/models/import", file, {
		query: { name },
		idempotencyKey: newId(),
		timeout: 120_000,
	});
