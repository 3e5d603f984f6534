/** Files that the page itself makes: pictures of charts, tables as text. */

function download(blob: Blob, name: string): void {
	const url = URL.createObjectURL(blob);
	const a = document.createElement("a");
	a.href = url;
	a.download = name;
	document.body.append(a);
	a.click();
	a.remove();
	// The download has begun with the click; the memory may go soon after.
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A name that every file system takes. */
export function fileName(name: string, ending: string): string {
	const plain = name
		.normalize("NFKD")
		.replace(/[^\w.-]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 80);
	return `${plain || "run"}.${ending}`;
}

/**
 * All canvases within an element on one picture, where they stand: the chart
 * libraries draw axes, panes and cursor on canvases of their own.
 */
export function pictureOf(el: HTMLElement): HTMLCanvasElement | null {
	const parts = [...el.querySelectorAll("canvas")].filter(
		(c) => c.width > 0 && c.height > 0,
	);
	const box = el.getBoundingClientRect();
	if (parts.length === 0 || box.width === 0) return null;
	const out = document.createElement("canvas");
	const scale = Math.max(1, window.devicePixelRatio || 1);
	out.width = Math.round(box.width * scale);
	out.height = Math.round(box.height * scale);
	const g = out.getContext("2d");
	if (!g) return null;
	g.fillStyle =
		getComputedStyle(document.documentElement)
			.getPropertyValue("--surface")
			.trim() || "#ffffff";
	g.fillRect(0, 0, out.width, out.height);
	for (const c of parts) {
		const r = c.getBoundingClientRect();
		g.drawImage(
			c,
			(r.left - box.left) * scale,
			(r.top - box.top) * scale,
			r.width * scale,
			r.height * scale,
		);
	}
	return out;
}

/** False when there is nothing drawn yet. */
export function savePicture(el: HTMLElement | null, name: string): boolean {
	const canvas = el && pictureOf(el);
	if (!canvas) return false;
	canvas.toBlob((blob) => {
		if (blob) download(blob, fileName(name, "png"));
	}, "image/png");
	return true;
}

type Cell = string | number | boolean | null | undefined;

function csvCell(v: Cell): string {
	if (v === null || v === undefined) return "";
	const s = String(v);
	// A spreadsheet would run what begins like a formula.
	const safe = /^[=+@\t\r]|^-(?![\d.])/.test(s) ? `'${s}` : s;
	return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csvOf(
	head: readonly string[],
	rows: readonly (readonly Cell[])[],
): string {
	return [head, ...rows].map((r) => r.map(csvCell).join(",")).join("\n");
}

export function saveCsv(
	name: string,
	head: readonly string[],
	rows: readonly (readonly Cell[])[],
): void {
	download(
		new Blob([`${csvOf(head, rows)}\n`], { type: "text/csv;charset=utf-8" }),
		fileName(name, "csv"),
	);
}
