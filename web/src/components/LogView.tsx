import { type ReactNode, useEffect, useRef } from "react";
import { useFormats } from "../app/format";

export interface LogItem {
	id: number | string;
	time: number;
	level: string;
	message: string;
	/** Where it came from: a bot, a page. */
	origin?: ReactNode;
	requestId?: string | null;
	count?: number | null;
	/** Context and stack, shown on demand. */
	more?: string;
}

const TONE: Record<string, string> = {
	error: "badge-danger",
	warn: "badge-warn",
	warning: "badge-warn",
	info: "badge-info",
};

/** One line of plain text for the clipboard. */
export function logText(i: LogItem): string {
	return [
		new Date(i.time).toISOString(),
		i.level.toUpperCase().padEnd(5),
		i.message,
		i.requestId ? `request=${i.requestId}` : "",
		i.count && i.count > 1 ? `×${i.count}` : "",
	]
		.filter(Boolean)
		.join(" ");
}

/** Log lines, oldest first; `follow` keeps the newest in sight. */
export function LogView(p: {
	label: string;
	items: readonly LogItem[];
	follow: boolean;
	/** The reader scrolled away from the end, or back to it. */
	onFollow: (follow: boolean) => void;
	onRequest?: (id: string) => void;
	top?: ReactNode;
}) {
	const f = useFormats();
	const box = useRef<HTMLDivElement>(null);
	const last = p.items.at(-1)?.id;
	// biome-ignore lint/correctness/useExhaustiveDependencies: a new last line
	useEffect(() => {
		const el = box.current;
		if (p.follow && el) el.scrollTop = el.scrollHeight;
	}, [p.follow, last]);
	const onScroll = () => {
		const el = box.current;
		if (!el) return;
		const atEnd = el.scrollHeight - el.scrollTop - el.clientHeight < 24;
		if (p.follow && !atEnd) p.onFollow(false);
	};
	return (
		<div
			className="log"
			role="log"
			aria-label={p.label}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
			tabIndex={0}
			ref={box}
			onWheel={onScroll}
			onTouchMove={onScroll}
			onKeyUp={onScroll}
		>
			{p.top}
			{p.items.map((i) => (
				<div key={i.id} className="log-line">
					<time dateTime={new Date(i.time).toISOString()}>
						{f.time(i.time, "datetime")}
					</time>
					<span className={`badge ${TONE[i.level] ?? ""}`}>{i.level}</span>
					<div className="log-text">
						{i.origin && <span className="log-origin">{i.origin}</span>}
						{i.message}
						{i.count && i.count > 1 && (
							<span className="badge">×{f.count(i.count)}</span>
						)}
						{i.requestId &&
							(p.onRequest ? (
								<button
									type="button"
									className="link mono"
									title="Show everything about this request"
									onClick={() => p.onRequest?.(i.requestId ?? "")}
								>
									{i.requestId.slice(0, 12)}
								</button>
							) : (
								<code>{i.requestId.slice(0, 12)}</code>
							))}
						{i.more && (
							<details>
								<summary>Details</summary>
								<pre>{i.more}</pre>
							</details>
						)}
					</div>
				</div>
			))}
		</div>
	);
}
