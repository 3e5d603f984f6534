import type { Backtest, Group, GroupKey, Month } from "../../api/runTypes";
import { GROUPS } from "../../api/runTypes";
import { type Formats, useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { DownloadIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { Empty, Segmented, Signed } from "../../components/ui";
import { saveCsv } from "../../lib/save";
import { useUrlState } from "../../lib/url";
import { useBreakdown } from "./data";

/** How strongly a month is coloured: 10 % is as strong as it gets. */
export function heatOf(ratio: number | null): string | undefined {
	if (ratio === null || ratio === 0 || !Number.isFinite(ratio))
		return undefined;
	const size = Math.abs(ratio);
	const step = size > 0.1 ? 4 : size > 0.05 ? 3 : size > 0.02 ? 2 : 1;
	return `${ratio > 0 ? "up" : "down"}-${step}`;
}

/** A year of months compounds. */
export function yearOf(months: readonly Month[]): number | null {
	const known = months.filter((m) => m.ratio !== null);
	if (known.length === 0) return null;
	return known.reduce((a, m) => a * (1 + (m.ratio ?? 0)), 1) - 1;
}

function MonthGrid(p: { months: readonly Month[]; f: Formats }) {
	const { f } = p;
	const years = [...new Set(p.months.map((m) => m.year))].sort((a, b) => a - b);
	const names = Array.from({ length: 12 }, (_, i) =>
		new Intl.DateTimeFormat(f.locale, {
			month: "short",
			timeZone: "UTC",
		}).format(Date.UTC(2024, i, 15)),
	);
	return (
		// biome-ignore lint/a11y/useSemanticElements: this is no form
		<div
			className="table-wrap"
			role="group"
			aria-label="Monthly returns"
			// biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls sideways
			tabIndex={0}
		>
			<table className="table months">
				<caption className="sr">Return of each month, and of each year</caption>
				<thead>
					<tr>
						<th scope="col">Year</th>
						{names.map((n) => (
							<th key={n} scope="col" className="num">
								{n}
							</th>
						))}
						<th scope="col" className="num">
							Year
						</th>
					</tr>
				</thead>
				<tbody>
					{years.map((y) => {
						const own = p.months.filter((m) => m.year === y);
						const sum = yearOf(own);
						return (
							<tr key={y}>
								<th scope="row">{y}</th>
								{names.map((n, i) => {
									const m = own.find((x) => x.month === i + 1);
									return (
										<td
											key={n}
											className="num"
											data-heat={m ? heatOf(m.ratio) : undefined}
											title={m ? f.money(m.profit, { sign: true }) : undefined}
										>
											{m ? f.percent(m.ratio, 1) : ""}
										</td>
									);
								})}
								<td className="num">
									<Signed value={sum}>
										<strong>{f.percent(sum, 1)}</strong>
									</Signed>
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

export function MonthsTab({ run }: { run: Backtest }) {
	const f = useFormats();
	const query = useBreakdown(run.id);
	return (
		<Loaded query={query}>
			{(b) =>
				b.months.length > 0 ? (
					<>
						<div className="tab-bar">
							<button
								type="button"
								className="btn btn-s"
								onClick={() =>
									saveCsv(
										`${run.name}-months`,
										["year", "month", "profit", "ratio"],
										b.months.map((m) => [m.year, m.month, m.profit, m.ratio]),
									)
								}
							>
								<DownloadIcon size={15} /> CSV
							</button>
						</div>
						<MonthGrid months={b.months} f={f} />
					</>
				) : (
					<Empty title="No months">
						The run is too short for a table of months.
					</Empty>
				)
			}
		</Loaded>
	);
}

const GROUP_LABEL: Record<GroupKey, string> = {
	pair: "Pair",
	entry: "Entry",
	exit: "Exit",
	reason: "Exit reason",
	tag: "Tag",
};

function columns(f: Formats, title: string): Column<Group>[] {
	return [
		{
			key: "name",
			title,
			head: true,
			sort: (g) => g.name ?? "",
			cell: (g) => g.name || "none",
		},
		{
			key: "trades",
			title: "Trades",
			num: true,
			sort: (g) => g.trades,
			cell: (g) => f.count(g.trades),
		},
		{
			key: "wins",
			title: "Won",
			num: true,
			sort: (g) => g.wins / Math.max(1, g.trades),
			cell: (g) =>
				g.trades ? f.percent(g.wins / g.trades, 1).replace("+", "") : "–",
		},
		{
			key: "profit",
			title: "Profit",
			num: true,
			sort: (g) => Number(g.profit),
			cell: (g) => (
				<Signed value={g.profit}>{f.money(g.profit, { sign: true })}</Signed>
			),
		},
		{
			key: "mean",
			title: "Mean profit",
			num: true,
			sort: (g) => Number(g.profit) / Math.max(1, g.trades),
			cell: (g) =>
				g.trades ? f.money((Number(g.profit) / g.trades).toFixed(2)) : "–",
		},
		{
			key: "fees",
			title: "Fees",
			num: true,
			sort: (g) => Number(g.fees),
			cell: (g) => f.money(g.fees),
		},
		{
			key: "bars",
			title: "Mean bars",
			num: true,
			sort: (g) => g.bars ?? 0,
			cell: (g) =>
				g.bars === null || g.bars === undefined ? "–" : f.money(g.bars),
		},
	];
}

export function GroupsTab({ run }: { run: Backtest }) {
	const f = useFormats();
	const [url, setUrl] = useUrlState();
	const query = useBreakdown(run.id);
	return (
		<Loaded query={query}>
			{(b) => {
				const have = GROUPS.filter((k) => (b.groups[k]?.length ?? 0) > 0);
				const first = have[0];
				if (!first)
					return (
						<Empty title="No trade">
							Where there are trades, they are summed up here by pair, entry,
							exit and tag.
						</Empty>
					);
				const by = have.find((k) => k === url.get("by")) ?? first;
				const rows = b.groups[by] ?? [];
				return (
					<>
						<div className="tab-bar">
							<Segmented
								label="Group by"
								value={by}
								onChange={(v) => setUrl({ by: v === first ? null : v })}
								options={have.map((k) => ({
									value: k,
									label: GROUP_LABEL[k],
								}))}
							/>
							<button
								type="button"
								className="btn btn-s"
								onClick={() =>
									saveCsv(
										`${run.name}-by-${by}`,
										["name", "trades", "wins", "profit", "fees", "bars"],
										rows.map((g) => [
											g.name,
											g.trades,
											g.wins,
											g.profit,
											g.fees,
											g.bars,
										]),
									)
								}
							>
								<DownloadIcon size={15} /> CSV
							</button>
						</div>
						<DataTable
							caption={`Trades by ${GROUP_LABEL[by].toLowerCase()}`}
							columns={columns(f, GROUP_LABEL[by])}
							rows={rows}
							rowKey={(g) => g.name ?? ""}
							initial={{ key: "profit", down: true }}
						/>
					</>
				);
			}}
		</Loaded>
	);
}
