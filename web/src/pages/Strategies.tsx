import "../styles/studio.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { getStrategies } from "../api/endpoints";
import {
	deleteStrategy,
	getStrategy,
	replaceStrategy,
} from "../api/runEndpoints";
import type { List, Strategy } from "../api/types";
import { useCommands } from "../app/commands";
import { useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { type Column, DataTable } from "../components/DataTable";
import { Confirm, Dialog } from "../components/Dialog";
import {
	CopyIcon,
	PlusIcon,
	SearchIcon,
	StrategyIcon,
	TrashIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import { explain, toast, toastError } from "../components/toasts";
import { ButtonLink, Empty, Field, Panel } from "../components/ui";

const KEY = ["strategies"] as const;

/** A new name keeps the script, so that is fetched and sent back. */
function Rename(p: { strategy: Strategy; onClose: () => void }) {
	const queries = useQueryClient();
	const [name, setName] = useState(p.strategy.name);
	const save = useMutation({
		mutationFn: async () => {
			const full = await getStrategy(p.strategy.id);
			return replaceStrategy(p.strategy.id, name.trim(), full.source);
		},
		onSuccess: () => {
			void queries.invalidateQueries({ queryKey: KEY });
			p.onClose();
		},
	});
	return (
		<Dialog title={`Rename ${p.strategy.name}`} onClose={p.onClose}>
			<form
				className="dialog-body"
				onSubmit={(ev: FormEvent) => {
					ev.preventDefault();
					save.mutate();
				}}
			>
				<Field label="Name" error={save.error ? explain(save.error) : null}>
					{(a) => (
						<input
							{...a}
							className="input"
							value={name}
							maxLength={64}
							required
							onChange={(ev) => setName(ev.target.value)}
						/>
					)}
				</Field>
				<div className="dialog-actions">
					<button type="button" className="btn" onClick={p.onClose}>
						Cancel
					</button>
					<button
						type="submit"
						className="btn btn-primary"
						disabled={save.isPending || name.trim() === ""}
					>
						Rename
					</button>
				</div>
			</form>
		</Dialog>
	);
}

function RowActions({ s }: { s: Strategy }) {
	const queries = useQueryClient();
	const [ask, setAsk] = useState<"rename" | "delete" | null>(null);
	const del = useMutation({
		mutationFn: () => deleteStrategy(s.id),
		onSuccess: () => {
			queries.setQueryData<List<Strategy>>(
				KEY,
				(l) => l && { ...l, items: l.items.filter((x) => x.id !== s.id) },
			);
			toast(`${s.name} was deleted`, "good");
		},
		onError: (error) => toastError(`Could not delete ${s.name}`, error),
	});
	return (
		<span className="cell-actions">
			<button
				type="button"
				className="btn btn-ghost btn-s"
				aria-label={`Rename ${s.name}`}
				onClick={() => setAsk("rename")}
			>
				Rename
			</button>
			<Link
				className="btn btn-ghost btn-s btn-icon"
				aria-label={`Duplicate ${s.name}`}
				href={`/strategies/new?from=${s.id}`}
			>
				<CopyIcon size={16} />
			</Link>
			<button
				type="button"
				className="btn btn-ghost btn-s btn-icon"
				aria-label={`Delete ${s.name}`}
				onClick={() => setAsk("delete")}
			>
				<TrashIcon size={16} />
			</button>
			{ask === "rename" && <Rename strategy={s} onClose={() => setAsk(null)} />}
			{ask === "delete" && (
				<Confirm
					title={`Delete ${s.name}?`}
					action="Delete for good"
					danger
					onConfirm={() => del.mutateAsync()}
					onClose={() => setAsk(null)}
				>
					<p>
						The script is removed. Bots and backtests keep the copy that they
						run; this cannot be undone.
					</p>
				</Confirm>
			)}
		</span>
	);
}

function OwnTable(p: { rows: readonly Strategy[] }) {
	const f = useFormats();
	const trader = useCanTrade();
	const [, go] = useLocation();
	const columns: Column<Strategy>[] = [
		{
			key: "name",
			title: "Strategy",
			head: true,
			sort: (s) => s.name,
			cell: (s) => <Link href={`/strategies/${s.id}`}>{s.name}</Link>,
		},
		{
			key: "about",
			title: "About",
			cell: (s) => (
				<span className="cell-text muted">{s.description || "–"}</span>
			),
		},
		{
			key: "inputs",
			title: "Inputs",
			num: true,
			sort: (s) => s.inputs.length,
			cell: (s) => f.count(s.inputs.length),
		},
		{
			key: "changed",
			title: `Changed (${f.zoneLabel})`,
			sort: (s) => s.changed ?? 0,
			cell: (s) => f.time(s.changed),
		},
		...(trader
			? [
					{
						key: "actions",
						title: "Actions",
						quiet: true,
						cell: (s: Strategy) => <RowActions s={s} />,
					},
				]
			: []),
	];
	return (
		<DataTable
			caption="Your strategies"
			columns={columns}
			rows={p.rows}
			rowKey={(s) => s.id}
			rowLabel={(s) => `Open ${s.name}`}
			onRow={(s) => go(`/strategies/${s.id}`)}
		/>
	);
}

function Starters(p: { rows: readonly Strategy[] }) {
	const trader = useCanTrade();
	return (
		<ul className="card-list">
			{p.rows.map((s) => (
				<li key={s.id} className="card">
					<Link href={`/strategies/${s.id}`} className="card-title">
						{s.name}
					</Link>
					<p className="card-text">{s.description}</p>
					<span className="row card-foot">
						<Link
							href={`/strategies/${s.id}`}
							className="btn btn-s"
							aria-label={`Open ${s.name}`}
						>
							Open
						</Link>
						{trader && (
							<Link
								href={`/strategies/new?from=${s.id}`}
								className="btn btn-s"
								aria-label={`Make it yours: ${s.name}`}
							>
								<CopyIcon size={14} /> Make it yours
							</Link>
						)}
					</span>
				</li>
			))}
		</ul>
	);
}

function Lists({ all }: { all: readonly Strategy[] }) {
	const [query, setQuery] = useState("");
	const q = query.toLowerCase();
	const rows = all.filter((s) =>
		`${s.name} ${s.description ?? ""}`.toLowerCase().includes(q),
	);
	const own = rows.filter((s) => !s.starter);
	const starters = rows.filter((s) => s.starter);
	const trader = useCanTrade();
	const none = all.every((s) => s.starter);
	return (
		<>
			<Panel
				title="Yours"
				flush
				actions={
					<div className="search">
						<SearchIcon size={16} />
						<input
							type="search"
							className="input"
							aria-label="Search strategies"
							placeholder="Search strategies"
							value={query}
							onChange={(ev) => setQuery(ev.target.value)}
						/>
					</div>
				}
			>
				{own.length > 0 ? (
					<OwnTable rows={own} />
				) : none ? (
					<Empty
						icon={<StrategyIcon size={30} />}
						title="No script of your own yet"
						action={
							trader && (
								<ButtonLink href="/strategies/new" primary>
									<PlusIcon size={16} /> New strategy
								</ButtonLink>
							)
						}
					>
						Paste one that you have (Pine Script® version 4, 5 or 6), write one,
						or make a starter yours and change it.
					</Empty>
				) : (
					<Empty title="None of yours matches">
						Nothing of yours is called “{query}”.
					</Empty>
				)}
			</Panel>
			<Panel title="Starters">
				{starters.length > 0 ? (
					<Starters rows={starters} />
				) : (
					<Empty title="No starter matches">
						Nothing here is called “{query}”.
					</Empty>
				)}
			</Panel>
		</>
	);
}

export default function Strategies() {
	usePageTitle("Strategies");
	const trader = useCanTrade();
	const [, go] = useLocation();
	const list = useQuery({
		queryKey: KEY,
		queryFn: ({ signal }) => getStrategies(signal),
	});
	useCommands(
		() =>
			trader
				? [
						{
							id: "strategy-new",
							label: "Write a new strategy",
							group: "Strategies",
							keys: "c",
							run: () => go("/strategies/new"),
						},
					]
				: [],
		[trader],
	);
	return (
		<>
			<div className="page-head">
				<h1>Strategies</h1>
				<span className="spacer" />
				{trader && (
					<ButtonLink href="/strategies/new" primary>
						<PlusIcon size={16} /> New strategy
					</ButtonLink>
				)}
			</div>
			<Loaded query={list}>{(l) => <Lists all={l.items} />}</Loaded>
		</>
	);
}
