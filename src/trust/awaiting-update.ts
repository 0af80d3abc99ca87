/** Which parts of a rating the kept evidence of an older format does not suffice for. */

import { EVIDENCE_FORMAT, type ModelEvidence } from "./evidence.ts";
import { cardOf } from "./metrics/card-facts.ts";
import { datasetsOfResults } from "./metrics/model-index.ts";
import { codeLink, ownCode } from "./signals/code-link.ts";

/**
 * Metrics and signals that were measured without something that is collected today. Until the artifact is updated they are
 * unavailable or, where what is kept gives a lower bound, that.
 */
export function awaitingUpdate(evidence: ModelEvidence): string[] {
  if (evidence.uploaded || (evidence.format ?? 1) >= EVIDENCE_FORMAT) return [];
  const openLink = evidence.code !== undefined && !codeLink(evidence).available;
  const claims = datasetsOfResults(cardOf(evidence.card) ?? {}).length > 0;
  return [
    // the README of the code repository says whether it is the model's own
    ...(openLink ? ["bus_factor", "dataset_and_code_score", "code_quality"] : []),
    ...(claims ? ["performance_claims"] : []),
    // more configurations are read, and whose approvals they are
    "reproducibility",
    ...(openLink || ownCode(evidence) ? ["reviewedness"] : []),
    ...(openLink ? ["code_link"] : []),
    "artifact_safety",
    "maturity",
    ...(openLink ? ["openness"] : []),
  ];
}
