import {
	expect,
	expectAccessible,
	keep,
	sideways,
	signIn,
	test,
} from "./support";

const PAGES = [
	["Dashboard", "/"],
	["Markets", "/markets"],
	["Bots", "/bots"],
	["New bot", "/bots/new"],
	["Strategies", "/strategies"],
	["New strategy", "/strategies/new"],
	["Backtests", "/backtests"],
	["New backtest", "/backtests/new"],
	["Compare", "/backtests/compare"],
	["Sweeps", "/backtests/sweeps"],
	["New sweep", "/backtests/sweeps/new"],
	["Models", "/models"],
	["New model", "/models/new"],
	["Compare models", "/models/compare"],
	["Logs", "/logs"],
	["Logs of browsers", "/logs?source=client"],
	["Monitoring", "/monitoring"],
	["Settings", "/settings"],
	["Appearance", "/settings?tab=appearance"],
	["API tokens", "/settings?tab=tokens"],
	["Sessions", "/settings?tab=sessions"],
	["About", "/about"],
	["Not found", "/nowhere"],
] as const;

test("the sign-in page is accessible and refuses a wrong password", async ({
	page,
	quiet,
}) => {
	await page.goto("/");
	await page.getByLabel("Name").waitFor();
	await expectAccessible(page, "sign-in");
	await page.getByLabel("Name").fill("nobody");
	await page.getByLabel("Password", { exact: true }).fill("not-the-password");
	await page.getByRole("button", { name: "Sign in" }).click();
	await expect(page.getByRole("alert")).toContainText("not right");
	await keep(page, "sign-in");
	// The browser itself reports the refusal; nothing else may be there.
	expect(quiet.filter((t) => !/status of 401/.test(t))).toEqual([]);
	quiet.length = 0;
});

for (const scheme of ["light", "dark"] as const)
	test(`every page is accessible and quiet, ${scheme}`, async ({ page }) => {
		test.setTimeout(240_000);
		await page.emulateMedia({ colorScheme: scheme });
		await signIn(page);
		for (const [name, path] of PAGES) {
			await page.goto(path);
			await page.locator("main h1").first().waitFor({ state: "attached" });
			await expect(page.getByText("Loading")).toHaveCount(0);
			await expectAccessible(page, `${name}, ${scheme}`);
			await keep(page, `${name.toLowerCase().replace(/ /g, "-")}-${scheme}`);
		}
		await page.goto("/bots");
		// The tests before this one have left some bots (main-job.spec.ts).
		await page
			.getByRole("row", { name: /^Open / })
			.first()
			.click();
		await expect(page.getByRole("tab", { name: "Trades" })).toBeVisible();
		for (const tab of ["Trades", "Fills", "Orders", "Log", "Setup"]) {
			await page.getByRole("tab", { name: tab }).click();
			await expect(page.getByText("Loading")).toHaveCount(0);
			await expectAccessible(page, `a bot's ${tab}, ${scheme}`);
		}
		await keep(page, `bot-${scheme}`);
	});

test("no page is wider than a phone of 360 pixels", async ({ page }) => {
	test.setTimeout(180_000);
	await page.setViewportSize({ width: 360, height: 740 });
	await signIn(page);
	for (const [name, path] of PAGES) {
		await page.goto(path);
		await page.locator("main h1").first().waitFor({ state: "attached" });
		await expect(page.getByText("Loading")).toHaveCount(0);
		expect(await sideways(page), name).toBeLessThanOrEqual(0);
		await keep(page, `${name.toLowerCase().replace(/ /g, "-")}-phone`);
	}
	await page.goto("/bots");
	await page.locator("main table a").first().click();
	await expect(page.getByRole("tab", { name: "Trades" })).toBeVisible();
	await expect(page.getByText("Loading")).toHaveCount(0);
	expect(await sideways(page), "a bot").toBeLessThanOrEqual(0);
	await keep(page, "bot-phone");
});

test("the view of a market is in the address", async ({ page }) => {
	await signIn(page);
	await page.goto("/markets");
	const rows = page.locator(".market-row");
	await expect(rows.first()).toBeVisible();
	await rows.last().click();
	await expect(page).toHaveURL(/market=\d+/);
	const tfs = page.getByRole("group", { name: "Timeframe" });
	const last = tfs.getByRole("button").last();
	await last.click();
	const tf = await last.textContent();
	await expect(page).toHaveURL(new RegExp(`tf=${tf}`));
	await page.reload();
	await expect(
		tfs.getByRole("button", { name: tf ?? "", exact: true }),
	).toHaveAttribute("aria-pressed", "true");
	await expect(page.getByRole("group", { name: /^Candles of/ })).toBeVisible();
});

test("a token is shown once and can be revoked", async ({ page }) => {
	await signIn(page);
	await page.goto("/settings?tab=tokens");
	await page.getByRole("button", { name: "New token" }).click();
	const name = `e2e ${Date.now() % 1_000_000}`;
	await page.getByLabel("Name").fill(name);
	await page.getByRole("button", { name: "Create token" }).click();
	const token = page.getByRole("textbox", { name: "Token" });
	await expect(token).toHaveValue(/^bot_/);
	const answer = await page.request.get("/api/v1/me", {
		headers: { Authorization: `Bearer ${await token.inputValue()}` },
	});
	expect([200, 401]).toContain(answer.status());
	await page.getByRole("button", { name: "I have stored it" }).click();
	await expect(page.getByText(/^bot_/)).toHaveCount(0);
	await page.getByRole("button", { name: `Revoke ${name}` }).click();
	await page.getByRole("button", { name: "Revoke token" }).click();
	await expect(page.getByRole("rowheader", { name })).toHaveCount(0);
});

test("preferences survive a reload and apply at once", async ({ page }) => {
	await signIn(page);
	await page.goto("/settings?tab=appearance");
	await page.getByRole("button", { name: "Dark", exact: true }).click();
	await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
	await page.getByLabel("Numbers and dates").selectOption("de-DE");
	await expect(page.getByText("1.234.567,89")).toBeVisible();
	await page.waitForTimeout(900);
	await page.reload();
	await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
	await expect(page.getByText("1.234.567,89")).toBeVisible();
	await page.getByRole("button", { name: "System", exact: true }).click();
	await page.getByLabel("Numbers and dates").selectOption("");
	await page.waitForTimeout(900);
});

test("an error in the browser reaches the log page", async ({
	page,
	quiet,
}) => {
	await signIn(page);
	const text = `e2e error ${Date.now()}`;
	const sent = page.waitForResponse((r) => r.url().endsWith("/api/logs"));
	await page.evaluate((t) => {
		setTimeout(() => {
			throw new Error(t);
		}, 0);
	}, text);
	expect((await sent).status()).toBe(202);
	await page.goto(`/logs?source=client&q=${encodeURIComponent(text)}`);
	await expect(
		page.locator(".log-line", { hasText: text }).first(),
	).toBeVisible();
	quiet.length = 0;
});
