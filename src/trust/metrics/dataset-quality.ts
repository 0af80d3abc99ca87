/**
 * dataset_quality: mean over the declared datasets of .4 documentation + .2 licence +
 * .2 structure (task, size, language, splits: .05 each) + .2 adoption (log downloads); unresolvable 0; none declared 0.
 * Documentation: a README of ≥ 2 kB (or of unknown size) .4, a shorter one .2. Licence: an identified one.
 * Adoption: .2 × log10(1 + downloads a month) / 6, so full at a million. Capped by the model's standing (`standing.ts`):
 * whoever names a good dataset has not yet used it.
 */

import { licenseCategories } from "../../license/score.ts";
import { parseLicenses } from "../../license/spdx.ts";
import type { HubRecord, ModelEvidence } from "../evidence.ts";
import { datasetUndecided, declaredDatasets, licenseNames, tagged } from "./card-facts.ts";
import {
  asList,
  asObject,
  asStrings,
  brief,
  type Json,
  type MetricResult,
  mean,
  measured,
  round4,
  unavailable,
} from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

/** A README below this is little more than its YAML header. */
const DOCUMENTED_MIN_BYTES = 2000;
/** log10 of the downloads a month for full adoption. */
const ADOPTION_FULL_LOG10 = 6;

/** Points of one dataset, each rounded to 4; their sum is its score, 0..1. */
export function datasetPoints(
  record: HubRecord,
): Record<"documentation" | "licence" | "structure" | "adoption", number> {
  const card = record.card_data ?? {};
  const readme = record.files.find(({ path }) => path.toLowerCase() === "readme.md");
  const documented = readme?.size === undefined || readme.size >= DOCUMENTED_MIN_BYTES;
  const kinds = licenseCategories(parseLicenses(licenseNames(card, record.tags)));
  const says = (keys: string[], prefix: string): boolean =>
    keys.some((key) => asStrings(card[key]).length > 0) || tagged(record.tags, prefix).length > 0;
  const structure = [
    says(["task_categories", "task_ids"], "task_categories:"),
    says(["size_categories"], "size_categories:"),
    says(["language", "languages"], "language:"),
    hasSplits(card),
  ];
  const log = Math.log10(1 + Math.max(0, record.downloads ?? 0));
  return {
    documentation: readme === undefined ? 0 : documented ? 0.4 : 0.2,
    licence: kinds.includes("none") || kinds.includes("unknown") ? 0 : 0.2,
    structure: round4(0.05 * structure.filter(Boolean).length),
    adoption: round4(0.2 * Math.min(1, log / ADOPTION_FULL_LOG10)),
  };
}

/** Splits stand under `dataset_info` or, as files, under `configs`; both may be one object or a list of them. */
function hasSplits(card: NonNullable<HubRecord["card_data"]>): boolean {
  const info = asList(card["dataset_info"]).some((entry) => asList(asObject(entry)["splits"]).length > 0);
  return info || asList(card["configs"]).some((entry) => asList(asObject(entry)["data_files"]).length > 0);
}

/** How well the datasets that the model declares are documented, licensed, structured and used. */
export function datasetQuality(evidence: ModelEvidence, standing: Standing): MetricResult {
  const { card, record, datasets } = evidence;
  const declared = declaredDatasets(evidence);
  const findings = [card, record, ...datasets.map((dataset) => dataset.record)];
  if (!Array.isArray(declared)) return unavailable("card and model record", declared, findings);
  const scores: number[] = [];
  const looked: [string, Json][] = [];
  for (const dataset of datasets) {
    const open = datasetUndecided(dataset);
    if (open) return unavailable(`dataset ${brief(dataset.id)}`, open, findings);
    const points = dataset.record.status === "found" ? datasetPoints(dataset.record.value) : undefined;
    const score = round4(Object.values(points ?? {}).reduce((sum, value) => sum + value, 0));
    scores.push(score);
    looked.push([brief(dataset.id), points ? { score, points } : { score, unresolvable: true }]);
  }
  return measured(
    Math.min(mean(scores) ?? 0, standing.cap),
    {
      declared: declared.length,
      looked_at: datasets.length,
      datasets: Object.fromEntries(looked),
      cap: standing.cap,
    },
    findings,
  );
}
