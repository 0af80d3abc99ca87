/** What clients send that cannot be meant. Each is refused by name, with the contract's status, and changes nothing at all. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { type Answer, createRegistry } from "../harness.ts";
import { NOTHING, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const NOT_JSON = "Invalid request: body: not valid JSON.";
const TOO_LARGE = refusal(413, "The request body is larger than 65536 bytes.");
const body = (detail: string) => `Invalid request: body${detail}`;
const expected = (type: string, received: string) => `: Invalid input: expected ${type}, received ${received}`;

/** Expects that a registration is refused so, and that nothing was written: no row anywhere, no object. */
async function refused(type: string, sent: unknown, status: number, detail: string): Promise<void> {
  expect(seen(await registry.call("POST", `/artifact/${type}`, sent))).toEqual(refusal(status, detail));
  expect(await world()).toEqual(NOTHING);
}

describe("a body", () => {
  it.each<[string, unknown, string]>([
    ["empty", "", NOT_JSON],
    ["blank", "  \n", NOT_JSON],
    ["of text", "hello", NOT_JSON],
    ["of a form", "url=https%3A%2F%2Fexample.org", NOT_JSON],
    ["cut off", '{"url":"https://files.example.org/x', NOT_JSON],
    ["with a comma too many", '{"url":"https://files.example.org/x",}', NOT_JSON],
    ["in single quotes", "{'url':'https://files.example.org/x'}", NOT_JSON],
    ["of two values", '{"url":"https://files.example.org/x"}{}', NOT_JSON],
    ["with a raw line break in a string", '{"url":"https://files.example.org/\nx"}', NOT_JSON],
    ["of NaN", '{"url":NaN}', NOT_JSON],
    ["nested deeply and cut off", "[".repeat(60_000), "Invalid request: body: nested too deeply."],
    ["cut off", "[".repeat(30), NOT_JSON],
    ["of null", "null", body(expected("object", "null"))],
    ["of a number", "7", body(expected("object", "number"))],
    ["of a string", '"https://files.example.org/x"', body(expected("object", "string"))],
    ["of an array", '[{"url":"https://files.example.org/x"}]', body(expected("object", "array"))],
    ["of true", "true", body(expected("object", "boolean"))],
    ["without a url", "{}", body(`.url${expected("string", "undefined")}`)],
    ["with a url that is null", { url: null }, body(`.url${expected("string", "null")}`)],
    ["with a url that is a number", { url: 7 }, body(`.url${expected("string", "number")}`)],
    ["with a url that is a list", { url: [source("x")] }, body(`.url${expected("string", "array")}`)],
    ["with a url that is an object", { url: { href: "x" } }, body(`.url${expected("string", "object")}`)],
    ["with a url in the wrong case", { URL: source("x") }, body(`.url${expected("string", "undefined")}`)],
    [
      "with the url on the prototype",
      `{"__proto__":{"url":"${source("x")}"}}`,
      body(`.url${expected("string", "undefined")}`),
    ],
    [
      "with a url named twice, the last a number",
      `{"url":"${source("x")}","url":7}`,
      body(`.url${expected("string", "number")}`),
    ],
    [
      "with a download_url that is a number",
      { url: source("x"), download_url: 7 },
      body(`.download_url${expected("string", "number")}`),
    ],
    [
      "with a download_url that is null",
      { url: source("x"), download_url: null },
      body(`.download_url${expected("string", "null")}`),
    ],
    ["with a name that is null", { url: source("x"), name: null }, body(`.name${expected("string", "null")}`)],
    ["with a name that is a number", { url: source("x"), name: 7 }, body(`.name${expected("string", "number")}`)],
    ["with a name that is a list", { url: source("x"), name: ["x"] }, body(`.name${expected("string", "array")}`)],
  ])("%s is 400", async (_, sent, detail) => {
    await refused("code", sent, 400, detail);
  });

  it.each([
    ["POST", "/artifact/code"],
    ["POST", "/artifacts"],
    ["POST", "/artifacts/delete"],
    ["POST", "/artifact/byRegEx"],
    ["POST", "/artifact/model/1/license-check"],
    ["PUT", "/artifacts/code/1"],
  ])("to %s %s is checked however it is labelled", async (method, path) => {
    for (const label of [
      "application/json;",
      "application/json ; charset=utf-8",
      "text/plain",
      "APPLICATION/JSON",
      "",
    ]) {
      const answer = await registry.call(method, path, '{"not":"it"}', { "Content-Type": label });
      expect([answer.status, Object.keys(answer.json as object)], label).toEqual([400, ["detail"]]);
    }
  });

  it("with keys that nobody asked for, or __proto__, pollutes nothing and registers what it says", async () => {
    const sent = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":"99","type":"model","url":"${source("x")}"}`;
    const answer = await registry.call("POST", "/artifact/code", sent);
    expect([answer.status, (answer.json as { metadata: unknown }).metadata]).toEqual([
      201,
      { name: "x.tar", id: "1", type: "code" },
    ]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a body that is nested", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  it.each([
    ["POST", "/artifact/code"],
    ["POST", "/artifacts"],
    ["POST", "/artifact/byRegEx"],
    ["PUT", "/artifacts/code/1"],
  ])("deeper than anything here is, to %s %s, is 400 before it is parsed", async (method, path) => {
    const parse = vi.spyOn(JSON, "parse");
    for (const sent of [nested(33), nested(32_000), `{"url":${'{"a":'.repeat(40)}1${"}".repeat(41)}`]) {
      const { status, text } = await registry.call(method, path, sent);
      expect([status, text]).toEqual([400, '{"detail":"Invalid request: body: nested too deeply."}']);
    }
    // the test reads the answers; nobody has parsed a body
    expect(parse.mock.calls.filter(([text]) => !text.startsWith('{"detail"'))).toEqual([]);
  });

  it("as deep as the bound, or with brackets in its strings, is read", async () => {
    const filler = `{"url":"${source("x")}","filler":${nested(31)},"more":"${"[".repeat(1000)}"}`;
    expect((await registry.call("POST", "/artifact/code", filler)).status).toBe(201);
  });
});

describe("a name", () => {
  it.each([
    ["empty", "", "must not be empty"],
    ["blank", " \t\r\n\u00a0\u2003\ufeff", "must not be empty"],
    ["the wildcard", "*", "`*` is reserved"],
    ["the wildcard with blanks", " * ", "`*` is reserved"],
    ["of 256 characters", "a".repeat(256), "must not be longer than 255 characters"],
    ["of 256 emoji", "😀".repeat(256), "must not be longer than 255 characters"],
    ["with NUL", "a\u0000b", "must not contain control characters"],
    ["with a line break", "a\r\nSet-Cookie: x", "must not contain control characters"],
    ["with DEL", "a\u007fb", "must not contain control characters"],
    ["with an escape", "\u001b[2J", "must not contain control characters"],
    ["with half a character", "a\ud83d", "must not contain control characters"],
    ["with the other half", "\ude00a", "must not contain control characters"],
  ])("%s is 400", async (_, name, detail) => {
    await refused("code", { url: source("x"), name }, 400, body(`.name: ${detail}`));
  });
});

describe("the size of a body", () => {
  const LIMIT = 64 * 1024;
  /** A good registration, filled up to so many bytes. */
  const filled = (bytes: number) => {
    const start = `{"url":"${source("x")}","filler":"`;
    return `${start}${"x".repeat(bytes - start.length - 2)}"}`;
  };
  const app = createApp();

  async function send(path: string, text: string, how: "counted" | "streamed", method = "POST"): Promise<Answer> {
    const execution = createExecutionContext();
    const bytes = new TextEncoder().encode(text);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 10_000) controller.enqueue(bytes.slice(at, at + 10_000));
        controller.close();
      },
    });
    const request = new Request(`https://registry.test${path}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(how === "counted" && { "Content-Length": `${bytes.length}` }),
      },
      body: how === "counted" ? bytes : stream,
    });
    const response = await app.fetch(request, registry.env, execution);
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    await waitOnExecutionContext(execution);
    return { ...answer, json: JSON.parse(answer.text) as unknown };
  }

  beforeEach(() => expect(filled(LIMIT)).toHaveLength(LIMIT));

  it.each(["counted", "streamed"] as const)("%s: 64 KiB is taken", async (how) => {
    expect((await send("/artifact/code", filled(LIMIT), how)).status).toBe(201);
  });

  it.each(["counted", "streamed"] as const)("%s: one byte more is 413 on every route with a body", async (how) => {
    for (const [method, path] of [
      ["POST", "/artifact/code"],
      ["POST", "/artifact/model"],
      ["POST", "/artifacts"],
      ["POST", "/artifacts/delete"],
      ["POST", "/artifact/byRegEx"],
      ["PUT", "/artifacts/code/1"],
      ["POST", "/artifact/model/1/license-check"],
    ] as const) {
      expect(seen(await send(path, filled(LIMIT + 1), how, method)), path).toEqual(TOO_LARGE);
    }
    expect(await world()).toEqual(NOTHING);
  });
});
