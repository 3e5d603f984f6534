import { type ReactNode, useEffect, useMemo, useState } from "react";

export interface Column<T> {
	key: string;
	title: string;
	cell: (row: T) => ReactNode;
	/** Right-aligned figures. */
	num?: boolean;
	/** Makes the column sortable. */
	sort?: (row: T) => number | string;
	/** The heading is for screen readers only. */
	quiet?: boolean;
	/** The cell that names the row. */
	head?: boolean;
}

interface Sorting {
	key: string;
	down: boolean;
}

export interface TableProps<T> {
	caption: string;
	columns: readonly Column<T>[];
	rows: readonly T[];
	rowKey: (row: T) => string | number;
	onRow?: (row: T) => void;
	/** Names what a click on the row does. */
	rowLabel?: (row: T) => string;
	onHover?: (row: T | null) => void;
	active?: string | number | null;
	initial?: Sorting;
	/** Draws only the rows in sight: for hundreds and more. */
	virtual?: boolean;
	/** Called when the last rows come into sight. */
	onEnd?: () => void;
}

const ROW = 35;

function compare(a: number | string, b: number | string): number {
	if (typeof a === "string" && typeof b === "string") return a.localeCompare(b);
	return Number(a) - Number(b);
}

function sortRows<T>(
	rows: readonly T[],
	columns: readonly Column<T>[],
	s: Sorting | null,
): readonly T[] {
	const by = columns.find((c) => c.key === s?.key)?.sort;
	if (!s || !by) return rows;
	const dir = s.down ? -1 : 1;
	return [...rows].sort((a, b) => dir * compare(by(a), by(b)));
}

function Head<T>(p: {
	columns: readonly Column<T>[];
	sorting: Sorting | null;
	onSort: (key: string) => void;
}) {
	return (
		<thead>
			<tr>
				{p.columns.map((c) => {
					const mine = p.sorting?.key === c.key ? p.sorting : null;
					const dir = mine ? (mine.down ? "descending" : "ascending") : "none";
					return (
						<th
							key={c.key}
							scope="col"
							className={c.num ? "num" : undefined}
							{...(c.sort ? { "aria-sort": dir } : {})}
						>
							{c.sort ? (
								<button
									type="button"
									className="sort"
									onClick={() => p.onSort(c.key)}
								>
									{c.title}
									<span aria-hidden="true">
										{mine ? (mine.down ? "↓" : "↑") : ""}
									</span>
								</button>
							) : (
								<span className={c.quiet ? "sr" : undefined}>{c.title}</span>
							)}
						</th>
					);
				})}
			</tr>
		</thead>
	);
}

function Row<T>({ row, p }: { row: T; p: TableProps<T> }) {
	const key = p.rowKey(row);
	const act = p.onRow;
	return (
		<tr
			className={act ? "clickable" : undefined}
			data-active={p.active === key}
			{...(act
				? {
						tabIndex: 0,
						"aria-label": p.rowLabel?.(row),
						onClick: (ev) => {
							// Buttons, links and dialogs within act for themselves.
							const t = ev.target as Element;
							if (!t.closest("button, a, input, dialog")) act(row);
						},
						onKeyDown: (ev) => {
							if (ev.target !== ev.currentTarget) return;
							if (ev.key === "Enter" || ev.key === " ") {
								ev.preventDefault();
								act(row);
							}
						},
					}
				: {})}
			{...(p.onHover
				? {
						onMouseEnter: () => p.onHover?.(row),
						onMouseLeave: () => p.onHover?.(null),
						onFocus: () => p.onHover?.(row),
						onBlur: () => p.onHover?.(null),
					}
				: {})}
		>
			{p.columns.map((c) =>
				c.head ? (
					<th key={c.key} scope="row">
						{c.cell(row)}
					</th>
				) : (
					<td key={c.key} className={c.num ? "num" : undefined}>
						{c.cell(row)}
					</td>
				),
			)}
		</tr>
	);
}

function useSorting<T>(p: TableProps<T>) {
	const [sorting, setSorting] = useState<Sorting | null>(p.initial ?? null);
	const rows = useMemo(
		() => sortRows(p.rows, p.columns, sorting),
		[p.rows, p.columns, sorting],
	);
	const onSort = (key: string) =>
		setSorting((s) =>
			s?.key === key ? { key, down: !s.down } : { key, down: true },
		);
	return { sorting, rows, onSort };
}

function PlainTable<T>(p: TableProps<T>) {
	const { sorting, rows, onSort } = useSorting(p);
	return (
		// biome-ignore lint/a11y/useSemanticElements: this is no form
		<div
			className="table-wrap"
			role="group"
			aria-label={p.caption}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls sideways
			tabIndex={0}
		>
			<table className="table">
				<caption className="sr">{p.caption}</caption>
				<Head columns={p.columns} sorting={sorting} onSort={onSort} />
				<tbody>
					{rows.map((r) => (
						<Row key={p.rowKey(r)} row={r} p={p} />
					))}
				</tbody>
			</table>
		</div>
	);
}

/** Which of many equally high rows are in sight, and how much lies around. */
export function windowOf(
	count: number,
	row: number,
	top: number,
	height: number,
	over: number,
) {
	const first = Math.max(0, Math.min(Math.floor(top / row), count) - over);
	const end = Math.min(count, Math.ceil((top + height) / row) + over);
	return {
		first,
		end: Math.max(first, end),
		before: first * row,
		after: Math.max(0, count - Math.max(first, end)) * row,
	};
}

function VirtualTable<T>(p: TableProps<T>) {
	const { sorting, rows, onSort } = useSorting(p);
	const [view, setView] = useState({ top: 0, height: 420 });
	const w = windowOf(rows.length, ROW, view.top, view.height, 12);
	const atEnd = w.end >= rows.length - 5;
	const { onEnd } = p;
	useEffect(() => {
		if (atEnd && rows.length > 0) onEnd?.();
	}, [atEnd, rows.length, onEnd]);
	const gap = (height: number) =>
		height > 0 && (
			// biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row is none
			<tr aria-hidden="true">
				<td colSpan={p.columns.length} style={{ height }} />
			</tr>
		);
	return (
		// biome-ignore lint/a11y/useSemanticElements: this is no form
		<div
			className="vlist"
			role="group"
			aria-label={p.caption}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
			tabIndex={0}
			onScroll={(ev) => {
				const { scrollTop: top, clientHeight: height } = ev.currentTarget;
				setView((v) =>
					Math.abs(v.top - top) < ROW && v.height === height
						? v
						: { top, height },
				);
			}}
		>
			<table className="table" aria-rowcount={rows.length + 1}>
				<caption className="sr">{p.caption}</caption>
				<Head columns={p.columns} sorting={sorting} onSort={onSort} />
				<tbody>
					{gap(w.before)}
					{rows.slice(w.first, w.end).map((row) => (
						<Row key={p.rowKey(row)} row={row} p={p} />
					))}
					{gap(w.after)}
				</tbody>
			</table>
		</div>
	);
}

/** A table that sorts by its headings and is worked by keyboard. */
export function DataTable<T>(p: TableProps<T>) {
	return p.virtual ? <VirtualTable {...p} /> : <PlainTable {...p} />;
}
