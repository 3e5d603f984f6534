import "../styles/studio.css";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { getMarkets } from "../api/endpoints";
import { formatSource, getStrategy } from "../api/runEndpoints";
import type { StrategyFull } from "../api/runTypes";
import type { Market } from "../api/types";
import { useCommands } from "../app/commands";
import { useCanTrade } from "../app/session";
import { usePageTitle } from "../app/title";
import { InputsForm } from "../components/InputsForm";
import { ChevronIcon, CopyIcon } from "../components/icons";
import { Loaded } from "../components/Loaded";
import { toast, toastError } from "../components/toasts";
import { ButtonLink, Panel, SkeletonBlock } from "../components/ui";
import { CodeEditor, type EditorHandle } from "../editor/CodeEditor";
import { ApiError } from "../lib/apiClient";
import { useUrlState } from "../lib/url";
import { bestTimeframe } from "../runs/market";
import { RULE_SETS } from "../runs/rules";
import NotFound from "./NotFound";
import { TEMPLATE } from "./strategy/drafts";
import { PreviewPanel, usePreview } from "./strategy/Preview";
import { countProblems, Problems } from "./strategy/Problems";
import { useSave } from "./strategy/useSave";
import { type Start, useCheck, useInputs, useText } from "./strategy/useScript";

const Explanation = lazy(() => import("./strategy/Explanation"));

const BARS = 1500;

/** Which market the script is tried on; it lives in the address. */
function useScene(markets: readonly Market[]) {
	const [url, setUrl] = useUrlState();
	const wanted = Number(url.get("market"));
	const market =
		markets.find((m) => m.id === wanted) ??
		markets.find((m) => m.timeframes.some((t) => t.count > 0)) ??
		markets[0];
	const tf = url.get("tf") || bestTimeframe(market);
	const bars = Math.min(5000, Number(url.get("bars")) || BARS);
	const rulesSet = RULE_SETS.find((r) => r === url.get("rules")) ?? "chart";
	const [rules, setRules] = useState<unknown>(null);
	return {
		market,
		tf,
		bars,
		rulesSet,
		rules,
		setRules,
		setRulesSet: (r: string) => setUrl({ rules: r === "chart" ? null : r }),
		setMarket: (id: number) => setUrl({ market: id, tf: null }),
		setTf: (t: string) => setUrl({ tf: t }),
		setBars: (n: number) => setUrl({ bars: n === BARS ? null : n }),
	};
}

function sceneQuery(strategy: number, scene: ReturnType<typeof useScene>) {
	const q = new URLSearchParams({ strategy: String(strategy) });
	if (scene.market) q.set("market", String(scene.market.id));
	q.set("tf", scene.tf);
	if (scene.rulesSet !== "chart") q.set("rules", scene.rulesSet);
	return q.toString();
}

function Editor(p: {
	saved: StrategyFull | null;
	start: Start;
	markets: readonly Market[];
}) {
	const { saved } = p;
	const trader = useCanTrade();
	const fixed = saved?.starter === true || !trader;
	const [, go] = useLocation();
	const editor = useRef<EditorHandle>(null);
	const text = useText(saved, p.start);
	const { check, stale, error: checkError } = useCheck(text.source);
	const inputs = useInputs(check, stale);
	const scene = useScene(p.markets);
	const ok = check?.ok === true && !stale;
	const wish = {
		source: text.source,
		inputs: inputs.values,
		ok,
		market: scene.market,
		tf: scene.tf,
		bars: scene.bars,
		rulesSet: scene.rulesSet,
		rules: scene.rules,
	};
	const preview = usePreview(wish);
	const keep = useSave(saved?.id ?? null, text, (s) =>
		go(`/strategies/${s.id}${location.search.replace(/[?&]from=\d+/, "")}`, {
			replace: true,
		}),
	);
	const [formatting, setFormatting] = useState(false);
	usePageTitle(text.name || "New strategy");

	const diagnostics = check?.diagnostics ?? [];
	const errors = diagnostics.some((d) => d.severity === "error");
	const canSave =
		!fixed &&
		!keep.busy &&
		ok &&
		text.name.trim() !== "" &&
		(text.dirty || saved === null);
	const save = () => {
		if (canSave) void keep.save();
		else if (!fixed && errors)
			toast("A script is kept once it compiles; this text stays as a draft");
	};
	const format = async () => {
		setFormatting(true);
		try {
			const r = await formatSource(text.source);
			editor.current?.replace(r.source);
		} catch (error) {
			toastError("Not formatted", error);
		} finally {
			setFormatting(false);
		}
	};
	/** What is run elsewhere is what is saved. */
	const leaveFor = async (path: string) => {
		let id = saved?.id ?? null;
		if (!fixed && (text.dirty || id === null))
			id = (await keep.save())?.id ?? null;
		if (id !== null) go(`${path}?${sceneQuery(id, scene)}`);
	};
	useCommands(
		() => [
			{
				id: "script-save",
				label: "Save the script",
				group: "This strategy",
				run: save,
			},
			{
				id: "script-format",
				label: "Format the script",
				group: "This strategy",
				run: () => void format(),
			},
			{
				id: "script-edit",
				label: "Go to the editor",
				group: "This strategy",
				keys: "e",
				run: () => editor.current?.focus(),
			},
		],
		[canSave, text.source],
	);
	const reason = stale
		? null
		: errors
			? "the script has errors."
			: inputs.values === null
				? "an input is not right."
				: null;
	const explanation = saved?.explanation ?? "";
	return (
		<>
			<div className="page-head">
				<nav aria-label="Breadcrumb" className="crumbs">
					<Link href="/strategies">Strategies</Link>
					<ChevronIcon size={14} />
				</nav>
				<h1 className="truncate">{text.name || "New strategy"}</h1>
				{saved?.starter && <span className="badge">starter</span>}
				{text.dirty && !fixed && (
					<span className="badge badge-warn">not saved</span>
				)}
				<span className="spacer" />
				<div className="row row-wrap">
					{trader && saved && (
						<ButtonLink href={`/strategies/new?from=${saved.id}`}>
							<CopyIcon size={16} />{" "}
							{saved.starter ? "Make it yours" : "Duplicate"}
						</ButtonLink>
					)}
					{trader && (
						<button
							type="button"
							className="btn"
							disabled={!ok}
							onClick={() => void leaveFor("/backtests/new")}
						>
							Backtest this
						</button>
					)}
					{trader && (
						<button
							type="button"
							className="btn"
							disabled={!ok}
							onClick={() => void leaveFor("/bots/new")}
						>
							Create a bot
						</button>
					)}
					{!fixed && (
						<button
							type="button"
							className="btn btn-primary"
							disabled={!canSave}
							onClick={save}
						>
							Save
						</button>
					)}
				</div>
			</div>
			{text.restored && (
				<p className="notice notice-warn" role="status">
					This is what you had typed and not saved.{" "}
					{saved && (
						<button
							type="button"
							className="link"
							onClick={() => text.settle(saved)}
						>
							Go back to the saved version
						</button>
					)}
				</p>
			)}
			<div className="studio">
				<Panel
					title="Script"
					flush
					className="studio-code"
					actions={
						<>
							<span className="muted" role="status" data-testid="check-state">
								{stale ? "Checking…" : countProblems(diagnostics)}
							</span>
							{!fixed && (
								<button
									type="button"
									className="btn btn-s"
									disabled={formatting || errors}
									onClick={() => void format()}
								>
									Format
								</button>
							)}
						</>
					}
				>
					{!fixed && (
						<div className="name-bar">
							<label className="sr" htmlFor="script-name">
								Name of the strategy
							</label>
							<input
								id="script-name"
								className="input"
								value={text.name}
								maxLength={64}
								placeholder="Name of the strategy"
								aria-invalid={keep.nameError ? true : undefined}
								onChange={(ev) => text.setName(ev.target.value)}
							/>
							{keep.nameError && (
								<span className="field-error" role="alert">
									{keep.nameError}
								</span>
							)}
						</div>
					)}
					<CodeEditor
						ref={editor}
						label="Script"
						value={text.source}
						diagnostics={diagnostics}
						readOnly={fixed}
						onChange={text.setSource}
						onSave={save}
					/>
					{checkError && !check ? (
						<p className="notice notice-error notice-edge" role="alert">
							The script could not be checked.
						</p>
					) : (
						<Problems
							diagnostics={diagnostics}
							stale={stale}
							onPick={(d) => editor.current?.jump(d.line, d.column)}
						/>
					)}
				</Panel>
				<div className="stack">
					<PreviewPanel
						wish={wish}
						query={preview}
						markets={p.markets}
						reason={reason}
						onMarket={scene.setMarket}
						onTf={scene.setTf}
						onBars={scene.setBars}
						onRulesSet={scene.setRulesSet}
						onRules={scene.setRules}
					/>
					<Panel
						title="Inputs"
						actions={
							inputs.changed && (
								<button
									type="button"
									className="btn btn-s"
									onClick={inputs.reset}
								>
									Back to defaults
								</button>
							)
						}
					>
						<InputsForm
							inputs={inputs.schema}
							draft={inputs.draft}
							onChange={inputs.change}
						/>
					</Panel>
				</div>
			</div>
			{explanation && (
				<Suspense fallback={null}>
					<Explanation text={explanation} />
				</Suspense>
			)}
			{keep.conflict}
		</>
	);
}

function useStart(
	id: number | null,
	from: number | null,
	found: StrategyFull | undefined,
): Start | null {
	return useMemo(() => {
		if (id === null && from === null)
			return { name: "My strategy", source: TEMPLATE, fresh: false };
		if (!found) return null;
		return id === null
			? { name: `${found.name} copy`, source: found.source, fresh: true }
			: { name: found.name, source: found.source, fresh: false };
	}, [id, from, found]);
}

/** One script: written, checked, tried on a market, saved. */
export default function StrategyEdit({ id }: { id: number | null }) {
	usePageTitle("Strategy");
	const [url] = useUrlState();
	const from = id === null ? Number(url.get("from")) || null : null;
	const wanted = id ?? from;
	const markets = useQuery({
		queryKey: ["markets"],
		queryFn: ({ signal }) => getMarkets(signal),
	});
	const strategy = useQuery({
		queryKey: ["strategy", wanted],
		queryFn: ({ signal }) => getStrategy(wanted ?? 0, signal),
		enabled: wanted !== null && Number.isInteger(wanted) && wanted > 0,
		// What is being edited is not changed under the cursor.
		staleTime: Number.POSITIVE_INFINITY,
		gcTime: 0,
		refetchOnWindowFocus: false,
	});
	const start = useStart(id, from, strategy.data);
	const bad = wanted !== null && !(Number.isInteger(wanted) && wanted > 0);
	const missing =
		strategy.error instanceof ApiError && strategy.error.status === 404;
	if (bad || missing) return <NotFound />;
	if (wanted !== null && !start)
		return (
			<Loaded
				query={strategy}
				skeleton={<SkeletonBlock className="page-skeleton" />}
			>
				{() => null}
			</Loaded>
		);
	return (
		<Loaded
			query={markets}
			skeleton={<SkeletonBlock className="page-skeleton" />}
		>
			{(l) =>
				start && (
					<Editor
						key={`${id ?? "new"}/${from ?? ""}`}
						saved={id === null ? null : (strategy.data ?? null)}
						start={start}
						markets={l.items}
					/>
				)
			}
		</Loaded>
	);
}
