import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { api, live } from "../../src/api/client";
import type { Market } from "../../src/api/types";
import { makeFormats } from "../../src/app/format";
import { parsePrefs } from "../../src/app/prefs";
import { ApiError } from "../../src/lib/apiClient";
import type { LiveEvent } from "../../src/lib/live";
import {
	adoptForm,
	choicesOf,
	partsOf,
	problemsOf,
	startForm,
	toBody,
	withKind,
	withLabel,
} from "../../src/models/form";
import {
	addEpoch,
	bestBy,
	infoOf,
	presentMetrics,
	writeInterval,
	writeValue,
} from "../../src/models/model";
import { newsOf } from "../../src/models/useModels";
import ModelCompare from "../../src/pages/ModelCompare";
import ModelDetail from "../../src/pages/ModelDetail";
import ModelNew from "../../src/pages/ModelNew";
import Models from "../../src/pages/Models";
import PredictionPanel, {
	staleness,
	usable,
} from "../../src/pages/market/Prediction";
import { bestEpoch, epochsOf } from "../../src/pages/model/Curves";
import {
	CURVE,
	EVALUATION,
	KINDS,
	model,
	PREDICTION,
	T0,
} from "./modelFixtures";

vi.mock("../../src/app/session", () => ({ useCanTrade: () => true }));

const f = makeFormats(parsePrefs({ timezone: "utc", locale: "en-US" }));
afterEach(() => vi.restoreAllMocks());

const MARKET: Market = {
	id: 1,
	exchange: "binance",
	symbol: "BTC/USDT",
	base: "BTC",
	quote: "USDT",
	tick: "0.01",
	lot: "0.00001",
	min_notional: "5",
	status: "active",
	price_decimals: 2,
	timeframes: [{ tf: "1h", from: T0, to: T0 + 1000 * 3_600_000, count: 1001 }],
};

function shown(node: ReactNode, path = "/models") {
	const queries = new QueryClient({
		defaultOptions: { queries: { retry: false } },
	});
	const at = memoryLocation({ path, record: true });
	const r = render(
		<QueryClientProvider client={queries}>
			<Router hook={at.hook} searchHook={at.searchHook}>
				{node}
			</Router>
		</QueryClientProvider>,
	);
	return { ...r, queries, at };
}

function answers(by: Record<string, unknown>) {
	return vi.spyOn(api, "get").mockImplementation((path: string) => {
		if (!(path in by)) throw new Error(`nobody asked for ${path} before`);
		return Promise.resolve(by[path] as never);
	});
}

describe("curves", () => {
	it("grow by an epoch, which counts once", () => {
		const more = addEpoch(CURVE, { epoch: 4, train_loss: 0.8, valid_loss: 1 });
		expect(more.epoch).toEqual([1, 2, 3, 4]);
		expect(more.valid_accuracy).toEqual([0.4, 0.55, 0.54, null]);
		const twice = addEpoch(more, { epoch: 4, train_loss: 0.7 });
		expect(twice.train_loss).toEqual([1.1, 0.95, 0.9, 0.7]);
		expect(addEpoch(CURVE, { epoch: 1 })).toBe(CURVE);
		// The next trial of a search begins with its first epoch.
		expect(
			addEpoch({ ...CURVE, epoch: [2, 3, 4] }, { epoch: 1, train_loss: 2 })
				.epoch,
		).toEqual([1]);
	});
	it("know their best epoch", () => {
		expect(bestEpoch(epochsOf(CURVE))?.epoch).toBe(2);
		expect(bestEpoch([])).toBeNull();
	});
});

describe("metrics", () => {
	it("are written with their intervals, unknown ones too", () => {
		const acc = infoOf("accuracy");
		expect(writeValue(f, acc, 0.614)).toBe("61.4 %");
		expect(writeValue(f, acc, null)).toBe("–");
		expect(writeValue(f, infoOf("log_loss"), 0.8801)).toBe("0.880");
		expect(writeInterval(f, acc, { value: 0.6, low: 0.5, high: 0.7 })).toBe(
			"50.0 % to 70.0 %",
		);
		expect(writeInterval(f, acc, { value: 0.6, low: null, high: null })).toBe(
			"",
		);
		expect(
			presentMetrics([{ new_one: { value: 1, low: 1, high: 1 } }, null]).map(
				(m) => m.label,
			),
		).toEqual(["new one"]);
	});
	it("know what is better", () => {
		expect([...bestBy(infoOf("log_loss"), [0.9, 0.8, null])]).toEqual([1]);
		expect([...bestBy(infoOf("accuracy"), [0.9, 0.8])]).toEqual([0]);
		expect(bestBy(infoOf("accuracy"), [0.9]).size).toBe(0);
	});
	it("come from events by their topic", () => {
		const ev = (type: string, data: unknown) =>
			({ topic: "model:9", type, data }) as LiveEvent;
		expect(newsOf(ev("progress", { epoch: 3 }))).toEqual({ epoch: 3, id: 9 });
		expect(newsOf(ev("other", {}))).toBeNull();
		expect(newsOf(ev("state", null))).toBeNull();
	});
});

describe("the form of a training", () => {
	const base = startForm(KINDS, [MARKET], {
		market: 0,
		tf: null,
		kind: "dense",
	});
	const dense = KINDS.kinds[1];

	it("begins with what is usual and asks for nothing it need not", () => {
		expect(base.features).toEqual(["return_1", "rsi_14"]);
		const body = toBody(base, dense, "dense_btc_1h");
		expect(body).toEqual({
			name: "dense_btc_1h",
			kind: "dense",
			market_id: 1,
			tf: "1h",
			window: 1,
			label: { kind: "next", threshold: 0.005 },
			params: { epochs: 30, rate: 0.001 },
			seed: 1,
		});
	});
	it("says what is wrong", () => {
		expect(problemsOf({ ...base, threshold: "x" }).threshold).toBeTruthy();
		expect(
			problemsOf({ ...base, own: true, features: [] }).features,
		).toBeTruthy();
		expect(problemsOf({ ...base, seed: "-1" }).seed).toBeTruthy();
		expect(problemsOf({ ...base, retrain: "0" }).retrain).toBeTruthy();
		expect(
			problemsOf({ ...base, search: true, trials: "1", rates: "fast" }),
		).toMatchObject({ trials: expect.any(String), rates: expect.any(String) });
		expect(problemsOf({ ...base, trainTo: "2022-05-01" }).ranges).toMatch(
			/Say where/,
		);
		expect(
			problemsOf({ ...base, trainTo: "2022-05-01", validTo: "2022-04-01" })
				.ranges,
		).toMatch(/come after/);
		expect(
			toBody({ ...base, params: { epochs: "0", rate: "1" } }, dense, "x"),
		).toBeNull();
	});
	it("sends what was chosen", () => {
		const form = {
			...withLabel(base, KINDS.labels[2]),
			name: " mine ",
			own: true,
			features: ["rsi_14"],
			more: "rsi_14[3], rsi_14@4h",
			layout: "dense 8 relu, dense 3",
			weights: true,
			trainTo: "2022-05-01",
			validTo: "2022-06-01",
			search: true,
			trials: "4",
			rates: "0.001 0.01",
			layouts: "dense 4 relu, dense 3\n\ndense 8 relu, dense 3",
			retrain: "30",
		};
		expect(toBody(form, dense, "x")).toMatchObject({
			name: "mine",
			features: ["rsi_14", "rsi_14[3]", "rsi_14@4h"],
			layout: "dense 8 relu, dense 3",
			label: { kind: "triple", threshold: 0.01, bars: 24, weights: true },
			train_to: Date.UTC(2022, 4, 1),
			valid_to: Date.UTC(2022, 5, 1),
			search: {
				trials: 4,
				rates: [0.001, 0.01],
				layouts: ["dense 4 relu, dense 3", "dense 8 relu, dense 3"],
			},
			retrain_days: 30,
		});
	});
	it("takes over another model's settings", () => {
		const m = model(3, {
			features: ["rsi_14", "rsi_14[2]"],
			label: { kind: "bars", threshold: 0.002, bars: 9, weights: false },
			retrain_days: 7,
		});
		const form = adoptForm(base, m, KINDS);
		expect(form).toMatchObject({
			own: true,
			features: ["rsi_14"],
			more: "rsi_14[2]",
			label: "bars",
			threshold: "0.2",
			bars: "9",
			retrain: "7",
			trainFrom: "2022-01-01",
		});
		expect(withKind(form, KINDS.kinds[0]).layout).toBe("");
	});
	it("makes choices of numbers that stand for words", () => {
		expect(choicesOf("0 Adam, 1 AdamW, 2 SGD with momentum")).toEqual([
			[0, "Adam"],
			[1, "AdamW"],
			[2, "SGD with momentum"],
		]);
		expect(choicesOf("of the rate: 0 constant, 1 steps").length).toBe(2);
		expect(choicesOf("epochs in which the rate grows from 0")).toEqual([]);
		expect(choicesOf("longest gradient; 0: any length")).toEqual([]);
	});
	it("divides what is stored by the usual shares", () => {
		const parts = partsOf(base, MARKET) ?? [];
		const span = 1000 * 3_600_000;
		expect(parts).toEqual([T0, T0 + span * 0.6, T0 + span * 0.8, T0 + span]);
		expect(partsOf(base, undefined)).toBeNull();
	});
	it("is filled in, and refused by field", async () => {
		answers({
			"/markets": { items: [MARKET], next: null },
			"/models/kinds": KINDS,
		});
		const post = vi.spyOn(api, "post").mockRejectedValue(
			new ApiError({
				code: "VALIDATION",
				title: "not right",
				requestId: "r",
				status: 400,
				errors: [{ field: "layout", detail: "ends with 4 outputs" }],
			}),
		);
		shown(<ModelNew />, "/models/new");
		fireEvent.change(await screen.findByLabelText("Kind of model"), {
			target: { value: "dense" },
		});
		fireEvent.click(screen.getByRole("button", { name: "Choose" }));
		fireEvent.click(screen.getByRole("checkbox", { name: /book/ }));
		fireEvent.click(screen.getByRole("button", { name: "Train" }));
		await vi.waitFor(() => expect(post).toHaveBeenCalled());
		expect(post.mock.calls[0]?.[1]).toMatchObject({
			kind: "dense",
			features: ["return_1", "rsi_14", "book"],
		});
		expect(await screen.findByText("ends with 4 outputs")).toBeTruthy();
	});
});

describe("the list", () => {
	it("shows state, verdict and age, and compares what is trained", async () => {
		answers({
			"/models": {
				items: [
					model(1, { state: "active", better: true }),
					model(2),
					model(3, {
						state: "training",
						trained: null,
						better: null,
						progress: 0.4,
					}),
				],
				next: null,
			},
			"/models/kinds": KINDS,
		});
		const { at } = shown(<Models />);
		const table = await screen.findByRole("table", { name: "Models" });
		expect(within(table).getByText("better than the baselines")).toBeTruthy();
		expect(within(table).getAllByText("5 d ago")).toHaveLength(2);
		expect(within(table).getByRole("progressbar")).toBeTruthy();
		const boxes = within(table).getAllByRole("checkbox");
		expect((boxes[2] as HTMLInputElement).disabled).toBe(true);
		for (const b of boxes.slice(0, 2)) fireEvent.click(b);
		fireEvent.click(screen.getByRole("button", { name: "Compare 2" }));
		expect(at.history.at(-1)).toBe("/models/compare?ids=1,2");
	});
	it("says what models are for while there is none", async () => {
		answers({ "/models": { items: [], next: null }, "/models/kinds": KINDS });
		shown(<Models />);
		expect(await screen.findByText(/Can the past teach/)).toBeTruthy();
	});
});

describe("a model", () => {
	const all = (m: ReturnType<typeof model>) => ({
		[`/models/${m.id}`]: m,
		[`/models/${m.id}/curve`]: CURVE,
		[`/models/${m.id}/evaluation`]: EVALUATION,
		"/models/kinds": KINDS,
	});

	it("says first in plain words what it is worth", async () => {
		answers(all(model(5)));
		shown(<ModelDetail id={5} />);
		const verdict = await screen.findByRole("region", { name: "Verdict" });
		expect(verdict.textContent).toMatch(/Not better than the majority class/);
		expect(verdict.textContent).toMatch(/out of sample/);
		const metrics = await screen.findByRole("table", {
			name: "Metrics beside the baselines",
		});
		expect(within(metrics).getByText("58.0 % to 64.0 %")).toBeTruthy();
		const matrix = screen.getByRole("table", { name: /Confusion matrix/ });
		expect(within(matrix).getByText("4,743")).toBeTruthy();
		expect(
			screen.getByRole("img", { name: /Calibration error 3\.1 %/ }),
		).toBeTruthy();
		expect(screen.getByRole("img", { name: /buy 0\.520/ })).toBeTruthy();
		fireEvent.click(
			screen.getByRole("button", {
				name: "Permutation importance as a table",
			}),
		);
		const table = screen.getByRole("table", {
			name: "Permutation importance with intervals",
		});
		expect(within(table).getByText("−0.0010 to +0.0050")).toBeTruthy();
		expect(
			screen.getByRole("table", { name: "Trials of the search" }),
		).toBeTruthy();
	});

	it("is promoted only when that is confirmed, with a warning", async () => {
		answers(all(model(5)));
		const post = vi.spyOn(api, "post").mockResolvedValue(model(5) as never);
		HTMLDialogElement.prototype.showModal ??= () => undefined;
		HTMLDialogElement.prototype.close ??= () => undefined;
		shown(<ModelDetail id={5} />);
		fireEvent.click(await screen.findByRole("button", { name: "Promote" }));
		expect(post).not.toHaveBeenCalled();
		const asked = await screen.findByRole("dialog", { hidden: true });
		expect(asked.textContent).toMatch(/not better than the baselines/);
		fireEvent.click(
			within(asked).getByRole("button", { name: "Promote", hidden: true }),
		);
		await vi.waitFor(() =>
			expect(post).toHaveBeenCalledWith(
				"/models/5/promote",
				undefined,
				expect.anything(),
			),
		);
	});

	it("is watched while it learns, cancelled, and resumed", async () => {
		let hear: (ev: LiveEvent) => void = () => undefined;
		vi.spyOn(live, "subscribe").mockImplementation((topic, on) => {
			if (topic === "model:6") hear = on;
			return () => undefined;
		});
		const m = model(6, {
			state: "training",
			progress: 0.2,
			metrics: null,
			verdict: null,
			better: null,
			trained: null,
		});
		answers(all(m));
		const post = vi.spyOn(api, "post").mockResolvedValue(m as never);
		const first = shown(<ModelDetail id={6} />);
		expect((await screen.findByTestId("curve-said")).textContent).toMatch(
			/Epoch 3:/,
		);
		hear({
			topic: "model:6",
			type: "progress",
			data: { progress: 0.5, epoch: 4, train_loss: 0.7, valid_loss: 0.9 },
		} as LiveEvent);
		await vi.waitFor(() =>
			expect(screen.getByTestId("curve-said").textContent).toMatch(
				/Epoch 4: training 0\.7000.*Lowest validation loss 0\.9000 in epoch 4/,
			),
		);
		expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe(
			"500",
		);
		fireEvent.click(screen.getByRole("button", { name: "Cancel training" }));
		await vi.waitFor(() => expect(post.mock.calls[0]?.[0]).toMatch(/cancel$/));
		first.unmount();
		answers(all({ ...m, state: "cancelled" }));
		shown(<ModelDetail id={6} />);
		fireEvent.click(await screen.findByRole("button", { name: "Resume" }));
		await vi.waitFor(() =>
			expect(post.mock.calls.at(-1)?.[0]).toMatch(/resume$/),
		);
	});

	it("stands beside others, where they were judged alike", async () => {
		const other = model(6, { seed: 8, test_to: T0 + 5 });
		answers({ ...all(model(5)), ...all(other) });
		shown(<ModelCompare />, "/models/compare?ids=5,6");
		const table = await screen.findByRole("table", {
			name: "Metrics of each model",
		});
		expect(within(table).getAllByText("61.0 %").length).toBe(2);
		expect(screen.getByText(/different candles/)).toBeTruthy();
		const differs = screen.getByRole("table", {
			name: "Settings that differ",
		});
		expect(within(differs).getByText("Seed")).toBeTruthy();
		expect(within(differs).queryByText("Kind")).toBeNull();
	});
});

describe("the prediction panel", () => {
	it("asks the one in use for this market first", () => {
		const list = usable(
			[
				model(1, { state: "active", market: { ...MARKET, id: 2 } }),
				model(2),
				model(3, { state: "active" }),
				model(4, { state: "retired" }),
				model(5, { state: "training" }),
			],
			1,
			"1h",
		);
		expect(list.map((m) => m.id)).toEqual([3, 2, 1]);
	});

	it("says action, probabilities, confidence and reasons", async () => {
		answers({ "/models": { items: [model(5)], next: null } });
		vi.spyOn(api, "post").mockResolvedValue(PREDICTION as never);
		shown(<PredictionPanel market={MARKET} tf="1h" />);
		const said = await screen.findByTestId("prediction");
		expect(said.textContent).toMatch(/buy/);
		expect(said.textContent).toMatch(/47\.0 %/);
		expect(said.textContent).toMatch(/5 d ago/);
		expect(within(said).getByText(/RSI of 14 bars is 0\.62/)).toBeTruthy();
		expect(within(said).getByText(/Return of 1 bar is -0\.01/)).toBeTruthy();
		// These candles end in 2025.
		expect(said.textContent).toMatch(/says nothing about today/);
		expect(staleness(1000, 60_000, 62_000)).toBeNull();
		expect(staleness(null, 60_000, 62_000)).toBeNull();
	});

	it("repeats why a model refuses", async () => {
		answers({ "/models": { items: [model(5)], next: null } });
		vi.spyOn(api, "post").mockRejectedValue(
			new ApiError({
				code: "CONFLICT",
				title: "Conflict",
				requestId: "r",
				status: 409,
				detail: "model_5 is stale: its newest candle is 3 days old",
			}),
		);
		shown(<PredictionPanel market={MARKET} tf="1h" />);
		expect((await screen.findByTestId("refusal")).textContent).toMatch(
			/No prediction.*stale/,
		);
	});

	it("offers to train one where there is none", async () => {
		answers({ "/models": { items: [], next: null } });
		shown(<PredictionPanel market={MARKET} tf="1h" />);
		const link = await screen.findByRole("link", { name: "Train one" });
		expect(link.getAttribute("href")).toBe("/models/new?market=1&tf=1h");
	});
});
