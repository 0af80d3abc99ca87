/**
 * openness: class of the Model Openness Framework (arXiv 2403.13784) / 3, as far as it can be read from outside: 1/3 open model,
 * 2/3 open tooling, 1 open science, else 0. Each class needs the one before.
 * Open model: complete weights under an open licence that anybody can fetch, with the architecture that they fit (a configuration,
 * or a format that holds it), and a card that speaks of data and evaluation. Open tooling: the model's own code
 * (`code_link`) trains or runs it, and has an open licence. Open science: every declared dataset that was looked at is open
 * and has an identified licence, and a paper is named.
 */

import { licenseCategories } from "../../license/score.ts";
import { parseLicenses } from "../../license/spdx.ts";
import type { ModelEvidence } from "../evidence.ts";
import { cardOf, isOpen, licenseNames, papers } from "../metrics/card-facts.ts";
import { treeFacts } from "../metrics/code-tree.ts";
import { asStrings, type MetricResult, measured, unavailable, undecided } from "../metrics/result.ts";
import { findWeights } from "../metrics/weights.ts";
import { filledSections } from "./card-sections.ts";
import { ownCode } from "./code-link.ts";

export const version = 1;

const OPEN_WEIGHTS: readonly string[] = ["permissive", "public_domain", "permissive_not_gpl"];
const OPEN_CODE: readonly string[] = [...OPEN_WEIGHTS, "weak_copyleft", "strong_copyleft"];
const ARCHITECTURE = /^(?:config|model_index|adapter_config|params|modules)\.json$|\.(?:gguf|onnx)$/;

function isOneOf(kinds: readonly string[], licenses: readonly string[]): boolean {
  const found: readonly string[] = licenses.length === 0 ? ["none"] : licenseCategories(parseLicenses(licenses));
  return found.every((kind) => kinds.includes(kind));
}

/** What each class asks for; every entry must hold. */
function requirements(evidence: ModelEvidence): Record<"model" | "tooling" | "science", Record<string, boolean>> {
  const record = evidence.record.status === "found" ? evidence.record.value : undefined;
  const files = record?.files ?? [];
  const card = cardOf(evidence.card) ?? {};
  const sections = filledSections(evidence);
  const code = ownCode(evidence);
  const licenses = code?.license.status === "found" ? [code.license.value] : [];
  const datasets = evidence.datasets.flatMap(({ record: of }) => (of.status === "found" ? [of.value] : []));
  return {
    model: {
      weights: findWeights(files) !== undefined,
      anybody_can_fetch: record !== undefined && isOpen(record),
      open_license: isOneOf(OPEN_WEIGHTS, licenseNames(card, record?.tags ?? [])),
      architecture: files.some(({ path }) => ARCHITECTURE.test(path)),
      data_described: sections.data !== undefined || asStrings(card["datasets"]).length > 0,
      evaluated: sections.evaluation !== undefined || card["model-index"] !== undefined,
    },
    tooling: {
      own_code: code?.tree.status === "found" && treeFacts(code.tree.value).model_code !== undefined,
      code_license: isOneOf(OPEN_CODE, licenses),
    },
    science: {
      data_open: datasets.length > 0 && datasets.length === evidence.datasets.length && datasets.every(isOpen),
      data_licensed:
        datasets.length > 0 &&
        datasets.every((dataset) => {
          const kinds: readonly string[] = licenseCategories(
            parseLicenses(licenseNames(dataset.card_data ?? {}, dataset.tags)),
          );
          return !kinds.includes("none") && !kinds.includes("unknown");
        }),
      paper: papers(evidence).length > 0,
    },
  };
}

/** How much of what made the model is there for others to use and to check. */
export function openness(evidence: ModelEvidence): MetricResult {
  const { record, readme, card, code, datasets } = evidence;
  const findings = [record, readme, card, code?.record, code?.tree, code?.license, ...datasets.map((of) => of.record)];
  if (undecided(record)) return unavailable("model record", record, findings);
  if (undecided(readme)) return unavailable("README", readme, findings);
  const needed = requirements(evidence);
  const holds = (kind: keyof typeof needed) => Object.values(needed[kind]).every(Boolean);
  const level = !holds("model") ? 0 : !holds("tooling") ? 1 : !holds("science") ? 2 : 3;
  const missing = Object.values(needed)
    .flatMap((each) => Object.entries(each))
    .flatMap(([name, met]) => (met ? [] : [name]));
  return measured(level / 3, { class: ["none", "III", "II", "I"][level] ?? "none", missing }, findings);
}
