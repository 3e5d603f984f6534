import {
	type QueryClient,
	useMutation,
	useQuery,
	useQueryClient,
} from "@tanstack/react-query";
import { toast, toastError } from "../components/toasts";
import {
	actOnBot,
	type BotAction,
	deleteBot,
	getBot,
	getBots,
} from "./endpoints";
import { useBatch, useLive } from "./liveHooks";
import type { Bot, List } from "./types";

export const botsKey = ["bots"] as const;
export const botKey = (id: number) => ["bot", id] as const;

/** What a live event of type state or progress says about a bot. */
export function patchOf(data: unknown): (Partial<Bot> & { id: number }) | null {
	if (typeof data !== "object" || data === null) return null;
	const id = (data as { id?: unknown }).id;
	return typeof id === "number"
		? (data as Partial<Bot> & { id: number })
		: null;
}

/** Puts news of a bot into everything that is cached about it. */
export function applyBot(
	queries: QueryClient,
	patch: Partial<Bot> & { id: number },
): void {
	queries.setQueryData<Bot>(botKey(patch.id), (b) => b && { ...b, ...patch });
	// Setting data calls it fresh: a list without this bot stays as it was.
	const list = queries.getQueryData<List<Bot>>(botsKey);
	if (!list?.items.some((b) => b.id === patch.id)) return;
	queries.setQueryData<List<Bot>>(botsKey, {
		...list,
		items: list.items.map((b) => (b.id === patch.id ? { ...b, ...patch } : b)),
	});
}

/** A bot that was just made, in front of the others. */
export function addBot(queries: QueryClient, bot: Bot): void {
	queries.setQueryData(botKey(bot.id), bot);
	queries.setQueryData<List<Bot>>(
		botsKey,
		(l) =>
			l && {
				...l,
				items: [bot, ...l.items.filter((b) => b.id !== bot.id)],
			},
	);
}

/** All bots of the user, kept fresh by the live channel. */
export function useBots() {
	const queries = useQueryClient();
	const query = useQuery({
		queryKey: botsKey,
		queryFn: ({ signal }) => getBots(signal),
	});
	const refresh = () => void queries.invalidateQueries({ queryKey: botsKey });
	const push = useBatch<Partial<Bot> & { id: number }>((items) => {
		const known = queries.getQueryData<List<Bot>>(botsKey)?.items ?? [];
		for (const p of items) applyBot(queries, p);
		if (items.some((p) => !known.some((b) => b.id === p.id))) refresh();
	}, 250);
	useLive(
		"bots",
		(ev) => {
			if (ev.type === "deleted") return refresh();
			const p = patchOf(ev.data);
			if (p) push(p);
		},
		refresh,
	);
	return query;
}

export function useBot(id: number) {
	return useQuery({
		queryKey: botKey(id),
		queryFn: ({ signal }) => getBot(id, signal),
		enabled: Number.isInteger(id) && id > 0,
	});
}

const DONE: Record<BotAction, string> = {
	start: "is starting",
	pause: "is pausing: open positions stay, no new orders",
	stop: "is stopping",
};

/** Start, pause and stop, with the answer put into the caches. */
export function useBotAction() {
	const queries = useQueryClient();
	return useMutation({
		mutationFn: (v: { bot: Bot; action: BotAction }) =>
			actOnBot(v.bot.id, v.action),
		onSuccess: (bot, v) => {
			if (bot) applyBot(queries, bot);
			toast(`${v.bot.name} ${DONE[v.action]}`, "good");
		},
		onError: (error, v) =>
			toastError(`Could not ${v.action} ${v.bot.name}`, error),
		onSettled: () =>
			void queries.invalidateQueries({ queryKey: ["dashboard"] }),
	});
}

export function useBotDelete() {
	const queries = useQueryClient();
	return useMutation({
		mutationFn: (bot: Bot) => deleteBot(bot.id),
		onSuccess: (_r, bot) => {
			queries.setQueryData<List<Bot>>(
				botsKey,
				(l) => l && { ...l, items: l.items.filter((b) => b.id !== bot.id) },
			);
			queries.removeQueries({ queryKey: botKey(bot.id) });
			toast(`${bot.name} was deleted`, "good");
		},
		onError: (error, bot) => toastError(`Could not delete ${bot.name}`, error),
	});
}

/** What may be done with a bot in its present state. */
export function allowed(bot: Bot): Record<BotAction | "delete", boolean> {
	const s = bot.state;
	return {
		start: ["created", "paused", "stopped", "halted"].includes(s),
		pause: s === "running",
		stop: ["running", "paused", "starting"].includes(s),
		delete: ["created", "stopped", "finished", "halted"].includes(s),
	};
}
