import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useFormats } from "../app/format";
import { ApiError } from "../lib/apiClient";
import { WarnIcon } from "./icons";
import { explain } from "./toasts";
import { Empty, SkeletonRows } from "./ui";

/** An error in place of a panel's content, with a way to try again. */
export function LoadError(p: { error: unknown; retry: () => void }) {
	const id = p.error instanceof ApiError ? p.error.requestId : "";
	return (
		<Empty
			icon={<WarnIcon size={26} />}
			title="This could not be loaded"
			action={
				<button type="button" className="btn" onClick={p.retry}>
					Try again
				</button>
			}
		>
			{explain(p.error)}
			{id && (
				<>
					<br />
					Request <code>{id.slice(0, 12)}</code>
				</>
			)}
		</Empty>
	);
}

/**
 * Draws what a query brought: a skeleton until it is there, an error with a
 * way on when it never came, and old data with its age when a refresh failed.
 */
export function Loaded<T>(p: {
	query: UseQueryResult<T>;
	skeleton?: ReactNode;
	children: (data: T) => ReactNode;
}) {
	const f = useFormats();
	const { data, error, isPending, refetch, dataUpdatedAt } = p.query;
	if (data === undefined) {
		if (error) return <LoadError error={error} retry={() => void refetch()} />;
		return isPending ? (p.skeleton ?? <SkeletonRows />) : null;
	}
	return (
		<>
			{error && (
				<p className="notice notice-warn" role="status">
					Not refreshed since {f.time(dataUpdatedAt, "time")} {f.zoneLabel}:{" "}
					{explain(error)}
				</p>
			)}
			{p.children(data)}
		</>
	);
}
