import { describe, expect, it } from "vitest";
import { PRIVATE_OR_GATED } from "../../../src/sources/upstream.ts";
import { datasetAndCode } from "../../../src/trust/metrics/dataset-and-code.ts";
import { datasetPoints, datasetQuality } from "../../../src/trust/metrics/dataset-quality.ts";
import {
  ABSENT,
  BROKEN,
  code,
  DOWN,
  evidence,
  FULL,
  found,
  hubRecord,
  inputs,
  repository,
  score,
  tree,
} from "./evidence.ts";

const dataset = (over: Parameters<typeof hubRecord>[0] = {}, id = "acme/data") => ({
  id,
  record: found(hubRecord(over)),
});
const HIDDEN = { status: "unavailable", reason: PRIVATE_OR_GATED } as const;

describe("dataset_and_code_score", () => {
  const of = (over: Parameters<typeof evidence>[0]) => score(datasetAndCode(evidence(over), FULL));

  it.each([
    ["nothing", {}, 0],
    ["a dataset on the card that does not resolve", { card: found({ datasets: ["a/b"] }) }, 0.25],
    ["a dataset by tag alone", { record: { tags: ["dataset:a/b"] } }, 0.25],
    ["a dataset that resolves", { datasets: [dataset()] }, 0.5],
    ["a gated dataset", { datasets: [dataset({ gated: true })] }, 0.25],
    ["a missing dataset", { datasets: [{ id: "a/b", record: ABSENT }] }, 0.25],
    ["a dataset that the hub hides", { datasets: [{ id: "a/b", record: HIDDEN }] }, 0.25],
    ["a repository that resolves", { code: code() }, 0.25],
    ["an archived repository", { code: code({ record: found(repository({ archived: true })) }) }, 0],
    ["code that trains", { code: code({ tree: tree("train.py") }) }, 0.5],
    ["a repository that is gone", { code: code({ record: ABSENT, tree: ABSENT }) }, 0],
    [
      "a framework, where nothing else is named",
      {
        code: code({
          repository: "huggingface/transformers",
          named_by: "framework",
          record: found(repository({ full_name: "huggingface/transformers" })),
          tree: tree("train.py"),
        }),
      },
      0,
    ],
    [
      "somebody else's repository",
      { code: code({ record: found(repository({ full_name: "famous/other" })), tree: tree("train.py") }) },
      0,
    ],
    ["all of it", { datasets: [dataset()], code: code({ tree: tree("train.py") }) }, 1],
  ])("scores %s", (_, over, expected) => {
    expect(of(over as Parameters<typeof evidence>[0])).toBe(expected);
  });

  it("is unavailable where what is missing could decide, and only there", () => {
    expect(of({ card: DOWN })).toBe("unavailable: card and model record: timed out");
    // a card that cannot be read declares nothing: its publisher made it so
    expect(of({ card: BROKEN })).toBe(0);
    expect(of({ datasets: [{ id: "a/b", record: DOWN }] })).toBe("unavailable: dataset a/b: timed out");
    expect(of({ datasets: [{ id: "a/b", record: DOWN }, dataset()] })).toBe(0.5);
    expect(of({ code: code({ record: DOWN }) })).toBe("unavailable: repository acme/owl-code: timed out");
    expect(of({ code: code({ tree: DOWN }) })).toBe("unavailable: files of acme/owl-code: timed out");
  });
});

describe("dataset_quality of one dataset", () => {
  const points = (over: Parameters<typeof hubRecord>[0]) => datasetPoints(hubRecord(over));

  it.each([
    [undefined, 0.4],
    [1999, 0.2],
    [2000, 0.4],
    [2001, 0.4],
  ])("gives a README of %s bytes %f", (size, expected) => {
    const readme = size === undefined ? { path: "README.md" } : { path: "README.md", size };
    expect(points({ files: [readme] }).documentation).toBe(expected);
    expect(points({ files: [{ path: "data.csv" }] }).documentation).toBe(0);
  });

  it.each([
    ["mit", 0.2],
    ["cc-by-nc-4.0", 0.2],
    ["unknown", 0],
    ["other", 0],
  ])("gives the licence %s %f", (license, expected) => {
    expect(points({ card_data: { license: [license] } }).licence).toBe(expected);
    expect(points({ tags: [`license:${license}`] }).licence).toBe(expected);
  });

  it("gives .05 for each of task, size, language and splits", () => {
    expect(points({}).structure).toBe(0);
    expect(points({ card_data: { task_ids: ["qa"] } }).structure).toBe(0.05);
    expect(points({ tags: ["size_categories:1K<n<10K", "language:en"] }).structure).toBe(0.1);
    expect(points({ card_data: { dataset_info: { splits: [{ name: "train" }] } } }).structure).toBe(0.05);
    expect(points({ card_data: { dataset_info: [{ splits: [{ name: "train" }] }] } }).structure).toBe(0.05);
    expect(points({ card_data: { configs: [{ data_files: "a.csv" }] } }).structure).toBe(0.05);
    const all = { task_categories: ["x"], size_categories: ["n<1K"], language: "en", configs: [{ data_files: "a" }] };
    expect(points({ card_data: all }).structure).toBe(0.2);
  });

  it.each([
    [0, 0],
    [9, 0.0333],
    [999, 0.1],
    [999_998, 0.2],
    [999_999, 0.2],
    [50_000_000, 0.2],
  ])("gives %i downloads %f", (downloads, expected) => {
    expect(points({ downloads }).adoption).toBe(expected);
  });
});

describe("dataset_quality", () => {
  it("is the mean over the declared datasets, an unresolvable one counting 0", () => {
    const good = dataset({ files: [{ path: "README.md" }], card_data: { license: "mit" } }, "a/good");
    const result = datasetQuality(evidence({ datasets: [good, { id: "a/gone", record: ABSENT }] }), FULL);
    expect(score(result)).toBe(0.3);
    expect(inputs(result)).toMatchObject({
      declared: 2,
      datasets: { "a/good": { score: 0.6 }, "a/gone": { score: 0, unresolvable: true } },
    });
    expect(score(datasetQuality(evidence({ datasets: [good, { id: "a/hidden", record: HIDDEN }] }), FULL))).toBe(0.3);
  });

  it("is capped by the model's standing: whoever names a good dataset has not yet used it", () => {
    const good = dataset({ files: [{ path: "README.md" }], card_data: { license: "mit" } });
    const cap = { cap: 0.25, inputs: {} };
    expect(score(datasetQuality(evidence({ datasets: [good] }), cap))).toBe(0.25);
    expect(score(datasetAndCode(evidence({ datasets: [good] }), cap))).toBe(0.25);
  });

  it("is 0 if none is declared, unavailable if one could not be asked for", () => {
    expect(score(datasetQuality(evidence(), FULL))).toBe(0);
    expect(score(datasetQuality(evidence({ card: ABSENT }), FULL))).toBe(0);
    expect(score(datasetQuality(evidence({ card: DOWN }), FULL))).toBe("unavailable: card and model record: timed out");
    expect(score(datasetQuality(evidence({ datasets: [dataset(), { id: "a/b", record: DOWN }] }), FULL))).toBe(
      "unavailable: dataset a/b: timed out",
    );
  });
});
