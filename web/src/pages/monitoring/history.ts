import type { MonitoringData } from "../../api/types";
import { createStore } from "../../lib/store";

/**
 * What the figures were, for as long as the page is open. The server gives
 * counters; rates are the differences between two readings.
 */

export interface Sample {
	t: number;
	requests: number | null;
	errors: number | null;
	p50: number | null;
	p95: number | null;
	p99: number | null;
	dbQueries: number | null;
	dbP50: number | null;
	dbP99: number | null;
	delivered: number | null;
	cpu: number | null;
	rss: number;
}

/** An hour at one reading every five seconds. */
export const KEEP = 720;

export const history = createStore<readonly Sample[]>([]);

const sum = <T>(list: readonly T[], f: (x: T) => number) =>
	list.reduce((a, x) => a + f(x), 0);

/** Per second; null over a restart, when counters began anew. */
export function rate(
	now: number,
	before: number | undefined,
	ms: number,
): number | null {
	if (before === undefined || ms <= 0 || now < before) return null;
	return ((now - before) * 1000) / ms;
}

const routeKey = (r: { method: string; route: string }) =>
	`${r.method} ${r.route}`;

/** Latency over all routes, each weighted by its requests since last time. */
export function latency(
	now: MonitoringData,
	before: MonitoringData | null,
	which: "p50" | "p95" | "p99",
): number | null {
	const old = new Map(
		before?.http.routes.map((r) => [routeKey(r), r.requests]) ?? [],
	);
	let weight = 0;
	let total = 0;
	for (const r of now.http.routes) {
		const n = r.requests - (old.get(routeKey(r)) ?? 0);
		const v = r[which];
		if (n <= 0 || v === null) continue;
		weight += n;
		total += n * v;
	}
	return weight > 0 ? total / weight : null;
}

export function sampleOf(
	now: MonitoringData,
	before: MonitoringData | null,
): Sample {
	const ms = before ? now.time - before.time : 0;
	const counter = (f: (m: MonitoringData) => number) =>
		rate(f(now), before ? f(before) : undefined, ms);
	return {
		t: now.time,
		requests: counter((m) => sum(m.http.routes, (r) => r.requests)),
		errors: counter((m) => sum(m.http.routes, (r) => r.errors)),
		p50: latency(now, before, "p50"),
		p95: latency(now, before, "p95"),
		p99: latency(now, before, "p99"),
		dbQueries: counter((m) => m.db.queries),
		dbP50: now.db.p50,
		dbP99: now.db.p99,
		delivered: counter((m) => m.live.delivered),
		cpu: counter((m) => sum(m.processes, (p) => p.cpu_seconds)),
		rss: sum(now.processes, (p) => p.rss),
	};
}

let last: MonitoringData | null = null;

export function record(m: MonitoringData): void {
	if (last && m.time <= last.time) return;
	const s = sampleOf(m, last);
	last = m;
	history.set((all) => [...all, s].slice(-KEEP));
}
