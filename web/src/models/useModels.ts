import {
	type QueryClient,
	useMutation,
	useQuery,
	useQueryClient,
} from "@tanstack/react-query";
import { useCallback } from "react";
import { useBatch, useLive, useLiveMany } from "../api/liveHooks";
import {
	actOnModel,
	deleteModel,
	getCurve,
	getEvaluation,
	getKinds,
	getModel,
	getModels,
	type ModelAction,
} from "../api/modelEndpoints";
import type { Curve, Model } from "../api/modelTypes";
import type { List } from "../api/types";
import { toast, toastError } from "../components/toasts";
import type { LiveEvent } from "../lib/live";
import { addEpoch, type EpochNews, isTrained, isUnderWay } from "./model";

/** Models, kept fresh by the live channel; where it is silent, by asking. */

export const modelsKey = ["models"] as const;
export const modelKey = (id: number) => ["model", id] as const;
const curveKey = (id: number) => ["model-curve", id] as const;

const POLL = 4000;

type News = EpochNews & Partial<Model> & { id: number };

/** What an event says of a model; the topic names it. */
export function newsOf(ev: LiveEvent): News | null {
	if (ev.type !== "state" && ev.type !== "progress") return null;
	if (typeof ev.data !== "object" || ev.data === null) return null;
	const id = Number(ev.topic.split(":")[1]);
	return Number.isInteger(id) ? { ...ev.data, id } : null;
}

function patch(queries: QueryClient, n: News): void {
	const part: Partial<Model> = {};
	if (n.state) part.state = n.state;
	if (typeof n.progress === "number") part.progress = n.progress;
	if (n.eta_ms !== undefined) part.eta_ms = n.eta_ms;
	if (n.error !== undefined) part.error = n.error;
	queries.setQueryData<Model>(modelKey(n.id), (m) => m && { ...m, ...part });
	for (const [key, list] of queries.getQueriesData<List<Model>>({
		queryKey: modelsKey,
	}))
		if (list?.items?.some((m) => m.id === n.id))
			queries.setQueryData<List<Model>>(key, {
				...list,
				items: list.items.map((m) => (m.id === n.id ? { ...m, ...part } : m)),
			});
	queries.setQueryData<Curve>(curveKey(n.id), (c) => c && addEpoch(c, n));
}

export interface ModelFilter {
	state: string;
	kind: string;
	market: string;
}
const ALL: ModelFilter = { state: "", kind: "", market: "" };

export function useModels(filter: ModelFilter = ALL) {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: [...modelsKey, filter],
		queryFn: ({ signal }) =>
			getModels(
				{
					limit: 200,
					state: filter.state || null,
					kind: filter.kind || null,
					market_id: filter.market || null,
				},
				signal,
			),
		refetchInterval: (q) =>
			q.state.data?.items.some(isUnderWay) ? POLL : false,
	});
	const active = (query.data?.items ?? []).filter(isUnderWay).slice(0, 20);
	const push = useBatch<News>((all) => {
		for (const n of all) patch(queries, n);
		if (all.some((n) => n.state && !isUnderWay({ state: n.state })))
			void queries.invalidateQueries({ queryKey: modelsKey });
	}, 250);
	useLiveMany(
		active.map((m) => `model:${m.id}`),
		(ev) => {
			const n = newsOf(ev);
			if (n) push(n);
		},
	);
	return query;
}

export function useModel(id: number) {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: modelKey(id),
		queryFn: ({ signal }) => getModel(id, signal),
		enabled: Number.isInteger(id) && id > 0,
		refetchInterval: (q) =>
			q.state.data && isUnderWay(q.state.data) ? POLL / 2 : false,
	});
	const refresh = useCallback(() => {
		void queries.invalidateQueries({ queryKey: modelKey(id) });
		void queries.invalidateQueries({ queryKey: curveKey(id) });
	}, [queries, id]);
	const push = useBatch<News>((all) => {
		for (const n of all) patch(queries, n);
	}, 200);
	useLive(
		query.data ? `model:${id}` : null,
		(ev) => {
			const n = newsOf(ev);
			if (!n) return;
			push(n);
			// What has ended has results that no event carries.
			if (n.state && !isUnderWay({ state: n.state })) refresh();
		},
		refresh,
	);
	return query;
}

export function useCurve(m: Model) {
	return useQuery({
		queryKey: curveKey(m.id),
		queryFn: ({ signal }) => getCurve(m.id, signal),
		enabled: m.state !== "queued",
		// The live channel adds to it; now and then the whole is fetched.
		refetchInterval: isUnderWay(m) ? 10_000 : false,
		refetchOnWindowFocus: false,
	});
}

export function useEvaluation(m: Model) {
	return useQuery({
		queryKey: ["model-evaluation", m.id, m.trained],
		queryFn: ({ signal }) => getEvaluation(m.id, signal),
		enabled: isTrained(m),
		staleTime: Number.POSITIVE_INFINITY,
		refetchOnWindowFocus: false,
	});
}

export function useKinds() {
	return useQuery({
		queryKey: ["model-kinds"],
		queryFn: ({ signal }) => getKinds(signal),
		staleTime: Number.POSITIVE_INFINITY,
	});
}

const DONE: Record<ModelAction, string> = {
	cancel: "is being cancelled",
	resume: "goes on training",
	promote: "is in use now",
	retire: "is no longer in use",
};

export function useModelActions() {
	const queries = useQueryClient();
	const again = () => void queries.invalidateQueries({ queryKey: modelsKey });
	const act = useMutation({
		mutationFn: (v: { model: Model; action: ModelAction }) =>
			actOnModel(v.model.id, v.action),
		onSuccess: (_r, v) => {
			void queries.invalidateQueries({ queryKey: modelKey(v.model.id) });
			again();
			toast(`${v.model.name} ${DONE[v.action]}`, "good");
		},
		onError: (error, v) =>
			toastError(`Could not ${v.action} ${v.model.name}`, error),
	});
	const remove = useMutation({
		mutationFn: (m: Model) => deleteModel(m.id),
		onSuccess: (_r, m) => {
			queries.removeQueries({ queryKey: modelKey(m.id) });
			again();
			toast(`${m.name} was deleted`, "good");
		},
		onError: (error, m) => toastError(`Could not delete ${m.name}`, error),
	});
	return { act, remove };
}
