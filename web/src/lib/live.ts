import type { Logger } from "./logger";

/**
 * The live channel: one WebSocket for the whole page, Server-Sent Events
 * where a proxy refuses it. Subscriptions outlive the connection: after a
 * reconnect each topic is asked for from the last event seen on.
 */

export interface LiveEvent {
	topic: string;
	id: number;
	type: string;
	data: unknown;
}

export type LiveState =
	| "idle"
	| "connecting"
	| "open"
	| "waiting"
	| "offline"
	| "closed";

export interface LiveStatus {
	state: LiveState;
	transport: "websocket" | "sse";
	/** When this state began. */
	since: number;
	/** When anything was last heard from the server; 0: never. */
	heard: number;
	/** When the next try is due, while waiting. */
	retryAt: number;
	attempts: number;
}

export type Handler = (ev: LiveEvent) => void;
/** Called when events of a topic may have been missed: fetch afresh. */
export type GapHandler = (topic: string) => void;

export interface LiveOptions {
	url?: string;
	sseUrl?: string;
	logger: Pick<Logger, "debug" | "info" | "warn">;
	WebSocket?: typeof WebSocket;
	EventSource?: typeof EventSource | undefined;
	now?: () => number;
	random?: () => number;
	online?: () => boolean;
}

export const BACKOFF_FIRST = 500;
export const BACKOFF_MAX = 30_000;
export const PING_EVERY = 25_000;
/** Silence after a ping for this long means the connection is dead. */
export const PONG_WITHIN = 10_000;
/** So many sockets refused in a row, never one opened: try SSE. */
const SSE_AFTER = 3;

interface Topic {
	handlers: Set<Handler>;
	gaps: Set<GapHandler>;
	last: number;
}

interface Transport {
	send(text: string): void;
	close(): void;
}

function defaultUrl(): string {
	const scheme = location.protocol === "https:" ? "wss:" : "ws:";
	return `${scheme}//${location.host}/live`;
}

export class LiveClient {
	private topics = new Map<string, Topic>();
	private link: Transport | null = null;
	private generation = 0;
	private failures = 0;
	private everOpen = false;
	private refused = false;
	private dropped = false;
	private retryTimer: ReturnType<typeof setTimeout> | null = null;
	private pingTimer: ReturnType<typeof setTimeout> | null = null;
	private pongTimer: ReturnType<typeof setTimeout> | null = null;
	private sseTimer: ReturnType<typeof setTimeout> | null = null;
	private listeners = new Set<() => void>();
	private current: LiveStatus;
	private o: Required<Omit<LiveOptions, "EventSource">> &
		Pick<LiveOptions, "EventSource">;

	constructor(options: LiveOptions) {
		this.o = {
			url: options.url ?? "",
			sseUrl: "/live/sse",
			WebSocket: globalThis.WebSocket,
			EventSource: globalThis.EventSource,
			now: Date.now,
			random: Math.random,
			online: () => globalThis.navigator?.onLine ?? true,
			...options,
		};
		this.current = {
			state: "idle",
			transport: "websocket",
			since: this.o.now(),
			heard: 0,
			retryAt: 0,
			attempts: 0,
		};
	}

	/** For useSyncExternalStore. */
	watch = (listener: () => void): (() => void) => {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	};
	status = (): LiveStatus => this.current;

	/** After signing in. */
	start(): void {
		if (this.current.state !== "idle" && this.current.state !== "closed")
			return;
		this.failures = 0;
		this.connect();
	}

	/** After signing out: nothing more is wanted. */
	stop(): void {
		this.cut();
		this.clearTimer("retryTimer");
		for (const t of this.topics.values()) t.last = 0;
		this.set({ state: "closed", retryAt: 0 });
	}

	/** Tries again at once: the user asks, or the network came back. */
	retry(): void {
		const s = this.current.state;
		if (s === "waiting" || s === "offline") this.connect();
	}

	/** Listens to the browser's network and visibility. */
	install(target: Window): () => void {
		const online = () => this.retry();
		const offline = () => {
			if (this.current.state === "idle" || this.current.state === "closed")
				return;
			this.cut();
			this.clearTimer("retryTimer");
			this.dropped = true;
			this.set({ state: "offline", retryAt: 0 });
		};
		const visible = () => {
			if (target.document.visibilityState !== "visible") return;
			if (this.current.state === "open") this.ping();
			else this.retry();
		};
		target.addEventListener("online", online);
		target.addEventListener("offline", offline);
		target.document.addEventListener("visibilitychange", visible);
		return () => {
			target.removeEventListener("online", online);
			target.removeEventListener("offline", offline);
			target.document.removeEventListener("visibilitychange", visible);
		};
	}

	/**
	 * Hears a topic until the returned function is called. `onGap` is told
	 * when events may be missing, so that its owner fetches the whole again.
	 */
	subscribe(name: string, handler: Handler, onGap?: GapHandler): () => void {
		let t = this.topics.get(name);
		const fresh = !t;
		if (!t) {
			t = { handlers: new Set(), gaps: new Set(), last: 0 };
			this.topics.set(name, t);
		}
		t.handlers.add(handler);
		if (onGap) t.gaps.add(onGap);
		if (fresh) this.announce("sub", [name]);
		const topic = t;
		return () => {
			topic.handlers.delete(handler);
			if (onGap) topic.gaps.delete(onGap);
			if (topic.handlers.size > 0 || this.topics.get(name) !== topic) return;
			this.topics.delete(name);
			this.announce("unsub", [name]);
		};
	}

	private connect(): void {
		this.cut();
		this.clearTimer("retryTimer");
		if (!this.o.online()) {
			this.set({ state: "offline", retryAt: 0 });
			return;
		}
		// Only a proxy that never lets a socket through makes us leave it.
		if (!this.everOpen && this.failures >= SSE_AFTER) this.refused = true;
		const sse = this.refused && this.o.EventSource !== undefined;
		this.set({
			state: "connecting",
			transport: sse ? "sse" : "websocket",
			attempts: this.failures,
			retryAt: 0,
		});
		const gen = ++this.generation;
		try {
			if (sse) this.openSse(gen);
			else this.openSocket(gen);
		} catch (error) {
			this.o.logger.warn("Live channel could not be opened", { error });
			this.lost(gen);
		}
	}

	private openSocket(gen: number): void {
		const ws = new this.o.WebSocket(this.o.url || defaultUrl());
		this.link = {
			send: (text) => ws.send(text),
			close: () => ws.close(1000),
		};
		ws.onopen = () => {
			if (gen !== this.generation) return;
			this.everOpen = true;
			this.opened();
			this.announce("sub", [...this.topics.keys()]);
			this.schedulePing();
		};
		ws.onmessage = (ev) => {
			if (gen === this.generation) this.receive(String(ev.data));
		};
		ws.onclose = () => this.lost(gen);
	}

	private openSse(gen: number): void {
		const Source = this.o.EventSource;
		const names = [...this.topics.keys()];
		if (!Source) return;
		// A stream without topics says nothing: wait for the first.
		if (names.length === 0) {
			this.link = { send: () => {}, close: () => {} };
			this.opened();
			return;
		}
		const q = new URLSearchParams({ topics: names.join(",") });
		const since = names
			.filter((n) => this.topics.get(n)?.last)
			.map((n) => `${n}:${this.topics.get(n)?.last}`);
		if (since.length) q.set("since", since.join(","));
		const es = new Source(`${this.o.sseUrl}?${q}`);
		this.link = { send: () => {}, close: () => es.close() };
		es.onopen = () => {
			if (gen === this.generation) this.opened();
		};
		es.onmessage = (ev) => {
			if (gen === this.generation) this.receive(String(ev.data));
		};
		es.onerror = () => this.lost(gen);
	}

	private opened(): void {
		this.failures = 0;
		const again = this.dropped;
		this.dropped = false;
		this.set({
			state: "open",
			attempts: 0,
			retryAt: 0,
			heard: this.o.now(),
		});
		// Topics without a known position cannot be replayed.
		if (again)
			for (const [name, t] of this.topics) if (t.last === 0) this.gap(name, t);
	}

	/** The connection of this generation is gone: wait and try again. */
	private lost(gen: number): void {
		if (gen !== this.generation) return;
		this.cut();
		this.failures++;
		this.dropped = true;
		if (!this.o.online()) {
			this.set({ state: "offline", retryAt: 0 });
			return;
		}
		const cap = Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** (this.failures - 1));
		// Half of it fixed, half by chance: a thousand pages that lost the
		// same server do not come back in the same moment.
		const delay = Math.round(cap / 2 + (this.o.random() * cap) / 2);
		this.set({
			state: "waiting",
			attempts: this.failures,
			retryAt: this.o.now() + delay,
		});
		this.o.logger.info("Live channel lost", {
			attempts: this.failures,
			delay,
		});
		this.retryTimer = setTimeout(() => this.connect(), delay);
	}

	/** Ends the present connection without a word to anybody. */
	private cut(): void {
		this.generation++;
		this.clearTimer("pingTimer");
		this.clearTimer("pongTimer");
		this.clearTimer("sseTimer");
		const link = this.link;
		this.link = null;
		try {
			link?.close();
		} catch {
			/* It was closed already. */
		}
	}

	private announce(op: "sub" | "unsub", names: string[]): void {
		if (this.current.state !== "open" || names.length === 0) return;
		if (this.current.transport === "sse") {
			// The stream's topics are in its address: open another, once for
			// all that a page change brings.
			this.sseTimer ??= setTimeout(() => {
				this.sseTimer = null;
				if (this.current.state === "open") this.connect();
			}, 50);
			return;
		}
		const since: Record<string, number> = {};
		if (op === "sub")
			for (const n of names) {
				const last = this.topics.get(n)?.last;
				if (last) since[n] = last;
			}
		this.send({
			op,
			topics: names,
			...(Object.keys(since).length ? { since } : {}),
		});
	}

	private send(msg: object): void {
		try {
			this.link?.send(JSON.stringify(msg));
		} catch (error) {
			this.o.logger.warn("Live channel refused a message", { error });
			this.lost(this.generation);
		}
	}

	private schedulePing(): void {
		this.clearTimer("pingTimer");
		this.pingTimer = setTimeout(() => this.ping(), PING_EVERY);
	}

	private ping(): void {
		if (this.current.transport !== "websocket" || this.pongTimer) return;
		const gen = this.generation;
		this.pongTimer = setTimeout(() => {
			this.pongTimer = null;
			this.lost(gen);
		}, PONG_WITHIN);
		this.send({ op: "ping" });
	}

	private receive(text: string): void {
		this.clearTimer("pongTimer");
		if (this.current.transport === "websocket") this.schedulePing();
		this.heard();
		let msg: Record<string, unknown>;
		try {
			msg = JSON.parse(text);
		} catch {
			this.o.logger.warn("Live channel sent no JSON", {
				text: text.slice(0, 200),
			});
			return;
		}
		if (typeof msg !== "object" || msg === null) return;
		if (typeof msg.op === "string") this.control(msg);
		else if (typeof msg.topic === "string") this.deliver(msg);
	}

	private control(msg: Record<string, unknown>): void {
		if (msg.op === "error")
			this.o.logger.warn("Live channel reported an error", msg);
		if (msg.op !== "gap" || typeof msg.topic !== "string") return;
		const t = this.topics.get(msg.topic);
		if (!t) return;
		t.last = typeof msg.id === "number" ? msg.id : 0;
		this.gap(msg.topic, t);
	}

	private deliver(msg: Record<string, unknown>): void {
		const name = String(msg.topic);
		const t = this.topics.get(name);
		if (!t) return;
		const id = typeof msg.id === "number" ? msg.id : 0;
		// Replay may overlap with what arrived before the line was cut.
		if (id && id <= t.last) return;
		if (id) t.last = id;
		const ev: LiveEvent = {
			topic: name,
			id,
			type: String(msg.type ?? ""),
			data: msg.data,
		};
		for (const h of t.handlers) this.guard(() => h(ev));
	}

	private gap(name: string, t: Topic): void {
		for (const g of t.gaps) this.guard(() => g(name));
	}

	/** One subscriber's mistake must not deafen the others. */
	private guard(f: () => void): void {
		try {
			f();
		} catch (error) {
			this.o.logger.warn("A live subscriber failed", { error });
		}
	}

	/** Notes a sign of life; listeners hear of it once a second at most. */
	private heard(): void {
		const now = this.o.now();
		if (now - this.current.heard < 1000) return;
		this.set({ heard: now });
	}

	private set(p: Partial<LiveStatus>): void {
		const changed = p.state !== undefined && p.state !== this.current.state;
		this.current = {
			...this.current,
			...p,
			since: changed ? this.o.now() : this.current.since,
		};
		for (const l of this.listeners) l();
	}

	private clearTimer(
		name: "retryTimer" | "pingTimer" | "pongTimer" | "sseTimer",
	): void {
		const t = this[name];
		if (t) clearTimeout(t);
		this[name] = null;
	}
}
