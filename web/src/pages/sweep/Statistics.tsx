import type { Sweep } from "../../api/sweepTypes";
import { type Formats, useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { Panel } from "../../components/ui";
import { metricOf, writeMetric } from "../../runs/metrics";
import {
	type IntervalRow,
	intervals,
	lossChance,
	verdicts,
} from "../../runs/statistics";

function columns(f: Formats): Column<IntervalRow>[] {
	const cell = (k: "low" | "mid" | "high") => (r: IntervalRow) =>
		writeMetric(f, metricOf(r.metric), r[k]);
	return [
		{
			key: "metric",
			title: "Figure",
			head: true,
			cell: (r) => metricOf(r.metric).label,
		},
		{ key: "how", title: "How", cell: (r) => r.label },
		{ key: "low", title: "5 %", num: true, cell: cell("low") },
		{ key: "mid", title: "Median", num: true, cell: cell("mid") },
		{ key: "high", title: "95 %", num: true, cell: cell("high") },
	];
}

/** How much of the best result may be luck. */
export function Statistics({ sweep }: { sweep: Sweep }) {
	const f = useFormats();
	const s = sweep.statistics;
	if (!s) return null;
	const rows = intervals(s);
	const loss = lossChance(s);
	const of = s.monte_carlo?.of === "out_of_sample";
	return (
		<Panel title="How much of it may be luck" flush>
			<ul className="verdicts">
				{verdicts(s, f).map((v) => (
					<li key={v.key}>
						<span className="verdict-head">
							<strong>{v.label}</strong>
							<span className={`badge ${v.tone ? `badge-${v.tone}` : ""}`}>
								{v.value}
							</span>
						</span>
						<span>{v.sentence}</span>
						<span className="hint">{v.about}</span>
					</li>
				))}
			</ul>
			{rows.length > 0 && (
				<>
					<p className="hint spread-note">
						Monte Carlo of {of ? "the out-of-sample result" : "the best trial"}:
						nine in ten of its resampled histories lie between the outer
						columns.
						{loss !== null &&
							` ${f.percent(loss, 0).replace("+", "")} of them lost money.`}
					</p>
					<DataTable
						caption="Monte Carlo intervals"
						columns={columns(f)}
						rows={rows}
						rowKey={(r) => r.key}
					/>
				</>
			)}
		</Panel>
	);
}
