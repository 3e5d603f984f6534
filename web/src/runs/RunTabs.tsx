import { Link } from "wouter";

/** Between single runs and sweeps. */
export function RunTabs({ at }: { at: "runs" | "sweeps" }) {
	return (
		<nav className="seg seg-links" aria-label="Kinds of backtests">
			<Link href="/backtests" aria-current={at === "runs" ? "page" : undefined}>
				Single runs
			</Link>
			<Link
				href="/backtests/sweeps"
				aria-current={at === "sweeps" ? "page" : undefined}
			>
				Sweeps
			</Link>
		</nav>
	);
}
