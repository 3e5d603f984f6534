import { useEffect } from "react";
import { createStore, useStore } from "../lib/store";

/** What the tab of the browser says: the page, and how the bots are doing. */

export interface Status {
	running: number;
	troubled: number;
}

export const status = createStore<Status | null>(null);
const page = createStore("");

export function titleText(name: string, s: Status | null): string {
	const state = s
		? s.troubled > 0
			? `⚠ ${s.troubled} halted`
			: s.running > 0
				? `▶ ${s.running}`
				: ""
		: "";
	return [state, name, "Orch"].filter(Boolean).join(" · ");
}

function iconFor(s: Status | null): string {
	if (s && s.troubled > 0) return "/favicon-alert.svg";
	return s && s.running > 0 ? "/favicon-run.svg" : "/favicon.svg";
}

/** Names the page in the browser's tab. */
export function usePageTitle(name: string): void {
	useEffect(() => {
		page.set(name);
	}, [name]);
}

/** Keeps tab title and icon in step; mounted once. */
export function TitleKeeper() {
	const name = useStore(page);
	const s = useStore(status);
	useEffect(() => {
		document.title = titleText(name, s);
		document.getElementById("favicon")?.setAttribute("href", iconFor(s));
	}, [name, s]);
	return null;
}
