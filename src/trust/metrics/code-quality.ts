/**
 * code_quality, of the code repository's tree: .25 tests, .20 CI, .15 dependency manifest,
 * .05 lock, .10 lint or type config, .10 README and licence, .15 pushed within 12 months and not archived. No code 0.
 * "Within 12 months" is counted back from the collection of the evidence, the last day included. Only a repository that is
 * the model's own (`code_link`) counts, and empty files do not; capped by the model's standing (`standing.ts`).
 */

import type { ModelEvidence } from "../evidence.ts";
import { ownCode, ownCodeUndecided } from "../signals/code-link.ts";
import { treeFacts } from "./code-tree.ts";
import { type MetricResult, measured, unavailable, undecided } from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

const MONTHS_OF_LIFE = 12;

/** Whether `pushed_at` lies within the 12 calendar months before `now` (both ISO 8601); false if either is no date. */
function pushedRecently(pushed_at: string | undefined, now: string): boolean {
  const limit = new Date(now);
  limit.setUTCMonth(limit.getUTCMonth() - MONTHS_OF_LIFE);
  return pushed_at !== undefined && Date.parse(pushed_at) >= limit.getTime();
}

/** How well the model's code is kept, judged by its files. */
export function codeQuality(evidence: ModelEvidence, standing: Standing): MetricResult {
  const named = evidence.code;
  if (!named) return measured(0, { repository: null }, []);
  const findings = [named.record, named.tree];
  const open = ownCodeUndecided(evidence);
  if (open) return unavailable(`repository ${named.repository}`, open, findings);
  const code = ownCode(evidence);
  const resolves = named.record.status === "found";
  if (code?.record.status !== "found") {
    return measured(0, { repository: named.repository, resolves, own: false }, findings);
  }
  const { tree } = code;
  if (undecided(tree)) return unavailable(`files of ${code.repository}`, tree, findings);
  const facts = tree.status === "found" ? treeFacts(tree.value) : {};
  const { archived, disabled, pushed_at, license_spdx } = code.record.value;
  const alive = pushedRecently(pushed_at, evidence.collected_at) && !archived && !disabled;
  const licensed = facts.license !== undefined || license_spdx !== undefined || code.license.status === "found";
  const points = {
    tests: facts.tests === undefined ? 0 : 0.25,
    ci: facts.ci === undefined ? 0 : 0.2,
    manifest: facts.manifest === undefined ? 0 : 0.15,
    lock: facts.lock === undefined ? 0 : 0.05,
    lint: facts.lint === undefined ? 0 : 0.1,
    readme_and_license: facts.readme !== undefined && licensed ? 0.1 : 0,
    alive: alive ? 0.15 : 0,
  };
  const score = Object.values(points).reduce((sum, value) => sum + value, 0);
  const inputs = {
    repository: code.repository,
    resolves: true,
    own: true,
    shown_by: { ...facts },
    truncated: tree.status === "found" && tree.value.truncated,
    pushed_at: pushed_at ?? null,
    archived,
    points,
    cap: standing.cap,
  };
  return measured(Math.min(score, standing.cap), inputs, [code.record, tree, code.license]);
}
