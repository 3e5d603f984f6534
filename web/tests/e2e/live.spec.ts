import { expect, signIn, test } from "./support";

test("a lost connection is said, and found again by itself", async ({
	page,
	context,
	quiet,
}) => {
	await signIn(page);
	const live = page.locator(".live-dot");
	await expect(live).toContainText("Live");
	await context.setOffline(true);
	await expect(page.getByRole("alert")).toContainText(/offline/, {
		timeout: 10_000,
	});
	await context.setOffline(false);
	await expect(live).toContainText("Live", { timeout: 20_000 });
	await expect(page.getByRole("alert")).toHaveCount(0);
	// While offline the browser itself complains of calls that failed.
	expect(quiet.filter((t) => !/ERR_INTERNET|Failed to fetch/.test(t))).toEqual(
		[],
	);
	quiet.length = 0;
});

test("a page opens one live connection", async ({ page }) => {
	const sockets: string[] = [];
	page.on("websocket", (ws) => sockets.push(ws.url()));
	await signIn(page);
	await expect(page.locator(".live-dot")).toContainText("Live");
	await page.getByRole("link", { name: "Bots", exact: true }).click();
	await page.getByRole("link", { name: "Markets", exact: true }).click();
	await page.waitForTimeout(500);
	expect(sockets).toHaveLength(1);
});
