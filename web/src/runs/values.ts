import type { Metrics } from "../api/runTypes";

/** A statistic as a number; null where the run has none. */
export function value(
	m: Metrics | null | undefined,
	key: string,
): number | null {
	const v = m?.[key];
	if (v === null || v === undefined || v === "") return null;
	const n = Number(v);
	return Number.isFinite(n) ? n : null;
}

/** The first of several keys that has a value: rule sets differ in names. */
export function firstOf(
	m: Metrics | null | undefined,
	...keys: string[]
): number | null {
	for (const k of keys) {
		const v = value(m, k);
		if (v !== null) return v;
	}
	return null;
}

export const RETURN = ["total_return", "profit_total"] as const;
export const DRAWDOWN = ["max_drawdown_ratio", "max_drawdown_account"] as const;
export const WIN_RATE = ["win_rate", "winrate"] as const;
