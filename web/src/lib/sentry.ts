import { logger } from "./logger";
import { redact, redactText, redactUrl } from "./redact";

/**
 * Error reports to Sentry, only where the installation has a DSN. The
 * library is fetched then and not before.
 */

type Client = typeof import("@sentry/browser");

let client: Client | null = null;

export async function startSentry(
	dsn: string | null | undefined,
	environment: string,
): Promise<void> {
	if (!dsn || client) return;
	try {
		const sentry = await import("@sentry/browser");
		sentry.init({
			dsn,
			environment,
			release: __APP_VERSION__,
			dataCollection: {
				userInfo: false,
				cookies: false,
				httpHeaders: false,
				httpBodies: [],
				urlQueryParams: false,
			},
			beforeSend(event) {
				if (event.message) event.message = redactText(event.message);
				if (event.request?.url)
					event.request.url = redactUrl(event.request.url);
				if (event.extra)
					event.extra = redact(event.extra) as Record<string, unknown>;
				return event;
			},
		});
		client = sentry;
	} catch (error) {
		logger.warn("Error reporting could not be started", { error });
	}
}

export function captureException(
	error: unknown,
	extra: Record<string, unknown>,
): void {
	client?.captureException(error, { extra });
}
