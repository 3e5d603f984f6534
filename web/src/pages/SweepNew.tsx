import "../styles/runs.css";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { createSweep } from "../api/sweepEndpoints";
import type { SweepBody } from "../api/sweepTypes";
import type { Market, Strategy } from "../api/types";
import { usePageTitle } from "../app/title";
import { toast } from "../components/toasts";
import { Panel } from "../components/ui";
import { ApiError, newId } from "../lib/apiClient";
import { timeframeMs } from "../lib/time";
import { NameField, Submit, TagsField } from "../runs/FormParts";
import { dateMs, storedOf } from "../runs/market";
import { NewRunPage } from "../runs/NewPage";
import { parseTags } from "../runs/RunBits";
import { RULE_SETS } from "../runs/rules";
import { MarketPart, RulesPart, StrategyPart } from "../runs/SetupForm";
import { type Setup, startSetup, toSetupBody } from "../runs/setup";
import { spaceSize, startSpace, toSpace } from "../runs/space";
import { sweepsKey } from "../runs/useSweeps";
import {
	type Search,
	SearchPart,
	searchError,
	startSearch,
} from "./sweep/SearchPart";
import { SpacePart } from "./sweep/SpacePart";

const SWEPT = RULE_SETS.filter((r) => r !== "freqtrade");

function barsOf(m: Market | undefined, s: Setup): number {
	const stored = storedOf(m, s.tf);
	const ms = timeframeMs(s.tf);
	if (!stored || !ms) return 0;
	const from = Math.max(dateMs(s.from) ?? 0, stored.from ?? 0);
	const to = Math.min(dateMs(s.to) ?? Number.MAX_VALUE, stored.to ?? 0);
	return Math.max(0, Math.floor((to - from) / ms) + 1);
}

function Form(p: {
	markets: readonly Market[];
	strategies: readonly Strategy[];
}) {
	const [setup, setSetup] = useState<Setup>(() => {
		const q = new URLSearchParams(location.search);
		return startSetup(p.markets, p.strategies, {
			strategy: Number(q.get("strategy")),
			market: Number(q.get("market")),
			tf: q.get("tf"),
		});
	});
	const market = p.markets.find((m) => m.id === setup.market);
	const strategy = p.strategies.find((s) => s.id === setup.strategy);
	const inputs = useMemo(() => strategy?.inputs ?? [], [strategy]);
	const [space, setSpace] = useState(() => startSpace(inputs));
	const bars = barsOf(market, setup);
	const [search, setSearch] = useState<Search>(() => startSearch(bars));
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	const key = useRef(newId());
	const queries = useQueryClient();
	const [, go] = useLocation();
	const touched = () => {
		key.current = newId();
		setError(null);
	};
	const set = (part: Partial<Setup>) => {
		setSetup((old) => ({ ...old, ...part }));
		if (part.strategy !== undefined)
			setSpace(
				startSpace(
					p.strategies.find((s) => s.id === part.strategy)?.inputs ?? [],
				),
			);
		touched();
	};
	const refused = (field: string) =>
		error instanceof ApiError ? error.forField(field) : null;
	const base = toSetupBody(setup, strategy);
	const items = toSpace(inputs, space);
	const ready = base && items && !searchError(search);
	const suggested =
		strategy && market
			? `${strategy.name} ${market.symbol} ${setup.tf} ${search.method}`
			: "";
	const submit = async () => {
		if (!base || !items || !ready) return;
		setBusy(true);
		setError(null);
		const varied = new Set(items.map((i) => i.input));
		const body: SweepBody = {
			...base,
			inputs: Object.fromEntries(
				Object.entries(base.inputs).filter(([k]) => !varied.has(k)),
			),
			method: search.method,
			objective: search.objective,
			constraints: search.constraints.map((c) => ({
				metric: c.metric,
				op: c.op,
				value: Number(c.value),
			})),
			space: items,
			max_trials: Number(search.trials),
			seed: Number(search.seed),
			walk_forward:
				search.walk === "none"
					? null
					: {
							kind: search.walk,
							train: Number(search.train),
							test: Number(search.test),
						},
			name: (setup.name.trim() || suggested).slice(0, 64),
			tags: parseTags(setup.tags),
		};
		try {
			const made = await createSweep(body, key.current);
			void queries.invalidateQueries({ queryKey: sweepsKey });
			toast(`${made.name} is in the queue`, "good");
			go(`/backtests/sweeps/${made.id}`);
		} catch (e) {
			setError(e);
			setBusy(false);
		}
	};
	const parts = { setup, set, refused };
	return (
		<form
			className="grid"
			onSubmit={(ev: FormEvent) => {
				ev.preventDefault();
				void submit();
			}}
		>
			<div className="span-8 stack">
				<StrategyPart {...parts} strategies={p.strategies} bare />
				<SpacePart
					inputs={inputs}
					space={space}
					fixed={setup.inputs}
					setAxis={(name, part) => {
						setSpace((old) => {
							const a = old[name];
							return a ? { ...old, [name]: { ...a, ...part } } : old;
						});
						touched();
					}}
					setFixed={(d) => set({ inputs: d })}
					refused={refused("space")}
				/>
				<MarketPart {...parts} markets={p.markets} number={3} />
				<RulesPart {...parts} sets={SWEPT} number={4} />
				<SearchPart
					s={search}
					set={(part) => {
						setSearch((old) => ({ ...old, ...part }));
						touched();
					}}
					bars={bars}
					tfMs={timeframeMs(setup.tf)}
					size={spaceSize(inputs, space)}
					refused={refused}
				/>
			</div>
			<div className="span-4">
				<Panel title="6. Start" className="sticky-panel">
					<div className="form">
						<NameField
							value={setup.name}
							suggested={suggested}
							error={refused("name")}
							onChange={(name) => set({ name })}
						/>
						<TagsField
							value={setup.tags}
							error={refused("tags")}
							onChange={(tags) => set({ tags })}
						/>
						<Submit
							error={error}
							label="Start sweep"
							disabled={busy || !ready}
						/>
						<p className="hint">
							The more is tried, the better the best one looks by luck alone:
							the result says how much of it that may be.
						</p>
					</div>
				</Panel>
			</div>
		</form>
	);
}

export default function SweepNew() {
	usePageTitle("New sweep");
	return (
		<NewRunPage
			title="New sweep"
			back="/backtests/sweeps"
			refusal="start sweeps"
		>
			{(markets, strategies) => (
				<Form markets={markets} strategies={strategies} />
			)}
		</NewRunPage>
	);
}
