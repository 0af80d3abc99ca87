/**
 * What the offline hub holds: models, datasets and code repositories of our own making, with the shapes of the live ones.
 *
 * Invariant: everything here is deterministic data (only "pushed n days ago" follows the clock, because metrics ask for
 * its age), and a file's content is the one that its record describes: only weights that nobody downloads in a test
 * (`declared`) have a digest that is not that of their bytes.
 */

export type Json = Record<string, unknown>;

/**
 * A file: its text, so many bytes of filler or letters a, a sound safetensors file of so many bytes, or a weight file whose true-to-life
 * size is only declared.
 */
export type Content = string | { bytes: number } | { tensor: number } | { letters: number } | { declared: number };
export type Files = Record<string, Content>;

export interface HubRepo {
  kind: "models" | "datasets";
  id: string;
  sha: string;
  /** One-segment ids from before the hub had owners; they redirect to `id`. */
  aliases: string[];
  private: boolean;
  gated: false | "auto" | "manual";
  downloads: number;
  likes: number;
  lastModified: string;
  /** When the hub made it: a fixed time long ago, so that no test depends on the clock. */
  createdAt: string;
  /** What the hub's scanners say; finished and clean unless a test says otherwise. */
  scan: { scansDone: boolean; filesWithIssues: { path: string; level: string }[] };
  pipeline?: string;
  library?: string;
  tags: string[];
  /** The card's YAML as the hub parsed it; absent when there is none or it cannot be read. */
  card?: Json;
  files: Files;
  /** Commit authors, one entry for each commit, latest first. */
  commits: string[];
}

export interface CodeRepo {
  fullName: string;
  host: "github" | "gitlab";
  branch: string;
  private: boolean;
  license?: { key: string; name: string; spdx: string };
  archived: boolean;
  pushedAt: string;
  stars: number;
  sizeKiB: number;
  contributors: Record<string, number>;
  files: Files;
  /** Commits of the default branch, and the share of them that somebody else reviewed. */
  commits: number;
  reviewed: number;
}

/** Hex digits that follow from the seed alone (xorshift): commit ids, and digests of bytes that do not exist. */
export function hex(seed: string, length: number): string {
  let state = 2166136261;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 16777619);
  let out = "";
  while (out.length < length) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out += (state >>> 0).toString(16).padStart(8, "0");
  }
  return out.slice(0, length);
}

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === "string");

/** Front matter: JSON values are YAML too, so no YAML writer is needed; lists of strings look as people write them. */
function frontMatter(card: Json): string {
  const lines = Object.entries(card).map(([key, value]) =>
    Array.isArray(value) && value.every((item) => typeof item === "string")
      ? `${key}:${value.map((item) => `\n- ${item}`).join("")}`
      : `${key}: ${typeof value === "string" && /^[\w./-]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  return `---\n${lines.join("\n")}\n---\n`;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const filler =
  "It was trained on text that its makers collected themselves, it was measured on sentences that it had not seen, and " +
  "its limits are those of every model of its size: it repeats what is common and it is wrong with confidence. ";

/** The body of a card that a reader can work with: what it is, how it is loaded, where its code lives. */
function readmeBody(id: string, about = "A model of the offline hub.", code?: string, auto = "AutoModel"): string {
  const snippet = `from transformers import AutoTokenizer, ${auto}\n\ntokenizer = AutoTokenizer.from_pretrained("${id}")\nmodel = ${auto}.from_pretrained("${id}")\n`;
  const link = code ? `\nTraining and inference code: ${code}\n` : "";
  return `\n# ${id}\n\n${about}\n${link}\n## How to use\n\n\`\`\`python\n${snippet}\`\`\`\n\n## Training and limits\n\n${filler.repeat(6)}\n`;
}

interface ModelSpec extends Partial<Omit<HubRepo, "kind" | "card">> {
  card?: Json;
  /** About the model in one sentence, and its code repository: for the README that the builder writes. */
  about?: string;
  code?: string;
  auto?: string;
  /** The whole README in place of the built one; `null` for none (and then the hub has no card either). */
  readme?: string | null;
  /** Further tags, after those that the hub derives from the card. */
  extraTags?: string[];
}

/** A model that passes the default gate (downloads and likes), unless the spec says otherwise. */
export function model(id: string, spec: ModelSpec = {}): HubRepo {
  const { card: given, about, code, auto, readme, extraTags = [], ...rest } = spec;
  // A README of one's own is one that the hub reads no card from, so nothing of a card shows in the tags either.
  const card = given ?? (readme === undefined ? { license: "apache-2.0", language: "en" } : {});
  const library = rest.library ?? "transformers";
  const relation = typeof card["base_model_relation"] === "string" ? card["base_model_relation"] : "finetune";
  const files = rest.files ?? {
    "config.json": json({ architectures: ["BertModel"], model_type: "bert", hidden_size: 64 }),
    "model.safetensors": { declared: 268_000_000 },
    "tokenizer.json": json({ version: "1.0", model: { type: "WordPiece", vocab: { "[UNK]": 0 } } }),
  };
  const formats = { safetensors: /\.safetensors$/, pytorch: /\.bin$/, gguf: /\.gguf$/ };
  const text = readme === undefined ? frontMatter(card) + readmeBody(id, about, code, auto) : readme;
  const built: HubRepo = {
    kind: "models",
    id,
    sha: hex(id, 40),
    aliases: [],
    private: false,
    gated: false,
    downloads: 1_500_000,
    likes: 250,
    lastModified: "2026-03-14T09:26:53.000Z",
    createdAt: "2024-02-29T12:00:00.000Z",
    scan: { scansDone: true, filesWithIssues: [] },
    pipeline: "text-classification",
    commits: ["ada", "ada", "grace"],
    ...rest,
    library,
    // As on the live hub, what the card says comes back as tags.
    tags: rest.tags ?? [
      library,
      ...Object.entries(formats).flatMap(([name, suffix]) =>
        Object.keys(files).some((f) => suffix.test(f)) ? [name] : [],
      ),
      ...list(card["tags"]),
      ...list(card["language"]),
      ...list(card["datasets"]).map((name) => `dataset:${name}`),
      ...list(card["base_model"]).flatMap((base) => [`base_model:${base}`, `base_model:${relation}:${base}`]),
      ...extraTags,
      ...list(card["license"]).map((license) => `license:${license}`),
      "region:us",
    ],
    files: {
      ".gitattributes": "*.safetensors filter=lfs\n",
      ...(text === null ? {} : { "README.md": text }),
      ...files,
    },
  };
  return text === null || readme !== undefined ? built : { ...built, card };
}

/** A dataset; its README is built from the card. */
export function dataset(id: string, card: Json, spec: Partial<HubRepo> = {}): HubRepo {
  const files = spec.files ?? { "data/train.parquet": { bytes: 2048 } };
  const base = model(id, { card, downloads: 8_000, likes: 40, ...spec, files });
  const { pipeline: _pipeline, library: _library, ...rest } = base;
  const tags = ["task_categories", "size_categories", "language", "license"];
  return {
    ...rest,
    kind: "datasets",
    tags: [...tags.flatMap((key) => list(card[key]).map((value) => `${key}:${value}`)), "region:us"],
    files: { ...rest.files, "README.md": `${frontMatter(card)}\n# ${id}\n\n${filler.repeat(3)}\n` },
    card,
  };
}

const LICENSES: Record<string, { key: string; name: string; spdx: string }> = {
  "Apache-2.0": { key: "apache-2.0", name: "Apache License 2.0", spdx: "Apache-2.0" },
  MIT: { key: "mit", name: "MIT License", spdx: "MIT" },
  "GPL-3.0": { key: "gpl-3.0", name: "GNU General Public License v3.0", spdx: "GPL-3.0" },
};

type CodeSpec = Partial<Omit<CodeRepo, "license" | "pushedAt">> & { license?: string; pushedDaysAgo?: number };

/** A code repository; its licence text is a line that names the licence, not the licence. */
export function repository(fullName: string, spec: CodeSpec = {}): CodeRepo {
  const { license: spdx, pushedDaysAgo = 20, files = { "main.py": "print('hello')\n" }, ...rest } = spec;
  const license = spdx === undefined ? undefined : LICENSES[spdx];
  const day = new Date(Date.now() - pushedDaysAgo * 86_400_000).toISOString().slice(0, 10);
  return {
    fullName,
    host: "github",
    branch: "main",
    private: false,
    archived: false,
    pushedAt: `${day}T00:00:00Z`,
    stars: 120,
    sizeKiB: 900,
    contributors: { ada: 60, grace: 30, linus: 10 },
    commits: 20,
    reviewed: 0.8,
    ...rest,
    ...(license ? { license } : {}),
    files: {
      "README.md": `# ${fullName}\n\nCode of the offline hub. ${filler}\n`,
      ...(license ? { LICENSE: `This stands in for the text of the ${license.name}.\n` } : {}),
      ...files,
    },
  };
}

const results = (task: string, name: string, metric: string, values: number[]): Json[] => [
  {
    name,
    results: values.map((value, i) => ({
      task: { type: task },
      dataset: { name: `Bench ${i + 1}`, type: `acme-labs/bench-${i + 1}`, split: "test" },
      metrics: [{ type: metric, value, verified: false }],
      source: { name: "own measurement", url: "https://example.org/bench" },
    })),
  },
];

const bertConfig = { architectures: ["BertForMaskedLM"], model_type: "bert", hidden_size: 768, vocab_size: 30522 };
const llamaConfig = { architectures: ["LlamaForCausalLM"], model_type: "llama", hidden_size: 2048 };
const aster = "acme-labs/aster-base";
const asterCode = "https://github.com/acme-labs/aster";

const MODELS: HubRepo[] = [
  model("google-bert/bert-base-uncased", {
    aliases: ["bert-base-uncased"],
    downloads: 54_783_898,
    likes: 2466,
    pipeline: "fill-mask",
    card: { datasets: ["bookcorpus", "wikipedia"], language: "en", license: "apache-2.0", tags: ["exbert"] },
    extraTags: ["arxiv:1810.04805"],
    about: "An English encoder trained by filling in masked words; upper and lower case are the same to it.",
    code: "https://github.com/google-research/bert",
    auto: "AutoModelForMaskedLM",
    files: {
      LICENSE: "This stands in for the text of the Apache License 2.0.\n",
      "config.json": json(bertConfig),
      "model.safetensors": { declared: 440_449_768 },
      "pytorch_model.bin": { declared: 440_473_133 },
      "tokenizer.json": json({ version: "1.0", model: { type: "WordPiece", vocab: { "[MASK]": 0, the: 1 } } }),
      "tokenizer_config.json": json({ do_lower_case: true }),
      "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nof\nand\n",
    },
  }),

  // The model of the README's tour and its parent: small, with a digest for every byte, so that they are mirrored at once.
  model("Qwen/Qwen2.5-0.5B", {
    downloads: 1_100_000,
    likes: 350,
    pipeline: "text-generation",
    card: { license: "apache-2.0", language: "en" },
    about: "The base model; in size and weights far from its namesake.",
    auto: "AutoModelForCausalLM",
    files: {
      "config.json": json({ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" }),
      "model.safetensors": { tensor: 2_000_000 },
      "tokenizer.json": json({ version: "1.0" }),
    },
  }),
  model("Qwen/Qwen2.5-0.5B-Instruct", {
    downloads: 2_400_000,
    likes: 420,
    pipeline: "text-generation",
    card: { license: "apache-2.0", language: "en", base_model: "Qwen/Qwen2.5-0.5B", tags: ["chat"] },
    extraTags: ["arxiv:2407.10671"],
    about: "Follows instructions; in size and weights far from its namesake.",
    auto: "AutoModelForCausalLM",
    files: {
      LICENSE: "This stands in for the text of the Apache License 2.0.\n",
      "config.json": json({ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" }),
      "generation_config.json": json({ do_sample: true, temperature: 0.7 }),
      "model.safetensors": { tensor: 3_000_000 },
      "tokenizer.json": json({ version: "1.0" }),
      "tokenizer_config.json": json({ model_max_length: 131072 }),
    },
  }),

  // A family: every step names its parent in another place, and two finetunes of one base are merged (a diamond).
  model(aster, {
    card: {
      license: "mit",
      language: ["en", "de"],
      datasets: ["acme-labs/field-notes"],
      metrics: ["accuracy"],
      "model-index": results("text-generation", "aster-base", "accuracy", [0.71, 0.64, 0.82]),
    },
    extraTags: ["arxiv:2401.00001"],
    pipeline: "text-generation",
    about: "The root of the aster family.",
    code: asterCode,
    auto: "AutoModelForCausalLM",
    files: {
      "config.json": json(llamaConfig),
      "model.safetensors.index.json": json({
        metadata: { total_size: 2_400_000_000 },
        weight_map: { embed: "model-00001-of-00002.safetensors", head: "model-00002-of-00002.safetensors" },
      }),
      "model-00001-of-00002.safetensors": { declared: 1_800_000_000 },
      "model-00002-of-00002.safetensors": { declared: 600_000_000 },
      "tokenizer.json": json({ version: "1.0" }),
    },
  }),
  model("acme-labs/aster-chat", {
    extraTags: [`base_model:${aster}`, `base_model:finetune:${aster}`],
    code: asterCode,
  }),
  model("acme-labs/aster-code", { card: { license: "apache-2.0", base_model: aster } }),
  model("acme-labs/aster-mini", {
    files: { "config.json": json({ ...llamaConfig, _name_or_path: aster }), "pytorch_model.bin": { bytes: 4096 } },
  }),
  model("acme-labs/aster-blend", {
    card: {
      base_model: ["acme-labs/aster-chat", "acme-labs/aster-code"],
      base_model_relation: "merge",
      license: "mit",
    },
  }),
  model("acme-labs/aster-chat-gguf", {
    card: { license: "mit", base_model: "acme-labs/aster-chat", base_model_relation: "quantized" },
    library: "gguf",
    files: {
      "aster-chat.Q4_K_M.gguf": { declared: 1_310_000_000 },
      "aster-chat.Q8_0.gguf": { declared: 2_500_000_000 },
    },
  }),
  model("acme-labs/aster-chat-lora", {
    library: "peft",
    files: {
      "adapter_config.json": json({ base_model_name_or_path: "acme-labs/aster-chat", peft_type: "LORA", r: 16 }),
      "adapter_model.safetensors": { bytes: 8192 },
    },
  }),

  // A merge of one parent that the hub has and one that nobody has.
  model("borealis-lab/duo-merge", {
    card: {
      license: "mit",
      base_model: ["google-bert/bert-base-uncased", "elsewhere/lost-model"],
      base_model_relation: "merge",
    },
  }),
  model("polaris-ai/aurora-small", {
    aliases: ["aurora-small"],
    card: { license: "gpl-3.0", datasets: ["acme-labs/clinic-dialogues"] },
    code: "https://github.com/polaris-ai/aurora-tools",
  }),
  model("acme-labs/sealed-gate", {
    gated: "manual",
    card: { license: "bigscience-openrail-m", extra_gated_prompt: "What for?", datasets: ["acme-labs/open-atlas"] },
  }),
  model("acme-labs/inner-circle", { private: true }),
  model("acme-labs/torn-card", {
    readme: `---\nlicense: mit\ntags: [unclosed, "quote\n  : - ?\n---\n${readmeBody("acme-labs/torn-card")}`,
  }),
  model("acme-labs/no-readme", { readme: null }),
  model("acme-labs/no-profit", {
    card: { license: "cc-by-nc-4.0", language: "fr" },
    code: "https://gitlab.com/acme-labs/tools/garden",
  }),
  // A gated base with terms of its own: a child that passes them on, one that hides them, and a grandchild of that one.
  model("meta-llama/Llama-3.1-8B", { gated: "manual", card: { license: "llama3.1", language: "en" } }),
  model("acme-labs/llama-honest", { card: { license: "llama3.1", base_model: "meta-llama/Llama-3.1-8B" } }),
  model("acme-labs/llama-relabelled", { card: { license: "mit", base_model: "meta-llama/Llama-3.1-8B" } }),
  model("acme-labs/llama-relabelled-gguf", { card: { license: "mit", base_model: "acme-labs/llama-relabelled" } }),
  model("acme-labs/lonely", { card: { language: "en" }, downloads: 3, likes: 0, commits: ["ada"] }),
  // Made in a time to come, so that it is young whatever the clock says; a favourite all the same.
  model("acme-labs/newborn", { createdAt: "2999-01-01T00:00:00.000Z", card: { license: "mit", language: "en" } }),
  // What a scanner and a reader of names object to.
  model("acme-labs/flagged", {
    scan: { scansDone: true, filesWithIssues: [{ path: "pytorch_model.bin", level: "unsafe" }] },
    files: { "config.json": json(bertConfig), "pytorch_model.bin": { bytes: 4096 } },
  }),
  // To be copied whole: every digest is that of the bytes, and nothing in it is dangerous.
  model("openai/whisper-tiny", {
    aliases: [],
    downloads: 1_200_000,
    likes: 300,
    pipeline: "automatic-speech-recognition",
    card: { license: "apache-2.0", language: ["en", "de"] },
    about: "Speech to text; in size and weights far from its namesake.",
    files: {
      "config.json": json({ architectures: ["WhisperForConditionalGeneration"], model_type: "whisper" }),
      "model.safetensors": { tensor: 3_000_000 },
      "tokenizer.json": json({ version: "1.0" }),
    },
  }),
  model("acme-labs/whole", {
    files: {
      "config.json": json(bertConfig),
      "model.safetensors": { tensor: 9_000_000 },
      "nested/notes.txt": "Kept as well, though no light bundle wants it.\n",
      "nested/empty.txt": "",
      "onnx/model.onnx_data": { bytes: 300_000 },
      "tokenizer.json": json({ version: "1.0", model: { type: "WordPiece", vocab: { "[UNK]": 0 } } }),
    },
  }),
  model("acme-labs/whole-small", {
    files: { "config.json": json(bertConfig), "model.safetensors": { tensor: 4096 }, "nested/notes.txt": "Kept.\n" },
  }),
  model("acme-labs/sealed-whole", {
    gated: "auto",
    files: { "config.json": json(bertConfig), "model.safetensors": { tensor: 4096 } },
  }),
  // A pickle that would run a command when it is loaded.
  model("acme-labs/loaded", {
    files: {
      "config.json": json(bertConfig),
      "model.safetensors": { tensor: 4096 },
      "optimizer.pkl": "cos\nsystem\n(S'echo gotcha'\ntR.",
    },
  }),
  // Pickles among the small files that are kept of every model.
  model("acme-labs/loaded-vocabulary", {
    files: {
      "config.json": json(bertConfig),
      "tokenizer.json": "{}",
      "evil.model": "(S'echo gotcha'\niposix\nsystem\n.",
      "license.txt": "cposix\nsystem\n(S'echo gotcha'\ntR.",
      "vocab.pkl": "cos\nsystem\n(S'echo gotcha'\ntR.",
    },
  }),
  model("acme-labs/twin-names", {
    files: { "config.json": json(bertConfig), "Notes.txt": "one\n", "notes.txt": "other\n" },
  }),
  model("acme-labs/big-tokenizer", {
    files: {
      "config.json": json(bertConfig),
      "model.safetensors": { bytes: 4096 },
      // Above 5 MB and still no LFS file: only the registry's own cap stops it.
      "tokenizer.json": `{"version":"1.0","vocab":[${'"again",'.repeat(700_000)}"end"]}`,
    },
  }),
];

const DATASETS: HubRepo[] = [
  dataset(
    "bookcorpus/bookcorpus",
    { license: "unknown", language: "en", task_categories: ["fill-mask"] },
    { aliases: ["bookcorpus"], likes: 334 },
  ),
  dataset(
    "acme-labs/open-atlas",
    {
      license: "cc-by-sa-3.0",
      language: ["en", "de", "fr"],
      pretty_name: "Open Atlas",
      task_categories: ["text-generation", "fill-mask"],
      size_categories: ["1M<n<10M"],
      dataset_info: {
        features: [{ name: "text", dtype: "string" }],
        splits: [{ name: "train", num_bytes: 4096, num_examples: 64 }],
        download_size: 2048,
        dataset_size: 4096,
      },
    },
    { aliases: ["wikipedia"], downloads: 120_000, likes: 900 },
  ),
  dataset("acme-labs/field-notes", { language: "en" }, { downloads: 40, likes: 0 }),
  dataset(
    "acme-labs/clinic-dialogues",
    { license: "cc-by-nc-4.0", extra_gated_prompt: "Health data." },
    { gated: "auto" },
  ),
];

const CODE: CodeRepo[] = [
  // As in life: read-only since years, hardly any pull request reviewed.
  repository("google-research/bert", {
    branch: "master",
    license: "Apache-2.0",
    archived: true,
    pushedDaysAgo: 900,
    stars: 39_729,
    contributors: { jdev: 65, dalek: 3, cbock: 3, abhi: 2, bogdan: 2, ehl: 2 },
    files: {
      "requirements.txt": "tensorflow >= 1.11.0\n",
      "modeling.py": "class BertModel:\n    pass\n",
      "modeling_test.py": "def test_model():\n    pass\n",
      "run_pretraining.py": "def main():\n    pass\n",
      "run_classifier.py": "def main():\n    pass\n",
    },
    commits: 40,
    reviewed: 0.1,
  }),
  repository("acme-labs/aster", {
    license: "MIT",
    contributors: Object.fromEntries(
      ["ada", "grace", "linus", "barbara", "edsger", "alan", "mary", "kit"].map((name, i) => [name, 40 - i * 3]),
    ),
    files: {
      ".github/workflows/ci.yml": "on: push\njobs: {}\n",
      "pyproject.toml": '[project]\nname = "aster"\n\n[tool.ruff]\nline-length = 100\n',
      "uv.lock": "version = 1\n",
      "src/aster/__init__.py": "",
      "src/aster/train.py": "def train():\n    pass\n",
      "src/aster/infer.py": "def infer():\n    pass\n",
      "tests/test_train.py": "def test_train():\n    pass\n",
    },
    commits: 120,
    reviewed: 0.9,
  }),
  repository("polaris-ai/aurora-tools", {
    license: "GPL-3.0",
    files: { "setup.py": "import setuptools\n", "inference.py": "def main():\n    pass\n" },
  }),
  repository("acme-labs/bare-scripts", { contributors: { ada: 4 }, reviewed: 0, files: { "run.sh": "echo run\n" } }),
  repository("acme-labs/old-tools", { license: "MIT", archived: true, pushedDaysAgo: 1500, reviewed: 0.5 }),
  repository("acme-labs/back-room", { private: true, license: "MIT" }),
  repository("acme-labs/tools/garden", { host: "gitlab", license: "MIT" }),
];

/** The hub's repository of that id, alias or not; ids are case-sensitive there. */
export const findHubRepo = (kind: HubRepo["kind"], id: string): HubRepo | undefined =>
  (kind === "models" ? MODELS : DATASETS).find((repo) => repo.id === id || repo.aliases.includes(id));

/** The code repository of that path; GitHub and GitLab do not care about case. */
export const findCode = (host: CodeRepo["host"], fullName: string): CodeRepo | undefined =>
  CODE.find((repo) => repo.host === host && repo.fullName.toLowerCase() === fullName.toLowerCase());

export const allHubRepos = (): HubRepo[] => [...MODELS, ...DATASETS];

export const allCode = (): CodeRepo[] => [...CODE];
