import { expect, signIn, test } from "./support";

test("places are reached without a mouse", async ({ page }) => {
	await page.goto("/");
	await page.getByLabel("Name").waitFor();
	await page.keyboard.press("Tab");
	await expect(page.getByLabel("Name")).toBeFocused();
	await signIn(page);

	await page.keyboard.press("Tab");
	await expect(
		page.getByRole("link", { name: "Skip to content" }),
	).toBeFocused();

	await page.keyboard.press("g");
	await page.keyboard.press("b");
	await expect(
		page.getByRole("heading", { name: "Bots", level: 1 }),
	).toBeVisible();

	await page.keyboard.press("Control+k");
	await expect(page.getByRole("combobox")).toBeFocused();
	await page.keyboard.type("monit");
	await page.keyboard.press("Enter");
	await expect(page.getByRole("heading", { name: "Monitoring" })).toBeVisible();

	await page.keyboard.press("?");
	const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
	await expect(sheet).toBeVisible();
	await page.keyboard.press("Escape");
	await expect(sheet).toHaveCount(0);

	await page.keyboard.press("g");
	await page.keyboard.press("l");
	await expect(page.getByRole("heading", { name: "Logs" })).toBeVisible();
	await page.keyboard.press("/");
	await expect(page.getByLabel("Search the log")).toBeFocused();
	// Letters that are typed are text, not commands.
	await page.keyboard.type("gm?");
	await expect(page.getByRole("heading", { name: "Logs" })).toBeVisible();
});

test("a bot is opened and its chart moved with keys alone", async ({
	page,
}) => {
	await signIn(page);
	await page.goto("/bots");
	const row = page.getByRole("row", { name: /^Open / }).first();
	// The tests before this one have left some (main-job.spec.ts).
	await expect(row).toBeVisible();
	await row.focus();
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/bots\/\d+/);
	const chart = page.getByRole("group", { name: /^Candles of/ });
	await expect(chart).toBeVisible();
	await chart.focus();
	const before = await chart.screenshot();
	for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowLeft");
	await page.waitForTimeout(300);
	expect((await chart.screenshot()).equals(before)).toBe(false);
});
