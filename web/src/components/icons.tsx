import type { ReactNode } from "react";

/** One stroke icon on a 24-unit grid. Decorative: the text beside it speaks. */
function Icon({ size = 18, children }: { size?: number; children: ReactNode }) {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth="1.75"
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
		>
			{children}
		</svg>
	);
}

function icon(paths: ReactNode) {
	return (p: { size?: number }) => <Icon {...p}>{paths}</Icon>;
}

export const LogoIcon = icon(
	<path d="M4 15V9M9.5 19V5M15 16V8M20 13v-2" strokeWidth="2.6" />,
);
export const DashboardIcon = icon(
	<>
		<rect x="3.5" y="3.5" width="7" height="8" rx="1.5" />
		<rect x="13.5" y="3.5" width="7" height="5" rx="1.5" />
		<rect x="3.5" y="14.5" width="7" height="6" rx="1.5" />
		<rect x="13.5" y="11.5" width="7" height="9" rx="1.5" />
	</>,
);
export const MarketsIcon = icon(
	<>
		<path d="M7 4v3M7 15v4M17 5v3M17 16v3" />
		<rect x="4.8" y="7" width="4.4" height="8" rx="1" />
		<rect x="14.8" y="8" width="4.4" height="8" rx="1" />
	</>,
);
export const BotsIcon = icon(
	<>
		<rect x="4" y="8" width="16" height="11" rx="3" />
		<path d="M12 4.5V8M9 13v1M15 13v1M2 13v2M22 13v2" />
	</>,
);
export const LogsIcon = icon(<path d="M5 6h14M5 12h14M5 18h8" />);
export const MonitoringIcon = icon(<path d="M3 12h4l2.5-7 5 14 2.5-7h4" />);
export const SettingsIcon = icon(
	<>
		<path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
		<circle cx="15" cy="7" r="2" />
		<circle cx="9" cy="17" r="2" />
	</>,
);
export const ModelIcon = icon(
	<>
		<path d="M7 7.5l8.5 3.5M7 16.5l8.5-3.5M7 9.5v5" />
		<circle cx="5.5" cy="7" r="2" />
		<circle cx="5.5" cy="17" r="2" />
		<circle cx="18" cy="12" r="2.6" />
	</>,
);
export const AboutIcon = icon(
	<>
		<circle cx="12" cy="12" r="8.5" />
		<path d="M12 11v5M12 8v.01" />
	</>,
);
export const SearchIcon = icon(
	<>
		<circle cx="11" cy="11" r="6.5" />
		<path d="m16 16 4 4" />
	</>,
);
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const CloseIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const PlayIcon = icon(<path d="M8 5.5v13l10.5-6.5z" />);
export const PauseIcon = icon(<path d="M9 6v12M15 6v12" strokeWidth="2.4" />);
export const StopIcon = icon(
	<rect x="6.5" y="6.5" width="11" height="11" rx="1.5" />,
);
export const TrashIcon = icon(
	<path d="M5 7h14M10 4h4M7 7l1 12.5h8L17 7M10.5 11v5M13.5 11v5" />,
);
export const CopyIcon = icon(
	<>
		<rect x="8.5" y="8.5" width="11" height="11" rx="2" />
		<path d="M15.5 5.5a1 1 0 0 0-1-1h-8a2 2 0 0 0-2 2v8a1 1 0 0 0 1 1" />
	</>,
);
export const DownloadIcon = icon(
	<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14" />,
);
export const SunIcon = icon(
	<>
		<circle cx="12" cy="12" r="4" />
		<path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
	</>,
);
export const MoonIcon = icon(
	<path d="M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z" />,
);
export const UserIcon = icon(
	<>
		<circle cx="12" cy="8.5" r="3.7" />
		<path d="M5 19.5c1-3.4 3.8-5 7-5s6 1.6 7 5" />
	</>,
);
export const KeyboardIcon = icon(
	<>
		<rect x="3" y="6" width="18" height="12" rx="2" />
		<path d="M7 10v.01M11 10v.01M15 10v.01M17.5 10v.01M8 14h8" />
	</>,
);
export const SignOutIcon = icon(
	<path d="M14 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19H14M11 12h9M17 9l3 3-3 3" />,
);
export const WarnIcon = icon(
	<path d="M12 4.5 3.5 19h17zM12 10v4.5M12 17v.01" />,
);
export const TableIcon = icon(
	<>
		<rect x="4" y="5" width="16" height="14" rx="2" />
		<path d="M4 10h16M4 14.5h16M10 10v9" />
	</>,
);
export const FitIcon = icon(
	<path d="M4 9V5.5A1.5 1.5 0 0 1 5.5 4H9M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9M20 15v3.5a1.5 1.5 0 0 1-1.5 1.5H15M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15" />,
);
export const FollowIcon = icon(<path d="M12 4v13M6 12l6 6 6-6M5 21h14" />);
export const RefreshIcon = icon(<path d="M19 12a7 7 0 1 1-2-4.9M19 4v4h-4" />);
export const CheckIcon = icon(<path d="m5 12.5 4.5 4.5L19 7.5" />);
export const ChevronIcon = icon(<path d="m9 6 6 6-6 6" />);
export const UpIcon = icon(<path d="M12 19V6M6 11.5 12 5.5l6 6" />);
export const DownIcon = icon(<path d="M12 5v13M6 12.5l6 6 6-6" />);
export const StrategyIcon = icon(
	<path d="m8.5 7-5 5 5 5M15.5 7l5 5-5 5M13.5 4.5l-3 15" />,
);
export const BacktestIcon = icon(
	<>
		<path d="M4 12a8 8 0 1 0 2.5-5.8M4 4v3.5h3.5" />
		<path d="M12 8v4.5l3 2" />
	</>,
);
export const ImageIcon = icon(
	<>
		<rect x="4" y="5" width="16" height="14" rx="2" />
		<path d="m4.5 17 4.5-5 3.5 3.5 3-3 4 4.5M9 9v.01" />
	</>,
);
