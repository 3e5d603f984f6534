import "../styles/runs.css";
import "../styles/models.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { createModel, getModel } from "../api/modelEndpoints";
import type { Kinds, Model } from "../api/modelTypes";
import type { Market } from "../api/types";
import { usePageTitle } from "../app/title";
import { toast } from "../components/toasts";
import { Panel } from "../components/ui";
import { ApiError, newId } from "../lib/apiClient";
import { adoptForm, startForm, type TrainForm, toBody } from "../models/form";
import { modelKey, modelsKey, useKinds } from "../models/useModels";
import { NameField, Submit } from "../runs/FormParts";
import { NewPage, useMarkets } from "../runs/NewPage";
import { DataPart } from "./model/DataPart";
import { FeaturePart, LabelPart, TrainingPart } from "./model/FeaturePart";
import { KindPart } from "./model/KindPart";

function Form(p: {
	markets: readonly Market[];
	kinds: Kinds;
	again: Model | null;
}) {
	const [form, setForm] = useState<TrainForm>(() => {
		const q = new URLSearchParams(location.search);
		const base = startForm(p.kinds, p.markets, {
			market: Number(q.get("market")),
			tf: q.get("tf"),
			kind: q.get("kind"),
		});
		return p.again ? adoptForm(base, p.again, p.kinds) : base;
	});
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	// One key for one intent: pressing twice makes one model.
	const key = useRef(newId());
	const queries = useQueryClient();
	const [, go] = useLocation();
	const kind = p.kinds.kinds.find((k) => k.name === form.kind);
	const market = p.markets.find((m) => m.id === form.market);
	const suggested = `${form.kind}_${(market?.base ?? "").toLowerCase()}_${form.tf}`;
	const body = toBody(form, kind, suggested);
	const refused = (field: string) =>
		error instanceof ApiError ? error.forField(field) : null;
	const set = (part: Partial<TrainForm>) => {
		setForm((old) => ({ ...old, ...part }));
		key.current = newId();
		setError(null);
	};
	const submit = async () => {
		if (!body) return;
		setBusy(true);
		setError(null);
		try {
			const m = await createModel(body, key.current);
			queries.setQueryData(modelKey(m.id), m);
			void queries.invalidateQueries({ queryKey: modelsKey });
			toast(`${m.name} is in the queue`, "good");
			go(`/models/${m.id}`);
		} catch (e) {
			setError(e);
			setBusy(false);
		}
	};
	const parts = { form, set, kinds: p.kinds, refused };
	return (
		<form
			className="grid"
			onSubmit={(ev: FormEvent) => {
				ev.preventDefault();
				void submit();
			}}
		>
			<div className="span-8 stack">
				<KindPart {...parts} />
				<DataPart {...parts} markets={p.markets} />
				<FeaturePart {...parts} />
				<LabelPart {...parts} />
				<TrainingPart {...parts} />
			</div>
			<div className="span-4">
				<Panel title="6. Train" className="sticky-panel">
					<div className="form">
						<NameField
							value={form.name}
							suggested={suggested}
							hint="scripts ask for it by this name"
							error={refused("name")}
							onChange={(name) => set({ name })}
						/>
						<Submit error={error} label="Train" disabled={busy || !body} />
						<p className="hint">
							It learns on the server; you may close the page meanwhile. What it
							is worth is measured on candles it never sees, and said plainly.
						</p>
					</div>
				</Panel>
			</div>
		</form>
	);
}

export default function ModelNew() {
	usePageTitle("Train a model");
	const again =
		Number(new URLSearchParams(location.search).get("again")) || null;
	const markets = useMarkets();
	const kinds = useKinds();
	const before = useQuery({
		queryKey: modelKey(again ?? 0),
		queryFn: ({ signal }) => getModel(again ?? 0, signal),
		enabled: again !== null,
	});
	const all = markets.data?.items;
	return (
		<NewPage
			title="Train a model"
			back="/models"
			refusal="train models"
			wait={{
				ready: Boolean(all && kinds.data && !(again && before.isPending)),
				error: markets.error ?? kinds.error,
				again: () => {
					void markets.refetch();
					void kinds.refetch();
				},
			}}
			empty={all?.length === 0}
		>
			{() =>
				all &&
				kinds.data && (
					<Form markets={all} kinds={kinds.data} again={before.data ?? null} />
				)
			}
		</NewPage>
	);
}
