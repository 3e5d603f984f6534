import type { RulesSet } from "../api/runTypes";

/** The rule sets that the pages offer, in the order of the form. */
export const RULE_SETS: readonly RulesSet[] = ["chart", "strict", "freqtrade"];

export const RULES_EXAMPLE = `{
  "stoploss": -0.1,
  "minimal_roi": { "0": 0.04, "60": 0.02, "240": 0 },
  "trailing_stop": false,
  "use_exit_signal": true,
  "max_open_trades": 1,
  "stake_amount": "unlimited",
  "dry_run_wallet": 10000,
  "fee": 0.001
}
`;

/** The text as a JSON object; null when it is none. */
export function parseRules(text: string): unknown {
	try {
		const v = JSON.parse(text);
		return typeof v === "object" && v !== null && !Array.isArray(v) ? v : null;
	} catch {
		return null;
	}
}
