/** Finding artifacts: one by its id, those of a name, a page of a list, what a pattern occurs in. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ARTIFACT_TYPES, type ArtifactRef, type ArtifactType } from "../lib/artifact.ts";
import { cursorAfter, type Offset } from "../lib/paging.ts";
import { LIST_INDEX_MAX, PAGE_SIZE, SEARCH_INDEX_MAX } from "../limits.ts";
import { findByPattern } from "../search/find.ts";
import { type ArtifactRow, type ArtifactSummary, selectArtifact } from "../store/artifacts.ts";
import { type ListQuery, selectByName, selectPage } from "../store/lists.ts";
import { rowsOf } from "../store/statements.ts";
import { signDownload } from "./links.ts";
import { artifactOf, type Metadata, metadataOf, type VersionedArtifact } from "./views.ts";

/** One page, and the cursor behind it if there is more. */
export interface Page {
  items: Metadata[];
  next?: string;
}

/**
 * The stored row of an artifact.
 * @throws RegistryError `artifact_not_found`, also for an artifact of another type
 */
export async function getArtifactRow(ctx: Context, ref: ArtifactRef): Promise<ArtifactRow> {
  const row = await selectArtifact(ctx.db, ref.type, ref.id).first<ArtifactRow>();
  if (!row) throw new RegistryError("artifact_not_found");
  return row;
}

/**
 * An artifact with a fresh download link (contract: GET /artifacts/{artifact_type}/{id}).
 * @param origin what the link is built on; without it there is none
 * @throws RegistryError `artifact_not_found`
 */
export async function getArtifact(ctx: Context, ref: ArtifactRef, origin?: string): Promise<VersionedArtifact> {
  permit(ctx, "artifact:read");
  // The link names the artifact, not what is found of it: it is signed while the database is asked.
  const [row, link] = await Promise.all([getArtifactRow(ctx, ref), signDownload(ctx, ref, origin)]);
  return artifactOf(row, link);
}

/** One query of a list: `*` or the empty name for every name, no types for all of them. */
export interface NameQuery {
  name: string;
  types?: ArtifactType[] | undefined;
}

/** A page of the artifacts that any of the queries matches, all where there is none (contract: POST /artifacts). */
export async function listArtifacts(ctx: Context, queries: readonly NameQuery[], offset?: Offset): Promise<Page> {
  permit(ctx, "artifact:read");
  const wanted = (queries.length === 0 ? [{ name: "*" }] : queries).map(
    ({ name, types }: NameQuery): ListQuery => ({
      ...(name !== "" && name !== "*" && { name }),
      types: types === undefined || types.length === 0 ? ARTIFACT_TYPES : types,
    }),
  );
  return readPage(offset, (from) => selectPage(ctx.db, wanted, from));
}

/** A page of the artifacts with exactly this name or source id (contract: GET /artifact/byName/{name}). */
export async function findByName(ctx: Context, name: string, offset?: Offset): Promise<Page> {
  permit(ctx, "artifact:read");
  return readPage(offset, (from) => selectByName(ctx.db, name, from));
}

/**
 * A page of the artifacts that a pattern occurs in (contract: POST /artifact/byRegEx).
 * @throws RegistryError `invalid_regex`, `no_match`; `invalid_request` for an index further in than one request can count
 */
export async function search(ctx: Context, regex: string, offset?: Offset): Promise<Page> {
  permit(ctx, "search");
  const { after, skip } = start(offset);
  if (skip > SEARCH_INDEX_MAX) throw tooFarIn();
  // Loaded on first use: building the engine's tables is slow, and most isolates never search.
  const { compilePattern } = await import("../search/pattern.ts");
  const { rows, next } = await findByPattern(ctx, compilePattern(regex), after, skip + PAGE_SIZE);
  if (rows.length < skip && next !== undefined) {
    throw tooFarIn();
  }
  const items = rows.slice(skip).map(metadataOf);
  // Whoever follows a cursor has come to the end, not to nothing.
  if (items.length === 0 && next === undefined && offset === undefined) throw new RegistryError("no_match");
  return { items, ...(next !== undefined && { next }) };
}

function start(offset: Offset | undefined): { after: number; skip: number } {
  return { after: 0, skip: 0, ...(offset && ("after" in offset ? offset : { skip: offset.index })) };
}

function tooFarIn(): RegistryError {
  return new RegistryError("invalid_request", "Invalid request: query.offset: too far in; follow the offset headers.");
}

/** A page, and one row to see whether there is more; nothing is asked behind all that there can be. */
async function readPage(
  offset: Offset | undefined,
  select: (from: { after: number; skip: number; limit: number }) => D1PreparedStatement,
): Promise<Page> {
  const from = start(offset);
  if (from.skip > LIST_INDEX_MAX) return { items: [] };
  const rows = rowsOf<ArtifactSummary>(await select({ ...from, limit: PAGE_SIZE + 1 }).all());
  const items = rows.slice(0, PAGE_SIZE);
  const last = rows.length > PAGE_SIZE ? items.at(-1) : undefined;
  return { items: items.map(metadataOf), ...(last && { next: cursorAfter(last.id) }) };
}
