import "../styles/runs.css";
import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { changeBacktest } from "../api/runEndpoints";
import type { Backtest, RunTrade } from "../api/runTypes";
import { useCanTrade } from "../app/session";
import { DownloadIcon } from "../components/icons";
import { Panel, Tabs } from "../components/ui";
import { saveCsv } from "../lib/save";
import { useUrlState } from "../lib/url";
import { MetricTable } from "../runs/MetricTable";
import { metricsOf } from "../runs/metrics";
import { type NoteChange, Notes } from "../runs/Notes";
import { Properties } from "../runs/Properties";
import { RunPage } from "../runs/RunPage";
import { runKey, runsKey } from "../runs/useRuns";
import { value } from "../runs/values";
import { GroupsTab, MonthsTab } from "./backtest/Breakdowns";
import { SpreadTab } from "./backtest/SpreadTab";

const TABS = [
	{ value: "figures", label: "Figures" },
	{ value: "months", label: "Months" },
	{ value: "groups", label: "Breakdown" },
	{ value: "spread", label: "Distribution" },
	{ value: "setup", label: "Setup" },
	{ value: "notes", label: "Notes" },
] as const;
type Tab = (typeof TABS)[number]["value"];

function Part(p: {
	tab: Tab;
	run: Backtest;
	readOnly: boolean;
	onPick: (t: RunTrade) => void;
	save: (change: NoteChange) => Promise<unknown>;
}) {
	const { run } = p;
	switch (p.tab) {
		case "figures":
			return (
				<>
					<div className="tab-bar">
						<span className="muted">
							Point at a name, or go there with Tab, for its definition.
						</span>
						<button
							type="button"
							className="btn btn-s"
							onClick={() =>
								saveCsv(
									`${run.name}-figures`,
									["metric", "value"],
									metricsOf(run.metrics).map((m) => [
										m.key,
										value(run.metrics, m.key),
									]),
								)
							}
						>
							<DownloadIcon size={15} /> CSV
						</button>
					</div>
					<MetricTable metrics={run.metrics} />
				</>
			);
		case "months":
			return <MonthsTab run={run} />;
		case "groups":
			return <GroupsTab run={run} />;
		case "spread":
			return <SpreadTab run={run} onPick={p.onPick} />;
		case "setup":
			return <Properties run={run} />;
		case "notes":
			return <Notes run={run} save={p.save} readOnly={p.readOnly} />;
	}
}

function Analysis({ run }: { run: Backtest }) {
	const [url, setUrl] = useUrlState();
	const [, go] = useLocation();
	const trader = useCanTrade();
	const queries = useQueryClient();
	const wanted = url.get("tab");
	const tab = TABS.find((t) => t.value === wanted)?.value ?? "figures";
	return (
		<Panel title="Analysis" quiet flush resetKey={tab}>
			<Tabs
				label="Analysis"
				options={TABS}
				value={tab}
				onChange={(t) => setUrl({ tab: t === "figures" ? null : t })}
			>
				<Part
					tab={tab}
					run={run}
					readOnly={!trader}
					onPick={(t) => go(`/backtests/${run.id}?trade=${t.number}`)}
					save={async (change) => {
						const r = await changeBacktest(run.id, change);
						queries.setQueryData<Backtest>(runKey(run.id), (old) =>
							old ? { ...old, ...change, ...r } : r,
						);
						void queries.invalidateQueries({ queryKey: runsKey });
					}}
				/>
			</Tabs>
		</Panel>
	);
}

/** One backtest in figures: months, groups, distribution, what was in force. */
export default function BacktestAnalysis({ id }: { id: number }) {
	return (
		<RunPage id={id} at="analysis">
			{(run) => <Analysis run={run} />}
		</RunPage>
	);
}
