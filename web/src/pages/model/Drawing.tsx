import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { ImageIcon, TableIcon } from "../../components/icons";
import { toast } from "../../components/toasts";
import { Panel, SkeletonBlock } from "../../components/ui";
import { savePicture } from "../../lib/save";

/** A chart that can be kept as a picture and read as a table. */

export const CanvasChart = lazy(() => import("../../charts/CanvasChart"));

export function Drawing(p: {
	title: string;
	/** Names the picture's file. */
	file: string;
	badge?: ReactNode;
	table: ReactNode;
	children: ReactNode;
}) {
	const [table, setTable] = useState(false);
	const box = useRef<HTMLDivElement>(null);
	return (
		<Panel
			title={p.title}
			actions={
				<>
					{p.badge}
					<span className="grow" />
					<button
						type="button"
						className="btn btn-s btn-icon"
						aria-label={`Save ${p.title.toLowerCase()} as a picture`}
						disabled={table}
						onClick={() => {
							if (!savePicture(box.current, p.file))
								toast("There is nothing drawn yet");
						}}
					>
						<ImageIcon size={15} />
					</button>
					<button
						type="button"
						className="btn btn-s"
						aria-label={`${p.title} as ${table ? "a chart" : "a table"}`}
						aria-pressed={table}
						onClick={() => setTable(!table)}
					>
						<TableIcon size={15} /> {table ? "Chart" : "Table"}
					</button>
				</>
			}
		>
			<div ref={box}>
				{table ? (
					p.table
				) : (
					<Suspense fallback={<SkeletonBlock className="chart-h240" />}>
						{p.children}
					</Suspense>
				)}
			</div>
		</Panel>
	);
}

/** Names of what is drawn beside their colours. */
export function Legend(p: {
	items: readonly { name: string; color: string; dashed?: boolean }[];
}) {
	return (
		<ul className="model-legend">
			{p.items.map((i) => (
				<li key={i.name}>
					<span
						className={`model-key ${i.color}${i.dashed ? " model-key-dash" : ""}`}
						aria-hidden="true"
					/>
					{i.name}
				</li>
			))}
		</ul>
	);
}
