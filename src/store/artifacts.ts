/**
 * Statements on artifacts and what belongs to them. A function returns a prepared statement, so that a verb composes one
 * transaction.
 */

import type { Database, Quota } from "../config.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { fitsAnother } from "./quotas.ts";

/** An artifact as stored. Times in milliseconds since 1970, sizes in bytes, digests in hex. */
export interface ArtifactRow {
  id: number;
  type: ArtifactType;
  name: string;
  url: string;
  source: string;
  source_key: string;
  revision: string | null;
  license: string | null;
  upstream_size: number | null;
  object_key: string;
  size: number;
  sha256: string;
  version: number;
  created_at: number;
  updated_at: number;
}

/** What a list shows of an artifact. */
export type ArtifactSummary = Pick<ArtifactRow, "id" | "type" | "name">;

/** What an ingest found out and an artifact row keeps. */
export interface ArtifactContent {
  url: string;
  source: string;
  sourceKey: string;
  revision?: string;
  license?: string[];
  upstreamSize?: number;
}

/** A parent that an artifact names, to be kept as an edge. `key` is the canonical source for comparison. */
export interface ParentEdge {
  type: ArtifactType;
  key: string;
  source: string;
  relation: "base_model" | "fine_tuning_dataset" | "code_repository";
  detail?: string;
  read_from: string;
}

/** The artifact with this id, if it is of this type. */
export function selectArtifact(db: Database, type: ArtifactType, id: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM artifacts WHERE id = ?1 AND type = ?2").bind(id, type);
}

/** The artifact that already has this (type, source, name). */
export function selectTwin(db: Database, type: ArtifactType, sourceKey: string, name: string): D1PreparedStatement {
  return db
    .prepare("SELECT id FROM artifacts WHERE type = ?1 AND source_key = ?2 AND name = ?3")
    .bind(type, sourceKey, name);
}

/**
 * Makes an upload an artifact: under its own id, or under the one that was reserved for it. Nothing is inserted when the
 * upload was given up meanwhile, when its reservation has ended, when another artifact has taken its (type, source, name), or
 * when it does not fit into the quota.
 */
export function insertArtifact(
  db: Database,
  uploadId: number,
  content: ArtifactContent,
  quota: Quota,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO artifacts (id, type, name, url, source, source_key, revision, license, upstream_size,
                              object_key, size, sha256, version, created_at, updated_at)
       SELECT coalesce(u.artifact_id, u.id), u.type, u.name, ?2, ?3, ?4, ?5, ?6, ?7,
              u.object_key, u.size, u.sha256, u.id, ?8, ?8
       FROM uploads AS u
       WHERE u.id = ?1 AND (u.artifact_id IS NULL OR EXISTS
         (SELECT 1 FROM uploads AS r WHERE r.id = u.artifact_id AND r.purpose = 'reservation'))
         AND ${fitsAnother(quota)}
       ON CONFLICT DO NOTHING`,
    )
    .bind(uploadId, ...contentValues(content), at);
}

/** Makes an artifact point at a new upload; to be run after `doomReplaced`, whose row says that it may. */
export function replaceContent(
  db: Database,
  uploadId: number,
  content: ArtifactContent,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE artifacts
       SET url = ?2, source = ?3, source_key = ?4, revision = ?5, license = ?6, upstream_size = ?7,
           object_key = u.object_key, size = u.size, sha256 = u.sha256, version = u.id, updated_at = ?8
       FROM uploads AS u
       WHERE u.id = ?1 AND artifacts.id = u.artifact_id
         AND EXISTS (SELECT 1 FROM deletions AS d WHERE d.object_key = artifacts.object_key)`,
    )
    .bind(uploadId, ...contentValues(content), at);
}

function contentValues(content: ArtifactContent): (string | number | null)[] {
  return [
    content.url,
    content.source,
    content.sourceKey,
    content.revision ?? null,
    content.license ? JSON.stringify(content.license) : null,
    content.upstreamSize ?? null,
  ];
}

/** The artifact that an upload has become the content of, joined: what follows it in its transaction depends on it. */
export const LANDED = "uploads AS u JOIN artifacts AS a ON a.id = coalesce(u.artifact_id, u.id) AND a.version = u.id";

/**
 * Writes the searchable text and the edges to the parents of an artifact whose upload has just become its content.
 * @param replaced whether there may be edges of the content before
 */
export function writeBelongings(
  db: Database,
  uploadId: number,
  text: string,
  parents: readonly ParentEdge[],
  replaced: boolean,
): D1PreparedStatement[] {
  const card = db
    .prepare(`INSERT OR REPLACE INTO cards (artifact_id, text) SELECT a.id, ?2 FROM ${LANDED} WHERE u.id = ?1`)
    .bind(uploadId, text);
  const search = db
    .prepare(
      `INSERT OR REPLACE INTO search (rowid, body)
       SELECT a.id, a.name || char(10) || a.source || char(10) || ?2 FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, text);
  const oldEdges = db
    .prepare(`DELETE FROM edges WHERE child_id IN (SELECT a.id FROM ${LANDED} WHERE u.id = ?1)`)
    .bind(uploadId);
  const edges = db
    .prepare(
      `INSERT OR IGNORE INTO edges (child_id, parent_type, parent_key, parent_source, relation, detail, read_from)
       SELECT a.id, p.value ->> 'type', p.value ->> 'key', p.value ->> 'source', p.value ->> 'relation',
              p.value ->> 'detail', p.value ->> 'read_from'
       FROM ${LANDED} JOIN json_each(?2) AS p WHERE u.id = ?1`,
    )
    .bind(uploadId, JSON.stringify(parents));
  return [card, search, ...(replaced ? [oldEdges] : []), ...(parents.length > 0 ? [edges] : [])];
}

/** Registered artifacts that name this artifact's source as a parent, other than itself. Ascending id. */
export function selectDependents(db: Database, id: number, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT c.id, c.type, c.name
       FROM artifacts AS a
       JOIN edges AS e ON e.parent_type = a.type AND e.parent_key = a.source_key AND e.child_id <> a.id
       JOIN artifacts AS c ON c.id = e.child_id
       WHERE a.id = ?1 ORDER BY e.child_id LIMIT ?2`,
    )
    .bind(id, limit);
}

/** Up to `limit` ids, ascending: how a reset takes the registry page by page. */
export function selectSomeRefs(db: Database, limit: number): D1PreparedStatement {
  return db.prepare("SELECT id, type FROM artifacts ORDER BY id LIMIT ?1").bind(limit);
}

/** How many artifacts of each type there are. */
export function selectCounts(db: Database): D1PreparedStatement {
  return db.prepare("SELECT type, artifacts FROM counts");
}
