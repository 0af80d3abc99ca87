import { describe, expect, it } from "vitest";
import type { HubRecord } from "../../../src/trust/evidence.ts";
import { artifactSafety } from "../../../src/trust/signals/artifact-safety.ts";
import { fileKind } from "../../../src/trust/signals/file-kinds.ts";
import { ABSENT, BROKEN, DOWN, evidence, files, found, inputs, score } from "../metrics/evidence.ts";

const CLEAN: HubRecord["scan"] = { done: true, issues: [] };
const COMMON = [
  "README.md",
  ".gitattributes",
  "config.json",
  "tokenizer.json",
  "tokenizer.model",
  "vocab.txt",
  "LICENSE",
];
const of = (paths: string[], over: Partial<HubRecord> = {}, more: Parameters<typeof evidence>[0] = {}) =>
  artifactSafety(evidence({ record: { files: files(...COMMON, ...paths), scan: CLEAN, ...over }, ...more }));
const flagged = (path: string, level: string, done = true) => ({ scan: { done, issues: [{ path, level }] } });

describe("artifact_safety", () => {
  it.each([
    ["safetensors", ["model.safetensors"], 1],
    ["shards and an index", ["model-00001-of-00002.safetensors", "model.safetensors.index.json"], 1],
    ["gguf and onnx", ["m.Q4_K_M.gguf", "onnx/model.onnx", "onnx/model.onnx_data"], 1],
    [
      "pictures, notebooks and logs beside them",
      ["m.safetensors", "a.png", "demo.ipynb", "events.out.tfevents.17.host.9"],
      1,
    ],
    ["a pickle with a clean scan", ["model.safetensors", "pytorch_model.bin"], 0.75],
    ["what training leaves behind", ["model.safetensors", "training_args.bin"], 0.75],
    ["Keras", ["tf_model.h5"], 0.75],
    ["a format that nobody knows", ["model.safetensors", "weights.xyz"], 0.75],
    ["a file without an extension", ["model.safetensors", "payload"], 0.75],
    ["no weights at all", [], 0.5],
    [".py beside the weights", ["model.safetensors", "loader.py"], 0.25],
    [".py beside weights in a folder", ["unet/model.safetensors", "unet/block.py"], 0.25],
    [".py in a folder without weights", ["model.safetensors", "scripts/train.py"], 1],
    ["a batch file", ["model.safetensors", "start.bat"], 0],
    ["a program in a folder", ["model.safetensors", "bin/Setup.EXE"], 0],
    ["a library with a version", ["model.safetensors", "libowl.so.1.2"], 0],
    ["a Java archive", ["model.safetensors", "a.jar"], 0],
    ["PowerShell", ["model.safetensors", "run.ps1"], 0],
  ])("of %s is %s", (_, paths, expected) => {
    expect(score(of(paths as string[]))).toBe(expected);
  });

  it.each([
    ["not asked for", {}, 0.5],
    ["not finished", { scan: { done: false, issues: [] } }, 0.5],
    ["finished and clean", { scan: CLEAN }, 0.75],
    ["suspicious", flagged("pytorch_model.bin", "suspicious"), 0.5],
    ["of a level that we do not know", flagged("pytorch_model.bin", "novel"), 0.5],
    ["unsafe", flagged("pytorch_model.bin", "unsafe"), 0],
    ["unsafe before it is finished", flagged("pytorch_model.bin", "unsafe", false), 0],
  ])("of a pickle whose scan is %s is %s", (_, over, expected) => {
    const record = { files: files("pytorch_model.bin"), ...(over as Partial<HubRecord>) };
    expect(score(artifactSafety(evidence({ record })))).toBe(expected);
  });

  it("of safetensors alone needs no scan, but one that finds something counts", () => {
    expect(score(of(["model.safetensors"], { scan: { done: false, issues: [] } }))).toBe(1);
    expect(score(of(["model.safetensors"], flagged("model.safetensors", "unsafe")))).toBe(0);
    expect(score(of(["model.safetensors"], flagged("model.safetensors", "caution")))).toBe(0.5);
  });

  it.each([
    ["auto_map in config.json", { config: found({ auto_map: { AutoModel: "x.Y" } }) }],
    ["custom pipelines", { config: found({ custom_pipelines: { x: {} } }) }],
    ["a configuration that cannot be read", { config: BROKEN }],
    ["an adapter's configuration that cannot be read", { adapter_config: BROKEN }],
    [
      "another configuration with auto_map",
      { configs: [{ path: "tokenizer_config.json", hooks: found(["auto_map"]) }] },
    ],
    ["another configuration that cannot be read", { configs: [{ path: "tokenizer_config.json", hooks: BROKEN }] }],
    [
      "an adapter of a foreign class",
      { adapter_config: found({ auto_mapping: { parent_library: "transformers_modules.x" } }) },
    ],
  ])("is .25 for %s", (_, over) => {
    expect(score(of(["model.safetensors"], {}, over))).toBe(0.25);
  });

  it.each([
    ["an empty auto_map", { config: found({ auto_map: {} }) }],
    [
      "an adapter of the library's own class",
      { adapter_config: found({ auto_mapping: { parent_library: "transformers.models.bert" } }) },
    ],
    ["no configuration", { config: ABSENT }],
  ])("is 1 for %s", (_, over) => {
    expect(score(of(["model.safetensors"], {}, over))).toBe(1);
  });

  it("is .25 for a script in a folder that the card says to run", () => {
    const readme = "```\nbash tools/setup.sh\n```";
    expect(score(of(["model.safetensors", "tools/setup.sh"], {}, { readme }))).toBe(0.25);
    expect(score(of(["model.safetensors", "tools/setup.sh"], {}, { readme: "tools/setup.sh is not for you" }))).toBe(1);
  });

  it.each([
    ["Run `src/loader.py` first.", 0.25],
    ["Please execute **src/loader.py**", 0.25],
    ["Open a terminal and type python src/loader.py", 0.25],
    ["Start the `src\\loader.py` script", 0.25],
    ["The training code is in `src/loader.py`.", 1],
    ["Run other/thing.py", 1],
  ])("reads %j as %f", (readme, expected) => {
    expect(score(of(["model.safetensors", "src/loader.py"], {}, { readme }))).toBe(expected);
  });

  it("gets through a README of two megabytes", () => {
    for (const piece of ["run ", "python ", "run `", "run a/", "run the "]) {
      const readme = piece.repeat((2 * 1024 * 1024) / piece.length);
      expect(score(of(["model.safetensors", "src/loader.py"], {}, { readme }))).toBe(1);
    }
  });

  it("is unavailable where it could not be learned whether a loader runs code, unless something worse is known", () => {
    expect(score(of(["model.safetensors"], {}, { config: DOWN }))).toBe("unavailable: config.json: timed out");
    expect(score(of(["loader.py"], {}, { config: DOWN }))).toBe(0.25);
    expect(score(artifactSafety(evidence({ record: DOWN })))).toBe("unavailable: model record: timed out");
  });

  it("takes our own inspection of an upload", () => {
    const upload = (inspection: "safe" | "unsafe" | "unknown") =>
      score(artifactSafety({ ...evidence({ record: { files: files("model.pkl") } }), uploaded: true, inspection }));
    expect([upload("safe"), upload("unknown"), upload("unsafe")]).toEqual([0.75, 0.5, 0]);
  });

  it("names what it found", () => {
    const result = of(["a.exe", "loader.py", "b.pkl"], flagged("b.pkl", "unsafe"));
    expect(inputs(result)).toMatchObject({
      executables: ["a.exe"],
      code_that_runs: ["loader.py"],
      may_run_code: ["b.pkl"],
      unsafe: ["b.pkl"],
      scan: "finished",
    });
  });
});

describe("the kind of a file", () => {
  it.each([
    ["a.safetensors", "tensors"],
    ["x.mlpackage/Data/com.apple.CoreML/weights/weight.bin", "tensors"],
    ["openvino_model.bin", "tensors"],
    ["pytorch_model.bin", "opaque"],
    ["evil.model", "opaque"],
    ["spiece.model", "data"],
    ["xlm-sentencepiece.bpe.model", "data"],
    ["LICENSE", "data"],
    ["Modelfile", "data"],
    ["exe", "opaque"],
    ["a.constructor", "opaque"],
    [".gitattributes", "data"],
    ["model.py.safetensors", "tensors"],
    ["model.safetensors.py", "code"],
    ["a.TXT", "data"],
    ["", "opaque"],
  ])("%s is %s", (path, kind) => {
    expect(fileKind(path)).toBe(kind);
  });
});
