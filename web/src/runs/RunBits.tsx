import type { RulesSet, RunBase, RunState } from "../api/runTypes";
import { useFormats } from "../app/format";
import { Progress } from "../components/ui";
import { formatDuration } from "../lib/time";

/** Small pieces that every list and page of runs shows. */

/** More than these side by side cannot be read. */
export const COMPARE_MAX = 4;

const TONE: Record<RunState, string> = {
	queued: "",
	running: "badge-good",
	done: "badge-info",
	failed: "badge-danger",
	cancelled: "badge-warn",
};

export function RunBadge({ state }: { state: RunState }) {
	return (
		<span className={`badge ${TONE[state] ?? ""}`}>
			{state === "running" && <span className="pulse" />}
			{state}
		</span>
	);
}

export function isActive(r: { state: RunState }): boolean {
	return r.state === "queued" || r.state === "running";
}

export function etaText(ms: number | null): string {
	return ms === null || ms <= 0 ? "" : `about ${formatDuration(ms)} left`;
}

export function RunProgress({ run, small }: { run: RunBase; small?: boolean }) {
	const f = useFormats();
	if (!isActive(run)) return null;
	const percent = `${Math.floor(run.progress * 100)} %`;
	return (
		<span className={small ? "run-progress run-progress-s" : "run-progress"}>
			<Progress
				value={Math.round(run.progress * 1000)}
				max={1000}
				label={`Progress of ${run.name}`}
			/>
			<span className="muted nowrap">
				{run.state === "queued"
					? `waiting since ${f.time(run.created, "time")}`
					: small
						? percent
						: [percent, etaText(run.eta_ms)].filter(Boolean).join(", ")}
			</span>
		</span>
	);
}

export const RULES: Record<
	RulesSet,
	{ label: string; short: string; about: string }
> = {
	chart: {
		label: "Chart",
		short: "as the charts trade it",
		about:
			"Orders fill as on the trading charts most scripts were written on: market orders at the next open, stops and limits along the likely way inside the candle. Take it to compare with results that you know.",
	},
	freqtrade: {
		label: "Freqtrade",
		short: "under freqtrade's rules",
		about:
			"The script gives signals; stop-loss, ROI table and trailing come from the rules file in freqtrade's own key names. Take it to compare with a freqtrade backtest.",
	},
	strict: {
		label: "Strict",
		short: "pessimistic",
		about:
			"Whatever one candle cannot tell goes against you: the stop before the target, trailing only from the extreme before, with spread, delay and no more than a share of the volume. If a strategy earns here, it has a chance live.",
	},
};

export function Tags({ tags }: { tags: readonly string[] }) {
	if (tags.length === 0) return null;
	return (
		<span className="tags">
			{tags.map((t) => (
				<span key={t} className="tag">
					{t}
				</span>
			))}
		</span>
	);
}

/** "a, b" as a list: trimmed, each once. */
export function parseTags(text: string): string[] {
	return [
		...new Set(
			text
				.split(",")
				.map((t) => t.trim())
				.filter(Boolean),
		),
	];
}

export function rangeText(
	r: { from: number | null; to: number | null },
	time: (ms: number, style: "date") => string,
): string {
	if (r.from === null && r.to === null) return "all candles";
	const a = r.from === null ? "start" : time(r.from, "date");
	const b = r.to === null ? "end" : time(r.to, "date");
	return `${a} – ${b}`;
}
