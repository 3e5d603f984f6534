import type {
	Curve,
	Evaluation,
	Kinds,
	Model,
	Prediction,
} from "../../src/api/modelTypes";

const HOUR = 3_600_000;
export const T0 = Date.UTC(2022, 0, 1);

export const KINDS: Kinds = {
	kinds: [
		{
			name: "logistic",
			title: "Logistic regression",
			group: "linear",
			params: [
				{
					name: "l2",
					default: 0.001,
					min: 0,
					max: 10,
					integer: false,
					doc: "weight of the penalty",
				},
			],
			window: 1,
			layout: null,
		},
		{
			name: "dense",
			title: "Dense network",
			group: "network",
			params: [
				{
					name: "epochs",
					default: 30,
					min: 1,
					max: 10000,
					integer: true,
					doc: "at most so many",
				},
				{
					name: "rate",
					default: 0.001,
					min: 1e-6,
					max: 1,
					integer: false,
					doc: "of learning",
				},
			],
			window: 1,
			layout: "dense 128 relu, dense 3",
		},
	],
	features: [
		{
			name: "return_1",
			title: "Return of 1 bar",
			formula: "close / close[1] - 1",
			warm_up: 1,
			min: -1,
			max: 1,
			group: "return",
			usual: true,
		},
		{
			name: "rsi_14",
			title: "RSI of 14 bars",
			formula: "rsi(close, 14) / 100",
			warm_up: 14,
			min: 0,
			max: 1,
			group: "momentum",
			usual: true,
		},
		{
			name: "book",
			title: "Imbalance of the book",
			formula: "(bids - asks) / (bids + asks)",
			warm_up: 0,
			min: -1,
			max: 1,
			group: "book",
			usual: false,
		},
	],
	labels: [
		{ kind: "next", title: "next", threshold: 0.005, bars: 1 },
		{ kind: "bars", title: "bars", threshold: 0.005, bars: 5 },
		{ kind: "triple", title: "triple", threshold: 0.01, bars: 24 },
		{ kind: "return", title: "return", threshold: 0.002, bars: 1 },
	],
};

export function model(id: number, more: Partial<Model> = {}): Model {
	return {
		id,
		name: `model_${id}`,
		kind: "dense",
		title: "Dense network",
		state: "candidate",
		market: { id: 1, exchange: "binance", symbol: "BTC/USDT" },
		tf: "1h",
		window: 1,
		features: ["return_1", "rsi_14"],
		label: { kind: "next", threshold: 0.005, bars: 1, weights: false },
		params: { epochs: 30, rate: 0.001 },
		layout: "dense 128 relu, dense 3",
		seed: 7,
		train_from: T0,
		train_to: T0 + 17520 * HOUR,
		valid_to: T0 + 26304 * HOUR,
		test_to: T0 + 34349 * HOUR,
		metrics: {
			accuracy: { value: 0.61, low: 0.58, high: 0.64 },
			balanced_accuracy: { value: 0.35, low: 0.33, high: 0.37 },
			log_loss: { value: 0.88, low: 0.85, high: 0.91 },
		},
		verdict:
			"Not better than the majority class: the difference may be chance.",
		better: false,
		checksum: "ab".repeat(32),
		feature_hash: "cd".repeat(32),
		size: 81_234,
		created: T0,
		trained: Date.now() - 5 * 86_400_000,
		promoted: null,
		generation: 0,
		drift: null,
		retrain_days: null,
		parent_id: null,
		search: null,
		progress: 1,
		eta_ms: null,
		error: null,
		notes: "",
		...more,
	};
}

export const CURVE: Curve = {
	epoch: [1, 2, 3],
	train_loss: [1.1, 0.95, 0.9],
	valid_loss: [1.05, 0.97, 0.99],
	valid_accuracy: [0.4, 0.55, 0.54],
	rate: [0.001, 0.001, 0.0005],
};

const N = 120;
const t = Array.from(
	{ length: N },
	(_, i) => T0 + 26304 * HOUR + i * 60 * HOUR,
);

export const EVALUATION: Evaluation = {
	samples: 8044,
	metrics: {
		accuracy: { value: 0.61, low: 0.58, high: 0.64 },
		balanced_accuracy: { value: 0.35, low: 0.33, high: 0.37 },
		log_loss: { value: 0.88, low: 0.85, high: 0.91 },
		profit: { value: -0.12, low: -0.3, high: 0.08 },
	},
	per_class: [
		{ class: "buy", precision: 0.4, recall: 0.1, f1: 0.16, support: 1500 },
		{ class: "hold", precision: 0.64, recall: 0.93, f1: 0.76, support: 5100 },
		{ class: "sell", precision: null, recall: 0, f1: null, support: 1444 },
	],
	confusion: [
		[150, 1300, 50],
		[180, 4743, 177],
		[60, 1354, 30],
	],
	reliability: [
		{ from: 0.3, to: 0.4, mean_p: 0.37, observed: 0.35, n: 500 },
		{ from: 0.4, to: 0.5, mean_p: 0.45, observed: 0.5, n: 1500 },
		{ from: 0.5, to: 0.6, mean_p: 0.56, observed: 0.58, n: 3000 },
		{ from: 0.6, to: 0.7, mean_p: 0.64, observed: 0.67, n: 3044 },
		{ from: 0.7, to: 0.8, mean_p: null, observed: null, n: 0 },
	],
	ece: 0.031,
	roc: ["buy", "hold", "sell"].map((c, k) => ({
		class: c,
		auc: 0.52 + k * 0.03,
		fpr: [0, 0.1, 0.3, 0.6, 1],
		tpr: [0, 0.12 + k * 0.05, 0.36 + k * 0.05, 0.66 + k * 0.05, 1],
	})),
	importance: [
		{ feature: "volatility_20", value: 0.03, low: 0.02, high: 0.04 },
		{ feature: "rsi_14", value: 0.002, low: -0.001, high: 0.005 },
		{ feature: "return_1", value: -0.001, low: -0.003, high: 0.001 },
	],
	baselines: [
		{
			name: "majority",
			metrics: {
				accuracy: { value: 0.63, low: 0.6, high: 0.66 },
				balanced_accuracy: { value: 0.3333, low: 0.3333, high: 0.3333 },
				log_loss: { value: 0.9, low: 0.87, high: 0.93 },
			},
		},
		{
			name: "last_return",
			metrics: {
				accuracy: { value: 0.5, low: 0.47, high: 0.53 },
				log_loss: { value: 1.3, low: 1.2, high: 1.4 },
			},
		},
	],
	profit: {
		t,
		model: t.map((_, i) => 1 - 0.001 * i + 0.02 * Math.sin(i / 5)),
		buy_hold: t.map((_, i) => 1 + 0.003 * i + 0.05 * Math.sin(i / 9)),
	},
	verdict: "Not better than the majority class: the difference may be chance.",
	better: false,
	search: [
		{
			layout: "dense 64 relu, dense 3",
			rate: 0.001,
			round: 1,
			loss: 0.91,
			state: "chosen",
		},
		{
			layout: "dense 32 relu, dense 3",
			rate: 0.01,
			round: 1,
			loss: 0.99,
			state: "dropped",
		},
	],
};

export const PREDICTION: Prediction = {
	action: "buy",
	probabilities: { buy: 0.5, hold: 0.3, sell: 0.2 },
	confidence: 0.47,
	strength: 0.3,
	predicted: null,
	indicators: { rsi_14: 0.62, volatility_20: 0.0051 },
	reasons: [
		{
			feature: "rsi_14",
			value: 0.62,
			contribution: 0.12,
			sentence: "RSI of 14 bars is 0.62, higher than usual",
		},
		{
			feature: "return_1",
			value: -0.01,
			contribution: -0.04,
			sentence: "Return of 1 bar is -0.01, lower than usual",
		},
	],
	model: { id: 5, name: "model_5", kind: "dense", generation: 2 },
	bar_time: T0 + 34348 * HOUR,
	model_age_ms: 5 * 86_400_000,
};
