/**
 * What keys do to the text of the editor beyond typing: indenting, and the
 * indent of a new line. Pure, so that it can be tested; the editor applies
 * the result as one step of the browser's own undo.
 */

export interface Change {
	/** Range that is replaced. */
	from: number;
	to: number;
	text: string;
	/** Selection afterwards. */
	start: number;
	end: number;
}

const STEP = "    ";
/** Lines after which the next one is a step deeper. */
const OPENS =
	/(?:=>|^\s*(?:if|else|for|while|switch|method|type|enum)\b.*|=\s*(?:if|for|while|switch)\b.*)\s*$/;

/** Enter: the new line is as deep as this one, or a step deeper. */
export function newLine(text: string, start: number, end: number): Change {
	const from = text.lastIndexOf("\n", start - 1) + 1;
	const line = text.slice(from, start);
	const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
	const code = line.replace(/\/\/.*$/, "");
	const insert = `\n${indent}${OPENS.test(code) ? STEP : ""}`;
	const at = start + insert.length;
	return { from: start, to: end, text: insert, start: at, end: at };
}

/** Tab and Shift Tab: spaces at the cursor, or whole lines moved. */
export function indent(
	text: string,
	start: number,
	end: number,
	out: boolean,
): Change {
	if (start === end && !out) {
		const col = start - (text.lastIndexOf("\n", start - 1) + 1);
		const pad = " ".repeat(STEP.length - (col % STEP.length));
		const at = start + pad.length;
		return { from: start, to: end, text: pad, start: at, end: at };
	}
	const from = text.lastIndexOf("\n", start - 1) + 1;
	const stop = text.indexOf("\n", Math.max(start, end - 1));
	const to = stop < 0 ? text.length : stop;
	const lines = text.slice(from, to).split("\n");
	const moved = lines.map((l) =>
		out ? l.replace(/^( {1,4}|\t)/, "") : l ? STEP + l : l,
	);
	const first = (moved[0]?.length ?? 0) - (lines[0]?.length ?? 0);
	const body = moved.join("\n");
	const all = body.length - (to - from);
	return {
		from,
		to,
		text: body,
		start: Math.max(from, start + first),
		end: Math.max(from, end + all),
	};
}

/** Ctrl / : comments on the lines of the selection come or go. */
export function comment(text: string, start: number, end: number): Change {
	const from = text.lastIndexOf("\n", start - 1) + 1;
	const stop = text.indexOf("\n", Math.max(start, end - 1));
	const to = stop < 0 ? text.length : stop;
	const lines = text.slice(from, to).split("\n");
	const off = lines.every((l) => /^\s*(\/\/|$)/.test(l));
	const body = lines
		.map((l) =>
			off
				? l.replace(/^(\s*)\/\/ ?/, "$1")
				: l.trim()
					? l.replace(/^(\s*)/, "$1// ")
					: l,
		)
		.join("\n");
	const grown = body.length - (to - from);
	return {
		from,
		to,
		text: body,
		start: Math.max(from, start === end ? start + grown : from),
		end: Math.max(from, end + grown),
	};
}
