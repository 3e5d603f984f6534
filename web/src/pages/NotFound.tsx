import { useLocation } from "wouter";
import { usePageTitle } from "../app/title";
import { SearchIcon } from "../components/icons";
import { ButtonLink, Empty } from "../components/ui";

export default function NotFound() {
	const [path] = useLocation();
	usePageTitle("Not found");
	return (
		<div className="panel">
			<h1 className="sr">Page not found</h1>
			<Empty
				icon={<SearchIcon size={28} />}
				title="There is no such page"
				action={
					<ButtonLink href="/" primary>
						To the dashboard
					</ButtonLink>
				}
			>
				Nothing lives at <code>{path}</code>. Ctrl+K finds every place by name.
			</Empty>
		</div>
	);
}
