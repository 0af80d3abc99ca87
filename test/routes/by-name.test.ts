/** GET /artifact/byName/{name}. */

import { describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";
import { insertArtifacts, refusal, seen, source, spansOf } from "./answers.ts";

const registry = createRegistry();
const byName = (written: string) => registry.call("GET", `/artifact/byName/${written}`);
const EMPTY = refusal(400, "The name must not be empty.");

describe("GET /artifact/byName/{name}", () => {
  const bert = { name: "bert-base-uncased", id: "1", type: "model" };
  const mine = { name: "My/Own 100%", id: "2", type: "model" };
  const twin = { name: "bert-base-uncased", id: "3", type: "code" };
  const some = async () => {
    await registry.register("model", "google-bert/bert-base-uncased");
    await registry.register("model", "google-bert/bert-base-uncased", "My/Own 100%");
    await registry.register("code", source("x"), "bert-base-uncased");
  };

  it.each<[string, unknown[]]>([
    ["bert-base-uncased", [bert, twin]],
    ["google-bert/bert-base-uncased", [bert, mine]],
    ["google-bert%2Fbert-base-uncased", [bert, mine]],
    ["google-bert%2fbert-base-uncased", [bert, mine]],
    ["%20bert-base-uncased%20", [bert, twin]],
    ["%09google-bert/bert-base-uncased%0A", [bert, mine]],
    ["My/Own%20100%25", [mine]],
    ["My%2FOwn%20100%25", [mine]],
    ["my/own%20100%25", []],
    ["Bert-base-uncased", []],
    ["Google-bert/bert-base-uncased", []],
    ["bert-base", []],
    ["bert", []],
    ["google-bert", []],
    ["google-bert//bert-base-uncased", []],
    ["google-bert/bert-base-uncased/", []],
    ["/google-bert/bert-base-uncased", []],
    ["google-bert%252Fbert-base-uncased", []],
    ["*", []],
    ["%25", []],
    ["bert_base_uncased", []],
    ["bert-base-uncased%00", []],
    ["'%20OR%201=1%20--", []],
    [encodeURIComponent(source("x")), [twin]],
    [source("x"), [twin]],
  ])("%s", async (written, expected) => {
    await some();
    expect(seen(await byName(written))).toEqual([200, expected]);
    expect(seen(await registry.call("GET", `/api/artifact/byName/${written}`))).toEqual([200, expected]);
  });

  it.each(["", "%20", "%20%09%0A", "?offset=0"])("refuses the empty name %j", async (written) => {
    expect(seen(await byName(written))).toEqual(EMPTY);
  });

  it.each([
    "Ünï 😀",
    "a?b#c&d=e",
    "a%2Fb",
    "a+b",
    "a;b:c@d",
    "quote\" and 'quote'",
    "back\\slash",
    "{id}",
    ":name",
    "delete",
    "line\u2028separator",
    "😀".repeat(255),
  ])("finds the name %j by its encoded spelling", async (name) => {
    await registry.register("code", source("x"), name);
    expect(seen(await byName(encodeURIComponent(name)))).toEqual([200, [{ name, id: "1", type: "code" }]]);
  });

  it("finds code by what it is called where it lives", async () => {
    await registry.register("code", "https://github.com/Acme-Labs/aster", "mine");
    expect((await byName("acme-labs/aster")).json).toEqual([{ name: "mine", id: "1", type: "code" }]);
  });

  it("shows an artifact once whose name is its source id", async () => {
    await registry.register("model", "google-bert/bert-base-uncased", "google-bert/bert-base-uncased");
    expect((await byName("google-bert/bert-base-uncased")).json).toHaveLength(1);
  });

  it("pages like a list, by cursor and by index", async () => {
    await insertArtifacts(1200, { name: "'same'" });
    const first = await byName("same");
    expect(spansOf(first)).toBe("1-1000");
    const rest = await byName(`same?offset=${first.headers.get("offset")}`);
    expect([spansOf(rest), rest.headers.get("offset")]).toEqual(["1001-1200", null]);
    expect(spansOf(await byName("same?offset=1199"))).toBe("1200");
  });

  it("refuses an offset that is none", async () => {
    expect(seen(await byName("x?offset=-1"))).toEqual(
      refusal(
        400,
        "Invalid request: query.offset: must be the value of a previous answer's offset header, or a 0-based index",
      ),
    );
  });
});
