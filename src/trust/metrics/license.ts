/**
 * license: 1.0 permissive or public domain; .6 copyleft, share-alike, use-restricted model
 * licences; .3 non-commercial, no-derivatives, research-only, unidentified text; 0 none. List: the minimum.
 */

import { licenseCategories, licenseScore } from "../../license/score.ts";
import { formatLicense, parseLicenses } from "../../license/spdx.ts";
import type { HubRecord, ModelEvidence } from "../evidence.ts";
import { cardOf, licenseNames } from "./card-facts.ts";
import { brief, type MetricResult, measured, unavailable, undecided } from "./result.ts";

export const version = 1;

/** A licence text at the top of the repository, which the evidence names but does not read. */
const LICENSE_FILE = /^(?:licen[cs]e|copying|unlicense|use_policy)(?:[.-][\w.-]*)?$/i;

/** Score of licence names; without any, a licence file among the files is an unidentified text. */
export function scoreOfNames(
  names: readonly string[],
  files: HubRecord["files"],
): {
  score: number;
  inputs: { declared: string[]; license: string; categories: string[]; license_file: string | null };
} {
  const file = files.find(({ path }) => LICENSE_FILE.test(path.slice(0, 100)))?.path ?? null;
  const expression = parseLicenses(names.length === 0 && file !== null ? ["unknown"] : names);
  return {
    score: licenseScore(expression),
    inputs: {
      declared: names.slice(0, 10).map(brief),
      license: formatLicense(expression),
      categories: licenseCategories(expression),
      license_file: file,
    },
  };
}

/** How freely the model may be used. */
export function license(evidence: ModelEvidence): MetricResult {
  const { card, record } = evidence;
  const found = record.status === "found" ? record.value : undefined;
  const names = licenseNames(cardOf(card) ?? {}, found?.tags ?? []);
  // The hub copies the card's licence into a tag: either of the two is enough, silence needs both.
  if (names.length === 0 && undecided(card)) return unavailable("card", card, [record]);
  if (names.length === 0 && undecided(record)) return unavailable("model record", record, [card]);
  const { score, inputs } = scoreOfNames(names, found?.files ?? []);
  return measured(score, inputs, [card, record]);
}
