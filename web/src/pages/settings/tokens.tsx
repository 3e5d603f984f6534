import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createToken, getTokens, revokeToken } from "../../api/endpoints";
import type { NewToken, Scope, Token } from "../../api/types";
import { useFormats } from "../../app/format";
import { useCanTrade } from "../../app/session";
import { type Column, DataTable } from "../../components/DataTable";
import { Confirm, Dialog } from "../../components/Dialog";
import { CheckIcon, CopyIcon, PlusIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { explain, toast, toastError } from "../../components/toasts";
import { Empty, Field, Panel } from "../../components/ui";
import { ApiError } from "../../lib/apiClient";

const KEY = ["tokens"] as const;
const LIFETIMES = [
	{ days: 7, label: "7 days" },
	{ days: 30, label: "30 days" },
	{ days: 90, label: "90 days" },
	{ days: 365, label: "1 year" },
];

function CreateForm(p: { onDone: (t: NewToken) => void; onClose: () => void }) {
	const trader = useCanTrade();
	const [name, setName] = useState("");
	const [trade, setTrade] = useState(false);
	const [days, setDays] = useState(90);
	const make = useMutation({
		mutationFn: () => {
			const scopes: Scope[] = trade ? ["read", "trade"] : ["read"];
			return createToken({ name: name.trim(), scopes, expires_days: days });
		},
		onSuccess: p.onDone,
	});
	const e = make.error;
	const nameError = e instanceof ApiError ? e.forField("name") : null;
	return (
		<Dialog title="New API token" onClose={p.onClose}>
			<form
				className="dialog-body"
				onSubmit={(ev: FormEvent) => {
					ev.preventDefault();
					make.mutate();
				}}
			>
				<Field label="Name" hint="what it is for" error={nameError}>
					{(a) => (
						<input
							{...a}
							className="input"
							required
							maxLength={64}
							value={name}
							onChange={(ev) => setName(ev.target.value)}
						/>
					)}
				</Field>
				<Field label="Valid for">
					{(a) => (
						<select
							{...a}
							className="select"
							value={days}
							onChange={(ev) => setDays(Number(ev.target.value))}
						>
							{LIFETIMES.map((l) => (
								<option key={l.days} value={l.days}>
									{l.label}
								</option>
							))}
						</select>
					)}
				</Field>
				<label className="check">
					<input
						type="checkbox"
						checked={trade}
						disabled={!trader}
						onChange={(ev) => setTrade(ev.target.checked)}
					/>
					May create, start and stop bots, not only read
				</label>
				{e && !nameError && (
					<p className="notice notice-error" role="alert">
						{explain(e)}
					</p>
				)}
				<div className="dialog-actions">
					<button type="button" className="btn" onClick={p.onClose}>
						Cancel
					</button>
					<button
						type="submit"
						className="btn btn-primary"
						disabled={!name.trim() || make.isPending}
					>
						Create token
					</button>
				</div>
			</form>
		</Dialog>
	);
}

function Reveal(p: { token: NewToken; onClose: () => void }) {
	const [copied, setCopied] = useState(false);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(p.token.token);
			setCopied(true);
		} catch {
			toast("The browser did not allow copying. Select the text.", "error");
		}
	};
	return (
		<Dialog title="Copy your token now" onClose={p.onClose}>
			<div className="dialog-body">
				<p>
					This is the only time it is shown. The server keeps no copy that could
					be read again.
				</p>
				<div className="row">
					<input
						className="input mono"
						readOnly
						aria-label="Token"
						value={p.token.token}
						onFocus={(ev) => ev.target.select()}
					/>
					<button
						type="button"
						className="btn btn-primary"
						onClick={() => void copy()}
					>
						{copied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
						{copied ? "Copied" : "Copy"}
					</button>
				</div>
				<p className="hint">
					Send it as <code>Authorization: Bearer …</code>
				</p>
				<div className="dialog-actions">
					<button type="button" className="btn" onClick={p.onClose}>
						I have stored it
					</button>
				</div>
			</div>
		</Dialog>
	);
}

export function Tokens() {
	const f = useFormats();
	const queries = useQueryClient();
	const [making, setMaking] = useState(false);
	const [fresh, setFresh] = useState<NewToken | null>(null);
	const [doomed, setDoomed] = useState<Token | null>(null);
	const tokens = useQuery({
		queryKey: KEY,
		queryFn: ({ signal }) => getTokens(signal),
	});
	const reload = () => queries.invalidateQueries({ queryKey: KEY });
	const columns: Column<Token>[] = [
		{ key: "name", title: "Name", head: true, cell: (t) => t.name },
		{
			key: "scopes",
			title: "May",
			cell: (t) => t.scopes.map((s) => s).join(", "),
		},
		{
			key: "created",
			title: "Created",
			sort: (t) => t.created,
			cell: (t) => f.time(t.created, "date"),
		},
		{
			key: "expires",
			title: "Valid until",
			sort: (t) => t.expires ?? Number.MAX_VALUE,
			cell: (t) => (t.expires ? f.time(t.expires, "date") : "no end"),
		},
		{
			key: "seen",
			title: "Last used",
			cell: (t) => (t.seen ? f.time(t.seen) : "never"),
		},
		{
			key: "act",
			title: "Actions",
			quiet: true,
			cell: (t) => (
				<span className="cell-actions">
					<button
						type="button"
						className="btn btn-s btn-danger"
						onClick={() => setDoomed(t)}
					>
						Revoke<span className="sr"> {t.name}</span>
					</button>
				</span>
			),
		},
	];
	return (
		<Panel
			title="API tokens"
			flush
			actions={
				<button
					type="button"
					className="btn btn-primary"
					onClick={() => setMaking(true)}
				>
					<PlusIcon size={16} /> New token
				</button>
			}
		>
			<Loaded query={tokens}>
				{(l) =>
					l.items.length ? (
						<DataTable
							caption="API tokens"
							columns={columns}
							rows={l.items}
							rowKey={(t) => t.id}
						/>
					) : (
						<Empty title="No token yet">
							A token lets a script use the API in your name, with the rights
							you give it and until the day you choose.
						</Empty>
					)
				}
			</Loaded>
			{making && (
				<CreateForm
					onClose={() => setMaking(false)}
					onDone={(t) => {
						setMaking(false);
						setFresh(t);
						void reload();
					}}
				/>
			)}
			{fresh && <Reveal token={fresh} onClose={() => setFresh(null)} />}
			{doomed && (
				<Confirm
					title={`Revoke ${doomed.name}?`}
					action="Revoke token"
					danger
					onClose={() => setDoomed(null)}
					onConfirm={async () => {
						try {
							await revokeToken(doomed.id);
							toast(`${doomed.name} was revoked`, "good");
						} catch (e) {
							toastError("Could not revoke the token", e);
							throw e;
						} finally {
							void reload();
						}
					}}
				>
					<p>Whatever uses it stops working at once.</p>
				</Confirm>
			)}
		</Panel>
	);
}
