import { useId } from "react";
import type { Metrics } from "../api/runTypes";
import { toneOf, useFormats } from "../app/format";
import { type Metric, metricsOf, SIGNED, writeMetric } from "./metrics";
import { value } from "./values";

/** A term whose meaning shows on hover and on focus. */
export function Term({ m }: { m: Metric }) {
	const id = useId();
	if (!m.about) return <>{m.label}</>;
	return (
		<span className="term">
			<button type="button" aria-describedby={id}>
				{m.label}
			</button>
			<span role="tooltip" id={id}>
				{m.about}
			</span>
		</span>
	);
}

export function MetricTable({ metrics }: { metrics: Metrics | null }) {
	const f = useFormats();
	const all = metricsOf(metrics);
	const groups = [...new Set(all.map((m) => m.group))];
	return (
		<div className="metric-groups">
			{groups.map((g) => (
				<section key={g} aria-label={g}>
					<h3>{g}</h3>
					<dl className="metrics">
						{all
							.filter((m) => m.group === g)
							.map((m) => {
								const v = value(metrics, m.key);
								return (
									<div key={m.key}>
										<dt>
											<Term m={m} />
										</dt>
										<dd className={SIGNED.has(m.key) ? toneOf(v) : undefined}>
											{writeMetric(f, m, v)}
										</dd>
									</div>
								);
							})}
					</dl>
				</section>
			))}
		</div>
	);
}
