import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { CloseIcon } from "./icons";
import { Field } from "./ui";

/**
 * A modal dialog on the browser's own element: focus stays inside, Escape
 * closes, focus returns to where it was.
 */
export function Dialog(p: {
	title: string;
	onClose: () => void;
	className?: string;
	/** Leaves the heading to screen readers. */
	bare?: boolean;
	children: ReactNode;
}) {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const d = ref.current;
		const before = document.activeElement;
		d?.showModal();
		return () => {
			d?.close();
			if (before instanceof HTMLElement) before.focus();
		};
	}, []);
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it too
		<dialog
			ref={ref}
			className={`dialog ${p.className ?? ""}`}
			aria-labelledby={id}
			onCancel={(ev) => {
				ev.preventDefault();
				p.onClose();
			}}
			onClick={(ev) => {
				if (ev.target === ref.current) p.onClose();
			}}
		>
			{p.bare ? (
				<h2 id={id} className="sr">
					{p.title}
				</h2>
			) : (
				<div className="dialog-head">
					<h2 id={id}>{p.title}</h2>
					<button
						type="button"
						className="btn btn-ghost btn-icon"
						aria-label="Close"
						onClick={p.onClose}
					>
						<CloseIcon size={16} />
					</button>
				</div>
			)}
			{p.children}
		</dialog>
	);
}

/** Asks before something that cannot be undone. */
export function Confirm(p: {
	title: string;
	children: ReactNode;
	action: string;
	danger?: boolean;
	/** Text to be typed before the action is allowed. */
	typed?: string;
	onConfirm: () => Promise<unknown> | undefined;
	onClose: () => void;
}) {
	const [busy, setBusy] = useState(false);
	const [text, setText] = useState("");
	const run = async () => {
		setBusy(true);
		try {
			await p.onConfirm();
			p.onClose();
		} catch {
			// Whoever asked has told the user why.
			setBusy(false);
		}
	};
	return (
		<Dialog title={p.title} onClose={p.onClose}>
			<form
				className="dialog-body"
				onSubmit={(ev) => {
					ev.preventDefault();
					void run();
				}}
			>
				<div>{p.children}</div>
				{p.typed !== undefined && (
					<Field label={`Type ${p.typed} to confirm`}>
						{(a) => (
							<input
								{...a}
								className="input"
								value={text}
								autoComplete="off"
								onChange={(ev) => setText(ev.target.value)}
							/>
						)}
					</Field>
				)}
				<div className="dialog-actions">
					<button type="button" className="btn" onClick={p.onClose}>
						Cancel
					</button>
					<button
						type="submit"
						className={p.danger ? "btn btn-danger" : "btn btn-primary"}
						disabled={busy || (p.typed !== undefined && text !== p.typed)}
					>
						{p.action}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
