import { Markdown } from "../../components/Markdown";
import { Panel } from "../../components/ui";

/** What a starter does; most scripts have none. */
export default function Explanation({ text }: { text: string }) {
	return (
		<Panel title="How it works">
			<Markdown text={text} />
		</Panel>
	);
}
