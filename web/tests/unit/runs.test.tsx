import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { api } from "../../src/api/client";
import type { Strategy } from "../../src/api/types";
import { makeFormats } from "../../src/app/format";
import { parsePrefs } from "../../src/app/prefs";
import { ticks } from "../../src/charts/axes";
import { csvOf, fileName } from "../../src/lib/save";
import {
	GroupsTab,
	heatOf,
	MonthsTab,
	yearOf,
} from "../../src/pages/backtest/Breakdowns";
import { levelsOf, nextSpan } from "../../src/pages/backtest/RunChart";
import { curvesOf } from "../../src/pages/backtest/RunEquity";
import {
	bestOf,
	commonMetrics,
	differences,
	idsOf,
	overlay,
} from "../../src/runs/compare";
import { plotMarks, tradeMarks } from "../../src/runs/draw";
import { MetricTable } from "../../src/runs/MetricTable";
import { metricOf, metricsOf, writeMetric } from "../../src/runs/metrics";
import { Notes } from "../../src/runs/Notes";
import { parseTags, RunProgress } from "../../src/runs/RunBits";
import {
	adoptInputs,
	problemsOf,
	startSetup,
	toSetupBody,
} from "../../src/runs/setup";
import { histogram, pointsOf, quantile } from "../../src/runs/spread";
import { applyRun, patchOf } from "../../src/runs/useRuns";
import { firstOf, value } from "../../src/runs/values";
import { aRun, aTrade, BREAKDOWN, EQUITY } from "./fixtures";

const f = makeFormats(parsePrefs({ timezone: "utc", locale: "en-US" }));
const H = 3_600_000;

afterEach(() => vi.restoreAllMocks());

describe("figures", () => {
	it("are listed in order, known ones first, null as a dash", () => {
		const m = aRun().metrics;
		const keys = metricsOf(m).map((x) => x.key);
		expect(keys[0]).toBe("net_profit");
		expect(keys.at(-1)).toBe("odd_number");
		expect(value(m, "gross_loss")).toBeNull();
		expect(firstOf(m, "profit_total", "total_return")).toBe(0.25);
		expect(writeMetric(f, metricOf("win_rate"), 0.25)).toBe("25.00 %");
		expect(writeMetric(f, metricOf("total_return"), 0.25)).toBe("+25.00 %");
		expect(writeMetric(f, metricOf("sharpe"), null)).toBe("–");
	});

	it("carry their definition for pointer and keyboard", () => {
		render(<MetricTable metrics={aRun().metrics} />);
		const term = screen.getByRole("button", { name: "Sharpe ratio" });
		const tip = document.getElementById(
			term.getAttribute("aria-describedby") ?? "",
		);
		expect(tip?.textContent).toMatch(/365 over yearly volatility/);
	});
});

describe("what is drawn of a run", () => {
	const times = [0, H, 2 * H, 3 * H];
	it("puts arrows on the bars, thinned or not, and leaves others out", () => {
		const marks = tradeMarks(
			[
				aTrade({ entry_ms: H + 5, exit_ms: 2 * H }),
				aTrade({
					number: 2,
					direction: "short",
					entry_ms: 99 * H,
					exit_ms: 100 * H,
				}),
				aTrade({ number: 3, entry_ms: 3 * H, open_at_end: true }),
			],
			times,
		);
		expect(marks.map((m) => [m.id, m.time, m.side])).toEqual([
			["e1", H, "buy"],
			["x1", 2 * H, "sell"],
			["e3", 3 * H, "buy"],
		]);
		expect(tradeMarks([aTrade()], [])).toEqual([]);
	});

	it("draws shapes where the script set them", () => {
		const plot = {
			name: "Up",
			kind: "shape",
			color: null,
			overlay: true,
			values: [null, 1, 0, 1],
		};
		expect(plotMarks([plot], times).map((m) => m.time)).toEqual([H, 3 * H]);
	});

	it("carries equity over gaps and turns the drawdown down", () => {
		const c = curvesOf(EQUITY);
		expect(c.equity).toEqual([100, 100, 120]);
		expect(c.drawdown).toEqual([-0, -0.1, -0]);
		expect(c.hold).toEqual([100, 90, 80]);
		expect(curvesOf({ ...EQUITY, buy_hold: null }).hold).toBeUndefined();
	});

	it("shows a trade by lines at its entry and exit", () => {
		expect(levelsOf(null)).toEqual([]);
		expect(levelsOf(aTrade()).map((l) => l.price)).toEqual([100, 110]);
		expect(levelsOf(aTrade({ open_at_end: true })).length).toBe(1);
	});
});

describe("nextSpan", () => {
	const run = { from: 0, to: 1000 * H };
	const thin = { first: 0, last: 990 * H, step: 10 * H };
	const view = (from: number, to: number, before = false, after = false) => ({
		from: from * H,
		to: to * H,
		before,
		after,
	});
	it("fetches finer candles when one looks closer", () => {
		expect(nextSpan(view(100, 200), thin, H, null, run)).toEqual({
			from: 0,
			to: 300 * H,
		});
		expect(nextSpan(view(0, 900), thin, H, null, run)).toBeUndefined();
	});
	it("fetches more beside what is held, and all of it in the end", () => {
		const held = { first: 100 * H, last: 300 * H, step: H };
		const now = { from: 100 * H, to: 300 * H };
		expect(nextSpan(view(150, 250), held, H, now, run)).toBeUndefined();
		expect(nextSpan(view(100, 180, true), held, H, now, run)).toEqual({
			from: 0,
			to: 260 * H,
		});
		expect(nextSpan(view(100, 700, true, true), held, H, now, run)).toBeNull();
	});
});

describe("spread", () => {
	it("counts every result once, with zero as a border", () => {
		const v = [-0.03, -0.001, 0, 0.002, 0.05];
		const bins = histogram(v, 8);
		expect(bins.reduce((a, b) => a + b.count, 0)).toBe(5);
		expect(bins.some((b) => b.from < -1e-12 && b.to > 1e-12)).toBe(false);
		expect(histogram([])).toEqual([]);
		expect(histogram([0, 0]).reduce((a, b) => a + b.count, 0)).toBe(2);
	});
	it("relates points to what was paid", () => {
		expect(pointsOf([aTrade(), aTrade({ number: 2, mae: null })])).toEqual([
			{ number: 1, mae: 0.05, mfe: 0.15, result: 0.1 },
		]);
		expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
		expect(quantile([], 0.5)).toBeNull();
	});
	it("marks axes at round numbers", () => {
		expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
		expect(ticks(1, 1, 5)).toEqual([1]);
	});
});

describe("comparison", () => {
	const a = aRun();
	const b = aRun({
		id: 8,
		name: "Other",
		inputs: { fastLength: 20 },
		metrics: { total_return: 0.1, max_drawdown_ratio: 0.2, trades: 5 },
	});
	it("names the best of each row, and none of a draw", () => {
		expect(bestOf(metricOf("total_return"), [a, b])).toBe(0);
		expect(bestOf(metricOf("max_drawdown_ratio"), [a, b])).toBe(1);
		expect(bestOf(metricOf("trades"), [a, b])).toBeNull();
		expect(bestOf(metricOf("total_return"), [a, a])).toBeNull();
		expect(commonMetrics([a, b]).map((m) => m.key)).toContain("sharpe");
	});
	it("tells what differs", () => {
		const d = differences([a, b], f).filter((x) => !x.same);
		expect(d.map((x) => [x.label, x.values])).toEqual([
			["Input fastLength", ["12", "20"]],
		]);
	});
	it("lays curves over each other as growth", () => {
		const o = overlay([EQUITY, { ...EQUITY, t: [H, 2 * H, 9 * H] }]);
		expect(o.t).toEqual([0, H, 2 * H, 9 * H]);
		expect(o.lines[0]).toEqual([0, null, expect.closeTo(0.2), null]);
		expect(o.lines[1]?.[0]).toBeNull();
	});
	it("reads ids from the address", () => {
		expect(idsOf("3,x,3,-1,4,5,6,7", 4)).toEqual([3, 4, 5, 6]);
		expect(idsOf(null, 4)).toEqual([]);
	});
});

describe("setup", () => {
	const strategy = {
		id: 2,
		name: "S",
		starter: true,
		description: "",
		inputs: [{ name: "n", type: "int", default: 5, min: 1 }],
	} as Strategy;
	const base = startSetup([], [strategy], {});
	const setup = { ...base, market: 4, tf: "1h" };
	it("says only what was set", () => {
		expect(toSetupBody(setup, strategy)).toEqual({
			strategy_id: 2,
			inputs: { n: 5 },
			market_id: 4,
			tf: "1h",
			rules_set: "chart",
			options: {},
		});
		const body = toSetupBody(
			{
				...setup,
				capital: "500",
				fee: "0.1",
				slippage: "2",
				from: "2024-01-01",
			},
			strategy,
		);
		expect(body?.options).toEqual({
			initial_capital: 500,
			fee: 0.1,
			slippage: 2,
		});
		expect(body?.from).toBe(Date.UTC(2024, 0, 1));
	});
	it("refuses what cannot be right", () => {
		const bad = { ...setup, capital: "-1", fee: "x", slippage: "0.5" };
		expect(Object.keys(problemsOf(bad))).toEqual([
			"capital",
			"fee",
			"slippage",
		]);
		expect(toSetupBody(bad, strategy)).toBeNull();
		expect(
			toSetupBody({ ...setup, inSample: true }, strategy)?.options.in_sample,
		).toBe(true);
		expect(
			problemsOf({ ...setup, from: "2024-02-01", to: "2024-01-01" }).range,
		).toBeTruthy();
		expect(
			problemsOf({ ...setup, rules: "freqtrade", rulesText: "[1" }).rules,
		).toBeTruthy();
		expect(toSetupBody({ ...setup, inputs: { n: "0" } }, strategy)).toBeNull();
	});
	it("takes over inputs that are still there", () => {
		expect(adoptInputs(strategy, { n: 9, gone: 1 })).toEqual({ n: "9" });
	});
});

function shown(ui: ReactNode) {
	const client = new QueryClient({
		defaultOptions: { queries: { retry: false } },
	});
	return render(
		<Router hook={memoryLocation({ path: "/backtests/7" }).hook}>
			<QueryClientProvider client={client}>{ui}</QueryClientProvider>
		</Router>,
	);
}

describe("tabs", () => {
	it("shows months with their year compounded", async () => {
		vi.spyOn(api, "get").mockResolvedValue(BREAKDOWN);
		shown(<MonthsTab run={aRun()} />);
		const row = await screen.findByRole("row", { name: /2024/ });
		expect(row.textContent).toContain("+10.0 %");
		expect(yearOf(BREAKDOWN.months)).toBeCloseTo(-0.45);
		expect(row.textContent).toContain("−45.0 %");
		expect([heatOf(0.2), heatOf(-0.01), heatOf(0)]).toEqual([
			"up-4",
			"down-1",
			undefined,
		]);
	});

	it("sums trades up by what there is", async () => {
		vi.spyOn(api, "get").mockResolvedValue(BREAKDOWN);
		shown(<GroupsTab run={aRun()} />);
		const table = await screen.findByRole("table", { name: /exit reason/ });
		expect(within(table).getByRole("rowheader").textContent).toBe("stop");
		expect(table.textContent).toContain("25.0 %");
	});

	it("saves notes and tags, and says why it could not", async () => {
		const save = vi.fn().mockRejectedValueOnce(new Error("x"));
		render(<Notes run={aRun()} save={save} readOnly={false} />);
		fireEvent.change(screen.getByLabelText("Tags"), {
			target: { value: " b, a,b " },
		});
		fireEvent.click(screen.getByRole("button", { name: "Save notes" }));
		expect(await screen.findByRole("alert")).toBeTruthy();
		expect(save).toHaveBeenCalledWith({
			name: "Cross",
			notes: "",
			tags: ["b", "a"],
		});
		expect(parseTags("")).toEqual([]);
	});
});

describe("live news of runs", () => {
	const ev = (type: string, data: unknown, topic = "backtest:7") => ({
		topic,
		id: 1,
		type,
		data,
	});
	it("takes the number from the topic and leaves others alone", () => {
		expect(patchOf(ev("progress", { progress: 0.5 }))).toEqual({
			id: 7,
			progress: 0.5,
		});
		expect(patchOf(ev("other", {}))).toBeNull();
		expect(patchOf(ev("state", null))).toBeNull();
	});
	it("changes the run and every list that has it", () => {
		const q = new QueryClient();
		const run = aRun({ state: "running", progress: 0.1 });
		q.setQueryData(["backtest", 7], run);
		q.setQueryData(["backtests", { tag: "" }], { items: [run], next: null });
		applyRun(q, ["backtest", 7], ["backtests"], { id: 7, progress: 0.9 });
		expect(q.getQueryData<typeof run>(["backtest", 7])?.progress).toBe(0.9);
		expect(
			q.getQueryData<{ items: (typeof run)[] }>(["backtests", { tag: "" }])
				?.items[0]?.progress,
		).toBe(0.9);
	});
	it("shows how far a run is and how long it takes", () => {
		render(
			<RunProgress
				run={aRun({ state: "running", progress: 0.25, eta_ms: 90_000 })}
			/>,
		);
		expect(screen.getByText("25 %, about 1 min 30 s left")).toBeTruthy();
		expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe(
			"250",
		);
	});
});

describe("files", () => {
	it("quotes cells and defuses formulas", () => {
		expect(
			csvOf(
				["a", "b"],
				[
					['x,"y"', "=1+1"],
					[-1.5, null],
				],
			),
		).toBe('a,b\n"x,""y""",\'=1+1\n-1.5,');
		expect(fileName("A b/ü", "csv")).toBe("A-b-u.csv");
		expect(fileName("///", "png")).toBe("run.png");
	});
});
