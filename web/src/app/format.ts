import { useMemo } from "react";
import { type FormatOptions, format as formatDecimal } from "../lib/decimal";
import { formatTime, type TimeStyle, zoneName } from "../lib/time";
import { localeOf, type Prefs, usePrefs, zoneOf } from "./prefs";

type Amount = string | number | null | undefined;

export interface Formats {
	locale: string;
	zone: string;
	/** Short name of the zone, to stand beside every clock. */
	zoneLabel: string;
	money(v: Amount, o?: Partial<FormatOptions>): string;
	price(v: Amount, decimals?: number): string;
	qty(v: Amount): string;
	percent(ratio: Amount, digits?: number): string;
	count(n: number | null | undefined): string;
	compact(n: number | null | undefined): string;
	bytes(n: number | null | undefined): string;
	time(ms: number | null | undefined, style?: TimeStyle): string;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

export function makeFormats(p: Prefs): Formats {
	const locale = localeOf(p);
	const zone = zoneOf(p);
	const whole = new Intl.NumberFormat(locale);
	const compact = new Intl.NumberFormat(locale, {
		notation: "compact",
		maximumSignificantDigits: 4,
	});
	const amount = (v: Amount, o: Partial<FormatOptions>) =>
		formatDecimal(v, { locale, ...o });
	return {
		locale,
		zone,
		zoneLabel: zoneName(zone, locale, Date.now()),
		money: (v, o) => amount(v, { min: 2, max: 2, ...o }),
		price: (v, decimals) =>
			decimals === undefined
				? amount(v, { max: 8, min: 2 })
				: amount(v, { max: decimals, min: decimals }),
		qty: (v) => amount(v, { max: 8 }),
		percent(ratio, digits = 2) {
			const n = typeof ratio === "string" ? Number(ratio) : ratio;
			if (n === null || n === undefined || !Number.isFinite(n)) return "–";
			// A ratio is a statistic, not an amount: a double will do.
			return `${amount((n * 100).toFixed(digits), {
				min: digits,
				max: digits,
				sign: true,
			})} %`;
		},
		count: (n) => (n === null || n === undefined ? "–" : whole.format(n)),
		compact: (n) => (n === null || n === undefined ? "–" : compact.format(n)),
		bytes(n) {
			if (n === null || n === undefined) return "–";
			let x = n;
			let i = 0;
			while (x >= 1000 && i < BYTE_UNITS.length - 1) {
				x /= 1000;
				i++;
			}
			return `${amount(x.toFixed(i ? 1 : 0), { max: 1 })} ${BYTE_UNITS[i]}`;
		},
		time: (ms, style = "datetime") => formatTime(ms, style, locale, zone),
	};
}

export function useFormats(): Formats {
	const p = usePrefs();
	return useMemo(() => makeFormats(p), [p]);
}

/** Class of an amount that is good, bad or neither. */
export function toneOf(v: Amount): "up" | "down" | "flat" {
	if (v === null || v === undefined) return "flat";
	const n = Number(v);
	return n > 0 ? "up" : n < 0 ? "down" : "flat";
}
