import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { Link } from "wouter";
import type { BotState } from "../api/types";
import { toneOf } from "../app/format";
import { ErrorBoundary } from "../lib/ErrorBoundary";

/** A titled part of a page, with its own error boundary. */
export function Panel(p: {
	title: string;
	/** Keeps the heading for screen readers only. */
	quiet?: boolean;
	actions?: ReactNode;
	flush?: boolean;
	className?: string;
	resetKey?: unknown;
	children: ReactNode;
}) {
	const id = useId();
	const body = p.flush ? "panel-body panel-flush" : "panel-body";
	return (
		<section className={`panel ${p.className ?? ""}`} aria-labelledby={id}>
			{p.quiet && !p.actions ? (
				<h2 id={id} className="sr">
					{p.title}
				</h2>
			) : (
				<header className="panel-head">
					<h2 id={id} className={p.quiet ? "sr" : undefined}>
						{p.title}
					</h2>
					{p.actions}
				</header>
			)}
			<div className={body}>
				<ErrorBoundary name={p.title} resetKey={p.resetKey}>
					{p.children}
				</ErrorBoundary>
			</div>
		</section>
	);
}

export function Stats({ children }: { children: ReactNode }) {
	return <dl className="stats">{children}</dl>;
}

/** One key figure. `tone` colours the value by its sign. */
export function Stat(p: {
	label: string;
	children: ReactNode;
	note?: ReactNode;
	tone?: string | number | null | undefined;
	lead?: boolean;
}) {
	const tone = p.tone === undefined ? "" : toneOf(p.tone);
	return (
		<div className={p.lead ? "stat stat-lead" : "stat"}>
			<dt>{p.label}</dt>
			<dd className={tone}>{p.children}</dd>
			{p.note && <dd className="stat-note">{p.note}</dd>}
		</div>
	);
}

/** An amount coloured by its sign; the sign itself is always written. */
export function Signed(p: {
	value: string | number | null | undefined;
	children: ReactNode;
}) {
	return <span className={toneOf(p.value)}>{p.children}</span>;
}

const STATE_TONE: Record<BotState, string> = {
	created: "",
	starting: "badge-info",
	running: "badge-good",
	paused: "badge-warn",
	stopping: "badge-info",
	stopped: "",
	finished: "badge-info",
	halted: "badge-danger",
};

export function StateBadge({ state }: { state: BotState }) {
	const moving = ["running", "starting", "stopping"].includes(state);
	return (
		<span className={`badge ${STATE_TONE[state] ?? ""}`}>
			{moving && <span className="pulse" />}
			{state}
		</span>
	);
}

export function Side({ side }: { side: string }) {
	const up = side === "buy" || side === "long";
	return (
		<span className={`side ${up ? "up" : "down"}`}>
			<span aria-hidden="true">{up ? "▲ " : "▼ "}</span>
			{side}
		</span>
	);
}

/** Nothing here yet: says what this place is for and what to do next. */
export function Empty(p: {
	icon?: ReactNode;
	title: string;
	children?: ReactNode;
	action?: ReactNode;
}) {
	return (
		<div className="empty">
			{p.icon}
			<strong>{p.title}</strong>
			{p.children && <p>{p.children}</p>}
			{p.action}
		</div>
	);
}

export function SkeletonRows({ rows = 5 }: { rows?: number }) {
	return (
		<div className="skel-rows" role="status">
			<span className="sr">Loading</span>
			{Array.from({ length: rows }, (_, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: rows never move
				<span key={i} className="skel" />
			))}
		</div>
	);
}

export function SkeletonBlock({ className = "" }: { className?: string }) {
	return (
		<div className={className} role="status">
			<span className="sr">Loading</span>
			<span className="skel skel-block" />
		</div>
	);
}

export interface Option<T extends string> {
	value: T;
	label: string;
}

/** A few choices side by side, one of them pressed. */
export function Segmented<T extends string>(p: {
	label: string;
	options: readonly Option<T>[];
	value: T;
	onChange: (v: T) => void;
}) {
	return (
		<fieldset className="seg" aria-label={p.label}>
			{p.options.map((o) => (
				<button
					key={o.value}
					type="button"
					aria-pressed={o.value === p.value}
					onClick={() => p.onChange(o.value)}
				>
					{o.label}
				</button>
			))}
		</fieldset>
	);
}

/** Tabs in the ARIA manner: arrows move, one panel is shown. */
export function Tabs<T extends string>(p: {
	label: string;
	options: readonly Option<T>[];
	value: T;
	onChange: (v: T) => void;
	children: ReactNode;
}) {
	const id = useId();
	const list = useRef<HTMLDivElement>(null);
	const onKey = (ev: KeyboardEvent) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[ev.key];
		const at = p.options.findIndex((o) => o.value === p.value);
		const n = p.options.length;
		let to = -1;
		if (step) to = (at + step + n) % n;
		else if (ev.key === "Home") to = 0;
		else if (ev.key === "End") to = n - 1;
		const next = p.options[to];
		if (!next) return;
		ev.preventDefault();
		p.onChange(next.value);
		list.current?.querySelectorAll("button")[to]?.focus();
	};
	return (
		<>
			<div
				className="tabs"
				role="tablist"
				aria-label={p.label}
				ref={list}
				onKeyDown={onKey}
			>
				{p.options.map((o) => (
					<button
						key={o.value}
						type="button"
						role="tab"
						id={`${id}-${o.value}`}
						aria-selected={o.value === p.value}
						aria-controls={`${id}-panel`}
						tabIndex={o.value === p.value ? 0 : -1}
						onClick={() => p.onChange(o.value)}
					>
						{o.label}
					</button>
				))}
			</div>
			<div
				role="tabpanel"
				id={`${id}-panel`}
				aria-labelledby={`${id}-${p.value}`}
			>
				{p.children}
			</div>
		</>
	);
}

/** Label, input, hint and error, tied together for assistive technology. */
export function Field(p: {
	label: string;
	hint?: ReactNode;
	error?: string | null | undefined;
	children: (props: {
		id: string;
		"aria-describedby"?: string;
		"aria-invalid"?: boolean;
	}) => ReactNode;
}) {
	const id = useId();
	const about = [p.hint && `${id}-h`, p.error && `${id}-e`]
		.filter(Boolean)
		.join(" ");
	return (
		<div className="field">
			<label htmlFor={id}>{p.label}</label>
			{p.children({
				id,
				...(about ? { "aria-describedby": about } : {}),
				...(p.error ? { "aria-invalid": true } : {}),
			})}
			{p.hint && (
				<span className="hint" id={`${id}-h`}>
					{p.hint}
				</span>
			)}
			{p.error && (
				<span className="field-error" id={`${id}-e`} role="alert">
					{p.error}
				</span>
			)}
		</div>
	);
}

export function Progress(p: { value: number; max: number; label: string }) {
	const ratio = p.max > 0 ? Math.min(1, p.value / p.max) : 0;
	return (
		<div
			className="progress"
			role="progressbar"
			aria-label={p.label}
			aria-valuemin={0}
			aria-valuemax={p.max}
			aria-valuenow={p.value}
		>
			<div style={{ width: `${ratio * 100}%` }} />
		</div>
	);
}

export function ButtonLink(p: {
	href: string;
	primary?: boolean;
	children: ReactNode;
}) {
	return (
		<Link href={p.href} className={p.primary ? "btn btn-primary" : "btn"}>
			{p.children}
		</Link>
	);
}
