import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { checkSource } from "../../api/runEndpoints";
import type { Check, StrategyFull } from "../../api/runTypes";
import type { StrategyInput } from "../../api/types";
import { type Draft, fromDraft, toDraft } from "../../components/InputsForm";
import { useDebounced } from "../../lib/useDebounced";
import { dropDraft, keepDraft, readDraft } from "./drafts";

/** The text under work, kept in the browser until it is saved. */
export function useText(saved: StrategyFull | null, start: Start) {
	const id = saved?.id ?? null;
	const fixed = saved?.starter === true;
	const [found] = useState(() => (fixed ? null : readDraft(id)));
	// A draft of the same text is no news; a new script begins with its own.
	const draft =
		found && found.source !== start.source && !start.fresh ? found : null;
	const [name, setName] = useState(draft?.name ?? start.name);
	const [source, setSource] = useState(draft?.source ?? start.source);
	const [base, setBase] = useState<StrategyFull | null>(saved);
	const [restored, setRestored] = useState(draft !== null);
	const dirty = base
		? source !== base.source || name !== base.name
		: source !== start.source || name !== start.name;
	const baseChanged = draft?.base ?? base?.changed ?? null;
	useEffect(() => {
		if (fixed) return;
		const t = setTimeout(() => {
			if (dirty)
				keepDraft(id, { name, source, base: baseChanged, at: Date.now() });
			else dropDraft(id);
		}, 500);
		return () => clearTimeout(t);
	}, [id, fixed, dirty, name, source, baseChanged]);
	return {
		name,
		setName,
		source,
		setSource,
		dirty,
		/** The version on the server that this text began from. */
		since: baseChanged,
		restored,
		/** What is on the server is what is here now. */
		settle(s: StrategyFull) {
			dropDraft(id);
			dropDraft(s.id);
			setBase(s);
			setName(s.name);
			setSource(s.source);
			setRestored(false);
		},
	};
}

export interface Start {
	name: string;
	source: string;
	/** Wanted from a link, whatever was typed before. */
	fresh: boolean;
}

/** The compiler's word on the text, a moment after the last key. */
export function useCheck(source: string) {
	const late = useDebounced(source, 300);
	const query = useQuery({
		queryKey: ["check", late],
		queryFn: ({ signal }) => checkSource(late, signal),
		enabled: late.trim() !== "",
		placeholderData: keepPreviousData,
		staleTime: Number.POSITIVE_INFINITY,
		gcTime: 60_000,
		refetchOnWindowFocus: false,
	});
	const stale = late !== source || query.isPlaceholderData || query.isPending;
	return { check: query.data, stale, error: query.error };
}

const NONE: StrategyInput[] = [];

/** The inputs of the script: what was set stays while its name is there. */
export function useInputs(check: Check | undefined, stale: boolean) {
	const [schema, setSchema] = useState<StrategyInput[]>(NONE);
	const [draft, setDraft] = useState<Draft>({});
	useEffect(() => {
		// While the script does not compile, the form stays as it was.
		if (!check?.ok) return;
		setSchema((old) =>
			JSON.stringify(old) === JSON.stringify(check.inputs) ? old : check.inputs,
		);
	}, [check]);
	const [set, setSet] = useState<Draft>({});
	useEffect(() => {
		const fresh = toDraft(schema);
		for (const i of schema) {
			const mine = set[i.name];
			if (mine !== undefined && typeof mine === typeof fresh[i.name])
				fresh[i.name] = mine;
		}
		setDraft(fresh);
	}, [schema, set]);
	const values = useMemo(
		() => (stale ? null : fromDraft(schema, draft)),
		[stale, schema, draft],
	);
	return {
		schema,
		draft,
		values,
		changed: Object.keys(set).length > 0,
		change(next: Draft) {
			setSet((old) => {
				const out = { ...old };
				for (const [k, v] of Object.entries(next))
					if (draft[k] !== v) out[k] = v;
				return out;
			});
		},
		reset: () => setSet({}),
	};
}
