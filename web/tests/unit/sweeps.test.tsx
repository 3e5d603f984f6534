import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { api } from "../../src/api/client";
import type { Heatmap, Sweep, Trial } from "../../src/api/sweepTypes";
import type { StrategyInput } from "../../src/api/types";
import { makeFormats } from "../../src/app/format";
import { parsePrefs } from "../../src/app/prefs";
import SweepDetail from "../../src/pages/SweepDetail";
import {
	HeatmapPanel,
	placeOf,
	shadeOf,
} from "../../src/pages/sweep/HeatmapPanel";
import {
	SearchPart,
	searchError,
	startSearch,
} from "../../src/pages/sweep/SearchPart";
import { SpacePart } from "../../src/pages/sweep/SpacePart";
import {
	axisCount,
	axisError,
	foldCount,
	spaceSize,
	startSpace,
	toSpace,
} from "../../src/runs/space";
import { intervals, metricsIn, verdicts } from "../../src/runs/statistics";
import { aRun } from "./fixtures";

const f = makeFormats(parsePrefs({ timezone: "utc", locale: "en-US" }));
afterEach(() => vi.restoreAllMocks());

const INPUTS: StrategyInput[] = [
	{ name: "fast", type: "int", default: 10, min: 2, max: 15 },
	{ name: "slow", type: "int", default: 40, min: 5 },
	{ name: "width", type: "float", default: 2, step: 0.5 },
	{ name: "short", type: "bool", default: false },
	{ name: "src", type: "source", default: "close" },
	{ name: "label", type: "string", default: "x" },
];

const STATISTICS: NonNullable<Sweep["statistics"]> = {
	pbo: 0.6,
	deflated_sharpe: 0.97,
	plateau: null,
	luck_sharpe: 0.08,
	monte_carlo: {
		runs: 1000,
		of: "best",
		trade_order: { max_drawdown_ratio: { p05: 0.1, p50: 0.2, p95: 0.35 } },
		returns: {
			block: 12,
			total_return: { p05: -0.2, p50: 0.3, p95: 0.9 },
			loss_probability: 0.14,
		},
	},
};

const METRICS = {
	sharpe: 1.2,
	total_return: 0.3,
	max_drawdown_ratio: 0.2,
	trades: 40,
};

function aSweep(p: Partial<Sweep> = {}): Sweep {
	const { metrics: _m, properties: _p, ...base } = aRun();
	return {
		...base,
		name: "Grid",
		method: "grid",
		objective: "sharpe",
		constraints: [{ metric: "trades", op: ">=", value: 30 }],
		space: [
			{ input: "fast", min: 5, max: 15, step: 5 },
			{ input: "slow", min: 20, max: 40, step: 20 },
		],
		max_trials: 100,
		seed: 1,
		walk_forward: null,
		trials_done: 6,
		trials_total: 6,
		best: {
			number: 3,
			inputs: { fast: 10, slow: 40 },
			metrics: METRICS,
			score: 1.2,
		},
		statistics: STATISTICS,
		folds: null,
		out_of_sample: null,
		...p,
	};
}

const MAP: Heatmap = {
	x: { name: "fast", values: [5, 10, 15] },
	y: { name: "slow", values: [20, 40] },
	values: [
		[0.1, 0.2, null],
		[0.9, 1.2, 1.1],
	],
	best: { x: 10, y: 40 },
	plateau: [
		[0.5, 0.4, null],
		[0.9, 0.95, 0.9],
	],
};

const TRIALS: Trial[] = [
	{
		number: 3,
		fold: null,
		state: "done",
		inputs: { fast: 10, slow: 40 },
		metrics: METRICS,
		score: 1.2,
		error: null,
	},
	{
		number: 4,
		fold: null,
		state: "dropped",
		inputs: { fast: 15, slow: 20 },
		metrics: { ...METRICS, trades: 3 },
		score: 0.4,
		error: null,
	},
	{
		number: 5,
		fold: null,
		state: "failed",
		inputs: { fast: 5, slow: 20 },
		metrics: null,
		score: null,
		error: "line 3: too many steps",
	},
];

function shown(ui: ReactNode) {
	const client = new QueryClient({
		defaultOptions: { queries: { retry: false } },
	});
	return render(
		<Router hook={memoryLocation({ path: "/backtests/sweeps/7" }).hook}>
			<QueryClientProvider client={client}>{ui}</QueryClientProvider>
		</Router>,
	);
}

describe("space", () => {
	it("begins around the defaults, within what the script allows", () => {
		const s = startSpace(INPUTS);
		expect(s.fast).toMatchObject({ vary: true, min: "5", max: "15" });
		expect(s.slow?.vary).toBe(true);
		expect(s.width?.vary).toBe(false);
		expect(s.short?.chosen).toEqual(["false", "true"]);
		expect(s.label).toBeUndefined();
	});

	it("counts values and combinations", () => {
		const s = startSpace(INPUTS);
		s.fast = { vary: true, min: "5", max: "15", step: "5", chosen: [] };
		s.slow = { vary: true, min: "20", max: "40", step: "3", chosen: [] };
		expect(axisCount(INPUTS[1] as StrategyInput, s.slow)).toBe(7);
		expect(spaceSize(INPUTS, s)).toBe(21);
		expect(
			axisCount(INPUTS[2] as StrategyInput, {
				vary: true,
				min: "0.1",
				max: "0.3",
				step: "0.1",
				chosen: [],
			}),
		).toBe(3);
	});

	it("says what is wrong and sends nothing then", () => {
		const i = INPUTS[0] as StrategyInput;
		const a = { vary: true, min: "5", max: "15", step: "5", chosen: [] };
		expect(axisError(i, a)).toBeNull();
		expect(axisError(i, { ...a, max: "99" })).toMatch(/15 at most/);
		expect(axisError(i, { ...a, min: "1" })).toMatch(/2 or more/);
		expect(axisError(i, { ...a, min: "15", max: "5" })).toMatch(/above/);
		expect(axisError(i, { ...a, step: "0" })).toMatch(/above zero/);
		expect(axisError(i, { ...a, step: "0.5" })).toMatch(/whole/);
		expect(axisError(i, { ...a, step: "" })).toMatch(/Enter/);
		expect(toSpace(INPUTS, { fast: { ...a, step: "0" } })).toBeNull();
		expect(toSpace(INPUTS, {})).toBeNull();
	});

	it("is written in the API's words", () => {
		const s = startSpace(INPUTS);
		s.fast = { vary: true, min: "5", max: "15", step: "5", chosen: [] };
		s.slow = { ...(s.slow ?? s.fast), vary: false };
		s.short = { vary: true, min: "", max: "", step: "", chosen: ["true"] };
		expect(toSpace(INPUTS, s)).toEqual([
			{ input: "fast", min: 5, max: 15, step: 5 },
			{ input: "short", options: [true] },
		]);
	});

	it("tells how many folds fit", () => {
		const w = { kind: "rolling" as const, train: 100, test: 50 };
		expect(foldCount(w, 100)).toBe(0);
		expect(foldCount(w, 150)).toBe(1);
		expect(foldCount(w, 1000)).toBe(18);
	});

	it("is filled in by a form", async () => {
		const setAxis = vi.fn();
		render(
			<SpacePart
				inputs={INPUTS}
				space={startSpace(INPUTS)}
				fixed={{}}
				setAxis={setAxis}
				setFixed={() => {}}
				refused={null}
			/>,
		);
		fireEvent.change(screen.getByLabelText("fast, max"), {
			target: { value: "12" },
		});
		expect(setAxis).toHaveBeenCalledWith("fast", { max: "12" });
		await userEvent.click(screen.getByLabelText("Vary short"));
		expect(setAxis).toHaveBeenCalledWith("short", { vary: true });
	});
});

describe("search", () => {
	it("is refused while a number is none", () => {
		const s = startSearch(10_000);
		expect(searchError(s)).toBeNull();
		expect(searchError({ ...s, trials: "0" })).toBeTruthy();
		expect(searchError({ ...s, seed: "x" })).toBeTruthy();
		expect(searchError({ ...s, walk: "rolling", train: "1.5" })).toBeTruthy();
		expect(
			searchError({
				...s,
				constraints: [{ key: 1, metric: "trades", op: ">=", value: "" }],
			}),
		).toBeTruthy();
	});

	it("says how many folds the range holds, and when a grid is too large", () => {
		render(
			<SearchPart
				s={{ ...startSearch(1000), walk: "rolling", train: "900", test: "200" }}
				set={() => {}}
				bars={1000}
				tfMs={3_600_000}
				size={5000}
				refused={() => null}
			/>,
		);
		expect(screen.getByText(/too short for one fold/)).toBeTruthy();
		expect(screen.getByText(/would not reach all/)).toBeTruthy();
	});
});

describe("statistics", () => {
	it("become one sentence each, with a colour that warns", () => {
		const v = verdicts(STATISTICS, f);
		expect(v.map((x) => [x.key, x.tone])).toEqual([
			["pbo", "danger"],
			["deflated", "good"],
			["plateau", ""],
		]);
		expect(v[0]?.sentence).toMatch(/In 60 % of the ways/);
		expect(v[2]?.sentence).toMatch(/no neighbours/);
	});
	it("list the intervals that there are", () => {
		expect(intervals(STATISTICS).map((i) => [i.key, i.low, i.high])).toEqual([
			["trade_order/max_drawdown_ratio", 0.1, 0.35],
			["returns/total_return", -0.2, 0.9],
		]);
		expect(intervals({ ...STATISTICS, monte_carlo: null })).toEqual([]);
	});
	it("finds metrics with and without a box around them", () => {
		expect(metricsIn({ metrics: METRICS })).toBe(METRICS);
		expect(metricsIn(METRICS)).toBe(METRICS);
		expect(metricsIn(null)).toBeNull();
	});
});

describe("the map", () => {
	it("shades from worst to best, whichever way is better", () => {
		expect(shadeOf(2, 0, 4, false)).toBe(0.5);
		expect(shadeOf(4, 0, 4, true)).toBe(0);
		expect(shadeOf(null, 0, 4, false)).toBeNull();
		expect(shadeOf(3, 3, 3, false)).toBe(1);
		expect(placeOf({ ...MAP, best: { x: 9, y: 20 } })).toBeNull();
	});

	it("is a table too, with the best cell marked", async () => {
		vi.spyOn(api, "get").mockResolvedValue(MAP);
		shown(<HeatmapPanel sweep={aSweep()} />);
		fireEvent.click(screen.getByRole("button", { name: "Table" }));
		const table = await screen.findByRole("table");
		expect(table.querySelector("strong")?.textContent).toBe("1.20");
		expect(within(table).getAllByRole("columnheader").length).toBe(4);
	});

	it("has nothing to show of one input", () => {
		shown(
			<HeatmapPanel
				sweep={aSweep({ space: [{ input: "fast", min: 1, max: 2, step: 1 }] })}
			/>,
		);
		expect(screen.getByText("No map of one input")).toBeTruthy();
	});
});

function answer(sweep: Sweep) {
	return vi.spyOn(api, "get").mockImplementation((path: string) => {
		const body = path.endsWith("/heatmap")
			? MAP
			: path.endsWith("/trials")
				? { items: TRIALS, next: null }
				: sweep;
		return Promise.resolve(body as never);
	});
}

vi.mock("../../src/app/session", () => ({ useCanTrade: () => true }));

describe("SweepDetail", () => {
	it("shows the best, the trials and why some do not count", async () => {
		answer(aSweep());
		shown(<SweepDetail id={7} />);
		expect(await screen.findByText("fast 10, slow 40")).toBeTruthy();
		expect(await screen.findByText("best, in sample")).toBeTruthy();
		expect(screen.getByText("does not meet the conditions")).toBeTruthy();
		expect(screen.getByText("line 3: too many steps")).toBeTruthy();
		expect(screen.getByText(/14 % of them lost money/)).toBeTruthy();
		expect(screen.queryByRole("button", { name: "Cancel sweep" })).toBeNull();
	});

	it("shows the folds with in and out of sample apart", async () => {
		const day = 86_400_000;
		answer(
			aSweep({
				walk_forward: { kind: "rolling", train: 100, test: 50 },
				folds: [
					{
						number: 0,
						train_from: 0,
						train_to: 100 * day,
						test_from: 100 * day,
						test_to: 150 * day,
						inputs: { fast: 5, slow: 20 },
						train: METRICS,
						test: { ...METRICS, sharpe: -0.4 },
					},
				],
				out_of_sample: { ...METRICS, total_return: -0.1 },
			}),
		);
		shown(<SweepDetail id={7} />);
		const table = await screen.findByRole("table", { name: /Folds/ });
		expect(
			within(table).getByRole("columnheader", {
				name: "Sharpe ratio, out of sample",
			}),
		).toBeTruthy();
		expect(within(table).getByText("−0.40")).toBeTruthy();
		expect(screen.getByText("−10.00 %")).toBeTruthy();
	});

	it("is cancelled while it runs and goes on after that", async () => {
		const post = vi.spyOn(api, "post").mockResolvedValue({} as never);
		answer(aSweep({ state: "running", progress: 0.5, statistics: null }));
		const first = shown(<SweepDetail id={7} />);
		fireEvent.click(
			await screen.findByRole("button", { name: "Cancel sweep" }),
		);
		await vi.waitFor(() =>
			expect(post).toHaveBeenCalledWith(
				"/sweeps/7/cancel",
				undefined,
				expect.anything(),
			),
		);
		first.unmount();
		answer(aSweep({ state: "cancelled", statistics: null }));
		shown(<SweepDetail id={7} />);
		fireEvent.click(
			await screen.findByRole("button", { name: "Go on with it" }),
		);
		await vi.waitFor(() =>
			expect(post).toHaveBeenCalledWith(
				"/sweeps/7/resume",
				undefined,
				expect.anything(),
			),
		);
	});
});
