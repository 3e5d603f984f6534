import type { Area } from "./CanvasChart";

/** Round marks between two ends, about as many as asked for. */
export function ticks(lo: number, hi: number, about: number): number[] {
	if (!(hi > lo)) return [lo];
	const raw = (hi - lo) / Math.max(1, about);
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = ([1, 2, 2.5, 5, 10].find((k) => k * power >= raw) ?? 10) * power;
	const out: number[] = [];
	for (let i = Math.ceil(lo / step); i * step <= hi + step * 1e-9; i++)
		out.push(i * step);
	return out;
}

export const PAD = { left: 56, right: 12, top: 8, bottom: 24 };

export interface Scale {
	lo: number;
	hi: number;
}

export const xOf = (s: Scale, w: number, v: number) =>
	PAD.left + ((v - s.lo) / (s.hi - s.lo || 1)) * (w - PAD.left - PAD.right);
export const yOf = (s: Scale, h: number, v: number) =>
	h -
	PAD.bottom -
	((v - s.lo) / (s.hi - s.lo || 1)) * (h - PAD.top - PAD.bottom);

/** Grid and labels of both axes. */
export function drawAxes(
	a: Area,
	x: Scale,
	y: Scale,
	fx: (v: number) => string,
	fy: (v: number) => string,
): void {
	const { g, w, h, c } = a;
	g.lineWidth = 1;
	g.strokeStyle = c.grid;
	g.fillStyle = c.faint;
	g.textAlign = "center";
	for (const v of ticks(x.lo, x.hi, Math.max(2, w / 110))) {
		const px = Math.round(xOf(x, w, v)) + 0.5;
		line(g, px, PAD.top, px, h - PAD.bottom);
		g.fillText(fx(v), px, h - PAD.bottom / 2);
	}
	g.textAlign = "right";
	for (const v of ticks(y.lo, y.hi, Math.max(2, h / 55))) {
		const py = Math.round(yOf(y, h, v)) + 0.5;
		line(g, PAD.left, py, w - PAD.right, py);
		g.fillText(fy(v), PAD.left - 6, py);
	}
}

export function line(
	g: CanvasRenderingContext2D,
	x1: number,
	y1: number,
	x2: number,
	y2: number,
): void {
	g.beginPath();
	g.moveTo(x1, y1);
	g.lineTo(x2, y2);
	g.stroke();
}
