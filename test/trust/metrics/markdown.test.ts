import { describe, expect, it } from "vitest";
import { outline } from "../../../src/trust/metrics/markdown.ts";
import { countWords } from "../../../src/trust/metrics/words.ts";

describe("words", () => {
  it.each([
    ["one two  three", 3],
    ["don't stop-here", 2],
    ["| --- | :--: | 🤗 → * |", 0],
    ["été niño", 2],
    ["这是一个测试", 3],
    ["", 0],
  ])("of %j are counted as a reader would", (line, count) => {
    expect(countWords(line)).toBe(count);
  });

  it("leave out front matter, comments and the hub's filler, and include code", () => {
    const readme = "---\na: b c d\n---\none <!-- not\nseen --> two [More Information Needed]\n```\nthree four\n```\n";
    expect(outline(readme).words).toBe(4);
  });

  it("include the text behind a comment that is never closed", () => {
    expect(outline("one <!-- two three").words).toBe(3);
  });
});

describe("headings", () => {
  it("are read in all three spellings, with their level", () => {
    const { headings } = outline("# One #\n\nTwo\n---\n\n<h3 align='x'>Three</h3>\ntext");
    expect(headings.map(({ level, text }) => [level, text])).toEqual([
      [1, "One"],
      [2, "Two"],
      [3, "Three"],
    ]);
  });

  it("inside code or comments are none", () => {
    expect(outline("```\n# no\n```\n<!--\n# no\n-->\n#no\n").headings).toEqual([]);
  });

  it("are unfilled above nothing but filler, and filled by a filled subsection", () => {
    const text =
      "# A\n## B\n[More Information Needed]\n# C\n## D\ntext\n# E\n\n# F\n[More Information Needed]\n```\nx\n```\n";
    expect(outline(text).headings.map(({ text: name, filled }) => [name, filled])).toEqual([
      ["A", false],
      ["B", false],
      ["C", true],
      ["D", true],
      ["E", false],
      ["F", true],
    ]);
  });
});

describe("fenced blocks", () => {
  it("have a language, their code and a count of lines that are not blank", () => {
    const { fences } = outline("```Python title=x\na\n\nb\n```\n~~~\nc\n~~~\n  ````{.bash}\n```\n  ````\n");
    expect(fences).toEqual([
      { language: "python", code: "a\n\nb\n", lines: 2 },
      { language: "", code: "c\n", lines: 1 },
      { language: "bash", code: "```\n", lines: 1 },
    ]);
  });

  it("that are never closed run to the end", () => {
    expect(outline("```py\na\nb").fences).toEqual([{ language: "py", code: "a\nb", lines: 2 }]);
  });

  it("do not open on inline code", () => {
    expect(outline("```not a fence```\n").fences).toEqual([]);
  });
});

describe("indented code", () => {
  it.each([
    ["after a blank line", "text\n\n    a\n    b\n", [{ language: "", code: "a\nb", lines: 2 }]],
    ["by a tab", "\n\ta\n", [{ language: "", code: "a", lines: 1 }]],
    [
      "with blank lines and deeper lines inside",
      "\n    a\n\n      b\ntext",
      [{ language: "", code: "a\n\n  b", lines: 2 }],
    ],
    ["in a paragraph, which it continues", "text\n    a\n", []],
    ["in a list, where it continues an item", "- item\n\n    a\n\n    b\n", []],
    ["in a numbered list", "1. item\n\n    a\n", []],
    ["after a list has ended", "- item\n\ntext\n\n    a\n", [{ language: "", code: "a", lines: 1 }]],
    ["of nothing", "\n    \n\n", []],
  ])("%s is %#", (_, text, expected) => {
    expect(outline(text).fences).toEqual(expected);
  });

  it("fills a section", () => {
    expect(outline("# Usage\n\n    a\n").headings).toMatchObject([{ filled: true }]);
  });

  it("inside a fence is the fence's", () => {
    expect(outline("```\n\n    a\n```\n").fences).toHaveLength(1);
  });
});

// A Worker's clock stands still while it computes; what is not linear here would simply not end.
describe("hostile READMEs of two megabytes", () => {
  const size = 2 * 1024 * 1024;
  it.each([
    ["line breaks", "\n"],
    ["openings of comments", "<!--"],
    ["comments without an end, and one end", "<!-- "],
    ["backticks", "`"],
    ["fences", "```\n"],
    ["headings", "# a\n"],
    ["underlines", "a\n---\n"],
    ["front matter rules", "--- \n"],
    ["spaces", " "],
    ["indented lines", "    a\n"],
    ["indented lines and blank ones", "    a\n\n"],
    ["indented paragraphs", "\n    a\nb\n"],
    ["table cells", "| 1 "],
    ["angle brackets", "<h1"],
  ])("full of %s are taken apart", (_, piece) => {
    expect(outline(`${piece.repeat(size / piece.length)}-->x`).fences.length).toBeLessThanOrEqual(1000);
  });
});
