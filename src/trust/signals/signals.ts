/** The six signals: answered beside the metrics, with evidence of their own, and usable in a gate. They are not in the net. */

import type { ModelEvidence } from "../evidence.ts";
import type { MetricResult } from "../metrics/result.ts";
import * as artifactSafety from "./artifact-safety.ts";
import * as cardSections from "./card-sections.ts";
import * as codeLink from "./code-link.ts";
import * as licenseText from "./license-text.ts";
import * as maturity from "./maturity.ts";
import * as openness from "./openness.ts";

/** The signals in the order of the answer. `trusted`: the model's namespace is in `TRUSTED_NAMESPACES`. */
export const SIGNALS = {
  code_link: { measure: codeLink.codeLink, version: codeLink.version },
  artifact_safety: { measure: artifactSafety.artifactSafety, version: artifactSafety.version },
  maturity: { measure: maturity.maturity, version: maturity.version },
  openness: { measure: openness.openness, version: openness.version },
  card_sections: { measure: cardSections.cardSections, version: cardSections.version },
  license_text: { measure: licenseText.licenseText, version: licenseText.version },
} as const satisfies Record<
  string,
  { measure: (evidence: ModelEvidence, trusted: boolean) => MetricResult; version: number }
>;

/** The name of a signal. */
export type Signal = keyof typeof SIGNALS;

/** All of them, in the order of the answer. */
export const SIGNAL_NAMES = Object.keys(SIGNALS) as Signal[];
