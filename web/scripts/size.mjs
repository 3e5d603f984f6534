// What a browser loads for each page, gzipped, against the budget. A page is
// its entry, its own chunk, what both import, and the charts it draws.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 180_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(
	readFileSync(new URL(".vite/manifest.json", dist), "utf8"),
);
const sizes = new Map();

function size(file) {
	if (!sizes.has(file))
		sizes.set(
			file,
			gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length,
		);
	return sizes.get(file);
}

/** Every script and style that loading these modules brings along. */
function closure(keys) {
	const seen = new Set();
	const walk = (key) => {
		const chunk = manifest[key];
		if (!chunk || seen.has(key)) return;
		seen.add(key);
		for (const k of chunk.imports ?? []) walk(k);
		// Charts are loaded by the page as soon as it draws.
		for (const k of chunk.dynamicImports ?? [])
			if (k.startsWith("src/charts/")) walk(k);
	};
	for (const k of keys) walk(k);
	const js = new Set();
	const css = new Set();
	for (const k of seen) {
		js.add(manifest[k].file);
		for (const c of manifest[k].css ?? []) css.add(c);
	}
	const sum = (files) => [...files].reduce((a, f) => a + size(f), 0);
	return { js: sum(js), css: sum(css) };
}

const entry = "index.html";
const pages = Object.keys(manifest).filter((k) =>
	/^src\/pages\/\w+\.tsx$/.test(k),
);
let failed = false;
const kb = (n) => `${(n / 1000).toFixed(1)} kB`.padStart(10);
console.log("page            javascript        css   (gzip)");
for (const page of pages.sort()) {
	const { js, css } = closure([entry, page]);
	const over = js > BUDGET;
	failed ||= over;
	const name = page.replace("src/pages/", "").replace(".tsx", "");
	console.log(
		`${name.padEnd(15)} ${kb(js)} ${kb(css)}${over ? "  OVER BUDGET" : ""}`,
	);
}
console.log(`budget          ${kb(BUDGET)}`);
if (failed) process.exitCode = 1;
