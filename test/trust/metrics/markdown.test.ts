import { describe, expect, it } from "vitest";
import { countWords, outline } from "../../../src/trust/metrics/markdown.ts";

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
    ["table cells", "| 1 "],
    ["angle brackets", "<h1"],
  ])("full of %s are taken apart", (_, piece) => {
    expect(outline(`${piece.repeat(size / piece.length)}-->x`).fences.length).toBeLessThanOrEqual(1000);
  });
});
