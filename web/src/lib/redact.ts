/**
 * Makes any value safe to keep and to send: plain JSON, bounded, without
 * secrets. Errors keep message and stack, cycles are named, long things cut.
 */

const SECRET_KEY =
	/pass(word|wd|phrase)?$|^(old|new)$|token|secret|authori[sz]ation|cookie|csrf|api[-_]?key|totp|otp|recovery|^sid$|credential/i;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
const API_TOKEN = /\bbot_[\w-]{8,}/g;
const PAIR =
	/\b(password|passwd|token|secret|api[-_]?key|csrf|sid)(["']?\s*[:=]\s*["']?)([^\s"'&,;}]+)/gi;
const QUERY =
	/((?:https?|wss?):\/\/[^\s?#"']*|(?:^|\s)\/[^\s?#"']*)\?[^\s"')]*/g;

export const HIDDEN = "[redacted]";
const MAX_STRING = 4000;
const MAX_ITEMS = 50;
const MAX_DEPTH = 6;

/** Hides secrets that stand inside a text, and the query of every address. */
export function redactText(text: string): string {
	const cut = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
	return cut
		.replace(QUERY, `$1?${HIDDEN}`)
		.replace(BEARER, `$1 ${HIDDEN}`)
		.replace(API_TOKEN, HIDDEN)
		.replace(PAIR, `$1$2${HIDDEN}`);
}

/** An address without its query and fragment. */
export function redactUrl(url: string): string {
	return url.replace(/[?#].*$/s, "");
}

function redactError(err: Error, depth: number, seen: WeakSet<object>) {
	const out: Record<string, unknown> = {
		name: err.name,
		message: redactText(err.message),
	};
	if (err.stack) out.stack = redactText(err.stack);
	if (err.cause !== undefined) out.cause = walk(err.cause, depth + 1, seen);
	for (const [k, v] of Object.entries(err)) {
		if (k === "cause") continue;
		out[k] = SECRET_KEY.test(k) ? HIDDEN : walk(v, depth + 1, seen);
	}
	return out;
}

function walkObject(value: object, depth: number, seen: WeakSet<object>) {
	const out: Record<string, unknown> = {};
	const entries =
		value instanceof Map ? [...value.entries()] : Object.entries(value);
	for (const [i, [k, v]] of entries.entries()) {
		if (i === MAX_ITEMS) {
			out["…"] = `${entries.length - MAX_ITEMS} more`;
			break;
		}
		out[String(k)] = SECRET_KEY.test(String(k))
			? HIDDEN
			: walk(v, depth + 1, seen);
	}
	return out;
}

function walk(value: unknown, depth: number, seen: WeakSet<object>): unknown {
	if (typeof value === "string") return redactText(value);
	if (typeof value === "bigint") return value.toString();
	if (typeof value === "function") return `[function ${value.name}]`;
	if (typeof value === "symbol") return String(value);
	if (typeof value !== "object" || value === null) return value;
	if (seen.has(value)) return "[circular]";
	if (depth > MAX_DEPTH) return "[deep]";
	seen.add(value);
	try {
		if (value instanceof Error) return redactError(value, depth, seen);
		if (value instanceof Date) return value.toJSON();
		if (Array.isArray(value)) {
			const head = value
				.slice(0, MAX_ITEMS)
				.map((v) => walk(v, depth + 1, seen));
			if (value.length > MAX_ITEMS)
				head.push(`… ${value.length - MAX_ITEMS} more`);
			return head;
		}
		if (typeof Node !== "undefined" && value instanceof Node)
			return `[${value.nodeName}]`;
		return walkObject(value, depth, seen);
	} catch (err) {
		return `[unreadable: ${String(err)}]`;
	} finally {
		// The same object twice side by side is no cycle.
		seen.delete(value);
	}
}

/** A bounded, secret-free JSON copy of any value. Never throws. */
export function redact(value: unknown): unknown {
	return walk(value, 0, new WeakSet());
}
