/* Runs before the first paint, so that a dark page never flashes white.
 * The client proper (src/app/prefs.ts) takes over afterwards. */
(() => {
	try {
		const p = JSON.parse(localStorage.getItem("orch_prefs") || "{}");
		const dark =
			p.theme === "dark" ||
			(p.theme !== "light" &&
				matchMedia("(prefers-color-scheme: dark)").matches);
		document.documentElement.dataset.theme = dark ? "dark" : "light";
	} catch {
		/* Storage may be closed to us: the style sheet has its defaults. */
	}
})();
