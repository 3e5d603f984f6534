import "../styles/runs.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { createBacktest, getBacktest } from "../api/runEndpoints";
import { getSweep } from "../api/sweepEndpoints";
import type { Sweep } from "../api/sweepTypes";
import type { Market, Strategy } from "../api/types";
import { usePageTitle } from "../app/title";
import { toast } from "../components/toasts";
import { Panel } from "../components/ui";
import { ApiError, newId } from "../lib/apiClient";
import { NameField, Submit, TagsField } from "../runs/FormParts";
import { NewRunPage } from "../runs/NewPage";
import { parseTags } from "../runs/RunBits";
import { RULE_SETS } from "../runs/rules";
import { MarketPart, RulesPart, StrategyPart } from "../runs/SetupForm";
import { adoptSetup, type Setup, startSetup, toSetupBody } from "../runs/setup";
import { runKey, runsKey } from "../runs/useRuns";
import { sweepKey } from "../runs/useSweeps";

export function wantedOf(search: string) {
	const q = new URLSearchParams(search);
	return {
		strategy: Number(q.get("strategy")),
		market: Number(q.get("market")),
		tf: q.get("tf"),
		rules: q.get("rules"),
		again: Number(q.get("again")) || null,
		best: Number(q.get("best")) || null,
	};
}

type RunLike = Parameters<typeof adoptSetup>[2];

/** The best trial of a sweep as a run of its own. */
function bestRun(s: Sweep | undefined): RunLike | null {
	if (!s) return null;
	return { ...s, inputs: { ...s.inputs, ...s.best?.inputs } };
}

function Form(p: {
	markets: readonly Market[];
	strategies: readonly Strategy[];
	again: RunLike | null;
}) {
	const [setup, setSetup] = useState<Setup>(() => {
		const base = startSetup(p.markets, p.strategies, wantedOf(location.search));
		return p.again ? adoptSetup(base, p.strategies, p.again) : base;
	});
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	// One key for one intent: pressing twice makes one run.
	const key = useRef(newId());
	const queries = useQueryClient();
	const [, go] = useLocation();
	const market = p.markets.find((m) => m.id === setup.market);
	const strategy = p.strategies.find((s) => s.id === setup.strategy);
	const suggested =
		strategy && market ? `${strategy.name} ${market.symbol} ${setup.tf}` : "";
	const body = toSetupBody(setup, strategy);
	const refused = (field: string) =>
		error instanceof ApiError ? error.forField(field) : null;
	const set = (part: Partial<Setup>) => {
		setSetup((old) => ({ ...old, ...part }));
		key.current = newId();
		setError(null);
	};
	const submit = async () => {
		if (!body) return;
		setBusy(true);
		setError(null);
		try {
			const run = await createBacktest(
				{
					...body,
					name: (setup.name.trim() || suggested).slice(0, 64),
					tags: parseTags(setup.tags),
				},
				key.current,
			);
			queries.setQueryData(runKey(run.id), run);
			void queries.invalidateQueries({ queryKey: runsKey });
			toast(`${run.name} is in the queue`, "good");
			go(`/backtests/${run.id}`);
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
				<StrategyPart {...parts} strategies={p.strategies} />
				<MarketPart {...parts} markets={p.markets} />
				<RulesPart {...parts} sets={RULE_SETS} />
			</div>
			<div className="span-4">
				<Panel title="4. Run" className="sticky-panel">
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
							label="Run backtest"
							disabled={busy || !body}
						/>
						<p className="hint">
							It runs on the server; you may close the page meanwhile.
						</p>
					</div>
				</Panel>
			</div>
		</form>
	);
}

export default function BacktestNew() {
	usePageTitle("New backtest");
	const { again, best } = wantedOf(location.search);
	const before = useQuery({
		queryKey: runKey(again ?? 0),
		queryFn: ({ signal }) => getBacktest(again ?? 0, signal),
		enabled: again !== null,
	});
	const sweep = useQuery({
		queryKey: sweepKey(best ?? 0),
		queryFn: ({ signal }) => getSweep(best ?? 0, signal),
		enabled: best !== null,
	});
	return (
		<NewRunPage
			title="New backtest"
			back="/backtests"
			refusal="run backtests"
			waiting={
				(again !== null && before.isPending) ||
				(best !== null && sweep.isPending)
			}
		>
			{(markets, strategies) => (
				<Form
					markets={markets}
					strategies={strategies}
					again={before.data ?? bestRun(sweep.data)}
				/>
			)}
		</NewRunPage>
	);
}
