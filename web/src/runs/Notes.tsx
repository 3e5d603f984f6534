import { type FormEvent, useState } from "react";
import { explain, toast } from "../components/toasts";
import { Field } from "../components/ui";
import { parseTags } from "./RunBits";

export interface NoteChange {
	name: string;
	notes: string;
	tags: string[];
}

/** Name, notes and tags of a run: what its owner thinks of it. */
export function Notes(p: {
	run: { name: string; notes: string; tags: readonly string[] };
	save: (change: NoteChange) => Promise<unknown>;
	readOnly: boolean;
}) {
	const [name, setName] = useState(p.run.name);
	const [notes, setNotes] = useState(p.run.notes);
	const [tags, setTags] = useState(p.run.tags.join(", "));
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const changed =
		name !== p.run.name ||
		notes !== p.run.notes ||
		parseTags(tags).join() !== p.run.tags.join();
	const submit = async (ev: FormEvent) => {
		ev.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await p.save({ name: name.trim(), notes, tags: parseTags(tags) });
			toast("Saved", "good");
		} catch (e) {
			setError(e);
		} finally {
			setBusy(false);
		}
	};
	return (
		<form className="form notes" onSubmit={(ev) => void submit(ev)}>
			<div className="form-row">
				<Field label="Name">
					{(a) => (
						<input
							{...a}
							className="input"
							value={name}
							maxLength={64}
							required
							readOnly={p.readOnly}
							onChange={(ev) => setName(ev.target.value)}
						/>
					)}
				</Field>
				<Field label="Tags" hint="separated by commas">
					{(a) => (
						<input
							{...a}
							className="input"
							value={tags}
							readOnly={p.readOnly}
							onChange={(ev) => setTags(ev.target.value)}
						/>
					)}
				</Field>
			</div>
			<Field label="Notes" hint="what you tried, and what you make of it">
				{(a) => (
					<textarea
						{...a}
						className="input textarea"
						rows={6}
						maxLength={20000}
						value={notes}
						readOnly={p.readOnly}
						onChange={(ev) => setNotes(ev.target.value)}
					/>
				)}
			</Field>
			{error !== null && (
				<p className="notice notice-error" role="alert">
					{explain(error)}
				</p>
			)}
			{!p.readOnly && (
				<div className="form-actions">
					<button
						type="submit"
						className="btn btn-primary"
						disabled={busy || !changed || name.trim() === ""}
					>
						Save notes
					</button>
				</div>
			)}
		</form>
	);
}
