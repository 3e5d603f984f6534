import { redact, redactText, redactUrl } from "./redact";

/**
 * The one log of the client. Entries go to a ring in memory, the newest of
 * them to localStorage, errors in batches to the server. Nothing in here
 * throws, and a failure to send is never itself logged for sending.
 */

export type Level = "debug" | "info" | "warn" | "error";
export const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

export interface LogEntry {
	time: number;
	level: Level;
	message: string;
	context?: unknown;
	stack?: string;
	request_id?: string;
	url?: string;
	count?: number;
}

export interface LoggerOptions {
	/** Where batches of errors go; null keeps everything in the browser. */
	endpoint?: string | null;
	/** Debug entries are dropped when false. */
	debug?: boolean;
	/** Write to the console as well. */
	console?: Pick<Console, Level> | null;
	storage?: Storage | null;
	appVersion?: string;
	fetch?: typeof fetch;
	beacon?: (url: string, body: Blob) => boolean;
	now?: () => number;
	random?: () => number;
}

export const STORAGE_KEY = "app_logs";
export const RING_SIZE = 1000;
export const STORED_SIZE = 100;

const BATCH_DELAY = 2000;
const BATCH_SIZE = 20;
/** A beacon carries 64 KiB; the server takes so much of each part. */
const BATCH_BYTES = 56_000;
const MESSAGE_MAX = 1900;
const STACK_MAX = 7000;
const CONTEXT_MAX = 8000;
const URL_MAX = 900;
const PENDING_MAX = 100;
/** Entries a minute that are always sent; above them one in SAMPLE is. */
const FULL_RATE = 30;
const SAMPLE = 10;
const BACKOFF_FIRST = 5000;
const BACKOFF_MAX = 300_000;

type Listener = () => void;

export class Logger {
	private ring: LogEntry[] = [];
	private pending = new Map<string, LogEntry>();
	private timer: ReturnType<typeof setTimeout> | null = null;
	private storeTimer: ReturnType<typeof setTimeout> | null = null;
	private sending = false;
	private backoff = 0;
	private windowStart = 0;
	private windowCount = 0;
	private listeners = new Set<Listener>();
	private snapshot: readonly LogEntry[] = [];
	private o: Required<LoggerOptions>;

	constructor(options: LoggerOptions = {}) {
		this.o = {
			endpoint: null,
			debug: false,
			console: null,
			storage: null,
			appVersion: "",
			fetch: (...a) => globalThis.fetch(...a),
			beacon: (u, b) => globalThis.navigator?.sendBeacon?.(u, b) ?? false,
			now: Date.now,
			random: Math.random,
			...options,
		};
		this.ring = this.load();
		this.snapshot = [...this.ring];
	}

	debug(message: string, context?: unknown): void {
		if (this.o.debug) this.write("debug", message, context);
	}
	info(message: string, context?: unknown): void {
		this.write("info", message, context);
	}
	warn(message: string, context?: unknown): void {
		this.write("warn", message, context);
	}
	error(message: string, context?: unknown): void {
		this.write("error", message, context);
	}

	/** Entries of one level, or all, oldest first. */
	getLogs(level?: Level): LogEntry[] {
		return level ? this.ring.filter((e) => e.level === level) : [...this.ring];
	}

	clearLogs(): void {
		this.ring = [];
		this.pending.clear();
		try {
			this.o.storage?.removeItem(STORAGE_KEY);
		} catch {
			/* Nothing to clear where nothing can be stored. */
		}
		this.changed();
	}

	/** All of the ring as readable JSON, for a file or the clipboard. */
	exportLogs(): string {
		return JSON.stringify(this.ring, null, 2);
	}

	/** For useSyncExternalStore: told after each change. */
	subscribe = (listener: Listener): (() => void) => {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	};
	getSnapshot = (): readonly LogEntry[] => this.snapshot;

	/** Sends what is waiting, now. */
	async flush(): Promise<void> {
		if (this.timer) clearTimeout(this.timer);
		this.timer = null;
		if (this.sending || this.pending.size === 0 || !this.o.endpoint) return;
		this.sending = true;
		const batch = this.takeBatch();
		let ok = false;
		let keep = true;
		try {
			const res = await this.o.fetch(this.o.endpoint, {
				method: "POST",
				credentials: "same-origin",
				headers: { "Content-Type": "application/json" },
				body: this.body(batch),
			});
			ok = res.ok;
			// What the server refuses now it will refuse again.
			keep = res.status === 429 || res.status >= 500;
		} catch {
			keep = true;
		}
		this.sending = false;
		if (ok) {
			this.backoff = 0;
		} else if (keep) {
			for (const [k, e] of batch) this.merge(k, e);
			this.backoff = Math.min(
				Math.max(this.backoff * 2, BACKOFF_FIRST),
				BACKOFF_MAX,
			);
		}
		if (this.pending.size > 0) this.schedule();
	}

	/** Last chance, as the page goes away: the beacon outlives it. */
	flushBeacon(): void {
		if (this.storeTimer) this.store();
		if (this.pending.size === 0 || !this.o.endpoint) return;
		const batch = this.takeBatch();
		const blob = new Blob([this.body(batch)], { type: "application/json" });
		let queued = false;
		try {
			queued = this.o.beacon(this.o.endpoint, blob);
		} catch {
			queued = false;
		}
		if (!queued) for (const [k, e] of batch) this.merge(k, e);
	}

	/** Routes the browser's own error events here. Returns the way back. */
	install(target: Window & typeof globalThis): () => void {
		const onError = (ev: ErrorEvent) => {
			this.error(ev.message || "Uncaught error", ev.error ?? undefined);
		};
		const onRejection = (ev: PromiseRejectionEvent) => {
			const r: unknown = ev.reason;
			this.error(
				`Unhandled rejection: ${r instanceof Error ? r.message : String(r)}`,
				r,
			);
		};
		const onHide = () => {
			if (target.document.visibilityState === "hidden") this.flushBeacon();
		};
		const onPageHide = () => this.flushBeacon();
		target.addEventListener("error", onError);
		target.addEventListener("unhandledrejection", onRejection);
		target.document.addEventListener("visibilitychange", onHide);
		target.addEventListener("pagehide", onPageHide);
		return () => {
			target.removeEventListener("error", onError);
			target.removeEventListener("unhandledrejection", onRejection);
			target.document.removeEventListener("visibilitychange", onHide);
			target.removeEventListener("pagehide", onPageHide);
		};
	}

	private write(level: Level, message: string, context?: unknown): void {
		const entry: LogEntry = {
			time: this.o.now(),
			level,
			message: redactText(String(message)).slice(0, MESSAGE_MAX),
		};
		const err = findError(context);
		if (err?.stack) entry.stack = redactText(err.stack).slice(0, STACK_MAX);
		if (context !== undefined) entry.context = bounded(redact(context));
		const id = findRequestId(context);
		if (id) entry.request_id = id;
		if (typeof location !== "undefined")
			entry.url = redactUrl(location.href).slice(0, URL_MAX);
		this.ring.push(entry);
		if (this.ring.length > RING_SIZE)
			this.ring.splice(0, this.ring.length - RING_SIZE);
		this.echo(level, entry);
		this.storeSoon();
		this.changed();
		if (level === "error") this.enqueue(entry);
	}

	private echo(level: Level, e: LogEntry): void {
		try {
			this.o.console?.[level](`[${level}] ${e.message}`, e.context ?? "");
		} catch {
			/* A console that throws is no reason to stop. */
		}
	}

	private enqueue(entry: LogEntry): void {
		if (!this.o.endpoint) return;
		const key = `${entry.message}\n${entry.stack?.split("\n")[1] ?? ""}`;
		if (!this.pending.has(key) && !this.sampled()) return;
		this.merge(key, entry);
		if (this.pending.size >= BATCH_SIZE && this.backoff === 0) {
			void this.flush();
		} else {
			this.schedule();
		}
	}

	/** Whether a new kind of error is sent: all at first, then a sample. */
	private sampled(): boolean {
		const now = this.o.now();
		if (now - this.windowStart >= 60_000) {
			this.windowStart = now;
			this.windowCount = 0;
		}
		this.windowCount++;
		return this.windowCount <= FULL_RATE || this.o.random() < 1 / SAMPLE;
	}

	private merge(key: string, entry: LogEntry): void {
		const old = this.pending.get(key);
		if (old) {
			old.count = (old.count ?? 1) + (entry.count ?? 1);
			old.time = Math.max(old.time, entry.time);
			return;
		}
		if (this.pending.size >= PENDING_MAX) {
			const first = this.pending.keys().next().value;
			if (first !== undefined) this.pending.delete(first);
		}
		this.pending.set(key, { ...entry });
	}

	private takeBatch(): [string, LogEntry][] {
		const batch: [string, LogEntry][] = [];
		let bytes = 0;
		for (const e of this.pending) {
			bytes += JSON.stringify(e[1]).length;
			if (batch.length && bytes > BATCH_BYTES) break;
			batch.push(e);
			if (batch.length === BATCH_SIZE) break;
		}
		for (const [k] of batch) this.pending.delete(k);
		return batch;
	}

	private body(batch: [string, LogEntry][]): string {
		return JSON.stringify({
			entries: batch.map(([, e]) => e),
			app_version: this.o.appVersion,
		});
	}

	private schedule(): void {
		if (this.timer || this.sending) return;
		const delay = this.backoff || BATCH_DELAY;
		this.timer = setTimeout(() => void this.flush(), delay);
	}

	private load(): LogEntry[] {
		try {
			const text = this.o.storage?.getItem(STORAGE_KEY);
			const list: unknown = text ? JSON.parse(text) : [];
			if (!Array.isArray(list)) return [];
			return list
				.filter(
					(e) =>
						typeof e?.time === "number" &&
						typeof e?.message === "string" &&
						LEVELS.includes(e?.level),
				)
				.slice(-STORED_SIZE);
		} catch {
			return [];
		}
	}

	private storeSoon(): void {
		if (!this.o.storage || this.storeTimer) return;
		this.storeTimer = setTimeout(() => this.store(), 250);
	}

	/** Writes the newest entries; halves the number while the quota refuses. */
	private store(): void {
		if (this.storeTimer) clearTimeout(this.storeTimer);
		this.storeTimer = null;
		for (let n = STORED_SIZE; n >= 1; n = Math.floor(n / 2)) {
			try {
				this.o.storage?.setItem(
					STORAGE_KEY,
					JSON.stringify(this.ring.slice(-n)),
				);
				return;
			} catch {
				/* Full, or closed: try with less. */
			}
		}
	}

	private changed(): void {
		this.snapshot = [...this.ring];
		for (const l of this.listeners) l();
	}
}

/** Context that would outgrow its place is kept as the start of its text. */
function bounded(context: unknown): unknown {
	const text = JSON.stringify(context) ?? "";
	return text.length <= CONTEXT_MAX ? context : text.slice(0, CONTEXT_MAX);
}

function findError(v: unknown): Error | null {
	if (v instanceof Error) return v;
	if (typeof v !== "object" || v === null) return null;
	for (const x of Object.values(v)) if (x instanceof Error) return x;
	return null;
}

function findRequestId(v: unknown): string | null {
	if (typeof v !== "object" || v === null) return null;
	const o = v as Record<string, unknown>;
	const id = o.requestId ?? o.request_id ?? findOwn(o.error, "requestId");
	return typeof id === "string" && id ? id : null;
}

function findOwn(v: unknown, key: string): unknown {
	if (typeof v !== "object" || v === null) return undefined;
	return (v as Record<string, unknown>)[key];
}

function browserStorage(): Storage | null {
	try {
		return globalThis.localStorage ?? null;
	} catch {
		return null;
	}
}

/** The logger of the application. */
export const logger = new Logger({
	endpoint: import.meta.env.MODE === "test" ? null : "/api/logs",
	debug: import.meta.env.DEV,
	console: import.meta.env.MODE === "test" ? null : globalThis.console,
	storage: browserStorage(),
	appVersion: __APP_VERSION__,
});
