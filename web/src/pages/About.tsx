import { useMe } from "../app/session";
import { usePageTitle } from "../app/title";
import { LogoIcon } from "../components/icons";
import { Panel } from "../components/ui";

const LIBRARIES = [
	["React", "MIT", "https://react.dev"],
	["TanStack Query and Virtual", "MIT", "https://tanstack.com"],
	["wouter", "Unlicense", "https://github.com/molefrog/wouter"],
	["Valibot", "MIT", "https://valibot.dev"],
	["uPlot", "MIT", "https://github.com/leeoniya/uPlot"],
	["Sentry for browsers", "MIT", "https://sentry.io"],
	["Inter typeface", "SIL OFL 1.1", "https://rsms.me/inter/"],
] as const;

export default function About() {
	usePageTitle("About");
	const me = useMe();
	return (
		<>
			<div className="page-head">
				<span className="brand-mark">
					<LogoIcon size={30} />
				</span>
				<h1>About Orch</h1>
			</div>
			<div className="grid">
				<div className="span-6 stack">
					<Panel title="This installation">
						<dl className="facts">
							<div>
								<dt>Server</dt>
								<dd>{me.version}</dd>
							</div>
							<div>
								<dt>Client</dt>
								<dd>{__APP_VERSION__}</dd>
							</div>
							<div>
								<dt>Environment</dt>
								<dd>{me.env}</dd>
							</div>
							<div>
								<dt>API</dt>
								<dd>
									<a href="/api/openapi.json">OpenAPI document</a>
								</dd>
							</div>
						</dl>
					</Panel>
					<Panel title="Licence">
						<p>
							Orch is free software under the GNU General Public License,
							version 3 or later. It comes with no warranty, and nothing it
							shows is financial advice.
						</p>
					</Panel>
				</div>
				<div className="span-6 stack">
					<Panel title="Charts">
						<p>
							Candle charts are drawn by TradingView Lightweight Charts™.
							Copyright © 2025 TradingView, Inc.{" "}
							<a href="https://www.tradingview.com/" rel="noreferrer">
								https://www.tradingview.com/
							</a>
							, under the Apache License 2.0.
						</p>
					</Panel>
					<Panel title="With thanks to" flush>
						<ul className="libs">
							{LIBRARIES.map(([name, licence, href]) => (
								<li key={name}>
									<a href={href} rel="noreferrer">
										{name}
									</a>
									<span className="muted">{licence}</span>
								</li>
							))}
						</ul>
					</Panel>
				</div>
			</div>
		</>
	);
}
