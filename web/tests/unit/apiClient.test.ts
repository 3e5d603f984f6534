import { beforeEach, describe, expect, it, vi } from "vitest";
import {
	ApiClient,
	type ApiClientOptions,
	ApiError,
	backoffDelay,
	parseRetryAfter,
} from "../../src/lib/apiClient";

type Step = Response | Error | ((init: RequestInit) => Promise<Response>);

const json = (v: unknown, status = 200, headers = {}) =>
	new Response(JSON.stringify(v), {
		status,
		headers: { "Content-Type": "application/json", ...headers },
	});
const problem = (status: number, doc = {}, headers = {}) =>
	json({ title: "No", status, ...doc }, status, headers);
const offline = () => new TypeError("Failed to fetch");

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const delays: number[] = [];

function client(steps: Step[], o: Partial<ApiClientOptions> = {}) {
	const fetch = vi.fn(async (_url: unknown, init: RequestInit = {}) => {
		const s = steps.shift();
		if (!s) throw new Error("no answer left");
		if (s instanceof Error) throw s;
		return typeof s === "function" ? s(init) : s;
	});
	const api = new ApiClient({
		logger: log,
		fetch: fetch as unknown as typeof globalThis.fetch,
		sleep: async (ms) => {
			delays.push(ms);
		},
		random: () => 1,
		...o,
	});
	const headers = (n = 0) =>
		(fetch.mock.calls[n]?.[1]?.headers ?? {}) as Record<string, string>;
	return { api, fetch, headers };
}

/** The error a call ends with. */
async function failure(p: Promise<unknown>): Promise<ApiError> {
	try {
		await p;
	} catch (e) {
		expect(e).toBeInstanceOf(ApiError);
		return e as ApiError;
	}
	throw new Error("the call did not fail");
}

/** A fetch that never answers, but heeds its abort signal. */
const silence = (init: RequestInit) =>
	new Promise<Response>((_, reject) => {
		init.signal?.addEventListener("abort", () =>
			reject(new DOMException("aborted", "AbortError")),
		);
	});

beforeEach(() => {
	delays.length = 0;
	for (const f of Object.values(log)) f.mockReset();
});

describe("apiClient", () => {
	it("reads JSON under its base path with a query", async () => {
		const { api, fetch } = client([json({ items: [1] })]);
		const v = await api.get<{ items: number[] }>("/bots", {
			query: { limit: 5, q: "a b", none: undefined, empty: "" },
		});
		expect(v.items).toEqual([1]);
		expect(fetch.mock.calls[0]?.[0]).toBe("/api/v1/bots?limit=5&q=a+b");
	});

	it("answers nothing for 204 and for an empty body", async () => {
		const { api } = client([
			new Response(null, { status: 204 }),
			new Response("", { status: 200 }),
		]);
		expect(await api.delete("/bots/1")).toBeUndefined();
		expect(await api.post("/logout")).toBeUndefined();
	});

	it("turns problem+json into a typed error", async () => {
		const { api } = client([
			problem(422, {
				title: "Unprocessable",
				detail: "name: too long",
				code: "INVAL",
				errors: [{ field: "name", detail: "at most 64 characters" }],
				request_id: "server-id",
			}),
		]);
		const e = await failure(api.post("/bots", { name: "x" }));
		expect(e).toMatchObject({
			status: 422,
			code: "INVAL",
			detail: "name: too long",
			requestId: "server-id",
		});
		expect(e.forField("name")).toBe("at most 64 characters");
		expect(e.forField("tf")).toBeNull();
	});

	it("makes an error of a proxy's HTML page too", async () => {
		const { api } = client([
			new Response("<html>Bad Gateway", { status: 502 }),
		]);
		const e = await failure(api.post("/x"));
		expect(e).toMatchObject({ status: 502, code: "HTTP_502" });
	});

	it("calls a good answer that is not JSON a format error", async () => {
		const { api, fetch } = client([new Response("<html>", { status: 200 })]);
		const e = await failure(api.get("/x"));
		expect(e.code).toBe("FORMAT");
		expect(fetch).toHaveBeenCalledTimes(1);
	});

	it.each([408, 429, 500, 502, 503, 504])(
		"tries a read again after status %i",
		async (status) => {
			const { api, fetch } = client([problem(status), json({ ok: 1 })]);
			expect(await api.get("/x")).toEqual({ ok: 1 });
			expect(fetch).toHaveBeenCalledTimes(2);
			expect(log.warn).toHaveBeenCalledTimes(1);
		},
	);

	it.each([400, 403, 404, 409, 422, 501])(
		"does not try a read again after status %i",
		async (status) => {
			const { api, fetch } = client([problem(status), json({})]);
			expect((await failure(api.get("/x"))).status).toBe(status);
			expect(fetch).toHaveBeenCalledTimes(1);
		},
	);

	it("tries a read again after a network error, four times in all", async () => {
		const { api, fetch } = client([
			offline(),
			offline(),
			offline(),
			offline(),
			json({}),
		]);
		const e = await failure(api.get("/x"));
		expect(e).toMatchObject({ status: 0, code: "NETWORK" });
		expect(fetch).toHaveBeenCalledTimes(4);
	});

	it("waits longer each time, never above the cap", async () => {
		const { api } = client([
			problem(500),
			problem(500),
			problem(500),
			problem(500),
			json({}),
		]);
		await api.get("/x", { maxRetries: 4, initialDelay: 100, maxDelay: 300 });
		expect(delays).toEqual([100, 200, 300, 300]);
	});

	it("spreads the waits over the whole interval", () => {
		expect(backoffDelay(3, 100, 10_000, () => 0)).toBe(0);
		expect(backoffDelay(3, 100, 10_000, () => 0.5)).toBe(400);
		expect(backoffDelay(30, 100, 10_000, () => 0.999)).toBe(9990);
	});

	it("waits as long as Retry-After says", async () => {
		const { api } = client(
			[problem(429, {}, { "Retry-After": "7" }), json({})],
			{ random: () => 0 },
		);
		await api.get("/x");
		expect(delays).toEqual([7000]);
	});

	it("gives up at once when Retry-After is beyond the cap", async () => {
		const { api, fetch } = client([
			problem(503, {}, { "Retry-After": "120" }),
			json({}),
		]);
		const e = await failure(api.get("/x", { maxDelay: 5000 }));
		expect(e.retryAfter).toBe(120_000);
		expect(fetch).toHaveBeenCalledTimes(1);
		expect(delays).toEqual([]);
	});

	it("understands both forms of Retry-After", () => {
		const now = Date.parse("2026-01-01T00:00:00Z");
		expect(parseRetryAfter("3", now)).toBe(3000);
		expect(parseRetryAfter("Thu, 01 Jan 2026 00:00:09 GMT", now)).toBe(9000);
		expect(parseRetryAfter("soon", now)).toBeNull();
		expect(parseRetryAfter(null, now)).toBeNull();
	});

	it("honours maxRetries 0", async () => {
		const { api, fetch } = client([problem(500), json({})]);
		await failure(api.get("/x", { maxRetries: 0 }));
		expect(fetch).toHaveBeenCalledTimes(1);
	});

	it.each(["post", "put", "patch"] as const)(
		"never repeats a %s without an Idempotency-Key",
		async (m) => {
			const { api, fetch } = client([offline(), json({})]);
			await failure(api[m]("/bots", {}));
			expect(fetch).toHaveBeenCalledTimes(1);
		},
	);

	it("repeats a write that carries an Idempotency-Key, with the same key", async () => {
		const { api, headers } = client([offline(), problem(503), json({ id: 1 })]);
		expect(await api.post("/bots", {}, { idempotencyKey: "k1" })).toEqual({
			id: 1,
		});
		expect([0, 1, 2].map((n) => headers(n)["Idempotency-Key"])).toEqual([
			"k1",
			"k1",
			"k1",
		]);
	});

	it("ends an attempt that takes too long", async () => {
		vi.useFakeTimers();
		const { api } = client([silence]);
		const p = failure(api.get("/x", { timeout: 50, maxRetries: 0 }));
		await vi.advanceTimersByTimeAsync(60);
		expect(await p).toMatchObject({ status: 0, code: "TIMEOUT" });
	});

	it("tries again after a timeout", async () => {
		vi.useFakeTimers();
		const { api } = client([silence, json({ ok: 1 })]);
		const p = api.get("/x", { timeout: 50 });
		await vi.advanceTimersByTimeAsync(60);
		expect(await p).toEqual({ ok: 1 });
	});

	it("stops when its caller aborts, also between two tries", async () => {
		const ctl = new AbortController();
		const { api, fetch } = client([silence]);
		const p = failure(api.get("/x", { signal: ctl.signal }));
		ctl.abort();
		expect(await p).toMatchObject({ code: "ABORTED" });
		expect(fetch).toHaveBeenCalledTimes(1);

		const later = new AbortController();
		const second = new ApiClient({
			logger: log,
			fetch: async () => problem(500),
			random: () => 1,
		});
		const q = failure(
			second.get("/x", { signal: later.signal, initialDelay: 60_000 }),
		);
		setTimeout(() => later.abort(), 5);
		expect(await q).toMatchObject({ code: "ABORTED" });
	});

	it("ends the session once, however many calls answer 401", async () => {
		const onUnauthorized = vi.fn();
		const { api } = client([problem(401), problem(401), problem(401)], {
			onUnauthorized,
		});
		api.setCsrf("c");
		await failure(api.get("/a"));
		await failure(api.get("/b"));
		expect(onUnauthorized).toHaveBeenCalledTimes(1);
		api.setCsrf("new session");
		await failure(api.get("/c"));
		expect(onUnauthorized).toHaveBeenCalledTimes(2);
	});

	it("takes a 401 of the sign-in itself as an answer", async () => {
		const onUnauthorized = vi.fn();
		const { api } = client([problem(401)], { onUnauthorized });
		await failure(api.post("/login", {}, { anonymous: true }));
		expect(onUnauthorized).not.toHaveBeenCalled();
	});

	it("sends the CSRF token with writes and not with reads", async () => {
		const { api, headers } = client([json({}), json({})]);
		api.setCsrf("t0k");
		await api.get("/x");
		await api.post("/x", { a: 1 });
		expect(headers(0)["X-CSRF-Token"]).toBeUndefined();
		expect(headers(1)["X-CSRF-Token"]).toBe("t0k");
		expect(headers(1)["Content-Type"]).toBe("application/json");
	});

	it("sends a request id and logs the one that the server answers with", async () => {
		const { api, headers } = client([
			problem(500, {}, { "X-Request-Id": "from-server" }),
		]);
		const e = await failure(api.get("/x", { maxRetries: 0 }));
		expect(headers()["X-Request-Id"]).toMatch(/^[0-9a-f]{32}$/);
		expect(e.requestId).toBe("from-server");
		expect(log.error).toHaveBeenCalledWith(
			"API call failed",
			expect.objectContaining({ requestId: "from-server", status: 500 }),
		);
	});

	it("asks whether a kept answer still holds and takes it on 304", async () => {
		const { api, headers } = client([
			json({ n: 1 }, 200, { ETag: '"a"' }),
			new Response(null, { status: 304 }),
			json({ n: 2 }, 200, { ETag: '"b"' }),
			json({ n: 3 }),
			json({ n: 4 }),
		]);
		const first = await api.get("/x");
		expect(headers(0)["If-None-Match"]).toBeUndefined();
		expect(await api.get("/x")).toBe(first);
		expect(headers(1)["If-None-Match"]).toBe('"a"');
		expect(await api.get("/x")).toEqual({ n: 2 });
		await api.get("/other");
		expect(headers(3)["If-None-Match"]).toBeUndefined();
		api.setCsrf(null);
		await api.get("/x");
		expect(headers(4)["If-None-Match"]).toBeUndefined();
	});

	it("never logs a body", async () => {
		const { api } = client([json({ secret: "s3cr3t-body" })]);
		await api.post("/login", { password: "hunter2" });
		const all = JSON.stringify(Object.values(log).map((f) => f.mock.calls));
		expect(all).not.toContain("hunter2");
		expect(all).not.toContain("s3cr3t-body");
		expect(log.debug).toHaveBeenCalledTimes(2);
	});
});
