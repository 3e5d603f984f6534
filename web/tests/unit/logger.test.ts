import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
	Logger,
	type LoggerOptions,
	RING_SIZE,
	STORAGE_KEY,
	STORED_SIZE,
} from "../../src/lib/logger";

interface Sent {
	url: string;
	body: {
		entries: {
			message: string;
			count?: number;
			stack?: string;
			request_id?: string;
			context?: unknown;
		}[];
		app_version: string;
	};
}

/** A server that answers with the statuses given, the last one for ever. */
function server(...statuses: (number | "down")[]) {
	const sent: Sent[] = [];
	const fetch = vi.fn(async (url: unknown, init?: RequestInit) => {
		const s = statuses.length > 1 ? statuses.shift() : statuses[0];
		if (s === "down") throw new TypeError("Failed to fetch");
		sent.push({ url: String(url), body: JSON.parse(String(init?.body)) });
		return new Response(null, { status: s ?? 202 });
	});
	return {
		sent,
		fetch: fetch as unknown as typeof globalThis.fetch,
		calls: fetch,
	};
}

function make(o: LoggerOptions = {}) {
	return new Logger({
		endpoint: "/api/logs",
		storage: localStorage,
		appVersion: "1.2.3",
		...o,
	});
}

describe("logger", () => {
	beforeEach(() => {
		vi.useFakeTimers({ now: 1_000_000 });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it("keeps entries with level, time and context", () => {
		const log = make();
		log.info("started", { a: 1 });
		log.warn("slow");
		const all = log.getLogs();
		expect(all.map((e) => [e.level, e.message])).toEqual([
			["info", "started"],
			["warn", "slow"],
		]);
		expect(all[0]).toMatchObject({ time: 1_000_000, context: { a: 1 } });
		expect(log.getLogs("warn")).toHaveLength(1);
	});

	it("drops debug entries in production and keeps them in development", () => {
		const prod = make({ debug: false });
		prod.debug("x");
		expect(prod.getLogs()).toHaveLength(0);
		const dev = make({ debug: true });
		dev.debug("x");
		expect(dev.getLogs("debug")).toHaveLength(1);
	});

	it("keeps 1000 entries in memory and the last 100 in storage", () => {
		const log = make();
		for (let i = 0; i < RING_SIZE + 5; i++) log.info(`n${i}`);
		vi.advanceTimersByTime(300);
		expect(log.getLogs()).toHaveLength(RING_SIZE);
		expect(log.getLogs()[0]?.message).toBe("n5");
		const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
		expect(stored).toHaveLength(STORED_SIZE);
		expect(stored.at(-1).message).toBe(`n${RING_SIZE + 4}`);
	});

	it("finds its stored entries again after a reload", () => {
		const first = make();
		first.info("before");
		vi.advanceTimersByTime(300);
		expect(make().getLogs()[0]?.message).toBe("before");
	});

	it("starts empty when the stored text is broken", () => {
		localStorage.setItem(STORAGE_KEY, "{not json");
		expect(make().getLogs()).toEqual([]);
		localStorage.setItem(STORAGE_KEY, '[{"level":"loud"},7,null]');
		expect(make().getLogs()).toEqual([]);
	});

	it("stores fewer entries when the quota refuses, and never throws", () => {
		const written: number[] = [];
		const storage = {
			getItem: () => null,
			removeItem: () => {},
			setItem: (_k: string, v: string) => {
				const n = JSON.parse(v).length;
				if (n > 10) throw new DOMException("full", "QuotaExceededError");
				written.push(n);
			},
		} as unknown as Storage;
		const log = make({ storage });
		for (let i = 0; i < 200; i++) log.info("x");
		vi.advanceTimersByTime(300);
		expect(written).toEqual([6]);
	});

	it("keeps message and stack of an Error", () => {
		const log = make();
		log.error("failed", { error: new RangeError("too far") });
		const e = log.getLogs()[0];
		expect(e?.stack).toContain("RangeError: too far");
		expect(e?.context).toMatchObject({
			error: { name: "RangeError", message: "too far" },
		});
	});

	it("survives circular data", () => {
		const log = make();
		const a: Record<string, unknown> = { name: "a" };
		a.self = a;
		log.info("loop", a);
		expect(log.getLogs()[0]?.context).toEqual({
			name: "a",
			self: "[circular]",
		});
		expect(() => log.exportLogs()).not.toThrow();
	});

	it("hides passwords, tokens and query strings", () => {
		const log = make();
		log.error("GET https://x.test/a?token=abc failed, Bearer abc.def.ghi", {
			password: "hunter2",
			headers: { Authorization: "Bearer zzz", Accept: "json" },
			note: "key bot_0123456789abcdef and password=hunter2 end",
			apiKey: "k",
		});
		const text = log.exportLogs();
		for (const secret of ["hunter2", "abc", "zzz", "bot_0123456789abcdef"])
			expect(text).not.toContain(secret);
		expect(text).toContain("https://x.test/a?[redacted]");
		expect(text).toContain('"Accept": "json"');
	});

	it("sends errors, and only errors, in one batch", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch });
		log.info("quiet");
		log.error("one");
		log.error("two");
		expect(s.sent).toHaveLength(0);
		await vi.advanceTimersByTimeAsync(2000);
		expect(s.sent).toHaveLength(1);
		expect(s.sent[0]?.url).toBe("/api/logs");
		expect(s.sent[0]?.body.app_version).toBe("1.2.3");
		expect(s.sent[0]?.body.entries.map((e) => e.message)).toEqual([
			"one",
			"two",
		]);
	});

	it("counts repetitions instead of sending them", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch });
		for (let i = 0; i < 250; i++) log.error("same");
		await vi.advanceTimersByTimeAsync(2000);
		expect(s.sent).toHaveLength(1);
		expect(s.sent[0]?.body.entries).toHaveLength(1);
		expect(s.sent[0]?.body.entries[0]?.count).toBe(250);
	});

	it("sends only a sample of a flood of different errors", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch, random: () => 0.5 });
		for (let i = 0; i < 400; i++) log.error(`kind ${i}`);
		await vi.advanceTimersByTimeAsync(20_000);
		const n = s.sent.reduce((a, b) => a + b.body.entries.length, 0);
		expect(n).toBe(30);
	});

	it("keeps the request id of an API error", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch });
		log.error("call failed", { requestId: "abc123" });
		await vi.advanceTimersByTimeAsync(2000);
		expect(s.sent[0]?.body.entries[0]?.request_id).toBe("abc123");
	});

	it("tries again later when the server is away, without logging that", async () => {
		const s = server("down", 503, 202);
		const log = make({ fetch: s.fetch });
		log.error("lost?");
		await vi.advanceTimersByTimeAsync(2000);
		expect(s.calls).toHaveBeenCalledTimes(1);
		await vi.advanceTimersByTimeAsync(5000);
		expect(s.calls).toHaveBeenCalledTimes(2);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(s.calls).toHaveBeenCalledTimes(3);
		await vi.advanceTimersByTimeAsync(600_000);
		expect(s.calls).toHaveBeenCalledTimes(3);
		expect(s.sent.at(-1)?.body.entries[0]?.message).toBe("lost?");
		expect(log.getLogs()).toHaveLength(1);
	});

	it("gives up a batch that the server refuses as malformed", async () => {
		const s = server(400);
		const log = make({ fetch: s.fetch });
		log.error("odd");
		await vi.advanceTimersByTimeAsync(600_000);
		expect(s.calls).toHaveBeenCalledTimes(1);
	});

	it("hands what is waiting to the beacon when the page is hidden", () => {
		const beacon = vi.fn((_u: string, _b: Blob) => true);
		const log = make({ beacon });
		const off = log.install(window);
		log.error("last words");
		window.dispatchEvent(new Event("pagehide"));
		window.dispatchEvent(new Event("pagehide"));
		off();
		expect(beacon).toHaveBeenCalledTimes(1);
		expect(beacon.mock.calls[0]?.[0]).toBe("/api/logs");
		expect(beacon.mock.calls[0]?.[1].type).toBe("application/json");
	});

	it("hears uncaught errors and rejections once installed", () => {
		const log = make();
		const off = log.install(window);
		window.dispatchEvent(
			new ErrorEvent("error", { message: "boom", error: new Error("boom") }),
		);
		const ev = new Event("unhandledrejection");
		Object.assign(ev, { reason: new Error("nobody caught me") });
		window.dispatchEvent(ev);
		off();
		window.dispatchEvent(new ErrorEvent("error", { message: "after" }));
		expect(log.getLogs("error").map((e) => e.message)).toEqual([
			"boom",
			"Unhandled rejection: nobody caught me",
		]);
	});

	it("keeps each entry and each batch within what the server takes", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch });
		const deep = Array.from({ length: 40 }, () => "x".repeat(3000));
		for (let i = 0; i < 15; i++) log.error(`${i}${"m".repeat(5000)}`, { deep });
		await vi.advanceTimersByTimeAsync(30_000);
		expect(s.sent.flatMap((x) => x.body.entries)).toHaveLength(15);
		for (const x of s.sent) {
			expect(JSON.stringify(x.body).length).toBeLessThan(64 * 1024);
			for (const e of x.body.entries)
				expect(e.message.length).toBeLessThanOrEqual(1900);
		}
	});

	it("clears memory, storage and what was waiting", async () => {
		const s = server(202);
		const log = make({ fetch: s.fetch });
		log.error("x");
		vi.advanceTimersByTime(300);
		log.clearLogs();
		await vi.advanceTimersByTimeAsync(5000);
		expect(log.getLogs()).toEqual([]);
		expect(localStorage.getItem(STORAGE_KEY)).toBeNull();
		expect(s.calls).not.toHaveBeenCalled();
	});

	it("exports readable JSON and tells its listeners of changes", () => {
		const log = make();
		const heard = vi.fn();
		const off = log.subscribe(heard);
		log.info("x");
		off();
		log.info("y");
		expect(heard).toHaveBeenCalledTimes(1);
		expect(JSON.parse(log.exportLogs())).toHaveLength(2);
		expect(log.exportLogs()).toContain('\n  {\n    "time"');
		expect(log.getSnapshot()).toHaveLength(2);
	});

	it("writes to the console and survives one that throws", () => {
		const info = vi.fn(() => {
			throw new Error("closed");
		});
		const log = make({
			console: { debug: info, info, warn: info, error: info },
		});
		expect(() => log.info("hello")).not.toThrow();
		expect(info).toHaveBeenCalledWith("[info] hello", "");
	});
});
