/** The zip that an ingest makes: what of a source is kept, and that its digests are those of the bytes. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { KEPT_FILE_MAX_BYTES } from "../../src/limits.ts";
import { createRegistry, rows } from "../harness.ts";
import { outboundRequests } from "../lib/outbound.ts";
import { linkIn } from "../routes/answers.ts";
import { bundle, hexOf, manifestIn, textOf } from "../zip/light-bundle.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";

const register = (type: string, url: string, of = registry) => of.call("POST", `/artifact/${type}`, { url });

describe("the zip of a model", () => {
  it("holds manifest, card, configuration, licence and tokenizer, then the evidence; no weights", async () => {
    await register("model", BERT);
    const { entries } = await bundle();
    expect(entries.map(({ path }) => path)).toEqual([
      "manifest.json",
      "README.md",
      "config.json",
      "LICENSE",
      "tokenizer_config.json",
      "tokenizer.json",
      "vocab.txt",
      "evidence.json",
    ]);
    expect(textOf(entries, "README.md")).toMatch(/^---\ndatasets:\n- bookcorpus\n/);
    expect(JSON.parse(textOf(entries, "config.json"))).toMatchObject({ model_type: "bert" });
    expect(JSON.parse(textOf(entries, "evidence.json"))).toMatchObject({ kind: "model", source: BERT });
  });

  it("has a manifest that names every upstream file, kept or not, with size and digest", async () => {
    const url = `https://huggingface.co/${BERT}/tree/main`;
    await register("model", url);
    const { entries } = await bundle();
    const { files, ...rest } = manifestIn(entries);
    expect(rest).toEqual({
      format: 1,
      type: "model",
      source: BERT,
      url,
      revision: expect.stringMatching(/^[0-9a-f]{40}$/),
      license: ["apache-2.0"],
      parents: [],
      left_out: [],
    });
    const byPath = Object.fromEntries(files.map((file) => [file.path, file]));
    expect(Object.keys(byPath).toSorted()).toEqual(
      [
        ".gitattributes",
        "LICENSE",
        "README.md",
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
      ].toSorted(),
    );
    expect(byPath["model.safetensors"]).toEqual({
      path: "model.safetensors",
      size: 440_449_768,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      kept: false,
    });
    for (const { path, bytes } of entries.filter((entry) => !/^(manifest|evidence)\.json$/.test(entry.path))) {
      const sha256 = await hexOf(new Uint8Array(bytes));
      expect(byPath[path]).toMatchObject({ kept: true, size: bytes.length, sha256 });
    }
  });

  it("has one digest: of its bytes, of the row, of the object, of the download", async () => {
    const answer = await register("model", BERT);
    const { bytes } = await bundle();
    const sha256 = await hexOf(bytes);
    expect(await rows("SELECT sha256, size FROM artifacts")).toEqual([{ sha256, size: bytes.length }]);
    expect((await env.BUCKET.head("artifacts/model/1.zip"))?.checksums.toJSON().sha256).toBe(sha256);
    const base64 = btoa(String.fromCharCode(...(sha256.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))));
    expect((await registry.call("GET", linkIn(answer))).headers.get("Repr-Digest")).toBe(`sha-256=:${base64}:`);
  });

  it("goes without a tokenizer that is larger than the cap, and says so", async () => {
    expect((await register("model", "acme-labs/big-tokenizer")).status).toBe(201);
    const { bytes, entries } = await bundle();
    expect(bytes.length).toBeLessThan(100_000);
    expect(entries.map(({ path }) => path)).toEqual(["manifest.json", "README.md", "config.json", "evidence.json"]);
    const { left_out, files } = manifestIn(entries);
    expect(left_out).toEqual([{ path: "tokenizer.json", reason: `larger than ${KEPT_FILE_MAX_BYTES} bytes` }]);
    expect(files.find(({ path }) => path === "tokenizer.json")).toMatchObject({ kept: false });
    expect(outboundRequests().filter((request) => request.endsWith("/tokenizer.json"))).toEqual([]);
  });

  it("goes without a file that could run code, and says what was found in it", async () => {
    const id = await registry.register("model", "acme-labs/loaded-vocabulary");
    const { bytes, entries } = await bundle();
    const paths = ["manifest.json", "README.md", "config.json", "tokenizer.json", "evidence.json"];
    expect(entries.map(({ path }) => path)).toEqual(paths);
    const { left_out, files } = manifestIn(entries);
    expect(left_out).toEqual(
      [
        ["license.txt", "posix.system"],
        ["vocab.pkl", "os.system"],
        ["evil.model", "posix.system"],
      ].map(([path, name]) => ({ path, reason: `it is unsafe to serve: imports ${name} (pickle_import)` })),
    );
    expect(files.filter(({ kept }) => kept).map(({ path }) => path)).toEqual(paths.slice(1, -1));
    expect((await registry.call("GET", `/artifacts/model/${id}/files/vocab.pkl`)).status).toBe(404);
    expect(new TextDecoder().decode(bytes)).not.toContain("gotcha");
  });

  it("has no file whose path could be written outside, nor does its manifest", async () => {
    expect((await register("model", "hostile/traversal")).status).toBe(201);
    const { entries } = await bundle();
    expect(entries.map(({ path }) => path)).toEqual([
      "manifest.json",
      "README.md",
      "config.json",
      "tokenizer.json",
      "evidence.json",
    ]);
    const listed = manifestIn(entries).files.map(({ path }) => path);
    expect(listed.filter((path) => /\.\.|^\/|\\|:|\/\/|^\.\/|\0/.test(path))).toEqual([]);
    expect(entries.map((_, index) => textOf(entries, entries[index]?.path ?? "")).join()).not.toContain(
      "must never be kept",
    );
  });

  it("whose record is loaded with prototypes pollutes nothing, and is read", async () => {
    expect((await register("model", "hostile/proto")).status).toBe(201);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const { entries } = await bundle();
    expect(textOf(entries, "evidence.json")).not.toMatch(/__proto__/);
    expect(await rows("SELECT parent_source FROM edges WHERE parent_type = 'model'")).toEqual([
      { parent_source: "acme-labs/aster-base" },
    ]);
  });

  it.each([
    ["acme-labs/torn-card", ["manifest.json", "README.md", "config.json", "tokenizer.json", "evidence.json"]],
    ["acme-labs/no-readme", ["manifest.json", "config.json", "tokenizer.json", "evidence.json"]],
    ["acme-labs/aster-chat-gguf", ["manifest.json", "README.md", "evidence.json"]],
    ["acme-labs/aster-chat-lora", ["manifest.json", "README.md", "adapter_config.json", "evidence.json"]],
  ])("of %s, which is odd but honest, is what there is of it", async (url, paths) => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    expect((await register("model", url, open)).status).toBe(201);
    expect((await bundle()).entries.map(({ path }) => path)).toEqual(paths);
  });
});
