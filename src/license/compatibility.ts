/**
 * May a model under one licence be used in a project under another?
 *
 * Invariant: the answer comes from `compatibility-table.ts` and nothing else; it is directional, model licence in, project
 * licence out. What is not in the table is compatible with itself only, and an unidentified licence with nothing.
 */

import { COMPATIBILITY, GROUP_OF_ID, LATER_VERSIONS, ROW_OF_EXCEPTION } from "./compatibility-table.ts";
import { formatLicense, type LicenseExpression, type LicenseTerm } from "./spdx.ts";

/** An answer, and what decided it: one text for each deciding pair of licences. */
export interface Verdict {
  compatible: boolean;
  reasons: string[];
}

const CC_BY_SA_OF_JURISDICTION = /^(CC-BY-SA-\d\.\d)-[A-Z]+$/;

/** The row, or the column, of a licence. */
function groupOf(base: string, category: LicenseTerm["category"]): string {
  const shared = GROUP_OF_ID.get(base);
  if (shared !== undefined) return shared;
  const id = CC_BY_SA_OF_JURISDICTION.exec(base)?.[1] ?? base;
  if (Object.hasOwn(COMPATIBILITY, id)) return id;
  if (category === "permissive" || category === "public_domain") return "permissive";
  return category === "use_restricted" ? "use_restricted" : "other";
}

/** The versions of one licence that its holder may pick from: itself, and the later ones if it says so. */
function versions(term: LicenseTerm): string[] {
  return term.or_later ? [term.base, ...(LATER_VERSIONS[term.base] ?? [])] : [term.base];
}

/** Whether a row names a project licence, by its own id or by its group. */
function accepts(row: string, ours: string, group: string): boolean {
  const cells = COMPATIBILITY[row];
  if (cells === undefined) return false;
  const names = (list: readonly string[]) => list.includes(ours) || list.includes(group);
  return "into" in cells ? names(cells.into) : !names(cells.not_into);
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
  // The project gives a permission on top of its licence, which is not ours to give for somebody else's copyleft work.
  if (
    project.exception !== undefined &&
    project.exception !== model.exception &&
    model.category === "strong_copyleft"
  ) {
    return { compatible: false, reasons: [`${names}: not allowed (the model's license does not give the exception).`] };
  }
  const first = rowOf(model, model.base);
  for (const theirs of versions(model)) {
    const row = rowOf(model, theirs);
    const same = theirs === ours && model.exception === project.exception;
    if (!same && !accepts(row, ours, groupOf(ours, project.category))) continue;
    const through = theirs === model.base && ours === project.base ? "" : `, ${theirs} into ${ours}`;
    return { compatible: true, reasons: [`${names}: allowed${through} (${because(row)}).`] };
  }
  return { compatible: false, reasons: [`${names}: not allowed (${because(first)}).`] };
}

function rowOf(model: LicenseTerm, version: string): string {
  return ROW_OF_EXCEPTION[formatLicense(model)] ?? groupOf(version, model.category);
}

function because(row: string): string {
  const { why, source } = COMPATIBILITY[row] ?? { why: "not in the table", source: "" };
  return `${why}; ${source}`;
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

/**
 * Holds a model's licence against a project's. Never throws.
 *
 * Of a model's `OR` any choice that works is enough, an `AND` must fit whole; likewise for the project. The project's choices
 * stand outermost: all parts of a model must fit one and the same choice of the project.
 */
export function compare(model: LicenseExpression, project: LicenseExpression): Verdict {
  if (project.kind !== "license") {
    return combine(
      project.kind,
      project.of.map((part) => compare(model, part)),
    );
  }
  return combine(
    "or",
    versions(project).map((ours) => against(model, project, ours)),
  );
}
