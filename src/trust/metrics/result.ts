/**
 * What every metric answers.
 *
 * Invariant: "there is none" is a score, "could not be fetched" is not: a metric whose evidence could not be fetched is
 * `available: false` and never 0. What is there but cannot be read is the publisher's doing and counts as the worst case
 * of the metric: else breaking a file would be a way out of a bad score.
 */

import type { Finding, JsonObject, Missing } from "../evidence.ts";

/** A value that survives `JSON.stringify` unchanged. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Where an input came from and when it was fetched (ISO 8601). */
export interface Source {
  url: string;
  fetched_at: string;
}

/** A score, 0..1 for the scalar metrics, with every intermediate value that is needed to check it by hand. */
export interface Measured<Score = number> {
  available: true;
  score: Score;
  inputs: Record<string, Json>;
  sources: Source[];
}

/** No score, and why. */
export interface Unavailable {
  available: false;
  reason: string;
  sources: Source[];
}

/** The answer of a metric. */
export type MetricResult<Score = number> = Measured<Score> | Unavailable;

type Findings = (Finding<unknown> | undefined)[];

/** Rounds to 4 decimals. The small addend undoes what binary fractions lose (0.15 + 0.25 + …). */
export function round4(value: number): number {
  return Math.round((value + Number.EPSILON) * 10_000) / 10_000;
}

/** Rounds to 2 decimals. */
export function round2(value: number): number {
  return Math.round((value + Number.EPSILON) * 100) / 100;
}

/** Arithmetic mean; `undefined` of nothing. */
export function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sources of the findings that were found, each URL once. */
export function sourcesOf(findings: Findings): Source[] {
  const sources = new Map<string, Source>();
  for (const finding of findings) {
    if (finding?.status === "found") sources.set(finding.url, { url: finding.url, fetched_at: finding.fetched_at });
  }
  return [...sources.values()];
}

/** A scalar score, held in 0..1 and rounded to 4. */
export function measured(score: number, inputs: Record<string, Json>, findings: Findings): Measured {
  return {
    available: true,
    score: round4(Math.min(1, Math.max(0, score))),
    inputs,
    sources: sourcesOf(findings),
  };
}

/** No score. `what` names the evidence that is missing, the reason is the finding's own. */
export function unavailable(what: string, finding: Missing, findings: Findings = []): Unavailable {
  return { available: false, reason: `${what}: ${finding.reason}`, sources: sourcesOf(findings) };
}

/** Whether a finding leaves the question open: it could not be fetched. */
export function undecided(finding: Finding<unknown> | undefined): finding is Missing {
  return finding?.status === "unavailable";
}

/** The first of the findings that leaves its question open. */
export function firstUndecided(...findings: Findings): Missing | undefined {
  return findings.find(undecided);
}

const BRIEF_MAX_CHARS = 200;

/** Text of upstream for `inputs`: people write anything of any length into a card. */
export function brief(text: string): string {
  return text.length > BRIEF_MAX_CHARS ? `${text.slice(0, BRIEF_MAX_CHARS)}…` : text;
}

/** The object in a value of unknown shape, else an empty one. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The list in a value of unknown shape: itself, one value as a list of one, nothing as an empty list. */
export function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** The non-empty strings in a string or list of strings; cards write both. */
export function asStrings(value: unknown): string[] {
  return asList(value).flatMap((item) => (typeof item === "string" && item.trim() !== "" ? [item.trim()] : []));
}
