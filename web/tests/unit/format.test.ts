import { describe, expect, it } from "vitest";
import { fuzzy } from "../../src/app/commands";
import { makeFormats, toneOf } from "../../src/app/format";
import { parsePrefs } from "../../src/app/prefs";
import { titleText } from "../../src/app/title";
import {
	formatAge,
	formatDuration,
	formatTime,
	timeframeMs,
	timeframesOf,
	zoneName,
} from "../../src/lib/time";

const AT = Date.UTC(2026, 0, 5, 23, 4, 9);
const f = makeFormats(
	parsePrefs({ timezone: "utc", locale: "en-US", theme: "dark" }),
);

describe("time", () => {
	it("is written in the zone asked for", () => {
		expect(formatTime(AT, "datetime", "en-US", "UTC")).toBe(
			"Jan 05, 2026, 23:04",
		);
		expect(formatTime(AT, "time", "en-US", "Asia/Tokyo")).toBe("08:04:09");
		expect(formatTime(null, "date", "en-US", "UTC")).toBe("–");
	});

	it("names its zone", () => {
		expect(zoneName("UTC", "en-US", AT)).toBe("UTC");
		expect(zoneName("Europe/Berlin", "en-GB", AT)).toBe("CET");
	});

	it("tells lengths and ages in the largest units", () => {
		expect(formatDuration(0)).toBe("0 s");
		expect(formatDuration(65_000)).toBe("1 min 5 s");
		expect(formatDuration(90_000_000)).toBe("1 d 1 h");
		expect(formatDuration(null)).toBe("–");
		expect(formatAge(0, 3000)).toBe("just now");
		expect(formatAge(0, 125_000)).toBe("2 min ago");
	});

	it("knows the length of timeframes", () => {
		expect(["1m", "4h", "1d", "1w", "x"].map(timeframeMs)).toEqual([
			60_000, 14_400_000, 86_400_000, 604_800_000, 0,
		]);
	});
});

describe("timeframes", () => {
	it("are those that are stored and the coarser ones made of them", () => {
		expect(timeframesOf(["1h"])).toEqual(["1h", "4h", "12h", "1d", "1w"]);
		expect(timeframesOf(["3m"])).toEqual([
			"3m",
			"15m",
			"30m",
			"1h",
			"4h",
			"12h",
			"1d",
			"1w",
		]);
		expect(timeframesOf([])).toEqual([]);
	});
});

describe("formats", () => {
	it("write money, prices, ratios and sizes", () => {
		expect(f.money("1234.5")).toBe("1,234.50");
		expect(f.money("-0.5", { sign: true })).toBe("−0.50");
		expect(f.price("0.00001234")).toBe("0.00001234");
		expect(f.price("46216.9", 2)).toBe("46,216.90");
		expect(f.percent(0.1234)).toBe("+12.34 %");
		expect(f.percent("-0.5")).toBe("−50.00 %");
		expect(f.percent(null)).toBe("–");
		expect(f.bytes(9_200_000)).toBe("9.2 MB");
		expect(f.count(34349)).toBe("34,349");
	});

	it("give every amount a tone by its sign", () => {
		expect(["1", "-1", "0", null].map(toneOf)).toEqual([
			"up",
			"down",
			"flat",
			"flat",
		]);
	});
});

describe("preferences", () => {
	it("fall back one by one when they are unknown", () => {
		expect(parsePrefs({ theme: "pink", locale: 7, swap: "yes" })).toEqual({
			theme: "system",
			timezone: "local",
			palette: "safe",
			locale: "",
			swap: false,
		});
		expect(parsePrefs("nonsense").theme).toBe("system");
		expect(parsePrefs({ theme: "dark" }).theme).toBe("dark");
	});

	it("survive a locale that the browser does not know", () => {
		const odd = makeFormats(parsePrefs({ locale: "not a locale" }));
		expect(odd.money("1")).toBe("1.00");
	});
});

describe("title and palette", () => {
	it("says in the tab how the bots are doing", () => {
		expect(titleText("Bots", null)).toBe("Bots · Orch");
		expect(titleText("Bots", { running: 2, troubled: 0 })).toBe(
			"▶ 2 · Bots · Orch",
		);
		expect(titleText("Bots", { running: 2, troubled: 1 })).toBe(
			"⚠ 1 halted · Bots · Orch",
		);
	});

	it("finds commands by letters in order, best first", () => {
		expect(fuzzy("gtm", "Go to Markets")).not.toBeNull();
		expect(fuzzy("xyz", "Go to Markets")).toBeNull();
		expect(fuzzy("mark", "Markets") ?? 9).toBeLessThan(
			fuzzy("mark", "My other article key") ?? 0,
		);
	});
});
