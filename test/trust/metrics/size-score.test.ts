import { describe, expect, it } from "vitest";
import { scoresOfBytes, sizeScore } from "../../../src/trust/metrics/size-score.ts";
import { findWeights } from "../../../src/trust/metrics/weights.ts";
import { DOWN, evidence, inputs, score } from "./evidence.ts";

const GIB = 2 ** 30;
const sized = (files: Record<string, number | undefined>) =>
  Object.entries(files).map(([path, size]) => (size === undefined ? { path } : { path, size }));
const bytes = (files: Record<string, number | undefined>) => findWeights(sized(files))?.bytes;

describe("size_score", () => {
  it.each([
    [0.5, 0.5, 0.75, 0.92, 0.95],
    [0.99, 0.01, 0.51, 0.84, 0.9],
    [1, 0, 0.5, 0.83, 0.9],
    [1.01, 0, 0.5, 0.83, 0.9],
    [1.98, 0, 0.01, 0.67, 0.8],
    [2, 0, 0, 0.67, 0.8],
    [5.9, 0, 0, 0.02, 0.41],
    [6, 0, 0, 0, 0.4],
    [9.9, 0, 0, 0, 0.01],
    [10, 0, 0, 0, 0],
    [11, 0, 0, 0, 0],
  ])("of %f GiB is %f, %f, %f and %f", (gib, raspberry_pi, jetson_nano, desktop_pc, aws_server) => {
    expect(scoresOfBytes(gib * GIB)).toEqual({ raspberry_pi, jetson_nano, desktop_pc, aws_server });
  });

  it("is 0 everywhere without known weights, unavailable without a record", () => {
    const zero = { raspberry_pi: 0, jetson_nano: 0, desktop_pc: 0, aws_server: 0 };
    expect(score(sizeScore(evidence()))).toEqual(zero);
    expect(score(sizeScore(evidence({ record: { files: [{ path: "model.safetensors" }] } })))).toEqual(zero);
    expect(score(sizeScore(evidence({ record: DOWN })))).toBe("unavailable: model record: timed out");
  });

  it("shows the files and bytes that it took", () => {
    const files = sized({ "model.safetensors": GIB / 2, "README.md": 9 });
    expect(inputs(sizeScore(evidence({ record: { files } })))).toMatchObject({
      format: "safetensors",
      files: ["model.safetensors"],
      bytes: GIB / 2,
      gib: 0.5,
    });
  });
});

describe("the weights of a repository", () => {
  it.each([
    ["no decoy under 1 % of the largest", { "model.safetensors": 9, "pytorch_model.bin": 1000 }, 1000],
    ["what is 1 % of the largest", { "model.safetensors": 10, "pytorch_model.bin": 1000 }, 10],
    [
      "no decoy beside weights of which a shard is missing",
      { "model.safetensors": 9, "pytorch_model-00001-of-00002.bin": 1000 },
      undefined,
    ],
    ["no decoy under a name of its own", { "aa.safetensors": 1, "model.safetensors": 1000 }, 1000],
    ["safetensors before all", { "model.safetensors": 9, "pytorch_model.bin": 5, "model.onnx": 4 }, 9],
    ["bin when there are no safetensors", { "pytorch_model.bin": 5, "model.onnx": 4 }, 5],
    ["onnx before gguf", { "model.onnx": 4, "q.gguf": 2 }, 4],
    ["one gguf, the smallest", { "m.Q8_0.gguf": 8, "m.Q4_K_M.gguf": 4, "mmproj.gguf": 1 }, 4],
    ["h5 before msgpack", { "tf_model.h5": 3, "flax_model.msgpack": 2 }, 3],
    ["msgpack last", { "flax_model.msgpack": 2 }, 2],
    ["shards together", { "model-00001-of-00002.safetensors": 5, "model-00002-of-00002.safetensors": 6 }, 11],
    ["bin if a shard is missing", { "model-00001-of-00002.safetensors": 5, "pytorch_model.bin": 7 }, 7],
    ["the smaller precision", { "model.safetensors": 8, "model.fp16.safetensors": 4 }, 4],
    ["the whole model, not a head beside it", { "model.safetensors": 8, "head.safetensors": 1 }, 8],
    ["the top directory, not a component", { "model.safetensors": 8, "2_Dense/model.safetensors": 1 }, 8],
    ["no training leftovers", { "optimizer.bin": 1, "training_args.bin": 1, "pytorch_model.bin": 5 }, 5],
    ["no checkpoints", { "checkpoint-500/model.safetensors": 3 }, undefined],
    ["no other runtime", { "x.mlpackage/weights/weight.bin": 3, "openvino_model.bin": 2 }, undefined],
    ["numbered parts together", { "consolidated.00.pth": 3, "consolidated.01.pth": 4 }, 7],
    ["a graph with its tensors", { "onnx/model.onnx": 1, "onnx/model.onnx_data": 9 }, 10],
    ["encoder and decoder", { "onnx/encoder_model.onnx": 2, "onnx/decoder_model.onnx": 3 }, 5],
    [
      "all components of a pipeline",
      { "model_index.json": 1, "unet/a.safetensors": 5, "unet/a.fp16.safetensors": 3, "vae/b.safetensors": 2 },
      5,
    ],
    ["the next format if a size is unknown", { "model.safetensors": undefined, "pytorch_model.bin": 5 }, 5],
    ["nothing of names from the prototype", { "a.constructor": 5 }, undefined],
  ])("are %s", (_, files, expected) => {
    expect(bytes(files as Record<string, number | undefined>)).toBe(expected);
  });
});
