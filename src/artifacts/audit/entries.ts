/**
 * Entries of the audit. A write is audited in its own transaction. A read (a download, a rating, a query of the audit) is
 * audited after the response, so that it can be served while the database does not accept writes. If that insert fails, the
 * entry is lost and the failure is logged.
 */

import { may, permit } from "../../auth/scopes.ts";
import { type Context, requester } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { ARTIFACT_TYPES, type ArtifactRef } from "../../lib/artifact.ts";
import { cursorAfter } from "../../lib/paging.ts";
import { PAGE_SIZE } from "../../limits.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import {
  ACCOUNT_KINDS,
  type Account,
  AUDIT_SCAN_ROWS,
  type AuditAction,
  type AuditedArtifact,
  type AuditFilter,
  auditPart,
  auditRead,
  type FoundAuditRow,
  selectAudit,
  selectAuditedName,
} from "../../store/audit.ts";
import { rowsOf } from "../../store/statements.ts";
import { type Metadata, metadataOf } from "../views.ts";

/** An entry of one artifact. `date` is in ISO 8601. */
export interface ArtifactAuditEntry {
  user: { name: string; is_admin: boolean };
  date: string;
  artifact: Metadata;
  action: AuditAction;
}

/**
 * An entry for administrators. It has an artifact, an account, or neither if the whole audit was read. `before` and `after`
 * are the SHA-256 of the zip, in hex.
 */
export interface AuditEntry extends Omit<ArtifactAuditEntry, "artifact"> {
  id: number;
  artifact?: Metadata;
  account?: Account;
  request_id: string;
  before?: string;
  after?: string;
}

/** One page, with the cursor of the next one unless this is the last. */
export interface AuditPage<Entry> {
  entries: Entry[];
  next?: string;
}

/** Audits the download of a whole zip or of a part of it, after the response. */
export function auditDownload(ctx: Context, artifact: AuditedArtifact, extent: "whole" | "part"): void {
  const by = requester(ctx);
  ctx.defer(
    insert(() => (extent === "part" ? auditPart(ctx.db, artifact, by) : auditRead(ctx.db, "DOWNLOAD", artifact, by))),
  );
}

/** Audits the read of a rating or of the audit, after the response. */
export function deferAuditRead(ctx: Context, action: "RATE" | "AUDIT", artifact: AuditedArtifact): void {
  ctx.defer(insert(() => auditRead(ctx.db, action, artifact, requester(ctx))));
}

/** Builds and runs a statement. It is async so that an error in `make` rejects the deferred work, not the response. */
async function insert(make: () => D1PreparedStatement): Promise<void> {
  await make().run();
}

/**
 * Reads one page of the audit of one artifact, oldest first (GET /artifact/{artifact_type}/{id}/audit). Only administrators
 * see a deleted artifact and the entry of its deletion.
 *
 * @param after id of the entry after which the page starts
 * @throws RegistryError `not_permitted`, `artifact_not_found`
 */
export async function readArtifactAudit(
  ctx: Context,
  ref: ArtifactRef,
  after: number,
): Promise<AuditPage<ArtifactAuditEntry>> {
  permit(ctx, "audit:read");
  const isAdmin = may(ctx.actor, "admin");
  const filter = { artifactId: ref.id, artifactType: ref.type };
  const [current, audited, found] = await ctx.db.batch([
    selectArtifact(ctx.db, ref.type, ref.id),
    selectAuditedName(ctx.db, ref.type, ref.id),
    selectAudit(ctx.db, filter, after, PAGE_SIZE + 1),
  ]);
  const [row] = rowsOf<ArtifactRow>(current);
  const [last] = rowsOf<{ name: string }>(audited);
  const artifact = row ?? (isAdmin && last ? { ...ref, name: last.name } : undefined);
  if (!artifact) throw new RegistryError("artifact_not_found");
  deferAuditRead(ctx, "AUDIT", artifact);
  const { entries, next } = pageOf(rowsOf<FoundAuditRow>(found));
  return {
    entries: entries
      .filter(({ action }) => isAdmin || action !== "DELETE")
      .map((entry) => ({ ...whoAndWhen(entry), artifact: metadataOf({ ...ref, name: entry.name }) })),
    ...(next !== undefined && { next }),
  };
}

/** Stands for the artifact in the entry of a read of the whole audit. */
const WHOLE_AUDIT: AuditedArtifact = { id: 0, type: "", name: "" };

/**
 * Reads one page of the whole audit, oldest first (GET /audit).
 *
 * @param after id of the entry after which the page starts
 * @throws RegistryError `not_permitted` unless the actor is an administrator
 */
export async function readAudit(ctx: Context, filter: AuditFilter, after: number): Promise<AuditPage<AuditEntry>> {
  permit(ctx, "admin");
  const found = await selectAudit(ctx.db, filter, after, PAGE_SIZE + 1).all<FoundAuditRow>();
  deferAuditRead(ctx, "AUDIT", WHOLE_AUDIT);
  const { entries, next } = pageOf(found.results);
  return {
    entries: entries.map((entry) => ({
      id: entry.id,
      ...whoAndWhen(entry),
      ...subjectOf(entry),
      request_id: entry.request_id,
      ...(entry.before !== null && { before: entry.before }),
      ...(entry.after !== null && { after: entry.after }),
    })),
    ...(next !== undefined && { next }),
  };
}

function subjectOf({ artifact_id, type, name }: FoundAuditRow): Pick<AuditEntry, "artifact" | "account"> {
  const kind = ACCOUNT_KINDS.find((known) => known === type);
  if (kind) return { account: { kind, name } };
  const artifactType = ARTIFACT_TYPES.find((known) => known === type);
  return artifactType ? { artifact: metadataOf({ id: artifact_id, type: artifactType, name }) } : {};
}

function whoAndWhen(row: FoundAuditRow): Omit<ArtifactAuditEntry, "artifact"> {
  return {
    user: { name: row.actor, is_admin: row.is_admin === 1 },
    date: new Date(row.at).toISOString(),
    action: row.action,
  };
}

/** Cuts a page. A short or empty page still has a cursor if the scan stopped at its limit. */
function pageOf(found: readonly FoundAuditRow[]): AuditPage<FoundAuditRow> {
  const [first] = found;
  const entries = found.filter((row) => row.id !== null).slice(0, PAGE_SIZE);
  const last = entries.at(-1);
  if (last && found.length > PAGE_SIZE) return { entries, next: cursorAfter(last.id) };
  const isCut = first?.scanned_rows === AUDIT_SCAN_ROWS && first.last_id !== null;
  return { entries, ...(isCut && { next: cursorAfter(first.last_id ?? 0) }) };
}
