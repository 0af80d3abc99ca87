/** One artifact at a glance: what a list shows of it, its content, and how its mirror stands. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { Verdict } from "../inspection/findings.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { type MirrorRow, selectMirror } from "../store/mirrors.ts";
import { rowsOf } from "../store/statements.ts";
import { type SummaryRow, selectSummary } from "../store/summaries.ts";
import { type MirrorView, viewOf } from "./mirror/progress.ts";
import { etagOf, type Metadata } from "./views.ts";

/** A summary. Times in ISO 8601, sizes in bytes, digest in hex; what is not known is left out. */
export interface Summary extends Metadata {
  source: string;
  url: string;
  created_at: string;
  created_by?: string;
  updated_at: string;
  license?: string[];
  /** Of models; missing while it could not be computed. */
  net_score?: number;
  /** Metrics that are not available. */
  unavailable?: string[];
  /** Of the present content, where it was inspected. */
  verdict?: Verdict;
  size: number;
  upstream_size?: number;
  /** Upstream's commit. */
  revision?: string;
  sha256: string;
  version: number;
  /** Missing where nobody asked for one. */
  mirror?: MirrorView;
}

/**
 * The summary of an artifact (contract: GET /artifacts/{artifact_type}/{id}/summary), and the tag of its version.
 * @throws RegistryError `artifact_not_found`
 */
export async function getSummary(ctx: Context, ref: ArtifactRef): Promise<{ summary: Summary; etag: string }> {
  permit(ctx, "artifact:read");
  const [summaries, mirrors] = await ctx.db.batch([selectSummary(ctx.db, ref), selectMirror(ctx.db, ref)]);
  const [row] = rowsOf<SummaryRow>(summaries);
  if (!row) throw new RegistryError("artifact_not_found");
  const mirror = viewOf(rowsOf<MirrorRow>(mirrors)[0]);
  const unavailable = unavailableIn(row.rating);
  const summary: Summary = {
    id: String(row.id),
    type: row.type,
    name: row.name,
    source: row.source,
    url: row.url,
    created_at: new Date(row.created_at).toISOString(),
    ...(row.created_by !== null && { created_by: row.created_by }),
    updated_at: new Date(row.updated_at).toISOString(),
    ...(row.license !== null && { license: JSON.parse(row.license) as string[] }),
    ...(row.net !== null && { net_score: row.net }),
    ...(unavailable.length > 0 && { unavailable }),
    ...(row.verdict !== null && { verdict: row.verdict }),
    size: row.size,
    ...(row.upstream_size !== null && { upstream_size: row.upstream_size }),
    ...(row.revision !== null && { revision: row.revision }),
    sha256: row.sha256,
    version: row.version,
    ...(mirror.state !== "none" && { mirror }),
  };
  return { summary, etag: etagOf(row) };
}

/** A stored rating names them in a list; one that failed says why for each. */
function unavailableIn(rating: string | null): string[] {
  const { unavailable = [] } = JSON.parse(rating ?? "{}") as { unavailable?: string[] | Record<string, string> };
  return Array.isArray(unavailable) ? unavailable : Object.keys(unavailable);
}
