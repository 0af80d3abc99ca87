/**
 * What a licence asks of whoever passes a model on, in a closed list of words.
 *
 * Invariant: a word is there because the named source says so. It is a reminder of what to read, no replacement for it.
 */

import type { LicenseCategory } from "./catalogue.ts";
import { MODEL_LICENSES } from "./model-licenses.ts";
import { formatLicense, type LicenseExpression, type LicenseTerm } from "./spdx.ts";

/** The words, each with its meaning. */
export const CONDITIONS = {
  notice: "Pass on the license's text and the copyright notices.",
  notice_in_source: "Pass them on with the source; a binary may go without.",
  attribution: "Name the authors, or show the text that the license prescribes.",
  state_changes: "Say what was changed.",
  disclose_source: "Make the source available to whoever gets the work.",
  network_use: "Users over a network have the same rights.",
  share_alike: "Pass on what is derived from it under the same license.",
  share_alike_file: "Pass on changed files under the same license.",
  share_alike_library: "Pass on the changed library under the same license.",
  use_restrictions: "Keep to the restrictions of use, field, territory or size of business, and pass them on.",
  non_commercial: "No commercial use.",
  no_derivatives: "Do not pass on anything derived from it.",
  research_only: "Use in research only.",
  ask_licensor: "Nothing is known to be permitted: ask the owner.",
} as const satisfies Record<string, string>;

/** One of the words. */
export type ConditionWord = keyof typeof CONDITIONS;

/** What one licence of an expression asks for. */
export interface LicenseConditions {
  /** SPDX id, `LicenseRef-<name>`, `NOASSERTION` or `NONE`. */
  license: string;
  must: ConditionWord[];
  /** URL of the facts; absent where only the licence's name is known. */
  source?: string;
  /** The licence stands in an `OR`: its conditions hold only for whoever picks it. */
  choice?: true;
}

const by = (words: string, ids: string): [string, ConditionWord[]][] =>
  ids.split(/\s+/).map((id) => [id, words.split(" ") as ConditionWord[]]);

/** As on choosealicense.com, by SPDX id without `-only` and `-or-later`. */
const CHOOSEALICENSE: ReadonlyMap<string, ConditionWord[]> = new Map([
  ...["0BSD", "CC0-1.0", "MIT-0", "Unlicense", "WTFPL"].map((id): [string, ConditionWord[]] => [id, []]),
  ...by(
    "notice",
    `BlueOak-1.0.0 BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause ISC MIT MS-PL
     MulanPSL-2.0 NCSA PostgreSQL UPL-1.0`,
  ),
  ...by("notice_in_source", "BSL-1.0"),
  ...by("notice_in_source state_changes", "Zlib"),
  ...by("notice state_changes", "AFL-3.0 Apache-2.0 Artistic-2.0 ECL-2.0"),
  ...by("notice state_changes disclose_source", "LPPL-1.3c"),
  ...by("notice disclose_source share_alike_file", "MPL-2.0 MS-RL"),
  ...by("notice state_changes disclose_source share_alike_library", "CERN-OHL-W-2.0 LGPL-2.1 LGPL-3.0"),
  ...by("notice disclose_source share_alike", "EPL-1.0 EPL-2.0 ODbL-1.0"),
  ...by("notice share_alike", "OFL-1.1"),
  ...by("notice disclose_source network_use share_alike", "CECILL-2.1"),
  ...by("notice state_changes disclose_source share_alike", "CERN-OHL-S-2.0 GFDL-1.3 GPL-2.0 GPL-3.0 Vim"),
  ...by("notice state_changes disclose_source network_use share_alike", "AGPL-3.0 EUPL-1.1 EUPL-1.2 OSL-3.0"),
]);

/** What every licence of a kind asks for at least. */
const OF_CATEGORY: Readonly<Record<LicenseCategory, readonly ConditionWord[]>> = {
  permissive: ["notice"],
  public_domain: [],
  weak_copyleft: ["notice", "disclose_source", "share_alike_file"],
  strong_copyleft: ["notice", "disclose_source", "share_alike"],
  share_alike: ["notice", "share_alike"],
  use_restricted: ["notice", "use_restrictions"],
  non_commercial: ["notice", "non_commercial"],
  no_derivatives: ["notice", "no_derivatives"],
  research_only: ["notice", "research_only"],
  unknown: ["ask_licensor"],
  none: ["ask_licensor"],
};

const CREATIVE_COMMONS = /^CC-(BY(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)/;

function wordsOf({ id, base, category }: LicenseTerm): { must: ConditionWord[]; source?: string } {
  const listed = CHOOSEALICENSE.get(base);
  if (listed) return { must: listed, source: `https://choosealicense.com/licenses/${base.toLowerCase()}/` };
  const [, elements, version] = CREATIVE_COMMONS.exec(base) ?? [];
  if (elements !== undefined) {
    const must: ConditionWord[] = ["attribution", "notice"];
    if (elements.includes("-NC")) must.push("non_commercial");
    if (elements.endsWith("-SA")) must.push("share_alike");
    must.push(elements.endsWith("-ND") ? "no_derivatives" : "state_changes");
    return { must, source: `https://creativecommons.org/licenses/${elements.toLowerCase()}/${version}/` };
  }
  const must = [...OF_CATEGORY[category]];
  if (category === "unknown" || category === "none")
    return { must, source: "https://choosealicense.com/no-permission/" };
  if (!base.startsWith("LicenseRef-"))
    return { must, source: `https://spdx.org/licenses/${id.replace(/\+$/, "")}.html` };
  const name = base.slice("LicenseRef-".length);
  const terms = Object.hasOwn(MODEL_LICENSES, name) ? MODEL_LICENSES[name] : undefined;
  if (terms === undefined) return { must };
  return { must: terms.credit ? [...must, "attribution"] : must, source: terms.source };
}

/** What each licence of an expression asks for, each licence once. */
export function conditionsOf(expression: LicenseExpression): LicenseConditions[] {
  const found = new Map<string, LicenseConditions>();
  const walk = (part: LicenseExpression, choice: boolean) => {
    if (part.kind !== "license") {
      for (const inner of part.of) walk(inner, choice || part.kind === "or");
      return;
    }
    const license = formatLicense(part);
    // what must be met in any case is no choice, wherever else it stands
    if (!found.has(license) || !choice) found.set(license, { license, ...wordsOf(part), ...(choice && { choice }) });
  };
  walk(expression, false);
  return [...found.values()];
}
