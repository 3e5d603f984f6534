import {
	expect,
	expectAccessible,
	keep,
	sideways,
	signIn,
	test,
} from "./support";

/**
 * A model is trained before one's eyes, judged, compared, put to use, asked,
 * and taken out of use again. Small ones: what is tested is the way.
 */

const done = /candidate|active/;

test("a model is trained, judged, promoted and asked", async ({
	page,
	quiet,
}) => {
	test.setTimeout(300_000);
	const frames: string[] = [];
	page.on("websocket", (ws) =>
		ws.on("framereceived", (f) => frames.push(String(f.payload))),
	);
	await signIn(page);
	await page.keyboard.press("g");
	await page.keyboard.press("e");
	await expect(
		page.getByRole("heading", { name: "Models", level: 1 }),
	).toBeVisible();
	await expect(page.getByText("Loading")).toHaveCount(0);
	await expectAccessible(page, "the list of models");
	const badge = page.locator(".page-head .badge").first();
	const stamp = Date.now() % 1_000_000;
	const names: string[] = [];

	for (const kind of ["logistic", "dense"]) {
		await page.goto("/models/new");
		await page.getByLabel("Kind of model").selectOption(kind);
		const choice = page.getByLabel("Market", { exact: true });
		const options = await choice.locator("option").allTextContents();
		await choice.selectOption({
			label:
				options.find((o) => /BTC\/USDT/.test(o) && !/sim/.test(o)) ??
				options[0] ??
				"",
		});
		await page.getByText("Own ranges").click();
		for (const [label, date] of [
			["Learn from", "2024-01-01"],
			["Learn to, choose from", "2024-09-01"],
			["Choose to, judge from", "2024-12-01"],
			["Judge to", "2025-03-01"],
		] as const)
			await page.getByLabel(label, { exact: true }).fill(date);
		if (kind === "dense") {
			await page.getByText("Parameters", { exact: true }).click();
			await page.getByLabel("epochs", { exact: true }).fill("6");
			await page
				.getByRole("textbox", { name: "Layout" })
				.fill("dense 16 relu, dense 3");
		} else {
			await page.getByRole("button", { name: "Choose" }).click();
			await expect(
				page.getByRole("checkbox", { name: /rsi_14/ }).first(),
			).toBeChecked();
			await page
				.getByRole("textbox", { name: "More", exact: true })
				.fill("rsi_14[3]");
		}
		const name = `${kind}_${stamp}`;
		names.push(name);
		await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
		await expectAccessible(page, `the form of a ${kind} model`);
		await keep(page, `model-new-${kind}`);
		await page.getByRole("button", { name: "Train", exact: true }).click();
		await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
		await expect(badge).toHaveText(done, { timeout: 120_000 });
	}
	// A long one is watched, stopped, and goes on from where it stood.
	await page.goto("/models/new");
	await page.getByLabel("Kind of model").selectOption("gru");
	await page.getByText("Parameters", { exact: true }).click();
	await page.getByLabel("epochs", { exact: true }).fill("500");
	await page.getByLabel("patience", { exact: true }).fill("0");
	const long = `gru_${stamp}`;
	await page.getByRole("textbox", { name: "Name", exact: true }).fill(long);
	await page.getByRole("button", { name: "Train", exact: true }).click();
	await expect(badge).toHaveText("training", { timeout: 60_000 });
	const said = page.getByTestId("curve-said");
	await expect(said).toHaveText(/Epoch ([2-9]|\d\d)/, { timeout: 120_000 });
	await keep(page, "model-training");
	await page.getByRole("button", { name: "Cancel training" }).click();
	await expect(badge).toHaveText("cancelled", { timeout: 60_000 });
	const stood = Number(
		/Epoch (\d+)/.exec((await said.textContent()) ?? "")?.[1],
	);
	await page.getByRole("button", { name: "Resume" }).click();
	await expect(badge).toHaveText("training", { timeout: 60_000 });
	await expect
		.poll(
			async () =>
				Number(/Epoch (\d+)/.exec((await said.textContent()) ?? "")?.[1]),
			{ timeout: 120_000 },
		)
		.toBeGreaterThan(stood);
	await page.getByRole("button", { name: "Cancel training" }).click();
	await expect(badge).toHaveText("cancelled", { timeout: 60_000 });
	expect(
		frames.filter((x) => /model:\d+.*"progress"/.test(x)).length,
	).toBeGreaterThan(0);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
	await expect(
		page.getByRole("heading", { name: "Models", level: 1 }),
	).toBeVisible();
	await page
		.getByRole("row", { name: `Open ${names[1]}` })
		.first()
		.click();

	// The losses have come over the live connection, epoch by epoch.
	await expect(page.getByTestId("curve-said")).toHaveText(/Epoch \d+/);
	expect(frames.filter((x) => /model:\d+/.test(x)).length).toBeGreaterThan(0);

	// The plain sentence first; everything that was never seen says so.
	const verdict = page.getByRole("region", { name: "Verdict" });
	await expect(verdict).toContainText(/better/i);
	await expect(verdict).toContainText("out of sample");
	for (const panel of [
		"Metrics beside the baselines",
		"Confusion matrix",
		"Reliability",
		"ROC",
		"Profit of the signal",
		"Permutation importance",
		"Losses",
	])
		await expect(page.getByRole("heading", { name: panel })).toBeVisible();
	await page.waitForTimeout(500);
	await expectAccessible(page, "an evaluation");
	await keep(page, "model");
	await page.setViewportSize({ width: 360, height: 740 });
	await page.waitForTimeout(300);
	expect(await sideways(page), "an evaluation").toBeLessThanOrEqual(0);
	await keep(page, "model-phone");
	await page.setViewportSize({ width: 1440, height: 900 });
	const picture = page.waitForEvent("download");
	await page.getByRole("button", { name: "Save roc as a picture" }).click();
	expect((await picture).suggestedFilename()).toMatch(/\.png$/);
	const file = page.waitForEvent("download");
	await page.getByRole("link", { name: "Export" }).click();
	const weights = await (await file).path();

	// Into use, asked about a market, out of use.
	await page.getByRole("button", { name: "Promote" }).click();
	await page
		.getByRole("dialog")
		.getByRole("button", { name: "Promote" })
		.click();
	await expect(badge).toHaveText("active");
	await page.goto("/markets");
	await page
		.locator(".market-row", { hasText: "binance" })
		.filter({ hasText: "BTC/USDT" })
		.first()
		.click();
	const asked = page.getByLabel("Model that is asked");
	await asked.selectOption(
		(await asked
			.locator("option", { hasText: names[1] ?? "" })
			.first()
			.getAttribute("value")) ?? "",
	);
	// These candles end long ago: to say so is the right answer.
	const answer = page.getByTestId("prediction").or(page.getByTestId("refusal"));
	await expect(answer).toBeVisible();
	await expectAccessible(page, "a prediction");
	await keep(page, "model-prediction");

	// Both side by side.
	await page.goto("/models");
	for (const n of names)
		await page.getByRole("checkbox", { name: `Compare ${n}` }).check();
	await page.getByRole("button", { name: "Compare 2" }).click();
	await expect(
		page.getByRole("table", { name: "Metrics of each model" }),
	).toBeVisible();
	await expect(
		page.getByRole("table", { name: "Settings that differ" }),
	).toBeVisible();
	await page.waitForTimeout(400);
	await expectAccessible(page, "a comparison of models");
	await keep(page, "model-compare");

	// What was taken away as a file comes back as a model.
	await page.goto("/models");
	await page.getByLabel("Model file").setInputFiles(weights);
	await expect(page).toHaveURL(/\/models\/\d+/);
	await expect(badge).toHaveText("candidate");
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("button", { name: "Delete for good" }).click();
	await expect(
		page.getByRole("heading", { name: "Models", level: 1 }),
	).toBeVisible();

	await page
		.getByRole("row", { name: `Open ${names[1]}` })
		.first()
		.click();
	await page.getByRole("button", { name: "Retire" }).click();
	await page
		.getByRole("dialog")
		.getByRole("button", { name: "Retire" })
		.click();
	await expect(badge).toHaveText("retired");
	for (const n of names) {
		await page.goto("/models");
		await page
			.getByRole("row", { name: `Open ${n}` })
			.first()
			.click();
		await page.getByRole("button", { name: "Delete", exact: true }).click();
		await page.getByRole("button", { name: "Delete for good" }).click();
		await expect(page.getByRole("link", { name: n })).toHaveCount(0);
	}
	// A refusal is an answer of 409, which the browser itself reports.
	expect(quiet.filter((x) => !/status of 409/.test(x))).toEqual([]);
	quiet.length = 0;
});
