import { logger } from "./logger";

/**
 * Error reports to Sentry, only where the installation has a DSN. The
 * library is fetched then and not before.
 */

type Report = (error: unknown, extra: Record<string, unknown>) => void;

let report: Report | null = null;

export async function startSentry(
	dsn: string | null | undefined,
	environment: string,
): Promise<void> {
	if (!dsn || report) return;
	try {
		const { openSentry } = await import("./sentryClient");
		report = openSentry(dsn, environment);
	} catch (error) {
		logger.warn("Error reporting could not be started", { error });
	}
}

export function captureException(
	error: unknown,
	extra: Record<string, unknown>,
): void {
	report?.(error, extra);
}
