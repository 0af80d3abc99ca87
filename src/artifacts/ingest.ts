/**
 * Ingest: from a source URL to what the registry will keep of it, before anything is written.
 *
 * Invariant: an ingest that fails or refuses has touched neither database nor bucket; no file that an inspection finds unsafe
 * is in what it brings.
 */

import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { inspectFile } from "../inspection/inspect.ts";
import { sha256Hex } from "../lib/hash.ts";
import { readDatasets } from "../lineage/parents.ts";
import { type ArtifactSource, knownHost } from "../sources/source-url.ts";
import { PRIVATE_OR_GATED, type Upstream } from "../sources/upstream.ts";
import type { ArtifactContent, ParentEdge } from "../store/artifacts.ts";
import type { IndexedFile, StoredInspection } from "../store/bundle-index.ts";
import type { StoredRating } from "../store/ratings.ts";
import { explain } from "../trust/answer.ts";
import { searchableText } from "../trust/card.ts";
import { type Collected, collect, type KeptFile } from "../trust/collect.ts";
import {
  type CodeEvidence,
  type Evidence,
  type Finding,
  isModelEvidence,
  type ModelEvidence,
} from "../trust/evidence.ts";
import { checkAge, gate } from "../trust/gate.ts";
import { isTrusted } from "../trust/rate.ts";
import { STORED } from "../zip/zip-format.ts";
import type { ZipLayout } from "../zip/zip-layout.ts";
import { layOutZip, writeZip, type ZipEntry } from "../zip/zip-writer.ts";
import { isOwnFile } from "./own-files.ts";
import { rateEvidence, toStored } from "./rate.ts";

/** All that an artifact is to be beside its zip: the row's content and what belongs to it. */
export interface Described {
  content: ArtifactContent;
  text: string;
  parents: ParentEdge[];
  /** Models only. */
  rating?: StoredRating;
  /** The index of the zip. */
  files: readonly IndexedFile[];
  /** Of what we did not make ourselves. */
  inspection?: StoredInspection;
}

/** What an ingest brings: the description, and the zip. Digest in hex. */
export interface Ingested extends Described {
  bundle: { bytes: Uint8Array<ArrayBuffer>; sha256: string };
}

/**
 * Asks upstream and builds the bundle.
 * @throws RegistryError `model_not_found_upstream`, `upstream_failed`, `ingest_rejected` for models (the body's `failing` says
 *   what and by how much); `dataset_not_found_upstream`, `repository_not_found_upstream` for datasets and code, for which an
 *   unreachable host is no reason to refuse and there is no gate
 */
export async function ingest(
  ctx: Context,
  source: ArtifactSource,
  url: string,
  signal?: AbortSignal,
): Promise<Ingested> {
  const found = await collect(source, { ...upstreamOf(ctx), signal });
  requireSource(found);
  const collected = await withoutUnsafe(found);
  const rating = isModelEvidence(collected.evidence) ? await judge(ctx, collected.evidence) : undefined;
  const entries = await bundleEntries(collected, url);
  const layout = layOutZip(entries);
  const bytes = writeZip(entries, layout);
  return {
    ...describe(collected, url, rating),
    files: await indexOf(entries, layout),
    bundle: { bytes, sha256: await sha256Hex(bytes) },
  };
}

/**
 * Refuses a dataset or code that its host says is not there. Only hosts that we know are believed: what 404 means elsewhere
 * nobody knows. For a model, `collect` has done the same.
 * @throws RegistryError `dataset_not_found_upstream`, `repository_not_found_upstream`
 */
function requireSource({ source, evidence }: Collected): void {
  const host = knownHost(source);
  if (host === undefined || isModelEvidence(evidence) || !isGone(evidence)) return;
  if (host === "Hugging Face" && source.type === "dataset") throw new RegistryError("dataset_not_found_upstream");
  throw new RegistryError("repository_not_found_upstream", `Ingest rejected: repository not found on ${host}.`);
}

/**
 * Whether the host said that there is no such thing for the public. Hugging Face answers strangers 401 for what is missing,
 * private and gated alike, and a token of ours must not tell them apart for others.
 */
function isGone(evidence: Exclude<Evidence, ModelEvidence>): boolean {
  switch (evidence.kind) {
    case "hub":
      return isAbsent(evidence.record) || isHidden(evidence.record);
    case "github":
      return isAbsent(evidence.code.record);
    case "gitlab":
      return isAbsent(evidence.project);
    case "web":
      return isAbsent(evidence.head);
  }
}

function isAbsent({ status }: Finding<unknown>): boolean {
  return status === "absent";
}

function isHidden(finding: Finding<unknown>): boolean {
  return finding.status === "unavailable" && finding.reason === PRIVATE_OR_GATED;
}

/** Leaves out what could run code, by the same inspection that uploads and mirrors go through: nobody else will look. */
async function withoutUnsafe(collected: Collected): Promise<Collected> {
  const kept: KeptFile[] = [];
  const left_out = [...collected.left_out];
  for (const file of collected.kept) {
    const { findings } = await inspectFile(file.path, file.bytes, collected.source.type);
    const unsafe = findings.find(({ severity }) => severity === "unsafe");
    if (unsafe) left_out.push({ path: file.path, reason: `it is unsafe to serve: ${unsafe.detail} (${unsafe.code})` });
    else kept.push(file);
  }
  return { ...collected, kept, left_out };
}

/** What is known of an artifact, as it is kept in the database. */
export function describe(collected: Collected, url: string, rating?: StoredRating): Omit<Described, "files"> {
  return {
    content: {
      url,
      source: collected.source.source,
      sourceKey: collected.source.key,
      ...(collected.revision !== undefined && { revision: collected.revision }),
      ...(collected.license !== undefined && { license: collected.license }),
      ...(collected.upstream_size !== undefined && { upstreamSize: collected.upstream_size }),
    },
    text: collected.readme === undefined ? "" : searchableText(collected.readme),
    parents: edgesOf(collected),
    ...(rating && { rating }),
  };
}

/** Where each file of a light bundle stands in it. */
async function indexOf(entries: readonly ZipEntry[], { files }: ZipLayout): Promise<IndexedFile[]> {
  return Promise.all(
    entries.map(async ({ path, bytes }, index) => ({
      path,
      method: STORED,
      size: bytes.length,
      compressedSize: bytes.length,
      crc32: files[index]?.crc32 ?? 0,
      dataOffset: files[index]?.dataOffset ?? 0,
      sha256: await sha256Hex(new Uint8Array(bytes)),
    })),
  );
}

/** Where the upstreams of this registry are, and who it is to them. */
export function upstreamOf({ config, now }: Context): Upstream {
  const { hfEndpoint, githubApiUrl, hfToken, githubToken } = config;
  return { hfEndpoint, githubApiUrl, hfToken, githubToken, now };
}

/** Rates a model and holds it against the gate and the least age. */
async function judge(ctx: Context, evidence: ModelEvidence): Promise<StoredRating> {
  const rating = await rateEvidence(ctx, evidence);
  const { ingestGate, minAgeDays, trustedNamespaces } = ctx.config;
  const refused = [
    ...gate(rating, ingestGate),
    ...checkAge(evidence, minAgeDays, isTrusted(evidence.source, trustedNamespaces)),
  ];
  if (refused.length > 0) {
    const failing = refused.map((one) => one.failing);
    const explanations = explain(rating);
    const shown = failing.flatMap(({ metric }) => (metric in explanations ? [[metric, explanations[metric]]] : []));
    throw new RegistryError("ingest_rejected", `Ingest rejected: ${refused.map(({ text }) => text).join("; ")}`, {
      extra: { failing, evidence: Object.fromEntries(shown) },
    });
  }
  return toStored(rating, evidence);
}

/** What the artifact stands on, as edges: models, the datasets that it says it was trained on, its code. */
function edgesOf({ evidence, parents }: Collected): ParentEdge[] {
  if (!isModelEvidence(evidence)) return [];
  const { code } = evidence;
  return [
    ...parents.map((parent) => ({ ...parent, type: "model" as const })),
    ...readDatasets(evidence, evidence.datasets).map((dataset) => ({ ...dataset, type: "dataset" as const })),
    ...(code ? [codeEdge(code)] : []),
  ];
}

function codeEdge({ record, repository, named_by }: CodeEvidence): ParentEdge {
  const source = record.status === "found" ? record.value.full_name : repository;
  return { type: "code", key: source.toLowerCase(), source, relation: "code_repository", read_from: named_by };
}

/**
 * The files of a light bundle: the manifest, the evidence as it was found, then the kept files as upstream had them. The two
 * of ours come first and under a name that no upstream file is kept under.
 */
async function bundleEntries(collected: Collected, url: string): Promise<ZipEntry[]> {
  const kept = await Promise.all(
    collected.kept.map(async ({ path, bytes }) => ({ path, size: bytes.length, sha256: await sha256Hex(bytes) })),
  );
  const digests = new Map(kept.map((file) => [file.path, file]));
  const manifest = {
    format: 1,
    type: collected.source.type,
    source: collected.source.source,
    url,
    revision: collected.revision,
    license: collected.license,
    parents: collected.parents,
    files: collected.files.map((file) => ({ ...file, ...digests.get(file.path), kept: digests.has(file.path) })),
    left_out: collected.left_out,
  };
  const encoder = new TextEncoder();
  const json = (value: unknown, indent?: number) => encoder.encode(`${JSON.stringify(value, null, indent)}\n`);
  return [
    { path: "manifest.json", bytes: json(manifest, 2) },
    ...collected.kept.filter(({ path }) => !isOwnFile(path)),
    // Not indented: of a stranger's deeply nested JSON, that would make a multiple.
    { path: "evidence.json", bytes: json(collected.evidence) },
  ];
}
