/**
 * Ingest: from a source URL to what the registry will keep of it, before anything is written.
 *
 * Invariant: an ingest that fails or refuses has touched neither database nor bucket; no file that an inspection finds unsafe
 * is in what it brings.
 */

import { inspectFile } from "../bundle/inspect.ts";
import { STORED } from "../bundle/zip-format.ts";
import type { ZipLayout } from "../bundle/zip-layout.ts";
import { layOutZip, writeZip, type ZipEntry } from "../bundle/zip-writer.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { readDatasets } from "../lineage/parents.ts";
import type { ArtifactSource } from "../sources/source-url.ts";
import type { Upstream } from "../sources/upstream.ts";
import type { ArtifactContent, ParentEdge } from "../store/artifacts.ts";
import type { IndexedFile, StoredInspection } from "../store/bundle-index.ts";
import type { StoredRating } from "../store/ratings.ts";
import { searchableText } from "../trust/card.ts";
import { type Collected, collect, type KeptFile } from "../trust/collect.ts";
import { type CodeEvidence, isModelEvidence, type ModelEvidence } from "../trust/evidence.ts";
import { checkAge, gate } from "../trust/gate.ts";
import { isTrusted } from "../trust/rate.ts";
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
 * @throws RegistryError `model_not_found_upstream`, `upstream_failed`, `ingest_rejected` (models only: for datasets and code
 *   an unreachable host is no reason to refuse, and there is no gate; the body's `failing` says what and by how much)
 */
export async function ingest(
  ctx: Context,
  source: ArtifactSource,
  url: string,
  signal?: AbortSignal,
): Promise<Ingested> {
  const collected = await withoutUnsafe(await collect(source, { ...upstreamOf(ctx), signal }));
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

/** Leaves out what could run code, by the same inspection that uploads and mirrors go through: nobody else will look. */
async function withoutUnsafe(collected: Collected): Promise<Collected> {
  const kept: KeptFile[] = [];
  const left_out = [...collected.left_out];
  for (const file of collected.kept) {
    const { findings } = await inspectFile(file.path, file.bytes);
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
    throw new RegistryError("ingest_rejected", `Ingest rejected: ${refused.map(({ text }) => text).join("; ")}`, {
      extra: { failing: refused.map(({ failing }) => failing) },
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
    ...collected.kept.filter(({ path }) => path !== "manifest.json" && path !== "evidence.json"),
    // Not indented: of a stranger's deeply nested JSON, that would make a multiple.
    { path: "evidence.json", bytes: json(collected.evidence) },
  ];
}
