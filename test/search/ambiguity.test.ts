import { describe, expect, it } from "vitest";
import { isExponential } from "../../src/search/ambiguity.ts";
import { compilePattern } from "../../src/search/pattern.ts";

describe("a pattern that is exponential for a backtracking engine", () => {
  it.each([
    "(a+)+$",
    "(a*)*b",
    "(?:a+)+$",
    "(a|aa)*$",
    "(a|a)*$",
    "(a|a?)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "([a-zA-Z]+)*$",
    "(\\w+\\s?)*$",
    "(\\w|\\d)*$",
    "(.*)*x",
    "((a{1,3})*)*",
    "(a{2,4})*$",
    "(?i)(x|X)+$",
    "(?:\\Qab\\E|ab)+$",
    "([[:alpha:]]|[a-c])*!",
    "(\\pL|\\pL)+!",
    "(\\pL|.)+!",
    "([[:alnum:]]+[[:digit:]]*)+!",
    "(?P<n>a+)+",
    "(x+x+)+y",
  ])("is %s, and is refused", (pattern) => {
    expect(isExponential(pattern)).toBe(true);
    expect(() => compilePattern(pattern)).toThrow("Invalid regular expression.");
  });

  it.each([
    ".*",
    "bert",
    "^bert-.*-uncased$",
    ".*?(audience|bert).*",
    "(a|b)*c",
    "(?:foo-\\w+)+",
    "(.|\\n)*x",
    "([a-z]+-)*[a-z]+",
    "(a{3})*",
    "(?:ab?c)+",
    "\\d+\\.\\d+(\\.\\d+)*",
    "a+b+c+",
    ".*.*.*x",
    "([^,]*,)*",
    "(?i)whisper",
    "([[:digit:]]+\\.)+",
    "(\\pL+ )+",
    "(\\p{Greek}|\\pN)+",
    "([^[:space:]]+ )+",
    "[\\w.-]+/[\\w.-]+",
    "(x|xy)+",
    "\\x{41}+",
    "a{1,1000}",
    "(a|b|c|d){1,50}",
    "",
  ])("is not %j", (pattern) => {
    expect(isExponential(pattern)).toBe(false);
    expect(compilePattern(pattern).test).toBeTypeOf("function");
  });
});

describe("a pattern that the engine does not take", () => {
  it.each([
    "(",
    "[a",
    "a**b)",
    "*a",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(?<!a)b",
    "(a)\\1",
    "\\k<n>",
    "(?>a)",
    "a++b(",
    "(a{1,99999}){1,99999}$",
    "a{1001}",
    "([a-z]{1,100}){1,100}",
    "[z-a]",
    "\\8",
    "x".repeat(513),
  ])("is refused: %s", (pattern) => {
    expect(() => compilePattern(pattern)).toThrow("Invalid regular expression.");
  });
});

describe("what the index is asked", () => {
  it.each([
    ["bert", '"ber" AND "ert"'],
    ["^bert$", '"ber" AND "ert"'],
    ["bert.*case", '"ber" AND "ert" AND "cas" AND "ase"'],
    ["(bert|gpt)", '("ber" AND "ert") OR "gpt"'],
    ["be.*", undefined],
    ["(bert|.)", undefined],
    ["(bert|gp)", undefined],
    ["bert?", '"ber"'],
    ["(abc)+", '"abc"'],
    ["(abc)*", undefined],
    ["(?i)BERT", '"BER" AND "ERT"'],
    ["(?i)caféteria", '"caf" AND "ter" AND "eri" AND "ria"'],
    ['say "hi"', '"say" AND "ay " AND "y """ AND " ""h" AND """hi" AND "hi"""'],
    ["日本語テ", '"日本語" AND "本語テ"'],
    [".*", undefined],
  ])("for %j is %j", (pattern, query) => {
    const plain = (text: string | undefined) => text?.replaceAll(/[()]/g, "");
    expect(plain(compilePattern(pattern).index)).toBe(plain(query));
  });
});
