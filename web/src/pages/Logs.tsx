import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useBots } from "../api/botHooks";
import { getLogs } from "../api/endpoints";
import type { LogRow } from "../api/types";
import { usePageTitle } from "../app/title";
import {
	CloseIcon,
	CopyIcon,
	DownloadIcon,
	FollowIcon,
	LogsIcon,
	SearchIcon,
} from "../components/icons";
import { Loaded } from "../components/Loaded";
import { type LogItem, LogView, logText } from "../components/LogView";
import { toast } from "../components/toasts";
import { Empty, Panel, Segmented } from "../components/ui";
import { type LogEntry, logger, LEVELS as SEVERITY } from "../lib/logger";
import { useUrlState } from "../lib/url";

const SOURCES = [
	{ value: "bot", label: "Bots" },
	{ value: "client", label: "Browsers" },
	{ value: "page", label: "This page" },
] as const;
type Source = (typeof SOURCES)[number]["value"];

const LEVELS = [
	{ value: "", label: "All" },
	{ value: "info", label: "Info and up" },
	{ value: "warn", label: "Warnings" },
	{ value: "error", label: "Errors" },
] as const;
type Level = (typeof LEVELS)[number]["value"];

const FOLLOW_EVERY = 5000;

interface Filter {
	source: Source;
	level: Level;
	q: string;
	request: string;
}

function detail(context: unknown, stack: string | null | undefined): string {
	const parts: string[] = [];
	if (stack) parts.push(stack);
	const empty =
		context === null ||
		context === undefined ||
		(typeof context === "object" && Object.keys(context).length === 0);
	if (!empty) parts.push(JSON.stringify(context, null, 2));
	return parts.join("\n\n");
}

export function fromRow(
	r: LogRow,
	names: ReadonlyMap<number, string> = new Map(),
): LogItem {
	const more = detail(r.context, r.stack);
	return {
		id: r.id,
		time: r.time,
		level: r.level,
		message: r.message,
		origin: r.bot_id ? (names.get(r.bot_id) ?? `bot ${r.bot_id}`) : r.url,
		requestId: r.request_id ?? null,
		count: r.count ?? null,
		...(more ? { more } : {}),
	};
}

export function fromEntry(e: LogEntry, i: number): LogItem {
	const more = detail(e.context, e.stack);
	return {
		id: `${e.time}/${i}`,
		time: e.time,
		level: e.level,
		message: e.message,
		requestId: e.request_id ?? null,
		count: e.count ?? null,
		...(more ? { more } : {}),
	};
}

/** The page's own entries that a filter lets through. */
export function filterEntries(
	all: readonly LogEntry[],
	f: Pick<Filter, "level" | "q" | "request">,
): LogEntry[] {
	const q = f.q.toLowerCase();
	return all.filter(
		(e) =>
			(!f.level || SEVERITY.indexOf(e.level) >= SEVERITY.indexOf(f.level)) &&
			(!q || e.message.toLowerCase().includes(q)) &&
			(!f.request || e.request_id === f.request),
	);
}

function useFilter(): [Filter, (f: Partial<Filter>) => void] {
	const [url, setUrl] = useUrlState();
	const one = <T extends string>(
		list: readonly { value: T }[],
		v: string | null,
		or: T,
	) => list.find((o) => o.value === v)?.value ?? or;
	const filter: Filter = {
		source: one(SOURCES, url.get("source"), "bot"),
		level: one(LEVELS, url.get("level"), ""),
		q: url.get("q") ?? "",
		request: url.get("request") ?? "",
	};
	return [filter, (f) => setUrl({ ...f })];
}

async function copyAll(items: readonly LogItem[]) {
	try {
		await navigator.clipboard.writeText(items.map(logText).join("\n"));
		toast(`${items.length} lines copied`, "good");
	} catch {
		toast("The browser did not allow copying.", "error");
	}
}

function download(items: readonly LogItem[]) {
	const blob = new Blob([`${items.map(logText).join("\n")}\n`], {
		type: "text/plain",
	});
	const a = document.createElement("a");
	a.href = URL.createObjectURL(blob);
	a.download = "orch-log.txt";
	a.click();
	URL.revokeObjectURL(a.href);
}

function Body(p: {
	items: readonly LogItem[];
	follow: boolean;
	setFollow: (f: boolean) => void;
	setFilter: (f: Partial<Filter>) => void;
	top?: React.ReactNode;
	what: Source;
	filtered: boolean;
}) {
	if (p.items.length === 0)
		return (
			<Empty
				icon={<LogsIcon size={28} />}
				title={p.filtered ? "No line matches" : "Nothing logged yet"}
			>
				{p.filtered
					? "Try another level or fewer words."
					: p.what === "bot"
						? "What bots decide, and why, is written here."
						: "Errors that happen in browsers are reported here, with secrets removed."}
			</Empty>
		);
	return (
		<LogView
			label="Log"
			items={p.items}
			follow={p.follow}
			onFollow={p.setFollow}
			onRequest={(id) => p.setFilter({ request: id, source: "client" })}
			top={p.top}
		/>
	);
}

function ServerLog(p: {
	filter: Filter;
	setFilter: (f: Partial<Filter>) => void;
	follow: boolean;
	setFollow: (f: boolean) => void;
	onItems: (items: readonly LogItem[]) => void;
}) {
	const { filter, onItems } = p;
	const query = useInfiniteQuery({
		queryKey: ["logs", filter.source, filter.level, filter.q, filter.request],
		queryFn: ({ pageParam, signal }) =>
			getLogs(
				{
					source: filter.source,
					level: filter.level,
					q: filter.q,
					request_id: filter.request,
					limit: 200,
					cursor: pageParam,
				},
				signal,
			),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
		// Following reads only while a single page is shown: older pages would
		// be fetched again with it.
		refetchInterval: (q) =>
			p.follow && (q.state.data?.pages.length ?? 0) <= 1 ? FOLLOW_EVERY : false,
	});
	const bots = useBots();
	const items = useMemo(() => {
		const names = new Map(bots.data?.items.map((b) => [b.id, b.name]));
		return (query.data?.pages.flatMap((x) => x.items) ?? [])
			.map((r) => fromRow(r, names))
			.reverse();
	}, [query.data, bots.data]);
	useEffect(() => onItems(items), [items, onItems]);
	return (
		<Loaded query={query}>
			{() => (
				<Body
					items={items}
					follow={p.follow}
					setFollow={p.setFollow}
					setFilter={p.setFilter}
					what={filter.source}
					filtered={Boolean(filter.q || filter.level || filter.request)}
					top={
						query.hasNextPage && (
							<button
								type="button"
								className="btn btn-s"
								disabled={query.isFetchingNextPage}
								onClick={() => {
									p.setFollow(false);
									void query.fetchNextPage();
								}}
							>
								Load older lines
							</button>
						)
					}
				/>
			)}
		</Loaded>
	);
}

function PageLog(p: {
	filter: Filter;
	setFilter: (f: Partial<Filter>) => void;
	follow: boolean;
	setFollow: (f: boolean) => void;
	onItems: (items: readonly LogItem[]) => void;
}) {
	const all = useSyncExternalStore(logger.subscribe, logger.getSnapshot);
	const { level, q, request } = p.filter;
	const { onItems } = p;
	const items = useMemo(
		() => filterEntries(all, { level, q, request }).map(fromEntry),
		[all, level, q, request],
	);
	useEffect(() => onItems(items), [items, onItems]);
	return (
		<Body
			items={items}
			follow={p.follow}
			setFollow={p.setFollow}
			setFilter={p.setFilter}
			what="page"
			filtered={Boolean(q || level || request)}
		/>
	);
}

export default function Logs() {
	usePageTitle("Logs");
	const [filter, setFilter] = useFilter();
	const [text, setText] = useState(filter.q);
	const [follow, setFollow] = useState(true);
	const [items, setItems] = useState<readonly LogItem[]>([]);
	const wanted = filter.q;
	// biome-ignore lint/correctness/useExhaustiveDependencies: typing alone
	useEffect(() => {
		if (text === wanted) return;
		const t = setTimeout(() => setFilter({ q: text }), 350);
		return () => clearTimeout(t);
	}, [text]);
	const View = filter.source === "page" ? PageLog : ServerLog;
	return (
		<>
			<div className="page-head">
				<h1>Logs</h1>
				<Segmented
					label="Source"
					options={SOURCES}
					value={filter.source}
					onChange={(source) => setFilter({ source })}
				/>
				<span className="spacer" />
				<button
					type="button"
					className="btn"
					aria-pressed={follow}
					onClick={() => setFollow(!follow)}
				>
					<FollowIcon size={16} /> {follow ? "Following" : "Follow"}
				</button>
				<button
					type="button"
					className="btn"
					disabled={items.length === 0}
					onClick={() => void copyAll(items)}
				>
					<CopyIcon size={16} /> Copy
				</button>
				<button
					type="button"
					className="btn"
					disabled={items.length === 0}
					onClick={() => download(items)}
				>
					<DownloadIcon size={16} /> Save
				</button>
			</div>
			<Panel
				title="Log lines"
				quiet
				flush
				className="log-panel"
				actions={
					<>
						<div className="search grow">
							<SearchIcon size={16} />
							<input
								type="search"
								className="input"
								aria-label="Search the log"
								placeholder="Search messages"
								value={text}
								onChange={(ev) => setText(ev.target.value)}
							/>
						</div>
						<Segmented
							label="Level"
							options={LEVELS}
							value={filter.level}
							onChange={(level) => setFilter({ level })}
						/>
						{filter.request && (
							<button
								type="button"
								className="btn btn-s"
								onClick={() => setFilter({ request: "" })}
							>
								request {filter.request.slice(0, 12)}
								<CloseIcon size={14} />
								<span className="sr">, show all requests</span>
							</button>
						)}
					</>
				}
			>
				<View
					key={filter.source}
					filter={filter}
					setFilter={setFilter}
					follow={follow}
					setFollow={setFollow}
					onItems={setItems}
				/>
			</Panel>
		</>
	);
}
