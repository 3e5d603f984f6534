import { newId, type Query } from "../lib/apiClient";
import { api } from "./client";
import type {
	Backtest,
	Breakdown,
	Check,
	ExportFormat,
	Formatted,
	Preview,
	PreviewBody,
	RunBody,
	RunChart,
	RunEquity,
	RunTrade,
	StrategyFull,
} from "./runTypes";
import type { List } from "./types";

/** Calls about scripts and backtests, one line each. */

type S = AbortSignal | undefined;
const opt = (s: S, query?: Query) => ({
	...(s ? { signal: s } : {}),
	...(query ? { query } : {}),
});
const once = () => ({ idempotencyKey: newId() });

export const getStrategy = (id: number, s?: S) =>
	api.get<StrategyFull>(`/strategies/${id}`, opt(s));
export const createStrategy = (name: string, source: string) =>
	api.post<StrategyFull>("/strategies", { name, source }, once());
export const replaceStrategy = (id: number, name: string, source: string) =>
	api.put<StrategyFull>(`/strategies/${id}`, { name, source });
export const deleteStrategy = (id: number) => api.delete(`/strategies/${id}`);
export const checkSource = (source: string, s?: S) =>
	api.post<Check>("/strategies/check", { source }, opt(s));
export const formatSource = (source: string) =>
	api.post<Formatted>("/strategies/format", { source });
export const previewSource = (body: PreviewBody, s?: S) =>
	api.post<Preview>("/strategies/preview", body, opt(s));

export const getBacktests = (q: Query, s?: S) =>
	api.get<List<Backtest>>("/backtests", opt(s, q));
export const getBacktest = (id: number, s?: S) =>
	api.get<Backtest>(`/backtests/${id}`, opt(s));
export const createBacktest = (b: RunBody, key: string) =>
	api.post<Backtest>("/backtests", b, { idempotencyKey: key });
export const changeBacktest = (
	id: number,
	change: { name?: string; notes?: string; tags?: string[] },
) => api.patch<Backtest>(`/backtests/${id}`, change);
export const deleteBacktest = (id: number) => api.delete(`/backtests/${id}`);
export const cancelBacktest = (id: number) =>
	api.post<Backtest>(`/backtests/${id}/cancel`, undefined, once());
export const getRunEquity = (id: number, points: number, s?: S) =>
	api.get<RunEquity>(`/backtests/${id}/equity`, opt(s, { points }));
export const getRunTrades = (id: number, cursor: string | null, s?: S) =>
	api.get<List<RunTrade>>(
		`/backtests/${id}/trades`,
		opt(s, { limit: 500, ...(cursor ? { cursor } : {}) }),
	);
export const getBreakdown = (id: number, s?: S) =>
	api.get<Breakdown>(`/backtests/${id}/breakdown`, opt(s));
export const getRunChart = (id: number, q: Query, s?: S) =>
	api.get<RunChart>(`/backtests/${id}/chart`, opt(s, q));
/** The browser itself fetches it: the session travels as a cookie. */
export const exportUrl = (id: number, format: ExportFormat) =>
	`/api/v1/backtests/${id}/export?format=${format}`;
