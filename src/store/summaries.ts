/** The statement that reads everything about one artifact that a list would show, in one read. */

import type { Database } from "../config.ts";
import type { Verdict } from "../inspection/findings.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import type { ArtifactRow } from "./artifacts.ts";
import { SHOWN_VERDICT } from "./bundle-index.ts";

/** An artifact with what is stored beside it; null where there is nothing. */
export interface SummaryRow extends ArtifactRow {
  /** Who registered it. */
  created_by: string | null;
  net: number | null;
  /** JSON, as `StoredRating.rating`. */
  rating: string | null;
  verdict: Verdict | null;
}

/** Returns `SummaryRow`. */
export function selectSummary(db: Database, { type, id }: ArtifactRef): D1PreparedStatement {
  return db
    .prepare(
      `SELECT a.*, r.net, r.rating, ${SHOWN_VERDICT} AS verdict,
              (SELECT actor FROM audit WHERE artifact_id = a.id AND action = 'CREATE' ORDER BY id LIMIT 1) AS created_by
       FROM artifacts AS a
       LEFT JOIN ratings AS r ON r.artifact_id = a.id
       LEFT JOIN inspections AS i ON i.artifact_id = a.id AND i.version = a.version
       WHERE a.id = ?1 AND a.type = ?2`,
    )
    .bind(id, type);
}
