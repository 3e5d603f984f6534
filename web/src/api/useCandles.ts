import { useCallback, useEffect, useRef, useState } from "react";
import {
	append,
	type Bar,
	emptyCandles,
	indexAt,
	prepend,
	upsert,
} from "../lib/candles";
import { logger } from "../lib/logger";
import { timeframeMs } from "../lib/time";
import { getCandles } from "./endpoints";
import type { Candles } from "./types";

const PAGE = 1000;
const RELOAD_EVERY = 3000;
/** Beyond so many bars a jump replaces what is held. */
const FAR = 40_000;

export interface CandleFeed {
	candles: Candles;
	state: "loading" | "ready" | "error";
	error: unknown;
	/** Loads bars before the first one, if there are any. */
	older: () => void;
	/** Loads bars after the last one, after a jump far into the past. */
	newer: () => void;
	/** Makes sure that a moment is among the bars. */
	reach: (from: number, to: number) => Promise<void>;
	push: (bars: readonly Bar[]) => void;
	reload: () => void;
}

interface Held {
	key: string;
	candles: Candles;
	state: CandleFeed["state"];
	error: unknown;
}

/**
 * The candles of a market: the newest first, older ones as the chart asks,
 * live ones as they come. `until` ends them for a bot that replays the past.
 */
export function useCandles(
	market: number,
	tf: string,
	until?: number | null,
	/** A replay that has not begun has no candles yet. */
	begun = true,
): CandleFeed {
	const key = `${market}/${tf}`;
	const [held, setHeld] = useState<Held>({
		key,
		candles: emptyCandles(market, tf),
		state: "loading",
		error: null,
	});
	const [turn, setTurn] = useState(0);
	const now = useRef(held);
	const busy = useRef(false);
	const exhausted = useRef(false);
	/** What is held ends before the present: live bars do not follow on. */
	const detached = useRef(false);
	/** Live bars that came before the answer did. */
	const early = useRef<Bar[]>([]);
	const loading = useRef(false);
	const again = useRef<ReturnType<typeof setTimeout> | null>(null);
	const end = useRef(until);
	end.current = until;

	const put = useCallback((h: Held) => {
		now.current = h;
		setHeld(h);
	}, []);
	const setCandles = useCallback(
		(candles: Candles) => put({ ...now.current, candles, state: "ready" }),
		[put],
	);

	// biome-ignore lint/correctness/useExhaustiveDependencies: turn reloads
	useEffect(() => {
		if (!market || !tf) return;
		if (!begun) {
			put({
				key,
				candles: emptyCandles(market, tf),
				state: "ready",
				error: null,
			});
			return;
		}
		const ctl = new AbortController();
		const fresh = now.current.key !== key;
		if (fresh)
			put({
				key,
				candles: emptyCandles(market, tf),
				state: "loading",
				error: null,
			});
		early.current = [];
		loading.current = true;
		exhausted.current = false;
		detached.current = false;
		busy.current = true;
		const to = end.current;
		getCandles(
			market,
			{ tf, limit: PAGE, ...(to ? { to: to + 1 } : {}) },
			ctl.signal,
		)
			.then((c) => {
				// Bars that came live while this was under way are newer.
				loading.current = false;
				setCandles(upsert(c, early.current));
				early.current = [];
			})
			.catch((error) => {
				if (ctl.signal.aborted) return;
				loading.current = false;
				put({ ...now.current, state: "error", error });
			})
			.finally(() => {
				if (!ctl.signal.aborted) busy.current = false;
			});
		return () => {
			ctl.abort();
			busy.current = false;
		};
	}, [market, tf, key, turn, begun, put, setCandles]);

	const older = useCallback(() => {
		const first = now.current.candles.t[0];
		if (busy.current || exhausted.current || first === undefined) return;
		busy.current = true;
		const mine = now.current.key;
		getCandles(market, { tf, to: first, limit: PAGE })
			.then((c) => {
				if (now.current.key !== mine) return;
				const merged = prepend(c, now.current.candles);
				exhausted.current = merged.t[0] === first;
				if (!exhausted.current) setCandles(merged);
			})
			.catch((error) => logger.warn("Older candles not loaded", { error }))
			.finally(() => {
				busy.current = false;
			});
	}, [market, tf, setCandles]);

	const newer = useCallback(() => {
		const last = now.current.candles.t.at(-1);
		if (!detached.current || busy.current || last === undefined) return;
		busy.current = true;
		const mine = now.current.key;
		// A range that held more than the limit would be thinned.
		const to = last + PAGE * (timeframeMs(tf) || 60_000);
		getCandles(market, { tf, from: last, to, limit: PAGE })
			.then((c) => {
				if (now.current.key !== mine) return;
				detached.current = c.t.length > 1;
				setCandles(append(now.current.candles, c));
			})
			.catch((error) => logger.warn("Newer candles not loaded", { error }))
			.finally(() => {
				busy.current = false;
			});
	}, [market, tf, setCandles]);

	const reach = useCallback(
		async (from: number, to: number) => {
			const ms = timeframeMs(tf) || 60_000;
			const mine = now.current.key;
			const have = now.current.candles.t;
			const first = have[0];
			if (first === undefined || first <= from) return;
			const missing = Math.ceil((first - from) / ms);
			// Far away, a window around the place replaces what is held.
			const far = missing > FAR;
			let all = far
				? await getCandles(market, {
						tf,
						to: to + ms * (PAGE / 2),
						limit: Math.min(5000, Math.ceil((to - from) / ms) + PAGE),
					})
				: now.current.candles;
			// More than one answer holds: fetch what is still between.
			while (indexAt(all.t, from) < 0) {
				const start = all.t[0];
				if (start === undefined) break;
				const limit = Math.ceil((start - from) / ms) + PAGE / 2;
				const more = await getCandles(market, {
					tf,
					to: start,
					limit: Math.min(5000, limit),
				});
				if (more.t.length === 0) break;
				const wider = prepend(more, all);
				if (wider.t[0] === start) break;
				all = wider;
			}
			if (now.current.key !== mine) return;
			exhausted.current = false;
			if (far) detached.current = true;
			setCandles(all);
		},
		[market, tf, setCandles],
	);

	const reload = useCallback(() => {
		// However often holes are found, the whole is fetched now and then.
		again.current ??= setTimeout(() => {
			again.current = null;
			setTurn((n) => n + 1);
		}, RELOAD_EVERY);
	}, []);
	useEffect(
		() => () => {
			if (again.current) clearTimeout(again.current);
			again.current = null;
		},
		[],
	);

	const push = useCallback(
		(bars: readonly Bar[]) => {
			const first = bars[0];
			if (loading.current) early.current.push(...bars);
			if (now.current.state !== "ready" || !first || detached.current) return;
			const last = now.current.candles.t.at(-1);
			const ms = timeframeMs(tf);
			// A replay at full speed shows a bar here and there: better none
			// than holes, and the whole a little later.
			if (last !== undefined && ms && first.t - last > 1.5 * ms)
				return reload();
			setCandles(upsert(now.current.candles, bars));
		},
		[tf, reload, setCandles],
	);
	const shown =
		held.key === key
			? held
			: {
					key,
					candles: emptyCandles(market, tf),
					state: "loading" as const,
					error: null,
				};
	return { ...shown, older, newer, reach, push, reload };
}
