import { Fragment, type ReactNode } from "react";

/**
 * Light markdown as elements: headings, paragraphs, lists, tables, code,
 * emphasis and links. Text stays text: nothing in it is ever taken as HTML.
 */

const INLINE =
	/(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*|_[^_\s][^_]*_(?!\w))|\[([^\]]+)\]\(((?:https?:\/\/|\/)[^)\s]+)\)/g;

export function inline(text: string): ReactNode[] {
	const out: ReactNode[] = [];
	let at = 0;
	for (const m of text.matchAll(INLINE)) {
		if (m.index > at) out.push(text.slice(at, m.index));
		at = m.index + m[0].length;
		const key = m.index;
		if (m[1]) out.push(<code key={key}>{m[1].slice(1, -1)}</code>);
		else if (m[2])
			out.push(<strong key={key}>{inline(m[2].slice(2, -2))}</strong>);
		else if (m[3]) out.push(<em key={key}>{inline(m[3].slice(1, -1))}</em>);
		else
			out.push(
				<a key={key} href={m[5]} rel="noreferrer noopener">
					{m[4]}
				</a>,
			);
	}
	if (at < text.length) out.push(text.slice(at));
	return out;
}

type Block =
	| { kind: "p"; text: string }
	| { kind: "h"; level: number; text: string }
	| { kind: "ul" | "ol"; items: string[] }
	| { kind: "code"; text: string }
	| { kind: "table"; head: string[]; rows: string[][] };

const BULLET = /^\s*[-*]\s+(.*)$/;
const NUMBER = /^\s*\d+[.)]\s+(.*)$/;
const cells = (line: string) =>
	line
		.trim()
		.replace(/^\||\|$/g, "")
		.split("|")
		.map((c) => c.trim());

export function blocksOf(text: string): Block[] {
	const out: Block[] = [];
	const lines = text.split(/\r?\n/);
	let i = 0;
	const special = (l: string) =>
		/^(#{1,4}\s|```|\s*\|)/.test(l) || BULLET.test(l) || NUMBER.test(l);
	while (i < lines.length) {
		const line = lines[i] ?? "";
		const h = /^(#{1,4})\s+(.*)$/.exec(line);
		if (line.trim() === "") i++;
		else if (h) {
			out.push({ kind: "h", level: h[1]?.length ?? 1, text: h[2] ?? "" });
			i++;
		} else if (line.startsWith("```")) {
			const from = ++i;
			while (i < lines.length && !lines[i]?.startsWith("```")) i++;
			out.push({ kind: "code", text: lines.slice(from, i++).join("\n") });
		} else if (/^\s*\|/.test(line)) {
			const rows: string[] = [];
			while (/^\s*\|/.test(lines[i] ?? "")) rows.push(lines[i++] ?? "");
			const body = rows.slice(1).filter((r) => !/^[\s|:-]+$/.test(r));
			out.push({
				kind: "table",
				head: cells(rows[0] ?? ""),
				rows: body.map(cells),
			});
		} else if (BULLET.test(line) || NUMBER.test(line)) {
			const kind = BULLET.test(line) ? "ul" : "ol";
			const re = kind === "ul" ? BULLET : NUMBER;
			const items: string[] = [];
			while (i < lines.length) {
				const l = lines[i] ?? "";
				const m = re.exec(l);
				if (m) items.push(m[1] ?? "");
				else if (/^\s+\S/.test(l) && items.length)
					items[items.length - 1] += ` ${l.trim()}`;
				else break;
				i++;
			}
			out.push({ kind, items });
		} else {
			const part = [line];
			i++;
			while (i < lines.length && lines[i]?.trim() && !special(lines[i] ?? ""))
				part.push(lines[i++] ?? "");
			out.push({ kind: "p", text: part.join(" ") });
		}
	}
	return out;
}

function draw(b: Block): ReactNode {
	switch (b.kind) {
		case "p":
			return <p>{inline(b.text)}</p>;
		case "h":
			return b.level < 3 ? (
				<h3>{inline(b.text)}</h3>
			) : (
				<h4>{inline(b.text)}</h4>
			);
		case "code":
			return (
				<pre>
					<code>{b.text}</code>
				</pre>
			);
		case "ul":
		case "ol": {
			const items = b.items.map((t, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: text never moves
				<li key={i}>{inline(t)}</li>
			));
			return b.kind === "ul" ? <ul>{items}</ul> : <ol>{items}</ol>;
		}
		case "table":
			return (
				<table>
					<thead>
						<tr>
							{b.head.map((t, i) => (
								// biome-ignore lint/suspicious/noArrayIndexKey: as above
								<th key={i} scope="col">
									{inline(t)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{b.rows.map((r, i) => (
							// biome-ignore lint/suspicious/noArrayIndexKey: as above
							<tr key={i}>
								{r.map((t, k) => (
									// biome-ignore lint/suspicious/noArrayIndexKey: as above
									<td key={k}>{inline(t)}</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			);
	}
}

export function Markdown({ text }: { text: string }) {
	return (
		<div className="prose">
			{blocksOf(text).map((b, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: text never moves
				<Fragment key={i}>{draw(b)}</Fragment>
			))}
		</div>
	);
}
