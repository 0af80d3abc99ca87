/**
 * performance_claims, from the card's `model-index`: .4 one result with task, dataset, metric and value; + .2 >= 3 results or
 * >= 2 datasets; + .2 a result whose `source` is not a page of the publisher's own, or with the hub's `verifyToken`; + .1 a
 * paper (arXiv); + .1 the metric names agree with the card's `metrics` (each of these is measured by some result). A result
 * whose dataset is not known to exist on the hub counts half, in each of the first three. Only numbers in README tables
 * near benchmark names: .3. Nothing: 0. Capped by the model's standing (`standing.ts`): a claim is only a claim.
 * A result is one entry of `results`, as `model-index` calls it, however many metrics it holds.
 */

import type { Finding, HubRecord, ModelEvidence } from "../evidence.ts";
import { isSameOwner, namespaceOf } from "../signals/namespaces.ts";
import { findClaimTable } from "./benchmark-tables.ts";
import { cardOf, datasetUndecided, papers } from "./card-facts.ts";
import { readmeOutline } from "./markdown.ts";
import { type Claim, claimsOf } from "./model-index.ts";
import { asStrings, brief, type MetricResult, measured, round4, unavailable, undecided } from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

/** Letters of a name from which it tells its owner in the name of a host. */
const OWNER_MIN_CHARS = 4;

const canonical = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");

/** Whether a URL leads to a page that is not the publisher's own: his pages on the hub and GitHub, his site. */
function isElsewhere(url: string, namespace: string, repository: string | undefined): boolean {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false;
  const { hostname, pathname } = new URL(url);
  const segments = pathname.split("/").filter((segment) => !/^(?:|spaces|datasets)$/.test(segment));
  const owners = [segments[0] ?? "", hostname.split(".")[0] ?? ""];
  const plain = canonical(namespace);
  const named = plain.length >= OWNER_MIN_CHARS && canonical(hostname).includes(plain);
  const codeOwner = repository?.split("/", 1)[0] ?? "";
  return !named && !owners.some((owner) => isSameOwner(namespace, owner) || isSameOwner(codeOwner, owner));
}

/** Whether the hub has a dataset: by the name on the card, or by its present one. A failed call is nobody's fault. */
function existingDatasets(evidence: ModelEvidence): (name: string) => boolean {
  const asked = [...evidence.datasets, ...(evidence.result_datasets ?? [])];
  const exists = (record: Finding<HubRecord>, id: string) =>
    record.status === "found" || datasetUndecided({ id, record }) !== undefined;
  const names = asked.flatMap(({ id, record }) => {
    if (!exists(record, id)) return [];
    return [id, ...(record.status === "found" ? [record.value.id] : [])].map((name) => name.toLowerCase());
  });
  const known = new Set(names);
  return (name) => known.has(name.toLowerCase());
}

/** How well the model's claims of performance are stated and backed. */
export function performanceClaims(evidence: ModelEvidence, standing: Standing): MetricResult {
  const { card, readme, record, datasets, result_datasets = [] } = evidence;
  if (undecided(card)) return unavailable("card", card, [readme]);
  const yaml = cardOf(card) ?? {};
  const claims = claimsOf(yaml);
  if (claims.length === 0) {
    // The tables of a README that did not come could hold numbers: that is not "nothing".
    if (undecided(readme)) return unavailable("README", readme, [card]);
    const table = findClaimTable(readmeOutline(readme)?.prose ?? []);
    const inputs = { results: 0, table: table ? { ...table } : null, cap: standing.cap };
    return measured(Math.min(table ? 0.3 : 0, standing.cap), inputs, [card, readme]);
  }
  const exists = existingDatasets(evidence);
  const weightOf = ({ dataset }: Claim) => (exists(dataset) ? 1 : 0.5);
  const largest = (some: readonly Claim[]) => Math.max(0, ...some.map(weightOf));
  const byDataset = new Map(claims.map((claim) => [canonical(claim.dataset), weightOf(claim)]));
  const sum = (weights: Iterable<number>) => [...weights].reduce((total, weight) => total + weight, 0);
  const measuredNames = new Set(claims.flatMap((claim) => claim.metrics.map(canonical)));
  const declared = asStrings(yaml["metrics"]).map(canonical);
  const paper = papers(evidence);
  const namespace = namespaceOf(evidence.source);
  const backed = claims.filter(
    ({ source, verified }) =>
      verified || (source !== undefined && isElsewhere(source, namespace, evidence.code?.repository)),
  );
  const points = {
    result: round4(0.4 * largest(claims)),
    breadth: sum(claims.map(weightOf)) >= 3 || sum(byDataset.values()) >= 2 ? 0.2 : 0,
    backed: round4(0.2 * largest(backed)),
    paper: paper.length > 0 ? 0.1 : 0,
    metrics_agree: declared.length > 0 && declared.every((name) => measuredNames.has(name)) ? 0.1 : 0,
  };
  const inputs = {
    results: claims.length,
    datasets: byDataset.size,
    datasets_on_the_hub: [...byDataset.values()].filter((weight) => weight === 1).length,
    backed_elsewhere: backed.length,
    measured: [...measuredNames].slice(0, 20).map(brief),
    declared_metrics: declared.slice(0, 20).map(brief),
    papers: paper.slice(0, 5),
    points,
    cap: standing.cap,
  };
  const score = points.result + points.breadth + points.backed + points.paper + points.metrics_agree;
  const asked = [...datasets, ...result_datasets].map((of) => of.record);
  return measured(Math.min(score, standing.cap), inputs, [card, readme, record, ...asked]);
}
