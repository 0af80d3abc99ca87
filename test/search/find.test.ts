import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/context.ts";
import { readCursor } from "../../src/lib/paging.ts";
import { PAGE_SIZE, SEARCH_MAX_STEPS } from "../../src/limits.ts";
import { findByPattern } from "../../src/search/find.ts";
import { compilePattern, type Pattern } from "../../src/search/pattern.ts";
import { createRegistry, rows } from "../harness.ts";

const registry = createRegistry();

interface Document {
  name: string;
  source: string;
  text: string;
}

/** Artifacts with these names and cards, by SQL: ids 1, 2, 3 … in this order. */
async function seed(documents: readonly Document[]): Promise<void> {
  for (let from = 0; from < documents.length; from += 500) {
    const list = JSON.stringify(
      documents.slice(from, from + 500).map((doc, index) => ({ ...doc, id: from + index + 1 })),
    );
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
         SELECT value ->> 'id', 'model', value ->> 'name', '', value ->> 'source', value ->> 'id', value ->> 'id', 1, '', 1, 0, 0
         FROM json_each(?1)`,
      ).bind(list),
      env.DB.prepare("INSERT INTO cards SELECT value ->> 'id', value ->> 'text' FROM json_each(?1)").bind(list),
      env.DB.prepare(
        `INSERT INTO search (rowid, body)
         SELECT a.id, a.name || char(10) || a.source || char(10) || c.text
         FROM json_each(?1) AS l JOIN artifacts AS a ON a.id = l.value ->> 'id' JOIN cards AS c ON c.artifact_id = a.id`,
      ).bind(list),
    ]);
  }
}

/** All ids that a pattern finds, following the cursors; and in how many pages. */
async function findAll(regex: string): Promise<{ ids: number[]; pages: number }> {
  const ids: number[] = [];
  let offset = "";
  for (let pages = 1; ; pages += 1) {
    const answer = await registry.call("POST", `/artifact/byRegEx${offset}`, { regex });
    if (answer.status === 404) return { ids, pages };
    expect(answer.status, answer.text).toBe(200);
    ids.push(...(answer.json as { id: string }[]).map((item) => Number(item.id)));
    const next = answer.headers.get("offset");
    if (next === null) return { ids, pages };
    offset = `?offset=${next}`;
  }
}
const doc = (name: string, text = "", source = `acme/${name}`): Document => ({ name, source, text });
/** A small generator of numbers, the same at every run (mulberry32). */
function random(seedOf: number): (below: number) => number {
  let state = seedOf;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

describe("a search by pattern", () => {
  it.each([
    ["part of a name", "ert-b", [1]],
    ["a name from end to end", "^bert-base$", [1]],
    ["a source", "^Acme/Owl$", [2]],
    ["a card", "night vision", [2]],
    ["a line of a card", "^second line$", [3]],
    ["the case as it is written", "BERT", []],
    ["any case if asked", "(?i)BERT", [1]],
    ["one of several", "(bert-base|night vision)", [1, 2]],
    ["too little for the index", "^o", [2]],
    ["everything", ".*", [1, 2, 3]],
    ["nothing that is there", "zebra", []],
    ["not over the end of a line", "first.*second", []],
  ])("finds %s", async (_, regex, expected) => {
    await seed([
      doc("bert-base"),
      doc("owl", "It has night vision.", "Acme/Owl"),
      doc("third", "first line\nsecond line\nlast"),
    ]);
    expect((await findAll(regex)).ids).toEqual(expected);
  });

  it("says so when there is no match, and when the pattern cannot be used", async () => {
    const none = await registry.call("POST", "/artifact/byRegEx", { regex: "x" });
    expect([none.status, none.json]).toEqual([404, { detail: "No artifact found under this regex." }]);
    for (const regex of ["(a+)+$", "(a|aa)*$", "(a{1,99999}){1,99999}$", "(?=a)", "(a)\\1", "["]) {
      const refused = await registry.call("POST", "/artifact/byRegEx", { regex });
      expect([refused.status, refused.json], regex).toEqual([
        400,
        { detail: "Invalid regular expression.", reason: expect.stringMatching(/\w/) },
      ]);
    }
    for (const body of [{}, { regex: 7 }, { regex: null }, []]) {
      expect((await registry.call("POST", "/artifact/byRegEx", body)).status).toBe(400);
    }
  });

  it("finds what was registered, by its card without the front matter, and not after its delete", async () => {
    const id = await registry.register("model", "google-bert/bert-base-uncased");
    const find = async (regex: string) => (await registry.call("POST", "/api/artifact/byRegEx", { regex })).json;
    expect(await find("bert-base-uncased")).toEqual([{ name: "bert-base-uncased", id, type: "model" }]);
    expect(await find("AutoModel")).toHaveLength(1);
    expect(await find("^license: apache")).toEqual({ detail: "No artifact found under this regex." });
    await registry.call("DELETE", `/artifacts/model/${id}`);
    expect(await find("bert")).toEqual({ detail: "No artifact found under this regex." });
    expect(await rows(`SELECT rowid FROM search WHERE search MATCH '"ber"'`)).toEqual([]);
  });

  it("finds the new content after an update, and no more the old", async () => {
    const id = await registry.register("model", "google-bert/bert-base-uncased", "it");
    const body = { metadata: { name: "it", id, type: "model" }, data: { url: "acme-labs/aster-chat" } };
    expect((await registry.call("PUT", `/artifacts/model/${id}`, body)).status).toBe(200);
    expect((await findAll("google-bert")).ids).toEqual([]);
    expect((await findAll("aster-chat")).ids).toEqual([Number(id)]);
  });

  it("gives a thousand at a time, in order, by cursor or by index", async () => {
    await seed(Array.from({ length: 2100 }, (_, index) => doc(`owl-${index}`)));
    const { ids, pages } = await findAll("owl");
    expect(ids).toEqual(Array.from({ length: 2100 }, (_, index) => index + 1));
    expect(pages).toBe(3);
    const second = await registry.call("POST", "/artifact/byRegEx?offset=1000", { regex: "owl" });
    expect((second.json as { id: string }[])[0]?.id).toBe("1001");
    expect(second.headers.get("offset")).toBe("after-2000");
  });

  it("that reads many cards in vain ends early with a cursor, and misses nothing", async () => {
    const many = Array.from({ length: 4500 }, (_, index) => doc(`n-${index}`, index === 4321 ? "x9x" : "y"));
    await seed(many);
    const first = await registry.call("POST", "/artifact/byRegEx", { regex: "x\\dx" });
    expect([first.status, first.json]).toEqual([200, []]);
    expect(first.headers.get("offset")).toMatch(/^after-\d+$/);
    expect((await findAll("x\\dx")).ids).toEqual([4322]);
    expect((await registry.call("POST", "/artifact/byRegEx?offset=1", { regex: "x\\dx" })).status).toBe(400);
    expect((await registry.call("POST", "/artifact/byRegEx?offset=10001", { regex: "." })).status).toBe(400);
    const end = await registry.call("POST", "/artifact/byRegEx?offset=after-4400", { regex: "x\\dx" });
    expect([end.status, end.json]).toEqual([200, []]);
  });

  it.each([
    ["large cards", doc("n", "y".repeat(64 * 1024)), 2],
    ["long sources", doc("n", "y", `https://example.org/${"y".repeat(2000)}`), 2],
  ])("that is dear stops within its budget, also among %s, and misses nothing", async (_, one, least) => {
    const last = { ...one, text: one.text.replace(/.$/, "z") };
    await seed(Array.from({ length: 60 }, (_, index) => (index === 57 ? last : { ...one, name: `n-${index}` })));
    const ctx = createContext(env, { actor: { kind: "anonymous" }, requestId: "test", waitUntil: () => {} });
    let steps = 0;
    const DEAR = 80;
    const dear: Pattern = {
      index: undefined,
      most: (length) => length * DEAR,
      test: (text, meter) => {
        steps += text.length * DEAR;
        meter.steps -= text.length * DEAR;
        return text.endsWith("z");
      },
    };
    const found: number[] = [];
    let requests = 0;
    for (let after: number | undefined = 0; after !== undefined; requests += 1) {
      steps = 0;
      const { rows: page, next } = await findByPattern(ctx, dear, after, PAGE_SIZE);
      found.push(...page.map(({ id }) => id));
      // The first text may take more than there is; no other one is begun that could.
      expect(steps).toBeLessThanOrEqual(Math.max(SEARCH_MAX_STEPS, 2 * 65_536 * DEAR));
      after = next === undefined ? undefined : readCursor(next);
    }
    expect(found).toEqual([58]);
    expect(requests).toBeGreaterThan(least);
  });

  it("finds, for 2,000 random patterns over 2,000 documents, exactly what the engine finds without an index", async () => {
    const pick = random(20261103);
    const words =
      "bert base uncased whisper tiny großes Modell tokenizer ab abc aab ba k S ſ K 日本語 x1 -- . + café".split(" ");
    const word = () => words[pick(words.length)] ?? "";
    const documents = Array.from({ length: 2000 }, () =>
      doc(
        Array.from({ length: 1 + pick(3) }, word).join("-"),
        Array.from({ length: pick(8) }, () => word() + (pick(5) === 0 ? "\n" : " ")).join(""),
        `${word()}/${word()}`,
      ),
    );
    await seed(documents);
    const quote = (text: string) => text.replace(/[.+*?^$()[\]{}|\\]/g, "\\$&");
    const piece = (depth: number): string => {
      switch (pick(depth > 0 ? 11 : 6)) {
        case 0:
        case 1:
          return quote(word());
        case 2:
          return quote(word().slice(pick(2), 2 + pick(4)));
        case 3:
          return [".", "\\w", "\\d", "[a-c]", "[^a]", "\\s", "\\pL"][pick(7)] ?? ".";
        case 4:
          return ["^", "$", "\\b", ".*", ".+", ".?"][pick(6)] ?? "";
        case 5:
          return `${quote(word())}${["?", "*", "+", "{2}", "{0,2}"][pick(5)]}`;
        case 6:
        case 7:
          return `(${piece(depth - 1)}|${piece(depth - 1)})`;
        case 8:
          return `(?:${piece(depth - 1)})${["?", "*", "+", "{1,2}"][pick(4)]}`;
        case 9:
          return `(?i:${piece(depth - 1)})`;
        default:
          return piece(depth - 1) + piece(depth - 1);
      }
    };
    let indexed = 0;
    let compared = 0;
    for (let tries = 0; compared < 2000; tries += 1) {
      expect(tries).toBeLessThan(20_000);
      const regex = (pick(6) === 0 ? "(?i)" : "") + piece(3) + (pick(2) === 0 ? piece(2) : "");
      let pattern: ReturnType<typeof compilePattern>;
      try {
        pattern = compilePattern(regex);
      } catch {
        continue; // refused: nothing to compare
      }
      compared += 1;
      if (pattern.index !== undefined) indexed += 1;
      else if (compared % 4 !== 0) continue; // without an index both sides are the same walk: a part of them will do
      const expected = documents.flatMap(({ name, source, text }, index) =>
        [name, source, text].some((part) => pattern.test(part, { steps: 0 })) ? [index + 1] : [],
      );
      expect((await findAll(regex)).ids, regex).toEqual(expected);
    }
    expect(indexed).toBeGreaterThan(600);
  }, 600_000);
});
