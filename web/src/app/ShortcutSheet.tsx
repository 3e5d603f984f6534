import { Dialog } from "../components/Dialog";
import { useStore } from "../lib/store";
import { commands } from "./commands";

/** ?: every key in force on this page. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
	const all = useStore(commands).filter((c) => c.keys);
	const groups = [...new Set(all.map((c) => c.group))];
	return (
		<Dialog title="Keyboard shortcuts" onClose={onClose}>
			<div className="dialog-body">
				{groups.map((g) => (
					<section key={g} className="stack">
						<h3>{g}</h3>
						<dl className="keys">
							{all
								.filter((c) => c.group === g)
								.map((c) => (
									<div key={c.id} className="key-row">
										<dt>
											{c.keys?.split(" ").map((k) => (
												<kbd key={k}>{k}</kbd>
											))}
										</dt>
										<dd>{c.label}</dd>
									</div>
								))}
						</dl>
					</section>
				))}
				<p className="muted">
					In tables, Tab reaches a row and Enter opens it. On a chart, the arrow
					keys scroll and + and − zoom.
				</p>
			</div>
		</Dialog>
	);
}
