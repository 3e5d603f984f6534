import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { Link } from "wouter";
import type { Inputs } from "../../api/runTypes";
import { getTrials } from "../../api/sweepEndpoints";
import type { Sweep, Trial } from "../../api/sweepTypes";
import { type Formats, useFormats } from "../../app/format";
import { type Column, DataTable } from "../../components/DataTable";
import { DownloadIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { Empty, Panel, Segmented, Signed } from "../../components/ui";
import { saveCsv } from "../../lib/save";
import { useUrlState } from "../../lib/url";
import { metricOf, writeMetric } from "../../runs/metrics";
import { isActive } from "../../runs/RunBits";
import { value } from "../../runs/values";

export function inputsText(inputs: Inputs): string {
	return Object.entries(inputs)
		.map(([k, v]) => `${k} ${v}`)
		.join(", ");
}

const SHOWN = [
	"total_return",
	"max_drawdown_ratio",
	"profit_factor",
	"trades",
] as const;

function columns(f: Formats, sweep: Sweep): Column<Trial>[] {
	const figures = [
		sweep.objective,
		...SHOWN.filter((k) => k !== sweep.objective),
	];
	return [
		{
			key: "n",
			title: "Trial",
			head: true,
			sort: (t) => t.number,
			cell: (t) => f.count(t.number),
		},
		...(sweep.walk_forward
			? [
					{
						key: "fold",
						title: "Fold",
						num: true,
						sort: (t: Trial) => t.fold ?? 0,
						cell: (t: Trial) => (t.fold === null ? "–" : f.count(t.fold + 1)),
					},
				]
			: []),
		...sweep.space.map(
			(s): Column<Trial> => ({
				key: `i-${s.input}`,
				title: s.input,
				num: true,
				sort: (t) => {
					const v = t.inputs[s.input];
					return typeof v === "number" ? v : String(v ?? "");
				},
				cell: (t) => String(t.inputs[s.input] ?? "–"),
			}),
		),
		...figures.map((k): Column<Trial> => {
			const m = metricOf(k);
			return {
				key: k,
				title: m.label,
				num: true,
				sort: (t) => value(t.metrics, k) ?? Number.NEGATIVE_INFINITY,
				cell: (t) => {
					const v = value(t.metrics, k);
					const text = writeMetric(f, m, v);
					return k === "total_return" ? (
						<Signed value={v}>{text}</Signed>
					) : (
						text
					);
				},
			};
		}),
		{
			key: "note",
			title: "Note",
			cell: (t) =>
				t.error ? (
					<span className="cell-text down" title={t.error}>
						{t.error}
					</span>
				) : t.state === "dropped" ? (
					<span className="muted">does not meet the conditions</span>
				) : t.number === sweep.best?.number &&
					(t.fold ?? 0) === (sweep.best.fold ?? 0) ? (
					<span className="badge badge-info">best, in sample</span>
				) : (
					""
				),
		},
	];
}

export function Trials({ sweep }: { sweep: Sweep }) {
	const f = useFormats();
	const [url, setUrl] = useUrlState();
	const sort = url.get("sort") === "number" ? "number" : "score";
	const query = useInfiniteQuery({
		queryKey: ["sweep-trials", sweep.id, sort],
		queryFn: ({ pageParam, signal }) =>
			getTrials(sweep.id, sort, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		refetchInterval: isActive(sweep) ? 10_000 : false,
		refetchOnWindowFocus: false,
	});
	const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
	const items = useMemo(() => data?.pages.flatMap((p) => p.items), [data]);
	const more = useCallback(() => {
		if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
	}, [hasNextPage, isFetchingNextPage, fetchNextPage]);
	return (
		<Panel
			title="Trials"
			flush
			actions={
				<>
					<span className="muted">in sample</span>
					<Segmented
						label="Order"
						value={sort}
						onChange={(v) => setUrl({ sort: v === "score" ? null : v })}
						options={[
							{ value: "score", label: "Best first" },
							{ value: "number", label: "As tried" },
						]}
					/>
					<button
						type="button"
						className="btn btn-s"
						disabled={!items?.length}
						onClick={() => {
							const names = sweep.space.map((s) => s.input);
							const keys = Object.keys(items?.[0]?.metrics ?? {});
							saveCsv(
								`${sweep.name}-trials`,
								["number", "fold", "score", "error", ...names, ...keys],
								(items ?? []).map((t) => [
									t.number,
									t.fold,
									t.score,
									t.error,
									...names.map((n) => t.inputs[n]),
									...keys.map((k) => t.metrics?.[k]),
								]),
							);
						}}
					>
						<DownloadIcon size={15} /> CSV
					</button>
				</>
			}
		>
			<Loaded query={query}>
				{() =>
					items && items.length > 0 ? (
						<DataTable
							caption="Trials"
							columns={columns(f, sweep)}
							rows={items}
							rowKey={(t) => `${t.fold}/${t.number}`}
							onEnd={more}
							virtual
						/>
					) : (
						<Empty title="No trial yet">
							Each set of inputs that was run is listed here.
						</Empty>
					)
				}
			</Loaded>
		</Panel>
	);
}

/** To a run with the best inputs, ready to be looked into. */
export function BestLink({ sweep }: { sweep: Sweep }) {
	if (!sweep.best) return null;
	return (
		<Link className="btn" href={`/backtests/new?best=${sweep.id}`}>
			Backtest the best
		</Link>
	);
}
