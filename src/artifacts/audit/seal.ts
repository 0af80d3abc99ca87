/**
 * Seals of the audit: a chain of digests over its entries.
 *
 * Invariant: the digest of a seal covers the digest of the previous seal and every entry since. Seal numbers and entry ids
 * have no gaps (a transaction that fails gives its ids back). So an entry or a seal that is changed, removed or inserted
 * later fails the verification.
 *
 * Whoever can write to the database can compute all seals again. Only a digest that was kept elsewhere (an anchor) shows
 * that, so each digest is logged and the newest is in /health. Entries that are not sealed yet are only checked for gaps.
 * Seals use no secret key, because they could not be verified any more after the key is rotated.
 */

import { permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import { textSha256Hex } from "../../lib/hash.ts";
import { cursorAfter } from "../../lib/paging.ts";
import type { AuditRow } from "../../store/audit.ts";
import {
  insertSeal,
  type SealRow,
  selectHeadSeal,
  selectLastId,
  selectRowsAfterSeal,
  selectSeal,
  selectSeals,
} from "../../store/seals.ts";
import { rowsOf } from "../../store/statements.ts";

/** Entries in one seal, about 1 MB to read and digest. One seal every 5 minutes is more than a million entries a day. */
const SEAL_ENTRIES = 5000;

/** Entries that one verification request reads. At least `SEAL_ENTRIES`, so that each request can check one seal. */
const VERIFY_ENTRIES = 10_000;

/** Seals that one verification request checks. While little happens, a seal has a few entries. */
const VERIFY_SEALS = 500;

/** Stands for the seal before the first one. */
const BEGINNING: SealRow = { number: 0, first_id: 0, last_id: 0, digest: "", sealed_at: 0 };

/**
 * Seals the entries since the newest seal, at most `SEAL_ENTRIES`; the next run continues. Safe to run concurrently: of two
 * runs that insert the same number, one does nothing.
 *
 * @returns the number of entries that were sealed
 */
export async function sealAudit(ctx: Context): Promise<number> {
  const head = (await selectHeadSeal(ctx.db).first<SealRow>()) ?? BEGINNING;
  const { results: rows } = await selectRowsAfterSeal(ctx.db, head.number, SEAL_ENTRIES).all<AuditRow>();
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return 0;
  const fields = { number: head.number + 1, first_id: first.id, last_id: last.id, sealed_at: ctx.now() };
  const seal = { ...fields, digest: await digestOf(head.digest, fields, rows) };
  if (!(await insertSeal(ctx.db, seal).first())) return 0;
  ctx.log("info", "audit_sealed", { seal: seal.number, through: seal.last_id, digest: seal.digest });
  // Entries with a gap are sealed all the same: every verification reports the gap from now on.
  const problem = checkIds(rows, head.last_id, last.id);
  if (problem?.kind === "entry_missing") ctx.log("error", "audit_gap", { seal: seal.number, missing: problem.entry });
  return rows.length;
}

/** Computes the digest of a seal. The format must never change: it verifies the seals of earlier releases. */
function digestOf(previous: string, seal: Omit<SealRow, "digest">, rows: readonly AuditRow[]): Promise<string> {
  const lines = [
    [previous, seal.number, seal.first_id, seal.last_id, seal.sealed_at],
    ...rows.map(({ id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after }) => {
      return [id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after];
    }),
  ];
  return textSha256Hex(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/**
 * What a verification can find.
 *
 * - `entry_missing`: an entry was removed. `entry_inserted`: an entry has an id that the audit never assigned.
 * - `entries_changed`: the digest does not match; an entry of the seal or the seal itself was changed.
 * - `seal_missing`: a seal was removed. `seal_misplaced`: it does not start where the previous one ends.
 * - `anchor_differs`: the registry has no seal with the number and digest of the anchor.
 */
export const AUDIT_PROBLEMS = [
  "entry_missing",
  "entry_inserted",
  "entries_changed",
  "seal_missing",
  "seal_misplaced",
  "anchor_differs",
] as const;

/** A problem, with the number of the seal and the id of the entry where they are known. */
export interface AuditProblem {
  kind: (typeof AUDIT_PROBLEMS)[number];
  seal?: number;
  entry?: number;
}

/** The result of one verification request. */
export interface AuditVerification {
  status: "intact" | "broken";
  /** Id of the last entry that is sealed. */
  sealed_through: number;
  rows_checked: number;
  seals_checked: number;
  /** The newest seal. Keep it elsewhere, as an anchor. */
  head?: { seal: number; digest: string };
  first_problem?: AuditProblem;
  /** Cursor of the next page; missing at the end and after a problem. */
  next?: string;
}

/**
 * Verifies one page of the audit, read in one transaction (GET /audit/verify).
 *
 * @param after  number of the seal after which to start; 0 for the beginning
 * @param anchor a seal that the caller kept, `<number>-<digest>`; the route checks the form
 */
export async function verifyAudit(ctx: Context, after: number, anchor?: string): Promise<AuditVerification> {
  permit(ctx, "audit:read");
  const [newest, start, following, audited, assigned, kept] = await ctx.db.batch([
    selectHeadSeal(ctx.db),
    selectSeal(ctx.db, after),
    selectSeals(ctx.db, after, VERIFY_SEALS),
    selectRowsAfterSeal(ctx.db, after, VERIFY_ENTRIES),
    selectLastId(ctx.db),
    selectSeal(ctx.db, Number.parseInt(anchor ?? "0", 10)),
  ]);
  const head = rowsOf<SealRow>(newest)[0] ?? BEGINNING;
  const begin = rowsOf<SealRow>(start)[0] ?? BEGINNING;
  const rows = rowsOf<AuditRow>(audited);
  const readThrough = rows.length < VERIFY_ENTRIES ? Number.POSITIVE_INFINITY : begin.last_id + VERIFY_ENTRIES;

  let problem: AuditProblem | undefined;
  if (begin.number !== after) problem = { kind: "seal_missing", seal: after };
  let last = begin;
  let checked = 0;
  for (const seal of problem ? [] : rowsOf<SealRow>(following)) {
    // Leaves a seal whose entries were not all read to the next page; except the first, so that every page makes progress.
    if (seal.last_id > readThrough && last !== begin) break;
    const covered = rows.slice(checked, checked + seal.last_id - last.last_id);
    problem = await checkSeal(last, seal, covered);
    if (problem) break;
    last = seal;
    checked += covered.length;
  }
  const isAtEnd = !problem && last.number === head.number;
  if (isAtEnd) {
    const lastId = rowsOf<{ last_id: number }>(assigned)[0]?.last_id ?? 0;
    problem = checkIds(rows.slice(checked), last.last_id, Math.min(lastId, readThrough));
  }
  const [found] = rowsOf<SealRow>(kept);
  if (anchor !== undefined && (!found || anchor !== `${found.number}-${found.digest}`)) {
    problem = { kind: "anchor_differs", seal: Number.parseInt(anchor, 10) };
  }
  return {
    status: problem ? "broken" : "intact",
    sealed_through: head.last_id,
    rows_checked: checked,
    seals_checked: last.number - begin.number,
    ...(head.number > 0 && { head: { seal: head.number, digest: head.digest } }),
    ...(problem && { first_problem: problem }),
    ...(!problem && !isAtEnd && { next: cursorAfter(last.number) }),
  };
}

/** Checks one seal against the previous one and the entries that it covers. */
async function checkSeal(
  previous: SealRow,
  seal: SealRow,
  rows: readonly AuditRow[],
): Promise<AuditProblem | undefined> {
  if (seal.number !== previous.number + 1) return { kind: "seal_missing", seal: previous.number + 1 };
  const problem = checkIds(rows, previous.last_id, seal.last_id);
  if (problem) return { ...problem, seal: seal.number };
  if (seal.first_id !== previous.last_id + 1) return { kind: "seal_misplaced", seal: seal.number };
  if (seal.digest !== (await digestOf(previous.digest, seal, rows))) {
    return { kind: "entries_changed", seal: seal.number };
  }
  return undefined;
}

/** Checks that entries have every id from `after + 1` through `last`. */
function checkIds(rows: readonly AuditRow[], after: number, last: number): AuditProblem | undefined {
  const index = [...rows, { id: last + 1 }].findIndex(({ id }, place) => id !== after + 1 + place);
  if (index === -1) return undefined;
  const expected = after + 1 + index;
  const row = rows[index];
  return row && row.id < expected
    ? { kind: "entry_inserted", entry: row.id }
    : { kind: "entry_missing", entry: expected };
}
