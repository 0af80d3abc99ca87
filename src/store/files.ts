/**
 * Statements that read which files are in a bundle: an artifact's row and a stretch of its index in one read, so that both
 * are of the same version.
 *
 * Invariant: an index page is found by the last first path that is not behind the path looked for. Pages and the entries in
 * them are in the order of UTF-8 bytes, which is SQLite's own.
 */

import type { Database } from "../config.ts";
import type { Verdict } from "../inspection/findings.ts";
import type { ArtifactRef, ArtifactType } from "../lib/artifact.ts";
import type { ArtifactRow } from "./artifacts.ts";
import { type IndexedFile, SHOWN_VERDICT } from "./bundle-index.ts";

/** What an inspection came to; null where there was none. */
export interface Verdicted {
  verdict: Verdict | null;
}

/** The version of the rules that it followed. */
export interface Ruled {
  rules: number | null;
}

/** An artifact, the verdict on its content, and pages of its index as JSON; null: no such page. */
export interface IndexedArtifact
  extends Verdicted,
    Ruled,
    Pick<
      ArtifactRow,
      | "id"
      | "type"
      | "name"
      | "source"
      | "revision"
      | "license"
      | "object_key"
      | "size"
      | "sha256"
      | "version"
      | "created_at"
      | "updated_at"
    > {
  entries: string | null;
  /** 1: all files that upstream has at `revision`, which is what a finished mirror is; else 0. */
  complete: 0 | 1;
}

/** Which artifact is meant. */
export type Wanted = ArtifactRef | HubRef;

/**
 * An artifact by what it is called on the hub: the last one registered from any of these sources of which an upstream
 * commit is known.
 */
export interface HubRef {
  type: Extract<ArtifactType, "model" | "dataset">;
  /** Lower-case source ids, of which any will do. */
  keys: readonly string[];
  /** Only an artifact whose content has this commit id (`commitOf`) or, where none has, was taken from this upstream commit. */
  commit?: string;
}

/** Pages of an index: those from the one that holds (or would hold) a path on. */
export interface Stretch {
  from: string;
  pages: number;
}

/** Whether the content is a finished mirror. In terms of `a`, an artifact. */
const COMPLETE = `EXISTS (SELECT 1 FROM mirrors AS m
  WHERE m.artifact_id = a.id AND m.version = a.version AND m.state = 'finished')`;

const COLUMNS = `a.id, a.type, a.name, a.source, a.revision, a.license, a.object_key, a.size, a.sha256, a.version,
  a.created_at, a.updated_at, ${COMPLETE} AS complete`;

/** The commit id of a content, as `commitOf`. In terms of `a`, an artifact with an upstream commit. */
const COMMIT = `CASE WHEN ${COMPLETE} THEN a.revision ELSE substr(a.sha256, 1, 40) END`;

/**
 * The commit id of a content, 40 hex digits: upstream's for a complete copy, else one made from the content. Clients cache by
 * it for ever, the list of files too, so one id must never mean two contents: a light bundle cannot have upstream's.
 */
export function commitOf(row: Pick<IndexedArtifact, "revision" | "sha256" | "complete">): string {
  return row.complete === 1 && row.revision !== null ? row.revision : row.sha256.slice(0, 40);
}

/** The artifacts that are meant, as SQL over `?1` to `?3`, and their values. At most one. */
function meant(wanted: Wanted): [sql: string, values: (string | number | null)[]] {
  if ("id" in wanted)
    return ["SELECT * FROM artifacts WHERE id = ?1 AND type = ?2 AND ?3 IS NULL", [wanted.id, wanted.type, null]];
  const newest = (condition: string) =>
    `(SELECT a.id FROM artifacts AS a
      WHERE a.source_key = k.value AND +a.type = ?2 AND length(a.revision) = 40 AND ${condition}
      ORDER BY a.id DESC LIMIT 1)`;
  const id =
    wanted.commit === undefined
      ? newest("?3 IS NULL")
      : `coalesce(${newest(`${COMMIT} = ?3`)}, ${newest("a.revision = ?3")})`;
  return [
    `SELECT a.* FROM json_each(?1) AS k JOIN artifacts AS a ON a.id = ${id} ORDER BY a.id DESC LIMIT 1`,
    [JSON.stringify(wanted.keys), wanted.type, wanted.commit ?? null],
  ];
}

/**
 * An artifact with a stretch of its index, a row for each page, in their order; one row without entries where there are no
 * such pages, none where there is no such artifact. Returns `IndexedArtifact`s.
 */
export function selectFiles(db: Database, wanted: Wanted, { from, pages }: Stretch): D1PreparedStatement {
  const [artifact, values] = meant(wanted);
  return db
    .prepare(
      `WITH a AS (${artifact})
       SELECT ${COLUMNS}, i.verdict, i.rules, b.entries
       FROM a
       LEFT JOIN inspections AS i ON i.artifact_id = a.id AND i.version = a.version
       LEFT JOIN bundle_index AS b ON b.artifact_id = a.id AND b.first_path IN
         (SELECT p.first_path FROM bundle_index AS p
          WHERE p.artifact_id = a.id AND p.first_path >= coalesce(
            (SELECT max(q.first_path) FROM bundle_index AS q WHERE q.artifact_id = a.id AND q.first_path <= ?4), '')
          ORDER BY p.first_path LIMIT ?5)
       ORDER BY b.first_path`,
    )
    .bind(...values, from, pages);
}

/**
 * An artifact with those pages of its index on which paths stand, as files or as directories. Otherwise as `selectFiles`.
 */
export function selectFilesAt(db: Database, wanted: Wanted, paths: readonly string[]): D1PreparedStatement {
  const [artifact, values] = meant(wanted);
  // A page of `p` itself, the one where `p/` would stand, and the next, which may begin with the first file below `p/`.
  return db
    .prepare(
      `WITH a AS (${artifact}),
       at (path) AS (SELECT value FROM json_each(?4) UNION ALL SELECT value || '/' FROM json_each(?4)),
       pages (first_path) AS (
         SELECT (SELECT max(q.first_path) FROM bundle_index AS q WHERE q.artifact_id = a.id AND q.first_path <= at.path)
         FROM a, at
         UNION
         SELECT (SELECT min(q.first_path) FROM bundle_index AS q WHERE q.artifact_id = a.id AND q.first_path > at.path)
         FROM a, at)
       SELECT ${COLUMNS}, i.verdict, i.rules, b.entries
       FROM a
       LEFT JOIN inspections AS i ON i.artifact_id = a.id AND i.version = a.version
       LEFT JOIN bundle_index AS b ON b.artifact_id = a.id AND b.first_path IN (SELECT first_path FROM pages)
       ORDER BY b.first_path`,
    )
    .bind(...values, JSON.stringify(paths));
}

/** The files on some pages of an index, in the order of their paths. */
export function filesOn(rows: readonly IndexedArtifact[]): IndexedFile[] {
  return rows.flatMap(({ entries }) => (entries === null ? [] : (JSON.parse(entries) as IndexedFile[])));
}

/** An artifact, and the verdict on its present content where it was inspected. Returns `ArtifactRow & Verdicted`. */
export function selectVerdicted(db: Database, { type, id }: ArtifactRef): D1PreparedStatement {
  return db
    .prepare(
      `SELECT a.*, i.verdict
       FROM artifacts AS a LEFT JOIN inspections AS i ON i.artifact_id = a.id AND i.version = a.version
       WHERE a.id = ?1 AND a.type = ?2`,
    )
    .bind(id, type);
}

/** What an inspection of an artifact's present content found. `findings`: JSON. */
export interface InspectionRow extends Ruled {
  id: number;
  verdict: Verdict | null;
  findings: string | null;
  inspected_at: number | null;
  /** JSON; null under the rules of before it was kept. */
  summary: string | null;
}

/** An artifact and the inspection of its present content, null where there was none. */
export function selectInspection(db: Database, { type, id }: ArtifactRef): D1PreparedStatement {
  return db
    .prepare(
      `SELECT a.id, ${SHOWN_VERDICT} AS verdict, i.findings, i.inspected_at, i.rules, i.summary
       FROM artifacts AS a LEFT JOIN inspections AS i ON i.artifact_id = a.id AND i.version = a.version
       WHERE a.id = ?1 AND a.type = ?2`,
    )
    .bind(id, type);
}
