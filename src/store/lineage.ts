/**
 * Statements that walk the edges, up and down, one recursive query each.
 *
 * An edge names its parent by source. Which registered artifact that is, is decided here and at read time only: the one
 * that was asked about, if it has that source, else the one registered first. That is what re-links a parent that comes
 * back, and what makes one that was deleted external. The joins are CROSS JOINs to keep their order: the planner does not
 * know that a walk is short and the registry is large.
 */

import type { Database } from "../config.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import type { ParentEdge } from "./artifacts.ts";

/** One edge of a walk; `parent_id` is null for a parent that is not registered. */
export interface EdgeRow {
  child_id: number;
  parent_id: number | null;
  parent_type: ArtifactType;
  parent_key: string;
  parent_source: string;
  relation: ParentEdge["relation"];
  detail: string | null;
  read_from: string;
}

/** What is read of a node. `license` is a JSON array; `size` is that of the object under `object_key`; sizes in bytes. */
export interface NodeRow {
  id: number;
  type: ArtifactType;
  name: string;
  source: string;
  source_key: string;
  revision: string | null;
  license: string | null;
  object_key: string;
  size: number;
  upstream_size: number | null;
}

/** The registered artifact behind an edge `e`, seen from the artifact ?1. */
const PARENT_ID = `coalesce(
  (SELECT root.id FROM artifacts AS root
   WHERE root.id = ?1 AND root.type = e.parent_type AND root.source_key = e.parent_key),
  (SELECT p.id FROM artifacts AS p
   WHERE p.source_key = e.parent_key AND +p.type = e.parent_type ORDER BY p.id LIMIT 1))`;

/** All edges above an artifact: from each of its transitive parents' to it. `types`: of parents to follow and show. */
export function selectEdgesAbove(
  db: Database,
  id: number,
  types: readonly ArtifactType[],
  maxNodes: number,
): D1PreparedStatement {
  return db
    .prepare(
      `WITH RECURSIVE above (id) AS (
         SELECT ?1
         UNION
         SELECT ${PARENT_ID} AS parent FROM above CROSS JOIN edges AS e ON e.child_id = above.id
         WHERE e.parent_type IN (SELECT value FROM json_each(?2)) AND parent IS NOT NULL
         LIMIT ?3)
       SELECT e.*, ${PARENT_ID} AS parent_id
       FROM above CROSS JOIN edges AS e ON e.child_id = above.id
       WHERE e.parent_type IN (SELECT value FROM json_each(?2))
       ORDER BY e.child_id, e.parent_type DESC, e.parent_key`,
    )
    .bind(id, JSON.stringify(types), maxNodes);
}

/** All edges below a model: from it to its transitive children. Same rows. */
export function selectEdgesBelow(db: Database, id: number, maxNodes: number): D1PreparedStatement {
  return db
    .prepare(
      `WITH RECURSIVE below (id) AS (
         SELECT ?1
         UNION
         SELECT e.child_id FROM below
         CROSS JOIN artifacts AS a ON a.id = below.id
         CROSS JOIN edges AS e ON e.parent_type = 'model' AND e.parent_key = a.source_key
         WHERE ${PARENT_ID} = below.id
         LIMIT ?2)
       SELECT * FROM (
         SELECT e.*, ${PARENT_ID} AS parent_id
         FROM below CROSS JOIN edges AS e ON e.child_id = below.id AND e.parent_type = 'model')
       WHERE parent_id IN (SELECT id FROM below)
       ORDER BY child_id, parent_key`,
    )
    .bind(id, maxNodes);
}

/** What a graph shows of each node, by id. Returns `NodeRow`. */
export function selectNodes(db: Database, ids: readonly number[]): D1PreparedStatement {
  return db
    .prepare(
      `SELECT id, type, name, source, source_key, revision, license, object_key, size, upstream_size
       FROM artifacts WHERE id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids));
}
