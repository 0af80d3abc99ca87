/** POST /artifacts: queries, union, pages. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";
import { insertArtifacts, refusal, seen, source, spansOf } from "./answers.ts";

const registry = createRegistry();
const BAD_BODY = refusal(
  400,
  'Invalid request: body: expected an array of {"name", "types"?} or {"queries": [...]}, with types of model, dataset, code',
);
const BAD_OFFSET = refusal(
  400,
  "Invalid request: query.offset: must be the value of a previous answer's offset header, or a 0-based index",
);

const list = (body: unknown, offset?: string) =>
  registry.call("POST", `/artifacts${offset === undefined ? "" : `?offset=${encodeURIComponent(offset)}`}`, body);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a list of few", () => {
  /** 1 code a, 2 dataset a, 3 code b, 4 dataset B, 5 model bert, 6 code "*a", 7 code " a" cannot be, so "a a". */
  const few = async () => {
    await registry.register("code", source(1), "a");
    await registry.register("dataset", source(2), "a");
    await registry.register("code", source(3), "b");
    await registry.register("dataset", source(4), "B");
    await registry.register("model", "google-bert/bert-base-uncased");
    await registry.register("code", source(6), "*a");
    await registry.register("code", source(7), "a a");
  };

  it.each<[string, unknown, string]>([
    ["nothing asked", [], "1-7"],
    ["no queries", { queries: [] }, "1-7"],
    ["every name", [{ name: "*" }], "1-7"],
    ["the empty name", [{ name: "" }], "1-7"],
    ["every name, in the other spelling", { queries: [{ name: "*" }] }, "1-7"],
    ["every name, no types", [{ name: "*", types: [] }], "1-7"],
    ["every name, all types", [{ name: "*", types: ["model", "dataset", "code"] }], "1-7"],
    ["every name, one type", [{ name: "*", types: ["dataset"] }], "2 4"],
    ["every name, two types, one named twice", [{ name: "*", types: ["model", "dataset", "model"] }], "2 4-5"],
    ["a name", [{ name: "a" }], "1-2"],
    ["a name, in the other spelling", { queries: [{ name: "a" }] }, "1-2"],
    ["a name, one type", [{ name: "a", types: ["dataset"] }], "2"],
    ["a name, no types", [{ name: "a", types: [] }], "1-2"],
    ["a name in the wrong case", [{ name: "A" }], ""],
    ["a name that is a part", [{ name: "bert" }], ""],
    ["a name with an asterisk", [{ name: "*a" }], "6"],
    ["a name with an asterisk behind", [{ name: "a*" }], ""],
    ["SQL's wildcards", [{ name: "%" }, { name: "_" }], ""],
    ["two names", [{ name: "b" }, { name: "a" }], "1-3"],
    ["the same name twice, and with types", [{ name: "a" }, { name: "a" }, { name: "a", types: ["code"] }], "1-2"],
    ["a name and every name of a type", [{ name: "b" }, { name: "*", types: ["dataset"] }], "2-4"],
    ["a name within every name of its type", [{ name: "a" }, { name: "*", types: ["code"] }], "1-3 6-7"],
    ["every name beside a name", [{ name: "nobody" }, { name: "*" }], "1-7"],
    [
      "types that add up to all",
      [
        { name: "*", types: ["code", "model"] },
        { name: "", types: ["dataset"] },
      ],
      "1-7",
    ],
    ["a name nobody has", [{ name: "nobody" }], ""],
    ["a name that is SQL", [{ name: "' OR 1=1 --" }], ""],
    ["keys that mean nothing", [{ name: "b", unknown: 1, __proto__: { name: "*" } }], "3"],
  ])("for %s", async (_, body, expected) => {
    await few();
    const answer = await list(body);
    expect([answer.status, spansOf(answer)]).toEqual([200, expected]);
    expect(answer.headers.get("offset")).toBeNull();
  });

  it("shows exactly name, id and type", async () => {
    await registry.register("dataset", source(1), "Ünï 😀");
    expect(seen(await list([]))).toEqual([200, [{ name: "Ünï 😀", id: "1", type: "dataset" }]]);
  });

  it.each<[string, unknown]>([
    ["an object without queries", {}],
    ["queries that are null", { queries: null }],
    ["queries that are one", { queries: { name: "*" } }],
    ["a bare query", { name: "*" }],
    ["null", "null"],
    ["a string", '"*"'],
    ["a number", "7"],
    ["a list of null", [null]],
    ["a list of names", ["*"]],
    ["a query without a name", [{ types: ["code"] }]],
    ["an empty query", [{}]],
    ["a name that is null", [{ name: null }]],
    ["a name that is a number", [{ name: 7 }]],
    ["an unknown type", [{ name: "*", types: ["models"] }]],
    ["a type in capitals", [{ name: "*", types: ["Model"] }]],
    ["types that are no list", [{ name: "*", types: "model" }]],
    ["types that are null", [{ name: "*", types: null }]],
    ["a type that is null", [{ name: "*", types: [null] }]],
    ["one bad among good", { queries: [{ name: "*" }, { name: "a", types: ["x"] }] }],
  ])("refuses %s", async (_, body) => {
    expect(seen(await list(body))).toEqual(BAD_BODY);
  });

  it.each([
    "-1",
    "after-",
    "after--1",
    "after-1x",
    "1.5",
    "1e3",
    "abc",
    "",
    " 1",
    "+1",
    "0x10",
    "1".repeat(16),
    "null",
    "offset-1000",
  ])("refuses the offset %j", async (offset) => {
    expect(seen(await list([], offset))).toEqual(BAD_OFFSET);
  });
});

describe("an index", () => {
  it.each([
    ["a list", "POST", "/artifacts"],
    ["a list by name", "GET", "/artifact/byName/x"],
  ])(
    "behind all that there can be is answered to %s with nothing, before the database is asked",
    async (_, method, path) => {
      const { env: watched, calls } = withFaults(env);
      const watching = createRegistry(watched);
      const at = (offset: string) =>
        watching.call(method, `${path}?offset=${offset}`, method === "GET" ? undefined : []);
      for (const index of ["100000001", "999999999999999"]) expect(seen(await at(index))).toEqual([200, []]);
      expect(calls()).toBe(0);
      expect(seen(await at("100000000"))).toEqual([200, []]);
      expect(calls()).toBe(1);
      expect(seen(await at("after-999999999999999"))).toEqual([200, []]);
    },
  );
});

describe("a list of more than a page", () => {
  it("of exactly 1000 is one page with no offset", async () => {
    await insertArtifacts(1000);
    const answer = await list([{ name: "*" }]);
    expect([spansOf(answer), answer.headers.get("offset")]).toEqual(["1-1000", null]);
  });

  it("goes on behind each page's offset, whatever is deleted in between, and ends", async () => {
    await insertArtifacts(2500);
    const first = await list([{ name: "*" }]);
    expect(spansOf(first)).toEqual("1-1000");
    await registry.call("POST", "/artifacts/delete", {
      ids: range(1, 900).map((id) => ({ type: "code", id: `${id}` })),
    });
    await registry.call("DELETE", "/artifacts/code/1000");
    const second = await list([{ name: "*" }], first.headers.get("offset") ?? "none");
    expect(spansOf(second)).toEqual("1001-2000");
    const third = await list([{ name: "*" }], second.headers.get("offset") ?? "none");
    expect([spansOf(third), third.headers.get("offset")]).toEqual(["2001-2500", null]);
  });

  it("is read by a 0-based index too, from anywhere and beyond the end", async () => {
    await insertArtifacts(1500);
    for (const [offset, expected] of [
      ["0", "1-1000"],
      ["1", "2-1001"],
      ["500", "501-1500"],
      ["1000", "1001-1500"],
      ["1499", "1500"],
      ["1500", ""],
      ["100000", ""],
      ["after-1499", "1500"],
      ["after-1500", ""],
      ["after-999999999999999", ""],
    ] as const) {
      const answer = await list([{ name: "*" }], offset);
      expect([answer.status, spansOf(answer)], offset).toEqual([200, expected]);
    }
    // the answer to an index is gone on with like any other
    const page = await list([{ name: "*" }], "1");
    expect(spansOf(await list([{ name: "*" }], page.headers.get("offset") ?? "none"))).toEqual("1002-1500");
  });

  it.each<[string, unknown]>([
    ["one type", [{ name: "*", types: ["dataset"] }]],
    ["one name", [{ name: "same", types: ["dataset"] }]],
    ["a type and a name that overlap", [{ name: "same" }, { name: "*", types: ["dataset"] }]],
  ])("pages %s without gap or repetition", async (_, body) => {
    await insertArtifacts(5, { type: "code" });
    await insertArtifacts(2100, { type: "dataset", name: "'same'" });
    await insertArtifacts(5, { type: "model" });
    const pages = [];
    for (let offset: string | null | undefined; offset !== null; ) {
      const answer = await list(body, offset);
      pages.push(spansOf(answer));
      offset = answer.headers.get("offset");
    }
    expect(pages).toEqual(["6-1005", "1006-2005", "2006-2105"]);
    expect(spansOf(await list(body, "2050"))).toEqual("2056-2105");
  });

  it("takes a thousand queries at once", async () => {
    await insertArtifacts(1500);
    const answer = await list(range(1, 1500).map((id) => ({ name: `item-${id}` })));
    expect(spansOf(answer)).toEqual("1-1000");
    expect(
      spansOf(
        await list(
          range(1, 1500).map((id) => ({ name: `item-${id}` })),
          "1000",
        ),
      ),
    ).toEqual("1001-1500");
  });
});
