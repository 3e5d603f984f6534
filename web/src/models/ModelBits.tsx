import type { Drift, Model, ModelState } from "../api/modelTypes";
import { useFormats } from "../app/format";
import { Progress } from "../components/ui";
import { formatAge, formatDuration } from "../lib/time";
import { isUnderWay } from "./model";

/** Small pieces that every list and page of models shows. */

/** More than these side by side cannot be read. */
export const COMPARE_MAX = 4;

const TONE: Record<ModelState, string> = {
	queued: "",
	training: "badge-info",
	candidate: "badge-warn",
	active: "badge-good",
	retired: "",
	failed: "badge-danger",
	cancelled: "badge-warn",
};

export function ModelBadge({ state }: { state: ModelState }) {
	return (
		<span className={`badge ${TONE[state] ?? ""}`}>
			{state === "training" && <span className="pulse" />}
			{state}
		</span>
	);
}

/** Everything on a page that stands under this was never seen in training. */
export function OutOfSample() {
	return <span className="badge badge-info">out of sample</span>;
}

export function Verdict({ better }: { better: boolean | null }) {
	if (better === null) return <span className="muted">–</span>;
	return (
		<span className={`badge ${better ? "badge-good" : "badge-warn"}`}>
			{better ? "better than the baselines" : "not better"}
		</span>
	);
}

const DRIFT: Record<Drift["state"], [string, string]> = {
	stable: ["badge-good", "stable"],
	moderate: ["badge-warn", "market moves away"],
	drifted: ["badge-danger", "drifted"],
};

export function DriftBadge({ drift }: { drift: Drift | null }) {
	const f = useFormats();
	if (!drift) return <span className="muted">not watched yet</span>;
	const [tone, word] = DRIFT[drift.state] ?? ["", drift.state];
	return (
		<span
			className={`badge ${tone}`}
			title={`stability index ${f.money(drift.psi)} at ${f.time(drift.at)}`}
		>
			{word}
		</span>
	);
}

export function Age({ model }: { model: Model }) {
	return (
		<>{model.trained === null ? "–" : formatAge(model.trained, Date.now())}</>
	);
}

export function TrainProgress(p: { model: Model; small?: boolean }) {
	const f = useFormats();
	const { model } = p;
	if (!isUnderWay(model)) return null;
	const percent = `${Math.floor(model.progress * 100)} %`;
	const left =
		model.eta_ms !== null && model.eta_ms > 0
			? `about ${formatDuration(model.eta_ms)} left`
			: "";
	return (
		<span className={p.small ? "run-progress run-progress-s" : "run-progress"}>
			<Progress
				value={Math.round(model.progress * 1000)}
				max={1000}
				label={`Progress of ${model.name}`}
			/>
			<span className="muted nowrap">
				{model.state === "queued"
					? `waiting since ${f.time(model.created, "time")}`
					: p.small
						? percent
						: [percent, left].filter(Boolean).join(", ")}
			</span>
		</span>
	);
}
