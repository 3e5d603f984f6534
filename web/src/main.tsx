import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/feedback.css";
import "./styles/shell.css";
import "./styles/pages.css";
import "./styles/records.css";
import { live } from "./api/client";
import { App } from "./app/App";
import { startPrefs } from "./app/prefs";
import { logger } from "./lib/logger";

logger.install(window);
live.install(window);
startPrefs();

// A page left open over an update asks for files that are gone: load anew.
window.addEventListener("vite:preloadError", (ev) => {
	const key = "orch_reloaded";
	const last = Number(sessionStorage.getItem(key) ?? 0);
	if (Date.now() - last < 10_000) return;
	ev.preventDefault();
	sessionStorage.setItem(key, String(Date.now()));
	location.reload();
});

const root = document.getElementById("root");
if (!root) throw new Error("the page has no root element");
createRoot(root).render(
	<StrictMode>
		<App />
	</StrictMode>,
);
