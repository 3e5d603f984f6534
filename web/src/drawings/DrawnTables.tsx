import "../styles/drawings.css";
import type { DrawnTable } from "../runs/drawings";

/** The tables of a script, in the corners of its chart. */
export default function DrawnTables(p: { tables: readonly DrawnTable[] }) {
	return p.tables.map((t, k) => {
		const columns = t.columns ?? 0;
		const rows = [...new Set((t.cells ?? []).map((c) => c.row))].sort(
			(a, b) => a - b,
		);
		if (columns < 1 || rows.length === 0) return null;
		const at = (row: number, column: number) =>
			t.cells?.find((c) => c.row === row && c.column === column);
		return (
			<table
				// biome-ignore lint/suspicious/noArrayIndexKey: drawn as a whole
				key={k}
				className={`drawn-table drawn-${(t.position ?? "top_right").replace("_", "-")}`}
				style={{ background: t.bgcolor, borderColor: t.frame_color }}
			>
				<caption className="sr">Table that the script draws</caption>
				<tbody>
					{rows.map((r) => (
						<tr key={r}>
							{Array.from({ length: columns }, (_, c) => {
								const cell = at(r, c);
								return (
									<td
										// biome-ignore lint/suspicious/noArrayIndexKey: a column
										key={c}
										style={{
											background: cell?.bgcolor,
											color: cell?.text_color,
										}}
									>
										{cell?.text ?? ""}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		);
	});
}
