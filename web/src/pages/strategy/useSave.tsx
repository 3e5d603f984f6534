import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import {
	createStrategy,
	getStrategy,
	replaceStrategy,
} from "../../api/runEndpoints";
import type { StrategyFull } from "../../api/runTypes";
import { toast, toastError } from "../../components/toasts";
import { ApiError } from "../../lib/apiClient";

const Conflict = lazy(() => import("./Conflict"));

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
			<Suspense fallback={null}>
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
			</Suspense>
		),
	};
}
