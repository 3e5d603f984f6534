import { readFileSync } from "node:fs";
import { expect, expectAccessible, keep, signIn, test } from "./support";

/**
 * From a script to a result: open a starter, see it on the chart, make it
 * one's own, run it over the past, look at what came of it, compare.
 */

const preview = "preview-count";

test("a script is written, checked, tried, formatted and saved", async ({
	page,
}) => {
	await signIn(page);
	await page.goto("/strategies");
	await page.getByRole("link", { name: "Open EMA cross" }).click();
	await expect(
		page.getByRole("heading", { name: "EMA cross", level: 1 }),
	).toBeVisible();
	await expect(page.getByTestId(preview)).toHaveText(/[1-9]\d* trades/);
	const chart = page.getByRole("group", { name: /trades of the script/ });
	await expect
		.poll(async () => Number(await chart.getAttribute("data-marks")))
		.toBeGreaterThan(0);
	await keep(page, "strategy-starter");

	await page.getByRole("link", { name: "Make it yours" }).click();
	const name = `Mine ${Date.now() % 1_000_000}`;
	await page.getByLabel("Name of the strategy").fill(name);
	const script = page.getByRole("textbox", { name: "Script" });
	await expect(page.getByTestId("check-state")).toHaveText("no problem");

	// A mistake is said with its place while one types, and found by it.
	const good = await script.inputValue();
	await script.fill(good.replace("ta.crossover", "ta.crosover"));
	const problem = page.getByRole("button", { name: /crosover/ });
	await expect(problem).toBeVisible();
	await expect(page.locator(".mark-error").first()).toBeVisible();
	await keep(page, "strategy-error");
	await expectAccessible(page, "the editor with an error");
	await problem.click();
	await expect(script).toBeFocused();
	await script.fill(good);

	// Other inputs give other trades at once.
	await expect(page.getByTestId(preview)).toHaveText(/trades/);
	const before = await page.getByTestId(preview).textContent();
	await page.getByLabel("Fast length").fill("3");
	await expect
		.poll(() => page.getByTestId(preview).textContent())
		.not.toBe(before);

	await script.fill(good.replace(/ = input/g, "   =   input"));
	await expect(page.getByTestId("check-state")).toHaveText("no problem");
	await page.getByRole("button", { name: "Format" }).click();
	await expect(script).not.toHaveValue(/ {3}= {3}input/);
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await expect(page).toHaveURL(/\/strategies\/\d+/);

	// What another window saves is not written over in silence.
	const id = /strategies\/(\d+)/.exec(page.url())?.[1];
	const other = await page.context().newPage();
	await other.goto(`/strategies/${id}`);
	await other
		.getByRole("textbox", { name: "Script" })
		.fill(`${good}\n// from elsewhere\n`);
	await other.getByRole("button", { name: "Save", exact: true }).click();
	await expect(other.getByText("not saved")).toHaveCount(0);
	await other.close();
	await script.fill(`${good}\n// from here\n`);
	await page.getByRole("button", { name: "Save", exact: true }).click();
	const asked = page.getByRole("dialog", { name: "Changed elsewhere" });
	await expect(asked).toBeVisible();
	await asked.getByRole("button", { name: "Save mine over it" }).click();
	await expect(page.getByText("not saved")).toHaveCount(0);

	// What is typed and not saved outlives the page.
	await script.fill(`${good}\n// unsaved\n`);
	await page.waitForTimeout(800);
	await page.reload();
	await expect(script).toHaveValue(/\/\/ unsaved/);
	await page
		.getByRole("button", { name: "Go back to the saved version" })
		.click();
	await expect(script).toHaveValue(/\/\/ from here/);

	await page.goto("/strategies");
	await page.getByRole("button", { name: `Rename ${name}` }).click();
	await page.getByRole("textbox", { name: "Name" }).fill(`${name} b`);
	await page.getByRole("button", { name: "Rename", exact: true }).click();
	await page.getByRole("button", { name: `Delete ${name} b` }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
	await expect(page.getByRole("link", { name: `${name} b` })).toHaveCount(0);
});

test("a backtest is run, looked into and compared", async ({ page }) => {
	test.setTimeout(240_000);
	await signIn(page);
	const names: string[] = [];
	for (const [fast, rules] of [
		["10", "Chart"],
		["20", "Strict"],
	] as const) {
		await page.goto("/strategies");
		await page.getByRole("link", { name: "Open EMA cross" }).click();
		await expect(page.getByTestId(preview)).toHaveText(/trades/);
		await page.getByRole("button", { name: "Backtest this" }).click();
		await expect(
			page.getByRole("heading", { name: "New backtest" }),
		).toBeVisible();
		const choice = page.getByLabel("Market", { exact: true });
		const options = await choice.locator("option").allTextContents();
		const wanted =
			options.find((o) => /BTC\/USDT/.test(o) && !/sim/.test(o)) ?? options[0];
		await choice.selectOption({ label: wanted ?? "" });
		await page.getByLabel("Fast length").fill(fast);
		await page.getByRole("radio", { name: rules }).check();
		const name = `Cross ${fast} ${Date.now() % 1_000_000}`;
		names.push(name);
		await page.getByRole("textbox", { name: "Name" }).fill(name);
		await page.getByRole("textbox", { name: "Tags" }).fill("e2e, ema");
		await keep(page, "backtest-new");
		await page.getByRole("button", { name: "Run backtest" }).click();
		await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
		await expect(page.locator(".page-head .badge").first()).toHaveText("done", {
			timeout: 60_000,
		});
	}
	// The figures, the chart with its arrows, a trade found by its row.
	const chart = page.getByRole("group", { name: /entries and exits/ });
	await expect
		.poll(async () => Number(await chart.getAttribute("data-marks")))
		.toBeGreaterThan(10);
	await expect(page.getByTestId("chart-state")).toHaveText(/candles/);
	await keep(page, "backtest-result");
	await expectAccessible(page, "a result");
	await page
		.getByRole("row", { name: /Show trade/ })
		.nth(5)
		.click();
	await expect(page).toHaveURL(/trade=\d+/);
	await expect(page.locator(".trade-strip")).toContainText(/Trade \d+/);
	await expect(page.getByTestId("chart-state")).not.toHaveText(/thinned/);
	await page.waitForTimeout(800);
	await keep(page, "backtest-trade");

	// A picture and the server's own files.
	const picture = page.waitForEvent("download");
	await page.getByRole("button", { name: "Save the chart" }).click();
	expect((await picture).suggestedFilename()).toMatch(/\.png$/);
	await page.locator("summary", { hasText: "Export" }).click();
	const file = page.waitForEvent("download");
	await page.getByRole("link", { name: "Trades (CSV)" }).click();
	const csv = readFileSync(await (await file).path(), "utf8");
	expect(csv.split("\n").length).toBeGreaterThan(10);
	const report = page.waitForEvent("download");
	await page.getByRole("link", { name: "Report (HTML)" }).click();
	const html = readFileSync(await (await report).path(), "utf8");
	expect(html).toMatch(/^<!doctype html>/i);
	await page.keyboard.press("Escape");

	await page.getByRole("link", { name: "Analysis" }).click();
	for (const tab of [
		"Figures",
		"Months",
		"Breakdown",
		"Distribution",
		"Setup",
		"Notes",
	]) {
		await page.getByRole("tab", { name: tab }).click();
		await expect(page.getByText("Loading")).toHaveCount(0);
		await page.waitForTimeout(300);
		await expectAccessible(page, tab);
		await keep(page, `backtest-${tab.toLowerCase()}`);
	}
	await page
		.getByRole("textbox", { name: "Notes" })
		.fill("Worse than it looks.");
	await page.getByRole("button", { name: "Save notes" }).click();
	await page.reload();
	await expect(page.getByRole("textbox", { name: "Notes" })).toHaveValue(
		"Worse than it looks.",
	);

	// Both side by side; what differs is the one input.
	await page.goto("/backtests?tag=e2e");
	for (const n of names) await page.getByLabel(`Compare ${n}`).check();
	await page.getByRole("button", { name: "Compare 2" }).click();
	await expect(page.getByRole("heading", { name: "Compare" })).toBeVisible();
	const differs = page.getByRole("table", { name: "Settings of each run" });
	for (const row of [/fast/i, "Rule set"])
		await expect(differs.getByRole("rowheader", { name: row })).toBeVisible();
	await expect(page.locator("canvas").first()).toBeVisible();
	await expectAccessible(page, "a comparison");
	await keep(page, "backtest-compare");

	for (const n of names) {
		await page.goto("/backtests?tag=e2e");
		await page.getByRole("button", { name: `Delete ${n}` }).click();
		await page.getByRole("button", { name: "Delete for good" }).click();
		await expect(page.getByRole("link", { name: n })).toHaveCount(0);
	}
});

test("a sweep finds settings and says how much of it is luck", async ({
	page,
}) => {
	test.setTimeout(240_000);
	await signIn(page);
	await page.goto("/backtests/sweeps");
	await page.getByRole("link", { name: "New sweep" }).first().click();
	await page
		.getByLabel("Strategy", { exact: true })
		.selectOption({ label: "EMA cross" });
	const choice = page.getByLabel("Market", { exact: true });
	const options = await choice.locator("option").allTextContents();
	const wanted =
		options.find((o) => /BTC\/USDT/.test(o) && !/sim/.test(o)) ?? options[0];
	await choice.selectOption({ label: wanted ?? "" });
	for (const [input, range] of [
		["Fast length", ["6", "18", "3"]],
		["Slow length", ["20", "60", "10"]],
	] as const)
		for (const [i, k] of ["min", "max", "step"].entries())
			await page.getByLabel(`${input}, ${k}`).fill(range[i] ?? "");
	await expect(page.getByTestId("space-size")).toHaveText("25 combinations");
	await page.getByLabel("Walk-forward").selectOption("rolling");
	const name = `Sweep ${Date.now() % 1_000_000}`;
	await page.getByRole("textbox", { name: "Name" }).fill(name);
	await keep(page, "sweep-new");
	await expectAccessible(page, "the form of a sweep");
	await page.getByRole("button", { name: "Start sweep" }).click();
	await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
	await expect(page.locator(".page-head .badge").first()).toHaveText("done", {
		timeout: 120_000,
	});
	await expect(
		page.getByText(/of the ways to halve the history/),
	).toBeVisible();
	const folds = page.getByRole("table", { name: /Folds/ });
	expect(await folds.getByRole("row").count()).toBeGreaterThan(2);
	const trials = page.getByRole("table", { name: "Trials" });
	expect(await trials.getByRole("rowheader").count()).toBeGreaterThan(10);
	await expect(page.getByRole("img", { name: /by fastLength/ })).toBeVisible();
	await page.waitForTimeout(400);
	await expectAccessible(page, "a sweep");
	await keep(page, "sweep");
	await page.getByRole("link", { name: "Backtest the best" }).click();
	await expect(
		page.getByRole("heading", { name: "New backtest" }),
	).toBeVisible();
	await expect(page.getByLabel("Fast length")).toHaveValue(/^(6|9|12|15|18)$/);
	await page.goBack();
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
	await expect(page.getByRole("link", { name })).toHaveCount(0);
});
