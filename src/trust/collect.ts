/**
 * Collects the evidence of one ingest: everything that upstream says of a source, asked in
 * parallel within fixed bounds of time, size and open connections.
 *
 * Invariant: a dataset or code is never refused because its host is down; a model is, if its record did not come.
 */

import { RegistryError } from "../errors.ts";
import { DATASET_FILES } from "../lib/parts.ts";
import { COLLECT_TIMEOUT_MS, UPSTREAM_CONCURRENCY } from "../limits.ts";
import { gitLabFile, gitLabProject } from "../sources/gitlab.ts";
import { hubFile, hubRecord } from "../sources/hugging-face.ts";
import { decodeText } from "../sources/json.ts";
import { UpstreamError } from "../sources/safe-fetch.ts";
import {
  type ArtifactSource,
  gitLabSource,
  type HubRepository,
  hubRepository,
  hubSource,
  projectPath,
} from "../sources/source-url.ts";
import { createSlots, mapFound, type Upstream } from "../sources/upstream.ts";
import { webHead } from "../sources/web.ts";
import { readCard } from "./card.ts";
import { collectGitHub } from "./collect-code.ts";
import { collectModel } from "./collect-model.ts";
import { type Collected, facts, licensesOf } from "./collected.ts";
import type { Finding, HubSourceEvidence } from "./evidence.ts";
import { startKeeping, totalSize } from "./kept-files.ts";

export type { Collected } from "./collected.ts";
export type { KeptFile, LeftOut } from "./kept-files.ts";

/**
 * Asks upstream for all that it knows of a source.
 *
 * @throws RegistryError for models only: `model_not_found_upstream` (missing, private, gated without a token) and
 * `upstream_failed` (down, limited, too slow, not what it should be); for any type if the caller gave up.
 */
export async function collect(source: ArtifactSource, upstream: Upstream): Promise<Collected> {
  const deadline = new AbortController();
  const late = new UpstreamError("timeout", `collecting took longer than ${COLLECT_TIMEOUT_MS} ms`);
  const timer = setTimeout(() => deadline.abort(late), COLLECT_TIMEOUT_MS);
  const signals = upstream.signal === undefined ? [deadline.signal] : [deadline.signal, upstream.signal];
  const bounded: Upstream = {
    ...upstream,
    signal: AbortSignal.any(signals),
    slots: upstream.slots ?? createSlots(UPSTREAM_CONCURRENCY),
  };
  try {
    const collected = await collectByHost(source, bounded, new Date(upstream.now()).toISOString());
    // half of the evidence would rate half of the model
    if (upstream.signal?.aborted) throw new RegistryError("upstream_failed", undefined, { cause: "cancelled" });
    return collected;
  } finally {
    clearTimeout(timer);
    deadline.abort(new UpstreamError("cancelled", "collecting has ended"));
  }
}

function collectByHost(source: ArtifactSource, upstream: Upstream, at: string): Promise<Collected> {
  if (source.type === "model") return collectModel(source, upstream, at);
  if (source.host === "github") return collectGitHub(source, upstream, at);
  if (source.host === "gitlab") return collectGitLab(source, upstream, at);
  const repository = hubRepository(source);
  return repository === undefined ? collectWeb(source, upstream, at) : collectHub(source, repository, upstream, at);
}

async function collectHub(
  asked: ArtifactSource,
  repository: HubRepository,
  upstream: Upstream,
  at: string,
): Promise<Collected> {
  const record = await hubRecord(upstream, repository, { blobs: true });
  const known = record.status === "found" ? record.value : undefined;
  const canonical = { ...repository, id: known?.id ?? repository.id };
  const files = known?.files ?? [];
  const keeping = startKeeping(files, DATASET_FILES, (path, cap) =>
    hubFile(upstream, canonical, known?.sha, path, cap),
  );
  // without a record nothing is known of the README either
  const raw: Finding<Uint8Array> = record.status === "found" ? await keeping.finding("README.md") : record;
  const readme = mapFound(raw, decodeText);
  const card = readCard(readme, record);
  const renamed = known !== undefined && asked.type === "dataset" && repository.kind === "datasets";
  const source = renamed ? hubSource("dataset", known.id, asked.name) : asked;
  const evidence: HubSourceEvidence = { kind: "hub", source: source.source, collected_at: at, record, readme, card };
  return {
    source,
    ...facts({ revision: known?.sha, license: licensesOf(card, record), upstream_size: totalSize(files), readme }),
    files,
    ...(await keeping.finish()),
    parents: [],
    evidence,
  };
}

async function collectGitLab(asked: ArtifactSource, upstream: Upstream, at: string): Promise<Collected> {
  const project = await gitLabProject(upstream, projectPath(asked));
  const known = project.status === "found" ? project.value : undefined;
  const source = known === undefined ? asked : { ...gitLabSource(asked.type, known.path), name: asked.name };
  const path = known?.readme_path;
  const branch = known?.default_branch;
  const none: Finding<Uint8Array<ArrayBuffer>> =
    project.status === "found" ? { status: "absent", reason: "the project names no README" } : project;
  const raw =
    known === undefined || path === undefined || branch === undefined
      ? none
      : await gitLabFile(upstream, known.path, branch, path);
  const readme = mapFound(raw, decodeText);
  const name = path ?? "README.md";
  return {
    source,
    ...facts({ ...(known?.license === undefined ? {} : { license: [known.license] }), readme }),
    files: [],
    kept: raw.status === "found" ? [{ path: name, bytes: raw.value }] : [],
    left_out: raw.status === "found" ? [] : [{ path: name, reason: raw.reason }],
    parents: [],
    evidence: { kind: "gitlab", source: source.source, collected_at: at, project, readme },
  };
}

async function collectWeb(source: ArtifactSource, upstream: Upstream, at: string): Promise<Collected> {
  const head = await webHead(upstream, source.href);
  return {
    source,
    ...facts({ upstream_size: head.status === "found" ? head.value.size : undefined }),
    files: [],
    kept: [],
    left_out: [],
    parents: [],
    evidence: { kind: "web", source: source.source, collected_at: at, head },
  };
}
