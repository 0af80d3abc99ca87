/**
 * The licence metric's classes: 1.0 permissive or public domain; .6 copyleft, share-alike,
 * use-restricted; .3 non-commercial, no-derivatives, research-only, unidentified; 0 none. A list or an `AND`: the
 * minimum. An `OR`: the maximum, since the licensee picks.
 */

import type { LicenseCategory, LicenseExpression } from "./spdx.ts";

/** Score of each kind, 0..1. */
const CATEGORY_SCORE: Readonly<Record<LicenseCategory, number>> = {
  permissive: 1,
  public_domain: 1,
  weak_copyleft: 0.6,
  strong_copyleft: 0.6,
  share_alike: 0.6,
  use_restricted: 0.6,
  non_commercial: 0.3,
  no_derivatives: 0.3,
  research_only: 0.3,
  unknown: 0.3,
  none: 0,
};

/** Score of a licence expression, 0..1. */
export function licenseScore(expression: LicenseExpression): number {
  if (expression.kind === "license") return CATEGORY_SCORE[expression.category];
  const scores = expression.of.map(licenseScore);
  return expression.kind === "and" ? Math.min(...scores) : Math.max(...scores);
}

/** Every kind that occurs in an expression, for the evidence of a score. */
export function licenseCategories(expression: LicenseExpression): LicenseCategory[] {
  if (expression.kind === "license") return [expression.category];
  return [...new Set(expression.of.flatMap(licenseCategories))];
}
