import {
	BrowserClient,
	defaultStackParser,
	makeFetchTransport,
	Scope,
} from "@sentry/browser";
import { redact, redactText, redactUrl } from "./redact";

/**
 * A client of its own, without the integrations that watch clicks, requests
 * and the console: what is reported is what a boundary caught.
 */
export function openSentry(dsn: string, environment: string) {
	const client = new BrowserClient({
		dsn,
		environment,
		release: __APP_VERSION__,
		integrations: [],
		transport: makeFetchTransport,
		stackParser: defaultStackParser,
		dataCollection: {
			userInfo: false,
			cookies: false,
			httpHeaders: false,
			httpBodies: [],
			urlQueryParams: false,
		},
		beforeSend(event) {
			if (event.message) event.message = redactText(event.message);
			for (const e of event.exception?.values ?? [])
				if (e.value) e.value = redactText(e.value);
			if (event.request?.url) event.request.url = redactUrl(event.request.url);
			if (event.extra)
				event.extra = redact(event.extra) as Record<string, unknown>;
			return event;
		},
	});
	const scope = new Scope();
	scope.setClient(client);
	client.init();
	return (error: unknown, extra: Record<string, unknown>): void => {
		const local = scope.clone();
		local.setExtras(extra);
		local.captureException(error);
	};
}
