/**
 * The seals of the audit, and whether they still fit.
 *
 * Invariant: seal n is the SHA-256 over seal n-1 and over every row that came since, in a form that is written once and for
 * all (`canonical`). Rows have ids without gaps (a transaction that fails takes its id back), seals have numbers without
 * gaps. So a row that was changed, removed or put in, and a seal that was, shows in a verification.
 *
 * What it cannot show: a change of a row that the cron has not sealed yet; and somebody who may write to the database can
 * make all seals anew. Therefore each seal's digest is logged, and the newest is in /health: whoever keeps one of them
 * outside (an anchor) can hold the audit against it. There is no key in it: the key that signs links is changed when a link
 * has leaked, and that must not make an audit unverifiable.
 */

import { permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import { sha256Hex } from "../../lib/hash.ts";
import { cursorAfter } from "../../lib/paging.ts";
import { AUDIT_SEAL_ROWS, AUDIT_SEALS_PER_RUN, AUDIT_VERIFY_ROWS, AUDIT_VERIFY_SEALS } from "../../limits.ts";
import type { AuditRow } from "../../store/audit.ts";
import {
  insertSeal,
  type SealRow,
  selectHeadSeal,
  selectLastIssued,
  selectRowsBehindSeal,
  selectSeal,
  selectSeals,
  selectUnsealed,
} from "../../store/seals.ts";
import { rowsOf } from "../../store/statements.ts";

/** What one run sealed. */
export interface SealReport {
  seals: number;
  rows: number;
}

/** What stands before the first seal. */
const BEGINNING: SealRow = { number: 0, first_id: 0, last_id: 0, digest: "", sealed_at: 0 };

/**
 * Seals what came since the last seal, stretch by stretch. Safe to run beside anything, itself included: a seal is one
 * insertion under the next number, and whoever comes second goes on behind the first. A run that dies has sealed up to where
 * it came.
 */
export async function sealAudit(ctx: Context, maxSeals = AUDIT_SEALS_PER_RUN): Promise<SealReport> {
  const report: SealReport = { seals: 0, rows: 0 };
  for (let tries = 0; tries < maxSeals; tries += 1) {
    const [newest, unsealed] = await ctx.db.batch([selectHeadSeal(ctx.db), selectUnsealed(ctx.db, AUDIT_SEAL_ROWS)]);
    const head = rowsOf<SealRow>(newest)[0] ?? BEGINNING;
    const rows = rowsOf<AuditRow>(unsealed);
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last) break;
    const place = { number: head.number + 1, first_id: first.id, last_id: last.id, sealed_at: ctx.now() };
    const seal = { ...place, digest: await digestOf(head.digest, place, rows) };
    if (!(await insertSeal(ctx.db, seal).first())) continue;
    report.seals += 1;
    report.rows += rows.length;
    ctx.log("info", "audit_sealed", { seal: seal.number, through: seal.last_id, digest: seal.digest });
    const gap = firstGap(rows, head.last_id);
    // It is sealed as it is: what is missing stays missing, and every verification shows it.
    if (gap !== undefined) ctx.log("error", "audit_gap", { seal: seal.number, missing: gap });
    if (rows.length < AUDIT_SEAL_ROWS) break;
  }
  return report;
}

/** The digest of a seal. Never to be changed: the seals of yesterday are verified with it. */
function digestOf(before: string, seal: Omit<SealRow, "digest">, rows: readonly AuditRow[]): Promise<string> {
  const head = [before, seal.number, seal.first_id, seal.last_id, seal.sealed_at];
  const lines = [head, ...rows.map(canonical)].map((line) => `${JSON.stringify(line)}\n`);
  return sha256Hex(new TextEncoder().encode(lines.join("")));
}

function canonical(row: AuditRow): (string | number | null)[] {
  const { id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after } = row;
  return [id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after];
}

/** The first id behind `before` that is missing among rows that should follow each other. */
function firstGap(rows: readonly { id: number }[], before: number): number | undefined {
  const index = rows.findIndex((row, place) => row.id !== before + 1 + place);
  return index === -1 ? undefined : before + 1 + index;
}

/**
 * What is wrong first. `seal` is the seal that shows it, `entry` the id of the audit's entry, where it can be told.
 *
 * - `entry_missing`: an entry is gone, also from the end. `entry_inserted`: one stands where none was ever issued.
 * - `entries_changed`: the entries of a seal, or the seal itself, are not what was sealed.
 * - `seal_missing`: a number is skipped. `seal_misplaced`: it does not begin where the one before ends.
 * - `anchor_differs`: the seal that the caller kept is not there, or is another one.
 */
export interface AuditProblem {
  kind: "entry_missing" | "entry_inserted" | "entries_changed" | "seal_missing" | "seal_misplaced" | "anchor_differs";
  seal?: number;
  entry?: number;
}

/** The result of one verification. `head` is the newest seal: to be kept outside, as an anchor. */
export interface AuditVerification {
  status: "intact" | "broken";
  /** Id of the last entry that is sealed. */
  sealed_through: number;
  rows_checked: number;
  seals_checked: number;
  head?: Anchor;
  first_problem?: AuditProblem;
  /** There is more to check from here on. */
  next?: string;
}

/** A seal as it is kept outside. */
export interface Anchor {
  seal: number;
  digest: string;
}

/**
 * Holds a bounded stretch of the audit against its seals, in one snapshot of the database (ours: GET /audit/verify).
 *
 * @param after  number of the seal behind which it begins; that one was checked before
 * @param anchor a seal that the caller kept
 */
export async function verifyAudit(ctx: Context, after: number, anchor?: Anchor): Promise<AuditVerification> {
  permit(ctx, "audit:read");
  const results = await ctx.db.batch([
    selectHeadSeal(ctx.db),
    selectSeal(ctx.db, after),
    selectSeals(ctx.db, after, AUDIT_VERIFY_SEALS),
    selectRowsBehindSeal(ctx.db, after, AUDIT_VERIFY_ROWS),
    selectLastIssued(ctx.db),
    selectSeal(ctx.db, anchor?.seal ?? 0),
  ]);
  const head = rowsOf<SealRow>(results[0])[0] ?? BEGINNING;
  const begin = rowsOf<SealRow>(results[1])[0] ?? BEGINNING;
  const stretch = { seals: rowsOf<SealRow>(results[2]), rows: rowsOf<AuditRow>(results[3]) };
  const lastIssued = rowsOf<{ last_id: number }>(results[4])[0]?.last_id ?? 0;
  const kept = rowsOf<SealRow>(results[5])[0];

  const checked =
    begin.number === after ? await checkStretch(begin, stretch) : { seal: begin, rows: 0, problem: missingSeal(after) };
  const isAtEnd = checked.problem === undefined && checked.seal.number === head.number;
  const isAnchored = anchor === undefined || kept?.digest === anchor.digest;
  const first_problem: AuditProblem | undefined = isAnchored
    ? (checked.problem ?? (isAtEnd ? checkTail(checked.seal, stretch.rows, lastIssued) : undefined))
    : { kind: "anchor_differs", seal: anchor.seal };
  return {
    status: first_problem ? "broken" : "intact",
    sealed_through: head.last_id,
    rows_checked: checked.rows,
    seals_checked: checked.seal.number - begin.number,
    ...(head.number > 0 && { head: { seal: head.number, digest: head.digest } }),
    ...(first_problem && { first_problem }),
    ...(!first_problem && !isAtEnd && { next: cursorAfter(checked.seal.number) }),
  };
}

function missingSeal(number: number): AuditProblem {
  return { kind: "seal_missing", seal: number };
}

interface Checked {
  /** The last seal that fits, and how many rows it and those before it cover. */
  seal: SealRow;
  rows: number;
  problem?: AuditProblem;
}

/** Checks seal after seal, as far as the rows that were read reach. */
async function checkStretch(
  begin: SealRow,
  { seals, rows }: { seals: readonly SealRow[]; rows: readonly AuditRow[] },
): Promise<Checked> {
  const readThrough = rows.length === AUDIT_VERIFY_ROWS ? (rows.at(-1)?.id ?? 0) : Number.POSITIVE_INFINITY;
  let checked: Checked = { seal: begin, rows: 0 };
  for (const seal of seals) {
    // A stretch that cannot be read to its end is left to the next request; one that never could is no seal of ours.
    if (seal.last_id > readThrough && checked.rows > 0) break;
    const end = rows.findIndex((row, index) => index >= checked.rows && row.id > seal.last_id);
    const covered = rows.slice(checked.rows, end === -1 ? rows.length : end);
    const problem = await checkSeal(checked.seal, seal, covered);
    if (problem) return { ...checked, problem };
    checked = { seal, rows: checked.rows + covered.length };
  }
  return checked;
}

async function checkSeal(before: SealRow, seal: SealRow, rows: readonly AuditRow[]): Promise<AuditProblem | undefined> {
  if (seal.number !== before.number + 1) return missingSeal(before.number + 1);
  const stray = rows.find((row) => row.id <= before.last_id);
  if (stray) return { kind: "entry_inserted", seal: seal.number, entry: stray.id };
  const gap = firstGap([...rows, { id: seal.last_id + 1 }], before.last_id);
  if (gap !== undefined) return { kind: "entry_missing", seal: seal.number, entry: gap };
  if (seal.first_id !== before.last_id + 1) return { kind: "seal_misplaced", seal: seal.number };
  if (seal.digest !== (await digestOf(before.digest, seal, rows))) {
    return { kind: "entries_changed", seal: seal.number };
  }
  return undefined;
}

/** What no seal covers yet can only be counted: no entry is missing in it, and none at its end. */
function checkTail(last: SealRow, rows: readonly AuditRow[], lastIssued: number): AuditProblem | undefined {
  const tail = rows.filter((row) => row.id > last.last_id);
  const isWhole = rows.length < AUDIT_VERIFY_ROWS;
  const gap = firstGap(isWhole ? [...tail, { id: lastIssued + 1 }] : tail, last.last_id);
  return gap === undefined ? undefined : { kind: "entry_missing", entry: gap };
}
