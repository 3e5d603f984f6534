import { type ReactNode, useEffect, useRef } from "react";

/** A button that opens a list of links; Escape and a click outside close. */
export function Menu(p: { label: ReactNode; children: ReactNode }) {
	const ref = useRef<HTMLDetailsElement>(null);
	useEffect(() => {
		const away = (ev: Event) => {
			const d = ref.current;
			if (!d?.open) return;
			if (ev instanceof KeyboardEvent) {
				if (ev.key !== "Escape") return;
				d.querySelector("summary")?.focus();
			} else if (d.contains(ev.target as Node)) return;
			d.open = false;
		};
		document.addEventListener("pointerdown", away);
		document.addEventListener("keydown", away);
		return () => {
			document.removeEventListener("pointerdown", away);
			document.removeEventListener("keydown", away);
		};
	}, []);
	return (
		<details className="menu" ref={ref}>
			<summary className="btn">{p.label}</summary>
			<div className="menu-pop">{p.children}</div>
		</details>
	);
}
