import { look } from "../app/prefs";
import { useStore } from "../lib/store";

/** The colours in force, read from the style sheet for the canvases. */
export interface ChartColors {
	surface: string;
	text: string;
	faint: string;
	grid: string;
	border: string;
	up: string;
	upSoft: string;
	down: string;
	downSoft: string;
	accent: string;
	series: string[];
}

const DARK_SERIES = ["#8fb0ff", "#f0b952", "#d78cf0", "#5fd0e6", "#c5d86d"];
const LIGHT_SERIES = ["#2554c7", "#9a6700", "#8a3fb0", "#0b7285", "#5c7312"];

export function readColors(): ChartColors {
	const root = document.documentElement;
	const css = getComputedStyle(root);
	const get = (name: string, fallback: string) =>
		css.getPropertyValue(name).trim() || fallback;
	return {
		surface: get("--surface", "#ffffff"),
		text: get("--text-2", "#444444"),
		faint: get("--text-3", "#666666"),
		grid: get("--grid", "#eeeeee"),
		border: get("--border", "#dddddd"),
		up: get("--up", "#00705a"),
		upSoft: get("--up-soft", "#dff3ed"),
		down: get("--down", "#b0440b"),
		downSoft: get("--down-soft", "#fbe9df"),
		accent: get("--accent-text", "#2554c7"),
		series: root.dataset.theme === "dark" ? DARK_SERIES : LIGHT_SERIES,
	};
}

/** Changes whenever charts must draw themselves in other colours. */
export function useLook(): string {
	return useStore(look);
}
