/**
 * The words of the strategy language, for colouring only: what a script means
 * is for the server to say. Nothing in the language reaches over a line's
 * end, so that each line is read by itself.
 */

export type TokenKind =
	| "comment"
	| "note"
	| "string"
	| "number"
	| "color"
	| "keyword"
	| "type"
	| "builtin"
	| "call"
	| "operator"
	| "";

export interface Token {
	kind: TokenKind;
	text: string;
}

const words = (s: string) => new Set(s.split(" "));
const KEYWORDS = words(
	"and break by case continue else enum export extends for if import in method not or return switch to type var varip while true false na",
);
const TYPES = words(
	"array bool box chart.point color const float int label line linefill map matrix series simple string table",
);
/** Variables that every script has. */
const BUILTINS = words(
	"open high low close volume hl2 hlc3 ohlc4 hlcc4 time time_close timenow bar_index last_bar_index last_bar_time year month weekofyear dayofmonth dayofweek hour minute second ask bid",
);
const SPACES = words(
	"array barstate box chart color currency data display format input label line linefill map math matrix ml order plot position request runtime session shape size str strategy syminfo ta table ticker timeframe",
);

const PATTERN =
	/(\/\/.*$)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)|(#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(:=|=>|==|!=|<=|>=|[+\-*/%]=|[-+*/%<>=?:])/g;

function wordKind(word: string, next: string): TokenKind {
	if (KEYWORDS.has(word)) return "keyword";
	if (next === "(") return "call";
	if (TYPES.has(word)) return "type";
	const dot = word.indexOf(".");
	if (BUILTINS.has(word)) return "builtin";
	return dot > 0 && SPACES.has(word.slice(0, dot)) ? "builtin" : "";
}

/** The pieces of one line; together they are the line. */
export function tokensOf(line: string): Token[] {
	const out: Token[] = [];
	const push = (kind: TokenKind, text: string) => {
		const last = out.at(-1);
		if (last && last.kind === kind) last.text += text;
		else if (text) out.push({ kind, text });
	};
	let at = 0;
	PATTERN.lastIndex = 0;
	for (let m = PATTERN.exec(line); m; m = PATTERN.exec(line)) {
		push("", line.slice(at, m.index));
		at = m.index + m[0].length;
		const [all, comment, string, color, number, word] = m;
		if (comment) push(all.startsWith("//@") ? "note" : "comment", all);
		else if (string) push("string", all);
		else if (color) push("color", all);
		else if (number) push("number", all);
		else if (word) push(wordKind(word, line.charAt(at)), all);
		else push("operator", all);
	}
	push("", line.slice(at));
	return out;
}

export interface Span {
	/** From 0, in characters of the line. */
	from: number;
	to: number;
	severity: "error" | "warning" | "note";
}

export interface Piece extends Token {
	mark: Span["severity"] | "";
}

/** Tokens cut where marks begin and end. */
export function piecesOf(line: string, spans: readonly Span[]): Piece[] {
	const out: Piece[] = [];
	let at = 0;
	for (const t of tokensOf(line)) {
		const end = at + t.text.length;
		const cuts = new Set([at, end]);
		for (const s of spans)
			for (const c of [s.from, s.to]) if (c > at && c < end) cuts.add(c);
		const sorted = [...cuts].sort((a, b) => a - b);
		for (let i = 0; i + 1 < sorted.length; i++) {
			const from = sorted[i] ?? 0;
			const to = sorted[i + 1] ?? 0;
			const hit = spans.find((s) => s.from <= from && s.to >= to);
			out.push({
				kind: t.kind,
				text: line.slice(from, to),
				mark: hit?.severity ?? "",
			});
		}
		at = end;
	}
	return out;
}

const utf8 = new TextEncoder();

/** The compiler counts columns in bytes from 1, a text area in characters. */
export function charColumn(line: string, byteColumn: number): number {
	let bytes = 1;
	let chars = 0;
	for (const ch of line) {
		if (bytes >= byteColumn) break;
		bytes += utf8.encode(ch).length;
		chars += ch.length;
	}
	return chars;
}

/** Where in the whole text a line (from 1) begins. */
export function lineStart(text: string, line: number): number {
	let at = 0;
	for (let i = 1; i < line; i++) {
		const next = text.indexOf("\n", at);
		if (next < 0) return text.length;
		at = next + 1;
	}
	return at;
}
