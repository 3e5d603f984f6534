import { savePreferences } from "../api/endpoints";
import type { Preferences } from "../api/types";
import { logger } from "../lib/logger";
import { createStore, useStore } from "../lib/store";

/**
 * How one person wants to see things. Theme, time zone and locale belong to
 * the account; the colours of up and down belong to this browser.
 */

const CHOICES = {
	theme: ["system", "light", "dark"],
	timezone: ["local", "utc"],
	palette: ["safe", "classic"],
} as const;

export interface Prefs {
	theme: (typeof CHOICES.theme)[number];
	timezone: (typeof CHOICES.timezone)[number];
	palette: (typeof CHOICES.palette)[number];
	/** "" follows the browser. */
	locale: string;
	/** Up in the colour of down, as some markets have it. */
	swap: boolean;
}

/** Preferences from anywhere: what is unknown becomes the default. */
export function parsePrefs(raw: unknown): Prefs {
	const r = (typeof raw === "object" && raw !== null ? raw : {}) as Record<
		string,
		unknown
	>;
	const pick = <T extends string>(all: readonly [T, ...T[]], v: unknown): T =>
		all.find((x) => x === v) ?? all[0];
	return {
		theme: pick(CHOICES.theme, r.theme),
		timezone: pick(CHOICES.timezone, r.timezone),
		palette: pick(CHOICES.palette, r.palette),
		locale: typeof r.locale === "string" ? r.locale : "",
		swap: r.swap === true,
	};
}

const KEY = "orch_prefs";
const ACCOUNT = ["theme", "timezone", "locale"] as const;

/** Languages of the browser plus the number styles people ask for. */
export const LOCALES = [
	"en-US",
	"en-GB",
	"de-DE",
	"de-CH",
	"fr-FR",
	"es-ES",
	"it-IT",
	"nl-NL",
	"pl-PL",
	"pt-BR",
	"sv-SE",
	"ja-JP",
	"en-IN",
];

function read(): Prefs {
	let raw: unknown = {};
	try {
		raw = JSON.parse(localStorage.getItem(KEY) ?? "{}");
	} catch {
		/* Unreadable preferences are no preferences. */
	}
	return parsePrefs(raw);
}

export const prefs = createStore<Prefs>(read());

export function usePrefs(): Prefs {
	return useStore(prefs);
}

/** The locale in force: the chosen one if the browser knows it. */
export function localeOf(p: Prefs): string {
	const wanted = p.locale || navigator.language || "en-US";
	try {
		return Intl.getCanonicalLocales(wanted)[0] ?? "en-US";
	} catch {
		return "en-US";
	}
}

export function localZone(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function zoneOf(p: Prefs): string {
	return p.timezone === "utc" ? "UTC" : localZone();
}

const darkQuery = () =>
	typeof matchMedia === "function"
		? matchMedia("(prefers-color-scheme: dark)")
		: null;

export function isDark(p: Prefs): boolean {
	if (p.theme !== "system") return p.theme === "dark";
	return darkQuery()?.matches ?? false;
}

/** The look in force; charts draw themselves anew when it changes. */
export const look = createStore<string>("");

function apply(p: Prefs): void {
	const root = document.documentElement;
	root.dataset.theme = isDark(p) ? "dark" : "light";
	root.dataset.palette = p.palette;
	root.dataset.swap = String(p.swap);
	look.set(`${root.dataset.theme}/${p.palette}/${p.swap}`);
}

function keep(p: Prefs): void {
	try {
		localStorage.setItem(KEY, JSON.stringify(p));
	} catch (error) {
		logger.warn("Preferences could not be stored", { error });
	}
}

/** Applies preferences now and follows the system's theme. */
export function startPrefs(): void {
	apply(prefs.get());
	prefs.subscribe(() => {
		apply(prefs.get());
		keep(prefs.get());
	});
	darkQuery()?.addEventListener("change", () => apply(prefs.get()));
}

/** Takes over what the account knows, after signing in. */
export function adoptPrefs(p: Preferences | null | undefined): void {
	if (!p) return;
	const merged = { ...prefs.get() } as Record<string, unknown>;
	for (const k of ACCOUNT) if (p[k]) merged[k] = p[k];
	prefs.set(parsePrefs(merged));
}

let timer: ReturnType<typeof setTimeout> | null = null;

/** Changes preferences here at once and in the account soon after. */
export function changePrefs(p: Partial<Prefs>): void {
	prefs.set((old) => ({ ...old, ...p }));
	if (!ACCOUNT.some((k) => k in p)) return;
	if (timer) clearTimeout(timer);
	timer = setTimeout(() => {
		const { theme, timezone, locale } = prefs.get();
		savePreferences({ theme, timezone, locale }).catch((error) =>
			logger.warn("Preferences were not saved to the account", { error }),
		);
	}, 600);
}
