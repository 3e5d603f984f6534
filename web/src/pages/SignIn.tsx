import { type FormEvent, useState } from "react";
import { useSession } from "../app/session";
import { usePageTitle } from "../app/title";
import { LogoIcon } from "../components/icons";
import { explain } from "../components/toasts";
import { Field } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { formatDuration } from "../lib/time";

function reason(error: unknown): string {
	if (!(error instanceof ApiError)) return explain(error);
	if (error.status === 429) {
		const wait = error.retryAfter
			? ` Try again in ${formatDuration(error.retryAfter)}.`
			: " Try again later.";
		return `Too many attempts.${wait}`;
	}
	if (error.status === 401) return "Name or password is not right.";
	return error.message;
}

export default function SignIn({ expired }: { expired: boolean }) {
	const { enter } = useSession();
	const [name, setName] = useState("");
	const [password, setPassword] = useState("");
	const [shown, setShown] = useState(false);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	usePageTitle("Sign in");
	const submit = async (ev: FormEvent) => {
		ev.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await enter(name, password);
		} catch (e) {
			setError(reason(e));
			setPassword("");
			setBusy(false);
		}
	};
	return (
		<main className="gate">
			<div className="gate-card">
				<div className="gate-brand">
					<span className="brand-mark">
						<LogoIcon size={34} />
					</span>
					<div>
						<h1>Sign in to Orch</h1>
						<p className="muted">Your bots keep running while you are away.</p>
					</div>
				</div>
				{expired && !error && (
					<p className="notice" role="status">
						Your session has ended. Please sign in again.
					</p>
				)}
				<form className="form" onSubmit={submit}>
					<Field label="Name">
						{(a) => (
							<input
								{...a}
								className="input input-l"
								name="username"
								autoComplete="username"
								autoCapitalize="none"
								spellCheck={false}
								required
								value={name}
								onChange={(ev) => setName(ev.target.value)}
							/>
						)}
					</Field>
					<Field label="Password" error={error}>
						{(a) => (
							<input
								{...a}
								className="input input-l"
								name="password"
								type={shown ? "text" : "password"}
								autoComplete="current-password"
								required
								value={password}
								onChange={(ev) => setPassword(ev.target.value)}
							/>
						)}
					</Field>
					<label className="check">
						<input
							type="checkbox"
							checked={shown}
							onChange={(ev) => setShown(ev.target.checked)}
						/>
						Show the password
					</label>
					<button
						type="submit"
						className="btn btn-primary btn-l"
						disabled={busy}
					>
						{busy ? "Signing in…" : "Sign in"}
					</button>
				</form>
			</div>
			<p className="gate-foot">
				No account yet? The person who runs this server makes one with{" "}
				<code>orchctl user add</code>.
			</p>
		</main>
	);
}
