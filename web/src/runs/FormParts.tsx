import type { ReactNode } from "react";
import type { Market } from "../api/types";
import { explain } from "../components/toasts";
import { Field } from "../components/ui";
import { timeframesOf } from "../lib/time";

/** Fields that more than one form has. */

export function MarketFields(p: {
	markets: readonly Market[];
	market: number;
	tf: string;
	onMarket: (m: Market) => void;
	onTf: (tf: string) => void;
	refused: (field: string) => string | null;
	tfHint?: string;
}) {
	const market = p.markets.find((m) => m.id === p.market);
	return (
		<>
			<Field label="Market" error={p.refused("market_id")}>
				{(a) => (
					<select
						{...a}
						className="select"
						value={p.market}
						onChange={(ev) => {
							const m = p.markets.find((x) => x.id === Number(ev.target.value));
							if (m) p.onMarket(m);
						}}
					>
						{p.markets.map((m) => (
							<option key={m.id} value={m.id}>
								{m.symbol} ({m.exchange})
							</option>
						))}
					</select>
				)}
			</Field>
			<Field label="Timeframe" hint={p.tfHint} error={p.refused("tf")}>
				{(a) => (
					<select
						{...a}
						className="select"
						value={p.tf}
						onChange={(ev) => p.onTf(ev.target.value)}
					>
						{timeframesOf(market?.timeframes.map((t) => t.tf) ?? []).map(
							(t) => (
								<option key={t}>{t}</option>
							),
						)}
					</select>
				)}
			</Field>
		</>
	);
}

export function NameField(p: {
	value: string;
	suggested: string;
	hint?: string;
	error: string | null;
	onChange: (name: string) => void;
}) {
	return (
		<Field label="Name" hint={p.hint} error={p.error}>
			{(a) => (
				<input
					{...a}
					className="input"
					value={p.value}
					placeholder={p.suggested}
					maxLength={64}
					onChange={(ev) => p.onChange(ev.target.value)}
				/>
			)}
		</Field>
	);
}

export function TagsField(p: {
	value: string;
	error: string | null;
	onChange: (tags: string) => void;
}) {
	return (
		<Field label="Tags" hint="separated by commas" error={p.error}>
			{(a) => (
				<input
					{...a}
					className="input"
					value={p.value}
					onChange={(ev) => p.onChange(ev.target.value)}
				/>
			)}
		</Field>
	);
}

/** What was refused, the button, and other ways out beside it. */
export function Submit(p: {
	error: unknown;
	label: string;
	disabled: boolean;
	children?: ReactNode;
}) {
	return (
		<>
			{p.error !== null && (
				<p className="notice notice-error" role="alert">
					{explain(p.error)}
				</p>
			)}
			<div className="form-actions">
				<button
					type="submit"
					className="btn btn-primary grow"
					disabled={p.disabled}
				>
					{p.label}
				</button>
				{p.children}
			</div>
		</>
	);
}
