import "../styles/runs.css";
import { Link, useLocation } from "wouter";
import type { Sweep } from "../api/sweepTypes";
import { useCommands } from "../app/commands";
import { type Formats, useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { type Column, DataTable } from "../components/DataTable";
import { BacktestIcon, PlusIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import { ButtonLink, Empty, Panel } from "../components/ui";
import { metricOf, writeMetric } from "../runs/metrics";
import { RunBadge, RunProgress, Tags } from "../runs/RunBits";
import { RunTabs } from "../runs/RunTabs";
import { useSweeps } from "../runs/useSweeps";
import { value } from "../runs/values";

function columns(f: Formats): Column<Sweep>[] {
	return [
		{
			key: "name",
			title: "Sweep",
			head: true,
			sort: (s) => s.name,
			cell: (s) => (
				<span className="row">
					<Link href={`/backtests/sweeps/${s.id}`}>{s.name}</Link>
					<Tags tags={s.tags} />
				</span>
			),
		},
		{
			key: "state",
			title: "State",
			sort: (s) => s.state,
			cell: (s) => (
				<span className="row">
					<RunBadge state={s.state} />
					<RunProgress run={s} small />
				</span>
			),
		},
		{
			key: "strategy",
			title: "Strategy",
			sort: (s) => s.strategy.name,
			cell: (s) => s.strategy.name,
		},
		{
			key: "market",
			title: "Market",
			sort: (s) => s.market.symbol,
			cell: (s) => (
				<>
					{s.market.symbol} <span className="muted">{s.tf}</span>
				</>
			),
		},
		{ key: "method", title: "Method", cell: (s) => s.method },
		{
			key: "walk",
			title: "Walk-forward",
			cell: (s) => s.walk_forward?.kind ?? "–",
		},
		{
			key: "trials",
			title: "Trials",
			num: true,
			sort: (s) => s.trials_done,
			cell: (s) => `${f.count(s.trials_done)} / ${f.count(s.trials_total)}`,
		},
		{
			key: "best",
			title: "Best",
			num: true,
			sort: (s) => s.best?.score ?? Number.NEGATIVE_INFINITY,
			cell: (s) => {
				const m = metricOf(s.objective);
				return s.best
					? `${m.label} ${writeMetric(f, m, value(s.best.metrics, s.objective) ?? s.best.score)}`
					: "–";
			},
		},
		{
			key: "created",
			title: `Created (${f.zoneLabel})`,
			sort: (s) => s.created,
			cell: (s) => f.time(s.created),
		},
	];
}

export default function Sweeps() {
	usePageTitle("Sweeps");
	const f = useFormats();
	const trader = useCanTrade();
	const [, go] = useLocation();
	const query = useSweeps();
	useCommands(
		() =>
			trader
				? [
						{
							id: "sweep-new",
							label: "Start a new sweep",
							group: "Backtests",
							keys: "c",
							run: () => go("/backtests/sweeps/new"),
						},
					]
				: [],
		[trader],
	);
	return (
		<>
			<div className="page-head">
				<h1>Sweeps</h1>
				<RunTabs at="sweeps" />
				<span className="spacer" />
				{trader && (
					<ButtonLink href="/backtests/sweeps/new" primary>
						<PlusIcon size={16} /> New sweep
					</ButtonLink>
				)}
			</div>
			<Panel title="Sweeps" quiet flush>
				<Loaded query={query}>
					{(l) =>
						l.items.length > 0 ? (
							<DataTable
								caption="Sweeps"
								columns={columns(f)}
								rows={l.items}
								rowKey={(s) => s.id}
								rowLabel={(s) => `Open ${s.name}`}
								onRow={(s) => go(`/backtests/sweeps/${s.id}`)}
							/>
						) : (
							<Empty
								icon={<BacktestIcon size={30} />}
								title="Which settings hold up?"
								action={
									trader && (
										<ButtonLink href="/backtests/sweeps/new" primary>
											<PlusIcon size={16} /> New sweep
										</ButtonLink>
									)
								}
							>
								A sweep runs a strategy with many settings, shows where good
								ones lie close together, and says how likely the best one was
								luck.
							</Empty>
						)
					}
				</Loaded>
			</Panel>
		</>
	);
}
