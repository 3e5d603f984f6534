import { ApiClient } from "../lib/apiClient";
import { LiveClient } from "../lib/live";
import { logger } from "../lib/logger";

type Listener = () => void;
const expiredListeners = new Set<Listener>();

/** Tells the session when the server no longer knows it. */
export function onExpired(listener: Listener): () => void {
	expiredListeners.add(listener);
	return () => expiredListeners.delete(listener);
}

export const api = new ApiClient({
	logger,
	onUnauthorized: () => {
		for (const l of expiredListeners) l();
	},
});

/** The page's one live connection. */
export const live = new LiveClient({ logger });
