import "../styles/runs.css";
import "../styles/models.css";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Link, useLocation } from "wouter";
import { changeModel, exportUrl } from "../api/modelEndpoints";
import type { Evaluation, Model } from "../api/modelTypes";
import { useCommands } from "../app/commands";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { Confirm } from "../components/Dialog";
import {
	ChevronIcon,
	DownloadIcon,
	StopIcon,
	TrashIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import { ButtonLink, Panel, SkeletonBlock } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { DriftBadge, ModelBadge, TrainProgress } from "../models/ModelBits";
import { ageDays, isTrained, isUnderWay } from "../models/model";
import {
	modelKey,
	modelsKey,
	useEvaluation,
	useModel,
	useModelActions,
} from "../models/useModels";
import { Curves } from "./model/Curves";
import { ModelNotes } from "./model/ModelNotes";
import { Setup } from "./model/Setup";
import NotFound from "./NotFound";

const EvaluationView = lazy(() =>
	import("./model/Evaluation").then((m) => ({ default: m.EvaluationView })),
);
const Sentence = lazy(() =>
	import("./model/Evaluation").then((m) => ({ default: m.Sentence })),
);

type Ask = "promote" | "retire" | "delete" | null;

function Question(p: { model: Model; ask: Ask; onClose: () => void }) {
	const { model, ask } = p;
	const { act, remove } = useModelActions();
	const [, go] = useLocation();
	switch (ask) {
		case null:
			return null;
		case "promote":
			return (
				<Confirm
					title={`Use ${model.name} from now on?`}
					action="Promote"
					danger={model.better !== true}
					onConfirm={() => act.mutateAsync({ model, action: "promote" })}
					onClose={p.onClose}
				>
					<p>
						Bots and strategies that ask for “{model.name}” get the answers of
						this one; the version that is in use now retires.
					</p>
					{model.better !== true && (
						<p className="notice notice-warn">
							Out of sample it is not better than the baselines.
						</p>
					)}
				</Confirm>
			);
		case "retire":
			return (
				<Confirm
					title={`Take ${model.name} out of use?`}
					action="Retire"
					danger
					onConfirm={() => act.mutateAsync({ model, action: "retire" })}
					onClose={p.onClose}
				>
					<p>Bots that ask for it hold until another version is promoted.</p>
				</Confirm>
			);
		case "delete":
			return (
				<Confirm
					title={`Delete ${model.name} #${model.id}?`}
					action="Delete for good"
					danger
					onConfirm={async () => {
						await remove.mutateAsync(model);
						go("/models");
					}}
					onClose={p.onClose}
				>
					<p>Its weights and figures go with it. This cannot be undone.</p>
				</Confirm>
			);
	}
}

function Actions({ model }: { model: Model }) {
	const trader = useCanTrade();
	const { act } = useModelActions();
	const [ask, setAsk] = useState<Ask>(null);
	const halted = model.state === "cancelled" || model.state === "failed";
	return (
		<div className="row row-wrap">
			{trader && isUnderWay(model) && (
				<button
					type="button"
					className="btn"
					disabled={act.isPending}
					onClick={() => act.mutate({ model, action: "cancel" })}
				>
					<StopIcon size={16} /> Cancel training
				</button>
			)}
			{trader && halted && (
				<button
					type="button"
					className="btn btn-primary"
					disabled={act.isPending}
					onClick={() => act.mutate({ model, action: "resume" })}
				>
					Resume
				</button>
			)}
			{trader && (model.state === "candidate" || model.state === "retired") && (
				<button
					type="button"
					className="btn btn-primary"
					onClick={() => setAsk("promote")}
				>
					Promote
				</button>
			)}
			{trader && model.state === "active" && (
				<button type="button" className="btn" onClick={() => setAsk("retire")}>
					Retire
				</button>
			)}
			{isTrained(model) && (
				<ButtonLink href={`/models/compare?ids=${model.id}`}>
					Compare
				</ButtonLink>
			)}
			{isTrained(model) && (
				<a className="btn" href={exportUrl(model.id)} download>
					<DownloadIcon size={16} /> Export
				</a>
			)}
			{trader && !isUnderWay(model) && (
				<ButtonLink href={`/models/new?again=${model.id}`}>
					Change and train again
				</ButtonLink>
			)}
			{trader && !isUnderWay(model) && model.state !== "active" && (
				<button
					type="button"
					className="btn btn-danger"
					onClick={() => setAsk("delete")}
				>
					<TrashIcon size={16} /> Delete
				</button>
			)}
			<Question model={model} ask={ask} onClose={() => setAsk(null)} />
		</div>
	);
}

/** What makes a trained model fit or unfit for use today. */
function State({ model }: { model: Model }) {
	const f = useFormats();
	const days = ageDays(model, Date.now());
	if (days === null) return null;
	return (
		<p className="model-state">
			<span>
				<strong>Age</strong> {f.count(Math.floor(days))} days
				{model.retrain_days
					? `, trained anew every ${f.count(model.retrain_days)}`
					: ", not trained anew by itself"}
			</span>
			<span>
				<strong>Market since</strong> <DriftBadge drift={model.drift} />
			</span>
			{model.promoted !== null && (
				<span>
					<strong>In use since</strong> {f.time(model.promoted)} (generation{" "}
					{f.count(model.generation)})
				</span>
			)}
		</p>
	);
}

function Trained({ model }: { model: Model }) {
	const query = useEvaluation(model);
	return (
		<Suspense fallback={<SkeletonBlock className="chart-h" />}>
			<Loaded query={query}>
				{(e: Evaluation) => (
					<>
						<Sentence evaluation={e} model={model} />
						<State model={model} />
						<EvaluationView evaluation={e} model={model} />
					</>
				)}
			</Loaded>
		</Suspense>
	);
}

function View({ model }: { model: Model }) {
	const trader = useCanTrade();
	const queries = useQueryClient();
	const [, go] = useLocation();
	usePageTitle(
		isUnderWay(model)
			? `${Math.floor(model.progress * 100)} % ${model.name}`
			: `${model.name} ${model.state}`,
	);
	useCommands(
		() =>
			trader
				? [
						{
							id: "model-again",
							label: `Change ${model.name} and train it again`,
							group: "This model",
							keys: "r",
							run: () => go(`/models/new?again=${model.id}`),
						},
					]
				: [],
		[model.id, trader],
	);
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/models">Models</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1 className="truncate">{model.name}</h1>
				<ModelBadge state={model.state} />
				<span className="muted">
					#{model.id} · {model.title} · {model.market.symbol} · {model.tf}
				</span>
				<span className="spacer" />
				<Actions model={model} />
			</div>
			{isUnderWay(model) && (
				<Panel title="Under way">
					<div data-testid="train-progress">
						<TrainProgress model={model} />
					</div>
				</Panel>
			)}
			{model.error && (
				<p className="notice notice-error" role="alert">
					<strong>It did not finish:</strong> {model.error}
				</p>
			)}
			{model.state === "cancelled" && (
				<p className="notice notice-warn" role="status">
					This training was cancelled. It can go on from where it stood.
				</p>
			)}
			{isTrained(model) && <Trained model={model} />}
			<Curves model={model} />
			<Setup model={model} />
			<ModelNotes
				key={model.id}
				model={model}
				readOnly={!trader}
				save={async (change) => {
					const m = await changeModel(model.id, change);
					queries.setQueryData(modelKey(model.id), m);
					void queries.invalidateQueries({ queryKey: modelsKey });
				}}
			/>
		</>
	);
}

/** One model: while it learns, and what it is worth. */
export default function ModelDetail({ id }: { id: number }) {
	const query = useModel(id);
	usePageTitle("Model");
	const missing =
		!Number.isInteger(id) ||
		id <= 0 ||
		(query.error instanceof ApiError && query.error.status === 404);
	if (missing) return <NotFound />;
	return (
		<Loaded
			query={query}
			skeleton={<SkeletonBlock className="page-skeleton" />}
		>
			{(m) => <View model={m} />}
		</Loaded>
	);
}
