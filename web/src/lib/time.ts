/** Times in the zone and locale of the reader. Formatters are kept: making
 * one costs more than using it a thousand times. */

export type TimeStyle =
	| "time"
	| "minute"
	| "date"
	| "datetime"
	| "full"
	| "month"
	| "year"
	| "day";

const STYLES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
	minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
	time: {
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
		hourCycle: "h23",
	},
	day: { day: "numeric", month: "short" },
	month: { month: "short" },
	year: { year: "numeric" },
	date: { year: "numeric", month: "short", day: "numeric" },
	datetime: {
		year: "numeric",
		month: "short",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		hourCycle: "h23",
	},
	full: {
		year: "numeric",
		month: "short",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
		hourCycle: "h23",
		timeZoneName: "short",
	},
};

const cache = new Map<string, Intl.DateTimeFormat>();

export function formatTime(
	ms: number | null | undefined,
	style: TimeStyle,
	locale: string,
	zone: string,
): string {
	if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
	const key = `${style}|${locale}|${zone}`;
	let f = cache.get(key);
	if (!f) {
		f = new Intl.DateTimeFormat(locale, { ...STYLES[style], timeZone: zone });
		cache.set(key, f);
	}
	return f.format(ms);
}

/** Short name of a zone at a moment: "UTC", "CET", "GMT+2". */
export function zoneName(zone: string, locale: string, at: number): string {
	if (zone === "UTC") return "UTC";
	const parts = new Intl.DateTimeFormat(locale, {
		timeZone: zone,
		timeZoneName: "short",
	}).formatToParts(at);
	return parts.find((p) => p.type === "timeZoneName")?.value ?? zone;
}

const UNITS: [number, string][] = [
	[86_400_000, "d"],
	[3_600_000, "h"],
	[60_000, "min"],
	[1000, "s"],
];

/** A length of time in its two largest units: "2 d 3 h", "45 s". */
export function formatDuration(ms: number | null | undefined): string {
	if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
	let rest = Math.max(0, ms);
	const out: string[] = [];
	for (const [size, name] of UNITS) {
		const n = Math.floor(rest / size);
		rest -= n * size;
		if (n > 0 || (name === "s" && out.length === 0)) out.push(`${n} ${name}`);
		if (out.length === 2) break;
	}
	return out.join(" ");
}

/** "just now", "5 min ago", "3 d ago". */
export function formatAge(then: number, now: number): string {
	const ms = now - then;
	if (ms < 5000) return "just now";
	for (const [size, name] of UNITS)
		if (ms >= size) return `${Math.floor(ms / size)} ${name} ago`;
	return "just now";
}

/** Timeframes that pages offer, finest first. */
const OFFERED = ["1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w"];

/**
 * The timeframes of a market: those that are stored, and the coarser ones
 * that the server makes of them.
 */
export function timeframesOf(stored: readonly string[]): string[] {
	const known = stored.map(timeframeMs).filter((ms) => ms > 0);
	const finest = Math.min(...known);
	const coarser = OFFERED.filter((tf) => {
		const ms = timeframeMs(tf);
		return ms > finest && ms % finest === 0;
	});
	return [...new Set([...stored, ...coarser])].sort(
		(a, b) => timeframeMs(a) - timeframeMs(b),
	);
}

const TF_UNIT: Record<string, number> = {
	s: 1000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
	w: 604_800_000,
};

/** Milliseconds of a timeframe such as "5m"; 0 when it is not one. */
export function timeframeMs(tf: string): number {
	const m = /^(\d+)([smhdw])$/.exec(tf);
	return m ? Number(m[1]) * (TF_UNIT[m[2] ?? ""] ?? 0) : 0;
}
