import { type FormEvent, useState } from "react";
import type { Model } from "../../api/modelTypes";
import { explain, toast } from "../../components/toasts";
import { Field, Panel } from "../../components/ui";

interface Change {
	name?: string;
	notes?: string;
	retrain_days?: number | null;
}

/** What its owner thinks of it, and how often it is to be trained anew. */
export function ModelNotes(p: {
	model: Model;
	readOnly: boolean;
	save: (change: Change) => Promise<unknown>;
}) {
	const { model } = p;
	const [name, setName] = useState(model.name);
	const [notes, setNotes] = useState(model.notes ?? "");
	const [days, setDays] = useState(
		model.retrain_days ? String(model.retrain_days) : "",
	);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const wrong = days !== "" && !(/^\d+$/.test(days) && Number(days) > 0);
	const change: Change = {};
	if (name.trim() !== model.name) change.name = name.trim();
	if (notes !== (model.notes ?? "")) change.notes = notes;
	const wanted = days === "" ? null : Number(days);
	if (wanted !== (model.retrain_days || null)) change.retrain_days = wanted;
	const submit = async (ev: FormEvent) => {
		ev.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await p.save(change);
			toast("Saved", "good");
		} catch (e) {
			setError(e);
		} finally {
			setBusy(false);
		}
	};
	return (
		<Panel title="Notes">
			<form className="form notes" onSubmit={(ev) => void submit(ev)}>
				<div className="form-row">
					<Field label="Name" hint="scripts ask for it by this name">
						{(a) => (
							<input
								{...a}
								className="input"
								value={name}
								maxLength={120}
								required
								readOnly={p.readOnly}
								onChange={(ev) => setName(ev.target.value)}
							/>
						)}
					</Field>
					<Field
						label="Train anew every, days"
						hint="empty: never; the new one is used only if it beats this one"
						error={wrong ? "Enter a whole number of days." : null}
					>
						{(a) => (
							<input
								{...a}
								className="input"
								inputMode="numeric"
								value={days}
								readOnly={p.readOnly}
								onChange={(ev) => setDays(ev.target.value.trim())}
							/>
						)}
					</Field>
				</div>
				<Field label="Notes" hint="what you tried, and what you make of it">
					{(a) => (
						<textarea
							{...a}
							className="input textarea"
							rows={4}
							maxLength={10000}
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
							disabled={
								busy ||
								wrong ||
								name.trim() === "" ||
								Object.keys(change).length === 0
							}
						>
							Save notes
						</button>
					</div>
				)}
			</form>
		</Panel>
	);
}
