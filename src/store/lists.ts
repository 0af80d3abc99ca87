/** Statements that list artifacts: one page at a time, ascending id, at a cost that depends on the page alone. */

import type { Database } from "../config.ts";
import { ARTIFACT_TYPES, type ArtifactType } from "../lib/artifact.ts";

/** One query of a list: a name, exact, or every name; some types, or every type. */
export interface ListQuery {
  name?: string;
  types: readonly ArtifactType[];
}

/** The place of a page: behind an id, some rows on. */
interface PagePlace {
  after: number;
  skip: number;
  limit: number;
}

/**
 * Artifacts whose name or full source id is exactly this. Ascending id. Each part walks its index in the order of the ids,
 * and the union merges them: nothing is read past the page.
 */
export function selectByName(db: Database, name: string, page: PagePlace): D1PreparedStatement {
  const folded = name.toLowerCase();
  const bySource = (key: string) =>
    `UNION SELECT id, type, name FROM artifacts WHERE source_key = ${key} AND source = ?1 AND id > ?2`;
  return db
    .prepare(
      `SELECT id, type, name FROM artifacts WHERE name = ?1 AND id > ?2
       ${bySource("?1")} ${folded === name ? "" : bySource("?5")}
       ORDER BY id LIMIT ?3 OFFSET ?4`,
    )
    .bind(name, page.after, page.limit, page.skip, ...(folded === name ? [] : [folded]));
}

/**
 * One page of the union of some queries, ascending id, each artifact once. Queries for every name walk the primary key (or
 * the index of a type) from the cursor on; queries for one name use the index of names.
 */
export function selectPage(db: Database, queries: readonly ListQuery[], page: PagePlace): D1PreparedStatement {
  const everyName = queries.filter((query) => query.name === undefined);
  const types = ARTIFACT_TYPES.filter((type) => everyName.some((query) => query.types.includes(type)));
  const named = distinctNamed(queries);
  const isEverything = types.length === ARTIFACT_TYPES.length;
  if (isEverything) return selectWalk(db, page);
  // What most clients ask for is one walk of one index.
  const [type] = types;
  if (type !== undefined && types.length === 1 && named.length === 0) return selectWalk(db, page, "type = ?4", type);
  const [first] = named;
  const isOneName = named.length === ARTIFACT_TYPES.length && named.every(({ name }) => name === first?.name);
  if (first && isOneName && types.length === 0) return selectWalk(db, page, "name = ?4", first.name);
  return selectUnion(db, types, named, page);
}

/** What is asked for by name, each name and type once however often it was written. */
function distinctNamed(queries: readonly ListQuery[]): { name: string; type: ArtifactType }[] {
  const wanted = new Map<string, Set<ArtifactType>>();
  for (const { name, types } of queries) {
    if (name !== undefined) wanted.set(name, new Set([...(wanted.get(name) ?? []), ...types]));
  }
  return [...wanted].flatMap(([name, types]) => [...types].map((type) => ({ name, type })));
}

function selectWalk(db: Database, page: PagePlace, condition = "true", ...values: string[]): D1PreparedStatement {
  return db
    .prepare(`SELECT id, type, name FROM artifacts WHERE ${condition} AND id > ?1 ORDER BY id LIMIT ?2 OFFSET ?3`)
    .bind(page.after, page.limit, page.skip, ...values);
}

function selectUnion(
  db: Database,
  types: readonly ArtifactType[],
  named: readonly { name: string; type: ArtifactType }[],
  page: PagePlace,
): D1PreparedStatement {
  // The bound inside each part keeps it from reading past the page; `ORDER BY id` is its index's own order.
  return db
    .prepare(
      `SELECT id, type, name FROM (
         SELECT a.id, a.type, a.name FROM json_each(?4) AS t JOIN artifacts AS a
           ON a.id IN (SELECT id FROM artifacts WHERE type = t.value AND id > ?1 ORDER BY id LIMIT ?2 + ?3)
         UNION
         SELECT a.id, a.type, a.name FROM json_each(?5) AS q JOIN artifacts AS a
           ON a.id IN (SELECT id FROM artifacts
                       WHERE name = q.value ->> 'name' AND +type = q.value ->> 'type' AND id > ?1
                       ORDER BY id LIMIT ?2 + ?3))
       ORDER BY id LIMIT ?2 OFFSET ?3`,
    )
    .bind(page.after, page.limit, page.skip, JSON.stringify(types), JSON.stringify(named));
}
