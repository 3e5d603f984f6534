import { useQueryClient } from "@tanstack/react-query";
import {
	createContext,
	type ReactNode,
	useCallback,
	useContext,
	useEffect,
	useMemo,
	useState,
} from "react";
import { api, live, onExpired } from "../api/client";
import { getMe, signIn, signOut } from "../api/endpoints";
import type { Me } from "../api/types";
import { toast } from "../components/toasts";
import { ApiError } from "../lib/apiClient";
import { logger } from "../lib/logger";
import { startSentry } from "../lib/sentry";
import { adoptPrefs } from "./prefs";

/** Who is signed in. One state for the whole page. */

export type SessionState =
	| { kind: "unknown" }
	| { kind: "out"; expired: boolean }
	| { kind: "unreachable"; error: unknown }
	| { kind: "in"; me: Me };

interface SessionValue {
	state: SessionState;
	enter: (name: string, password: string) => Promise<void>;
	leave: () => Promise<void>;
	check: () => Promise<void>;
}

const HINT = "orch_signed_in";

/** Whether a session may exist: without one, asking is a needless 401. */
function hinted(): boolean {
	try {
		return localStorage.getItem(HINT) === "1";
	} catch {
		return true;
	}
}

function hint(on: boolean): void {
	try {
		if (on) localStorage.setItem(HINT, "1");
		else localStorage.removeItem(HINT);
	} catch {
		/* Then every page load asks the server. */
	}
}

const Context = createContext<SessionValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
	const [state, setState] = useState<SessionState>({ kind: "unknown" });
	const queries = useQueryClient();

	const check = useCallback(async () => {
		try {
			const me = await getMe();
			api.setCsrf(me.csrf);
			adoptPrefs(me.preferences);
			void startSentry(me.sentry_dsn, me.env);
			live.start();
			hint(true);
			setState({ kind: "in", me });
		} catch (error) {
			if (error instanceof ApiError && error.status === 401) {
				hint(false);
				setState({ kind: "out", expired: false });
			} else setState({ kind: "unreachable", error });
		}
	}, []);

	const drop = useCallback(
		(expired: boolean) => {
			api.setCsrf(null);
			live.stop();
			queries.clear();
			hint(false);
			setState({ kind: "out", expired });
		},
		[queries],
	);

	useEffect(() => {
		if (hinted()) void check();
		else setState({ kind: "out", expired: false });
	}, [check]);
	useEffect(() => onExpired(() => drop(true)), [drop]);

	const value = useMemo<SessionValue>(
		() => ({
			state,
			check,
			async enter(name, password) {
				const answer = await signIn(name, password);
				api.setCsrf(answer.csrf);
				logger.info("Signed in", { user: answer.user.id });
				await check();
			},
			async leave() {
				try {
					await signOut();
				} catch (error) {
					logger.warn("Signing out was not confirmed", { error });
					toast("The server did not confirm signing out.", "error");
				}
				drop(false);
			},
		}),
		[state, check, drop],
	);
	return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionValue {
	const v = useContext(Context);
	if (!v) throw new Error("useSession outside of SessionProvider");
	return v;
}

/** The signed-in user; only for pages that are shown to one. */
export function useMe(): Me {
	const { state } = useSession();
	if (state.kind !== "in") throw new Error("nobody is signed in");
	return state.me;
}

/** Whether the user may change bots. */
export function useCanTrade(): boolean {
	return useMe().user.role !== "viewer";
}
