import { describe, expect, it } from "vitest";
import { type ParentEvidencePart, readDatasets, readParents } from "../../src/lineage/parents.ts";
import { PRIVATE_OR_GATED } from "../../src/sources/upstream.ts";
import type { Finding, HubRecord, JsonObject } from "../../src/trust/evidence.ts";

const ABSENT = { status: "absent", reason: "none" } as const;
const found = <T>(value: T) => ({ status: "found" as const, value, url: "u", fetched_at: "t", sha256: "s" });
const record = (id: string, tags: string[] = []): Finding<HubRecord> =>
  found({ id, private: false, gated: false, disabled: false, tags, files: [] });

function evidence(given: {
  source?: string;
  tags?: string[];
  card?: JsonObject;
  config?: JsonObject;
  adapter?: JsonObject;
  parents?: ParentEvidencePart["parents"];
}): ParentEvidencePart {
  const source = given.source ?? "me/child";
  const maybe = (value: JsonObject | undefined) => (value === undefined ? ABSENT : found(value));
  return {
    source,
    record: record(source, given.tags),
    card: maybe(given.card),
    config: maybe(given.config),
    adapter_config: maybe(given.adapter),
    ...(given.parents === undefined ? {} : { parents: given.parents }),
  };
}

const sources = (given: Parameters<typeof evidence>[0]) => readParents(evidence(given)).map((parent) => parent.source);

describe("parents", () => {
  it("are read from four places, in order, each with where it was read", () => {
    const parents = readParents(
      evidence({
        tags: ["base_model:D/tag", "base_model:quantized:D/tag", "base_model:merge:E/relation", "base_model"],
        card: { base_model: ["C/card", "c/CARD"], base_model_relation: "finetune" },
        config: { _name_or_path: "B/name", base_model: "B/base" },
        adapter: { base_model_name_or_path: "A/adapted" },
      }),
    );
    expect(parents).toEqual([
      { source: "A/adapted", key: "a/adapted", relation: "base_model", detail: "adapter", read_from: "adapter_config" },
      { source: "B/base", key: "b/base", relation: "base_model", read_from: "config_json" },
      { source: "B/name", key: "b/name", relation: "base_model", read_from: "config_json" },
      { source: "C/card", key: "c/card", relation: "base_model", detail: "finetune", read_from: "model_card" },
      { source: "D/tag", key: "d/tag", relation: "base_model", detail: "quantized", read_from: "hf_tag" },
      { source: "E/relation", key: "e/relation", relation: "base_model", detail: "merge", read_from: "hf_tag" },
    ]);
  });

  it("keep their first reader and get their detail from a later one", () => {
    const tags = ["base_model:a/b", "base_model:finetune:A/B", "base_model:merge:a/b"];
    expect(readParents(evidence({ config: { _name_or_path: "A/b" }, tags }))).toEqual([
      { source: "A/b", key: "a/b", relation: "base_model", detail: "finetune", read_from: "config_json" },
    ]);
  });

  it.each([
    ["base_model"],
    ["teacher_model"],
    ["parent_model"],
    ["source_model"],
    ["original_model"],
    ["pretrained_model_name_or_path"],
    ["_name_or_path"],
  ])("are read from %s of config.json", (key) => {
    expect(sources({ config: { [key]: "gpt2" } })).toEqual(["gpt2"]);
  });

  it.each([
    ["itself", "me/child"],
    ["itself in capitals", "ME/Child"],
    ["a dataset", "dataset:squad"],
    ["a doi", "doi:10.57967/hf/0039"],
    ["a paper", "arxiv:1810.04805"],
    ["a relative path", "./output"],
    ["a parent directory", "../base"],
    ["a dot", "."],
    ["an absolute path", "/home/ann/model"],
    ["a home", "~/model"],
    ["a Windows path", "C:\\models\\x"],
    ["a path of three segments", "a/b/c"],
    ["an output directory", "output/final"],
    ["a checkpoint", "checkpoint-500"],
    ["a checkpoint of a run", "my-run/checkpoint-500"],
    ["a file", "pytorch_model.bin"],
    ["a model directory", "models/bert"],
    ["white space", "a b/c"],
    ["nothing", ""],
    ["a hidden directory", "a/.cache"],
    ["a very long name", `a/${"b".repeat(300)}`],
    ["a control character", "a/b\u0000"],
    ["a URL elsewhere", "https://example.org/a/b"],
    ["a page of the hub's datasets", "datasets/squad"],
    ["a space", "spaces/demo"],
    ["documentation", "docs/transformers"],
  ])("are not %s", (_what, id) => {
    expect(sources({ config: { _name_or_path: id }, card: { base_model: id }, tags: [`base_model:${id}`] })).toEqual(
      [],
    );
  });

  it("are not the old name of a model that the hub moved", () => {
    const config = { _name_or_path: "bert-base-uncased" };
    expect(sources({ source: "google-bert/bert-base-uncased", config })).toEqual([]);
    expect(sources({ source: "ann/bert-base-uncased", config })).toEqual(["bert-base-uncased"]);
  });

  it("go by their present name where their record is known", () => {
    const given = {
      card: { base_model: "meta-llama/Meta-Llama-3.1-8B" },
      tags: ["base_model:meta-llama/Llama-3.1-8B", "base_model:finetune:meta-llama/Llama-3.1-8B"],
      parents: [{ id: "meta-llama/Meta-Llama-3.1-8B", record: record("meta-llama/Llama-3.1-8B") }],
    };
    expect(readParents(evidence(given))).toEqual([
      {
        source: "meta-llama/Llama-3.1-8B",
        key: "meta-llama/llama-3.1-8b",
        relation: "base_model",
        detail: "finetune",
        read_from: "model_card",
      },
    ]);
    expect(sources({ config: { _name_or_path: "old" }, parents: [{ id: "OLD", record: record("me/child") }] })).toEqual(
      [],
    );
  });

  it("are not words that the hub does not know, which are folders and classes", () => {
    const asked = (id: string, missing: Finding<HubRecord>) =>
      sources({ config: { _name_or_path: id }, parents: [{ id, record: missing }] });
    const hidden = { status: "unavailable", reason: PRIVATE_OR_GATED } as const;
    const down = { status: "unavailable", reason: "timed out" } as const;
    expect([asked("mymodel", ABSENT), asked("MyModel", hidden), asked("mymodel", down)]).toEqual([[], [], ["mymodel"]]);
    expect(asked("mymodel", record("org/mymodel"))).toEqual(["org/mymodel"]);
    // a model with an owner may be private, or gone since
    expect([asked("a/b", ABSENT), asked("a/b", hidden)]).toEqual([["a/b"], ["a/b"]]);
  });

  it("may be written as the address of a page of the hub", () => {
    expect(sources({ card: { base_model: "https://huggingface.co/google/flan-t5-base/tree/main" } })).toEqual([
      "google/flan-t5-base",
    ]);
  });

  it("are none where the evidence has the wrong shape or is missing", () => {
    const odd = { base_model: { name: "a/b" }, base_model_relation: 7, _name_or_path: null };
    expect(sources({ card: odd, config: odd, adapter: { base_model_name_or_path: [1, {}] } })).toEqual([]);
    const parent = readParents(evidence({ card: { base_model: "a/b", base_model_relation: "<script>" } }))[0];
    expect(parent).not.toHaveProperty("detail");
    const missing = { status: "unavailable", reason: "down" } as const;
    const none = { source: "a/b", record: missing, card: missing, config: missing, adapter_config: missing };
    expect(readParents(none)).toEqual([]);
  });

  it("are bounded", () => {
    expect(sources({ card: { base_model: Array.from({ length: 1000 }, (_, i) => `a/b${i}`) } })).toHaveLength(50);
  });
});

describe("datasets", () => {
  it("are read from the card, then from the tags, each once and by its present name", () => {
    const { card, record: hub } = evidence({
      card: { datasets: ["bookcorpus", "https://huggingface.co/datasets/o/d", "a b", 7] },
      tags: ["dataset:BookCorpus", "dataset:wikipedia", "license:mit"],
    });
    const known = [{ id: "bookcorpus", record: record("bookcorpus/bookcorpus") }];
    const relation = "fine_tuning_dataset";
    expect(readDatasets({ card, record: hub }, known)).toEqual([
      { source: "bookcorpus/bookcorpus", key: "bookcorpus/bookcorpus", relation, read_from: "model_card" },
      { source: "o/d", key: "o/d", relation, read_from: "model_card" },
      { source: "wikipedia", key: "wikipedia", relation, read_from: "hf_tag" },
    ]);
  });

  it("may be written where a parent should stand", () => {
    const { card, record: hub } = evidence({
      card: { base_model: ["datasets/squad", "https://huggingface.co/datasets/o/d", "a/b"], datasets: "datasets/c4" },
    });
    expect(readDatasets({ card, record: hub }).map(({ source }) => source)).toEqual(["c4", "squad", "o/d"]);
    expect(sources({ card: { base_model: ["datasets/squad", "a/b"] } })).toEqual(["a/b"]);
  });
});
