/** GET /artifacts/{type}/{id}/summary: one artifact at a glance, its mirror with it. */

import { beforeEach, describe, expect, it } from "vitest";
import { createMirroringRegistry, mirror } from "../artifacts/mirroring.ts";
import { createRegistry, rows } from "../harness.ts";
import { NO_ARTIFACT, nullsIn, seen, source } from "./answers.ts";
import { reserveId, uploadOne } from "./uploading.ts";

let registry = createMirroringRegistry({ INGEST_GATE: "{}" });
// What was started in one test is not known in the next.
beforeEach(() => {
  registry = createMirroringRegistry({ INGEST_GATE: "{}" });
});
const summaryOf = (type: string, id: string, of = registry) => of.call("GET", `/artifacts/${type}/${id}/summary`);
interface Mirror {
  state: string;
  error?: string;
  remedy?: string;
}
const mirrorIn = ({ json }: { json: unknown }) => (json as { mirror?: Mirror }).mirror;

async function registerMirrored(type: string, url: string, of = registry): Promise<string> {
  const answer = await of.call("POST", `/artifact/${type}`, { url, mirror: "full" });
  expect(answer.status, answer.text).toBe(201);
  return (answer.json as { metadata: { id: string } }).metadata.id;
}

async function runLast(of = registry): Promise<string> {
  const run = of.started.at(-1);
  if (!run) throw new Error("no mirror was started");
  return mirror(run, undefined, of.env);
}

describe("the summary", () => {
  it("of a model has its score, licence, sizes, digest, revision and version", async () => {
    const id = await registry.register("model", "google-bert/bert-base-uncased", "bert");
    const answer = await summaryOf("model", id);
    const [row] = await rows<Record<string, number | string>>("SELECT * FROM artifacts");
    const rate = (await registry.call("GET", `/artifact/model/${id}/rate`)).json as { net_score: number };
    expect(seen(answer)).toEqual([
      200,
      {
        id,
        type: "model",
        name: "bert",
        source: "google-bert/bert-base-uncased",
        url: "google-bert/bert-base-uncased",
        created_at: expect.stringMatching(/Z$/),
        created_by: "anonymous",
        updated_at: expect.stringMatching(/Z$/),
        license: ["apache-2.0"],
        net_score: rate.net_score,
        size: row?.["size"],
        upstream_size: row?.["upstream_size"],
        revision: row?.["revision"],
        sha256: row?.["sha256"],
        version: row?.["version"],
        ...unavailableOf(rate),
      },
    ]);
    expect(answer.headers.get("ETag")).toBe((await registry.call("GET", `/artifacts/model/${id}`)).headers.get("ETag"));
  });

  it("leaves out what is not known: of code, of an upload that was inspected", async () => {
    const code = await registry.register("code", source("x.tar"));
    const { json } = await summaryOf("code", code);
    expect(Object.keys(json as object).toSorted()).toEqual(
      "created_at created_by id name sha256 size source type updated_at url version".split(" "),
    );
    const uploaded = await uploadOne();
    const answer = await summaryOf("model", uploaded);
    expect(answer.json).toMatchObject({
      source: `upload:${uploaded}`,
      verdict: expect.stringMatching(/^(safe|unknown)$/),
    });
    expect(nullsIn(answer.json)).toEqual([]);
  });

  it("is 404 for what is not there, of another type, or only reserved", async () => {
    const id = await registry.register("code", source("x"));
    for (const [type, of] of [
      ["model", id],
      ["code", "77"],
      ["code", "007"],
      ["model", await reserveId()],
    ] as const) {
      expect(seen(await summaryOf(type, of))).toEqual(NO_ARTIFACT);
    }
    await registry.call("DELETE", `/artifacts/code/${id}`);
    expect(seen(await summaryOf("code", id))).toEqual(NO_ARTIFACT);
  });
});

describe("the mirror in a summary", () => {
  it("is missing where nobody asked for one, and then tells its state", async () => {
    const light = await registry.register("model", "acme-labs/aster-base");
    expect(mirrorIn(await summaryOf("model", light))).toBeUndefined();
    const id = await registerMirrored("model", "acme-labs/whole-small");
    expect(mirrorIn(await summaryOf("model", id))).toMatchObject({ state: "queued", files: { done: 0 } });
    expect(await runLast()).toBe("finished");
    const done = mirrorIn(await summaryOf("model", id));
    expect([done?.state, done?.error, done?.remedy]).toEqual(["finished", undefined, undefined]);
  });

  it("that failed for a gate says that HF_TOKEN opens it; with the token and a new try it is finished", async () => {
    const trusted = createMirroringRegistry({ INGEST_GATE: "{}", HF_TOKEN: "hub-test-token" });
    // Registered while there was a token, or a dataset: its record is public.
    const id = await registerMirrored("model", "acme-labs/sealed-whole", trusted);
    const [run] = trusted.started;
    if (!run) throw new Error("no mirror was started");
    expect(await mirror(run, undefined, registry.env)).toBe("failed");
    const failed = mirrorIn(await summaryOf("model", id));
    expect(failed).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/^The repository is gated: GET huggingface\.co\/.* answered 401$/),
      remedy: expect.stringMatching(/^Set the secret HF_TOKEN .*, then POST \/artifacts\/model\/1\/mirror\.$/),
    });
    expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json).toEqual(failed);

    expect((await trusted.call("POST", `/artifacts/model/${id}/mirror`, {})).status).toBe(202);
    expect(mirrorIn(await summaryOf("model", id))).toMatchObject({ state: "queued" });
    expect(mirrorIn(await summaryOf("model", id))).not.toHaveProperty("remedy");
    expect(await runLast(trusted)).toBe("finished");
  });

  it("of a gated dataset without a token says the same", async () => {
    const id = await registerMirrored("dataset", "https://huggingface.co/datasets/acme-labs/clinic-dialogues");
    expect(await runLast()).toBe("failed");
    expect(mirrorIn(await summaryOf("dataset", id))?.remedy).toMatch(
      /HF_TOKEN .* POST \/artifacts\/dataset\/1\/mirror/,
    );
  });

  it("that failed for another reason can be asked for again; one that cannot be has no remedy", async () => {
    const failing = await registerMirrored("model", "hostile/weights-other-size");
    expect(await runLast()).toBe("failed");
    expect(mirrorIn(await summaryOf("model", failing))).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/\w/),
      remedy: `Ask for it again: POST /artifacts/model/${failing}/mirror.`,
    });
    const nothing = await registerMirrored("code", source("x.tar"));
    expect(await runLast()).toBe("skipped");
    const skipped = mirrorIn(await summaryOf("code", nothing));
    expect([skipped?.state, skipped?.error, skipped?.remedy]).toEqual(["skipped", expect.any(String), undefined]);
  });

  it.each([
    [{ MIRROR_MAX_BYTES: "1000" }, "failed", /^Raise MIRROR_MAX_BYTES, then POST /],
    [{ MAX_BYTES: "50000" }, "skipped", /^Delete what is not needed, or raise MAX_BYTES, then POST /],
  ])("that is too large for %j names the setting", async (settings, state, remedy) => {
    const small = createMirroringRegistry({ INGEST_GATE: "{}", ...settings });
    const id = await registerMirrored("model", "acme-labs/whole", small);
    expect(await runLast(small)).toBe(state);
    expect(mirrorIn(await summaryOf("model", id))).toMatchObject({ state, remedy: expect.stringMatching(remedy) });
  });
});

describe("the summary of a rating that failed", () => {
  it("has no score, and names what was not available", async () => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    const id = await open.register("model", "acme-labs/aster-base");
    await open.env.DB.prepare("UPDATE ratings SET net = NULL, rating = ?1")
      .bind('{"failed":true,"unavailable":{"license":"why","bus_factor":"why"}}')
      .run();
    const { json } = await summaryOf("model", id);
    expect(json).toMatchObject({ unavailable: ["license", "bus_factor"] });
    expect(json).not.toHaveProperty("net_score");
  });
});

function unavailableOf(rate: object): object {
  return "unavailable" in rate ? { unavailable: rate.unavailable } : {};
}
