import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";

/** What every test needs: signing in, axe, and an ear for the console. */

const user = process.env.ORCH_USER ?? "demo";
const password = process.env.ORCH_PASSWORD ?? "demo-password";
const axeSource = readFileSync(
	createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
	"utf8",
);

export const test = base.extend<{ quiet: string[] }>({
	/** Fails a test during which the browser complained of anything. */
	quiet: [
		async ({ page }, use) => {
			const heard: string[] = [];
			page.on("console", (m) => {
				if (m.type() === "error") heard.push(m.text());
			});
			page.on("pageerror", (e) => heard.push(String(e.stack ?? e)));
			await use(heard);
			expect(heard, "console errors").toEqual([]);
		},
		{ auto: true },
	],
});

export { expect };

export async function signIn(page: Page): Promise<void> {
	await page.goto("/");
	await page.getByLabel("Name").fill(user);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await expect(
		page.getByRole("heading", { name: "Dashboard", level: 1 }),
	).toBeVisible();
}

interface AxeResult {
	violations: { id: string; help: string; nodes: { html: string }[] }[];
}

/** No violation of any rule, in the theme that is in force. */
export async function expectAccessible(page: Page, where: string) {
	// Evaluated by the test driver, which the content policy does not bind.
	await page.evaluate(axeSource);
	const result = await page.evaluate(() =>
		(window as unknown as { axe: { run: () => Promise<AxeResult> } }).axe.run(),
	);
	const found = result.violations.flatMap((v) =>
		v.nodes.map((n) => `${v.id}: ${v.help}\n    ${n.html.slice(0, 200)}`),
	);
	expect(found, `axe on ${where}`).toEqual([]);
}

/** A picture kept for people. */
export async function keep(page: Page, name: string) {
	const dir =
		process.env.ORCH_SHOTS ??
		join(process.env.ORCH_E2E_OUTPUT ?? "tests/e2e/output", "screenshots");
	mkdirSync(dir, { recursive: true });
	await page.screenshot({ path: join(dir, `${name}.png`) });
}

/** How much wider than the window the page is. */
export function sideways(page: Page): Promise<number> {
	return page.evaluate(
		() => document.documentElement.scrollWidth - window.innerWidth,
	);
}
