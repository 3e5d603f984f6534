import { fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/lib/apiClient";
import { ErrorBoundary } from "../../src/lib/ErrorBoundary";
import { logger } from "../../src/lib/logger";

function Bomb({ error }: { error: Error | null }) {
	if (error) throw error;
	return <p>all is well</p>;
}

const trouble: { error: Error | null } = { error: null };

function Sometimes() {
	return <Bomb error={trouble.error} />;
}

describe("ErrorBoundary", () => {
	beforeEach(() => {
		logger.clearLogs();
		// React reports what a boundary catches on the console as well.
		vi.spyOn(console, "error").mockImplementation(() => {});
	});

	it("shows its children while nothing is wrong", () => {
		render(
			<ErrorBoundary name="Chart">
				<Bomb error={null} />
			</ErrorBoundary>,
		);
		expect(screen.getByText("all is well")).toBeTruthy();
		expect(screen.queryByRole("alert")).toBeNull();
	});

	it("names the panel, keeps the rest of the page, hides the details", () => {
		render(
			<>
				<p>rest of the page</p>
				<ErrorBoundary name="Chart" details={false}>
					<Bomb error={new Error("secret internals")} />
				</ErrorBoundary>
			</>,
		);
		expect(screen.getByText("Chart could not be shown")).toBeTruthy();
		expect(screen.getByText("rest of the page")).toBeTruthy();
		expect(screen.queryByText(/secret internals/)).toBeNull();
	});

	it("shows message and stack in development", () => {
		render(
			<ErrorBoundary name="Chart" details={true}>
				<Bomb error={new Error("the cause")} />
			</ErrorBoundary>,
		);
		expect(screen.getAllByText(/the cause/).length).toBeGreaterThan(0);
	});

	it("offers Go home only around the whole application", () => {
		const { unmount } = render(
			<ErrorBoundary name="Application" variant="app">
				<Bomb error={new Error("x")} />
			</ErrorBoundary>,
		);
		expect(screen.getByText("Go home").getAttribute("href")).toBe("/");
		unmount();
		render(
			<ErrorBoundary name="Panel">
				<Bomb error={new Error("x")} />
			</ErrorBoundary>,
		);
		expect(screen.queryByText("Go home")).toBeNull();
	});

	it("draws its children again after Try again", () => {
		trouble.error = new Error("passing");
		const onReset = vi.fn();
		render(
			<ErrorBoundary name="Panel" onReset={onReset}>
				<Sometimes />
			</ErrorBoundary>,
		);
		trouble.error = null;
		fireEvent.click(screen.getByText("Try again"));
		expect(screen.getByText("all is well")).toBeTruthy();
		expect(onReset).toHaveBeenCalledTimes(1);
	});

	it("tries again by itself when its key changes", () => {
		const { rerender } = render(
			<ErrorBoundary name="Panel" resetKey="/a">
				<Bomb error={new Error("x")} />
			</ErrorBoundary>,
		);
		expect(screen.getByRole("alert")).toBeTruthy();
		rerender(
			<ErrorBoundary name="Panel" resetKey="/b">
				<Bomb error={null} />
			</ErrorBoundary>,
		);
		expect(screen.getByText("all is well")).toBeTruthy();
	});

	it("logs the error with component stack and request id", () => {
		const error = new ApiError({
			status: 500,
			code: "INTERNAL",
			title: "Broken",
			requestId: "req-42",
		});
		render(
			<ErrorBoundary name="Orders">
				<Bomb error={error} />
			</ErrorBoundary>,
		);
		const entry = logger.getLogs("error")[0];
		expect(entry?.message).toBe("Orders could not be drawn");
		expect(entry?.request_id).toBe("req-42");
		expect(JSON.stringify(entry?.context)).toContain("Bomb");
		expect(screen.getByText("req-42")).toBeTruthy();
	});

	it("copies a report without secrets", async () => {
		const writeText = vi.fn(async (_text: string) => {});
		vi.stubGlobal("navigator", { clipboard: { writeText } });
		render(
			<ErrorBoundary name="Panel">
				<Bomb error={new Error("password=hunter2 was wrong")} />
			</ErrorBoundary>,
		);
		fireEvent.click(screen.getByText("Copy details"));
		expect(await screen.findByText("Copied")).toBeTruthy();
		const text = writeText.mock.calls[0]?.[0] ?? "";
		expect(text).toContain("Part: Panel");
		expect(text).not.toContain("hunter2");
	});

	it("says so when copying is not allowed", async () => {
		vi.stubGlobal("navigator", {
			clipboard: { writeText: () => Promise.reject(new Error("denied")) },
		});
		render(
			<ErrorBoundary name="Panel">
				<Bomb error={new Error("x")} />
			</ErrorBoundary>,
		);
		fireEvent.click(screen.getByText("Copy details"));
		expect(await screen.findByText(/did not allow/)).toBeTruthy();
	});
});
