import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { installKeys, register } from "../../src/app/commands";
import Palette from "../../src/app/Palette";
import ShortcutSheet from "../../src/app/ShortcutSheet";
import { SessionProvider } from "../../src/app/session";
import { type Column, DataTable } from "../../src/components/DataTable";
import { Confirm, Dialog } from "../../src/components/Dialog";
import { Loaded } from "../../src/components/Loaded";
import { dismiss, Toasts, toast, toasts } from "../../src/components/toasts";
import { Field, Segmented, Tabs } from "../../src/components/ui";
import { ApiError } from "../../src/lib/apiClient";
import SignIn from "../../src/pages/SignIn";

interface Row {
	id: number;
	name: string;
	n: number;
}
const ROWS: Row[] = [
	{ id: 1, name: "b", n: 10 },
	{ id: 2, name: "a", n: 9 },
	{ id: 3, name: "c", n: 100 },
];
const COLUMNS: Column<Row>[] = [
	{
		key: "name",
		title: "Name",
		head: true,
		sort: (r) => r.name,
		cell: (r) => r.name,
	},
	{ key: "n", title: "Count", num: true, sort: (r) => r.n, cell: (r) => r.n },
	{
		key: "x",
		title: "Actions",
		quiet: true,
		cell: () => <button type="button">Act</button>,
	},
];
const names = () => screen.getAllByRole("rowheader").map((h) => h.textContent);

beforeEach(() => {
	// happy-dom knows the element, not its modal methods.
	HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
		this.open = true;
	};
	for (const t of toasts.get()) dismiss(t.id);
});

describe("DataTable", () => {
	it("sorts by a heading, down first and then up, and says so", () => {
		render(
			<DataTable
				caption="T"
				columns={COLUMNS}
				rows={ROWS}
				rowKey={(r) => r.id}
			/>,
		);
		expect(names()).toEqual(["b", "a", "c"]);
		fireEvent.click(screen.getByRole("button", { name: /Count/ }));
		expect(names()).toEqual(["c", "b", "a"]);
		expect(
			screen
				.getByRole("columnheader", { name: /Count/ })
				.getAttribute("aria-sort"),
		).toBe("descending");
		fireEvent.click(screen.getByRole("button", { name: /Count/ }));
		expect(names()).toEqual(["a", "b", "c"]);
	});

	it("opens a row by click and by Enter, but not through its buttons", () => {
		const open = vi.fn();
		render(
			<DataTable
				caption="T"
				columns={COLUMNS}
				rows={ROWS}
				rowKey={(r) => r.id}
				rowLabel={(r) => `Open ${r.name}`}
				onRow={open}
			/>,
		);
		const row = screen.getByRole("row", { name: "Open b" });
		fireEvent.click(within(row).getByText("10"));
		fireEvent.keyDown(row, { key: "Enter" });
		fireEvent.click(within(row).getByText("Act"));
		expect(open.mock.calls.map(([r]) => r.id)).toEqual([1, 1]);
	});

	it("draws a few of many rows and asks for more at the end", () => {
		const many = Array.from({ length: 5000 }, (_, i) => ({
			id: i,
			name: `r${i}`,
			n: i,
		}));
		const onEnd = vi.fn();
		render(
			<DataTable
				caption="T"
				columns={COLUMNS}
				rows={many}
				rowKey={(r) => r.id}
				onEnd={onEnd}
				virtual
			/>,
		);
		expect(screen.getAllByRole("rowheader").length).toBeLessThan(60);
		expect(onEnd).not.toHaveBeenCalled();
		const box = screen.getByRole("group", { name: "T" });
		Object.defineProperty(box, "scrollTop", {
			value: 5000 * 35,
			configurable: true,
		});
		Object.defineProperty(box, "clientHeight", {
			value: 400,
			configurable: true,
		});
		fireEvent.scroll(box);
		expect(names().at(-1)).toBe("r4999");
		expect(onEnd).toHaveBeenCalled();
	});
});

describe("dialogs", () => {
	it("closes on Escape and gives the focus back", () => {
		const close = vi.fn();
		render(<button type="button">before</button>);
		screen.getByText("before").focus();
		const { unmount } = render(
			<Dialog title="Hello" onClose={close}>
				<p>text</p>
			</Dialog>,
		);
		const d = screen.getByRole("dialog", { name: "Hello" });
		fireEvent(d, new Event("cancel", { cancelable: true }));
		expect(close).toHaveBeenCalledTimes(1);
		unmount();
		expect(document.activeElement?.textContent).toBe("before");
	});

	it("asks for the typed name before it deletes", async () => {
		const run = vi.fn(async () => {});
		const close = vi.fn();
		render(
			<Confirm
				title="Delete x?"
				action="Delete"
				typed="x"
				danger
				onConfirm={run}
				onClose={close}
			>
				sure?
			</Confirm>,
		);
		const button = screen.getByRole("button", { name: "Delete" });
		expect(button.hasAttribute("disabled")).toBe(true);
		await userEvent.type(screen.getByLabelText("Type x to confirm"), "x");
		expect(button.hasAttribute("disabled")).toBe(false);
		await userEvent.click(button);
		expect(run).toHaveBeenCalledTimes(1);
		expect(close).toHaveBeenCalledTimes(1);
	});

	it("stays open when the action fails", async () => {
		const close = vi.fn();
		render(
			<Confirm
				title="Stop?"
				action="Stop"
				onConfirm={() => Promise.reject(new Error("no"))}
				onClose={close}
			>
				sure?
			</Confirm>,
		);
		await userEvent.click(screen.getByRole("button", { name: "Stop" }));
		expect(close).not.toHaveBeenCalled();
		expect(
			screen.getByRole("button", { name: "Stop" }).hasAttribute("disabled"),
		).toBe(false);
	});
});

describe("controls", () => {
	it("moves between tabs with the arrow keys", () => {
		const change = vi.fn();
		const options = [
			{ value: "a", label: "A" },
			{ value: "b", label: "B" },
		] as const;
		render(
			<Tabs label="T" options={options} value="a" onChange={change}>
				body
			</Tabs>,
		);
		fireEvent.keyDown(screen.getByRole("tab", { name: "A" }), {
			key: "ArrowLeft",
		});
		expect(change).toHaveBeenCalledWith("b");
		expect(
			screen.getByRole("tab", { name: "B" }).getAttribute("tabindex"),
		).toBe("-1");
		expect(screen.getByRole("tabpanel", { name: "A" })).toBeTruthy();
	});

	it("marks the pressed choice", () => {
		render(
			<Segmented
				label="S"
				options={[
					{ value: "x", label: "X" },
					{ value: "y", label: "Y" },
				]}
				value="y"
				onChange={() => {}}
			/>,
		);
		expect(
			screen.getByRole("button", { name: "Y" }).getAttribute("aria-pressed"),
		).toBe("true");
	});

	it("ties hint and error to their input", () => {
		render(
			<Field label="Name" hint="short" error="too long">
				{(a) => <input {...a} />}
			</Field>,
		);
		const input = screen.getByLabelText("Name");
		const about = input.getAttribute("aria-describedby")?.split(" ") ?? [];
		expect(about.map((id) => document.getElementById(id)?.textContent)).toEqual(
			["short", "too long"],
		);
		expect(input.getAttribute("aria-invalid")).toBe("true");
	});

	it("shows toasts and dismisses them", () => {
		vi.useFakeTimers();
		render(<Toasts />);
		act(() => toast("saved", "good"));
		act(() => toast("broken", "error"));
		expect(screen.getByText("saved")).toBeTruthy();
		act(() => {
			vi.advanceTimersByTime(6000);
		});
		expect(screen.queryByText("saved")).toBeNull();
		fireEvent.click(screen.getByLabelText("Dismiss"));
		expect(screen.queryByText("broken")).toBeNull();
	});
});

describe("commands", () => {
	it("run by one key or two, never while somebody types", () => {
		const n = vi.fn();
		const go = vi.fn();
		const off = register([
			{ id: "n", label: "New", group: "G", keys: "n", run: n },
			{ id: "g", label: "Go", group: "G", keys: "g d", run: go },
		]);
		const stop = installKeys(window);
		fireEvent.keyDown(document.body, { key: "n" });
		fireEvent.keyDown(document.body, { key: "g" });
		fireEvent.keyDown(document.body, { key: "d" });
		const input = document.body.appendChild(document.createElement("input"));
		fireEvent.keyDown(input, { key: "n" });
		fireEvent.keyDown(document.body, { key: "n", ctrlKey: true });
		input.remove();
		stop();
		off();
		expect(n).toHaveBeenCalledTimes(1);
		expect(go).toHaveBeenCalledTimes(1);
	});

	it("do not run by what is typed for a palette still on its way", () => {
		const n = vi.fn();
		const open = vi.fn();
		const off = register([
			{ id: "n", label: "New", group: "G", keys: "n", run: n },
			{ id: "p", label: "Search", group: "G", keys: "Ctrl K", run: open },
		]);
		const stop = installKeys(window);
		fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
		fireEvent.keyDown(document.body, { key: "n" });
		expect(n).not.toHaveBeenCalled();
		// The palette came, was typed into and went: keys are shortcuts again.
		const input = document.body.appendChild(document.createElement("input"));
		fireEvent.keyDown(input, { key: "n" });
		input.remove();
		fireEvent.keyDown(document.body, { key: "n" });
		stop();
		off();
		expect(open).toHaveBeenCalledTimes(1);
		expect(n).toHaveBeenCalledTimes(1);
	});

	it("are found in the palette and run with Enter", async () => {
		const run = vi.fn();
		const off = register([
			{
				id: "a",
				label: "Go to Markets",
				group: "Navigation",
				keys: "g m",
				run,
			},
			{ id: "b", label: "Sign out", group: "General", run: () => {} },
		]);
		const close = vi.fn();
		render(<Palette onClose={close} />);
		await userEvent.type(screen.getByRole("combobox"), "mark");
		expect(screen.getAllByRole("option")).toHaveLength(1);
		fireEvent.keyDown(screen.getByRole("combobox"), { key: "Enter" });
		await new Promise((r) => setTimeout(r, 5));
		off();
		expect(close).toHaveBeenCalled();
		expect(run).toHaveBeenCalledTimes(1);
	});

	it("are listed with their keys on the sheet", () => {
		const off = register([
			{
				id: "a",
				label: "Go to Markets",
				group: "Navigation",
				keys: "g m",
				run: () => {},
			},
		]);
		render(<ShortcutSheet onClose={() => {}} />);
		expect(screen.getByText("Go to Markets")).toBeTruthy();
		expect(screen.getByText("m")).toBeTruthy();
		off();
	});
});

function providers(children: ReactNode) {
	return (
		<QueryClientProvider client={new QueryClient()}>
			<SessionProvider>{children}</SessionProvider>
		</QueryClientProvider>
	);
}

describe("Loaded", () => {
	const query = (p: object) =>
		p as Parameters<typeof Loaded<string>>[0]["query"];
	const error = new ApiError({
		status: 503,
		code: "DB",
		title: "Away",
		requestId: "0123456789abcdef",
	});

	it("shows a skeleton, an error with a way on, and old data with its age", () => {
		const refetch = vi.fn();
		const { rerender } = render(
			<Loaded query={query({ data: undefined, error: null, isPending: true })}>
				{(d) => d}
			</Loaded>,
		);
		expect(screen.getByText("Loading")).toBeTruthy();
		rerender(
			<Loaded query={query({ data: undefined, error, refetch })}>
				{(d) => d}
			</Loaded>,
		);
		expect(screen.getByText("0123456789ab")).toBeTruthy();
		fireEvent.click(screen.getByText("Try again"));
		expect(refetch).toHaveBeenCalledTimes(1);
		rerender(
			<Loaded query={query({ data: "old", error, dataUpdatedAt: 1 })}>
				{(d) => <b>{d}</b>}
			</Loaded>,
		);
		expect(screen.getByText("old")).toBeTruthy();
		expect(screen.getByText(/Not refreshed since/)).toBeTruthy();
	});
});

describe("SignIn", () => {
	async function attempt(answer: Response) {
		vi.stubGlobal(
			"fetch",
			vi.fn(async () => answer),
		);
		render(providers(<SignIn expired={false} />));
		await userEvent.type(screen.getByLabelText("Name"), "anna");
		await userEvent.type(screen.getByLabelText("Password"), "wrong");
		await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
	}

	it("says that name or password is wrong, and clears the password", async () => {
		await attempt(new Response('{"title":"No"}', { status: 401 }));
		expect(
			await screen.findByText("Name or password is not right."),
		).toBeTruthy();
		expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe(
			"",
		);
	});

	it("says how long to wait after too many attempts", async () => {
		await attempt(
			new Response("{}", { status: 429, headers: { "Retry-After": "90" } }),
		);
		expect(await screen.findByText(/Try again in 1 min 30 s/)).toBeTruthy();
	});
});
