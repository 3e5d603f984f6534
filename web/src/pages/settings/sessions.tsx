import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getSessions, revokeSession } from "../../api/endpoints";
import type { Session } from "../../api/types";
import { useFormats } from "../../app/format";
import { useSession } from "../../app/session";
import { type Column, DataTable } from "../../components/DataTable";
import { Loaded } from "../../components/Loaded";
import { toast, toastError } from "../../components/toasts";
import { Panel } from "../../components/ui";

const KEY = ["sessions"] as const;

/** A browser's own long name, told in two words. */
export function browserName(agent: string): string {
	// Most of them name those that they descend from as well.
	const name =
		["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"].find((n) =>
			agent.includes(`${n}/`),
		) ?? "";
	const short: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
	const system =
		/(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1] ?? "";
	const what = short[name] ?? name;
	if (!what) return agent.slice(0, 40) || "unknown";
	return system ? `${what} on ${system.replace("Mac OS X", "macOS")}` : what;
}

export function Sessions() {
	const f = useFormats();
	const queries = useQueryClient();
	const { leave } = useSession();
	const sessions = useQuery({
		queryKey: KEY,
		queryFn: ({ signal }) => getSessions(signal),
	});
	const revoke = useMutation({
		mutationFn: (s: Session) => revokeSession(s.id),
		onSuccess: () => toast("The session was ended", "good"),
		onError: (e) => toastError("Could not end the session", e),
		onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
	});
	const columns: Column<Session>[] = [
		{
			key: "agent",
			title: "Browser",
			head: true,
			cell: (s) => (
				<>
					<span title={s.agent}>{browserName(s.agent)}</span>{" "}
					{s.current && <span className="badge badge-good">this one</span>}
				</>
			),
		},
		{ key: "address", title: "Address", cell: (s) => s.address },
		{
			key: "created",
			title: `Signed in (${f.zoneLabel})`,
			sort: (s) => s.created,
			cell: (s) => f.time(s.created),
		},
		{
			key: "seen",
			title: "Last seen",
			sort: (s) => s.seen,
			cell: (s) => f.time(s.seen),
		},
		{ key: "expires", title: "Ends", cell: (s) => f.time(s.expires) },
		{
			key: "act",
			title: "Actions",
			quiet: true,
			cell: (s) => (
				<span className="cell-actions">
					<button
						type="button"
						className="btn btn-s"
						disabled={revoke.isPending}
						onClick={() => (s.current ? void leave() : revoke.mutate(s))}
					>
						{s.current ? "Sign out" : "End"}
						<span className="sr"> {browserName(s.agent)}</span>
					</button>
				</span>
			),
		},
	];
	return (
		<Panel title="Sessions" flush>
			<Loaded query={sessions}>
				{(l) => (
					<DataTable
						caption="Sessions"
						columns={columns}
						rows={l.items}
						rowKey={(s) => s.id}
					/>
				)}
			</Loaded>
		</Panel>
	);
}
