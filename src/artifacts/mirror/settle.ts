/** The last two steps of a mirror: it is inspected, and takes the place of the light bundle. */

import type { Context } from "../../context.ts";
import type { MirrorRun } from "../../env.ts";
import type { Verdict } from "../../inspection/findings.ts";
import { inspectZip } from "../../inspection/inspect.ts";
import { summarise } from "../../inspection/summary.ts";
import type { ArtifactType } from "../../lib/artifact.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import { type StoredInspection, withFacts } from "../../store/bundle-index.ts";
import { finishMirror } from "../../store/mirrors.ts";
import { STORED } from "../../zip/zip-format.ts";
import type { ZipLayout } from "../../zip/zip-layout.ts";
import { asReplacement, settle } from "../write.ts";
import { readerOf } from "../zip-reader.ts";
import { MirrorFailure, MirrorObsolete } from "./failure.ts";
import type { MirrorPlan } from "./plan.ts";
import type { ReadBack, Verified } from "./verify.ts";

/** A copy that is complete, and what was found out about it. */
export interface Mirrored {
  plan: MirrorPlan;
  layout: ZipLayout;
  /** Bytes. */
  size: number;
  verified: Verified;
  inspected: InspectedMirror;
  /** Where they are still in memory; else the sweep reads them again. */
  facts: ReadBack["facts"] | undefined;
}

/** What the inspection of a copy came to. JSON all through: it is the outcome of a step. */
export interface InspectedMirror {
  inspection: StoredInspection;
  /** What it came to for each file, by path. */
  files: Record<string, { kind?: string; verdict?: Verdict }>;
}

/**
 * Inspects the copy before anything of it is served.
 * @throws MirrorFailure if it is unsafe, with the finding
 */
export async function inspectMirror(
  ctx: Context,
  type: ArtifactType,
  objectKey: string,
  size: number,
  facts: ReadBack["facts"],
): Promise<InspectedMirror> {
  const read = readerOf(ctx, { object_key: objectKey, size });
  const inspection = await inspectZip(read, size, { type, digest: async () => facts });
  const { verdict, findings, entries } = inspection;
  if (verdict === "unsafe") {
    const worst = findings.find(({ severity }) => severity === "unsafe");
    const where = worst?.path === undefined ? "" : `${worst.path}: `;
    throw new MirrorFailure(`It is unsafe to serve: ${where}${worst?.detail ?? "its structure"} (${worst?.code}).`);
  }
  const verdicts = entries.map(({ path, kind, verdict: of }) => [
    path,
    { ...(kind && { kind }), ...(of && { verdict: of }) },
  ]);
  return { inspection: { verdict, findings, summary: summarise(inspection) }, files: Object.fromEntries(verdicts) };
}

/**
 * Makes the artifact point at the copy, over the version that it completes and no other.
 * @throws MirrorObsolete if the artifact has another version by now, or none; the copy is gone again then
 */
export async function settleMirror(
  ctx: Context,
  run: MirrorRun,
  uploadId: number,
  { plan, layout, size, verified, inspected, facts }: Mirrored,
): Promise<number> {
  const row = await selectArtifact(ctx.db, run.type, run.artifactId).first<ArtifactRow>();
  if (row?.version === uploadId) return uploadId; // by an earlier try, whose answer was lost
  if (row?.version !== run.version) throw new MirrorObsolete();
  const content = {
    url: row.url,
    source: row.source,
    sourceKey: row.source_key,
    revision: plan.revision,
    ...(row.license !== null && { license: JSON.parse(row.license) as string[] }),
    ...(row.upstream_size !== null && { upstreamSize: row.upstream_size }),
  };
  const files = layout.files.map(({ path, size: bytes, dataOffset }, index) => {
    const { crc32 = 0, sha256 = "" } = verified.files[index] ?? {};
    const file = {
      path,
      method: STORED,
      size: bytes,
      compressedSize: bytes,
      dataOffset,
      crc32,
      sha256,
      ...inspected.files[path],
    };
    return withFacts(file, facts?.get(path));
  });
  const replacing = asReplacement(ctx, row, content, run.version);
  const version = await settle(
    ctx,
    { upload: { id: uploadId }, object: { size, sha256: verified.sha256 } },
    { files, inspection: inspected.inspection },
    {
      ...replacing,
      statements: (id) => [
        ...replacing.statements(id),
        finishMirror(ctx.db, id, ctx.now(), { files: files.length, bytes: size }),
      ],
    },
  );
  if (version === undefined) throw new MirrorObsolete();
  ctx.log("info", "mirror_finished", { artifact: row.id, files: files.length, bytes: size });
  return version;
}
