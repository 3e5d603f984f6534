import { fireEvent, render, screen } from "@testing-library/react";
import { createRef } from "react";
import { describe, expect, it, vi } from "vitest";
import type { Diagnostic } from "../../src/api/runTypes";
import { blocksOf, Markdown } from "../../src/components/Markdown";
import { CodeEditor, type EditorHandle } from "../../src/editor/CodeEditor";
import {
	charColumn,
	lineStart,
	piecesOf,
	tokensOf,
} from "../../src/editor/tokens";
import { comment, indent, newLine } from "../../src/editor/typing";
import {
	dropDraft,
	keepDraft,
	readDraft,
} from "../../src/pages/strategy/drafts";
import { countProblems, Problems } from "../../src/pages/strategy/Problems";

const kinds = (line: string) =>
	tokensOf(line)
		.filter((t) => t.kind && t.kind !== "operator")
		.map((t) => `${t.kind}:${t.text}`);

describe("tokensOf", () => {
	it("tells words, calls, texts, numbers, colours and remarks apart", () => {
		expect(kinds('x = ta.sma(close, 14) // "no text"')).toEqual([
			"call:ta.sma",
			"builtin:close",
			"number:14",
			'comment:// "no text"',
		]);
		expect(kinds("if a and not b")).toEqual([
			"keyword:if",
			"keyword:and",
			"keyword:not",
		]);
		expect(kinds('plot(x, "a // b", color = #ff8800cc)')).toEqual([
			"call:plot",
			'string:"a // b"',
			"type:color",
			"color:#ff8800cc",
		]);
		expect(kinds("//@version=6")).toEqual(["note://@version=6"]);
		expect(kinds("y = strategy.position_size * 1.5e-3")).toEqual([
			"builtin:strategy.position_size",
			"number:1.5e-3",
		]);
	});

	it("loses no character of any line", () => {
		for (const line of [
			"",
			"\tx:=y?1:2  ",
			"'open \"end",
			'"never closed',
			"a\\b € ünï #zz ..",
			"f(x) => x[1] + .5",
		])
			expect(
				tokensOf(line)
					.map((t) => t.text)
					.join(""),
			).toBe(line);
	});

	it("cuts tokens where a mark begins and ends", () => {
		const p = piecesOf("abcdef = 1", [{ from: 2, to: 4, severity: "error" }]);
		expect(p.map((x) => x.text).join("")).toBe("abcdef = 1");
		expect(p.filter((x) => x.mark).map((x) => x.text)).toEqual(["cd"]);
	});

	it("turns the compiler's bytes into characters", () => {
		expect(charColumn("abc", 2)).toBe(1);
		// é has two bytes, € three, the rocket four (and two units).
		expect(charColumn("é€🚀x", 3)).toBe(1);
		expect(charColumn("é€🚀x", 6)).toBe(2);
		expect(charColumn("é€🚀x", 10)).toBe(4);
		expect(charColumn("ab", 99)).toBe(2);
		expect(lineStart("a\nbc\nd", 3)).toBe(5);
	});
});

const applied = (text: string, c: { from: number; to: number; text: string }) =>
	text.slice(0, c.from) + c.text + text.slice(c.to);

describe("typing", () => {
	it("keeps the depth of a line, and goes deeper after one that opens", () => {
		const a = "if close > open";
		expect(newLine(a, a.length, a.length).text).toBe("\n    ");
		const b = "    x = 1";
		expect(newLine(b, b.length, b.length).text).toBe("\n    ");
		const c = "f(x) =>";
		expect(newLine(c, c.length, c.length).text).toBe("\n    ");
	});

	it("fills up to the next step, and moves whole lines", () => {
		expect(indent("ab", 2, 2, false).text).toBe("  ");
		const text = "a\nb\nc";
		const c = indent(text, 0, 3, false);
		expect(applied(text, c)).toBe("    a\n    b\nc");
		const back = indent("    a\n  b", 0, 9, true);
		expect(applied("    a\n  b", back)).toBe("a\nb");
	});

	it("comments lines and takes it back", () => {
		const text = "  a\n\nb";
		const on = comment(text, 0, 6);
		expect(applied(text, on)).toBe("  // a\n\n// b");
		const t2 = applied(text, on);
		expect(applied(t2, comment(t2, 0, t2.length))).toBe(text);
	});
});

const D: Diagnostic = {
	line: 2,
	column: 5,
	end_column: 8,
	severity: "error",
	code: "name",
	message: "there is no foo",
};

describe("CodeEditor", () => {
	it("underlines what is wrong and marks its line", () => {
		const { container } = render(
			<CodeEditor
				label="Script"
				value={"a = 1\nb = foo\n"}
				diagnostics={[D]}
				onChange={() => {}}
			/>,
		);
		expect(container.querySelector(".mark-error")?.textContent).toBe("foo");
		expect(container.querySelector(".gutter-error")?.textContent).toBe("2");
	});

	it("indents by Tab, but leaves by Escape and Tab", () => {
		const change = vi.fn();
		render(
			<CodeEditor
				label="Script"
				value="x"
				diagnostics={[]}
				onChange={change}
			/>,
		);
		const area = screen.getByLabelText<HTMLTextAreaElement>("Script");
		area.setSelectionRange(0, 0);
		expect(fireEvent.keyDown(area, { key: "Tab" })).toBe(false);
		expect(change).toHaveBeenCalledWith("    x");
		fireEvent.keyDown(area, { key: "Escape" });
		expect(fireEvent.keyDown(area, { key: "Tab" })).toBe(true);
	});

	it("saves by Ctrl S and jumps to a place", () => {
		const save = vi.fn();
		const ref = createRef<EditorHandle>();
		render(
			<CodeEditor
				ref={ref}
				label="Script"
				value={"a = 1\nb = foo"}
				diagnostics={[]}
				onChange={() => {}}
				onSave={save}
			/>,
		);
		const area = screen.getByLabelText<HTMLTextAreaElement>("Script");
		fireEvent.keyDown(area, { key: "s", ctrlKey: true });
		expect(save).toHaveBeenCalledOnce();
		ref.current?.jump(2, 5);
		expect(area.selectionStart).toBe(10);
	});
});

describe("Problems", () => {
	it("counts, lists and picks", () => {
		const pick = vi.fn();
		render(<Problems diagnostics={[D]} stale={false} onPick={pick} />);
		fireEvent.click(screen.getByRole("button", { name: /there is no foo/ }));
		expect(pick).toHaveBeenCalledWith(D);
		expect(countProblems([D, D, { ...D, severity: "warning" }])).toBe(
			"2 errors, 1 warning",
		);
		expect(countProblems([])).toBe("no problem");
	});
});

describe("drafts", () => {
	it("keeps one for each strategy and forgets the oldest", () => {
		const d = { name: "n", source: "s", base: 5, at: 1 };
		keepDraft(7, d);
		expect(readDraft(7)).toEqual(d);
		expect(readDraft(null)).toBeNull();
		for (let i = 100; i < 125; i++) keepDraft(i, { ...d, at: i });
		expect(readDraft(7)).toBeNull();
		expect(readDraft(124)?.at).toBe(124);
		dropDraft(124);
		expect(readDraft(124)).toBeNull();
		localStorage.setItem("orch_script:9", "{broken");
		expect(readDraft(9)).toBeNull();
	});
});

describe("Markdown", () => {
	it("makes elements of marks and leaves HTML as text", () => {
		const { container } = render(
			<Markdown
				text={
					"# Head\n\nSome **bold** `code` <img src=x onerror=alert(1)>\nmore.\n\n- one\n  and on\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](javascript:alert(1)) [y](https://example.org/)"
				}
			/>,
		);
		expect(container.querySelector("img")).toBeNull();
		expect(container.querySelector("h3")?.textContent).toBe("Head");
		expect(container.querySelector("strong")?.textContent).toBe("bold");
		expect(
			[...container.querySelectorAll("li")].map((l) => l.textContent),
		).toEqual(["one and on", "two"]);
		expect(container.querySelectorAll("td").length).toBe(2);
		expect([...container.querySelectorAll("a")].map((a) => a.href)).toEqual([
			"https://example.org/",
		]);
	});

	it("ends with any text", () => {
		for (const t of ["```\nopen", "|", "-", "#", "1.", "**", "- a\n\n\n"])
			expect(Array.isArray(blocksOf(t))).toBe(true);
	});
});
