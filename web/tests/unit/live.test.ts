import { beforeEach, describe, expect, it, vi } from "vitest";
import {
	BACKOFF_MAX,
	LiveClient,
	type LiveEvent,
	PING_EVERY,
	PONG_WITHIN,
} from "../../src/lib/live";

class Socket {
	static all: Socket[] = [];
	sent: Record<string, unknown>[] = [];
	closed = false;
	onopen: (() => void) | null = null;
	onmessage: ((ev: { data: string }) => void) | null = null;
	onclose: (() => void) | null = null;
	constructor(readonly url: string) {
		Socket.all.push(this);
	}
	send(text: string) {
		if (this.closed) throw new Error("socket is closed");
		this.sent.push(JSON.parse(text));
	}
	close() {
		this.closed = true;
	}
	open() {
		this.onopen?.();
	}
	drop() {
		this.closed = true;
		this.onclose?.();
	}
	say(msg: unknown) {
		this.onmessage?.({
			data: typeof msg === "string" ? msg : JSON.stringify(msg),
		});
	}
}

class Stream {
	static all: Stream[] = [];
	closed = false;
	onopen: (() => void) | null = null;
	onmessage: ((ev: { data: string }) => void) | null = null;
	onerror: (() => void) | null = null;
	constructor(readonly url: string) {
		Stream.all.push(this);
	}
	close() {
		this.closed = true;
	}
}

const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn() };
let up = true;

function make(random = 0) {
	return new LiveClient({
		url: "ws://h/live",
		logger,
		WebSocket: Socket as unknown as typeof WebSocket,
		EventSource: Stream as unknown as typeof EventSource,
		random: () => random,
		online: () => up,
	});
}
const last = () => Socket.all.at(-1) as Socket;
const event = (id: number, topic = "bot:7", type = "fill") => ({
	topic,
	id,
	type,
	data: { n: id },
});

describe("live channel", () => {
	beforeEach(() => {
		vi.useFakeTimers({ now: 1_000_000 });
		Socket.all = [];
		Stream.all = [];
		up = true;
	});

	it("opens one socket and subscribes what was asked for before", () => {
		const live = make();
		live.subscribe("bots", () => {});
		live.subscribe("bot:7", () => {});
		live.start();
		live.start();
		expect(Socket.all).toHaveLength(1);
		last().open();
		expect(live.status().state).toBe("open");
		expect(last().sent).toEqual([{ op: "sub", topics: ["bots", "bot:7"] }]);
	});

	it("delivers events to the handlers of their topic only", () => {
		const live = make();
		const a: LiveEvent[] = [];
		const b: LiveEvent[] = [];
		live.subscribe("bot:7", (e) => a.push(e));
		live.subscribe("bot:8", (e) => b.push(e));
		live.start();
		last().open();
		last().say(event(1));
		last().say(event(2, "bot:9"));
		expect(a).toEqual([
			{ topic: "bot:7", id: 1, type: "fill", data: { n: 1 } },
		]);
		expect(b).toEqual([]);
	});

	it("subscribes once for many listeners and leaves with the last", () => {
		const live = make();
		live.start();
		last().open();
		const off1 = live.subscribe("bots", () => {});
		const off2 = live.subscribe("bots", () => {});
		off1();
		expect(last().sent).toEqual([{ op: "sub", topics: ["bots"] }]);
		off2();
		off2();
		expect(last().sent.slice(1)).toEqual([{ op: "unsub", topics: ["bots"] }]);
	});

	it("resubscribes after a loss from the last event seen", () => {
		const live = make();
		const got: number[] = [];
		live.subscribe("bot:7", (e) => got.push(e.id));
		live.start();
		last().open();
		last().say(event(5));
		last().drop();
		expect(live.status().state).toBe("waiting");
		vi.advanceTimersByTime(1000);
		expect(Socket.all).toHaveLength(2);
		last().open();
		expect(last().sent).toEqual([
			{ op: "sub", topics: ["bot:7"], since: { "bot:7": 5 } },
		]);
		last().say(event(5));
		last().say(event(6));
		expect(got).toEqual([5, 6]);
	});

	it("tells of a gap when a topic cannot be replayed", () => {
		const live = make();
		const gap = vi.fn();
		live.subscribe("bots", () => {}, gap);
		live.start();
		last().open();
		expect(gap).not.toHaveBeenCalled();
		last().drop();
		vi.advanceTimersByTime(1000);
		last().open();
		expect(gap).toHaveBeenCalledWith("bots");
	});

	it("starts a topic anew when the server reports a gap", () => {
		const live = make();
		const gap = vi.fn();
		const got: number[] = [];
		live.subscribe("bot:7", (e) => got.push(e.id), gap);
		live.start();
		last().open();
		last().say(event(900));
		last().say({ op: "gap", topic: "bot:7" });
		last().say(event(1));
		expect(gap).toHaveBeenCalledTimes(1);
		expect(got).toEqual([900, 1]);
	});

	it("waits longer after each failure, with jitter and a cap", () => {
		const live = make(1);
		live.start();
		last().open();
		const waits: number[] = [];
		for (let i = 0; i < 9; i++) {
			last().drop();
			const s = live.status();
			waits.push(s.retryAt - Date.now());
			vi.advanceTimersByTime(waits.at(-1) ?? 0);
		}
		expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
		expect(waits.at(-1)).toBe(BACKOFF_MAX);
		const calm = make(0);
		calm.start();
		last().drop();
		expect(calm.status().retryAt - Date.now()).toBe(250);
	});

	it("falls back to server-sent events when no socket ever opens", () => {
		const live = make();
		const got: number[] = [];
		live.subscribe("bot:7", (e) => got.push(e.id));
		live.start();
		for (let i = 0; i < 3; i++) {
			last().drop();
			vi.advanceTimersByTime(5000);
		}
		expect(Stream.all).toHaveLength(1);
		expect(Stream.all[0]?.url).toBe("/live/sse?topics=bot%3A7");
		Stream.all[0]?.onopen?.();
		expect(live.status()).toMatchObject({ state: "open", transport: "sse" });
		Stream.all[0]?.onmessage?.({ data: JSON.stringify(event(3)) });
		expect(got).toEqual([3]);
		live.subscribe("bots", () => {});
		vi.advanceTimersByTime(60);
		expect(Stream.all[0]?.closed).toBe(true);
		expect(Stream.all[1]?.url).toBe(
			"/live/sse?topics=bot%3A7%2Cbots&since=bot%3A7%3A3",
		);
	});

	it("keeps to the socket once it has worked", () => {
		const live = make();
		live.start();
		last().open();
		for (let i = 0; i < 6; i++) {
			last().drop();
			vi.advanceTimersByTime(BACKOFF_MAX);
		}
		expect(Stream.all).toHaveLength(0);
	});

	it("notices a connection that died in silence", () => {
		const live = make();
		live.start();
		last().open();
		vi.advanceTimersByTime(PING_EVERY);
		expect(last().sent.at(-1)).toEqual({ op: "ping" });
		last().say({ op: "pong" });
		vi.advanceTimersByTime(PING_EVERY);
		expect(live.status().state).toBe("open");
		vi.advanceTimersByTime(PONG_WITHIN);
		expect(live.status().state).toBe("waiting");
	});

	it("does not try while the browser is offline, and at once after", () => {
		const live = make();
		const off = live.install(window);
		live.start();
		last().open();
		up = false;
		window.dispatchEvent(new Event("offline"));
		expect(live.status().state).toBe("offline");
		vi.advanceTimersByTime(600_000);
		expect(Socket.all).toHaveLength(1);
		up = true;
		window.dispatchEvent(new Event("online"));
		expect(Socket.all).toHaveLength(2);
		off();
	});

	it("stops for good when told to, and can start again", () => {
		const live = make();
		live.start();
		last().open();
		live.stop();
		expect(last().closed).toBe(true);
		last().drop();
		vi.advanceTimersByTime(600_000);
		expect(Socket.all).toHaveLength(1);
		live.start();
		expect(Socket.all).toHaveLength(2);
	});

	it("survives text that is no JSON and handlers that throw", () => {
		const live = make();
		const good = vi.fn();
		live.subscribe("bot:7", () => {
			throw new Error("mine");
		});
		live.subscribe("bot:7", good);
		live.start();
		last().open();
		last().say("<html>");
		last().say("null");
		last().say(event(1));
		expect(good).toHaveBeenCalledTimes(1);
		expect(logger.warn).toHaveBeenCalledTimes(2);
	});

	it("tells its watchers of changes and of signs of life", () => {
		const live = make();
		const seen: string[] = [];
		const off = live.watch(() => seen.push(live.status().state));
		live.start();
		last().open();
		vi.advanceTimersByTime(1500);
		const before = live.status().heard;
		last().say({ op: "ok" });
		expect(live.status().heard).toBe(before + 1500);
		off();
		last().drop();
		expect(seen).toEqual(["connecting", "open", "open"]);
	});
});
