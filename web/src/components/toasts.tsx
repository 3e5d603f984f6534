import { ApiError } from "../lib/apiClient";
import { createStore, useStore } from "../lib/store";
import { CloseIcon } from "./icons";

/** Short news at the corner of the page. Errors stay until dismissed. */

export type Tone = "info" | "good" | "error";

interface Toast {
	id: number;
	tone: Tone;
	text: string;
}

const MAX = 4;
const SECONDS = 5;
let last = 0;

export const toasts = createStore<readonly Toast[]>([]);

export function dismiss(id: number): void {
	toasts.set((all) => all.filter((t) => t.id !== id));
}

export function toast(text: string, tone: Tone = "info"): void {
	const id = ++last;
	toasts.set((all) => [...all, { id, tone, text }].slice(-MAX));
	if (tone !== "error") setTimeout(() => dismiss(id), SECONDS * 1000);
}

/** What a person is told about an error. */
export function explain(error: unknown): string {
	if (error instanceof ApiError) return error.message;
	return "Something unexpected happened. The log knows more.";
}

/** Says what failed and why. */
export function toastError(what: string, error: unknown): void {
	if (error instanceof ApiError && error.code === "ABORTED") return;
	toast(`${what}: ${explain(error)}`, "error");
}

export function Toasts() {
	const all = useStore(toasts);
	return (
		<div className="toasts" role="status" aria-live="polite">
			{all.map((t) => (
				<div key={t.id} className={`toast toast-${t.tone}`}>
					<p className="grow">{t.text}</p>
					<button
						type="button"
						className="btn btn-ghost btn-s btn-icon"
						aria-label="Dismiss"
						onClick={() => dismiss(t.id)}
					>
						<CloseIcon size={14} />
					</button>
				</div>
			))}
		</div>
	);
}
