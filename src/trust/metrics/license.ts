/**
 * license: 1.0 permissive or public domain; .6 copyleft, share-alike, use-restricted model
 * licences; .3 non-commercial, no-derivatives, research-only, unidentified text; 0 none. List: the minimum.
 *
 * Scored is the effective licence: what the model states AND what its declared ancestors state. A model cannot be freer than
 * what it was made from. Ancestors whose licence is not known are named and do not count.
 */

import { type AncestorLicense, type EffectiveLicense, effectiveLicense } from "../../license/effective.ts";
import { licenseCategories, licenseScore } from "../../license/score.ts";
import { formatLicense, parseLicenses } from "../../license/spdx.ts";
import { readParents } from "../../lineage/parents.ts";
import type { Finding, HubRecord, JsonObject, ModelEvidence } from "../evidence.ts";
import { cardOf, licenseNames } from "./card-facts.ts";
import { brief, type Json, type MetricResult, measured, unavailable } from "./result.ts";

export const version = 2;

/** What the licence metric reads: evidence and, where the registry knows them, the licences of registered ancestors. */
export type LicenseEvidence = ModelEvidence & {
  /** Licences of registered ancestors, as they were when the model was rated; they go before what upstream said. */
  ancestor_licenses?: readonly AncestorLicense[];
};

/** A licence text at the top of the repository, which the evidence names but does not read. */
const LICENSE_FILE = /^(?:licen[cs]e|copying|unlicense|use_policy)(?:[.-][\w.-]*)?$/i;
/** Ancestors that the inputs show. */
const SHOWN_MAX = 50;

const licenseFile = (files: HubRecord["files"]) =>
  files.find(({ path }) => LICENSE_FILE.test(path.slice(0, 100)))?.path;

/** Score of licence names; without any, a licence file among the files is an unidentified text. */
export function scoreOfNames(
  names: readonly string[],
  files: HubRecord["files"],
): {
  score: number;
  inputs: { declared: string[]; license: string; categories: string[]; license_file: string | null };
} {
  const file = licenseFile(files) ?? null;
  const expression = parseLicenses(stated(names, file !== null));
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

function stated(names: readonly string[], hasFile: boolean): readonly string[] {
  return names.length === 0 && hasFile ? ["unknown"] : names;
}

/**
 * The licences of a model's parents as its evidence has them, and the grandparents that the parents' records name.
 * `licenses` is absent where the hub was not asked, or did not say.
 */
export function ancestorsInEvidence(evidence: ModelEvidence): AncestorLicense[] {
  const records = new Map<string, Finding<HubRecord>>();
  for (const { id, record } of evidence.parents ?? []) {
    records.set(id.toLowerCase(), record);
    if (record.status === "found") records.set(record.value.id.toLowerCase(), record);
  }
  return readParents(evidence).flatMap(({ source, key }): AncestorLicense[] => {
    const record = records.get(key);
    if (record?.status !== "found") return [{ source, depth: 1 }];
    const { card_data = {}, tags } = record.value;
    return [{ source, depth: 1, licenses: licenseNames(card_data, tags) }, ...grandparents(record, card_data)];
  });
}

function grandparents(record: Finding<HubRecord> & { status: "found" }, card: JsonObject): AncestorLicense[] {
  const none = { status: "absent", reason: "not asked" } as const;
  const named = readParents({
    source: record.value.id,
    record,
    card: { ...record, value: card },
    config: none,
    adapter_config: none,
  });
  return named.map(({ source }) => ({ source, depth: 2 }));
}

/** How freely the model may be used. */
export function license(evidence: LicenseEvidence): MetricResult {
  const { card, record } = evidence;
  const found = record.status === "found" ? record.value : undefined;
  const names = licenseNames(cardOf(card) ?? {}, found?.tags ?? []);
  // The hub copies the card's licence into a tag: either of the two is enough, silence needs both. A card that is there and
  // cannot be read states nothing: its publisher could break it.
  if (names.length === 0 && card.status === "unavailable") return unavailable("card", card, [record]);
  if (names.length === 0 && record.status === "unavailable") return unavailable("model record", record, [card]);
  const files = found?.files ?? [];
  const own = scoreOfNames(names, files);
  const effective = effectiveLicense(
    { source: found?.id ?? evidence.source, licenses: stated(names, own.inputs.license_file !== null) },
    [...(evidence.ancestor_licenses ?? []), ...ancestorsInEvidence(evidence)],
  );
  const score = licenseScore(effective.expression);
  const parents = (evidence.parents ?? []).map((parent) => parent.record);
  return measured(score, { ...own.inputs, ...inheritedInputs(effective) }, [card, record, ...parents]);
}

/** What the ancestors add to the inputs; nothing where there are none. */
function inheritedInputs(effective: EffectiveLicense): Record<string, Json> {
  const { expression, inherited, unknown, contradicted } = effective;
  if (inherited.length + unknown.length === 0) return {};
  return {
    license_effective: brief(formatLicense(expression)),
    categories: licenseCategories(expression),
    ancestors: inherited.slice(0, SHOWN_MAX).map((ancestor) => ({
      id: ancestor.id,
      source: ancestor.source,
      depth: ancestor.depth,
      license: brief(formatLicense(ancestor.expression)),
    })),
    not_known: unknown.slice(0, SHOWN_MAX).map(({ source }) => source),
    conflicts: contradicted.slice(0, SHOWN_MAX).map(({ reason }) => brief(reason)),
  };
}
