// The API for working on the pages without the server. It speaks the same
// contract with a world of its own, and serves dist/ under the same content
// policy as production. Never shipped.
//   node dev/server.mjs [--port 8090] [--dist dist]
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";
import { barAt, DevBot, makeMarkets, rng, STRATEGIES, TF } from "./world.mjs";

const { values: args } = parseArgs({
	options: {
		port: { type: "string", default: "8090" },
		dist: { type: "string", default: "dist" },
		user: { type: "string", default: "demo" },
		password: { type: "string", default: "demo-password" },
		empty: { type: "boolean", default: false },
	},
});
const now = () => Date.now();
const random = rng(42);
const markets = makeMarkets(now());
const bots = [];
const clientLogs = [];
const sessions = new Map();
const tokens = [];
let preferences = {};
let nextBot = 1;
let requests = 0;
const started = now();

// ---- live channel -------------------------------------------------------

const sockets = new Set();
const rings = new Map();
function publish(topic, type, data) {
	const ring = rings.get(topic) ?? { id: 0, events: [] };
	rings.set(topic, ring);
	const ev = { topic, id: ++ring.id, type, data };
	ring.events.push(ev);
	if (ring.events.length > 500) ring.events.shift();
	const text = JSON.stringify(ev);
	for (const s of sockets) if (s.topics.has(topic)) s.send(text);
}
function publishBot(b) {
	b.ver++;
	b.changed = now();
	publish("bots", "state", b.view());
	publish(`bot:${b.id}`, "state", b.view());
}

// ---- the world moves ----------------------------------------------------

function addBot(p) {
	const m = markets.find((x) => x.id === p.market_id);
	const s = STRATEGIES.find((x) => x.id === p.strategy_id);
	const b = new DevBot(nextBot++, p, m, s);
	bots.push(b);
	return b;
}
function advance(b, n) {
	const all = b.m.candles[b.tf];
	const end = b.from + (b.total ?? 0);
	let moved = false;
	for (let i = 0; i < n && b.at < end; i++) {
		for (const [type, data] of b.step(barAt(all, b.at++)))
			publish(`bot:${b.id}`, type, data);
		moved = true;
	}
	if (b.at >= end) {
		b.state = "finished";
		b.log("info", "The replay has ended");
	}
	if (moved) publishBot(b);
}
function tickMarket(m) {
	const one = m.candles["1m"];
	const i = one.t.length - 1;
	const last = one.c[i];
	const price = +(last * (1 + (random() - 0.5) * 0.0009)).toFixed(2);
	const t = Math.floor(now() / 60_000) * 60_000;
	for (const [tf, ms] of Object.entries(TF)) {
		const c = m.candles[tf];
		if (!c) continue;
		const start = Math.floor(now() / ms) * ms;
		let n = c.t.length - 1;
		if (c.t[n] < start) {
			const closed = barAt(c, n);
			publish(`market:${m.id}:${tf}`, "candle", { ...closed, closed: true });
			for (const b of bots)
				if (b.m === m && b.tf === tf && b.state === "running") {
					for (const [type, data] of b.step(closed))
						publish(`bot:${b.id}`, type, data);
					publishBot(b);
				}
			for (const k of ["o", "h", "l", "c"]) c[k].push(price);
			c.t.push(start);
			c.v.push(0);
			n++;
		}
		c.c[n] = price;
		c.h[n] = Math.max(c.h[n], price);
		c.l[n] = Math.min(c.l[n], price);
		c.v[n] = +(c.v[n] + random() * 3).toFixed(5);
		publish(`market:${m.id}:${tf}`, "candle", {
			...barAt(c, n),
			closed: false,
		});
	}
	publish(`ticker:${m.id}`, "ticker", ticker(m, t));
}
setInterval(() => {
	for (const m of markets) if (m.exchange === "sim") tickMarket(m);
	for (const b of bots)
		if (b.state === "running" && b.feed.kind === "replay")
			advance(
				b,
				b.feed.speed
					? Math.max(1, Math.round((b.feed.speed * 1000) / TF[b.tf]))
					: 700,
			);
		else if (b.state === "starting") {
			b.state = "running";
			publishBot(b);
		} else if (b.state === "stopping") {
			b.state = "stopped";
			publishBot(b);
		}
}, 1000);

function base(m) {
	return m.candles["1m"] ?? m.candles["1h"];
}
function ticker(m) {
	const c = base(m);
	const last = c.c.at(-1);
	const before = c.c.at(m.candles["1m"] ? -1440 : -24);
	return {
		bid: (last - 0.01).toFixed(2),
		ask: (last + 0.02).toFixed(2),
		last: last.toFixed(2),
		time: now(),
		change_24h: last / before - 1,
	};
}
function book(m, depth) {
	const last = base(m).c.at(-1);
	const side = (s) =>
		Array.from({ length: depth }, (_, i) => [
			(last + s * (0.01 + last * 0.00004 * (i + random() * 0.8))).toFixed(2),
			(0.02 + random() * 1.8 * (1 + i / 6)).toFixed(5),
		]);
	return { bids: side(-1), asks: side(1), time: now() };
}
function marketView(m) {
	const { candles, ...rest } = m;
	return {
		...rest,
		timeframes: Object.entries(candles).map(([tf, c]) => ({
			tf,
			from: c.t[0],
			to: c.t.at(-1),
			count: c.t.length,
		})),
		last: ticker(m).last,
		change_24h: ticker(m).change_24h,
	};
}

if (!args.empty) {
	const p = { mode: "paper", inputs: { fast: 12, slow: 26, src: "close" } };
	const demo = addBot({
		...p,
		name: "EMA cross BTC",
		market_id: 3,
		tf: "1h",
		strategy_id: 1,
		initial_balance: "10000",
		feed: { kind: "replay", speed: 0 },
	});
	demo.state = "running";
	advance(demo, 9000);
	demo.feed.speed = 3600 * 2;
	const live = addBot({
		...p,
		name: "Sim scalper",
		market_id: 1,
		tf: "1m",
		strategy_id: 1,
		initial_balance: "5000",
		feed: { kind: "live" },
	});
	const c = live.m.candles["1m"];
	for (let i = Math.max(0, c.t.length - 900); i < c.t.length - 1; i++)
		live.step(barAt(c, i));
	live.state = "running";
	const eth = addBot({
		...p,
		name: "RSI reversal ETH",
		market_id: 4,
		tf: "4h",
		strategy_id: 2,
		initial_balance: "2500",
		feed: { kind: "replay", speed: 0 },
	});
	eth.state = "running";
	advance(eth, 100_000);
	const halted = addBot({
		...p,
		name: "Breakout SOL",
		market_id: 5,
		tf: "5m",
		strategy_id: 3,
		initial_balance: "1000",
		feed: { kind: "live" },
	});
	halted.state = "halted";
	halted.error = "The daily loss limit of 5 % was reached.";
	addBot({
		...p,
		name: "Idea",
		market_id: 2,
		tf: "15m",
		strategy_id: 1,
		initial_balance: "1000",
		feed: { kind: "live" },
	});
}

// ---- requests -----------------------------------------------------------

class Problem extends Error {
	constructor(status, code, detail, extra = {}) {
		super(detail);
		Object.assign(this, { status, code, extra });
	}
}
const list = (items, q, size = 50) => {
	const limit = Number(q.get("limit") ?? size);
	const from = Number(q.get("cursor") ?? 0);
	const end = from + limit;
	return {
		items: items.slice(from, end),
		next: end < items.length ? String(end) : null,
	};
};
const newest = (a) => [...a].reverse();
const botOf = (id) => {
	const b = bots.find((x) => x.id === Number(id));
	if (!b) throw new Problem(404, "NOTFOUND", "There is no such bot.");
	return b;
};
const marketOf = (id) => {
	const m = markets.find((x) => x.id === Number(id));
	if (!m) throw new Problem(404, "NOTFOUND", "There is no such market.");
	return m;
};
const nameRef = (b) => ({ id: b.id, name: b.name });
const marketRef = (m) => ({
	id: m.id,
	exchange: m.exchange,
	symbol: m.symbol,
});
function thin(cols, points) {
	const n = cols.t.length;
	const step = Math.max(1, Math.ceil(n / points));
	const pick = (a) => a.filter((_, i) => i % step === 0 || i === n - 1);
	return Object.fromEntries(Object.entries(cols).map(([k, v]) => [k, pick(v)]));
}
function candles(m, q) {
	const tf = q.get("tf");
	const c = m.candles[tf];
	if (!c)
		throw new Problem(422, "INVAL", "No such timeframe.", { field: "tf" });
	const from = Number(q.get("from") ?? 0);
	const to = Number(q.get("to") ?? Number.MAX_SAFE_INTEGER);
	const limit = Math.min(5000, Number(q.get("limit") ?? 1000));
	let idx = c.t
		.map((t, i) => (t >= from && t < to ? i : -1))
		.filter((i) => i >= 0);
	idx = q.has("from") ? idx.slice(0, limit) : idx.slice(-limit);
	const pick = (a) => idx.map((i) => a[i]);
	return {
		market: m.id,
		tf,
		...Object.fromEntries(
			["t", "o", "h", "l", "c", "v"].map((k) => [k, pick(c[k])]),
		),
	};
}
function dashboard() {
	const views = bots.map((b) => b.view());
	const sum = (k) =>
		views.reduce((a, b) => a + Number(b[k] ?? 0), 0).toFixed(2);
	const curve = bots[0]?.eq ?? { t: [], equity: [] };
	return {
		bots: {
			running: views.filter((b) => b.state === "running").length,
			paused: views.filter((b) => b.state === "paused").length,
			total: views.length,
		},
		equity: sum("equity"),
		profit: sum("profit"),
		profit_24h: (Number(sum("profit")) * 0.031).toFixed(2),
		positions: bots
			.filter((b) => b.qty)
			.map((b) => ({
				bot: nameRef(b),
				market: marketRef(b.m),
				...b.view().position,
				last: base(b.m).c.at(-1).toFixed(2),
			})),
		trades: allTrades().slice(0, 20),
		equity_curve: thin({ t: curve.t, equity: curve.equity }, 600),
	};
}
function allTrades() {
	return bots
		.flatMap((b) =>
			b.trades.map((t) => ({ ...t, bot: nameRef(b), market: marketRef(b.m) })),
		)
		.sort(
			(a, b) => (b.exit_time ?? b.entry_time) - (a.exit_time ?? a.entry_time),
		);
}
function monitoring() {
	const wave = (p) => 1 + 0.4 * Math.sin(now() / p);
	const up = (now() - started) / 1000;
	const route = (method, path, n, p50) => ({
		route: path,
		method,
		requests: Math.round(n * (up + 0.9 * Math.sin(up / 9))) + requests,
		errors: path === "/api/v1/login" ? 3 : 0,
		p50: p50 * wave(7000),
		p95: p50 * 3 * wave(5000),
		p99: p50 * 7 * wave(4000),
	});
	const proc = (role, pid, rss) => ({
		role,
		pid,
		state: "idle",
		rss: Math.round(rss * wave(60_000 + pid)),
		cpu_seconds: 0.02 * (up + 4 * Math.sin(up / 8)),
		requests,
		restarts: 0,
	});
	return {
		time: now(),
		uptime: up,
		http: {
			routes: [
				route("GET", "/api/v1/dashboard", 3, 0.0021),
				route("GET", "/api/v1/bots", 2, 0.0014),
				route("GET", "/api/v1/markets/{id}/candles", 1, 0.0062),
				route("POST", "/api/v1/login", 0.01, 0.081),
			],
			active: 1 + Math.round(random() * 3),
			slow: 0,
		},
		processes: [
			proc("api", 4101, 9_200_000),
			proc("api", 4102, 9_400_000),
			proc("live", 4103, 6_100_000),
			proc("feed", 4110, 12_000_000),
			proc("runner", 4111, 18_500_000),
		],
		db: {
			queries: Math.round(up * 40),
			errors: 0,
			p50: 0.00031 * wave(6000),
			p99: 0.0042 * wave(3000),
		},
		bots: {
			running: bots.filter((b) => b.state === "running").length,
			paused: 0,
		},
		orders: {
			sent: bots.reduce((a, b) => a + b.orders.length, 0),
			open: 0,
			uncertain: 0,
		},
		jobs: { queued: 0, running: 0 },
		live: {
			clients: sockets.size,
			topics: rings.size,
			delivered: [...rings.values()].reduce((a, r) => a + r.id, 0),
			dropped: 0,
		},
	};
}
const LEVELS = ["debug", "info", "warn", "error"];
function logs(q) {
	const source = q.get("source") ?? "bot";
	let rows =
		source === "client"
			? clientLogs
			: bots.flatMap((b) =>
					b.lines.map((l) => ({
						...l,
						id: b.id * 1e6 + l.id,
						source: "bot",
						bot_id: b.id,
					})),
				);
	rows = [...rows].sort((a, b) => b.time - a.time);
	for (const [k, f] of [
		["level", (r, v) => LEVELS.indexOf(r.level) >= LEVELS.indexOf(v)],
		["q", (r, v) => r.message.toLowerCase().includes(v.toLowerCase())],
		["request_id", (r, v) => r.request_id === v],
	])
		if (q.get(k)) rows = rows.filter((r) => f(r, q.get(k)));
	return list(rows, q);
}
function create(body) {
	if (!body.name)
		throw new Problem(422, "INVAL", "name: must not be empty", {
			field: "name",
			errors: [{ field: "name", detail: "must not be empty" }],
		});
	marketOf(body.market_id);
	const b = addBot(body);
	publishBot(b);
	return b.view();
}
const MOVES = { start: "starting", pause: "paused", stop: "stopping" };
function act(b, action) {
	b.state = MOVES[action];
	publishBot(b);
	return b.view();
}
function user(req) {
	const sid = /sid=([^;]+)/.exec(req.headers.cookie ?? "")?.[1];
	return sid ? sessions.get(sid) : undefined;
}
const me = (s) => ({
	user: { id: 1, name: args.user, role: "admin" },
	csrf: s.csrf,
});

const routes = [
	[
		"GET",
		"/me",
		({ s }) => ({
			...me(s),
			preferences,
			env: "development",
			version: "0.1.0-dev",
			sentry_dsn: null,
		}),
	],
	[
		"PATCH",
		"/me",
		({ body, s }) => {
			preferences = { ...preferences, ...body.preferences };
			return me(s);
		},
	],
	[
		"POST",
		"/me/password",
		({ body }) => {
			if (body.old !== args.password)
				throw new Problem(422, "INVAL", "This is not your password.", {
					field: "old",
				});
		},
	],
	[
		"POST",
		"/logout",
		({ s }) => {
			sessions.delete(s.sid);
		},
	],
	[
		"GET",
		"/sessions",
		({ s, q }) =>
			list(
				[...sessions.values()].map((x) => ({
					id: x.id,
					created: x.created,
					seen: now(),
					expires: x.created + 6048e5,
					address: "127.0.0.1",
					agent: x.agent,
					current: x === s,
				})),
				q,
			),
	],
	[
		"DELETE",
		"/sessions/:id",
		({ p }) => {
			for (const [k, v] of sessions)
				if (String(v.id) === p.id) sessions.delete(k);
		},
	],
	["GET", "/tokens", ({ q }) => list(tokens, q)],
	[
		"POST",
		"/tokens",
		({ body }) => {
			const t = {
				id: tokens.length + 1,
				name: body.name,
				scopes: body.scopes,
				created: now(),
				expires: now() + body.expires_days * 864e5,
				seen: null,
			};
			tokens.push(t);
			return [201, { ...t, token: `bot_${"0123456789abcdef".repeat(3)}` }];
		},
	],
	[
		"DELETE",
		"/tokens/:id",
		({ p }) => {
			tokens.splice(
				tokens.findIndex((t) => t.id === Number(p.id)),
				1,
			);
		},
	],
	["GET", "/markets", ({ q }) => list(markets.map(marketView), q)],
	["GET", "/markets/:id", ({ p }) => marketView(marketOf(p.id))],
	["GET", "/markets/:id/candles", ({ p, q }) => candles(marketOf(p.id), q)],
	["GET", "/markets/:id/ticker", ({ p }) => ticker(marketOf(p.id))],
	[
		"GET",
		"/markets/:id/book",
		({ p, q }) => book(marketOf(p.id), Number(q.get("depth") ?? 10)),
	],
	["GET", "/strategies", ({ q }) => list(STRATEGIES, q)],
	[
		"GET",
		"/bots",
		({ q }) =>
			list(
				newest(bots).map((b) => b.view()),
				q,
			),
	],
	["POST", "/bots", ({ body }) => [201, create(body)]],
	["GET", "/bots/:id", ({ p }) => botOf(p.id).view()],
	[
		"DELETE",
		"/bots/:id",
		({ p }) => {
			bots.splice(bots.indexOf(botOf(p.id)), 1);
		},
	],
	["POST", "/bots/:id/:action", ({ p }) => act(botOf(p.id), p.action)],
	[
		"GET",
		"/bots/:id/orders",
		({ p, q }) => list(newest(botOf(p.id).orders), q),
	],
	["GET", "/bots/:id/fills", ({ p, q }) => list(newest(botOf(p.id).fills), q)],
	[
		"GET",
		"/bots/:id/trades",
		({ p, q }) => list(newest(botOf(p.id).trades), q),
	],
	["GET", "/bots/:id/log", ({ p, q }) => list(newest(botOf(p.id).lines), q)],
	[
		"GET",
		"/bots/:id/equity",
		({ p, q }) => thin(botOf(p.id).eq, Number(q.get("points") ?? 1000)),
	],
	[
		"GET",
		"/bots/:id/plots",
		({ p }) => {
			const { t, fast, slow } = botOf(p.id).plots;
			const cut = (a) => a.slice(-5000);
			return {
				names: [
					{ name: "fast", kind: "line", color: null },
					{ name: "slow", kind: "line", color: null },
				],
				t: cut(t),
				values: [cut(fast), cut(slow)],
			};
		},
	],
	["GET", "/dashboard", () => dashboard()],
	["GET", "/trades", ({ q }) => list(allTrades(), q)],
	["GET", "/logs", ({ q }) => logs(q)],
	["GET", "/monitoring", () => monitoring()],
];

function match(method, path) {
	for (const [m, pattern, fn] of routes) {
		if (m !== method) continue;
		const a = pattern.split("/");
		const b = path.split("/");
		if (a.length !== b.length) continue;
		if (a.every((x, i) => x.startsWith(":") || x === b[i]))
			return {
				fn,
				p: Object.fromEntries(
					a.flatMap((x, i) => (x.startsWith(":") ? [[x.slice(1), b[i]]] : [])),
				),
			};
	}
	return null;
}
async function readJson(req) {
	const parts = [];
	for await (const c of req) parts.push(c);
	const text = Buffer.concat(parts).toString();
	return text ? JSON.parse(text) : {};
}
function takeLogs(body) {
	for (const e of body.entries ?? [])
		clientLogs.push({ ...e, id: clientLogs.length + 1, source: "client" });
	return [202, undefined];
}
function signIn(req, body) {
	if (body.name !== args.user || body.password !== args.password)
		throw new Problem(401, "AUTH", "Name or password is wrong.");
	const sid = crypto.randomUUID();
	const s = {
		sid,
		id: sessions.size + 1,
		csrf: crypto.randomUUID(),
		created: now(),
		agent: req.headers["user-agent"] ?? "",
	};
	sessions.set(sid, s);
	return [
		200,
		me(s),
		{ "Set-Cookie": `sid=${sid}; Path=/; HttpOnly; SameSite=Strict` },
	];
}
async function answer(req, url) {
	const body = ["POST", "PUT", "PATCH"].includes(req.method)
		? await readJson(req)
		: {};
	const path = url.pathname.replace(/^\/api\/v1|^\/api/, "");
	if (req.method === "POST" && path === "/logs") return takeLogs(body);
	if (req.method === "POST" && path === "/login") return signIn(req, body);
	const s = user(req);
	if (!s) throw new Problem(401, "AUTH", "Please sign in.");
	if (req.method !== "GET" && req.headers["x-csrf-token"] !== s.csrf)
		throw new Problem(403, "CSRF", "The CSRF token is missing.");
	const hit = match(req.method, path);
	if (!hit) throw new Problem(404, "NOTFOUND", "There is nothing here.");
	const out = hit.fn({ p: hit.p, q: url.searchParams, body, s });
	if (Array.isArray(out)) return out;
	return out === undefined ? [204] : [200, out];
}

const CSP =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const TYPES = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript",
	".css": "text/css",
	".svg": "image/svg+xml",
	".woff2": "font/woff2",
	".webmanifest": "application/manifest+json",
};
function serveFile(req, res, url) {
	let file = join(args.dist, normalize(decodeURIComponent(url.pathname)));
	if (!existsSync(file) || statSync(file).isDirectory())
		file = join(args.dist, "index.html");
	res.setHeader("Content-Security-Policy", CSP);
	res.setHeader("X-Content-Type-Options", "nosniff");
	res.setHeader(
		"Content-Type",
		TYPES[extname(file)] ?? "application/octet-stream",
	);
	res.setHeader(
		"Cache-Control",
		file.includes("/assets/") ? "max-age=31536000, immutable" : "no-cache",
	);
	if (
		existsSync(`${file}.gz`) &&
		/gzip/.test(req.headers["accept-encoding"] ?? "")
	) {
		res.setHeader("Content-Encoding", "gzip");
		file += ".gz";
	}
	createReadStream(file).pipe(res);
}

const server = createServer(async (req, res) => {
	const url = new URL(req.url, "http://localhost");
	if (!url.pathname.startsWith("/api/")) return serveFile(req, res, url);
	requests++;
	const id = String(req.headers["x-request-id"] ?? "");
	res.setHeader("X-Request-Id", id);
	try {
		const [status, body, headers] = await answer(req, url);
		for (const [k, v] of Object.entries(headers ?? {})) res.setHeader(k, v);
		res.writeHead(status, { "Content-Type": "application/json" });
		res.end(body === undefined ? "" : JSON.stringify(body));
	} catch (e) {
		const status = e.status ?? 500;
		res.writeHead(status, { "Content-Type": "application/problem+json" });
		res.end(
			JSON.stringify({
				type: "about:blank",
				title: "Refused",
				status,
				detail: e.message,
				code: e.code ?? "INTERNAL",
				request_id: id,
				...e.extra,
			}),
		);
	}
});
const wss = new WebSocketServer({ noServer: true });
server.on("upgrade", (req, socket, head) => {
	if (!user(req)) return socket.destroy();
	wss.handleUpgrade(req, socket, head, (ws) => {
		ws.topics = new Set();
		sockets.add(ws);
		ws.on("close", () => sockets.delete(ws));
		ws.on("message", (text) => {
			const msg = JSON.parse(text);
			if (msg.op === "ping") return ws.send('{"op":"pong"}');
			for (const t of msg.topics ?? []) {
				if (msg.op === "unsub") ws.topics.delete(t);
				else ws.topics.add(t);
				const since = msg.since?.[t];
				if (since)
					for (const ev of rings.get(t)?.events ?? [])
						if (ev.id > since) ws.send(JSON.stringify(ev));
			}
			ws.send(JSON.stringify({ op: "ok", topics: msg.topics }));
		});
	});
});
server.listen(Number(args.port), "127.0.0.1", () =>
	console.log(
		`http://127.0.0.1:${args.port}/ (${args.user} / ${args.password})`,
	),
);
