import { describe, expect, it } from "vitest";
import {
	add,
	cmp,
	type Decimal,
	format,
	isDecimal,
	mul,
	parse,
	round,
	sign,
	sub,
	text,
	trim,
} from "../../src/lib/decimal";

const d = (s: string) => parse(s) as Decimal;
const en = (s: string | number | null, o = {}) =>
	format(s, { locale: "en-US", ...o });

describe("decimal", () => {
	it("reads and writes plain notation without loss", () => {
		for (const s of ["0", "-1", "12.340", "0.000000000000000001", "-0.5"])
			expect(text(d(s))).toBe(s);
		expect(text(d("12345678901234567890.123456789012345678"))).toBe(
			"12345678901234567890.123456789012345678",
		);
	});

	it("refuses what is no plain decimal", () => {
		for (const s of ["", "1e5", "1,5", "abc", "--1", ".", "1.", "NaN", "0x1"])
			expect(isDecimal(s)).toBe(false);
		expect(parse(null)).toBeNull();
		expect(parse(Number.NaN)).toBeNull();
		expect(isDecimal(".5")).toBe(true);
	});

	it("calculates exactly where doubles do not", () => {
		expect(text(add(d("0.1"), d("0.2")))).toBe("0.3");
		expect(text(sub(d("1"), d("0.9")))).toBe("0.1");
		expect(text(mul(d("1.1"), d("1.1")))).toBe("1.21");
		expect(cmp(d("0.30"), d("0.3"))).toBe(0);
		expect(cmp(d("-2"), d("1"))).toBe(-1);
		expect(sign(d("-0.0"))).toBe(0);
	});

	it("rounds half away from zero", () => {
		expect(text(round(d("2.5"), 0))).toBe("3");
		expect(text(round(d("-2.5"), 0))).toBe("-3");
		expect(text(round(d("2.449"), 1))).toBe("2.4");
		expect(text(round(d("1"), 2))).toBe("1.00");
		expect(text(trim(d("1.2000"), 2))).toBe("1.20");
	});

	it("groups and rounds for a locale", () => {
		expect(en("1234567.891", { max: 2 })).toBe("1,234,567.89");
		expect(en("10000", { min: 2, max: 2 })).toBe("10,000.00");
		expect(en("-1234.5")).toBe("−1,234.5");
		expect(en("0.00000001")).toBe("0.00000001");
		expect(format("1234567.5", { locale: "de-DE" })).toBe("1.234.567,5");
		expect(format("1234567.5", { locale: "en-IN" })).toBe("12,34,567.5");
	});

	it("follows a locale that leaves four digits ungrouped", () => {
		expect(format("1234", { locale: "es-ES" })).toBe("1234");
		expect(format("12345", { locale: "es-ES" })).toBe("12.345");
	});

	it("shows the sign where asked for, and never minus zero", () => {
		expect(en("5", { sign: true })).toBe("+5");
		expect(en("-0.001", { max: 2, sign: true })).toBe("0");
		expect(en("0", { sign: true })).toBe("0");
	});

	it("keeps every digit of amounts beyond 2^53", () => {
		expect(en("90071992547409931.12", { max: 2 })).toBe(
			"90,071,992,547,409,931.12",
		);
	});

	it("writes a dash where there is no amount", () => {
		expect(en(null)).toBe("–");
		expect(en("oops")).toBe("–");
	});

	it("takes a double without an exponent", () => {
		expect(en(1e-7, { max: 8 })).toBe("0.0000001");
	});
});
