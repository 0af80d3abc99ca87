/** Rating, gate and cost, from registration to answer. The metrics themselves are tested where they stand. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows } from "../harness.ts";
import { bundle, textOf } from "../zip/light-bundle.ts";
import { makeZip } from "../zip/make-zip.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";

const KEYS = [
  "name category net_score net_score_latency ramp_up_time ramp_up_time_latency bus_factor bus_factor_latency",
  "performance_claims performance_claims_latency license license_latency dataset_and_code_score",
  "dataset_and_code_score_latency dataset_quality dataset_quality_latency code_quality code_quality_latency",
  "reproducibility reproducibility_latency reviewedness reviewedness_latency tree_score tree_score_latency",
  "size_score size_score_latency",
]
  .join(" ")
  .split(" ");

async function nothingWasLeft(): Promise<void> {
  expect(await objectKeys()).toEqual([]);
  for (const table of ["artifacts", "uploads", "deletions", "audit", "ratings", "edges", "cards"]) {
    expect(await rows(`SELECT * FROM ${table}`), table).toEqual([]);
  }
}

describe("a rating", () => {
  it("has the 26 keys in their order, and says whose it is", async () => {
    const id = await registry.register("model", BERT, "my bert");
    const { status, json } = await registry.call("GET", `/artifact/model/${id}/rate`);
    expect(status).toBe(200);
    expect(KEYS).toHaveLength(26);
    expect(Object.keys(json as object)).toEqual([...KEYS, "pipeline_tag", "signals"]);
    expect(json).toMatchObject({
      name: "my bert",
      category: "model",
      license: 1,
      reviewedness: 0.94,
      signals: { code_link: 1, artifact_safety: 0.75, maturity: 1, openness: 0, license_text: 0 },
    });
  });

  it("with its explanation shows, for each metric, what it was made of and whence that came", async () => {
    const id = await registry.register("model", BERT);
    const { json } = await registry.call("GET", `/artifact/model/${id}/rate?explain=true`);
    const { evidence } = json as { evidence: Record<string, { version: number; sources: { url: string }[] }> };
    expect(Object.keys(evidence)).toHaveLength(18);
    expect(evidence["reviewedness"]).toMatchObject({
      available: true,
      inputs: { peer_of: "no GITHUB_TOKEN", community: 0.94, community_of: { downloads: 54783898 } },
    });
    expect(evidence["license"]?.sources.map((source) => source.url)).toEqual([
      `https://huggingface.co/api/models/${BERT}?blobs=true&securityStatus=true`,
    ]);
    expect(evidence["artifact_safety"]).toMatchObject({
      summary: "Files that may run code when loaded: pytorch_model.bin. The hub's scan: finished.",
      inputs: { scan: "finished" },
    });
  });

  it("is answered thirteen times at once, without asking upstream again", async () => {
    const id = await registry.register("model", BERT);
    const cut = createRegistry({ HF_ENDPOINT: "https://unreachable.test", GITHUB_API_URL: "https://unreachable.test" });
    const answers = await Promise.all(Array.from({ length: 13 }, () => cut.call("GET", `/artifact/model/${id}/rate`)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 13 }, () => 200));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
  });

  it("by an older algorithm is made again from the kept evidence, once", async () => {
    const id = await registry.register("model", BERT);
    const fresh = (await registry.call("GET", `/artifact/model/${id}/rate`)).json as { net_score: number };
    await env.DB.prepare(`UPDATE ratings SET algorithm = 'old', net = 0.1, rating = '{"net_score":0.1}'`).run();
    const cut = createRegistry({ HF_ENDPOINT: "https://unreachable.test" });
    const renewed = (await cut.call("GET", `/artifact/model/${id}/rate`)).json as { net_score: number };
    expect(renewed.net_score).toBe(fresh.net_score);
    expect(await rows("SELECT net FROM ratings WHERE algorithm <> 'old'")).toEqual([{ net: fresh.net_score }]);
  });

  it("whose kept evidence is of an older format says what only an update can renew, and is whole after one", async () => {
    const id = await registry.register("model", BERT, "it");
    const { entries } = await bundle();
    const evidence = JSON.parse(textOf(entries, "evidence.json")) as Record<string, Record<string, unknown>>;
    const { format: _, configs: __, ...old } = evidence;
    const record = old["record"]?.["value"] as Record<string, unknown>;
    delete record["created_at"];
    delete record["scan"];
    delete old["code"]?.["readme"];
    const zip = makeZip(
      entries.map(({ path, bytes }) => ({
        name: path,
        data: path === "evidence.json" ? JSON.stringify(old) : new Uint8Array(bytes),
      })),
    );
    await env.BUCKET.put(`artifacts/model/${id}.zip`, zip);
    await env.DB.prepare("UPDATE artifacts SET size = ?").bind(zip.length).run();
    await env.DB.prepare("UPDATE ratings SET algorithm = 'old'").run();
    const cut = createRegistry({ HF_ENDPOINT: "https://unreachable.test" });
    const renewed = await cut.call("GET", `/artifact/model/${id}/rate?explain=true`);
    expect(renewed.json).toMatchObject({
      awaiting_update: ["reproducibility", "reviewedness", "artifact_safety", "maturity"],
      signals: { code_link: 1, artifact_safety: 0.5 },
      evidence: { maturity: { available: false } },
    });
    expect((renewed.json as { signals: object }).signals).not.toHaveProperty("maturity");
    const body = { metadata: { name: "it", id, type: "model" }, data: { url: BERT } };
    expect((await registry.call("PUT", `/artifacts/model/${id}`, body)).status).toBe(200);
    const whole = (await registry.call("GET", `/artifact/model/${id}/rate`)).json;
    expect(whole).toMatchObject({ signals: { artifact_safety: 0.75, maturity: 1 } });
    expect(whole).not.toHaveProperty("awaiting_update");
  });

  it("is made again when its namespace becomes a trusted one, and when it ceases to be", async () => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    const id = await open.register("model", "acme-labs/lonely");
    const capOf = async (of: typeof open) => {
      const { json } = await of.call("GET", `/artifact/model/${id}/rate?explain=true`);
      const { evidence } = json as { evidence: { net_score: { inputs: { standing: { cap: number } } } } };
      return evidence.net_score.inputs.standing.cap;
    };
    const trusting = createRegistry({ TRUSTED_NAMESPACES: "openai, ACME-labs" });
    expect([await capOf(open), await capOf(trusting), await capOf(trusting), await capOf(open)]).toEqual([
      0.1, 1, 1, 0.1,
    ]);
  });

  it("is renewed by an update", async () => {
    const id = await registry.register("model", BERT, "it");
    const body = { metadata: { name: "it", id, type: "model" }, data: { url: "acme-labs/aster-chat" } };
    const before = (await registry.call("GET", `/artifact/model/${id}/rate`)).json;
    expect((await registry.call("PUT", `/artifacts/model/${id}`, body)).status).toBe(200);
    const after = (await registry.call("GET", `/artifact/model/${id}/rate`)).json;
    expect(after).toMatchObject({ name: "it" });
    expect(after).not.toEqual(before);
  });

  it("counts a registered parent by its rating, and shows the light score of one that is not registered", async () => {
    const treeOf = async (id: string) => {
      const { json } = await registry.call("GET", `/artifact/model/${id}/rate?explain=true`);
      const { evidence } = json as {
        evidence: { tree_score: { inputs: { ancestors: unknown[]; left_out: unknown[] } } };
      };
      return evidence.tree_score.inputs;
    };
    const parentOf = async (id: string) => (await treeOf(id)).ancestors;
    const orphan = await registry.register("model", "acme-labs/aster-chat", "before");
    expect(await treeOf(orphan)).toMatchObject({
      ancestors: [],
      left_out: [{ source: "acme-labs/aster-base", reason: "not registered", light_score: expect.any(Number) }],
    });
    await registry.register("model", "acme-labs/aster-base");
    const child = await registry.register("model", "acme-labs/aster-chat", "after");
    const [net] = await rows<{ net: number }>("SELECT net FROM ratings WHERE artifact_id = 2");
    expect(await parentOf(child)).toMatchObject([
      { source: "acme-labs/aster-base", depth: 1, from: "rating", score: net?.net },
    ]);
    // a net on another scale is not averaged
    await env.DB.prepare("UPDATE ratings SET algorithm = 'old' WHERE artifact_id = 2").run();
    const late = await registry.register("model", "acme-labs/aster-chat", "late");
    expect(await treeOf(late)).toMatchObject({
      ancestors: [],
      left_out: [{ source: "acme-labs/aster-base", reason: "rated by an older algorithm" }],
    });
  });

  it.each([
    ["the path of a dataset", "/artifact/dataset/1/rate", 400, "Rating is only supported for model artifacts."],
    ["an id that is no model", "/artifact/model/1/rate", 400, "Rating is only supported for model artifacts."],
    ["an unknown id", "/artifact/model/999/rate", 404, "Artifact does not exist."],
    ["an id that cannot be", "/artifact/model/a_b/rate", 400, "Invalid artifact ID 'a_b'."],
  ])("is refused for %s", async (_, path, status, detail) => {
    await registry.register("dataset", "https://files.example.org/d.csv");
    const answer = await registry.call("GET", path);
    expect([answer.status, answer.json]).toEqual([status, { detail }]);
  });

  it("that could not be computed is an error of its own, and does not keep the model out", async () => {
    // Everything beside the record fails: README and configuration, so that more than two metrics are unavailable.
    const open = createRegistry({ INGEST_GATE: "{}" });
    const id = await open.register("model", "hostile/readme-broken");
    const { status, json } = await open.call("GET", `/artifact/model/${id}/rate`);
    expect([status, json]).toEqual([
      500,
      { detail: "Internal rating error.", reason: expect.stringMatching(/ramp_up_time.* at most every 5 minutes/) },
    ]);
    expect((await open.call("GET", `/artifacts/model/${id}`)).status).toBe(200);
  });
});

describe("the gate", () => {
  it("keeps out what is not trusted enough, with the contract's text, and leaves nothing", async () => {
    const answer = await registry.call("POST", "/artifact/model", { url: "acme-labs/lonely" });
    const reason = expect.stringContaining("more downloads and likes");
    const failing = [{ metric: "reviewedness", score: 0.135, least: 0.5, reason }];
    expect([answer.status, answer.json]).toMatchObject([
      424,
      { detail: "Ingest rejected: reviewedness=0.14 < 0.50", failing },
    ]);
    await nothingWasLeft();
  });

  it("keeps out what the hub made a few days ago, and says from when on it is let in", async () => {
    const answer = await registry.call("POST", "/artifact/model", { url: "acme-labs/newborn" });
    expect([answer.status, answer.json]).toMatchObject([
      424,
      {
        detail: "Ingest rejected: created 0.0 days ago < 7 days",
        failing: [
          { metric: "age_days", score: 0, least: 7, reason: expect.stringContaining("from 2999-01-08T00:00:00.000Z") },
        ],
      },
    ]);
    await nothingWasLeft();
    for (const exempt of [{ MIN_AGE_DAYS: "0" }, { TRUSTED_NAMESPACES: "acme-labs" }]) {
      expect((await createRegistry(exempt).call("POST", "/artifact/model", { url: "acme-labs/newborn" })).status).toBe(
        201,
      );
      await registry.call("DELETE", "/reset");
    }
    expect(
      (
        await createRegistry({ TRUSTED_NAMESPACES: "acme" }).call("POST", "/artifact/model", {
          url: "acme-labs/newborn",
        })
      ).status,
    ).toBe(424);
  });

  it("does not replace a version by one that is too young", async () => {
    const id = await registry.register("model", BERT, "it");
    const body = { metadata: { name: "it", id, type: "model" }, data: { url: "acme-labs/newborn" } };
    expect((await registry.call("PUT", `/artifacts/model/${id}`, body)).status).toBe(424);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("can ask for signals, as the strict one does", async () => {
    const strict = createRegistry({ INGEST_GATE: '{"reviewedness":0.5,"artifact_safety":0.5,"maturity":0.25}' });
    const answer = await strict.call("POST", "/artifact/model", { url: "acme-labs/flagged" });
    expect(answer.json).toMatchObject({ detail: "Ingest rejected: artifact_safety=0.00 < 0.50" });
    expect((await strict.call("POST", "/artifact/model", { url: BERT })).status).toBe(201);
  });

  it("names every failing metric", async () => {
    const strict = createRegistry({ INGEST_GATE: '{"license":0.9,"reviewedness":0.5,"ramp_up_time":0}' });
    const answer = await strict.call("POST", "/artifact/model", { url: "acme-labs/lonely" });
    expect(answer.json).toMatchObject({
      detail: "Ingest rejected: license=0.00 < 0.90; reviewedness=0.14 < 0.50",
      failing: [
        { metric: "license", score: 0, least: 0.9 },
        { metric: "reviewedness", score: 0.135, least: 0.5 },
      ],
    });
  });

  it("opened lets all in, and is not for datasets and code", async () => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    expect((await open.call("POST", "/artifact/model", { url: "acme-labs/lonely" })).status).toBe(201);
    const strict = createRegistry({ INGEST_GATE: '{"reviewedness":1}' });
    expect((await strict.call("POST", "/artifact/code", { url: "https://github.com/acme-labs/aster" })).status).toBe(
      201,
    );
  });

  it("on an update leaves the old version whole", async () => {
    const id = await registry.register("model", BERT, "it");
    const before = await rows("SELECT * FROM artifacts");
    const body = { metadata: { name: "it", id, type: "model" }, data: { url: "acme-labs/lonely" } };
    expect((await registry.call("PUT", `/artifacts/model/${id}`, body)).status).toBe(424);
    expect(await rows("SELECT * FROM artifacts")).toEqual(before);
    expect((await registry.call("GET", `/artifact/model/${id}/rate`)).status).toBe(200);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("leaves nothing behind, whichever call to the database fails on the way", async () => {
    for (let call = 0, fired = true; fired; call += 1) {
      const faulty = withFaults(env, { call, when: "before", extent: "once" });
      const answer = await createRegistry(faulty.env).call("POST", "/artifact/model", { url: "acme-labs/lonely" });
      fired = faulty.calls() > call;
      expect(answer.status).toBe(fired ? 500 : 424);
      await nothingWasLeft();
    }
  });

  it("that is no JSON, no table of numbers, or about a metric that does not exist, stops everything and says which variable", async () => {
    const errors: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void errors.push(line));
    for (const INGEST_GATE of ["{", '{"reviewedness":"high"}', '{"review":0.5}']) {
      expect((await createRegistry({ INGEST_GATE }).call("GET", "/artifacts/model/1")).status).toBe(500);
    }
    expect(errors.map((line) => line.includes("INGEST_GATE"))).toEqual([true, true, true]);
    for (const [name, value] of [
      ["MIN_AGE_DAYS", "a week"],
      ["MIN_AGE_DAYS", "-1"],
      ["TRUSTED_NAMESPACES", "openai/whisper"],
    ] as const) {
      errors.length = 0;
      expect((await createRegistry({ [name]: value }).call("GET", "/artifacts/model/1")).status).toBe(500);
      expect(errors[0], name).toContain(name);
    }
  });
});

describe("a registration that prefers an answer at once", () => {
  const later = { Prefer: "respond-async" };

  it("is 202 with an id, and there once it is rated", async () => {
    const answer = await registry.call("POST", "/artifact/model", { url: BERT }, later);
    expect([answer.status, answer.json]).toEqual([202, { name: "bert-base-uncased", id: "1", type: "model" }]);
    expect((await registry.call("GET", "/artifacts/model/1")).status).toBe(200);
    expect((await registry.call("GET", "/artifact/model/1/rate")).status).toBe(200);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("shows nothing before it is rated", async () => {
    const answer = registry.call("POST", "/artifact/model", { url: "hostile/silent" }, later);
    for (let asked = 0; asked < 50 && (await rows("SELECT id FROM uploads")).length === 0; asked += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const path of ["/artifacts/model/1", "/artifact/model/1/rate", "/artifact/model/1/lineage"]) {
      expect((await registry.call("GET", path)).status).toBe(404);
    }
    expect((await registry.call("POST", "/artifacts", [])).json).toEqual([]);
    expect((await registry.call("DELETE", "/artifacts/model/1")).status).toBe(404);
    expect((await answer).status).toBe(202);
  });

  it.each(["acme-labs/lonely", "acme-labs/does-not-exist", "hostile/broken"])("of %s disappears", async (url) => {
    expect((await registry.call("POST", "/artifact/model", { url }, later)).status).toBe(202);
    expect((await registry.call("GET", "/artifacts/model/1")).status).toBe(404);
    expect(await rows("SELECT * FROM uploads")).toEqual([]);
    expect(await objectKeys()).toEqual([]);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("still refuses what is wrong from the start", async () => {
    await registry.register("model", BERT);
    expect((await registry.call("POST", "/artifact/model", { url: BERT }, later)).status).toBe(409);
    expect((await registry.call("POST", "/artifact/model", { url: "http://x" }, later)).status).toBe(400);
  });
});

describe("the cost", () => {
  it("alone is what upstream says in megabytes, twice", async () => {
    const id = await registry.register("model", BERT);
    const { json } = await registry.call("GET", `/artifact/model/${id}/cost`);
    const [row] = await rows<{ upstream_size: number }>("SELECT upstream_size FROM artifacts");
    const megabytes = Math.round((row?.upstream_size ?? 0) / 1000) / 1000;
    expect(megabytes).toBeGreaterThan(800);
    expect(json).toEqual({ [id]: { standalone_cost: megabytes, total_cost: megabytes } });
  });

  it("of what upstream says nothing of is the size of its zip", async () => {
    const id = await registry.register("code", "https://files.example.org/a.tar");
    const [row] = await rows<{ size: number }>("SELECT size FROM artifacts");
    const { json } = await registry.call("GET", `/artifact/code/${id}/cost`);
    expect(json).toMatchObject({ [id]: { total_cost: Math.round((row?.size ?? 0) / 1000) / 1000 } });
  });

  it("with dependencies counts each once, over a diamond and over models, datasets and code", async () => {
    await registry.register("dataset", "https://huggingface.co/datasets/acme-labs/field-notes");
    await registry.register("code", "https://github.com/acme-labs/aster");
    for (const name of ["base", "chat", "code", "blend"]) await registry.register("model", `acme-labs/aster-${name}`);
    const sizes = await rows<{ id: number; upstream_size: number | null; size: number }>(
      "SELECT id, upstream_size, size FROM artifacts",
    );
    const bytes = new Map(sizes.map((row) => [row.id, row.upstream_size ?? row.size]));
    const sum = (...ids: number[]) =>
      Math.round(ids.reduce((total, id) => total + (bytes.get(id) ?? 0), 0) / 1000) / 1000;
    const { json } = await registry.call("GET", "/artifact/model/6/cost?dependency=true");
    const table = json as Record<string, { standalone_cost: number; total_cost: number }>;
    expect(Object.keys(table).sort()).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(table["6"]).toEqual({ standalone_cost: sum(6), total_cost: sum(1, 2, 3, 4, 5, 6) });
    expect(table["4"]).toEqual({ standalone_cost: sum(4), total_cost: sum(1, 2, 3, 4) });
    expect(table["1"]).toEqual({ standalone_cost: sum(1), total_cost: sum(1) });
  });

  it("in dollars says what keeping it costs in a month", async () => {
    const id = await registry.register("model", BERT);
    const { json } = await registry.call("GET", `/artifact/model/${id}/cost?currency=usd`);
    const cost = (json as Record<string, { total_cost: number; estimated_monthly_usd: number }>)[id];
    expect(cost?.estimated_monthly_usd).toBeCloseTo(((cost?.total_cost ?? 0) / 1000) * 0.015, 5);
  });

  it("refuses a flag that is neither true nor false", async () => {
    const id = await registry.register("code", "https://files.example.org/a.tar");
    expect((await registry.call("GET", `/artifact/code/${id}/cost?dependency=maybe`)).status).toBe(400);
  });
});
