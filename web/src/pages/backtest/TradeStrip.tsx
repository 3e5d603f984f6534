import type { RunTrade } from "../../api/runTypes";
import { useFormats } from "../../app/format";
import { Side, Signed } from "../../components/ui";

/** One trade in a line, and why it was entered: the values on that bar. */
export function TradeStrip({ trade: t }: { trade: RunTrade | null }) {
	const f = useFormats();
	if (!t)
		return (
			<p className="trade-strip muted">
				Point at an arrow or a row to see its trade; choose it to go there.
			</p>
		);
	const values = Object.entries(t.entry_values ?? {});
	return (
		<p className="trade-strip" role="status">
			<strong>Trade {t.number}</strong> <Side side={t.direction} />{" "}
			<span>
				{f.time(t.entry_ms)} at {f.price(t.entry_price)}
				{t.open_at_end
					? ", still open"
					: ` → ${f.time(t.exit_ms)} at ${f.price(t.exit_price)}`}
			</span>{" "}
			<Signed value={t.profit}>
				{f.money(t.profit, { sign: true })} ({f.percent(t.profit_ratio)})
			</Signed>
			{t.exit_reason && (
				<span className="muted">
					{" "}
					{[t.exit_signal, t.exit_reason].filter(Boolean).join(", ")}
				</span>
			)}
			{values.length > 0 && (
				<span className="muted">
					{" "}
					at entry:{" "}
					{values
						.map(
							([k, v]) =>
								`${k} ${v === null ? "–" : f.qty(Number(v.toPrecision(7)))}`,
						)
						.join(", ")}
				</span>
			)}
		</p>
	);
}
