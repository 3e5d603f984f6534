import type { Market } from "../api/types";
import { timeframesOf } from "../lib/time";

const DEFAULT_TF = ["1h", "15m", "5m", "1m"];

export function bestTimeframe(m: Market | undefined): string {
	const have = timeframesOf(m?.timeframes.map((t) => t.tf) ?? []);
	return DEFAULT_TF.find((t) => have.includes(t)) ?? have[0] ?? "1h";
}

/** What is stored that a timeframe is made of: itself, or the finest. */
export function storedOf(m: Market | undefined, tf: string) {
	return m?.timeframes.find((t) => t.tf === tf) ?? m?.timeframes[0];
}

export const day = (ms: number | null | undefined) =>
	ms ? new Date(ms).toISOString().slice(0, 10) : "";

/** Midnight UTC of a date field; undefined when it is empty. */
export function dateMs(s: string): number | undefined {
	const ms = s ? Date.parse(`${s}T00:00:00Z`) : Number.NaN;
	return Number.isNaN(ms) ? undefined : ms;
}
