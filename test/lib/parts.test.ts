import { describe, expect, it } from "vitest";
import { findPart, findWeightFormat } from "../../src/lib/parts.ts";

describe("a file's part", () => {
  it.each<[path: string, part: string | undefined]>([
    ["model.safetensors", "weights"],
    ["model-00001-of-00002.safetensors", "weights"],
    ["model.safetensors.index.json", "weights"],
    ["pytorch_model.bin.index.json", "weights"],
    ["unet/diffusion_pytorch_model.safetensors", "weights"],
    ["onnx/model.onnx", "weights"],
    ["onnx/model.onnx_data", "weights"],
    ["model.Q4_K_M.gguf", "weights"],
    ["tf_model.h5", "weights"],
    ["config.json", "config"],
    ["adapter_config.json", "config"],
    ["unet/config.json", "config"],
    ["scheduler/scheduler_config.json", "config"],
    ["model_index.json", "config"],
    ["tokenizer/vocab.json", "config"],
    ["tokenizer.model", "config"],
    ["1_Pooling/config.json", "config"],
    ["config_sentence_transformers.json", "config"],
    ["dataset_infos.json", "config"],
    ["README.md", "card"],
    ["LICENSE", "card"],
    ["license.txt", "card"],
    ["docs/README.md", undefined],
    ["optimizer.pt", undefined],
    ["training_args.bin", undefined],
    ["checkpoint-500/model.safetensors", undefined],
    ["checkpoint-500/config.json", undefined],
    ["train.py", undefined],
    ["safetensors", undefined],
    [".gitattributes", undefined],
  ])("%s: %s", (path, part) => {
    expect(findPart(path)).toBe(part);
  });

  it("of weights has a format, whatever the case of its extension", () => {
    expect(findWeightFormat("a/b/MODEL.SafeTensors")).toBe("safetensors");
    expect(findWeightFormat("model.keras")).toBe("h5");
    expect(findWeightFormat("model.safetensors.index.json")).toBeUndefined();
  });
});
