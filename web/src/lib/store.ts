import { useSyncExternalStore } from "react";

/** A value outside React that components can read and hear. */
export interface Store<T> {
	get(): T;
	set(next: T | ((old: T) => T)): void;
	subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
	let value = initial;
	const listeners = new Set<() => void>();
	return {
		get: () => value,
		set(next) {
			const v =
				typeof next === "function" ? (next as (o: T) => T)(value) : next;
			if (Object.is(v, value)) return;
			value = v;
			for (const l of listeners) l();
		},
		subscribe(l) {
			listeners.add(l);
			return () => listeners.delete(l);
		},
	};
}

export function useStore<T>(store: Store<T>): T {
	return useSyncExternalStore(store.subscribe, store.get, store.get);
}
