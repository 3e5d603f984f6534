import {
	type KeyboardEvent,
	memo,
	type Ref,
	useId,
	useImperativeHandle,
	useMemo,
	useRef,
} from "react";
import type { Diagnostic } from "../api/runTypes";
import { charColumn, lineStart, piecesOf, type Span } from "./tokens";
import { type Change, comment, indent, newLine } from "./typing";

export interface EditorHandle {
	/** Puts the cursor there and brings it into sight; both from 1. */
	jump(line: number, column: number): void;
	focus(): void;
	/** Replaces the whole text in one step that can be undone. */
	replace(text: string): void;
}

const Line = memo(function Line(p: { text: string; spans: readonly Span[] }) {
	return (
		<>
			{piecesOf(p.text, p.spans).map((t, i) => {
				const cls = [t.kind && `tk-${t.kind}`, t.mark && `mark-${t.mark}`]
					.filter(Boolean)
					.join(" ");
				return (
					// biome-ignore lint/suspicious/noArrayIndexKey: drawn as a whole
					<span key={i} className={cls || undefined}>
						{t.text}
					</span>
				);
			})}
			{"\n"}
		</>
	);
}, sameLine);

function sameLine(
	a: { text: string; spans: readonly Span[] },
	b: { text: string; spans: readonly Span[] },
): boolean {
	return (
		a.text === b.text &&
		a.spans.length === b.spans.length &&
		a.spans.every((s, i) => {
			const o = b.spans[i];
			return s.from === o?.from && s.to === o.to && s.severity === o.severity;
		})
	);
}

const NONE: readonly Span[] = [];

/** The places to underline, by line. */
function spansOf(
	lines: readonly string[],
	diagnostics: readonly Diagnostic[],
): Map<number, Span[]> {
	const out = new Map<number, Span[]>();
	for (const d of diagnostics) {
		const text = lines[d.line - 1];
		if (text === undefined) continue;
		const from = charColumn(text, d.column);
		const to = Math.max(from + 1, charColumn(text, d.end_column));
		const list = out.get(d.line) ?? [];
		list.push({ from, to, severity: d.severity });
		out.set(d.line, list);
	}
	return out;
}

const WORST = ["error", "warning", "note"] as const;

function Gutter(p: { count: number; spans: Map<number, Span[]> }) {
	return (
		<div className="code-gutter" aria-hidden="true">
			{Array.from({ length: p.count }, (_, i) => {
				const list = p.spans.get(i + 1);
				const worst =
					list && WORST.find((w) => list.some((s) => s.severity === w));
				return (
					// biome-ignore lint/suspicious/noArrayIndexKey: lines are numbered
					<span key={i} className={worst ? `gutter-${worst}` : undefined}>
						{i + 1}
					</span>
				);
			})}
		</div>
	);
}

/** Applies a change the way typing does, so that undo knows it. */
function apply(
	el: HTMLTextAreaElement,
	c: Change,
	onChange: (text: string) => void,
): void {
	el.setSelectionRange(c.from, c.to);
	// Old, but the one way that the browser's undo follows; where it is gone,
	// the text is changed all the same.
	const exec = document.execCommand?.bind(document);
	const done = c.text
		? exec?.("insertText", false, c.text)
		: c.from === c.to || exec?.("delete");
	if (!done) {
		el.setRangeText(c.text, c.from, c.to, "end");
		onChange(el.value);
	}
	el.setSelectionRange(c.start, c.end);
}

/**
 * A text area, with the same text in colours behind it: everything a browser
 * and a screen reader know of text areas holds here too.
 */
export function CodeEditor(p: {
	label: string;
	value: string;
	diagnostics: readonly Diagnostic[];
	readOnly?: boolean;
	onChange: (text: string) => void;
	onSave?: () => void;
	ref?: Ref<EditorHandle>;
}) {
	const area = useRef<HTMLTextAreaElement>(null);
	const box = useRef<HTMLDivElement>(null);
	/** After Escape the next Tab leaves, as it does everywhere else. */
	const leaving = useRef(false);
	const id = useId();
	const lines = useMemo(() => p.value.split("\n"), [p.value]);
	const spans = useMemo(
		() => spansOf(lines, p.diagnostics),
		[lines, p.diagnostics],
	);
	useImperativeHandle(p.ref, () => ({
		focus: () => area.current?.focus(),
		jump(line, column) {
			const el = area.current;
			if (!el || !box.current) return;
			const start = lineStart(el.value, line);
			const text = el.value.slice(start).split("\n", 1)[0] ?? "";
			const at = start + charColumn(text, column);
			el.focus({ preventScroll: true });
			el.setSelectionRange(at, at);
			const height = el.offsetHeight / el.value.split("\n").length;
			box.current.scrollTo({
				top: Math.max(0, (line - 4) * height),
				left: 0,
			});
			box.current.scrollIntoView({ block: "nearest" });
		},
		replace(text) {
			const el = area.current;
			if (!el || el.value === text) return;
			el.focus({ preventScroll: true });
			const at = Math.min(el.selectionStart, text.length);
			apply(
				el,
				{ from: 0, to: el.value.length, text, start: at, end: at },
				p.onChange,
			);
		},
	}));

	const onKey = (ev: KeyboardEvent<HTMLTextAreaElement>) => {
		const el = ev.currentTarget;
		const { value, selectionStart: a, selectionEnd: b } = el;
		const mod = ev.ctrlKey || ev.metaKey;
		const left = leaving.current;
		if (ev.key !== "Shift") leaving.current = ev.key === "Escape";
		let c: Change | null = null;
		if (mod && ev.key.toLowerCase() === "s" && p.onSave) {
			ev.preventDefault();
			p.onSave();
			return;
		}
		if (p.readOnly || ev.nativeEvent.isComposing) return;
		if (ev.key === "Tab" && !mod && !ev.altKey && !left)
			c = indent(value, a, b, ev.shiftKey);
		else if (ev.key === "Enter" && !mod && !ev.shiftKey)
			c = newLine(value, a, b);
		else if (mod && ev.key === "/") c = comment(value, a, b);
		if (!c) return;
		ev.preventDefault();
		apply(el, c, p.onChange);
	};
	return (
		<div className="code" ref={box}>
			<Gutter count={lines.length} spans={spans} />
			<div className="code-body">
				<pre aria-hidden="true">
					{lines.map((text, i) => (
						<Line
							// biome-ignore lint/suspicious/noArrayIndexKey: lines are numbered
							key={i}
							text={text}
							spans={spans.get(i + 1) ?? NONE}
						/>
					))}
				</pre>
				<textarea
					ref={area}
					aria-label={p.label}
					aria-describedby={id}
					value={p.value}
					readOnly={p.readOnly}
					spellCheck={false}
					autoCapitalize="off"
					autoComplete="off"
					wrap="off"
					onChange={(ev) => p.onChange(ev.target.value)}
					onKeyDown={onKey}
				/>
			</div>
			<span id={id} className="sr">
				Tab indents; press Escape and then Tab to leave the editor. Ctrl S
				saves, Ctrl slash comments.
			</span>
		</div>
	);
}
