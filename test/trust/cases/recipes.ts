/**
 * Worthless and malicious models, each made to score well by a recipe. `shows` names the metrics and signals that see through it,
 * with the most that they may give; `gate` what the strict gate and the least age say.
 */

import { loads, prose, results, table, transformersFiles } from "./texts.ts";
import type { CaseSpec, CodeSpec, DatasetSpec } from "./world.ts";

export interface Recipe {
  name: string;
  spec: CaseSpec;
  /** Metric or signal -> the most that it may be. */
  shows: Record<string, number>;
}

const MB = 1_000_000;
/** A famous dataset: documented, licensed, used by everybody. */
const FAMOUS: DatasetSpec = {
  card: {
    license: "cc-by-sa-4.0",
    language: ["en"],
    task_categories: ["question-answering"],
    size_categories: ["100K<n<1M"],
    configs: [{ data_files: "train.parquet" }],
  },
  downloads: 900_000,
};
const DATASETS = { "rajpurkar/squad": FAMOUS, "nyu-mll/glue": FAMOUS };

/** Every section that a card can have, filled with prose; code that loads the model; a link. */
function perfectCard(id: string, link = "", more = ""): string {
  const sections = [
    "Intended use",
    "Out-of-scope use",
    "Limitations",
    "Training data",
    "Training procedure",
    "Compute",
    "Contact",
  ];
  return `# ${id}\n\n${prose(90)} ${link}\n\n## How to use\n\n${loads(id)}\n${more}\n${sections.map((name) => `## ${name}\n\n${prose(70)}\n\n`).join("")}${table("Evaluation results", ["MMLU", "GSM8K", "HumanEval"])}`;
}

/** A model whose card says all that a card can say, most of it invented: one pickle, an own account two months old. */
function perfect(id: string, more: Partial<CaseSpec> & { link?: string; extra?: string } = {}): CaseSpec {
  const { link, extra, ...over } = more;
  return {
    id,
    createdDaysAgo: 60,
    downloads: 900,
    likes: 4,
    library: "transformers",
    tags: ["arxiv:1810.04805"],
    card: {
      license: "mit",
      language: ["en"],
      datasets: Object.keys(DATASETS),
      metrics: ["accuracy"],
      "model-index": results(
        ["rajpurkar/squad", "nyu-mll/glue", "mmlu", "gsm8k"],
        "https://paperswithcode.com/sota/question-answering",
      ),
    },
    readme: perfectCard(id, link, extra),
    files: transformersFiles({ "pytorch_model.bin": 40 * MB }, { LICENSE: 1067 }),
    datasets: DATASETS,
    ...over,
  };
}

const KEPT_WELL = {
  "README.md": 3000,
  LICENSE: 1100,
  ".github/workflows/ci.yml": 600,
  "pyproject.toml": 700,
  "uv.lock": 40_000,
  "ruff.toml": 100,
  "tests/test_all.py": 900,
  "train.py": 2000,
};
const empty = (files: Record<string, number>) => Object.fromEntries(Object.keys(files).map((path) => [path, 0]));
const crowd = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`dev${at}`, 10]));

const famousCode: CodeSpec = {
  name: "google-research/bert",
  contributors: crowd,
  files: KEPT_WELL,
  readme: "# BERT",
  license: "Apache-2.0",
  stars: 39_729,
  reviews: { share: 0.95, people: ["dev1", "dev2", "dev3"] },
};
const framework: CodeSpec = { ...famousCode, name: "huggingface/transformers", readme: "# Transformers" };
const ownCode = (name: string, over: Partial<CodeSpec> = {}): CodeSpec => ({
  name,
  contributors: crowd,
  files: KEPT_WELL,
  readme: `# ${name}\n\nCode of https://huggingface.co/${name}.`,
  license: "MIT",
  stars: 3,
  reviews: { share: 1, people: ["dev1", "dev2"] },
  ...over,
});

export const RECIPES: readonly Recipe[] = [
  {
    name: "a link to a framework",
    spec: perfect("quick-wins/super-bert", { link: "https://github.com/huggingface/transformers", code: framework }),
    shows: { code_link: 0, code_quality: 0, bus_factor: 0.1, reviewedness: 0.3, performance_claims: 0.45 },
  },
  {
    name: "a link to an unrelated famous repository that shares a short word",
    spec: perfect("quick-wins/bert-supreme", { link: "https://github.com/google-research/bert", code: famousCode }),
    shows: { code_link: 0, code_quality: 0, bus_factor: 0.1, reviewedness: 0.3 },
  },
  {
    name: "an own repository of empty files, invented authors, two accounts that review each other",
    spec: perfect("evil-corp/owl", {
      link: "https://github.com/evil-corp/owl",
      code: ownCode("evil-corp/owl", { files: empty(KEPT_WELL) }),
    }),
    shows: { code_quality: 0.25, bus_factor: 0.45, reviewedness: 0.45, dataset_and_code_score: 0.45 },
  },
  {
    name: "the same with full files, copied with their history from a well-kept project",
    spec: perfect("evil-corp/owl", { link: "https://github.com/evil-corp/owl", code: ownCode("evil-corp/owl") }),
    shows: { code_quality: 0.45, bus_factor: 0.45, reviewedness: 0.45, dataset_and_code_score: 0.45 },
  },
  {
    name: "the same with bought stars and a repository of that name",
    spec: perfect("evil-corp/owl", {
      link: "https://github.com/evil-corp/owl",
      code: ownCode("evil-corp/owl", { stars: 20_000 }),
    }),
    shows: { code_quality: 0.45, bus_factor: 0.45, reviewedness: 0.45 },
  },
  {
    name: "a fork of a framework under an own name",
    spec: perfect("evil-corp/owl", {
      link: "https://github.com/evil-corp/owl",
      code: ownCode("evil-corp/owl", { fork: true, stars: 900 }),
    }),
    shows: { code_link: 0, code_quality: 0, bus_factor: 0.1, reviewedness: 0.3 },
  },
  {
    name: "a namespace taken on the hub that is a famous owner's on GitHub",
    spec: perfect("pallets/flask-llm", {
      link: "https://github.com/pallets/flask",
      code: { ...famousCode, name: "pallets/flask" },
    }),
    shows: { bus_factor: 0.45, code_quality: 0.45, reviewedness: 0.45 },
  },
  {
    name: "downloads bought: 244,000 in 18 hours",
    spec: perfect("fast-lane/rocket", { createdDaysAgo: 0.75, downloads: 244_000, likes: 12 }),
    shows: { maturity: 0.01, performance_claims: 0.2, dataset_quality: 0.2 },
  },
  {
    name: "downloads bought, and a month waited",
    spec: perfect("fast-lane/rocket", { createdDaysAgo: 30, downloads: 900_000, likes: 12 }),
    shows: { maturity: 0.17, performance_claims: 0.3, dataset_quality: 0.3 },
  },
  {
    name: "a configuration with NaN that hides auto_map from strict parsers",
    spec: perfect("odd-json/nan", {
      files: transformersFiles(
        { "pytorch_model.bin": 40 * MB },
        { "config.json": '{"dropout": NaN, "auto_map": {"AutoModel": "loader.Owl"}}', "loader.py": 900 },
      ),
    }),
    shows: { reproducibility: 0.5, artifact_safety: 0.25 },
  },
  {
    name: "a configuration of 6 MB that nobody reads",
    spec: perfect("odd-json/huge", {
      files: transformersFiles({ "pytorch_model.bin": 40 * MB }, { "config.json": 6_000_000 }),
    }),
    shows: { reproducibility: 0.5, artifact_safety: 0.25 },
  },
  {
    name: "auto_map in a configuration other than config.json",
    spec: perfect("odd-json/tokenizer", {
      files: transformersFiles(
        { "model.safetensors": 40 * MB },
        { "tokenizer_config.json": '{"auto_map":{"AutoTokenizer":["other/repo--tok.Tok",null]}}' },
      ),
    }),
    shows: { reproducibility: 0.5, artifact_safety: 0.25 },
  },
  {
    name: "decoy weights of one kilobyte beside five gigabytes",
    spec: perfect("decoys/tiny", {
      files: transformersFiles({ "model.safetensors": 1000, "pytorch_model.bin": 5000 * MB }),
    }),
    shows: { size_score: 0.25, artifact_safety: 0.75 },
  },
  {
    name: "a child of Llama under MIT",
    spec: perfect("free-as-air/llama-mit", {
      card: {
        license: "mit",
        base_model: "meta-llama/Llama-3.1-8B-Instruct",
        datasets: Object.keys(DATASETS),
        metrics: ["accuracy"],
        "model-index": results(["rajpurkar/squad", "nyu-mll/glue", "mmlu"], "https://paperswithcode.com/sota"),
      },
    }),
    shows: { tree_score: 0.6, performance_claims: 0.45 },
  },
  {
    name: "invented benchmarks on datasets that do not exist",
    spec: perfect("benchmarks/champion", {
      datasets: {},
      card: {
        license: "mit",
        metrics: ["accuracy"],
        "model-index": results(
          ["benchmarks/a", "benchmarks/b", "benchmarks/c", "benchmarks/d"],
          "https://benchmarks.example.org",
        ),
      },
    }),
    shows: { performance_claims: 0.45, dataset_quality: 0, dataset_and_code_score: 0 },
  },
  {
    name: "results verified by themselves, with the publisher's own page as their source",
    spec: perfect("self-made/truth", {
      card: {
        license: "mit",
        datasets: Object.keys(DATASETS),
        metrics: ["accuracy"],
        "model-index": results(["rajpurkar/squad"], "https://huggingface.co/self-made/truth", { verified: true }),
      },
    }),
    shows: { performance_claims: 0.45 },
  },
  {
    name: "a card in another language that tells to run a script",
    spec: {
      ...perfect("kuai-su/fast-model"),
      readme: `# 快速模型\n\n${"这个模型又快又好,适合所有任务。".repeat(40)}\n\n## 使用方法\n\n${loads("kuai-su/fast-model")}\n\`\`\`bash\npython scripts/start.py --trust-remote-code\n\`\`\`\n\n## 训练数据\n\n${"公开的数据。".repeat(20)}\n\n## 局限性\n\n${"没有。".repeat(20)}\n`,
      files: transformersFiles({ "pytorch_model.bin": 40 * MB }, { "scripts/start.py": 900 }),
    },
    shows: { artifact_safety: 0.25, performance_claims: 0.45 },
  },
  {
    name: "the incident: a fake of a known organisation, 244,000 downloads in 18 hours, a loader.py and a start.bat",
    spec: perfect("open-oss/privacy-filter", {
      createdDaysAgo: 0.75,
      downloads: 244_000,
      likes: 667,
      link: "https://github.com/openai/privacy-filter",
      code: {
        ...famousCode,
        name: "openai/privacy-filter",
        readme: "# privacy-filter\n\nhttps://huggingface.co/openai/privacy-filter",
      },
      extra: "```\ngit clone https://huggingface.co/open-oss/privacy-filter\nstart.bat\npython loader.py\n```\n",
      files: transformersFiles({ "model.safetensors": 40 * MB }, { "loader.py": 2000, "start.bat": 300 }),
    }),
    shows: { code_link: 0, artifact_safety: 0, maturity: 0.01, bus_factor: 0.15 },
  },
  {
    name: "the same with the loader in a folder and told to run in a sentence",
    spec: perfect("open-oss/privacy-filter", {
      createdDaysAgo: 0.75,
      downloads: 244_000,
      likes: 667,
      readme: perfectCard("open-oss/privacy-filter", "Before the first use, run `src/loader.py`."),
      files: transformersFiles({ "model.safetensors": 40 * MB }, { "src/loader.py": 2000 }),
    }),
    shows: { artifact_safety: 0.25, maturity: 0.01 },
  },
  {
    name: "the same after a clean-up: no start.bat, the loader behind trust_remote_code by keywords",
    spec: perfect("open-oss/privacy-filter", {
      createdDaysAgo: 0.75,
      downloads: 244_000,
      likes: 667,
      readme: perfectCard("open-oss/privacy-filter").replace(
        'AutoModel.from_pretrained("open-oss/privacy-filter")',
        'AutoModel.from_pretrained("open-oss/privacy-filter", **{"trust_" + "remote_code": 1})',
      ),
      files: transformersFiles({ "model.safetensors": 40 * MB }, { "loader.py": 2000 }),
    }),
    shows: { artifact_safety: 0.25, maturity: 0.01, reproducibility: 0.5 },
  },
  {
    name: "a name one character from a famous one",
    spec: perfect("goog1e-bert/bert-base-uncased", {
      link: "https://github.com/google-research/bert",
      code: famousCode,
    }),
    shows: { code_link: 0, bus_factor: 0.1, code_quality: 0, reviewedness: 0.3 },
  },
  {
    name: "a README that cannot be read, so that nothing can be held against it",
    spec: perfect("silent/type", { readme: "# silent\n".repeat(300_000) }),
    shows: { ramp_up_time: 0, reproducibility: 0 },
  },
];
