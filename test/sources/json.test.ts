import { describe, expect, it } from "vitest";
import { UPSTREAM_JSON_MAX_DEPTH } from "../../src/limits.ts";
import { parseJson, parseJsonObject, parsePythonJsonObject, UnreadableError } from "../../src/sources/json.ts";
import { encodePath, isSanePath } from "../../src/sources/paths.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("JSON from strangers", () => {
  it("is parsed up to the depth limit and no deeper", () => {
    expect(() => parseJson(nested(UPSTREAM_JSON_MAX_DEPTH))).not.toThrow();
    expect(() => parseJson(nested(UPSTREAM_JSON_MAX_DEPTH + 1))).toThrow(UnreadableError);
    expect(() => parseJson("[".repeat(5_000_000))).toThrow(UnreadableError);
  });

  it("may hold brackets in its texts", () => {
    expect(parseJson(JSON.stringify({ a: `\\"${"[".repeat(200)}` }))).toEqual({ a: `\\"${"[".repeat(200)}` });
  });

  it.each(['{"__proto__":{"polluted":true},"a":1}', '{"\\u005f_proto\\u005F_":{"polluted":true},"a":1}'])(
    "loses its __proto__ keys: %s",
    (text) => {
      const value = parseJsonObject(text);
      expect(Object.keys(value)).toEqual(["a"]);
      expect(Object.assign({}, value)).not.toHaveProperty("polluted");
    },
  );

  it.each(["", "{", "null", "[]", '"text"', "1"])("that is no object is unreadable: %j", (text) => {
    expect(() => parseJsonObject(text)).toThrow(UnreadableError);
  });
});

describe("a path of an upstream repository", () => {
  it.each(["README.md", "a/b c/ü.txt", ".gitattributes", "a..b", "...x", "x".repeat(1024)])("%j is sane", (path) => {
    expect(isSanePath(path)).toBe(true);
  });

  it.each([
    "",
    "/abs",
    "../x",
    "a/../../b",
    "a/..",
    "./d",
    "a//b",
    "a/",
    "..\\c",
    "C:\\x",
    "c:x",
    "nul\0l",
    "a\nb",
    "\ud800",
    "x".repeat(1025),
  ])("%j is not", (path) => {
    expect(isSanePath(path)).toBe(false);
  });

  it("is encoded segment by segment", () => {
    expect(encodePath("a b/ü?#%.txt")).toBe("a%20b/%C3%BC%3F%23%25.txt");
  });
});

describe("JSON as Python reads it", () => {
  it.each([
    ['{"a": NaN}', { a: null }],
    ['{"a": [Infinity, -Infinity, NaN]}', { a: [null, null, null] }],
    ['{"a": "NaN", "b": "say \\"NaN\\" \\\\", "c": NaN}', { a: "NaN", b: 'say "NaN" \\', c: null }],
    ['{"Infinity": 1}', { Infinity: 1 }],
    ['{"a": -1.5, "b": Infinity}', { a: -1.5, b: null }],
  ])("%s is an object", (text, value) => {
    expect(parsePythonJsonObject(text)).toEqual(value);
  });

  it.each([
    '{"a": nan}',
    '{"a": NaN',
    '{"a": Infinit}',
    '{"a": "NaN}',
    '{"a": +NaN}',
    "NaN",
    "{'a': NaN}",
    '{"a": NaN} x',
  ])("%s is unreadable, as for Python or because it is no object", (text) => {
    expect(() => parsePythonJsonObject(text)).toThrow(UnreadableError);
  });

  it.each(['"', '\\"', "NaN", "-", "I", '"\\'])("two megabytes of %j are gone through once", (piece) => {
    expect(() => parsePythonJsonObject(`{"NaN": ${piece.repeat((2 * 1024 * 1024) / piece.length)}`)).toThrow();
  });
});
