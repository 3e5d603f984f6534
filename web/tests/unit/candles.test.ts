import { describe, expect, it } from "vitest";
import type { Candles } from "../../src/api/types";
import {
	append,
	barAt,
	indexAt,
	prepend,
	spacing,
	toBar,
	upsert,
} from "../../src/lib/candles";

function make(...times: number[]): Candles {
	const f = (k: number) => times.map((t) => t * k);
	return {
		market: 1,
		tf: "1m",
		t: times,
		o: f(1),
		h: f(2),
		l: f(3),
		c: f(4),
		v: f(5),
	};
}
const bar = (t: number, c = 9) => ({ t, o: 1, h: 2, l: 0, c, v: 3 });

describe("candles", () => {
	it("finds the bar that a moment falls into", () => {
		const t = [10, 20, 30];
		expect([5, 10, 19, 20, 99].map((ms) => indexAt(t, ms))).toEqual([
			-1, 0, 0, 1, 2,
		]);
		expect(indexAt([], 1)).toBe(-1);
	});

	it("puts older bars in front without doubling any", () => {
		expect(prepend(make(1, 2, 3), make(3, 4)).t).toEqual([1, 2, 3, 4]);
		expect(prepend(make(), make(3, 4)).t).toEqual([3, 4]);
		expect(prepend(make(1), make()).t).toEqual([1]);
		expect(prepend(make(7, 8), make(3, 4)).t).toEqual([3, 4]);
	});

	it("puts newer bars behind and takes theirs where both have one", () => {
		const newer = { ...make(3, 4), c: [100, 101] };
		const all = append(make(1, 2, 3), newer);
		expect(all.t).toEqual([1, 2, 3, 4]);
		expect(all.c[2]).toBe(100);
	});

	it("lets the last bar grow, adds the next, drops late ones", () => {
		const old = make(1, 2);
		const c = upsert(old, [bar(2, 50), bar(3, 60), bar(1, 70)]);
		expect(c.t).toEqual([1, 2, 3]);
		expect(c.c).toEqual([4, 50, 60]);
		expect(old.c).toEqual([4, 8]);
		expect(upsert(old, [])).toBe(old);
	});

	it("reads live bars with numbers or decimal strings, nothing else", () => {
		expect(toBar({ t: 1, o: "2", h: 3, l: "1.5", c: 2, v: 0 })).toEqual({
			t: 1,
			o: 2,
			h: 3,
			l: 1.5,
			c: 2,
			v: 0,
		});
		expect(toBar({ t: 1, o: "x", h: 3, l: 1, c: 2, v: 0 })).toBeNull();
		expect(toBar({ t: 1, o: 1, h: 3, l: 1, c: 2 })).toBeNull();
		expect(toBar(null)).toBeNull();
	});

	it("knows single bars and their distance", () => {
		expect(barAt(make(1, 2), 1)).toEqual({
			t: 2,
			o: 2,
			h: 4,
			l: 6,
			c: 8,
			v: 10,
		});
		expect(barAt(make(1), 5)).toBeNull();
		expect(spacing([0, 10, 20, 90, 100])).toBe(10);
		expect(spacing([5])).toBe(0);
	});
});
