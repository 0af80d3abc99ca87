/** Which of the repositories on GitHub that a card mentions holds the model's code. */

import { CODE_LINKS_MAX } from "../limits.ts";
import { splitCard } from "./card.ts";
import type { CodeEvidence, JsonObject } from "./evidence.ts";

/** A repository that may be the model's. */
export interface CodeCandidate {
  /** `owner/repo` as it was written. */
  repository: string;
  named_by: Exclude<CodeEvidence["named_by"], "source">;
  /** Whether its owner or name has anything in common with the model's. */
  related: boolean;
}

const LINK = /\bgithub\.com\/([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([\w.-]{1,100})/gi;

/** First segments of GitHub's own pages. */
const PAGES: ReadonlySet<string> = new Set(
  "about apps collections features login marketplace orgs search settings site sponsors topics user-attachments".split(
    " ",
  ),
);

/** Libraries, runtimes and tools that cards of all kinds of models link to: whose code a model runs on, not its own. */
const FRAMEWORKS: ReadonlySet<string> = new Set(
  (
    "abetlen/llama-cpp-python allenai/allennlp autogptq/autogptq axolotl-ai-cloud/axolotl casper-hansen/autoawq " +
    "bitsandbytes-foundation/bitsandbytes dao-ailab/flash-attention dmlc/xgboost eleutherai/gpt-neox " +
    "eleutherai/lm-evaluation-harness explosion/spacy facebookresearch/fairseq flairnlp/flair ggerganov/ggml " +
    "ggerganov/llama.cpp ggml-org/ggml ggml-org/llama.cpp google/flax google/jax google/sentencepiece " +
    "hiyouga/llama-factory huggingface/accelerate huggingface/autotrain-advanced huggingface/blog " +
    "huggingface/candle huggingface/datasets huggingface/diffusers huggingface/evaluate huggingface/hub-docs " +
    "huggingface/huggingface_hub huggingface/lighteval huggingface/notebooks huggingface/optimum huggingface/peft " +
    "huggingface/pytorch-image-models huggingface/safetensors huggingface/sentence-transformers " +
    "huggingface/setfit huggingface/text-generation-inference huggingface/tokenizers huggingface/transformers " +
    "huggingface/transformers.js huggingface/trl jax-ml/jax keras-team/keras lightning-ai/lightning " +
    "lmstudio-ai/lms microsoft/deepspeed microsoft/onnxruntime mlc-ai/mlc-llm mlc-ai/web-llm ml-explore/mlx " +
    "ml-explore/mlx-examples ml-explore/mlx-lm mosaicml/composer mosaicml/llm-foundry nvidia/apex nvidia/nemo " +
    "nvidia/tensorrt-llm ollama/ollama onnx/onnx oobabooga/text-generation-webui openai/openai-python " +
    "openaccess-ai-collective/axolotl open-mmlab/mmdetection optuna/optuna pytorch/audio pytorch/fairseq " +
    "pytorch/pytorch pytorch/vision rwightman/pytorch-image-models scikit-learn/scikit-learn sgl-project/sglang " +
    "speechbrain/speechbrain tensorflow/models tensorflow/tensorflow tensorflow/tpu tloen/alpaca-lora " +
    "ukplab/sentence-transformers ultralytics/ultralytics ultralytics/yolov5 unslothai/unsloth vllm-project/vllm " +
    "xenova/transformers.js"
  ).split(" "),
);

/**
 * The repositories that a card names, the most likely first: by how well owner and name match the model's id, then by
 * how early they are named. Frameworks count only if nothing else is named.
 */
export function findCodeRepositories(modelId: string, readme: string, card: JsonObject | undefined): CodeCandidate[] {
  const seen = new Map<string, Omit<CodeCandidate, "related"> & { score: number }>();
  const collect = (text: string, named_by: "readme" | "card") => {
    for (const [, owner = "", rest = ""] of text.matchAll(LINK)) {
      if (seen.size >= CODE_LINKS_MAX) return;
      const name = rest.replace(/\.+$/, "").replace(/\.git$/i, "");
      const repository = `${owner}/${name}`;
      const key = repository.toLowerCase();
      if (name === "" || PAGES.has(owner.toLowerCase()) || seen.has(key)) continue;
      seen.set(key, { repository, named_by, score: likeness(modelId, owner, name) });
    }
  };
  for (const value of Object.values(card ?? {})) {
    for (const text of Array.isArray(value) ? value : [value]) if (typeof text === "string") collect(text, "card");
  }
  collect(splitCard(readme).body, "readme");

  const ranked = [...seen.values()].sort((a, b) => b.score - a.score);
  const own = ranked.filter(({ repository }) => !FRAMEWORKS.has(repository.toLowerCase()));
  if (own.length === 0) return ranked.map(({ repository }) => ({ repository, named_by: "framework", related: false }));
  return own.map(({ repository, named_by, score }) => ({ repository, named_by, related: score > 0 }));
}

function likeness(modelId: string, owner: string, name: string): number {
  const [modelOwner = "", modelName = modelId] = modelId.includes("/") ? modelId.split("/") : ["", modelId];
  return similarity(modelOwner, owner) + 2 * similarity(modelName, name);
}

/** 1 for the same name but for case and punctuation, less for a name inside the other or words in common, else 0. */
function similarity(a: string, b: string): number {
  const [left, right] = [plain(a), plain(b)];
  if (left === "" || right === "") return 0;
  if (left === right) return 1;
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  if (short.length >= 3 && long.startsWith(short)) return 0.8;
  if (short.length >= 4 && long.includes(short)) return 0.6;
  const words = wordsOf(b);
  const common = wordsOf(a).filter((word) => words.includes(word));
  if (common.length === 0) return 0;
  // a long word in common is a family's name, a short one ("7b", "en") may be chance
  return common.some((word) => word.length >= 4) ? 0.5 : 0.25;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length >= 2);
}
