import { useEffect, useRef } from "react";
import type { LiveEvent } from "../lib/live";
import { live } from "./client";

/** Hears a topic while the component is shown; null hears nothing. */
export function useLive(
	topic: string | null,
	onEvent: (ev: LiveEvent) => void,
	onGap?: () => void,
): void {
	const latest = useRef({ onEvent, onGap });
	latest.current = { onEvent, onGap };
	useEffect(() => {
		if (!topic) return;
		return live.subscribe(
			topic,
			(ev) => latest.current.onEvent(ev),
			() => latest.current.onGap?.(),
		);
	}, [topic]);
}

/** The same for a list of topics that may change. */
export function useLiveMany(
	topics: readonly string[],
	onEvent: (ev: LiveEvent) => void,
	onGap?: () => void,
): void {
	const latest = useRef({ onEvent, onGap });
	latest.current = { onEvent, onGap };
	const key = topics.join(" ");
	useEffect(() => {
		const offs = (key ? key.split(" ") : []).map((t) =>
			live.subscribe(
				t,
				(ev) => latest.current.onEvent(ev),
				() => latest.current.onGap?.(),
			),
		);
		return () => {
			for (const off of offs) off();
		};
	}, [key]);
}

/**
 * Collects what comes in and hands it over at most once per interval, so
 * that a replay at full speed costs no more drawing than a slow market.
 */
export function useBatch<T>(
	handle: (items: T[]) => void,
	every: number,
): (item: T) => void {
	const waiting = useRef<T[]>([]);
	const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
	const latest = useRef(handle);
	latest.current = handle;
	useEffect(
		() => () => {
			if (timer.current) clearTimeout(timer.current);
			timer.current = null;
		},
		[],
	);
	const push = useRef((item: T) => {
		waiting.current.push(item);
		timer.current ??= setTimeout(() => {
			timer.current = null;
			const items = waiting.current;
			waiting.current = [];
			latest.current(items);
		}, every);
	});
	return push.current;
}
