/** What an inspection says of each file, of all together, and of each part: safe only of what was recognised and understood. */

import { describe, expect, it } from "vitest";
import { inspectFile, inspectZip } from "../../src/inspection/inspect.ts";
import { summarise } from "../../src/inspection/summary.ts";
import { bytesOf, deflated, join, type Made, makeZip, readerOf } from "../zip/make-zip.ts";
import { SAMPLES } from "./formats/samples.ts";
import { file, inspect, SAFE } from "./inspecting.ts";
import { harmlessByProtocol, op, systemByProtocol, torchPickle, torchZip } from "./make-pickle.ts";

const EVIL = systemByProtocol[4] ?? new Uint8Array();
const NOISE = Uint8Array.from({ length: 300 }, (_, at) => (at * 31 + 1) % 7);
/** Kind and verdict by path. */
const perFile = async (entries: Made[], bounds?: Parameters<typeof inspect>[1]) => {
  const inspection = await inspect(entries, bounds);
  return Object.fromEntries(inspection.entries.map(({ path, kind, verdict }) => [path, [kind, verdict]]));
};

describe("each file", () => {
  it("has a kind by its content, and a verdict of its own", async () => {
    const files = await perFile([
      file("README.md", "# A model\n"),
      file("d/", ""),
      file("empty", ""),
      file("model.safetensors", SAMPLES.safetensors),
      file("model.gguf", SAMPLES.gguf),
      file("a.png", SAMPLES.png),
      await deflated("config.json", '{"hidden_size": 8}'),
      file("pytorch_model.bin", torchZip(torchPickle)),
      file("evil.bin", torchZip(EVIL)),
      file("x.pkl", harmlessByProtocol[4] ?? ""),
      file("train.py", "import os"),
      file("noise", NOISE),
      file("picture.txt", SAMPLES.png),
      file("text.pkl", "just text"),
    ]);
    expect(files).toEqual({
      "README.md": ["text", "safe"],
      "d/": [undefined, undefined],
      empty: ["empty", "safe"],
      "model.safetensors": ["safetensors", "safe"],
      "model.gguf": ["gguf", "safe"],
      "a.png": ["png", "safe"],
      "config.json": ["json", "safe"],
      "pytorch_model.bin": ["zip", "safe"],
      "evil.bin": ["zip", "unsafe"],
      "x.pkl": ["pickle", "safe"],
      "train.py": ["text", "unknown"],
      noise: [undefined, "unknown"],
      "picture.txt": ["png", "safe"],
      "text.pkl": ["text", "unknown"],
    });
  });

  it("is not made safe by a name: not by any of those that data have", async () => {
    for (const name of ["a.safetensors", "a.gguf", "a.json", "a.txt", "a.md", "a.png", "a.parquet", "a.csv", "a"]) {
      expect((await inspect([file(name, NOISE)])).verdict, name).not.toBe("safe");
      expect((await inspect([file(name, EVIL)])).verdict, name).toBe("unsafe");
    }
  });

  it("may be called as a place within an archive was written once", async () => {
    const entries = [file("x.keras!/", ""), file("x.keras!/config.json", "{}"), file("x.pt!/data.pkl", EVIL)];
    const { verdict, findings } = await inspect(entries);
    expect(verdict).toBe("unsafe");
    expect(findings).toEqual([
      { code: "pickle_import", severity: "unsafe", path: "x.pt!/data.pkl", detail: "imports posix.system" },
    ]);
    const files = await perFile(entries);
    expect(files["x.keras!/config.json"]).toEqual(["json", "safe"]);
    expect(files["x.pt!/data.pkl"]).toEqual(["pickle", "unsafe"]);
  });

  it("in an archive in an archive is told by the path in each", async () => {
    const inner = makeZip([file("ok.txt", "x"), file("models/a.bin", torchZip(EVIL)), file("noise", NOISE)]);
    const { findings, entries, reasons } = await inspect([file("README.md", "x"), await deflated("d/all.zip", inner)]);
    expect(findings).toMatchObject([
      { code: "pickle_import", path: "d/all.zip", inner: ["models/a.bin", "archive/data.pkl"] },
      { code: "unrecognised", path: "d/all.zip", inner: ["noise"] },
    ]);
    expect(entries.map(({ verdict }) => verdict)).toEqual(["safe", "unsafe"]);
    expect(reasons).toEqual({ pickle_import: 1, unrecognised: 1 });
  });

  it("of a gzip is told by the name inside", async () => {
    const stream = new Blob([join(EVIL)]).stream().pipeThrough(new CompressionStream("gzip"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    const { findings } = await inspect([file("d/x.pkl.gz", packed)]);
    expect(findings).toMatchObject([{ code: "pickle_import", path: "d/x.pkl.gz", inner: ["x.pkl"] }]);
  });

  it("in memory is judged as in an archive", async () => {
    expect(await inspectFile("README.md", bytesOf("# A"), "model")).toMatchObject({ verdict: "safe", findings: [] });
    expect(await inspectFile("x.bin", torchZip(EVIL), "model")).toMatchObject({
      verdict: "unsafe",
      findings: [{ code: "pickle_import", path: "x.bin", inner: ["archive/data.pkl"] }],
      reasons: { pickle_import: 1 },
    });
    expect((await inspectFile("x", NOISE, "dataset")).reasons).toEqual({ unrecognised: 1 });
  });
});

describe("reasons", () => {
  it("count the files that have a finding, each once, those of the findings that are not shown too", async () => {
    const twice = join("cos\nsystem\n0cos\npopen\n0N.");
    const { reasons, findings, omitted } = await inspect([
      file("a.pkl", twice),
      file("b.zip", makeZip([file("x", EVIL), file("y", EVIL)])),
      file("c.py", "x = 1"),
      ...Array.from({ length: 120 }, (_, at) => file(`noise-${at}`, NOISE)),
    ]);
    expect(reasons).toEqual({ pickle_import: 2, source_code: 1, unrecognised: 120 });
    expect({ shown: findings.length, omitted }).toEqual({ shown: 100, omitted: 25 });
  });

  it("count a finding about the whole archive once", async () => {
    const zip = join(makeZip([file("a.txt", "x")]), "behind");
    expect((await inspectZip(readerOf(zip), zip.length)).reasons).toEqual({ trailing_data: 1 });
    expect((await inspect([file("a.txt", "x")])).reasons).toEqual({});
  });
});

describe("a bound that is reached in the middle", () => {
  const text = (name: string) => file(name, "a line of text\n".repeat(100));

  it("leaves all that follows unknown, and what was found before it as it is", async () => {
    const made = [text("a.txt"), file("b.pkl", EVIL), text("c.txt"), file("d/", ""), file("e.txt", "short"), text("f")];
    const whole = await perFile(made);
    expect(whole["f"]).toEqual(["text", "safe"]);
    // each text is read twice
    const { verdict, findings, reasons, entries } = await inspect(made, { maxContentBytes: 4000 });
    expect({ verdict, reasons }).toEqual({ verdict: "unsafe", reasons: { pickle_import: 1, bound_reached: 3 } });
    expect(findings.map(({ code, path }) => [code, path])).toEqual([
      ["pickle_import", "b.pkl"],
      ["bound_reached", undefined],
    ]);
    expect(entries.map(({ path, verdict: own }) => [path, own])).toEqual([
      ["a.txt", "safe"],
      ["b.pkl", "unsafe"],
      ["c.txt", "unknown"],
      ["d/", undefined],
      ["e.txt", "unknown"],
      ["f", "unknown"],
    ]);
  });

  it("never leaves a file safe that was not looked into, wherever it is reached", async () => {
    const made = [
      text("a.txt"),
      file("b.bin", torchZip(torchPickle)),
      text("c.txt"),
      file("d.zip", makeZip([text("x")])),
    ];
    const seen = new Set<string>();
    for (let maxContentBytes = 0; maxContentBytes < 20_000; maxContentBytes += 97) {
      const { verdict, entries, reasons } = await inspect(made, { maxContentBytes });
      const verdicts = entries.map((entry) => entry.verdict);
      const first = verdicts.indexOf("unknown");
      const rest = first === -1 ? [] : verdicts.slice(first);
      expect(verdicts.slice(0, first === -1 ? made.length : first).every((own) => own === "safe")).toBe(true);
      expect(rest.every((own) => own === "unknown")).toBe(true);
      expect({ verdict, reasons }).toEqual(
        rest.length > 0
          ? { verdict: "unknown", reasons: { bound_reached: rest.length } }
          : { verdict: "safe", reasons: {} },
      );
      seen.add(verdicts.join());
    }
    expect(seen.size).toBe(5);
  });

  it("by reads instead of bytes is the same", async () => {
    const made = Array.from({ length: 20 }, (_, at) => file(`${at}.txt`, `${at}\n`.repeat(60_000)));
    const { verdict, entries, reasons } = await inspect(made, { maxReads: 30 });
    const unknown = entries.filter((entry) => entry.verdict === "unknown").length;
    expect(verdict).toBe("unknown");
    expect(unknown).toBeGreaterThan(0);
    expect(unknown).toBeLessThan(20);
    expect(reasons).toEqual({ bound_reached: unknown });
  });
});

describe("a summary", () => {
  it("has the verdict of each part: of weights that are safe, whatever stands beside them", async () => {
    const inspection = await inspect([
      file("README.md", "# A"),
      file("config.json", '{"auto_map": {"AutoModel": "modeling.Model"}}'),
      file("model.safetensors", SAMPLES.safetensors),
      file("modeling.py", "import os"),
      file("d/", ""),
    ]);
    expect(inspection.verdict).toBe("unknown");
    expect(summarise(inspection)).toEqual({
      files: { safe: 2, unknown: 2, unsafe: 0 },
      reasons: { remote_code: 1, source_code: 1 },
      omitted: 0,
      parts: { card: "safe", config: "unknown", weights: "safe" },
    });
  });

  it("has the worst of the files of a part, and no part that is not there", async () => {
    const shards = [
      file("model-00001-of-00002.safetensors", SAMPLES.safetensors),
      file("model-00002-of-00002.safetensors", SAMPLES.safetensors),
    ];
    expect(summarise(await inspect(shards)).parts).toEqual({ weights: "safe" });
    const unknown = [...shards, file("model.gguf", "GGUF")];
    expect(summarise(await inspect(unknown)).parts).toEqual({ weights: "unknown" });
    const unsafe = [file("pytorch_model.bin", torchZip(EVIL)), ...unknown];
    expect(summarise(await inspect(unsafe)).parts).toEqual({ weights: "unsafe" });
    const bounded = await inspect([file("README.md", "x".repeat(999)), ...shards], { maxContentBytes: 10 });
    expect(summarise(bounded).parts).toEqual({ card: "unknown", weights: "unknown" });
  });

  it("of an archive that is not in order has no files and no parts", async () => {
    const zip = join(makeZip([file("model.safetensors", SAMPLES.safetensors)]), "x");
    const inspection = await inspectZip(readerOf(zip), zip.length);
    expect(summarise(inspection)).toEqual({
      files: { safe: 0, unknown: 0, unsafe: 0 },
      reasons: { trailing_data: 1 },
      omitted: 0,
      parts: {},
    });
  });
});

describe("source code", () => {
  const sources: Made[] = [
    file("train.py", "import os"),
    file("run.sh", "#!/bin/sh\necho\n"),
    file("a.ipynb", '{"cells": [], "nbformat": 4}'),
    file("package.json", '{"name": "x"}'),
  ];

  it("is safe as the content of an artifact of type code, and unknown in a model or dataset", async () => {
    const ofType = async (entries: Made[], type?: "code" | "dataset" | "model") => {
      const { verdict, findings } = await inspect(entries, type && { type });
      return { verdict, codes: [...new Set(findings.map(({ code }) => code))] };
    };
    expect(await ofType(sources, "code")).toEqual(SAFE);
    for (const type of ["model", "dataset", undefined] as const) {
      expect(await ofType(sources, type)).toEqual({ verdict: "unknown", codes: ["source_code"] });
    }
    const inner = [file("src.zip", makeZip(sources))];
    expect(await ofType(inner, "code")).toEqual(SAFE);
    expect(await ofType(inner, "model")).toEqual({ verdict: "unknown", codes: ["source_code"] });
  });

  it("is all that the type changes", async () => {
    const elf = join(op(0x7f), "ELF", new Uint8Array(60));
    const others = [file("x.pkl", EVIL), file("a", elf), file("noise", NOISE), file("a.html", "<script>1</script>")];
    const asCode = await inspect(others, { type: "code" });
    expect(asCode.findings).toEqual((await inspect(others, { type: "model" })).findings);
    expect(asCode.reasons).toEqual({ pickle_import: 1, native_code: 1, unrecognised: 1, active_document: 1 });
  });
});
