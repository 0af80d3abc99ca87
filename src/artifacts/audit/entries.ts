/**
 * The audit: who did what. Writes are audited in their own transaction. What only reads (a download, a rating, a look into
 * the audit) is audited after the answer, so that it neither delays nor fails it: should that write be lost, the entry is
 * lost. That is the price of serving while the database cannot be written to, and it is logged.
 */

import { may, permit } from "../../auth/scopes.ts";
import { type Context, requester } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { ARTIFACT_TYPES, type ArtifactRef } from "../../lib/artifact.ts";
import { cursorAfter } from "../../lib/paging.ts";
import { AUDIT_SCAN_ROWS, PAGE_SIZE } from "../../limits.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import {
  ACCOUNT_KINDS,
  type Account,
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

/** An entry as the contract shows it. Date in ISO 8601. */
export interface ArtifactAuditEntry {
  user: { name: string; is_admin: boolean };
  date: string;
  artifact: Metadata;
  action: AuditAction;
}

/**
 * An entry as administrators see it: of an artifact, of an account, or of neither where the audit as a whole was read.
 * `before` and `after` are the SHA-256 of the zip, in hex.
 */
export interface AuditEntry extends Omit<ArtifactAuditEntry, "artifact"> {
  id: number;
  artifact?: Metadata;
  account?: Account;
  request_id: string;
  before?: string;
  after?: string;
}

/** One page, and the cursor behind it if there is more. */
export interface AuditPage<Entry> {
  entries: Entry[];
  next?: string;
}

/** Audits, after the answer, that bytes are handed out: the whole of a zip, or a part of it. */
export function auditDownload(ctx: Context, seen: AuditedArtifact, extent: "whole" | "part"): void {
  const by = requester(ctx);
  ctx.defer(write(() => (extent === "part" ? auditPart(ctx.db, seen, by) : auditRead(ctx.db, "DOWNLOAD", seen, by))));
}

/** Audits, after the answer, that a rating or the audit was looked at. */
export function auditLook(ctx: Context, action: "RATE" | "AUDIT", seen: AuditedArtifact): void {
  ctx.defer(write(() => auditRead(ctx.db, action, seen, requester(ctx))));
}

/** A statement that cannot even be made fails like one that cannot be run: not the answer. */
async function write(make: () => D1PreparedStatement): Promise<void> {
  await make().run();
}

/**
 * The history of one artifact (contract: GET /artifact/{artifact_type}/{id}/audit). That of a deleted one, and the entry of
 * its deletion, are for administrators.
 * @throws RegistryError `artifact_not_found`
 */
export async function readArtifactAudit(
  ctx: Context,
  ref: ArtifactRef,
  after: number,
): Promise<AuditPage<ArtifactAuditEntry>> {
  permit(ctx, "audit:read");
  const isAdmin = may(ctx.actor, "admin");
  const filter = { artifactId: ref.id, artifactType: ref.type };
  const [living, audited, found] = await ctx.db.batch([
    selectArtifact(ctx.db, ref.type, ref.id),
    selectAuditedName(ctx.db, ref.type, ref.id),
    selectAudit(ctx.db, filter, after, PAGE_SIZE + 1),
  ]);
  const [row] = rowsOf<ArtifactRow>(living);
  const [gone] = rowsOf<{ name: string }>(audited);
  const seen = row ?? (isAdmin && gone ? { ...ref, name: gone.name } : undefined);
  if (!seen) throw new RegistryError("artifact_not_found");
  auditLook(ctx, "AUDIT", seen);
  const { entries, next } = pageOf(rowsOf<FoundAuditRow>(found));
  return {
    entries: entries
      .filter(({ action }) => isAdmin || action !== "DELETE")
      .map((entry) => ({ ...whoAndWhen(entry), artifact: metadataOf({ ...ref, name: entry.name }) })),
    ...(next !== undefined && { next }),
  };
}

/** Who reads the audit as a whole reads that of no artifact. */
const EVERYTHING: AuditedArtifact = { id: 0, type: "", name: "" };

/** The whole audit, ascending, a page at a time (ours: GET /audit). For administrators. */
export async function readAudit(ctx: Context, filter: AuditFilter, after: number): Promise<AuditPage<AuditEntry>> {
  permit(ctx, "admin");
  const found = await selectAudit(ctx.db, filter, after, PAGE_SIZE + 1).all<FoundAuditRow>();
  auditLook(ctx, "AUDIT", EVERYTHING);
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

/** A page of what was found. A page may be short, or empty, and still have a cursor: no more was looked at. */
function pageOf(found: readonly FoundAuditRow[]): AuditPage<FoundAuditRow> {
  const [first] = found;
  const entries = found.filter((row) => row.id !== null).slice(0, PAGE_SIZE);
  const last = entries.at(-1);
  if (last && found.length > PAGE_SIZE) return { entries, next: cursorAfter(last.id) };
  const isCut = first?.looked_at === AUDIT_SCAN_ROWS && first.last_id !== null;
  return { entries, ...(isCut && { next: cursorAfter(first.last_id ?? 0) }) };
}
