import { expect, keep, signIn, test } from "./support";

/**
 * The main job of the product, as a person does it: sign in, make an EMA
 * cross paper bot on replayed candles, watch it trade.
 */

const market = process.env.ORCH_E2E_MARKET ?? "";

test("a paper bot on replayed candles trades and its fills are on the chart", async ({
	page,
}) => {
	await signIn(page);
	await page.getByRole("link", { name: "New bot" }).first().click();
	await expect(page.getByRole("heading", { name: "New bot" })).toBeVisible();

	// The real candles where they are imported, the demo market otherwise.
	const choice = page.getByLabel("Market", { exact: true });
	const options = await choice.locator("option").allTextContents();
	const wanted =
		options.find((o) => market !== "" && o.includes(market)) ??
		options.find((o) => /BTC\/USDT/.test(o) && !/sim/.test(o)) ??
		options[0] ??
		"";
	await choice.selectOption({ label: wanted });
	const tf = page.getByLabel("Timeframe");
	if ((await tf.locator('option[value="1h"]').count()) > 0)
		await tf.selectOption("1h");
	await page.getByRole("radio", { name: /EMA cross/ }).check();
	await page.getByRole("button", { name: "Replay the past" }).click();
	await page.getByLabel("Speed").selectOption({ label: "As fast as possible" });
	const name = `Main job ${Date.now() % 1_000_000}`;
	await page.getByLabel("Name").fill(name);
	await page.getByLabel(/Play money/).fill("10000");
	await page.getByRole("button", { name: "Create and start" }).click();

	await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
	// Live: nothing here reloads the page.
	const count = page.getByTestId("fill-count");
	await expect(count).toHaveText(/[1-9][\d,]* fills? on the chart/, {
		timeout: 90_000,
	});
	const chart = page.getByRole("group", { name: /with \d+ fills of/ });
	await expect(chart).toBeVisible();
	await expect
		.poll(async () => Number(await chart.getAttribute("data-marks")))
		.toBeGreaterThan(0);
	await expect
		.poll(async () => Number(await chart.getAttribute("data-bars")))
		.toBeGreaterThan(100);

	// The same fills as a table, and what is drawn is not an empty canvas.
	await page.getByRole("tab", { name: "Fills" }).click();
	const fills = page.getByRole("table", { name: "Fills" });
	await expect(fills.getByRole("row").nth(1)).toContainText(/buy|sell/);
	const colours = await chart
		.locator("canvas")
		.first()
		.evaluate((c) => {
			const canvas = c as HTMLCanvasElement;
			const d = canvas
				.getContext("2d")
				?.getImageData(0, 0, canvas.width, canvas.height).data;
			const seen = new Set<number>();
			for (let i = 0; d && i < d.length; i += 4)
				seen.add(
					((d[i] ?? 0) << 16) | ((d[i + 1] ?? 0) << 8) | (d[i + 2] ?? 0),
				);
			return seen.size;
		});
	expect(colours).toBeGreaterThan(5);

	// A trade that is chosen is looked up on the chart.
	await page.getByRole("tab", { name: "Trades" }).click();
	const trade = page.getByRole("row", { name: /Show trade/ }).first();
	await trade.click();
	await expect(page).toHaveURL(/trade=\d+/);
	await page.waitForTimeout(1000);
	await keep(page, "bot-with-fills");

	await expect(page.getByText("finished").first()).toBeVisible({
		timeout: 90_000,
	});
	await keep(page, "bot-finished");

	// It is on the dashboard as well.
	await page.getByRole("link", { name: "Dashboard", exact: true }).click();
	await expect(page.getByRole("link", { name })).toBeVisible();
	await keep(page, "dashboard");
});

test("a bot is paused, resumed, stopped and deleted", async ({ page }) => {
	await signIn(page);
	await page.goto("/bots/new");
	await page.getByRole("button", { name: "Replay the past" }).click();
	await page.getByLabel("Speed").selectOption({ label: "An hour each second" });
	const name = `Short life ${Date.now() % 1_000_000}`;
	await page.getByLabel("Name").fill(name);
	await page.getByRole("button", { name: "Only create" }).click();
	await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();

	const state = (s: string) =>
		expect(page.locator(".page-head .badge").first()).toHaveText(s, {
			timeout: 30_000,
		});
	await state("created");
	await page.getByRole("button", { name: "Start", exact: true }).click();
	await state("running");
	await page.getByRole("button", { name: "Pause", exact: true }).click();
	await state("paused");
	await page.getByRole("button", { name: "Resume" }).click();
	await state("running");
	await page.getByRole("button", { name: "Stop", exact: true }).click();
	await page.getByRole("button", { name: "Stop bot" }).click();
	await state("stopped");

	await page.getByRole("button", { name: "Delete", exact: true }).click();
	const sure = page.getByRole("button", { name: "Delete for good" });
	await expect(sure).toBeDisabled();
	await page.getByLabel(`Type ${name} to confirm`).fill(name);
	await sure.click();
	await expect(
		page.getByRole("heading", { name: "Bots", level: 1 }),
	).toBeVisible();
	await expect(page.getByRole("link", { name })).toHaveCount(0);
});
