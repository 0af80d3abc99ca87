/**
 * reproducibility, exactly 0, .5 or 1. 1: a code block of the card (fenced or indented) loads this id, all files that it needs
 * exist, the library is known, whoever accepts its terms can fetch it, and no code runs but the library's. .5: demo code with
 * placeholders, another id, missing files, a gate that a person must open, or code that runs: `trust_remote_code` of any truthy
 * spelling or by `**keywords`, `exec` or `eval`, a download of code, `torch.load` with `weights_only=False`,
 * `custom_pipeline`, a script of the repository, `auto_map` and the like in any configuration. A configuration that is there
 * but cannot be read counts as one that runs code. 0: no demo code.
 */

import { ownsBareIds } from "../../sources/hub-id.ts";
import type { HubRecord, ModelEvidence } from "../evidence.ts";
import { cardOf, isOpen } from "./card-facts.ts";
import { codeHooks } from "./code-hooks.ts";
import { readmeOutline } from "./markdown.ts";
import { asStrings, type MetricResult, measured, unavailable, undecided } from "./result.ts";
import { readSnippet, type Snippet } from "./snippets.ts";
import { findWeights } from "./weights.ts";

export const version = 2;

const SNIPPETS_MAX = 100;
const HOOKS_SHOWN = 5;
const SCRIPT = /\.(?:py|sh|js|mjs|rb|pl|bat|cmd|ps1)$/;

/** Libraries that load models from the hub, as import, tag or `library_name`. */
const LIBRARIES: ReadonlySet<string> = new Set(
  `transformers diffusers sentence-transformers peft timm spacy flair fairseq speechbrain nemo keras tf-keras
    tensorflow torch onnx onnxruntime optimum llama-cpp llama.cpp gguf mlx mlx-lm mlx-vlm open-clip setfit
    span-marker adapters allennlp asteroid espnet espnet2 fastai paddlenlp pyannote pyannote-audio sklearn skops
    stable-baselines3 ultralytics transformers.js gliner model2vec bertopic ctranslate2 faster-whisper vllm
    sglang ollama unsloth exllamav2 huggingface-hub stanza fasttext whisper audiocraft trl`.split(/\s+/),
);
/** What a library cannot do without; of each list one is enough. */
const NEEDED: ReadonlyMap<string, readonly string[]> = new Map([
  ["transformers", ["config.json", "adapter_config.json"]],
  ["timm", ["config.json"]],
  ["diffusers", ["model_index.json", "config.json"]],
  ["sentence-transformers", ["modules.json", "config.json"]],
  ["peft", ["adapter_config.json"]],
]);
const TOKENIZER_FILES =
  `tokenizer.json vocab.txt vocab.json tokenizer.model spiece.model sentencepiece.bpe.model tekken.json
  tokenizer_config.json vocab.bpe`.split(/\s+/);
const PROCESSOR_FILES = "preprocessor_config.json processor_config.json feature_extractor_config.json".split(" ");

/** Ids under which the hub serves this model, in lower case. */
function idsOf(source: string, record: HubRecord): ReadonlySet<string> {
  const ids = new Set([source.toLowerCase(), record.id.toLowerCase()]);
  for (const id of [...ids]) {
    const [owner, name] = id.split("/");
    if (owner && name && ownsBareIds(owner)) ids.add(name);
  }
  return ids;
}

/** A gate that opens to whoever accepts the terms is good practice, one that a person must open is an obstacle. */
function canAnybodyFetch(record: HubRecord): boolean {
  return isOpen(record) || (record.gate === "auto" && !record.private && !record.disabled);
}

/** What a repository has: worked out once, because it may have 100,000 files and its card a hundred snippets. */
interface Contents {
  paths: ReadonlySet<string>;
  hasWeights: boolean;
}

function contentsOf(files: HubRecord["files"]): Contents {
  return { paths: new Set(files.map(({ path }) => path)), hasWeights: findWeights(files) !== undefined };
}

/** Which of the files that a snippet needs are not in the repository. */
function missingFiles(snippet: Snippet, library: string | undefined, { paths, hasWeights }: Contents): string[] {
  const missing: string[] = [];
  const oneOf = (names: readonly string[]): void => {
    if (!names.some((name) => paths.has(name))) missing.push(names[0] ?? "");
  };
  if (!hasWeights) missing.push("weights");
  const needed = library === undefined || snippet.adapter ? undefined : NEEDED.get(library);
  if (needed) oneOf(needed);
  if (snippet.tokenizer) oneOf(TOKENIZER_FILES);
  if (snippet.processor) oneOf([...PROCESSOR_FILES, "tokenizer_config.json"]);
  for (const file of snippet.asks_for) if (!file.includes("{") && !file.includes("*")) oneOf([file]);
  return missing;
}

/**
 * The library that a snippet uses: what it imports (the one with known needs before `torch` and its like), else
 * what the hub, the card or a tag names. `undefined` if none of these is a library that we know.
 */
function libraryOf(snippet: Snippet, named: readonly string[]): string | undefined {
  const known = (names: readonly string[]): string[] =>
    names.map((name) => name.toLowerCase().replaceAll("_", "-")).filter((name) => LIBRARIES.has(name));
  const own = known(snippet.libraries);
  const candidates = own.length > 0 ? own : known(named);
  return candidates.find((name) => NEEDED.has(name)) ?? candidates[0];
}

/** Whether somebody else can run the model as its card shows. */
export function reproducibility(evidence: ModelEvidence): MetricResult {
  const { readme, record, config } = evidence;
  if (undecided(readme)) return unavailable("README", readme, [record]);
  const fences = readmeOutline(readme)?.fences ?? [];
  const snippets = fences.slice(0, SNIPPETS_MAX).flatMap((fence) => readSnippet(fence) ?? []);
  if (snippets.length === 0) return measured(0, { snippets: 0 }, [readme]);
  if (undecided(record)) return unavailable("model record", record, [readme]);
  if (record.status !== "found") return measured(0.5, { snippets: snippets.length, record: "absent" }, [readme]);

  const ids = idsOf(evidence.source, record.value);
  const own = snippets.filter((snippet) => snippet.loads && [...ids].some((id) => snippet.words.has(id)));
  const named = [
    ...asStrings(record.value.library_name),
    ...asStrings(cardOf(evidence.card)?.["library_name"]),
    ...record.value.tags,
  ];
  const customCode = codeHooks(evidence);
  const scripts = record.value.files.map(({ path }) => path.slice(path.lastIndexOf("/") + 1).toLowerCase());
  const ownScripts = new Set(scripts.filter((name) => SCRIPT.test(name)));
  const contents = contentsOf(record.value.files);
  const judged = own.map((snippet) => {
    const library = libraryOf(snippet, named);
    const obstacles = missingFiles(snippet, library, contents).map((file) => `missing ${file}`);
    if (snippet.placeholder) obstacles.push("placeholder");
    for (const how of snippet.runs_code) obstacles.push(`runs code: ${how}`);
    for (const hook of customCode.slice(0, HOOKS_SHOWN)) obstacles.push(`runs code: ${hook}`);
    for (const word of snippet.words) {
      const name = word.slice(word.lastIndexOf("/") + 1);
      if (ownScripts.has(name)) obstacles.push(`runs code: ${name} of the repository`);
    }
    if (library === undefined) obstacles.push("unknown library");
    if (!canAnybodyFetch(record.value)) obstacles.push("gated");
    return { library, obstacles };
  });
  const clear = judged.find(({ obstacles }) => obstacles.length === 0);
  // The configuration decides only whether custom code runs; without it a clear snippet is not yet a clear answer.
  if (clear && undecided(config)) return unavailable("config.json", config, [readme, record]);
  const best = clear ?? judged.toSorted((a, b) => a.obstacles.length - b.obstacles.length)[0];
  const inputs = {
    snippets: snippets.length,
    snippets_of_this_model: own.length,
    library: best?.library ?? null,
    obstacles: best ? best.obstacles : ["no snippet loads this model"],
  };
  return measured(clear ? 1 : 0.5, inputs, [readme, record, config]);
}
