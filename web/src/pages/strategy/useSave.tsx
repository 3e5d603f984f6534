import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
	createStrategy,
	getStrategy,
	replaceStrategy,
} from "../../api/runEndpoints";
import type { StrategyFull } from "../../api/runTypes";
import { useFormats } from "../../app/format";
import { Dialog } from "../../components/Dialog";
import { toast, toastError } from "../../components/toasts";
import { ApiError } from "../../lib/apiClient";

interface Text {
	name: string;
	source: string;
	since: number | null;
	settle: (s: StrategyFull) => void;
}

/**
 * Saves the text. Where somebody else (or another window) has saved in the
 * meantime, nothing is written before the user has chosen.
 */
export function useSave(
	id: number | null,
	text: Text,
	onCreated: (s: StrategyFull) => void,
) {
	const queries = useQueryClient();
	const [busy, setBusy] = useState(false);
	const [theirs, setTheirs] = useState<StrategyFull | null>(null);
	const [nameError, setNameError] = useState<string | null>(null);

	const done = (s: StrategyFull) => {
		queries.setQueryData(["strategy", s.id], s);
		void queries.invalidateQueries({ queryKey: ["strategies"] });
		setTheirs(null);
		text.settle(s);
		toast(`${s.name} was saved`, "good");
	};
	const write = async (force: boolean): Promise<StrategyFull | null> => {
		setBusy(true);
		setNameError(null);
		try {
			const name = text.name.trim();
			if (id === null) {
				const made = await createStrategy(name, text.source);
				done(made);
				onCreated(made);
				return made;
			}
			if (!force) {
				const now = await getStrategy(id);
				if (text.since !== null && now.changed !== text.since) {
					setTheirs(now);
					return null;
				}
			}
			const saved = await replaceStrategy(id, name, text.source);
			done(saved);
			return saved;
		} catch (error) {
			if (error instanceof ApiError && error.status === 409)
				setNameError(error.message);
			toastError("Not saved", error);
			return null;
		} finally {
			setBusy(false);
		}
	};
	return {
		busy,
		nameError,
		save: () => write(false),
		conflict: theirs && (
			<Conflict
				theirs={theirs}
				busy={busy}
				onClose={() => setTheirs(null)}
				onMine={() => void write(true)}
				onTheirs={() => {
					queries.setQueryData(["strategy", theirs.id], theirs);
					setTheirs(null);
					text.settle(theirs);
				}}
			/>
		),
	};
}

function Conflict(p: {
	theirs: StrategyFull;
	busy: boolean;
	onClose: () => void;
	onMine: () => void;
	onTheirs: () => void;
}) {
	const f = useFormats();
	return (
		<Dialog title="Changed elsewhere" onClose={p.onClose}>
			<div className="dialog-body">
				<p>
					{p.theirs.name} was saved at {f.time(p.theirs.changed, "full")} from
					another place, after this text was opened. Saving now would replace
					that version.
				</p>
				<details>
					<summary>Look at the other version</summary>
					<pre className="source-peek">{p.theirs.source}</pre>
				</details>
				<div className="dialog-actions">
					<button type="button" className="btn" onClick={p.onClose}>
						Keep editing
					</button>
					<button type="button" className="btn" onClick={p.onTheirs}>
						Take the other version
					</button>
					<button
						type="button"
						className="btn btn-danger"
						disabled={p.busy}
						onClick={p.onMine}
					>
						Save mine over it
					</button>
				</div>
			</div>
		</Dialog>
	);
}
