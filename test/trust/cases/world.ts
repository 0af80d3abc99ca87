/**
 * A model with its surroundings, given in few words, made into the answers of the hub and of GitHub, collected and rated by the
 * real code. Shapes are those of the live answers; texts are our own.
 */

import { parseSource } from "../../../src/sources/source-url.ts";
import type { Upstream } from "../../../src/sources/upstream.ts";
import { collect } from "../../../src/trust/collect.ts";
import { isModelEvidence, type ModelEvidence } from "../../../src/trust/evidence.ts";
import { lightScore, type RatedModel, rate } from "../../../src/trust/rate.ts";

type Json = Record<string, unknown>;

/** The day of every case. */
export const TODAY = Date.UTC(2026, 10, 30);
const DAY_MS = 86_400_000;

/** ISO time so many days before `TODAY`. */
export const daysAgo = (days: number): string => new Date(TODAY - days * DAY_MS).toISOString();

/** A file: its text, or only its size in bytes. */
export type FileSpec = string | number;

/** A code repository on GitHub. */
export interface CodeSpec {
  name: string;
  contributors: Record<string, number>;
  files: Record<string, number>;
  readme?: string;
  license?: string;
  stars?: number;
  fork?: boolean;
  archived?: boolean;
  pushedDaysAgo?: number;
  /** Of the last hundred commits: the share that came by an approved pull request, and by how many people it was approved. */
  reviews?: { share: number; people: string[]; association?: string };
}

/** A dataset on the hub. */
export interface DatasetSpec {
  card?: Json;
  downloads?: number;
  readmeBytes?: number;
  gated?: boolean;
}

/** A model on the hub. */
export interface CaseSpec {
  id: string;
  createdDaysAgo: number;
  downloads: number;
  likes: number;
  /** The card's YAML and its text. */
  card?: Json;
  readme?: string;
  files: Record<string, FileSpec>;
  tags?: string[];
  library?: string;
  pipeline?: string;
  gated?: "auto" | "manual";
  scan?: { scansDone: boolean; filesWithIssues: { path: string; level: string }[] };
  commits?: Record<string, number>;
  datasets?: Record<string, DatasetSpec>;
  code?: CodeSpec;
}

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === "string");

function readmeOf(spec: CaseSpec): string | undefined {
  if (spec.readme === undefined) return undefined;
  const yaml = spec.card === undefined ? "" : `---\n${JSON.stringify(spec.card)}\n---\n`;
  return yaml + spec.readme;
}

function modelRecord(spec: CaseSpec, files: Record<string, FileSpec>): Json {
  const { card = {} } = spec;
  const { "model-index": results, ...cardData } = card;
  const bases = list(card["base_model"]);
  const relation = list(card["base_model_relation"])[0] ?? "finetune";
  return {
    _id: "0",
    id: spec.id,
    modelId: spec.id,
    author: spec.id.split("/")[0],
    sha: "a".repeat(40),
    private: false,
    gated: spec.gated ?? false,
    disabled: false,
    downloads: spec.downloads,
    likes: spec.likes,
    createdAt: daysAgo(spec.createdDaysAgo),
    lastModified: daysAgo(Math.min(spec.createdDaysAgo, 5)),
    library_name: spec.library,
    pipeline_tag: spec.pipeline,
    tags: [
      ...(spec.library ? [spec.library] : []),
      ...list(card["datasets"]).map((name) => `dataset:${name}`),
      ...bases.flatMap((base) => [`base_model:${base}`, `base_model:${relation}:${base}`]),
      ...list(card["license"]).map((name) => `license:${name}`),
      ...(spec.tags ?? []),
    ],
    "model-index": results ?? null,
    cardData,
    siblings: Object.entries(files).map(([rfilename, file]) => ({
      rfilename,
      size: typeof file === "number" ? file : new TextEncoder().encode(file).length,
    })),
    securityRepoStatus: spec.scan ?? { scansDone: true, filesWithIssues: [] },
  };
}

function datasetRecord(id: string, spec: DatasetSpec): Json {
  return {
    id,
    private: false,
    gated: spec.gated ? "manual" : false,
    disabled: false,
    downloads: spec.downloads ?? 1000,
    tags: [],
    cardData: spec.card ?? {},
    siblings: [{ rfilename: "README.md", size: spec.readmeBytes ?? 5000 }, { rfilename: "data/train.parquet" }],
  };
}

function historyOf({ contributors, reviews }: CodeSpec): Json {
  const logins = Object.keys(contributors);
  const nodes = Array.from({ length: 100 }, (_, at) => {
    const author = logins[at % logins.length] ?? "ghost";
    const others = (reviews?.people ?? []).filter((login) => login !== author);
    const reviewer = at < (reviews?.share ?? 0) * 100 ? others[at % Math.max(1, others.length)] : undefined;
    const approval = {
      author: { login: reviewer, __typename: "User" },
      state: "APPROVED",
      authorAssociation: reviews?.association ?? "MEMBER",
    };
    const pull = {
      merged: true,
      author: { login: author, __typename: "User" },
      reviews: { nodes: reviewer === undefined ? [] : [approval] },
    };
    return { additions: 10, parents: { totalCount: 1 }, associatedPullRequests: { nodes: [pull] } };
  });
  return { data: { repository: { defaultBranchRef: { target: { history: { nodes } } } } } };
}

function gitHubAnswer(code: CodeSpec | undefined, path: string): Json | Json[] | string | undefined {
  if (code === undefined) return undefined;
  if (path === "/graphql") return historyOf(code);
  const at = `/repos/${code.name}`;
  if (!path.startsWith(at)) return undefined;
  const license = code.license === undefined ? null : { spdx_id: code.license };
  switch (path.slice(at.length).split("?")[0]) {
    case "":
      return {
        full_name: code.name,
        default_branch: "main",
        archived: code.archived ?? false,
        disabled: false,
        private: false,
        fork: code.fork ?? false,
        stargazers_count: code.stars ?? 0,
        pushed_at: daysAgo(code.pushedDaysAgo ?? 10),
        license,
      };
    case "/contributors":
      return Object.entries(code.contributors).map(([login, contributions]) => ({ login, contributions }));
    case "/git/trees/main":
      return {
        truncated: false,
        tree: Object.entries(code.files).map(([file, size]) => ({ path: file, type: "blob", size })),
      };
    case "/license":
      return license === null ? undefined : { license };
    case "/readme":
      return code.readme;
    default:
      return undefined;
  }
}

function hubAnswer(spec: CaseSpec, others: readonly CaseSpec[], path: string): Json | Json[] | string | undefined {
  const readme = readmeOf(spec);
  const files = { ...(readme === undefined ? {} : { "README.md": readme }), ...spec.files };
  if (path === `/api/models/${spec.id}`) return modelRecord(spec, files);
  if (path === `/api/models/${spec.id}/commits/main`) {
    return Object.entries(spec.commits ?? { [spec.id.split("/")[0] ?? ""]: 6 }).flatMap(([user, count]) =>
      Array.from({ length: count }, () => ({ authors: [{ user }] })),
    );
  }
  const at = `/${spec.id}/resolve/${"a".repeat(40)}/`;
  if (path.startsWith(at)) {
    const file = (files as Record<string, FileSpec>)[path.slice(at.length)];
    return typeof file === "string" ? file : undefined;
  }
  for (const [id, dataset] of Object.entries(spec.datasets ?? {})) {
    if (path === `/api/datasets/${id}`) return datasetRecord(id, dataset);
  }
  const parent = others.find(({ id }) => path === `/api/models/${id}`);
  return parent && modelRecord(parent, { "README.md": 1000, ...parent.files });
}

/** Collects a case as an ingest would, with tokens for both hubs. `others` are models that the hub has beside it. */
export async function collectCase(spec: CaseSpec, others: readonly CaseSpec[] = []): Promise<ModelEvidence> {
  const upstream: Upstream = {
    hfEndpoint: "https://huggingface.co",
    githubApiUrl: "https://api.github.com",
    hfToken: "hf_case",
    githubToken: "gh_case",
    now: () => TODAY,
    cache: null,
  };
  const before = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = new URL(new Request(input as RequestInfo, init as RequestInit).url);
    const answer =
      url.hostname === "api.github.com"
        ? gitHubAnswer(spec.code, url.pathname)
        : hubAnswer(spec, others, decodeURIComponent(url.pathname));
    if (answer === undefined) return new Response("{}", { status: 404 });
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer));
  };
  try {
    const { evidence } = await collect(parseSource("model", spec.id), upstream);
    if (!isModelEvidence(evidence)) throw new Error(`${spec.id} is no model`);
    return evidence;
  } finally {
    globalThis.fetch = before;
  }
}

/** Rates a case. Parents that the hub has are not registered, so they are shown and not averaged. */
export async function rateCase(spec: CaseSpec, others: readonly CaseSpec[] = []): Promise<RatedModel> {
  const evidence = await collectCase(spec, others);
  const light = (evidence.parents ?? []).flatMap(({ record }) =>
    record.status === "found"
      ? [{ source: record.value.id, depth: 1, score: lightScore(record.value), from: "light" as const }]
      : [],
  );
  const rating = rate(evidence, light, () => 0);
  if (rating.failed) throw new Error(`${spec.id}: ${JSON.stringify(rating.unavailable)}`);
  return rating;
}

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
