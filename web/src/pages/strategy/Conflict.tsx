import type { StrategyFull } from "../../api/runTypes";
import { useFormats } from "../../app/format";
import { Dialog } from "../../components/Dialog";

/** Somebody else has saved in the meantime: whose version is it to be? */
export default function Conflict(p: {
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
