import SPDX_IDS from "spdx-license-ids/index.json" with { type: "json" };
import { describe, expect, it } from "vitest";
import { compare } from "../../src/license/compatibility.ts";
import { COMPATIBILITY, GROUP_OF_ID, LATER_VERSIONS } from "../../src/license/compatibility-table.ts";
import { parseLicense, parseLicenses } from "../../src/license/spdx.ts";

const check = (model: string[], project: string) => compare(parseLicenses(model), parseLicense(project));

const fits = (model: string | string[], project: string) =>
  check(typeof model === "string" ? [model] : model, project).compatible;

/** Project licences: the columns of the matrix. */
const PROJECTS = [
  "MIT",
  "Apache-2.0",
  "MPL-2.0",
  "EPL-1.0",
  "EPL-2.0",
  "LGPL-2.0-only",
  "LGPL-2.1-only",
  "LGPL-3.0-only",
  "GPL-2.0-only",
  "GPL-3.0-only",
  "AGPL-3.0-only",
  "CC-BY-SA-4.0",
  "gemma",
  "CC-BY-NC-4.0",
] as const;

/** Model licence, and for every project licence in the order above whether it may take the model in. */
const MATRIX: readonly (readonly [string, string])[] = [
  //               MIT Ap MPL E1 E2 L20 L21 L3 G2 G3 AG SA RAIL NC
  ["MIT", "          y  y  y   y  y  y   y   y  y  y  y  y  y    y"],
  ["Apache-2.0", "   y  y  y   y  y  n   n   y  n  y  y  y  y    y"],
  ["MPL-2.0", "      y  y  y   y  y  y   y   y  y  y  y  y  y    y"],
  ["EPL-1.0", "      y  y  y   y  y  n   n   n  n  n  n  n  n    n"],
  ["EPL-2.0", "      y  y  y   y  y  n   n   n  n  n  n  n  n    n"],
  ["LGPL-2.0-only", "y  y  y   y  y  y   n   n  y  n  n  n  n    n"],
  ["LGPL-2.1-only", "y  y  y   y  y  n   y   n  y  y  y  n  n    n"],
  ["LGPL-3.0-only", "y  y  y   y  y  n   n   y  n  y  y  n  n    n"],
  ["GPL-2.0-only", " n  n  n   n  n  n   n   n  y  n  n  n  n    n"],
  ["GPL-3.0-only", " n  n  n   n  n  n   n   n  n  y  y  n  n    n"],
  ["AGPL-3.0-only", "n  n  n   n  n  n   n   n  n  n  y  n  n    n"],
  ["CC-BY-SA-4.0", " n  n  n   n  n  n   n   n  n  y  n  y  n    n"],
  ["gemma", "        y  y  y   n  n  n   n   n  n  n  n  n  y    n"],
  ["CC-BY-NC-4.0", " n  n  n   n  n  n   n   n  n  n  n  n  n    y"],
  ["BSD-4-Clause", " y  y  y   y  y  n   n   n  n  n  n  y  y    y"],
  ["ECL-2.0", "      y  y  y   y  y  n   n   y  n  y  y  y  y    y"],
  ["Artistic-2.0", " y  y  y   n  n  n   n   n  y  y  y  n  n    n"],
  ["OFL-1.1", "      n  n  n   n  n  n   n   n  n  n  n  n  n    n"],
  ["MPL-1.1", "      y  y  y   y  y  n   n   n  n  n  n  n  n    n"],
  // Members of a group behave like it; these have no column of their own.
  ["CC0-1.0", "      y  y  y   y  y  y   y   y  y  y  y  y  y    y"],
  ["CC-BY-4.0", "    y  y  y   y  y  y   y   y  y  y  y  y  y    y"],
  ["BSD-3-Clause", " y  y  y   y  y  y   y   y  y  y  y  y  y    y"],
  ["llama3.1", "     y  y  y   n  n  n   n   n  n  n  n  n  n    n"],
  ["CC-BY-ND-4.0", " n  n  n   n  n  n   n   n  n  n  n  n  n    n"],
  ["apple-amlr", "   n  n  n   n  n  n   n   n  n  n  n  n  n    n"],
  ["EUPL-1.2", "     n  n  y   y  n  n   y   y  y  y  y  n  n    n"],
  ["other", "        n  n  n   n  n  n   n   n  n  n  n  n  n    n"],
  ["none", "         n  n  n   n  n  n   n   n  n  n  n  n  n    n"],
];

describe("the compatibility table", () => {
  const cells = MATRIX.flatMap(([model, row]) =>
    row
      .trim()
      .split(/\s+/)
      .map((cell, at) => [model, PROJECTS[at] ?? "", cell === "y"] as const),
  );

  it("names for every row why, and who says so", () => {
    for (const [row, { why, source }] of Object.entries(COMPATIBILITY)) {
      expect([row, why !== "" && URL.canParse(source)]).toEqual([row, true]);
    }
  });

  it("speaks of groups that it has, and of licences that SPDX lists", () => {
    const groups = ["permissive", ...new Set(GROUP_OF_ID.values())];
    const known = new Set(SPDX_IDS.map((id) => id.replace(/-(only|or-later|JP)$/, "")));
    const named = Object.values(COMPATIBILITY).flatMap((row) => ("into" in row ? row.into : row.not_into));
    const all = [
      ...named,
      ...GROUP_OF_ID.keys(),
      ...Object.keys(LATER_VERSIONS),
      ...Object.values(LATER_VERSIONS).flat(),
    ];
    expect(all.filter((name) => !groups.includes(name) && !known.has(name))).toEqual([]);
    expect(groups.filter((name) => !Object.hasOwn(COMPATIBILITY, name))).toEqual([]);
  });

  it("has a cell for every project", () => {
    expect(cells).toHaveLength(MATRIX.length * PROJECTS.length);
  });

  it.each(cells)("%s into %s: %s", (model, project, expected) => {
    expect(fits(model, project)).toBe(expected);
  });
});

describe("an identical licence", () => {
  it.each([
    ["CC-BY-NC-4.0", true],
    ["llama3.1", true],
    ["EUPL-1.2", true],
    ["apple-amlr", true],
    ["GPL-2.0-only WITH Classpath-exception-2.0", true],
    ["other", false],
    ["unknown", false],
    ["NOASSERTION", false],
    ["LicenseRef-acme", false],
    ["none", false],
    ["", false],
  ])("%s on both sides: %s", (license, expected) => {
    expect(fits(license, license)).toBe(expected);
  });
});

describe("an unidentified project", () => {
  it.each(["NOASSERTION", "other", "", "none", "MIT AND", "LicenseRef-acme"])("%j fits nothing", (project) => {
    expect(fits("mit", project)).toBe(false);
  });
});

describe("later versions", () => {
  it.each([
    ["GPL-2.0-only", "GPL-3.0-only", false],
    ["GPL-2.0-or-later", "GPL-3.0-only", true],
    ["GPL-2.0-or-later", "GPL-2.0-only", true],
    ["GPL-2.0-or-later", "AGPL-3.0-only", true],
    ["GPL-2.0+", "GPL-3.0-only", true],
    ["GPL-3.0-or-later", "GPL-2.0-only", false],
    ["GPL-3.0-only", "GPL-2.0-or-later", true],
    ["GPL-3.0-only", "GPL-3.0-or-later", true],
    ["Apache-2.0", "GPL-2.0-or-later", true],
    ["Apache-2.0", "GPL-2.0", false],
    ["Apache-2.0", "LGPL-2.1-or-later", true],
    ["LGPL-2.1-only", "LGPL-3.0-only", false],
    ["LGPL-2.1-or-later", "LGPL-3.0-only", true],
    ["LGPL-2.0-or-later", "GPL-3.0-only", true],
    ["EUPL-1.1+", "EUPL-1.2", true],
    ["EUPL-1.1", "EUPL-1.2", true],
    ["EUPL-1.0", "EUPL-1.2", false],
    ["CC-BY-SA-4.0", "GPL-3.0-or-later", true],
  ])("%s into %s: %s", (model, project, expected) => {
    expect(fits(model, project)).toBe(expected);
  });
});

describe("expressions and lists", () => {
  it.each([
    ["MIT OR GPL-3.0-only", "MIT", true],
    ["CC-BY-NC-4.0 OR GPL-3.0-only", "MIT", false],
    ["MIT AND GPL-3.0-only", "MIT", false],
    ["MIT AND GPL-3.0-only", "GPL-3.0-only", true],
    [["MIT", "GPL-3.0-only"], "GPL-3.0-only", true],
    [["MIT", "GPL-3.0-only"], "MIT", false],
    [["MIT", "other"], "MIT", false],
    ["MIT OR other", "MIT", true],
    [[], "MIT", false],
    ["GPL-3.0-only", "MIT OR GPL-3.0-only", true],
    ["GPL-3.0-only", "MIT AND GPL-3.0-only", false],
    ["MIT", "MIT AND GPL-3.0-only", true],
    // Each part fits another choice of the project, but the project has to pick one.
    ["GPL-2.0-only AND GPL-3.0-only", "GPL-2.0-only OR GPL-3.0-only", false],
    ["GPL-2.0-only AND GPL-3.0-only", "GPL-2.0-or-later", false],
    ["Apache-2.0 WITH LLVM-exception", "GPL-2.0-only", true],
    ["GPL-3.0-only WITH GCC-exception-3.1", "MIT", false],
  ])("%j into %s: %s", (model, project, expected) => {
    expect(fits(model, project)).toBe(expected);
  });
});

describe("the answer", () => {
  const MIT_GPL3 =
    "GPL-3.0-only into MIT: not allowed (copyleft; section 13 permits the AGPL; https://www.gnu.org/licenses/gpl-faq.html#AllCompatibility).";

  it("names both licences as they were understood, why, and the source", () => {
    expect(check(["gpl-3.0"], "mit")).toEqual({ compatible: false, reasons: [MIT_GPL3] });
    expect(check(["GPL-2.0-or-later"], "GPL-3.0").reasons).toEqual([
      expect.stringMatching(/^GPL-2.0-or-later into GPL-3.0-only: allowed, GPL-3.0 into GPL-3.0 \(.*https:.*\)\.$/),
    ]);
    expect(check([], "mit").reasons).toEqual(["The model has no license."]);
    expect(check(["mit"], "NOASSERTION").reasons).toEqual(["The project's license is not identified."]);
    expect(check(["mit"], "MIT").reasons).toEqual(["MIT into MIT: the same license on both sides."]);
  });

  it("lists only the parts of a sum that fail", () => {
    expect(check(["mit", "gpl-3.0", "cc-by-nc-4.0"], "mit").reasons).toEqual([
      MIT_GPL3,
      expect.stringMatching(/^CC-BY-NC-4.0 into MIT: not allowed/),
    ]);
  });
});
