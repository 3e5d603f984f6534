import {
	AboutIcon,
	BacktestIcon,
	BotsIcon,
	DashboardIcon,
	LogsIcon,
	MarketsIcon,
	ModelIcon,
	MonitoringIcon,
	SettingsIcon,
	StrategyIcon,
} from "../components/icons";

/** The places of the application, in the order of the menu. */
export const NAV = [
	{ href: "/", label: "Dashboard", key: "d", icon: DashboardIcon },
	{ href: "/markets", label: "Markets", key: "m", icon: MarketsIcon },
	{ href: "/bots", label: "Bots", key: "b", icon: BotsIcon },
	{ href: "/strategies", label: "Strategies", key: "y", icon: StrategyIcon },
	{ href: "/backtests", label: "Backtests", key: "t", icon: BacktestIcon },
	{ href: "/models", label: "Models", key: "e", icon: ModelIcon },
	{ href: "/logs", label: "Logs", key: "l", icon: LogsIcon },
	{ href: "/monitoring", label: "Monitoring", key: "o", icon: MonitoringIcon },
	{ href: "/settings", label: "Settings", key: "s", icon: SettingsIcon },
	{ href: "/about", label: "About", key: "a", icon: AboutIcon },
] as const;

/** Not in the bar of a phone, which has room for seven. */
export const WIDE_ONLY: ReadonlySet<string> = new Set([
	"/about",
	"/logs",
	"/monitoring",
]);

export function isCurrent(href: string, path: string): boolean {
	return href === "/" ? path === "/" : path.startsWith(href);
}
