import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/**
 * State that lives in the address, so that a link shows another person the
 * same view. Setting a value to null takes it out of the address.
 */
export function useUrlState(): [
	URLSearchParams,
	(change: Record<string, string | number | null>) => void,
] {
	const search = useSearch();
	const [path, go] = useLocation();
	const set = useCallback(
		(change: Record<string, string | number | null>) => {
			const q = new URLSearchParams(location.search);
			for (const [k, v] of Object.entries(change))
				if (v === null || v === "") q.delete(k);
				else q.set(k, String(v));
			const text = q.toString();
			go(text ? `${path}?${text}` : path, { replace: true });
		},
		[path, go],
	);
	return [new URLSearchParams(search), set];
}
