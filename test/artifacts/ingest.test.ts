/** Ingest against the offline hub: what is kept of a source, what is refused, and that a refusal leaves nothing. */

import { describe, expect, it } from "vitest";
import { UPSTREAM_TIMEOUT_MS } from "../../src/limits.ts";
import { createRegistry, objectKeys, rows } from "../harness.ts";
import { outboundRequests } from "../lib/outbound.ts";
import { ALREADY_EXISTS, artifactIn, NOTHING, refusal, seen, world } from "../routes/answers.ts";
import { bundle, manifestIn } from "../zip/light-bundle.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";
const NOT_FOUND = refusal(424, "Ingest rejected: model not found on Hugging Face.");
const UPSTREAM = [
  502,
  { detail: "Unable to fetch model metadata.", reason: expect.stringContaining("huggingface.co") },
];

const register = (type: string, url: string, of = registry) => of.call("POST", `/artifact/${type}`, { url });
describe("what is known of a model afterwards", () => {
  it("is its present id, under whichever it was asked for", async () => {
    expect((await register("model", "aurora-small")).status).toBe(201);
    const [row] = await rows("SELECT name, url, source, source_key, revision, license, upstream_size FROM artifacts");
    expect(row).toMatchObject({ name: "aurora-small", url: "aurora-small", license: '["gpl-3.0"]' });
    expect(row).toMatchObject({ source: "polaris-ai/aurora-small", source_key: "polaris-ai/aurora-small" });
    expect(seen(await register("model", "polaris-ai/aurora-small"))).toEqual(ALREADY_EXISTS);
    expect(seen(await register("model", "https://hf.co/aurora-small"))).toEqual(ALREADY_EXISTS);
    expect(await rows("SELECT reason, finished_at IS NULL AS open FROM deletions")).not.toContainEqual({
      reason: "deleted",
      open: 0,
    });
    expect(await objectKeys()).toEqual(["artifacts/model/1.zip"]);
  });

  it.each([
    ["acme-labs/aster-base", []],
    ["acme-labs/aster-chat", [["acme-labs/aster-base", "finetune", "hf_tag"]]],
    ["acme-labs/aster-code", [["acme-labs/aster-base", "finetune", "model_card"]]],
    ["acme-labs/aster-mini", [["acme-labs/aster-base", null, "config_json"]]],
    [
      "acme-labs/aster-blend",
      [
        ["acme-labs/aster-chat", "merge", "model_card"],
        ["acme-labs/aster-code", "merge", "model_card"],
      ],
    ],
    ["acme-labs/aster-chat-gguf", [["acme-labs/aster-chat", "quantized", "model_card"]]],
    ["acme-labs/aster-chat-lora", [["acme-labs/aster-chat", "adapter", "adapter_config"]]],
    [
      "borealis-lab/duo-merge",
      [
        ["elsewhere/lost-model", "merge", "model_card"],
        [BERT, "merge", "model_card"],
      ],
    ],
  ])("are the parents of %s, as edges that say where they were read", async (url, parents) => {
    await register("model", url);
    const edges = await rows(
      "SELECT parent_source, parent_key, relation, detail, read_from FROM edges WHERE parent_type = 'model' ORDER BY 1",
    );
    expect(edges).toEqual(
      parents.map(([parent_source, detail, read_from]) => ({
        parent_source,
        parent_key: parent_source?.toLowerCase(),
        relation: "base_model",
        detail,
        read_from,
      })),
    );
  });

  it("is its card's text without front matter, for search, and its size upstream", async () => {
    await register("model", "acme-labs/aster-base");
    const [card] = await rows<{ text: string }>("SELECT text FROM cards");
    expect(card?.text).toMatch(/^\s*# acme-labs\/aster-base\n/);
    expect(card?.text).not.toContain("license: mit");
    const [row] = await rows<{ upstream_size: number }>("SELECT upstream_size FROM artifacts");
    expect(row?.upstream_size).toBeGreaterThan(2_400_000_000);
    expect(row?.upstream_size).toBeLessThan(2_400_100_000);
  });
});

describe("a model that cannot be had", () => {
  it.each([
    ["acme-labs/does-not-exist", NOT_FOUND],
    ["no-such-model", NOT_FOUND],
    ["acme-labs/inner-circle", NOT_FOUND],
    ["acme-labs/sealed-gate", [424, { ...NOT_FOUND[1], reason: expect.stringContaining("HF_TOKEN") }]],
    ["hostile/not-json", UPSTREAM],
    ["hostile/empty", UPSTREAM],
    ["hostile/html", UPSTREAM],
    ["hostile/wrong-shape", UPSTREAM],
    ["hostile/wrong-siblings", UPSTREAM],
    ["hostile/huge", UPSTREAM],
    ["hostile/redirect-metadata", UPSTREAM],
    ["hostile/redirect-loopback", UPSTREAM],
    ["hostile/redirect-loop", UPSTREAM],
    ["hostile/broken", UPSTREAM],
    ["hostile/unavailable", UPSTREAM],
    ["hostile/rate-limited", UPSTREAM],
  ])("%s is refused, and leaves nothing in database and bucket", async (url, expected) => {
    expect(seen(await register("model", url))).toEqual(expected);
    expect(await world()).toEqual(NOTHING);
    expect(outboundRequests().length).toBeLessThanOrEqual(4); // one, and a loop's three hops
    expect(
      outboundRequests().filter((request) => !request.startsWith("GET https://huggingface.co/api/models/")),
    ).toEqual([]);
  });

  it("for a token that the hub does not know is the deployment's fault: 502", async () => {
    const stranger = createRegistry({ HF_TOKEN: "expired" });
    expect(seen(await register("model", BERT, stranger))).toEqual(UPSTREAM);
    expect(await world()).toEqual(NOTHING);
  });

  it("in time is 502 soon after the time-out, and leaves nothing; a file that does not come is only left out", async () => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    const began = Date.now();
    const [config, readme, ...failed] = await Promise.all(
      ["config-silent", "readme-half", "silent", "never-ending", "half"].map((name) =>
        register("model", `hostile/${name}`, open),
      ),
    );
    const took = Date.now() - began;
    expect(failed.map(seen)).toEqual([UPSTREAM, UPSTREAM, UPSTREAM]);
    expect(took).toBeGreaterThanOrEqual(UPSTREAM_TIMEOUT_MS - 100);
    expect(took).toBeLessThan(2 * UPSTREAM_TIMEOUT_MS);
    expect(await objectKeys()).toHaveLength(2);
    expect(await rows("SELECT id FROM uploads UNION ALL SELECT artifact_id FROM deletions")).toEqual([]);
    for (const [answer, path] of [
      [config, "config.json"],
      [readme, "README.md"],
    ] as const) {
      expect(answer?.status, path).toBe(201);
      const { id = "none" } = answer ? artifactIn(answer).metadata : {};
      const { left_out } = manifestIn((await bundle(`artifacts/model/${id}.zip`)).entries);
      expect(left_out).toEqual([
        { path, reason: expect.stringMatching(/^GET huggingface\.co\/.* (took longer|failed)/) },
      ]);
    }
  });

  it.each(["readme-broken", "config-not-json", "config-huge", "config-redirect-metadata"])(
    "is not what hostile/%s is: its record came, so it is 201 without the file",
    async (name) => {
      const open = createRegistry({ INGEST_GATE: "{}" });
      expect((await register("model", `hostile/${name}`, open)).status).toBe(201);
      const { entries } = await bundle();
      const lost = name.startsWith("readme") ? "README.md" : "config.json";
      // a file that came but says nothing sensible is kept as it came
      expect(entries.some(({ path }) => path === lost)).toBe(name === "config-not-json");
      expect(await objectKeys()).toHaveLength(1);
    },
  );
});

describe("a dataset, or code", () => {
  it.each([
    ["dataset", "https://huggingface.co/datasets/acme-labs/open-atlas", "acme-labs/open-atlas", '["cc-by-sa-3.0"]'],
    ["dataset", "https://huggingface.co/datasets/wikipedia", "acme-labs/open-atlas", '["cc-by-sa-3.0"]'],
    ["code", "https://github.com/ACME-labs/Aster", "acme-labs/aster", '["MIT"]'],
    ["code", "https://gitlab.com/acme-labs/tools/garden", "https://gitlab.com/acme-labs/tools/garden", '["mit"]'],
  ])("%s %s is known by its present name, licence and README", async (type, url, source, license) => {
    expect((await register(type, url)).status).toBe(201);
    expect(await rows("SELECT source, license FROM artifacts")).toEqual([{ source, license }]);
    const { entries } = await bundle();
    expect(entries.map(({ path }) => path)).toContain("README.md");
    expect((await rows<{ text: string }>("SELECT text FROM cards"))[0]?.text).toMatch(/^\s*# /);
  });

  it.each([
    ["dataset", "https://huggingface.co/datasets/hostile/broken"],
    ["dataset", "https://huggingface.co/datasets/hostile/not-json"],
    ["dataset", "https://huggingface.co/datasets/hostile/redirect-metadata"],
    ["code", "https://github.com/hostile/rate-limited"],
    ["code", "https://github.com/hostile/redirect-loopback"],
    ["code", "https://unreachable.example.org/thing.tar.gz"],
    ["dataset", "https://unreachable.example.org/thing.parquet"],
  ])("%s %s, which cannot be reached, is registered all the same, with what is known", async (type, url) => {
    const answer = await register(type, url);
    expect([answer.status, artifactIn(answer).data.url]).toEqual([201, url]);
    const { entries } = await bundle();
    expect(entries.map(({ path }) => path)).toEqual(["manifest.json", "evidence.json"]);
    expect(manifestIn(entries)).toMatchObject({ type, url });
  });

  it("of a stranger's host is asked for its head alone, once", async () => {
    await register("code", "https://files.example.org/x.tar?token=1#part");
    expect(outboundRequests()).toEqual(["HEAD https://files.example.org/x.tar"]);
  });
});

describe("what goes out", () => {
  it("for a model is the hub's and its code's, and each thing once", async () => {
    await register("model", BERT);
    expect(new Set(outboundRequests()).size).toBe(outboundRequests().length);
    expect(outboundRequests().length).toBeLessThanOrEqual(50);
    expect(new Set(outboundRequests().map((request) => new URL(request.split(" ")[1] ?? "").host))).toEqual(
      new Set(["huggingface.co", "api.github.com"]),
    );
  });

  it("for what is refused by its spelling, or registered already, is nothing, or nothing that is waited for", async () => {
    for (const url of ["a/b/c", "https://127.0.0.1/x", "http://huggingface.co/a/b", "https://user@hf.co/a/b"]) {
      expect((await register("model", url)).status).toBe(400);
    }
    expect(outboundRequests()).toEqual([]);
  });
});
