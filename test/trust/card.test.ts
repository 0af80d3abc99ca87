import { describe, expect, it, vi } from "vitest";
import { Parser } from "yaml";
import { FRONT_MATTER_MAX_LEXEMES, README_KEPT_BYTES } from "../../src/limits.ts";
import { readCard, searchableText, splitCard } from "../../src/trust/card.ts";
import type { Finding, HubRecord, Missing } from "../../src/trust/evidence.ts";

const NONE: Missing = { status: "unavailable", reason: "upstream answered 500" };
const found = <T>(value: T) => ({
  status: "found" as const,
  value,
  url: "https://huggingface.co/o/n",
  fetched_at: "2026-01-01T00:00:00.000Z",
  sha256: "0".repeat(64),
});
const record = (card_data?: Record<string, unknown>): Finding<HubRecord> => {
  const bare = { id: "o/n", private: false, gated: false, disabled: false, tags: [], files: [] };
  return found(card_data === undefined ? bare : { ...bare, card_data });
};
const read = (frontMatter: string) => readCard(found(`---\n${frontMatter}\n---\nbody`), NONE);

describe("splitCard", () => {
  it.each([
    ["---\na: 1\n---\nbody", "a: 1", "body"],
    ["---\r\na: 1\r\n---\r\nbody", "a: 1", "body"],
    ["\uFEFF\n\n---  \na: 1\n---", "a: 1", ""],
    ["---\n---\nbody", "", "body"],
    ["---\na: |\n  ----\n  ---x\n---\nbody", "a: |\n  ----\n  ---x", "body"],
    ["---\na: 1\n---\nbody\n---\nmore", "a: 1", "body\n---\nmore"],
  ])("%j", (readme, frontMatter, body) => {
    expect(splitCard(readme)).toEqual({ frontMatter, body });
  });

  it.each(["", "# Title", "---\na: 1", "text\n---\na: 1\n---\n", "----\na\n----\n", "--- a: 1\n---\n"])(
    "%j is all body",
    (readme) => {
      expect(splitCard(readme)).toEqual({ body: readme });
    },
  );

  it("takes a README made of its marks alone in its stride", () => {
    expect(splitCard(`---\n${"---  \t".repeat(300_000)}`).frontMatter).toBeUndefined();
  });
});

describe("readCard", () => {
  it("prefers the hub's own reading", () => {
    expect(readCard(found("---\nlicense: mit\n---"), record({ license: "apache-2.0" }))).toMatchObject({
      value: { license: "apache-2.0" },
    });
  });

  it("reads the README where the hub has nothing", () => {
    for (const hub of [record(), record({}), NONE]) {
      expect(readCard(found("---\nlicense: mit\nn: 1\nd: 2024-01-01\n---"), hub)).toMatchObject({
        status: "found",
        value: { license: "mit", n: 1, d: "2024-01-01" },
      });
    }
  });

  it("is absent without front matter, and missing like the README that is missing", () => {
    expect(readCard(found("# Title"), record()).status).toBe("absent");
    expect(readCard(found("---\n\n---\n"), record()).status).toBe("absent");
    expect(readCard(NONE, record())).toEqual(NONE);
  });

  it.each([
    ["broken YAML", "a: [1, 2"],
    ["a tab for indentation", "a:\n\t- b"],
    ["a list", "- a\n- b"],
    ["a text", "just words"],
    ["an unknown alias", "a: *b"],
    ["an alias of itself", "a: &a [*a]"],
    ["a tower", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`],
    ["a tower that is almost too high", `a: ${"[".repeat(100)}${"]".repeat(100)}`],
    ["a tower without an end", `a: ${"[".repeat(100_000)}`],
    ["a heap of tags", "! ".repeat(100_000)],
    ["flow maps without an end", "{a: ".repeat(60_000)],
    ["keys in keys", "? ".repeat(100_000)],
    ["lists in lists", "- ".repeat(100_000)],
    ["lists in lists that end", `a:\n${"- ".repeat(3000)}x`],
    ["steps of indentation", Array.from({ length: 600 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["lists of flow lists", `a:\n${"- [".repeat(80_000)}`],
    ["keys in a flow list", `a: [${"a: ".repeat(80_000)}`],
    ["commas", `a: [${",".repeat(200_000)}]`],
    ["ends of nothing", `a: ${"]".repeat(200_000)}`],
    ["anchors", "&a ".repeat(80_000)],
    ["aliases of one anchor", `a: &a x\nb:\n${"- *a\n".repeat(2000)}`],
    [
      "anchors with an alias each",
      Array.from({ length: 9000 }, (_, i) => `k${i}: &a${i} [x]\nj${i}: *a${i}`).join("\n"),
    ],
    ["two documents", "a: 1\n...\nb: 1"],
    ["many documents", "--- a\n".repeat(40_000)],
    ["repeated keys without an end", "a: 1\n".repeat(40_000)],
    ["empty entries", `a:\n${"-\n".repeat(100_000)}`],
    ["escapes that are none", `a: "${"\\q".repeat(100_000)}"`],
    ["too large", `a: ${"x".repeat(300_000)}`],
  ])("calls %s unreadable", (_what, frontMatter) => {
    expect(read(frontMatter)).toMatchObject({
      status: "unreadable",
      reason: expect.stringContaining("card unreadable"),
    });
  });

  it("reads a card that is long, and nests as far as JSON may", () => {
    const results = Array.from(
      { length: 100 },
      (_, i) => `  - {task: {type: t${i}}, metrics: [{type: acc, value: 0.${i}}]}`,
    );
    const card = read(`license: mit\nmodel-index:\n- name: m\n  results:\n${results.join("\n")}`);
    expect(card).toMatchObject({ status: "found", value: { license: "mit" } });
    expect(JSON.stringify(card)).toContain("0.99");
    const deep = 60;
    expect(read(`a: ${"[".repeat(deep)}${"]".repeat(deep)}`).status).toBe("found");
    expect(read(`a: ${"x ".repeat(50_000)}`).status).toBe("found");
  });

  it("asks the parser for no more than it must: lexemes are counted, not time", () => {
    // 20,000 lexemes at the most, of a text that would give 200,000.
    const lex = vi.spyOn(Parser.prototype, "next");
    expect(read(`a: [${",".repeat(200_000)}]`).status).toBe("unreadable");
    expect(lex.mock.calls.length).toBeLessThanOrEqual(FRONT_MATTER_MAX_LEXEMES);
    lex.mockClear();
    expect(read(`a: ${"[".repeat(100_000)}`).status).toBe("unreadable");
    expect(lex.mock.calls.length).toBeLessThan(200);
  });

  it("does not let aliases multiply", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`);
    expect(read(`l0: &l0 [lol]\n${levels.join("\n")}`).status).toBe("unreadable");
  });

  it("runs no tags and pollutes nothing", () => {
    const card = read("a: !!js/function 'x'\nb: !!python/object:os.system y\n__proto__:\n  polluted: true\n1: one");
    expect(card).toMatchObject({ status: "found", value: { a: "x", b: "y", "1": "one" } });
    expect(card).not.toHaveProperty("value.polluted");
    expect({}).not.toHaveProperty("polluted");
  });

  it("takes the last of repeated keys", () => {
    expect(read("license: mit\nlicense: gpl-3.0")).toMatchObject({ value: { license: "gpl-3.0" } });
  });
});

describe("searchableText", () => {
  it("leaves out the front matter", () => {
    expect(searchableText("---\na: 1\n---\n\n# Title\n")).toBe("# Title");
  });

  it.each(["x", "ü", "€", "🤗"])("cuts between characters made of %s", (char) => {
    const text = searchableText(`a${char.repeat(README_KEPT_BYTES)}`);
    const size = new TextEncoder().encode(text).byteLength;
    expect(text).not.toContain("\uFFFD");
    expect(text.startsWith(`a${char}`)).toBe(true);
    expect(size).toBeLessThanOrEqual(README_KEPT_BYTES);
    expect(size).toBeGreaterThan(README_KEPT_BYTES - 4);
  });
});
