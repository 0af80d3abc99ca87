/**
 * The effective licence of a model: what it states itself AND what its declared ancestors state.
 *
 * Invariant: pure. A model cannot give more than those that it was made from gave: a statement never removes an ancestor's.
 * An ancestor whose licence could not be learned is named and does not count; one that states none counts as unidentified.
 */

import { ANCESTOR_MAX_DEPTH } from "../limits.ts";
import { compare, type Verdict } from "./compatibility.ts";
import { formatLicense, type LicenseExpression, type LicenseTerm, parseLicense, parseLicenses } from "./spdx.ts";

/** An ancestor, and what is known of its licence. */
export interface AncestorLicense {
  /** Canonical source id, as it is displayed; upper and lower case are one. */
  source: string;
  /** 1 for a parent, 2 for a grandparent. */
  depth: number;
  /** Id as in a lineage: the artifact's, or `external:<source>`, which is also the default. */
  id?: string;
  /** What it states, as upstream spells it; empty if it states nothing; absent if that could not be learned. */
  licenses?: readonly string[];
}

/** An ancestor whose licence is known. */
export interface InheritedLicense {
  id: string;
  source: string;
  depth: number;
  expression: LicenseExpression;
}

/** What `effectiveLicense` answers. */
export interface EffectiveLicense {
  /** What the model itself states. */
  own: LicenseExpression;
  /** Own and inherited together, each licence once. */
  expression: LicenseExpression;
  /** Nearest first. */
  inherited: InheritedLicense[];
  /** Ancestors whose licence is not known. */
  unknown: { id: string; source: string; depth: number }[];
  /** Ancestors whose licence does not permit the model's own statement. */
  contradicted: { id: string; source: string; reason: string }[];
}

/** An effective licence held against a project's. */
export interface EffectiveCheck extends Verdict {
  /** Ids of the ancestors whose licence the project, or the model's own statement, does not keep to. */
  license_conflict: string[];
}

const NOT_STATED = parseLicense("unknown");
/** Kinds that keep at least one restriction of use, and so promise no freedom that a restricted ancestor withholds. */
const RESTRICTED: ReadonlySet<LicenseTerm["category"]> = new Set([
  "use_restricted",
  "non_commercial",
  "no_derivatives",
  "research_only",
]);

/**
 * Joins a model's licence with those of its ancestors.
 *
 * @param model     its canonical source id, and what it states
 * @param ancestors in any order, in any number, cycles and all: each counts once, nearest first, to the fifth generation;
 *                  of several entries for one source the first whose licence is known
 */
export function effectiveLicense(
  model: { source: string; licenses: readonly string[] },
  ancestors: readonly AncestorLicense[],
): EffectiveLicense {
  const own = parseLicenses(model.licenses);
  const nearest = new Map<string, AncestorLicense>();
  for (const ancestor of ancestors.toSorted((a, b) => a.depth - b.depth)) {
    const key = ancestor.source.toLowerCase();
    if (key === model.source.toLowerCase() || ancestor.depth > ANCESTOR_MAX_DEPTH) continue;
    const known = nearest.get(key);
    if (known === undefined) nearest.set(key, ancestor);
    else if (known.licenses === undefined && ancestor.licenses !== undefined) {
      nearest.set(key, { ...ancestor, depth: known.depth });
    }
  }
  const inherited: InheritedLicense[] = [];
  const unknown: EffectiveLicense["unknown"] = [];
  for (const { source, depth, id = `external:${source}`, licenses } of nearest.values()) {
    if (licenses === undefined) unknown.push({ id, source, depth });
    else {
      const expression = licenses.length === 0 ? NOT_STATED : parseLicenses(licenses);
      inherited.push({ id, source, depth, expression });
    }
  }
  return {
    own,
    expression: joined([own, ...inherited.map(({ expression }) => expression)]),
    inherited,
    unknown,
    contradicted: inherited.flatMap(({ id, source, expression }) =>
      keepsTo(own, expression)
        ? []
        : [
            {
              id,
              source,
              reason: `${source} is under ${formatLicense(expression)}, which does not permit what the model states: ${formatLicense(own)}.`,
            },
          ],
    ),
  };
}

/** All at once, each licence once. */
function joined(expressions: readonly LicenseExpression[]): LicenseExpression {
  const parts = expressions.flatMap((part) => (part.kind === "and" ? part.of : [part]));
  const of = [...new Map(parts.map((part) => [formatLicense(part), part])).values()];
  const [first] = of;
  return first !== undefined && of.length === 1 ? first : { kind: "and", of };
}

/**
 * Whether a statement on a derived model keeps to the licence of what it was derived from.
 *
 * Of the statement's choices each must, of its parts one is enough; of the ancestor's choices one, of its parts all.
 */
function keepsTo(stated: LicenseExpression, inherited: LicenseExpression): boolean {
  if (inherited.kind !== "license") {
    const keeps = (part: LicenseExpression) => keepsTo(stated, part);
    return inherited.kind === "and" ? inherited.of.every(keeps) : inherited.of.some(keeps);
  }
  if (stated.kind !== "license") {
    const keeps = (part: LicenseExpression) => keepsTo(part, inherited);
    return stated.kind === "or" ? stated.of.every(keeps) : stated.of.some(keeps);
  }
  return termKeepsTo(stated, inherited);
}

function termKeepsTo(stated: LicenseTerm, inherited: LicenseTerm): boolean {
  const vague = (term: LicenseTerm) => term.category === "unknown" || term.category === "none";
  // no statement contradicts anything; what it lacks is another question
  if (vague(stated) || vague(inherited) || formatLicense(stated) === formatLicense(inherited)) return true;
  switch (inherited.category) {
    case "use_restricted":
      return RESTRICTED.has(stated.category);
    case "non_commercial":
    case "research_only":
    case "no_derivatives":
      return RESTRICTED.has(stated.category) && stated.category !== "use_restricted";
    case "weak_copyleft":
      // a library may be part of other works; changed weights are no other work
      return isCopyleft(stated) && compare(inherited, stated).compatible;
    default:
      return compare(inherited, stated).compatible;
  }
}

function isCopyleft({ category }: LicenseTerm): boolean {
  return category === "weak_copyleft" || category === "strong_copyleft";
}

/**
 * Holds an effective licence against a project's.
 *
 * It fits if the model's own licence and that of every ancestor fit, and the model's own statement contradicts none of them.
 */
export function checkEffective(effective: EffectiveLicense, projectLicense: string): EffectiveCheck {
  const project = parseLicense(projectLicense);
  const own = compare(effective.own, project);
  const refused = effective.inherited.flatMap(({ id, source, expression }) => {
    const { compatible, reasons } = compare(expression, project);
    return compatible ? [] : [{ id, reasons: reasons.map((reason) => `${source}: ${reason}`) }];
  });
  const { contradicted, unknown } = effective;
  const inherited = [...contradicted.map(({ reason }) => reason), ...refused.flatMap(({ reasons }) => reasons)];
  return {
    compatible: own.compatible && inherited.length === 0,
    reasons: [
      // what decided comes first
      ...(own.compatible ? [...inherited, ...own.reasons] : [...own.reasons, ...inherited]),
      ...unknown.map(({ source }) => `${source}: its license is not known, and did not count.`),
    ],
    license_conflict: [...new Set([...contradicted, ...refused].map(({ id }) => id))],
  };
}
