/**
 * What was typed and not saved, kept in this browser: closing the page loses
 * nothing. One draft for each strategy, one for a new one.
 */

export interface Draft {
	name: string;
	source: string;
	/** When the saved strategy was changed that this began from. */
	base: number | null;
	at: number;
}

const PREFIX = "orch_script:";
/** Drafts beyond these are forgotten, oldest first. */
const KEPT = 20;

const keyOf = (id: number | null) => `${PREFIX}${id ?? "new"}`;

function parse(text: string | null): Draft | null {
	try {
		const d = JSON.parse(text ?? "null");
		return d && typeof d.source === "string" && typeof d.name === "string"
			? {
					name: d.name,
					source: d.source,
					base: typeof d.base === "number" ? d.base : null,
					at: Number(d.at) || 0,
				}
			: null;
	} catch {
		return null;
	}
}

export function readDraft(id: number | null): Draft | null {
	try {
		return parse(localStorage.getItem(keyOf(id)));
	} catch {
		return null;
	}
}

export function dropDraft(id: number | null): void {
	try {
		localStorage.removeItem(keyOf(id));
	} catch {
		/* Storage that is closed holds no drafts. */
	}
}

export function keepDraft(id: number | null, d: Draft): void {
	try {
		localStorage.setItem(keyOf(id), JSON.stringify(d));
		const all = Object.keys(localStorage)
			.filter((k) => k.startsWith(PREFIX))
			.map((k) => ({ k, at: parse(localStorage.getItem(k))?.at ?? 0 }))
			.sort((a, b) => b.at - a.at);
		for (const old of all.slice(KEPT)) localStorage.removeItem(old.k);
	} catch {
		/* Full or closed: the text stays on the page all the same. */
	}
}

export const TEMPLATE = `//@version=6
strategy("My strategy", overlay = true, initial_capital = 10000, default_qty_type = strategy.percent_of_equity, default_qty_value = 50)

fast = ta.ema(close, input.int(12, "Fast average"))
slow = ta.ema(close, input.int(48, "Slow average"))

if ta.crossover(fast, slow)
    strategy.entry("Long", strategy.long)
if ta.crossunder(fast, slow)
    strategy.close("Long")

plot(fast, "Fast", color = color.teal)
plot(slow, "Slow", color = color.orange)
`;
