import { Component, type ErrorInfo, type ReactNode } from "react";
import { ApiError } from "./apiClient";
import { logger } from "./logger";
import { redactText } from "./redact";
import { captureException } from "./sentry";

interface Props {
	children: ReactNode;
	/** Names the part of the page, for the log and the message. */
	name: string;
	/** A panel's boundary is small; the application's fills the window. */
	variant?: "app" | "panel";
	/** When this value changes, the boundary tries again by itself. */
	resetKey?: unknown;
	onReset?: () => void;
	/** Shows message and stack. Only development does. */
	details?: boolean;
}

interface State {
	error: Error | null;
	componentStack: string;
	copied: "no" | "yes" | "failed";
}

const CLEAR: State = { error: null, componentStack: "", copied: "no" };

/**
 * Catches what goes wrong while a part of the page is drawn, says so in
 * friendly words and offers ways on. The rest of the page stays usable.
 */
export class ErrorBoundary extends Component<Props, State> {
	override state: State = CLEAR;

	static getDerivedStateFromError(error: unknown): Partial<State> {
		return {
			error: error instanceof Error ? error : new Error(String(error)),
		};
	}

	override componentDidCatch(error: Error, info: ErrorInfo): void {
		const componentStack = info.componentStack ?? "";
		const requestId = error instanceof ApiError ? error.requestId : undefined;
		this.setState({ componentStack });
		logger.error(`${this.props.name} could not be drawn`, {
			error,
			componentStack,
			...(requestId ? { requestId } : {}),
		});
		captureException(error, {
			boundary: this.props.name,
			componentStack,
			requestId,
		});
	}

	override componentDidUpdate(prev: Props): void {
		if (this.state.error && prev.resetKey !== this.props.resetKey) this.reset();
	}

	reset = (): void => {
		this.props.onReset?.();
		this.setState(CLEAR);
	};

	/** What a person may paste into a report: no secrets in it. */
	report(): string {
		const { error, componentStack } = this.state;
		const id = error instanceof ApiError ? error.requestId : "";
		return redactText(
			[
				`Part: ${this.props.name}`,
				`Page: ${location.pathname}`,
				`Time: ${new Date().toISOString()}`,
				`Version: ${__APP_VERSION__}`,
				id && `Request: ${id}`,
				`Error: ${error?.name}: ${error?.message}`,
				error?.stack ?? "",
				`Components:${componentStack}`,
			]
				.filter(Boolean)
				.join("\n"),
		);
	}

	copy = async (): Promise<void> => {
		try {
			await navigator.clipboard.writeText(this.report());
			this.setState({ copied: "yes" });
		} catch {
			this.setState({ copied: "failed" });
		}
	};

	override render(): ReactNode {
		const { error, componentStack, copied } = this.state;
		if (!error) return this.props.children;
		const app = this.props.variant === "app";
		const details = this.props.details ?? import.meta.env.DEV;
		const id = error instanceof ApiError ? error.requestId : "";
		return (
			<div className={app ? "boundary boundary-app" : "boundary"} role="alert">
				<h2 className="boundary-title">
					{app
						? "Something went wrong on this page"
						: `${this.props.name} could not be shown`}
				</h2>
				<p className="boundary-text">
					Your bots are not affected: they run on the server. The problem was
					noted in the log.
				</p>
				{id && (
					<p className="boundary-text">
						Request <code>{id}</code>
					</p>
				)}
				<div className="boundary-actions">
					<button
						type="button"
						className="btn btn-primary"
						onClick={this.reset}
					>
						Try again
					</button>
					<button
						type="button"
						className="btn"
						onClick={() => location.reload()}
					>
						Reload
					</button>
					{app && (
						<a className="btn" href="/">
							Go home
						</a>
					)}
					<button type="button" className="btn" onClick={this.copy}>
						{copied === "yes" ? "Copied" : "Copy details"}
					</button>
				</div>
				{copied === "failed" && (
					<p className="boundary-text">The browser did not allow copying.</p>
				)}
				{details && (
					<details className="boundary-details">
						<summary>{error.message || error.name}</summary>
						<pre>
							{error.stack}
							{componentStack}
						</pre>
					</details>
				)}
			</div>
		);
	}
}
