/**
 * performance_claims, from the card's `model-index`: .4 one result with task, dataset, metric and
 * value; + .2 ≥ 3 results or ≥ 2 datasets; + .2 a result with source or verified; + .1 a paper (arXiv); + .1 the metric
 * names agree with the card's `metrics` (each of these is measured by some result). Only numbers in README tables
 * near benchmark names: .3. Nothing: 0.
 * A result is one entry of `results`, as `model-index` calls it, however many metrics it holds.
 */

import type { JsonObject, ModelEvidence } from "../evidence.ts";
import { findClaimTable } from "./benchmark-tables.ts";
import { cardOf, papers } from "./card-facts.ts";
import { readmeOutline } from "./markdown.ts";
import { asList, asObject, asStrings, brief, type MetricResult, measured, unavailable, undecided } from "./result.ts";

export const version = 1;

/** Results that are looked at: an automatic leaderboard can add hundreds. */
const RESULTS_MAX = 1000;

interface Claim {
  dataset: string;
  metrics: string[];
  backed: boolean;
}

const canonical = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");
const isValue = (value: unknown): boolean =>
  (typeof value === "number" && Number.isFinite(value)) ||
  (typeof value === "string" && /\d/.test(value.slice(0, 100)));

/** `type` or `name` of a task, dataset or metric, which old cards also write as a bare string. */
function nameOf(value: unknown): string | undefined {
  const { type, name } = asObject(value);
  return asStrings(value)[0] ?? asStrings(type)[0] ?? asStrings(name)[0];
}

/** The complete results of a `model-index`: those with task, dataset, and a metric with a value. */
function claimsOf(card: JsonObject): Claim[] {
  const entries = asList(card["model-index"]).flatMap((model) => asList(asObject(model)["results"]));
  return entries.slice(0, RESULTS_MAX).flatMap((entry) => {
    const result = asObject(entry);
    const dataset = nameOf(result["dataset"]);
    const metrics = asList(result["metrics"])
      .map(asObject)
      .filter((metric) => isValue(metric["value"]));
    const names = metrics.flatMap((metric) => nameOf(metric) ?? []);
    if (nameOf(result["task"]) === undefined || dataset === undefined || names.length === 0) return [];
    const source = asObject(result["source"]);
    const backed =
      asStrings(source["url"]).length > 0 ||
      asStrings(result["source"]).length > 0 ||
      result["verified"] === true ||
      metrics.some((metric) => metric["verified"] === true);
    return [{ dataset, metrics: names, backed }];
  });
}

/** How well the model's claims of performance are stated and backed. */
export function performanceClaims(evidence: ModelEvidence): MetricResult {
  const { card, readme, record } = evidence;
  if (undecided(card)) return unavailable("card", card, [readme]);
  const yaml = cardOf(card) ?? {};
  const claims = claimsOf(yaml);
  if (claims.length === 0) {
    // The tables of a README that did not come could hold numbers: that is not "nothing".
    if (undecided(readme)) return unavailable("README", readme, [card]);
    const table = findClaimTable(readmeOutline(readme)?.prose ?? []);
    const inputs = { results: 0, table: table ? { ...table } : null };
    return measured(table ? 0.3 : 0, inputs, [card, readme]);
  }
  const datasets = new Set(claims.map((claim) => canonical(claim.dataset)));
  const measuredNames = new Set(claims.flatMap((claim) => claim.metrics.map(canonical)));
  const declared = asStrings(yaml["metrics"]);
  const paper = papers(evidence);
  const points = {
    result: 0.4,
    breadth: claims.length >= 3 || datasets.size >= 2 ? 0.2 : 0,
    backed: claims.some((claim) => claim.backed) ? 0.2 : 0,
    paper: paper.length > 0 ? 0.1 : 0,
    metrics_agree: declared.length > 0 && declared.every((name) => measuredNames.has(canonical(name))) ? 0.1 : 0,
  };
  const inputs = {
    results: claims.length,
    datasets: datasets.size,
    measured: [...measuredNames].slice(0, 20).map(brief),
    declared_metrics: declared.slice(0, 20).map(brief),
    papers: paper.slice(0, 5),
    points,
  };
  const score = points.result + points.breadth + points.backed + points.paper + points.metrics_agree;
  return measured(score, inputs, [card, readme, record]);
}
