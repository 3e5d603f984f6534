import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Dialog } from "../components/Dialog";
import { useStore } from "../lib/store";
import { type Command, commands, fuzzy } from "./commands";

function matches(all: readonly Command[], query: string): Command[] {
	const shown = all.filter((c) => c.keys !== "Ctrl K");
	if (!query.trim()) return shown;
	return shown
		.map((c) => ({ c, score: fuzzy(query, `${c.label} ${c.group}`) }))
		.filter((x) => x.score !== null)
		.sort((a, b) => Number(a.score) - Number(b.score))
		.map((x) => x.c);
}

/** Ctrl+K: every command by typing a few of its letters. */
export default function Palette({ onClose }: { onClose: () => void }) {
	const all = useStore(commands);
	const [query, setQuery] = useState("");
	const [at, setAt] = useState(0);
	const id = useId();
	const list = useRef<HTMLDivElement>(null);
	const found = matches(all, query);
	const current = Math.min(at, found.length - 1);

	useEffect(() => {
		list.current
			?.querySelector('[aria-selected="true"]')
			?.scrollIntoView({ block: "nearest" });
	});

	const run = (c: Command | undefined) => {
		if (!c) return;
		onClose();
		// After the dialog has given the focus back.
		setTimeout(c.run, 0);
	};
	const onKey = (ev: KeyboardEvent) => {
		const n = found.length;
		if (ev.key === "ArrowDown") setAt((current + 1) % Math.max(n, 1));
		else if (ev.key === "ArrowUp") setAt((current - 1 + n) % Math.max(n, 1));
		else if (ev.key === "Enter") run(found[current]);
		else return;
		ev.preventDefault();
	};
	return (
		<Dialog title="Commands" bare className="palette" onClose={onClose}>
			<input
				className="palette-input"
				role="combobox"
				aria-label="Search commands"
				aria-expanded="true"
				aria-controls={`${id}-list`}
				aria-activedescendant={
					found[current] ? `${id}-${found[current].id}` : undefined
				}
				placeholder="Go to, do, find…"
				value={query}
				onChange={(ev) => {
					setQuery(ev.target.value);
					setAt(0);
				}}
				onKeyDown={onKey}
			/>
			<div
				className="palette-list"
				role="listbox"
				aria-label="Commands"
				id={`${id}-list`}
				ref={list}
			>
				{found.map((c, i) => (
					// biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's
					<div
						key={c.id}
						id={`${id}-${c.id}`}
						role="option"
						tabIndex={-1}
						aria-selected={i === current}
						className="palette-item"
						onClick={() => run(c)}
						onMouseMove={() => setAt(i)}
					>
						{c.label}
						<span className="palette-group">{c.group}</span>
						{c.keys && <kbd>{c.keys}</kbd>}
					</div>
				))}
			</div>
			{found.length === 0 && (
				<p className="empty" role="status">
					Nothing goes by that name.
				</p>
			)}
		</Dialog>
	);
}
