import { defineConfig } from "@playwright/test";

/**
 * Against a running stack: ORCH_URL, ORCH_USER and ORCH_PASSWORD say where
 * and who. Debian's Chromium is used; nothing is downloaded.
 */
const output = process.env.ORCH_E2E_OUTPUT ?? "output";

export default defineConfig({
	testDir: ".",
	globalSetup: "./setup.ts",
	outputDir: `${output}/results`,
	timeout: 120_000,
	expect: { timeout: 15_000 },
	workers: 1,
	fullyParallel: false,
	retries: 0,
	reporter: [["list"]],
	use: {
		baseURL: process.env.ORCH_URL ?? "http://127.0.0.1:8090",
		viewport: { width: 1440, height: 900 },
		locale: "en-US",
		timezoneId: "UTC",
		screenshot: "only-on-failure",
		launchOptions: {
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
		},
	},
});
