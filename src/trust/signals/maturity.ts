/**
 * maturity: min(1, days since the hub made the repository / 180); 1 for namespaces in `TRUSTED_NAMESPACES`. Days are counted to
 * the collection of the evidence. The hub sets `createdAt`, so a publisher can only wait.
 */

import type { ModelEvidence } from "../evidence.ts";
import { type MetricResult, measured, round4, unavailable, undecided } from "../metrics/result.ts";

export const version = 1;

const DAYS_TO_MATURE = 180;
const DAY_MS = 86_400_000;

/** Days from one ISO 8601 time to another, not below 0; undefined if either is none. */
export function daysBetween(from: string | undefined, to: string): number | undefined {
  if (from === undefined) return undefined;
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  return Number.isFinite(days) ? Math.max(0, days) : undefined;
}

/** How far an age in days has come, 0..1. */
export function matured(days: number): number {
  return Math.min(1, days / DAYS_TO_MATURE);
}

/** How long the model has been there for others to find fault with it. */
export function maturity(evidence: ModelEvidence, trusted: boolean): MetricResult {
  const { record } = evidence;
  const created_at = record.status === "found" ? record.value.created_at : undefined;
  const days = daysBetween(created_at, evidence.collected_at);
  if (trusted) return measured(1, { trusted_namespace: true, created_at: created_at ?? null }, [record]);
  if (undecided(record)) return unavailable("model record", record);
  if (days === undefined) {
    const reason = evidence.uploaded ? "an upload has no age on the hub" : "the record does not say when it was made";
    return unavailable("createdAt", { status: "unavailable", reason }, [record]);
  }
  return measured(matured(days), { created_at: created_at ?? null, days: round4(days), full_at_days: DAYS_TO_MATURE }, [
    record,
  ]);
}
