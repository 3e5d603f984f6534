import { useEffect, useRef } from "react";
import { createStore } from "../lib/store";

/**
 * What can be done from the keyboard. Pages add their commands while they
 * are shown; the palette lists all of them, keys run those that have one.
 */

export interface Command {
	id: string;
	label: string;
	group: string;
	/** One key, or two in a row such as "g d". */
	keys?: string;
	run: () => void;
}

export const commands = createStore<readonly Command[]>([]);

export function register(list: readonly Command[]): () => void {
	commands.set((all) => [...all, ...list]);
	return () => commands.set((all) => all.filter((c) => !list.includes(c)));
}

/** Registers commands while the component is shown. */
export function useCommands(make: () => Command[], deps: unknown[]): void {
	const latest = useRef(make);
	latest.current = make;
	// biome-ignore lint/correctness/useExhaustiveDependencies: caller's list
	useEffect(() => register(latest.current()), deps);
}

function typing(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	return (
		target.isContentEditable ||
		["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)
	);
}

const SECOND_KEY_WITHIN = 1200;
/** The palette's code may still be on its way: what is typed for it meanwhile
 * is no shortcut. */
const PALETTE_WITHIN = 3000;

/** Runs commands by their keys, unless somebody is typing. */
export function installKeys(target: Window): () => void {
	let first = "";
	let at = 0;
	let quietUntil = 0;
	const onKey = (ev: KeyboardEvent) => {
		if ((ev.ctrlKey || ev.metaKey) && ev.key.toLowerCase() === "k") {
			const c = commands.get().find((x) => x.keys === "Ctrl K");
			if (!c) return;
			ev.preventDefault();
			c.run();
			quietUntil = ev.timeStamp + PALETTE_WITHIN;
			return;
		}
		if (ev.ctrlKey || ev.metaKey || ev.altKey) return;
		if (typing(ev.target) || document.querySelector("dialog[open]")) {
			quietUntil = 0;
			return;
		}
		if (ev.timeStamp < quietUntil) return;
		const pair =
			first && ev.timeStamp - at < SECOND_KEY_WITHIN
				? `${first} ${ev.key}`
				: "";
		const all = commands.get();
		const hit =
			all.findLast((c) => pair && c.keys === pair) ??
			all.findLast((c) => c.keys === ev.key);
		first = hit ? "" : ev.key;
		at = ev.timeStamp;
		if (!hit) return;
		ev.preventDefault();
		hit.run();
	};
	target.addEventListener("keydown", onKey);
	return () => target.removeEventListener("keydown", onKey);
}

/** Whether the letters of `query` appear in order in `text`; lower is better,
 * null is no match. */
export function fuzzy(query: string, text: string): number | null {
	const q = query.toLowerCase().replace(/\s+/g, "");
	const t = text.toLowerCase();
	let at = -1;
	let score = 0;
	for (const ch of q) {
		const next = t.indexOf(ch, at + 1);
		if (next < 0) return null;
		score += at < 0 ? next : (next - at - 1) * 2;
		at = next;
	}
	return score;
}
