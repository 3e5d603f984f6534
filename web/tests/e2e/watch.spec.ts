import type { Page } from "@playwright/test";
import { expect, keep, signIn, test } from "./support";

/**
 * Work that takes a while is watched while it goes on: nothing here reloads a
 * page, so what is seen has come over the live connection or by asking.
 */

/** A strategy that thinks long about each bar. */
const SLOW = `//@version=6
strategy("Slow", overlay = true)
rounds = input.int(60, "Rounds", minval = 1)
length = input.int(20, "Length", minval = 2)
float sum = 0.0
for i = 0 to rounds
    sum += math.sin(close + i)
average = ta.sma(close, length)
top = ta.highest(30)
bottom = ta.lowest(30)
if ta.crossover(close, average) and sum != 0
    strategy.entry("L", strategy.long)
if ta.crossunder(close, average)
    strategy.close("L")
if barstate.islast
    label.new(bar_index, high, "last bar", style = label.style_label_down)
    line.new(bar_index - 50, average[50], bar_index, average, extend = extend.right)
    box.new(bar_index - 30, top, bar_index - 10, bottom, bgcolor = color.new(color.blue, 85))
    t = table.new(position.top_right, 2, 1)
    table.cell(t, 0, 0, "Average")
    table.cell(t, 1, 0, str.tostring(average, "#.##"))
`;

async function chooseMarket(page: Page) {
	const choice = page.getByLabel("Market", { exact: true });
	const options = await choice.locator("option").allTextContents();
	await choice.selectOption({
		label:
			options.find((o) => /BTC\/USDT/.test(o) && !/sim/.test(o)) ??
			options[0] ??
			"",
	});
}

/** What the live connection says of a topic. */
function hear(page: Page): { said: (topic: RegExp) => number } {
	const frames: string[] = [];
	page.on("websocket", (ws) =>
		ws.on("framereceived", (f) => frames.push(String(f.payload))),
	);
	return { said: (topic) => frames.filter((f) => topic.test(f)).length };
}

async function write(page: Page, name: string) {
	await page.goto("/strategies/new");
	await page.getByLabel("Name of the strategy").fill(name);
	await page.getByRole("textbox", { name: "Script" }).fill(SLOW);
	await expect(page.getByTestId("check-state")).toHaveText("no problem");
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await expect(page).toHaveURL(/\/strategies\/\d+/);
}

test("runs are watched, cancelled and end before one's eyes", async ({
	page,
}) => {
	test.setTimeout(300_000);
	const live = hear(page);
	await signIn(page);
	const name = `Slow ${Date.now() % 1_000_000}`;
	await write(page, name);

	// What it draws is on the chart, under any of the rules.
	const chart = page.getByRole("group", { name: /trades of the script/ });
	await expect(chart).toHaveAttribute("data-drawings", "3");
	const table = page.getByRole("table", {
		name: "Table that the script draws",
	});
	await expect(table.getByRole("cell").first()).toHaveText("Average");
	const count = page.getByTestId("preview-count");
	await expect(count).toHaveText(/trades/);
	await page.waitForTimeout(600);
	await keep(page, "preview-drawings");
	const answer = page.waitForResponse(
		(r) =>
			r.url().endsWith("/strategies/preview") &&
			(r.request().postDataJSON().rules?.stake_amount ?? 0) === 100,
	);
	await page.getByLabel("Rules", { exact: true }).selectOption("freqtrade");
	await page
		.getByRole("textbox", { name: /freqtrade's own key names/ })
		.fill('{"stoploss":-0.01,"stake_amount":100,"dry_run_wallet":1000}');
	expect((await answer).ok()).toBe(true);
	await expect(count).toHaveText(/trades/);
	await expect(page.getByRole("alert")).toHaveCount(0);
	await keep(page, "preview-freqtrade");
	await page.getByLabel("Rules", { exact: true }).selectOption("strict");
	await expect(count).toHaveText(/trades/);

	// A run that would take minutes moves, and is cancelled.
	await page.getByRole("button", { name: "Backtest this" }).click();
	await chooseMarket(page);
	await expect(page.getByRole("radio", { name: "Strict" })).toBeChecked();
	await page.getByLabel("Rounds").fill("20000");
	await page.getByRole("button", { name: "Run backtest" }).click();
	const badge = page.locator(".page-head .badge").first();
	await expect(badge).toHaveText("running", { timeout: 60_000 });
	const bar = page.getByRole("progressbar");
	await expect
		.poll(async () => Number(await bar.getAttribute("aria-valuenow")), {
			timeout: 60_000,
		})
		.toBeGreaterThan(0);
	await keep(page, "backtest-running");
	await page.getByRole("button", { name: "Cancel run" }).click();
	await expect(badge).toHaveText("cancelled", { timeout: 30_000 });
	expect(live.said(/backtest:\d+.*"progress"/)).toBeGreaterThan(0);

	// A shorter one under freqtrade's rules ends while one looks.
	await page.getByRole("link", { name: "Change and run again" }).click();
	await page.getByLabel("Rounds").fill("300");
	await page.getByRole("radio", { name: /freqtrade/i }).check();
	await page
		.getByRole("textbox", { name: /freqtrade's own key names/ })
		.fill(
			'{"stoploss":-0.05,"minimal_roi":{"0":0.03},"stake_amount":100,"dry_run_wallet":1000,"fee":0.001}',
		);
	await page
		.getByRole("textbox", { name: "Name", exact: true })
		.fill(`${name} ft`);
	await page.getByRole("button", { name: "Run backtest" }).click();
	await expect(badge).toHaveText("done", { timeout: 120_000 });
	await expect(page.getByText(/freqtrade rules/i)).toBeVisible();
	expect(live.said(/backtest:\d+.*"done"/)).toBeGreaterThan(0);
	// What was drawn after its last bar is on the chart of the run as well.
	const result = page.getByRole("group", { name: /entries and exits/ });
	await expect(result).toHaveAttribute("data-drawings", "3");
	await page.getByRole("button", { name: "Show the whole run" }).click();
	await page.waitForTimeout(800);
	await keep(page, "backtest-freqtrade");
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
	await expect(page.getByRole("heading", { name: "Backtests" })).toBeVisible();

	// A sweep counts its trials; cancelled, it keeps what it has.
	await page.goto("/backtests/sweeps/new");
	await page
		.getByLabel("Strategy", { exact: true })
		.selectOption({ label: name });
	await chooseMarket(page);
	for (const [i, v] of ["10", "60", "1"].entries())
		await page.getByLabel(`Length, ${["min", "max", "step"][i]}`).fill(v);
	await page.getByRole("button", { name: "Start sweep" }).click();
	await expect(badge).toHaveText("running", { timeout: 60_000 });
	await expect
		.poll(async () => Number(await bar.first().getAttribute("aria-valuenow")), {
			timeout: 90_000,
		})
		.toBeGreaterThan(0);
	await keep(page, "sweep-running");
	await page.getByRole("button", { name: /^Cancel/ }).click();
	await expect(badge).toHaveText("cancelled", { timeout: 60_000 });
	expect(live.said(/sweep:\d+.*"progress"/)).toBeGreaterThan(0);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();

	await page.goto("/strategies");
	await page.getByRole("button", { name: `Delete ${name}` }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
});
