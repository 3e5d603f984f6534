import "../../styles/models.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { predict } from "../../api/modelEndpoints";
import {
	ACTIONS,
	type Model,
	type Prediction,
	type Reason,
} from "../../api/modelTypes";
import type { Market } from "../../api/types";
import { type Formats, useFormats } from "../../app/format";
import { LoadError } from "../../components/Loaded";
import {
	ButtonLink,
	Empty,
	Panel,
	Side,
	SkeletonRows,
} from "../../components/ui";
import { ApiError } from "../../lib/apiClient";
import { formatDuration, timeframeMs } from "../../lib/time";
import { ModelBadge, Verdict } from "../../models/ModelBits";
import { isTrained } from "../../models/model";
import { useModels } from "../../models/useModels";

/** What the models say about a market's last closed bar, and why. */

const REFRESH = 60_000;

/** Those in use first, then the newest. */
export function usable(
	all: readonly Model[],
	market: number,
	tf: string,
): Model[] {
	const rank = (m: Model) =>
		(m.market.id === market ? 0 : 4) +
		(m.tf === tf ? 0 : 2) +
		(m.state === "active" ? 0 : 1);
	return all
		.filter((m) => isTrained(m) && m.state !== "retired")
		.sort((a, b) => rank(a) - rank(b) || b.id - a.id);
}

const share = (f: Formats, v: number | null | undefined) =>
	f.percent(v ?? null, 1).replace("+", "");

function Probabilities({ p }: { p: Prediction }) {
	const f = useFormats();
	const { probabilities } = p;
	if (!probabilities) return null;
	return (
		<dl className="probs">
			{ACTIONS.map((a) => (
				<div key={a}>
					<dt>{a}</dt>
					<dd>
						<span className="prob-bar" aria-hidden="true">
							<span
								className={`prob-fill prob-${a}`}
								style={{ width: `${100 * probabilities[a]}%` }}
							/>
						</span>
						<span className="prob-n">{share(f, probabilities[a])}</span>
					</dd>
				</div>
			))}
		</dl>
	);
}

function Reasons({ reasons, action }: { reasons: Reason[]; action: string }) {
	const rows = reasons.map((r) => ({ ...r, part: r.contribution ?? 0 }));
	const widest = Math.max(1e-12, ...rows.map((r) => Math.abs(r.part)));
	if (reasons.length === 0) return null;
	return (
		<>
			<h3>Why</h3>
			<ul className="reasons">
				{rows.map((r) => (
					<li key={r.feature}>
						<span className="reason-text">{r.sentence || r.feature}</span>
						<span className="signed-bar" aria-hidden="true">
							<span
								className={`signed-fill ${r.part >= 0 ? "fill-up" : "fill-down"}`}
								style={{
									left: r.part >= 0 ? "50%" : `${50 + (50 * r.part) / widest}%`,
									width: `${(50 * Math.abs(r.part)) / widest}%`,
								}}
							/>
						</span>
					</li>
				))}
			</ul>
			<p className="hint">
				To the right: speaks for {action}; to the left: against.
			</p>
		</>
	);
}

/** How old the last bar is, when that is more than two bars; else null. */
export function staleness(
	bar: number | null,
	tf: number,
	now: number,
): string | null {
	if (bar === null) return null;
	const age = now - bar - tf;
	return age > 2 * tf ? formatDuration(age) : null;
}

function Answer({ p, model }: { p: Prediction; model: Model }) {
	const f = useFormats();
	const old = staleness(p.bar_time, timeframeMs(model.tf), Date.now());
	return (
		<div className="prediction" data-testid="prediction">
			<p className="prediction-head">
				<span className="prediction-action">
					{p.action === "hold" ? "hold" : <Side side={p.action} />}
				</span>
				{p.confidence !== null && (
					<span>
						confidence <strong>{share(f, p.confidence)}</strong>
						<span className="muted"> calibrated</span>
					</span>
				)}
				{typeof p.predicted === "number" && (
					<span>
						return <strong>{f.percent(p.predicted)}</strong>
					</span>
				)}
				{p.strength !== null && p.strength !== undefined && (
					<span className="muted">
						strength{" "}
						{typeof p.strength === "number"
							? f.money(p.strength.toFixed(2))
							: p.strength}
					</span>
				)}
			</p>
			<Probabilities p={p} />
			<Reasons reasons={p.reasons} action={p.action} />
			{Object.keys(p.indicators ?? {}).length > 0 && (
				<details className="more">
					<summary>Indicator values</summary>
					<dl className="facts">
						{Object.entries(p.indicators).map(([k, v]) => (
							<div key={k}>
								<dt>
									<code>{k}</code>
								</dt>
								<dd>{v === null ? "–" : String(Number(v.toPrecision(6)))}</dd>
							</div>
						))}
					</dl>
				</details>
			)}
			{old !== null && (
				<p className="notice notice-warn" role="status">
					The newest candle is {old} old: this says nothing about today.
				</p>
			)}
			<p className="hint">
				Bar of {f.time(p.bar_time)}; trained {formatDuration(p.model_age_ms)}{" "}
				ago. <Verdict better={model.better} />
			</p>
		</div>
	);
}

function Ask({ model, market }: { model: Model; market: Market }) {
	const query = useQuery({
		queryKey: ["prediction", model.id, market.id],
		queryFn: ({ signal }) => predict(model.id, market.id, signal),
		refetchInterval: REFRESH,
	});
	const { error, data } = query;
	// A refusal is an answer: it says by name what is amiss.
	if (error instanceof ApiError && error.status === 409)
		return (
			<p className="notice notice-warn" role="status" data-testid="refusal">
				<strong>No prediction.</strong> {error.message}
			</p>
		);
	if (error && !data)
		return <LoadError error={error} retry={() => void query.refetch()} />;
	return data ? <Answer p={data} model={model} /> : <SkeletonRows rows={4} />;
}

export default function PredictionPanel(p: { market: Market; tf: string }) {
	const { market, tf } = p;
	const query = useModels();
	const [chosen, setChosen] = useState<number | null>(null);
	const list = usable(query.data?.items ?? [], market.id, tf);
	const model = list.find((m) => m.id === chosen) ?? list[0];
	return (
		<Panel title="Prediction">
			{query.error && !query.data ? (
				<LoadError error={query.error} retry={() => void query.refetch()} />
			) : !query.data ? (
				<SkeletonRows rows={4} />
			) : !model ? (
				<Empty
					title="No model yet"
					action={
						<ButtonLink href={`/models/new?market=${market.id}&tf=${tf}`}>
							Train one
						</ButtonLink>
					}
				>
					A trained model says here what it makes of the last bar, and why.
				</Empty>
			) : (
				<div className="stack">
					<div className="row row-wrap">
						<select
							className="select select-auto"
							aria-label="Model that is asked"
							value={model.id}
							onChange={(ev) => setChosen(Number(ev.target.value))}
						>
							{list.map((m) => (
								<option key={m.id} value={m.id}>
									{m.name} #{m.id} ({m.market.symbol} {m.tf})
								</option>
							))}
						</select>
						<ModelBadge state={model.state} />
						<Link href={`/models/${model.id}`}>what it is worth</Link>
					</div>
					<Ask key={`${model.id}/${market.id}`} model={model} market={market} />
				</div>
			)}
		</Panel>
	);
}
