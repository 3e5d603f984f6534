import {
	lazy,
	type ReactNode,
	Suspense,
	useEffect,
	useRef,
	useState,
	useSyncExternalStore,
} from "react";
import { Link, useLocation } from "wouter";
import { live } from "../api/client";
import {
	KeyboardIcon,
	LogoIcon,
	MoonIcon,
	SearchIcon,
	SignOutIcon,
	SunIcon,
	UserIcon,
} from "../components/icons";
import { formatAge } from "../lib/time";
import { installKeys, useCommands } from "./commands";
import { useFormats } from "./format";
import { isCurrent, NAV, WIDE_ONLY } from "./nav";
import { changePrefs, isDark, prefs, usePrefs } from "./prefs";
import { useSession } from "./session";

const Palette = lazy(() => import("./Palette"));
const ShortcutSheet = lazy(() => import("./ShortcutSheet"));

function useNow(every: number): number {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const t = setInterval(() => setNow(Date.now()), every);
		return () => clearInterval(t);
	}, [every]);
	return now;
}

export function useLiveStatus() {
	return useSyncExternalStore(live.watch, live.status, live.status);
}

/** Whether what is shown is live, as a word and a colour. */
function LiveDot() {
	const s = useLiveStatus();
	const good = s.state === "open";
	const word = good
		? "Live"
		: s.state === "connecting"
			? "Connecting"
			: s.state === "offline"
				? "Offline"
				: "Not live";
	return (
		<span className="live-dot" role="status">
			<span className={`dot ${good ? "dot-good" : "dot-warn"}`} />
			<span className="live-text">{word}</span>
			<span className="sr">
				{good ? `connected by ${s.transport}` : "values may be old"}
			</span>
		</span>
	);
}

/** Says that values are old and since when, once that is sure. */
function StaleBanner() {
	const s = useLiveStatus();
	const now = useNow(1000);
	const lost = s.state === "waiting" || s.state === "offline";
	const down = useRef(0);
	if (!lost && s.state === "open") down.current = 0;
	else if (lost && down.current === 0) down.current = s.since;
	if (!down.current || now - down.current < 3000 || s.state === "closed")
		return null;
	const wait = Math.max(0, Math.ceil((s.retryAt - now) / 1000));
	return (
		<div className="banner" role="alert">
			<span>
				{s.state === "offline"
					? "This device is offline."
					: "The live connection is lost."}{" "}
				{s.heard > 0 && `Values are from ${formatAge(s.heard, now)}. `}
				Bots keep running on the server.
			</span>
			{s.state === "waiting" && (
				<button type="button" className="link" onClick={() => live.retry()}>
					Try now{wait > 0 ? ` (${wait} s)` : ""}
				</button>
			)}
		</div>
	);
}

function UserMenu(p: { onKeys: () => void }) {
	const { state, leave } = useSession();
	const ref = useRef<HTMLDetailsElement>(null);
	useEffect(() => {
		const away = (ev: Event) => {
			const d = ref.current;
			if (!d?.open) return;
			if (ev instanceof KeyboardEvent) {
				if (ev.key !== "Escape") return;
				d.querySelector("summary")?.focus();
			} else if (d.contains(ev.target as Node)) return;
			d.open = false;
		};
		document.addEventListener("pointerdown", away);
		document.addEventListener("keydown", away);
		return () => {
			document.removeEventListener("pointerdown", away);
			document.removeEventListener("keydown", away);
		};
	}, []);
	if (state.kind !== "in") return null;
	const { user } = state.me;
	const close = () => {
		if (ref.current) ref.current.open = false;
	};
	return (
		<details className="menu" ref={ref}>
			<summary className="btn btn-ghost btn-icon" aria-label="Account">
				<UserIcon size={18} />
			</summary>
			<div className="menu-pop">
				<div className="menu-head">
					<strong>{user.name}</strong>
					<div className="muted">{user.role}</div>
				</div>
				<Link href="/settings" className="menu-item" onClick={close}>
					<UserIcon size={16} /> Settings
				</Link>
				<button
					type="button"
					className="menu-item"
					onClick={() => {
						close();
						p.onKeys();
					}}
				>
					<KeyboardIcon size={16} /> Keyboard shortcuts
				</button>
				<button
					type="button"
					className="menu-item"
					onClick={() => void leave()}
				>
					<SignOutIcon size={16} /> Sign out
				</button>
			</div>
		</details>
	);
}

function ThemeButton() {
	const p = usePrefs();
	const dark = isDark(p);
	return (
		<button
			type="button"
			className="btn btn-ghost btn-icon"
			aria-label={dark ? "Use the light theme" : "Use the dark theme"}
			onClick={() => changePrefs({ theme: dark ? "light" : "dark" })}
		>
			{dark ? <SunIcon size={18} /> : <MoonIcon size={18} />}
		</button>
	);
}

function NavBar() {
	const [path] = useLocation();
	return (
		<nav className="nav" aria-label="Main">
			<Link href="/" className="brand" aria-label="Orch, to the dashboard">
				<span className="brand-mark">
					<LogoIcon size={24} />
				</span>
				<span className="brand-name">Orch</span>
			</Link>
			<ul>
				{NAV.map((n) => (
					<li
						key={n.href}
						className={WIDE_ONLY.has(n.href) ? "nav-wide" : undefined}
					>
						<Link
							href={n.href}
							className="nav-link"
							aria-current={isCurrent(n.href, path) ? "page" : undefined}
						>
							<n.icon />
							<span className="nav-label">{n.label}</span>
						</Link>
					</li>
				))}
			</ul>
		</nav>
	);
}

/** Commands that are there on every page. */
function useGlobalCommands(openPalette: () => void, openKeys: () => void) {
	const [, go] = useLocation();
	const { leave } = useSession();
	useCommands(
		() => [
			...NAV.map((n) => ({
				id: `go-${n.label}`,
				label: `Go to ${n.label}`,
				group: "Navigation",
				keys: `g ${n.key}`,
				run: () => go(n.href),
			})),
			{
				id: "new-bot",
				label: "Create a bot",
				group: "Bots",
				keys: "n",
				run: () => go("/bots/new"),
			},
			{
				id: "theme",
				label: "Switch between light and dark",
				group: "Appearance",
				keys: "t",
				run: () =>
					changePrefs({ theme: isDark(prefs.get()) ? "light" : "dark" }),
			},
			{
				id: "zone",
				label: "Switch between UTC and local time",
				group: "Appearance",
				keys: "z",
				run: () =>
					changePrefs({
						timezone: prefs.get().timezone === "utc" ? "local" : "utc",
					}),
			},
			{
				id: "palette",
				label: "Search commands",
				group: "General",
				keys: "Ctrl K",
				run: openPalette,
			},
			{
				id: "search",
				label: "Search on this page",
				group: "General",
				keys: "/",
				run: () =>
					document
						.querySelector<HTMLInputElement>("main input[type=search]")
						?.focus(),
			},
			{
				id: "keys",
				label: "Keyboard shortcuts",
				group: "General",
				keys: "?",
				run: openKeys,
			},
			{
				id: "sign-out",
				label: "Sign out",
				group: "General",
				run: () => void leave(),
			},
		],
		[],
	);
	useEffect(() => installKeys(window), []);
}

export function Shell({ children }: { children: ReactNode }) {
	const [open, setOpen] = useState<"palette" | "keys" | null>(null);
	const f = useFormats();
	const [path] = useLocation();
	const main = useRef<HTMLElement>(null);
	const lastPath = useRef(path);
	useGlobalCommands(
		() => setOpen("palette"),
		() => setOpen("keys"),
	);
	// A new page is read from its beginning, by eye and by screen reader.
	useEffect(() => {
		if (lastPath.current === path) return;
		lastPath.current = path;
		window.scrollTo(0, 0);
		main.current?.focus({ preventScroll: true });
	}, [path]);
	return (
		<div className="shell">
			<a className="skip" href="#main">
				Skip to content
			</a>
			<NavBar />
			<div>
				<header className="topbar">
					<button
						type="button"
						className="search-hint"
						onClick={() => setOpen("palette")}
					>
						<SearchIcon size={16} />
						<span>Search</span>
						<kbd>Ctrl K</kbd>
					</button>
					<span className="grow" />
					<LiveDot />
					<button
						type="button"
						className="btn btn-ghost btn-s"
						aria-label={`Time zone ${f.zoneLabel}, switch`}
						onClick={() =>
							changePrefs({
								timezone: prefs.get().timezone === "utc" ? "local" : "utc",
							})
						}
					>
						{f.zoneLabel}
					</button>
					<ThemeButton />
					<UserMenu onKeys={() => setOpen("keys")} />
				</header>
				<StaleBanner />
				<main className="main" id="main" tabIndex={-1} ref={main}>
					{children}
				</main>
			</div>
			<Suspense fallback={null}>
				{open === "palette" && <Palette onClose={() => setOpen(null)} />}
				{open === "keys" && <ShortcutSheet onClose={() => setOpen(null)} />}
			</Suspense>
		</div>
	);
}
