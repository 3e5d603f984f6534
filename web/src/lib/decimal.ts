/**
 * Exact decimals for display. Amounts travel as strings such as "-12.340";
 * here they are a bigint and a scale, so that no digit is ever rounded away
 * by binary floating point. Charts, which draw pixels, use toNumber().
 */

export interface Decimal {
	readonly units: bigint;
	readonly scale: number;
}

const PATTERN = /^([+-]?)(\d+)(?:\.(\d+))?$|^([+-]?)\.(\d+)$/;
const MAX_DIGITS = 60;

/** Reads plain decimal notation; null for anything else. */
export function parse(text: string | number | null | undefined) {
	if (text === null || text === undefined) return null;
	const s = typeof text === "number" ? plain(text) : text.trim();
	const m = PATTERN.exec(s);
	if (!m || s.length > MAX_DIGITS) return null;
	const sign = (m[1] ?? m[4]) === "-" ? -1n : 1n;
	const frac = m[3] ?? m[5] ?? "";
	return {
		units: sign * BigInt((m[2] ?? "0") + frac),
		scale: frac.length,
	} satisfies Decimal;
}

/** A double without exponent: for the few numbers that come as such. */
function plain(n: number): string {
	if (!Number.isFinite(n)) return "";
	const s = String(n);
	return s.includes("e") ? n.toFixed(18) : s;
}

function rescale(d: Decimal, scale: number): bigint {
	return d.units * 10n ** BigInt(scale - d.scale);
}

export function add(a: Decimal, b: Decimal): Decimal {
	const scale = Math.max(a.scale, b.scale);
	return { units: rescale(a, scale) + rescale(b, scale), scale };
}

export function sub(a: Decimal, b: Decimal): Decimal {
	return add(a, { units: -b.units, scale: b.scale });
}

export function mul(a: Decimal, b: Decimal): Decimal {
	return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** Compares as numbers: negative, zero or positive. */
export function cmp(a: Decimal, b: Decimal): number {
	const scale = Math.max(a.scale, b.scale);
	const d = rescale(a, scale) - rescale(b, scale);
	return d < 0n ? -1 : d > 0n ? 1 : 0;
}

export function sign(d: Decimal): -1 | 0 | 1 {
	return d.units < 0n ? -1 : d.units > 0n ? 1 : 0;
}

/** Rounds half away from zero, as bookkeepers do. */
export function round(d: Decimal, scale: number): Decimal {
	if (d.scale <= scale) return { units: rescale(d, scale), scale };
	const f = 10n ** BigInt(d.scale - scale);
	const half = f / 2n;
	const units = d.units < 0n ? (d.units - half) / f : (d.units + half) / f;
	return { units, scale };
}

/** Plain notation again, with exactly the digits it has. */
export function text(d: Decimal): string {
	const neg = d.units < 0n;
	const s = (neg ? -d.units : d.units).toString().padStart(d.scale + 1, "0");
	const cut = s.length - d.scale;
	const body = d.scale ? `${s.slice(0, cut)}.${s.slice(cut)}` : s;
	return neg ? `-${body}` : body;
}

/** Drops zeros at the end of the fraction, keeping at least `min` digits. */
export function trim(d: Decimal, min = 0): Decimal {
	let { units, scale } = d;
	while (scale > min && units % 10n === 0n) {
		units /= 10n;
		scale--;
	}
	return { units, scale };
}

/** For drawing only. */
export function toNumber(text: string | number | null | undefined): number {
	if (typeof text === "number") return text;
	const n = text ? Number(text) : Number.NaN;
	return n;
}

interface Separators {
	group: string;
	decimal: string;
	minus: string;
	digits: string[];
	/** Length of a group from the right: first and then the others. */
	first: number;
	rest: number;
	/** Shortest whole part that is grouped at all. */
	minGrouped: number;
}

const cache = new Map<string, Separators>();

/** How a locale writes numbers, learnt from its own formatter. */
function separators(locale: string): Separators {
	const known = cache.get(locale);
	if (known) return known;
	const f = new Intl.NumberFormat(locale);
	const parts = f.formatToParts(-123456789.5);
	const find = (t: string) => parts.find((p) => p.type === t)?.value;
	const groups = parts.filter((p) => p.type === "integer");
	const plainDigits = new Intl.NumberFormat(locale, { useGrouping: false })
		.format(9876543210)
		.split("")
		.reverse();
	const s: Separators = {
		group: find("group") ?? "",
		decimal: find("decimal") ?? ".",
		minus: "−",
		digits: plainDigits,
		first: groups.at(-1)?.value.length ?? 3,
		rest: groups.at(-2)?.value.length ?? 3,
		minGrouped: f.formatToParts(1234).some((p) => p.type === "group") ? 4 : 5,
	};
	cache.set(locale, s);
	return s;
}

function groupDigits(s: string, sep: Separators): string {
	if (!sep.group || s.length < sep.minGrouped || s.length <= sep.first)
		return s;
	const out = [s.slice(-sep.first)];
	let head = s.slice(0, -sep.first);
	while (head.length > sep.rest) {
		out.unshift(head.slice(-sep.rest));
		head = head.slice(0, -sep.rest);
	}
	if (head) out.unshift(head);
	return out.join(sep.group);
}

export interface FormatOptions {
	locale: string;
	/** Most digits after the point; the rest is rounded. */
	max?: number;
	/** Fewest digits after the point. */
	min?: number;
	/** Write + before positive amounts. */
	sign?: boolean;
}

/** An exact amount in the notation of a locale; "–" when there is none. */
export function format(
	value: string | number | Decimal | null | undefined,
	o: FormatOptions,
): string {
	const d = typeof value === "object" && value !== null ? value : parse(value);
	if (!d) return "–";
	const max = o.max ?? 8;
	const min = Math.min(o.min ?? 0, max);
	let r = trim(round(d, Math.min(max, Math.max(d.scale, min))), min);
	if (r.scale < min) r = round(r, min);
	const sep = separators(o.locale);
	const [whole = "0", frac = ""] = text(
		r.units < 0n ? { units: -r.units, scale: r.scale } : r,
	).split(".");
	const local = (s: string) => s.replace(/\d/g, (c) => sep.digits[+c] ?? c);
	const body =
		groupDigits(local(whole), sep) + (frac ? sep.decimal + local(frac) : "");
	if (r.units < 0n) return sep.minus + body;
	return o.sign && r.units > 0n ? `+${body}` : body;
}

/** Whether a user's text is a plain decimal within bounds. */
export function isDecimal(s: string): boolean {
	return parse(s) !== null;
}
