import "../styles/runs.css";
import "../styles/models.css";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { importModel } from "../api/modelEndpoints";
import type { Model, ModelState } from "../api/modelTypes";
import { useCommands } from "../app/commands";
import { type Formats, useFormats } from "../app/format";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { type Column, DataTable } from "../components/DataTable";
import { ModelIcon, PlusIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import { toast, toastError } from "../components/toasts";
import { ButtonLink, Empty, Panel } from "../components/ui";
import { useUrlState } from "../lib/url";
import {
	Age,
	COMPARE_MAX,
	DriftBadge,
	ModelBadge,
	TrainProgress,
	Verdict,
} from "../models/ModelBits";
import { infoOf, isTrained, writeValue } from "../models/model";
import { modelsKey, useKinds, useModels } from "../models/useModels";

const STATES: readonly ModelState[] = [
	"active",
	"candidate",
	"training",
	"queued",
	"retired",
	"cancelled",
	"failed",
];

function columns(
	f: Formats,
	chosen: readonly number[],
	choose: (id: number, on: boolean) => void,
): Column<Model>[] {
	const metric = (key: string): Column<Model> => {
		const info = infoOf(key);
		const of = (m: Model) => m.metrics?.[key]?.value ?? null;
		return {
			key,
			title: info.label,
			num: true,
			sort: (m) => of(m) ?? Number.NEGATIVE_INFINITY,
			cell: (m) => writeValue(f, info, of(m)),
		};
	};
	return [
		{
			key: "compare",
			title: "Compare",
			quiet: true,
			cell: (m) => (
				<input
					type="checkbox"
					aria-label={`Compare ${m.name} #${m.id}`}
					checked={chosen.includes(m.id)}
					disabled={
						!isTrained(m) ||
						(chosen.length >= COMPARE_MAX && !chosen.includes(m.id))
					}
					onChange={(ev) => choose(m.id, ev.target.checked)}
				/>
			),
		},
		{
			key: "name",
			title: "Model",
			head: true,
			sort: (m) => m.name,
			cell: (m) => (
				<>
					<Link href={`/models/${m.id}`}>{m.name}</Link>{" "}
					<span className="muted">#{m.id}</span>
				</>
			),
		},
		{
			key: "state",
			title: "State",
			sort: (m) => m.state,
			cell: (m) => (
				<span className="row">
					<ModelBadge state={m.state} />
					<TrainProgress model={m} small />
				</span>
			),
		},
		{
			key: "verdict",
			title: "Out of sample",
			sort: (m) => (m.better === null ? 0 : m.better ? 2 : 1),
			cell: (m) => <Verdict better={m.better} />,
		},
		{ key: "kind", title: "Kind", sort: (m) => m.title, cell: (m) => m.title },
		{
			key: "market",
			title: "Market",
			sort: (m) => m.market.symbol,
			cell: (m) => (
				<>
					{m.market.symbol} <span className="muted">{m.tf}</span>
				</>
			),
		},
		metric("balanced_accuracy"),
		metric("log_loss"),
		{
			key: "drift",
			title: "Drift",
			sort: (m) => m.drift?.psi ?? -1,
			cell: (m) =>
				m.state === "active" || m.drift ? <DriftBadge drift={m.drift} /> : "–",
		},
		{
			key: "age",
			title: "Trained",
			sort: (m) => m.trained ?? 0,
			cell: (m) => <Age model={m} />,
		},
	];
}

function Import() {
	const ref = useRef<HTMLInputElement>(null);
	const queries = useQueryClient();
	const [, go] = useLocation();
	const [busy, setBusy] = useState(false);
	const take = async (file: File | undefined) => {
		if (!file) return;
		setBusy(true);
		try {
			const m = await importModel(
				file,
				file.name.replace(/\.[^.]*$/, "").slice(0, 120),
			);
			void queries.invalidateQueries({ queryKey: modelsKey });
			toast(`${m.name} was imported`, "good");
			go(`/models/${m.id}`);
		} catch (error) {
			toastError("Not imported", error);
		} finally {
			setBusy(false);
			if (ref.current) ref.current.value = "";
		}
	};
	return (
		<>
			<input
				ref={ref}
				type="file"
				className="sr"
				tabIndex={-1}
				aria-label="Model file"
				accept=".safetensors,application/octet-stream"
				onChange={(ev) => void take(ev.target.files?.[0])}
			/>
			<button
				type="button"
				className="btn"
				disabled={busy}
				onClick={() => ref.current?.click()}
			>
				Import
			</button>
		</>
	);
}

function Filters(p: {
	url: URLSearchParams;
	set: (change: Record<string, string | null>) => void;
}) {
	const kinds = useKinds();
	const pick = (
		name: string,
		label: string,
		options: readonly [string, string][],
	) => (
		<select
			className="select select-auto"
			aria-label={label}
			value={p.url.get(name) ?? ""}
			onChange={(ev) => p.set({ [name]: ev.target.value || null })}
		>
			<option value="">Any {label.toLowerCase()}</option>
			{options.map(([v, text]) => (
				<option key={v} value={v}>
					{text}
				</option>
			))}
		</select>
	);
	return (
		<div className="filters">
			{pick(
				"state",
				"State",
				STATES.map((s) => [s, s]),
			)}
			{pick(
				"kind",
				"Kind",
				(kinds.data?.kinds ?? []).map((k) => [k.name, k.title]),
			)}
		</div>
	);
}

function List() {
	const f = useFormats();
	const [, go] = useLocation();
	const [url, setUrl] = useUrlState();
	const filter = {
		state: url.get("state") ?? "",
		kind: url.get("kind") ?? "",
		market: url.get("market") ?? "",
	};
	const query = useModels(filter);
	const [chosen, setChosen] = useState<readonly number[]>([]);
	const choose = (id: number, on: boolean) =>
		setChosen((c) => (on ? [...c, id] : c.filter((x) => x !== id)));
	return (
		<Panel
			title="Models"
			quiet
			flush
			actions={
				<>
					<Filters url={url} set={setUrl} />
					<span className="grow" />
					<button
						type="button"
						className="btn btn-s"
						disabled={chosen.length < 2}
						onClick={() => go(`/models/compare?ids=${chosen.join(",")}`)}
					>
						Compare{chosen.length ? ` ${chosen.length}` : ""}
					</button>
				</>
			}
		>
			<Loaded query={query}>
				{(l) =>
					l.items.length > 0 ? (
						<DataTable
							caption="Models"
							columns={columns(f, chosen, choose)}
							rows={l.items}
							rowKey={(m) => m.id}
							rowLabel={(m) => `Open ${m.name} #${m.id}`}
							onRow={(m) => go(`/models/${m.id}`)}
						/>
					) : Object.values(filter).some(Boolean) ? (
						<Empty title="No model matches">
							Take a filter away to see the others.
						</Empty>
					) : (
						<Empty
							icon={<ModelIcon size={30} />}
							title="Can the past teach anything about the next bar?"
							action={
								<ButtonLink href="/models/new" primary>
									<PlusIcon size={16} /> Train a model
								</ButtonLink>
							}
						>
							A model learns from one stretch of candles and is judged on
							another that it never saw, beside what anybody can have for
							nothing. Most are not better, and this page says so.
						</Empty>
					)
				}
			</Loaded>
		</Panel>
	);
}

export default function Models() {
	usePageTitle("Models");
	const trader = useCanTrade();
	const [, go] = useLocation();
	useCommands(
		() =>
			trader
				? [
						{
							id: "model-new",
							label: "Train a new model",
							group: "Models",
							keys: "c",
							run: () => go("/models/new"),
						},
					]
				: [],
		[trader],
	);
	return (
		<>
			<div className="page-head">
				<h1>Models</h1>
				<span className="spacer" />
				{trader && <Import />}
				{trader && (
					<ButtonLink href="/models/new" primary>
						<PlusIcon size={16} /> Train a model
					</ButtonLink>
				)}
			</div>
			<List />
		</>
	);
}
