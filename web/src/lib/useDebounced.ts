import { useEffect, useState } from "react";

/** A value that follows once it has been still for a while. */
export function useDebounced<T>(value: T, ms: number): T {
	const [late, setLate] = useState(value);
	useEffect(() => {
		const t = setTimeout(() => setLate(value), ms);
		return () => clearTimeout(t);
	}, [value, ms]);
	return late;
}
