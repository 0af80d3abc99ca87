/**
 * What a card, the hub's tags and the README say about a model, read in one way for all metrics.
 *
 * Invariant: where the evidence that would hold an answer could not be fetched, the answer is that, or `undefined`; an
 * empty one means that it says nothing, or nothing that can be read.
 */

import { licenseCategories } from "../../license/score.ts";
import { parseLicense } from "../../license/spdx.ts";
import { PRIVATE_OR_GATED } from "../../sources/upstream.ts";
import type { DatasetEvidence, Finding, HubRecord, JsonObject, Missing, ModelEvidence } from "../evidence.ts";
import { readmeOutline } from "./markdown.ts";
import { asStrings, firstUndecided, undecided } from "./result.ts";

/** Papers that the hub's card template cites on every card: they say nothing about the model. */
const TEMPLATE_PAPERS: ReadonlySet<string> = new Set(["1910.09700"]);

/** `arxiv.org/abs/0704.0001`; spares a README of two million line breaks a search in each of them. */
const SHORTEST_PAPER_LINK = 23;

/** What follows a prefix (`license:`) in tags. */
export function tagged(tags: readonly string[], prefix: string): string[] {
  return tags.flatMap((tag) => (tag.startsWith(prefix) ? [tag.slice(prefix.length)] : []));
}

/** The card's YAML; empty when the card has none, or one that cannot be read. */
export function cardOf(card: Finding<JsonObject>): JsonObject | undefined {
  if (card.status === "found") return card.value;
  return undecided(card) ? undefined : {};
}

/**
 * Licence names in a card and its tags. `other` is replaced by the name that the card gives beside it. A known licence that
 * is named beside another one (`license: mit`, `license_name: llama3`) holds as well.
 */
export function licenseNames(card: JsonObject, tags: readonly string[]): string[] {
  const declared = asStrings(card["license"]);
  const names = declared.length > 0 ? declared : tagged(tags, "license:");
  const [given] = asStrings(card["license_name"]);
  if (given === undefined) return names;
  if (names.some((name) => name.toLowerCase() === "other")) {
    return names.map((name) => (name.toLowerCase() === "other" ? given : name));
  }
  const known = licenseCategories(parseLicense(given)).every((kind) => kind !== "unknown" && kind !== "none");
  return known ? [...names, given] : names;
}

/** Ids of the datasets that a model declares on its card or by tag; what is missing, if that leaves it open. */
export function declaredDatasets(evidence: ModelEvidence): string[] | Missing {
  const tags = evidence.record.status === "found" ? tagged(evidence.record.value.tags, "dataset:") : [];
  const card = cardOf(evidence.card);
  const all = [...asStrings(card?.["datasets"]), ...tags, ...evidence.datasets.map((dataset) => dataset.id)];
  const missing = firstUndecided(evidence.card, evidence.record);
  if (all.length === 0 && missing) return missing;
  return [...new Map(all.map((id) => [id.toLowerCase(), id])).values()];
}

/**
 * Why it is not known whether a dataset resolves. The hub answers alike for a dataset that is missing, private or
 * gated: whichever it is, nobody can fetch it, so that is an answer.
 */
export function datasetUndecided({ record }: DatasetEvidence): Missing | undefined {
  return undecided(record) && record.reason !== PRIVATE_OR_GATED ? record : undefined;
}

/** arXiv ids in tags. */
export function papersOfTags(tags: readonly string[]): string[] {
  return tagged(tags, "arxiv:").filter((id) => !TEMPLATE_PAPERS.has(id));
}

/** arXiv ids that the hub's tags or links in the README name. */
export function papers(evidence: ModelEvidence): string[] {
  const ids = evidence.record.status === "found" ? papersOfTags(evidence.record.value.tags) : [];
  for (const line of readmeOutline(evidence.readme)?.prose ?? []) {
    if (line.length < SHORTEST_PAPER_LINK) continue;
    for (const link of line.matchAll(/arxiv\.org\/(?:abs|pdf)\/(\d{4}\.\d{4,5})/gi)) {
      if (link[1] && !TEMPLATE_PAPERS.has(link[1])) ids.push(link[1]);
    }
  }
  return [...new Set(ids)].slice(0, 50);
}

/** Whether anybody may fetch what a hub record describes. */
export function isOpen(record: HubRecord): boolean {
  return !(record.gated || record.private || record.disabled);
}
