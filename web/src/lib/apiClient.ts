import type { Logger } from "./logger";

/**
 * The only way to the API. Every call has a deadline and a request id; reads
 * are retried with exponential backoff and full jitter; a write is retried
 * only when it carries an Idempotency-Key, so that nothing happens twice.
 */

export interface FieldError {
	field: string;
	detail: string;
}

/** What went wrong with a call, whether the server said so or nobody did. */
export class ApiError extends Error {
	/** HTTP status; 0 when no answer came. */
	readonly status: number;
	/** The server's error code, or NETWORK, TIMEOUT, ABORTED, FORMAT. */
	readonly code: string;
	readonly title: string;
	readonly detail: string;
	readonly field: string | null;
	readonly errors: readonly FieldError[];
	readonly requestId: string;
	/** Milliseconds the server asked us to wait, or null. */
	readonly retryAfter: number | null;

	constructor(p: {
		status: number;
		code: string;
		title: string;
		detail?: string;
		field?: string | null;
		errors?: readonly FieldError[];
		requestId: string;
		retryAfter?: number | null;
		cause?: unknown;
	}) {
		super(p.detail || p.title, { cause: p.cause });
		this.name = "ApiError";
		this.status = p.status;
		this.code = p.code;
		this.title = p.title;
		this.detail = p.detail ?? "";
		this.field = p.field ?? null;
		this.errors = p.errors ?? [];
		this.requestId = p.requestId;
		this.retryAfter = p.retryAfter ?? null;
	}

	/** Message for one named input, if this error speaks of it. */
	forField(name: string): string | null {
		const e = this.errors.find((x) => x.field === name);
		if (e) return e.detail;
		return this.field === name ? this.detail : null;
	}
}

export type Query = Record<
	string,
	string | number | boolean | null | undefined
>;

export interface CallOptions {
	query?: Query;
	body?: unknown;
	headers?: Record<string, string>;
	signal?: AbortSignal;
	/** Milliseconds for one attempt. */
	timeout?: number;
	maxRetries?: number;
	initialDelay?: number;
	maxDelay?: number;
	/** Makes a write repeatable. */
	idempotencyKey?: string;
	/** A 401 here is an answer, not the end of the session (sign-in). */
	anonymous?: boolean;
}

export interface ApiClientOptions {
	base?: string;
	logger: Pick<Logger, "debug" | "info" | "warn" | "error">;
	/** Called once when the session turns out to be over. */
	onUnauthorized?: () => void;
	fetch?: typeof fetch;
	sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
	random?: () => number;
	now?: () => number;
}

export const RETRY_STATUSES: ReadonlySet<number> = new Set([
	408, 429, 500, 502, 503, 504,
]);
export const DEFAULTS = {
	timeout: 30_000,
	maxRetries: 3,
	initialDelay: 500,
	maxDelay: 30_000,
} as const;

/** Answers kept for their ETag: user data is never in the browser's cache. */
const KEPT_MAX = 60;

interface Kept {
	etag: string;
	body: unknown;
}

const SAFE = new Set(["GET", "HEAD"]);

/** 32 hex digits; works without a secure context, unlike randomUUID. */
export function newId(): string {
	const b = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
}

/** Milliseconds that a Retry-After header asks for, or null. */
export function parseRetryAfter(
	value: string | null,
	now: number,
): number | null {
	if (!value) return null;
	if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
	const date = Date.parse(value);
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Full jitter: anywhere between nothing and the capped exponential. */
export function backoffDelay(
	attempt: number,
	initial: number,
	max: number,
	random: () => number,
): number {
	return Math.floor(random() * Math.min(max, initial * 2 ** attempt));
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const t = setTimeout(done, ms);
		function done() {
			signal?.removeEventListener("abort", aborted);
			resolve();
		}
		function aborted() {
			clearTimeout(t);
			reject(signal?.reason);
		}
		if (signal?.aborted) aborted();
		else signal?.addEventListener("abort", aborted, { once: true });
	});
}

function withQuery(path: string, query: Query | undefined): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(query ?? {}))
		if (v !== undefined && v !== null && v !== "") q.set(k, String(v));
	const text = q.toString();
	return text ? `${path}?${text}` : path;
}

function asString(v: unknown): string | undefined {
	return typeof v === "string" && v ? v : undefined;
}

function fieldErrors(v: unknown): FieldError[] {
	if (!Array.isArray(v)) return [];
	return v
		.filter((e) => typeof e === "object" && e !== null)
		.map((e) => ({
			field: asString(e.field) ?? "",
			detail: asString(e.detail) ?? "",
		}));
}

async function problem(res: Response, id: string, now: number) {
	let doc: Record<string, unknown> = {};
	try {
		const v: unknown = JSON.parse(await res.text());
		if (typeof v === "object" && v) doc = v as Record<string, unknown>;
	} catch {
		/* A proxy's own page: the status has to speak for it. */
	}
	return new ApiError({
		status: res.status,
		code: asString(doc.code) ?? `HTTP_${res.status}`,
		title: asString(doc.title) ?? (res.statusText || `HTTP ${res.status}`),
		detail: asString(doc.detail) ?? "",
		field: asString(doc.field) ?? null,
		errors: fieldErrors(doc.errors),
		requestId: asString(doc.request_id) ?? id,
		retryAfter: parseRetryAfter(res.headers.get("Retry-After"), now),
	});
}

interface Attempt {
	method: string;
	url: string;
	path: string;
	id: string;
	init: RequestInit;
	timeout: number;
	signal: AbortSignal | undefined;
}

export class ApiClient {
	private csrf: string | null = null;
	private expired = false;
	private kept = new Map<string, Kept>();
	private o: Required<ApiClientOptions>;

	constructor(options: ApiClientOptions) {
		this.o = {
			base: "/api/v1",
			onUnauthorized: () => {},
			fetch: (...a) => globalThis.fetch(...a),
			sleep: wait,
			random: Math.random,
			now: Date.now,
			...options,
		};
	}

	/** After signing in: the token for writes. Null after signing out. */
	setCsrf(token: string | null): void {
		this.csrf = token;
		if (token) this.expired = false;
		else this.kept.clear();
	}

	get<T>(path: string, o?: CallOptions): Promise<T> {
		return this.call<T>("GET", path, o);
	}
	post<T>(path: string, body?: unknown, o?: CallOptions): Promise<T> {
		return this.call<T>("POST", path, { ...o, body });
	}
	put<T>(path: string, body?: unknown, o?: CallOptions): Promise<T> {
		return this.call<T>("PUT", path, { ...o, body });
	}
	patch<T>(path: string, body?: unknown, o?: CallOptions): Promise<T> {
		return this.call<T>("PATCH", path, { ...o, body });
	}
	delete<T = void>(path: string, o?: CallOptions): Promise<T> {
		return this.call<T>("DELETE", path, o);
	}

	async call<T>(method: string, path: string, o: CallOptions = {}): Promise<T> {
		const id = newId();
		const a: Attempt = {
			method,
			path,
			id,
			url: withQuery(this.o.base + path, o.query),
			init: this.init(method, id, o),
			timeout: o.timeout ?? DEFAULTS.timeout,
			signal: o.signal,
		};
		const repeatable = SAFE.has(method) || o.idempotencyKey !== undefined;
		const retries = repeatable ? (o.maxRetries ?? DEFAULTS.maxRetries) : 0;
		for (let n = 0; ; n++) {
			try {
				return await this.attempt<T>(a, n);
			} catch (e) {
				const err = e as ApiError;
				const delay = n < retries ? this.retryDelay(err, n, o) : null;
				if (delay === null) return this.fail(err, a, n, o);
				this.o.logger.warn("API call is tried again", {
					method,
					path,
					requestId: err.requestId,
					attempt: n + 1,
					status: err.status,
					code: err.code,
					delay,
				});
				await this.o.sleep(delay, o.signal).catch((cause) => {
					throw aborted(a, cause);
				});
			}
		}
	}

	private keep(url: string, res: Response, body: unknown): void {
		const etag = res.headers.get("ETag");
		this.kept.delete(url);
		if (!etag || body === undefined) return;
		this.kept.set(url, { etag, body });
		if (this.kept.size <= KEPT_MAX) return;
		const oldest = this.kept.keys().next().value;
		if (oldest !== undefined) this.kept.delete(oldest);
	}

	private init(method: string, id: string, o: CallOptions): RequestInit {
		const headers: Record<string, string> = {
			Accept: "application/json",
			"X-Request-Id": id,
			...o.headers,
		};
		if (!SAFE.has(method) && this.csrf) headers["X-CSRF-Token"] = this.csrf;
		if (o.idempotencyKey) headers["Idempotency-Key"] = o.idempotencyKey;
		const init: RequestInit = {
			method,
			headers,
			credentials: "same-origin",
			redirect: "error",
		};
		if (o.body instanceof Blob) {
			headers["Content-Type"] = "application/octet-stream";
			init.body = o.body;
		} else if (o.body !== undefined) {
			headers["Content-Type"] = "application/json";
			init.body = JSON.stringify(o.body);
		}
		return init;
	}

	/** How long to wait before the next try; null: there is none. */
	private retryDelay(
		err: ApiError,
		attempt: number,
		o: CallOptions,
	): number | null {
		const retryable =
			err.code === "NETWORK" ||
			err.code === "TIMEOUT" ||
			RETRY_STATUSES.has(err.status);
		if (!retryable) return null;
		const max = o.maxDelay ?? DEFAULTS.maxDelay;
		// Asked to stay away for longer than we may wait, we say so at once.
		if (err.retryAfter !== null && err.retryAfter > max) return null;
		const delay = backoffDelay(
			attempt,
			o.initialDelay ?? DEFAULTS.initialDelay,
			max,
			this.o.random,
		);
		return Math.max(delay, err.retryAfter ?? 0);
	}

	private fail(err: ApiError, a: Attempt, n: number, o: CallOptions): never {
		const facts = {
			method: a.method,
			path: a.path,
			requestId: err.requestId,
			status: err.status,
			code: err.code,
			detail: err.detail,
			attempts: n + 1,
		};
		if (err.code === "ABORTED") this.o.logger.debug("API call ended", facts);
		else if (err.status >= 400 && err.status < 500)
			this.o.logger.warn("API call refused", facts);
		// Nobody answered: sending that to the server would fail as well.
		else if (err.status === 0) this.o.logger.warn("API did not answer", facts);
		else this.o.logger.error("API call failed", facts);
		if (err.status === 401 && !o.anonymous && !this.expired) {
			this.expired = true;
			this.csrf = null;
			this.o.onUnauthorized();
		}
		throw err;
	}

	private async attempt<T>(a: Attempt, n: number): Promise<T> {
		const ctl = new AbortController();
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			ctl.abort();
		}, a.timeout);
		const onAbort = () => ctl.abort(a.signal?.reason);
		if (a.signal?.aborted) onAbort();
		else a.signal?.addEventListener("abort", onAbort, { once: true });
		const start = this.o.now();
		this.o.logger.debug("API request", {
			method: a.method,
			path: a.path,
			requestId: a.id,
			attempt: n,
		});
		try {
			const known = a.method === "GET" ? this.kept.get(a.url) : undefined;
			const res = await this.o.fetch(a.url, {
				...a.init,
				...(known ? { headers: withEtag(a.init, known.etag) } : {}),
				signal: ctl.signal,
			});
			const id = res.headers.get("X-Request-Id") ?? a.id;
			this.o.logger.debug("API answer", {
				method: a.method,
				path: a.path,
				requestId: id,
				status: res.status,
				ms: this.o.now() - start,
			});
			if (res.status === 304 && known) return known.body as T;
			if (!res.ok) throw await problem(res, id, this.o.now());
			const body = await readBody(res, id);
			if (a.method === "GET") this.keep(a.url, res, body);
			return body as T;
		} catch (e) {
			if (e instanceof ApiError) throw e;
			if (late) throw timedOut(a, e);
			if (a.signal?.aborted) throw aborted(a, e);
			throw unreachable(a, e);
		} finally {
			clearTimeout(timer);
			a.signal?.removeEventListener("abort", onAbort);
		}
	}
}

function withEtag(init: RequestInit, etag: string): HeadersInit {
	return { ...(init.headers as Record<string, string>), "If-None-Match": etag };
}

async function readBody(res: Response, id: string): Promise<unknown> {
	if (res.status === 204 || res.status === 205) return undefined;
	const text = await res.text();
	if (text === "") return undefined;
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new ApiError({
			status: res.status,
			code: "FORMAT",
			title: "The answer could not be read",
			detail: "The server's answer was not JSON.",
			requestId: id,
			cause,
		});
	}
}

function timedOut(a: Attempt, cause: unknown): ApiError {
	return new ApiError({
		status: 0,
		code: "TIMEOUT",
		title: "No answer in time",
		detail: `No answer within ${Math.round(a.timeout / 1000)} s.`,
		requestId: a.id,
		cause,
	});
}

function aborted(a: Attempt, cause: unknown): ApiError {
	return new ApiError({
		status: 0,
		code: "ABORTED",
		title: "Cancelled",
		requestId: a.id,
		cause,
	});
}

function unreachable(a: Attempt, cause: unknown): ApiError {
	return new ApiError({
		status: 0,
		code: "NETWORK",
		title: "Server not reached",
		detail: "The server could not be reached. Is it running?",
		requestId: a.id,
		cause,
	});
}
