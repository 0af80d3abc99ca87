/**
 * May a model under one licence be used in a project under another?
 *
 * Invariant: the answer comes from the table below and nothing else; it is directional, model licence in, project
 * licence out. What is not in the table is compatible with itself only, and an unidentified licence with nothing.
 */

import { formatLicense, type LicenseExpression, type LicenseTerm, parseLicense, parseLicenses } from "./spdx.ts";

/** The groups that the table speaks about: `permissive` with public domain and CC-BY; `other` is all that is left. */
export const LICENSE_GROUPS = [
  "permissive",
  "Apache-2.0",
  "MPL-2.0",
  "EPL-1.0",
  "EPL-2.0",
  "LGPL-2.0",
  "LGPL-2.1",
  "LGPL-3.0",
  "GPL-2.0",
  "GPL-3.0",
  "AGPL-3.0",
  "CC-BY-SA-4.0",
  "use_restricted",
  "other",
] as const;
/** A row (model) or a column (project) of the table. */
export type LicenseGroup = (typeof LICENSE_GROUPS)[number];

const WITHOUT = (...out: LicenseGroup[]): LicenseGroup[] => LICENSE_GROUPS.filter((group) => !out.includes(group));
const OPEN: readonly LicenseGroup[] = ["permissive", "Apache-2.0", "MPL-2.0"];

/** Row: the model's licence; value: the project licences that may take it in. A GNU id means that version only. */
export const ACCEPTED_BY: Readonly<Record<LicenseGroup, readonly LicenseGroup[]>> = {
  permissive: LICENSE_GROUPS,
  "Apache-2.0": WITHOUT("GPL-2.0", "LGPL-2.1"),
  "MPL-2.0": LICENSE_GROUPS,
  "EPL-1.0": [...OPEN, "EPL-1.0", "EPL-2.0"],
  "EPL-2.0": [...OPEN, "EPL-1.0", "EPL-2.0"],
  "LGPL-2.0": [...OPEN, "EPL-1.0", "EPL-2.0", "LGPL-2.0", "GPL-2.0"],
  "LGPL-2.1": [...OPEN, "EPL-1.0", "EPL-2.0", "LGPL-2.1", "GPL-2.0", "GPL-3.0", "AGPL-3.0"],
  "LGPL-3.0": [...OPEN, "EPL-1.0", "EPL-2.0", "LGPL-3.0", "GPL-3.0", "AGPL-3.0"],
  "GPL-2.0": ["GPL-2.0"],
  "GPL-3.0": ["GPL-3.0", "AGPL-3.0"],
  "AGPL-3.0": ["AGPL-3.0"],
  "CC-BY-SA-4.0": ["CC-BY-SA-4.0", "GPL-3.0"],
  use_restricted: OPEN,
  other: [],
};

/** Later versions that `-or-later` (or `+`) opens. */
const LATER_VERSIONS: Readonly<Record<string, readonly string[]>> = {
  "GPL-1.0": ["GPL-2.0", "GPL-3.0"],
  "GPL-2.0": ["GPL-3.0"],
  "LGPL-2.0": ["LGPL-2.1", "LGPL-3.0"],
  "LGPL-2.1": ["LGPL-3.0"],
  "AGPL-1.0": ["AGPL-3.0"],
  "MPL-1.1": ["MPL-2.0"],
  "EPL-1.0": ["EPL-2.0"],
  "EUPL-1.1": ["EUPL-1.2"],
};

/** Exceptions that move a licence to another row: the text lifts what made it incompatible. */
const ROW_OF_EXCEPTION: Readonly<Record<string, LicenseGroup>> = {
  // Its second paragraph permits combining with GPL-2.0 code.
  "Apache-2.0 WITH LLVM-exception": "permissive",
};

/** What `checkCompatibility` answers; also the body of `license-check?explain=true`. */
export interface Compatibility {
  compatible: boolean;
  /** SPDX expression as it was understood. */
  model_license: string;
  project_license: string;
  reasons: string[];
}

interface Verdict {
  compatible: boolean;
  reasons: string[];
}

function groupOf(base: string, category: LicenseTerm["category"]): LicenseGroup {
  const named = LICENSE_GROUPS.find((group) => group === base);
  if (named) return named;
  if (category === "permissive" || category === "public_domain") return "permissive";
  return category === "use_restricted" ? "use_restricted" : "other";
}

/** The versions of one licence that its holder may pick from: itself, and the later ones if it says so. */
function versions(term: LicenseTerm): string[] {
  return term.or_later ? [term.base, ...(LATER_VERSIONS[term.base] ?? [])] : [term.base];
}

/** One model licence against one version of one project licence. */
function termVerdict(model: LicenseTerm, project: LicenseTerm, ours: string): Verdict {
  const sides = [
    ["model", model],
    ["project", project],
  ] as const;
  for (const [side, { category }] of sides) {
    if (category === "none") return { compatible: false, reasons: [`The ${side} has no license.`] };
    if (category === "unknown") return { compatible: false, reasons: [`The ${side}'s license is not identified.`] };
  }
  const names = `${formatLicense(model)} into ${formatLicense(project)}`;
  if (formatLicense(model) === formatLicense(project)) {
    return { compatible: true, reasons: [`${names}: the same license on both sides.`] };
  }
  for (const theirs of versions(model)) {
    const row = ROW_OF_EXCEPTION[formatLicense(model)] ?? groupOf(theirs, model.category);
    const same = theirs === ours && model.exception === project.exception;
    if (!same && !ACCEPTED_BY[row].includes(groupOf(ours, project.category))) continue;
    const through = theirs === model.base && ours === project.base ? "" : ` (${theirs} into ${ours})`;
    return { compatible: true, reasons: [`${names}: allowed${through}.`] };
  }
  return { compatible: false, reasons: [`${names}: not allowed.`] };
}

function combine(kind: "and" | "or", verdicts: Verdict[]): Verdict {
  const compatible =
    kind === "and" ? verdicts.every((verdict) => verdict.compatible) : verdicts.some((verdict) => verdict.compatible);
  // Only what decided: the parts that fail a sum, the choice that works, or every choice that does not.
  const deciding = verdicts.filter((verdict) => verdict.compatible === compatible);
  const shown = kind === "or" && compatible ? deciding.slice(0, 1) : deciding;
  return { compatible, reasons: [...new Set(shown.flatMap((verdict) => verdict.reasons))] };
}

function against(model: LicenseExpression, project: LicenseTerm, ours: string): Verdict {
  if (model.kind === "license") return termVerdict(model, project, ours);
  return combine(
    model.kind,
    model.of.map((part) => against(part, project, ours)),
  );
}

/** The project's choices stand outermost: all parts of a model must fit one and the same choice of the project. */
function verdict(model: LicenseExpression, project: LicenseExpression): Verdict {
  if (project.kind !== "license") {
    return combine(
      project.kind,
      project.of.map((part) => verdict(model, part)),
    );
  }
  return combine(
    "or",
    versions(project).map((ours) => against(model, project, ours)),
  );
}

/**
 * Checks a model's licences against a project's (contract, `POST /artifact/model/{id}/license-check`). Never throws.
 *
 * @param modelLicense   what the model declares, one or several; all must hold, `OR` inside one is our choice
 * @param projectLicense what the project declares; of an `OR` any choice that works is enough, an `AND` must fit whole
 */
export function checkCompatibility(modelLicense: readonly string[], projectLicense: string): Compatibility {
  const model = parseLicenses(modelLicense);
  const project = parseLicense(projectLicense);
  return { ...verdict(model, project), model_license: formatLicense(model), project_license: formatLicense(project) };
}
