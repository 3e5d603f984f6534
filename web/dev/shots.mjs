// Pictures of every page: light, dark and phone. Needs a running server.
//   ORCH_URL=… ORCH_USER=… ORCH_PASSWORD=… node dev/shots.mjs OUT [page…]
import { mkdirSync } from "node:fs";
import { chromium } from "@playwright/test";

const url = process.env.ORCH_URL ?? "http://127.0.0.1:8090";
const user = process.env.ORCH_USER ?? "demo";
const password = process.env.ORCH_PASSWORD ?? "demo-password";
const [out = "shots", ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const PAGES = [
	["dashboard", "/"],
	["markets", "/markets?market=1&tf=1m"],
	["bots", "/bots"],
	["bot", "/bots/1"],
	["bot-log", "/bots/2?tab=log"],
	["bot-new", "/bots/new"],
	["logs", "/logs"],
	["monitoring", "/monitoring"],
	["settings", "/settings"],
	["appearance", "/settings?tab=appearance"],
	["sessions", "/settings?tab=sessions"],
	["tokens", "/settings?tab=tokens"],
	["about", "/about"],
	["missing", "/nowhere"],
];
const LOOKS = [
	["light", { width: 1440, height: 900 }, "light"],
	["dark", { width: 1440, height: 900 }, "dark"],
	["phone", { width: 360, height: 740 }, "dark"],
];

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	args: [
		"--no-sandbox",
		"--disable-gpu",
		"--disable-quic",
		"--no-first-run",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
	],
});
for (const [look, viewport, scheme] of LOOKS) {
	const ctx = await browser.newContext({ viewport, colorScheme: scheme });
	const page = await ctx.newPage();
	page.on("console", (m) => {
		if (["error", "warning"].includes(m.type()))
			console.log(`${look}: ${m.text()}`);
	});
	page.on("pageerror", (e) => console.log(`${look}: ${e.stack}`));
	await page.goto(url);
	await page.getByLabel("Name").waitFor();
	if (!only.length || only.includes("sign-in"))
		await page.screenshot({ path: `${out}/sign-in-${look}.png` });
	await page.getByLabel("Name").fill(user);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("heading", { name: "Dashboard" }).waitFor();
	for (const [name, path] of PAGES) {
		if (only.length && !only.includes(name)) continue;
		await page.goto(url + path);
		await page.locator("main h1").first().waitFor({ state: "attached" });
		await page.waitForTimeout(name === "monitoring" ? 17_000 : 1600);
		const wide = await page.evaluate(
			() => document.documentElement.scrollWidth - innerWidth,
		);
		if (wide > 0) console.log(`${look} ${name}: ${wide} px too wide`);
		await page.screenshot({
			path: `${out}/${name}-${look}.png`,
			fullPage: look === "phone",
		});
	}
	await ctx.close();
}
await browser.close();
