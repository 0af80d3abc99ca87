/**
 * Statements on quotas: how much the registry holds, and whether a write still fits.
 *
 * Invariant: what is held is counted by triggers in the transaction of each write, and the condition that it fits stands in
 * the statement that makes the artifact point at its zip: no two writes can both take the last place.
 */

import type { Database, Quota } from "../config.ts";

/** How many artifacts there are, and how many bytes their zips have. */
export interface Usage {
  artifacts: number;
  bytes: number;
}

const ARTIFACTS = "(SELECT sum(artifacts) FROM counts)";
const BYTES = "(SELECT sum(bytes) FROM counts)";

/** What the registry holds. Returns `Usage`. */
export function selectUsage(db: Database): D1PreparedStatement {
  return db.prepare(`SELECT ${ARTIFACTS} AS artifacts, ${BYTES} AS bytes`);
}

/** What the registry holds, and how many bytes all uploads in parts but one have announced. */
export interface Announced extends Usage {
  announced: number;
}

/**
 * What the registry holds, and what uploads in parts will bring: their parts are in the bucket long before they are settled.
 * Returns `Announced`.
 *
 * @param besides the upload that does not count
 */
export function selectAnnounced(db: Database, besides = 0): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${ARTIFACTS} AS artifacts, ${BYTES} AS bytes, coalesce(sum(size), 0) AS announced
       FROM uploads WHERE artifact_id IS NOT NULL AND purpose = 'upload' AND id <> ?1`,
    )
    .bind(besides);
}

/** The condition that one artifact more fits, with the zip of the upload `u`. */
export function fitsAnother({ artifacts, bytes }: Quota): string {
  const conditions = [
    ...(artifacts === undefined ? [] : [`${ARTIFACTS} < ${artifacts}`]),
    ...(bytes === undefined ? [] : [`${BYTES} + u.size <= ${bytes}`]),
  ];
  return conditions.join(" AND ") || "true";
}

/**
 * The condition that the zip of the upload `u` fits in the place of the artifact `a`'s. One that is not larger always does,
 * also where the registry holds more than it may by now.
 */
export function fitsInPlace({ bytes }: Quota): string {
  return bytes === undefined ? "true" : `(u.size <= a.size OR ${BYTES} - a.size + u.size <= ${bytes})`;
}

/** How an upload stands to the quota: what is held, what it adds, and whether that fits. */
export interface Fit extends Usage {
  added_artifacts: 0 | 1;
  added_bytes: number;
  fits: 0 | 1;
}

/** Whether an upload that has not been settled fits, under the very condition of its settlement. Returns `Fit`. */
export function selectFit(db: Database, uploadId: number, quota: Quota): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${ARTIFACTS} AS artifacts, ${BYTES} AS bytes, a.id IS NULL AS added_artifacts,
              u.size - coalesce(a.size, 0) AS added_bytes,
              iif(a.id IS NULL, ${fitsAnother(quota)}, ${fitsInPlace(quota)}) AS fits
       FROM uploads AS u LEFT JOIN artifacts AS a ON a.id = u.artifact_id WHERE u.id = ?1`,
    )
    .bind(uploadId);
}
