import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changePassword } from "../api/endpoints";
import { useFormats } from "../app/format";
import {
	changePrefs,
	LOCALES,
	localZone,
	type Prefs,
	usePrefs,
} from "../app/prefs";
import { useMe } from "../app/session";
import { usePageTitle } from "../app/title";
import { explain, toast } from "../components/toasts";
import { Field, Panel, Segmented, Tabs } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { useUrlState } from "../lib/url";
import { Sessions } from "./settings/sessions";
import { Tokens } from "./settings/tokens";

const TABS = [
	{ value: "profile", label: "Profile" },
	{ value: "appearance", label: "Appearance" },
	{ value: "tokens", label: "API tokens" },
	{ value: "sessions", label: "Sessions" },
] as const;

const MIN_PASSWORD = 12;

function PasswordForm() {
	const [old, setOld] = useState("");
	const [next, setNext] = useState("");
	const [again, setAgain] = useState("");
	const change = useMutation({
		mutationFn: () => changePassword(old, next),
		onSuccess: () => {
			setOld("");
			setNext("");
			setAgain("");
			toast("Your password was changed", "good");
		},
	});
	const e = change.error;
	const at = (name: string) =>
		e instanceof ApiError ? e.forField(name) : null;
	const short =
		next !== "" && next.length < MIN_PASSWORD
			? `At least ${MIN_PASSWORD} characters.`
			: null;
	const differs =
		again !== "" && again !== next ? "The two are not the same." : null;
	const ready = old && next.length >= MIN_PASSWORD && again === next;
	const field = (
		label: string,
		value: string,
		set: (s: string) => void,
		complete: string,
		error: string | null,
	) => (
		<Field label={label} error={error}>
			{(a) => (
				<input
					{...a}
					className="input"
					type="password"
					autoComplete={complete}
					value={value}
					onChange={(ev) => {
						change.reset();
						set(ev.target.value);
					}}
				/>
			)}
		</Field>
	);
	return (
		<form
			className="form form-narrow"
			onSubmit={(ev: FormEvent) => {
				ev.preventDefault();
				change.mutate();
			}}
		>
			{field("Present password", old, setOld, "current-password", at("old"))}
			{field("New password", next, setNext, "new-password", short ?? at("new"))}
			{field("New password again", again, setAgain, "new-password", differs)}
			{e && !at("old") && !at("new") && (
				<p className="notice notice-error" role="alert">
					{explain(e)}
				</p>
			)}
			<div className="form-actions">
				<button
					type="submit"
					className="btn btn-primary"
					disabled={!ready || change.isPending}
				>
					Change password
				</button>
			</div>
		</form>
	);
}

function Profile() {
	const { user } = useMe();
	return (
		<div className="stack">
			<Panel title="You">
				<dl className="facts">
					<div>
						<dt>Name</dt>
						<dd>{user.name}</dd>
					</div>
					<div>
						<dt>Role</dt>
						<dd>{user.role}</dd>
					</div>
				</dl>
			</Panel>
			<Panel title="Password">
				<PasswordForm />
			</Panel>
		</div>
	);
}

function Choice<K extends keyof Prefs>(p: {
	name: K;
	label: string;
	hint: string;
	options: readonly { value: string; label: string }[];
}) {
	const prefs = usePrefs();
	return (
		<div className="setting">
			<div className="grow">
				<strong>{p.label}</strong>
				<p className="hint">{p.hint}</p>
			</div>
			<Segmented
				label={p.label}
				value={String(prefs[p.name])}
				options={p.options}
				onChange={(v) => changePrefs({ [p.name]: v } as Partial<Prefs>)}
			/>
		</div>
	);
}

function Appearance() {
	const prefs = usePrefs();
	const f = useFormats();
	return (
		<Panel title="Appearance" flush>
			<Choice
				name="theme"
				label="Theme"
				hint="System follows your computer."
				options={[
					{ value: "system", label: "System" },
					{ value: "light", label: "Light" },
					{ value: "dark", label: "Dark" },
				]}
			/>
			<Choice
				name="timezone"
				label="Time zone"
				hint={`Local is ${localZone()}. The zone always stands beside the times.`}
				options={[
					{ value: "local", label: "Local" },
					{ value: "utc", label: "UTC" },
				]}
			/>
			<div className="setting">
				<div className="grow">
					<strong>Numbers and dates</strong>
					<p className="hint">
						{f.money("1234567.89")} · {f.time(Date.now(), "full")}
					</p>
				</div>
				<select
					className="select select-auto"
					aria-label="Numbers and dates"
					value={prefs.locale}
					onChange={(ev) => changePrefs({ locale: ev.target.value })}
				>
					<option value="">As the browser</option>
					{LOCALES.map((l) => (
						<option key={l}>{l}</option>
					))}
				</select>
			</div>
			<Choice
				name="palette"
				label="Up and down"
				hint="Teal and orange can be told apart by nearly everyone; signs and arrows always say the same."
				options={[
					{ value: "safe", label: "Teal and orange" },
					{ value: "classic", label: "Green and red" },
				]}
			/>
			<div className="setting">
				<div className="grow">
					<strong>Swap the two</strong>
					<p className="hint">
						<span className="up">▲ up</span>{" "}
						<span className="down">▼ down</span>
					</p>
				</div>
				<label className="check">
					<input
						type="checkbox"
						checked={prefs.swap}
						onChange={(ev) => changePrefs({ swap: ev.target.checked })}
					/>
					Swap
				</label>
			</div>
		</Panel>
	);
}

export default function Settings() {
	usePageTitle("Settings");
	const [url, setUrl] = useUrlState();
	const tab = TABS.find((t) => t.value === url.get("tab"))?.value ?? "profile";
	return (
		<>
			<div className="page-head">
				<h1>Settings</h1>
			</div>
			<div className="settings">
				<Tabs
					label="Settings"
					options={TABS}
					value={tab}
					onChange={(t) => setUrl({ tab: t === "profile" ? null : t })}
				>
					<div className="settings-body">
						{tab === "profile" && <Profile />}
						{tab === "appearance" && <Appearance />}
						{tab === "tokens" && <Tokens />}
						{tab === "sessions" && <Sessions />}
					</div>
				</Tabs>
			</div>
		</>
	);
}
