/**
 * Ingest: from a source URL to what the registry will keep of it, before anything is written.
 *
 * Invariant: an ingest that fails or refuses has touched neither database nor bucket.
 */

import { writeZip, type ZipEntry } from "../bundle/zip-writer.ts";
import type { Context } from "../context.ts";
import { sha256Hex } from "../lib/hash.ts";
import { readDatasets } from "../lineage/parents.ts";
import type { ArtifactSource } from "../sources/source-url.ts";
import type { ArtifactContent, ParentEdge } from "../store/artifacts.ts";
import { searchableText } from "../trust/card.ts";
import { type Collected, collect } from "../trust/collect.ts";
import { isModelEvidence } from "../trust/evidence.ts";

/** What an ingest brings: the row's content, what belongs to it, and the zip. Digest in hex. */
export interface Ingested {
  content: ArtifactContent;
  text: string;
  parents: ParentEdge[];
  bundle: { bytes: Uint8Array<ArrayBuffer>; sha256: string };
}

/**
 * Asks upstream and builds the bundle.
 * @throws RegistryError `model_not_found_upstream`, `upstream_failed` (models only: for datasets and code an unreachable host
 *   is no reason to refuse)
 */
export async function ingest(
  ctx: Context,
  source: ArtifactSource,
  url: string,
  signal?: AbortSignal,
): Promise<Ingested> {
  const { config } = ctx;
  const collected = await collect(source, {
    hfEndpoint: config.hfEndpoint,
    githubApiUrl: config.githubApiUrl,
    ...(config.hfToken && { hfToken: config.hfToken }),
    ...(config.githubToken && { githubToken: config.githubToken }),
    now: ctx.now,
    ...(signal && { signal }),
  });
  const bytes = writeZip(await bundleEntries(collected, url));
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
    bundle: { bytes, sha256: await sha256Hex(bytes) },
  };
}

/** What the artifact descends from, as edges: models, and the datasets that it says it was trained on. */
function edgesOf({ evidence, parents }: Collected): ParentEdge[] {
  const datasets = isModelEvidence(evidence) ? readDatasets(evidence, evidence.datasets) : [];
  return [
    ...parents.map((parent) => ({ ...parent, type: "model" as const })),
    ...datasets.map((dataset) => ({ ...dataset, type: "dataset" as const })),
  ];
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
  const json = (value: unknown) => encoder.encode(`${JSON.stringify(value, null, 2)}\n`);
  return [
    { path: "manifest.json", bytes: json(manifest) },
    ...collected.kept.filter(({ path }) => path !== "manifest.json" && path !== "evidence.json"),
    { path: "evidence.json", bytes: json(collected.evidence) },
  ];
}
