import { newId, type Query } from "../lib/apiClient";
import { api } from "./client";
import type {
	Book,
	Bot,
	BotLogLine,
	BotTrade,
	Candles,
	DashboardData,
	EquityColumns,
	Fill,
	List,
	LogRow,
	Market,
	Me,
	MonitoringData,
	NewBot,
	NewToken,
	Order,
	Plots,
	Preferences,
	Scope,
	Session,
	SignedIn,
	Strategy,
	Ticker,
	Token,
	Trade,
} from "./types";

/** Every call of the pages, one line each. `s` is the caller's signal. */

type S = AbortSignal | undefined;
const opt = (s: S, query?: Query) => ({
	...(s ? { signal: s } : {}),
	...(query ? { query } : {}),
});
/** A write that the client may repeat without its happening twice. */
const once = () => ({ idempotencyKey: newId() });

export const getMe = (s?: S) =>
	api.get<Me>("/me", { ...opt(s), anonymous: true });
export const signIn = (name: string, password: string) =>
	api.post<SignedIn>("/login", { name, password }, { anonymous: true });
export const signOut = () => api.post<void>("/logout");
export const savePreferences = (preferences: Preferences) =>
	api.patch<unknown>("/me", { preferences });
export const changePassword = (oldOne: string, newOne: string) =>
	api.post<void>("/me/password", { old: oldOne, new: newOne });

export const getSessions = (s?: S) =>
	api.get<List<Session>>("/sessions", opt(s));
export const revokeSession = (id: Session["id"]) =>
	api.delete(`/sessions/${encodeURIComponent(id)}`);
export const getTokens = (s?: S) => api.get<List<Token>>("/tokens", opt(s));
export const createToken = (t: {
	name: string;
	scopes: Scope[];
	expires_days: number;
}) => api.post<NewToken>("/tokens", t);
export const revokeToken = (id: number) => api.delete(`/tokens/${id}`);

export const getMarkets = (s?: S, q?: Query) =>
	api.get<List<Market>>("/markets", opt(s, { limit: 500, ...q }));
export const getMarket = (id: number, s?: S) =>
	api.get<Market>(`/markets/${id}`, opt(s));
export const getCandles = (
	id: number,
	q: { tf: string; from?: number; to?: number; limit?: number },
	s?: S,
) => api.get<Candles>(`/markets/${id}/candles`, opt(s, q));
export const getTicker = (id: number, s?: S) =>
	api.get<Ticker>(`/markets/${id}/ticker`, opt(s));
export const getBook = (id: number, depth: number, s?: S) =>
	api.get<Book>(`/markets/${id}/book`, opt(s, { depth }));

export const getStrategies = (s?: S) =>
	api.get<List<Strategy>>("/strategies", opt(s, { limit: 200 }));

export const getBots = (s?: S) =>
	api.get<List<Bot>>("/bots", opt(s, { limit: 200 }));
export const getBot = (id: number, s?: S) =>
	api.get<Bot>(`/bots/${id}`, opt(s));
export const createBot = (b: NewBot, key: string) =>
	api.post<Bot>("/bots", b, { idempotencyKey: key });
export const deleteBot = (id: number) => api.delete(`/bots/${id}`);
export type BotAction = "start" | "pause" | "stop";
export const actOnBot = (id: number, action: BotAction) =>
	api.post<Bot>(`/bots/${id}/${action}`, undefined, once());

const page = (cursor: string | null | undefined, limit: number) => ({
	limit,
	...(cursor ? { cursor } : {}),
});
export const getOrders = (id: number, cursor?: string | null, s?: S) =>
	api.get<List<Order>>(`/bots/${id}/orders`, opt(s, page(cursor, 200)));
export const getFills = (id: number, cursor?: string | null, s?: S) =>
	api.get<List<Fill>>(`/bots/${id}/fills`, opt(s, page(cursor, 500)));
export const getTrades = (id: number, cursor?: string | null, s?: S) =>
	api.get<List<Trade>>(`/bots/${id}/trades`, opt(s, page(cursor, 500)));
export const getBotLog = (id: number, cursor?: string | null, s?: S) =>
	api.get<List<BotLogLine>>(`/bots/${id}/log`, opt(s, page(cursor, 200)));
export const getEquity = (id: number, points: number, s?: S) =>
	api.get<EquityColumns>(`/bots/${id}/equity`, opt(s, { points }));
export const getPlots = (id: number, q: Query, s?: S) =>
	api.get<Plots>(`/bots/${id}/plots`, opt(s, q));

export const getDashboard = (s?: S) =>
	api.get<DashboardData>("/dashboard", opt(s));
export const getAllTrades = (cursor?: string | null, s?: S) =>
	api.get<List<BotTrade>>("/trades", opt(s, page(cursor, 200)));

export const getLogs = (q: Query, s?: S) =>
	api.get<List<LogRow>>("/logs", opt(s, q));
export const getMonitoring = (s?: S) =>
	api.get<MonitoringData>("/monitoring", opt(s));
