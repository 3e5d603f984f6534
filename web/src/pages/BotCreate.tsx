import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { addBot } from "../api/botHooks";
import { actOnBot, createBot } from "../api/endpoints";
import type { Bot, Market, NewBot, Strategy } from "../api/types";
import { useFormats } from "../app/format";
import { usePageTitle } from "../app/title";
import {
	type Draft,
	fromDraft,
	InputsForm,
	toDraft,
} from "../components/InputsForm";
import { toast, toastError } from "../components/toasts";
import { Field, Panel, Segmented } from "../components/ui";
import { ApiError, newId } from "../lib/apiClient";
import { parse, sign } from "../lib/decimal";
import { timeframeMs, timeframesOf } from "../lib/time";
import { MarketFields, NameField, Submit } from "../runs/FormParts";
import { bestTimeframe, dateMs, day, storedOf } from "../runs/market";
import { NewRunPage } from "../runs/NewPage";

interface Form {
	name: string;
	market: number;
	tf: string;
	strategy: number;
	inputs: Draft;
	balance: string;
	feed: "live" | "replay";
	from: string;
	to: string;
	speed: string;
}

const SPEEDS = [
	{ value: "0", label: "As fast as possible" },
	{ value: "86400", label: "A day each second" },
	{ value: "21600", label: "6 hours each second" },
	{ value: "3600", label: "An hour each second" },
	{ value: "600", label: "10 minutes each second" },
	{ value: "60", label: "A minute each second" },
	{ value: "1", label: "Real time" },
];

/** Markets that only exist as imported candles cannot be followed live. */
function bestFeed(m: Market | undefined): Form["feed"] {
	return m?.exchange === "sim" ? "live" : "replay";
}

function startForm(markets: readonly Market[], all: readonly Strategy[]): Form {
	const q = new URLSearchParams(location.search);
	const wanted = Number(q.get("market"));
	const m =
		markets.find((x) => x.id === wanted) ??
		markets.find((x) => x.timeframes.some((t) => t.count > 0)) ??
		markets[0];
	const s = all.find((x) => x.id === Number(q.get("strategy"))) ?? all[0];
	const tf = q.get("tf");
	const offered = timeframesOf(m?.timeframes.map((t) => t.tf) ?? []);
	return {
		name: "",
		market: m?.id ?? 0,
		tf: tf && offered.includes(tf) ? tf : bestTimeframe(m),
		strategy: s?.id ?? 0,
		inputs: toDraft(s?.inputs ?? []),
		balance: "10000",
		feed: bestFeed(m),
		from: "",
		to: "",
		speed: "0",
	};
}

/** What the form says, in the API's words; null while it is incomplete. */
export function toBody(f: Form, s: Strategy | undefined): NewBot | null {
	const balance = parse(f.balance);
	const inputs = s ? fromDraft(s.inputs, f.inputs) : null;
	if (!inputs || !f.market || !f.tf || !balance || sign(balance) <= 0)
		return null;
	const from = dateMs(f.from);
	const to = dateMs(f.to);
	return {
		name: f.name.trim(),
		market_id: f.market,
		tf: f.tf,
		strategy_id: f.strategy,
		inputs,
		mode: "paper",
		initial_balance: f.balance.trim(),
		feed:
			f.feed === "live"
				? { kind: "live" }
				: {
						kind: "replay",
						speed: Number(f.speed),
						...(from === undefined ? {} : { from }),
						...(to === undefined ? {} : { to }),
					},
	};
}

function FeedFields(p: {
	form: Form;
	set: (f: Partial<Form>) => void;
	market: Market | undefined;
}) {
	const f = useFormats();
	const { form, set } = p;
	// A coarser timeframe is made of the finest that is stored.
	const stored = storedOf(p.market, form.tf);
	const from = dateMs(form.from) ?? stored?.from ?? 0;
	const to = dateMs(form.to) ?? stored?.to ?? 0;
	const ms = timeframeMs(form.tf);
	const bars = ms ? Math.max(0, Math.floor((to - from) / ms) + 1) : 0;
	const speed = Number(form.speed);
	return (
		<div className="form">
			<Segmented
				label="Prices"
				value={form.feed}
				onChange={(feed) => set({ feed })}
				options={[
					{ value: "live", label: "Live prices" },
					{ value: "replay", label: "Replay the past" },
				]}
			/>
			{form.feed === "live" ? (
				<p className="hint">
					The bot decides each time a {form.tf} candle closes, from now on.
				</p>
			) : (
				<>
					<div className="form-row">
						<Field label="From" hint="empty: the first candle">
							{(a) => (
								<input
									{...a}
									className="input"
									type="date"
									min={day(stored?.from)}
									max={day(stored?.to)}
									value={form.from}
									onChange={(ev) => set({ from: ev.target.value })}
								/>
							)}
						</Field>
						<Field label="To" hint="empty: the last candle">
							{(a) => (
								<input
									{...a}
									className="input"
									type="date"
									min={day(stored?.from)}
									max={day(stored?.to)}
									value={form.to}
									onChange={(ev) => set({ to: ev.target.value })}
								/>
							)}
						</Field>
						<Field label="Speed">
							{(a) => (
								<select
									{...a}
									className="select"
									value={form.speed}
									onChange={(ev) => set({ speed: ev.target.value })}
								>
									{SPEEDS.map((s) => (
										<option key={s.value} value={s.value}>
											{s.label}
										</option>
									))}
								</select>
							)}
						</Field>
					</div>
					<p className="hint">
						{stored && stored.count > 0
							? `About ${f.count(bars)} candles from ${f.time(from, "date")} to ${f.time(to, "date")}${
									speed > 0
										? `, about ${f.count(Math.ceil((to - from) / speed / 60_000))} min`
										: ""
								}.`
							: "No candles of this timeframe are stored for this market."}
					</p>
				</>
			)}
		</div>
	);
}

function Wizard(p: {
	markets: readonly Market[];
	strategies: readonly Strategy[];
}) {
	const [form, setForm] = useState(() => startForm(p.markets, p.strategies));
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	// One key for one intent: pressing twice makes one bot.
	const key = useRef(newId());
	const queries = useQueryClient();
	const [, go] = useLocation();
	const market = p.markets.find((m) => m.id === form.market);
	const strategy = p.strategies.find((s) => s.id === form.strategy);
	const set = (part: Partial<Form>) => {
		setForm((old) => ({ ...old, ...part }));
		key.current = newId();
	};
	const suggested = market && strategy ? `${strategy.name} ${market.base}` : "";
	const body = toBody({ ...form, name: form.name || suggested }, strategy);
	const problem = (field: string) =>
		error instanceof ApiError ? error.forField(field) : null;
	const balanceBad =
		form.balance !== "" && !parse(form.balance)
			? "Enter an amount such as 10000 or 2500.50."
			: null;

	const submit = async (start: boolean) => {
		if (!body) return;
		setBusy(true);
		setError(null);
		let bot: Bot;
		try {
			bot = await createBot(body, key.current);
		} catch (e) {
			setError(e);
			setBusy(false);
			return;
		}
		try {
			if (start) bot = (await actOnBot(bot.id, "start")) ?? bot;
			toast(`${bot.name} ${start ? "is starting" : "was created"}`, "good");
		} catch (e) {
			toastError("Created, but it did not start", e);
		}
		addBot(queries, bot);
		go(`/bots/${bot.id}`);
	};
	return (
		<form
			className="grid"
			onSubmit={(ev: FormEvent) => {
				ev.preventDefault();
				void submit(true);
			}}
		>
			<div className="span-8 stack">
				<Panel title="1. Market">
					<div className="form-row">
						<MarketFields
							markets={p.markets}
							market={form.market}
							tf={form.tf}
							tfHint="how often the bot decides"
							refused={problem}
							onMarket={(m) =>
								set({
									market: m.id,
									tf: bestTimeframe(m),
									feed: bestFeed(m),
									from: "",
									to: "",
								})
							}
							onTf={(tf) => set({ tf })}
						/>
					</div>
				</Panel>
				<Panel title="2. Strategy">
					<div className="form">
						<div
							className="choice-list"
							role="radiogroup"
							aria-label="Strategy"
						>
							{p.strategies.map((s) => (
								<label key={s.id} className="choice">
									<input
										type="radio"
										name="strategy"
										checked={s.id === form.strategy}
										onChange={() =>
											set({ strategy: s.id, inputs: toDraft(s.inputs) })
										}
									/>
									<span>
										<strong>{s.name}</strong>
										{s.starter && <span className="badge">starter</span>}
										<span className="hint">{s.description}</span>
									</span>
								</label>
							))}
						</div>
						{strategy && (
							<InputsForm
								inputs={strategy.inputs}
								draft={form.inputs}
								onChange={(inputs) => set({ inputs })}
							/>
						)}
						{problem("inputs") && (
							<p className="field-error" role="alert">
								{problem("inputs")}
							</p>
						)}
					</div>
				</Panel>
				<Panel title="3. Prices">
					<FeedFields form={form} set={set} market={market} />
				</Panel>
			</div>
			<div className="span-4">
				<Panel title="4. Start" className="sticky-panel">
					<div className="form">
						<NameField
							value={form.name}
							suggested={suggested}
							hint="as you will find it in lists"
							error={problem("name")}
							onChange={(name) => set({ name })}
						/>
						<Field
							label={`Play money${market ? ` (${market.quote})` : ""}`}
							error={balanceBad ?? problem("initial_balance")}
						>
							{(a) => (
								<input
									{...a}
									className="input"
									inputMode="decimal"
									required
									value={form.balance}
									onChange={(ev) => set({ balance: ev.target.value })}
								/>
							)}
						</Field>
						<p className="notice">
							This is a paper bot: it trades with play money and never touches
							an exchange account.
						</p>
						<Submit
							error={error}
							label="Create and start"
							disabled={busy || !body}
						>
							<button
								type="button"
								className="btn"
								disabled={busy || !body}
								onClick={() => void submit(false)}
							>
								Only create
							</button>
						</Submit>
					</div>
				</Panel>
			</div>
		</form>
	);
}

export default function BotCreate() {
	usePageTitle("New bot");
	return (
		<NewRunPage title="New bot" back="/bots" refusal="create bots">
			{(markets, strategies) => (
				<Wizard markets={markets} strategies={strategies} />
			)}
		</NewRunPage>
	);
}
