/**
 * dataset_and_code_score: .25 dataset declared + .25 one resolves and is not gated + .25 code repository resolves, not
 * archived + .25 it holds training or inference code. Only a repository that is the model's own (`code_link`) counts. Capped
 * by the model's standing (`standing.ts`): nobody can see which data a model was made of.
 */

import type { Missing, ModelEvidence } from "../evidence.ts";
import { ownCode, ownCodeUndecided } from "../signals/code-link.ts";
import { datasetUndecided, declaredDatasets, isOpen } from "./card-facts.ts";
import { treeFacts } from "./code-tree.ts";
import { brief, type MetricResult, measured, unavailable, undecided } from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

const PART = 0.25;

/** Whether the data and the code behind the model can be had. */
export function datasetAndCode(evidence: ModelEvidence, standing: Standing): MetricResult {
  const { card, record, datasets } = evidence;
  const declared = declaredDatasets(evidence);
  const open = datasets.find((dataset) => dataset.record.status === "found" && isOpen(dataset.record.value));
  const code = ownCode(evidence);
  const tree = code?.tree;
  const findings = [card, record, ...datasets.map((dataset) => dataset.record), evidence.code?.record, tree];
  const unknown = (what: string, finding: Missing) => unavailable(what, finding, findings);

  if (!Array.isArray(declared)) return unknown("card and model record", declared);
  for (const dataset of open ? [] : datasets) {
    const missing = datasetUndecided(dataset);
    if (missing) return unknown(`dataset ${brief(dataset.id)}`, missing);
  }
  const codeOpen = ownCodeUndecided(evidence);
  if (codeOpen) return unknown(`repository ${evidence.code?.repository}`, codeOpen);
  const repository = code?.record.status === "found" ? code.record.value : undefined;
  if (code && repository && undecided(tree)) return unknown(`files of ${code.repository}`, tree);
  const modelCode = repository && tree?.status === "found" ? treeFacts(tree.value).model_code : undefined;

  const points = {
    dataset_declared: declared.length > 0 ? PART : 0,
    dataset_open: open === undefined ? 0 : PART,
    code_resolves: repository !== undefined && !repository.archived && !repository.disabled ? PART : 0,
    code_runs_model: modelCode === undefined ? 0 : PART,
  };
  const inputs = {
    datasets: declared.slice(0, 20).map(brief),
    open_dataset: open?.id ?? null,
    repository: evidence.code?.repository ?? null,
    own_code: code !== undefined,
    archived: repository?.archived ?? null,
    model_code: modelCode ?? null,
    points,
    cap: standing.cap,
  };
  const score = points.dataset_declared + points.dataset_open + points.code_resolves + points.code_runs_model;
  return measured(Math.min(score, standing.cap), inputs, findings);
}
