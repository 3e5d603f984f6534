import type { RulesSet } from "../api/runTypes";

/** The rule sets that the pages offer, in the order of the form. */
export const RULE_SETS: readonly RulesSet[] = ["chart", "strict", "freqtrade"];
