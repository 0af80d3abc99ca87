/**
 * What the paths of a code repository tell. Vendored code is left out: it is not the project's own.
 *
 * Invariant: every rule looks at one path, bounded in length, with an expression that cannot backtrack far.
 */

import type { RepositoryTree } from "../evidence.ts";

const PATH_MAX_CHARS = 300;
/** GitHub's recursive tree ends at 100,000 entries. */
const PATHS_MAX = 100_000;
const VENDORED = /(?:^|\/)(?:node_modules|vendor|third_party|site-packages|\.venv)\//i;

/** Parts of an expression, one a word, as one expression that fits any of them; any case. */
function anyOf(before: string, parts: string, after: string): RegExp {
  return new RegExp(`${before}(?:${parts.trim().split(/\s+/).join("|")})${after}`, "i");
}

const TEST_DIRECTORY = /(?:^|\/)(?:tests?|testing|specs?|__tests__|unittests?)\/[^/]/i;
const TEST_FILE = /(?:^|\/)(?:test_[^/]*|[^/]*_tests?)\.\w{1,5}$|\.(?:test|spec)\.\w{1,4}$/i;
const CI = anyOf(
  "^",
  String.raw`\.github/workflows/[^/]+\.ya?ml \.gitlab-ci\.ya?ml \.travis\.ya?ml
    \.circleci/config\.ya?ml \.azure-pipelines/.+ azure-pipelines[^/]*\.ya?ml Jenkinsfile \.?appveyor\.ya?ml
    \.drone\.ya?ml \.buildkite/.+ bitbucket-pipelines\.ya?ml \.woodpecker/.+ \.woodpecker\.ya?ml \.cirrus\.ya?ml
    cloudbuild\.ya?ml \.teamcity/.+`,
  "$",
);
const MANIFEST = anyOf(
  "(?:^|/)",
  String.raw`requirements[^/]*\.(?:txt|in) requirements/[^/]+\.(?:txt|in) setup\.py
    pyproject\.toml environment[^/]*\.ya?ml conda\.ya?ml Pipfile package\.json Cargo\.toml go\.mod pom\.xml
    build\.gradle(?:\.kts)? CMakeLists\.txt Gemfile composer\.json Project\.toml DESCRIPTION Package\.swift
    pixi\.toml [^/]+\.csproj`,
  "$",
);
const LOCK = anyOf(
  "(?:^|/)",
  String.raw`poetry\.lock uv\.lock pdm\.lock pixi\.lock Pipfile\.lock conda-lock\.ya?ml
    requirements[^/]*\.lock package-lock\.json npm-shrinkwrap\.json yarn\.lock pnpm-lock\.yaml bun\.lockb?
    Cargo\.lock go\.sum Gemfile\.lock composer\.lock gradle\.lockfile Package\.resolved packages\.lock\.json
    flake\.lock`,
  "$",
);
const LINT = anyOf(
  "(?:^|/)",
  String.raw`\.flake8 \.?pylintrc \.?ruff\.toml \.?mypy\.ini pyrightconfig\.json
    \.pre-commit-config\.ya?ml \.style\.yapf \.isort\.cfg \.eslintrc[^/]* eslint\.config\.[a-z]+ \.oxlintrc\.json
    tsconfig[^/]*\.json biome\.jsonc? \.clang-(?:tidy|format) \.golangci\.ya?ml \.?rustfmt\.toml \.?clippy\.toml
    \.rubocop\.yml \.swiftlint\.yml checkstyle\.xml`,
  "$",
);
const README = /^(?:\.github\/|docs\/)?README(?:\.[a-z]{1,10})?$/i;
const LICENSE = /^(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[.-][\w.-]{1,40})?$/i;

const SOURCE_FILE = /\.(?:py|ipynb|cpp|cc|c|cu|rs|go|js|mjs|ts|java|kt|swift|jl|r|lua|sh|m|scala)$/i;
/** Words of a path that name training or inference. */
const RUNS_MODEL: ReadonlySet<string> = new Set(
  `train training trainer trainers pretrain pretraining finetune finetuning tune tuning sft infer inference predict
   prediction predictor generate generation generator sample sampling transcribe translate decode decoding serve serving
   run demo model modeling modelling pipeline classifier classify embed encode chat main`.split(/\s+/),
);

/** The first path that shows each thing, or `undefined`. */
export interface TreeFacts {
  tests?: string;
  ci?: string;
  manifest?: string;
  lock?: string;
  lint?: string;
  readme?: string;
  license?: string;
  /** A source file whose path names training or inference; tests do not count. */
  model_code?: string;
}

const RULES: readonly (readonly [keyof TreeFacts, (path: string) => boolean])[] = [
  ["tests", isTest],
  ["ci", (path) => CI.test(path)],
  ["manifest", (path) => MANIFEST.test(path)],
  ["lock", (path) => LOCK.test(path)],
  ["lint", (path) => LINT.test(path)],
  ["readme", (path) => README.test(path)],
  ["license", (path) => LICENSE.test(path)],
  ["model_code", runsModel],
];

function isTest(path: string): boolean {
  return TEST_DIRECTORY.test(path) || TEST_FILE.test(path);
}

/** Whether a path is a source file that trains or runs a model, by the words in it (`run_classifier.py`). */
export function runsModel(path: string): boolean {
  if (!SOURCE_FILE.test(path) || isTest(path)) return false;
  const words = path
    .replace(/fine[-_]tun/gi, "finetun")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.some((word) => RUNS_MODEL.has(word));
}

/** Reads the facts from a tree; each is the first path, in the tree's order, that shows it. */
export function treeFacts(tree: RepositoryTree): TreeFacts {
  const facts: TreeFacts = {};
  let open = [...RULES];
  for (const { path, size } of tree.paths.slice(0, PATHS_MAX)) {
    // a name alone shows nothing
    if (size === 0 || path.length > PATH_MAX_CHARS || VENDORED.test(path)) continue;
    for (const [fact, shows] of open) if (shows(path)) facts[fact] = path;
    open = open.filter(([fact]) => facts[fact] === undefined);
    if (open.length === 0) break;
  }
  return facts;
}
