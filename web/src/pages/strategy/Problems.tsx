import type { Diagnostic } from "../../api/runTypes";
import { CheckIcon } from "../../components/icons";

const WORD = { error: "Error", warning: "Warning", note: "Note" } as const;
const TONE = {
	error: "badge-danger",
	warning: "badge-warn",
	note: "badge-info",
} as const;

/** What the compiler said; choosing a line goes there. */
export function Problems(p: {
	diagnostics: readonly Diagnostic[];
	/** The text has changed since. */
	stale: boolean;
	onPick: (d: Diagnostic) => void;
}) {
	const list = p.diagnostics;
	if (list.length === 0)
		return (
			<p className="problems-none" role="status">
				<CheckIcon size={16} /> {p.stale ? "Checking…" : "The script compiles."}
			</p>
		);
	return (
		<ul className="problems" aria-label="Problems">
			{list.map((d, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: drawn as a whole
				<li key={i}>
					<button type="button" className="problem" onClick={() => p.onPick(d)}>
						<span className={`badge ${TONE[d.severity]}`}>
							{WORD[d.severity]}
						</span>
						<span className="problem-place">
							<span className="sr">Line </span>
							{d.line}:{d.column}
						</span>
						<span className="problem-text">{d.message}</span>
					</button>
				</li>
			))}
		</ul>
	);
}

/** "2 errors, 1 warning". */
export function countProblems(list: readonly Diagnostic[]): string {
	const parts = (["error", "warning", "note"] as const).flatMap((s) => {
		const n = list.filter((d) => d.severity === s).length;
		return n ? [`${n} ${s}${n === 1 ? "" : "s"}`] : [];
	});
	return parts.join(", ") || "no problem";
}
