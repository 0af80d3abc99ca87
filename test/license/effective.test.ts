import { describe, expect, it } from "vitest";
import { type AncestorLicense, checkEffective, effectiveLicense } from "../../src/license/effective.ts";
import { formatLicense } from "../../src/license/spdx.ts";

const MODEL = "acme/child";
const of = (licenses: string | string[], ancestors: AncestorLicense[]) =>
  effectiveLicense({ source: MODEL, licenses: [licenses].flat() }, ancestors);
const parent = (licenses: string | string[], source = "acme/base"): AncestorLicense => ({
  source,
  depth: 1,
  licenses: [licenses].flat(),
});
const text = (licenses: string | string[], ancestors: AncestorLicense[]) =>
  formatLicense(of(licenses, ancestors).expression);

describe("an effective licence", () => {
  it("is the own one where there are no ancestors", () => {
    expect(text("MIT OR GPL-3.0-only", [])).toBe("MIT OR GPL-3.0-only");
    expect(text([], [])).toBe("NONE");
  });

  it("joins own and inherited, each licence once", () => {
    expect(text("mit", [parent("llama3.1")])).toBe("MIT AND LicenseRef-llama3.1");
    expect(text(["mit", "llama3.1"], [parent("llama3.1"), parent("MIT", "acme/other")])).toBe(
      "MIT AND LicenseRef-llama3.1",
    );
    expect(text("mit", [parent("Apache-2.0 OR GPL-2.0-only")])).toBe("MIT AND (Apache-2.0 OR GPL-2.0-only)");
    expect(text("apache-2.0", [parent("apache-2.0")])).toBe("Apache-2.0");
  });

  it("takes silence for an unidentified licence, and a stated lack for what it is", () => {
    expect(text("mit", [parent([])])).toBe("MIT AND NOASSERTION");
    expect(text("mit", [parent("none")])).toBe("MIT AND NONE");
  });

  it("reaches five generations, each ancestor once at its nearest, and never itself", () => {
    const line = Array.from({ length: 8 }, (_, at) => ({ source: `acme/a${at}`, depth: at + 1, licenses: ["mit"] }));
    const { inherited } = of("mit", [...line, { source: "ACME/A0", depth: 4, licenses: ["gpl-3.0"] }]);
    expect(inherited.map(({ source, depth }) => `${source} ${depth}`)).toEqual(
      [0, 1, 2, 3, 4].map((at) => `acme/a${at} ${at + 1}`),
    );
    expect(text("mit", [{ source: "Acme/Child", depth: 2, licenses: ["gpl-3.0"] }])).toBe("MIT");
  });

  it("names what is not known, and prefers what is", () => {
    const { unknown, expression } = of("mit", [{ source: "acme/Base", depth: 1 }]);
    expect(unknown).toEqual([{ id: "external:acme/Base", source: "acme/Base", depth: 1 }]);
    expect(formatLicense(expression)).toBe("MIT");
    const known = of("mit", [
      { source: "acme/base", depth: 1 },
      { source: "acme/Base", depth: 2, licenses: ["gpl-3.0"] },
    ]);
    expect([known.unknown, formatLicense(known.expression)]).toEqual([[], "MIT AND GPL-3.0-only"]);
  });
});

describe("a model's own statement", () => {
  it.each([
    // inherited, stated, kept
    ["llama3.1", "mit", false],
    ["llama3.1", "apache-2.0", false],
    ["llama3.1", "gpl-3.0", false],
    ["llama3.1", "cc0-1.0", false],
    ["llama3.1", "llama3.1", true],
    ["llama3.1", "cc-by-nc-4.0", true],
    ["llama3.1", "MIT OR llama3.1", false],
    ["llama3.1", "MIT AND llama3.1", true],
    ["gemma", "apache-2.0", false],
    ["qwen", "mit", false],
    ["creativeml-openrail-m", "apache-2.0", false],
    ["cc-by-nc-4.0", "mit", false],
    ["cc-by-nc-4.0", "llama3.1", false],
    ["cc-by-nc-4.0", "cc-by-nc-sa-4.0", true],
    ["qwen-research", "apache-2.0", false],
    ["gpl-3.0", "mit", false],
    ["gpl-3.0", "agpl-3.0", true],
    ["agpl-3.0", "gpl-3.0", false],
    ["cc-by-sa-4.0", "cc-by-4.0", false],
    ["cc-by-sa-3.0", "cc-by-sa-4.0", true],
    ["mpl-2.0", "mit", false],
    ["mpl-2.0", "gpl-3.0", true],
    ["lgpl-2.1", "apache-2.0", false],
    ["mit", "apache-2.0", true],
    ["apache-2.0", "mit", true],
    ["apache-2.0", "gpl-2.0", false],
    ["cc-by-4.0", "mit", true],
    ["Apache-2.0 OR llama3.1", "mit", true],
    ["Apache-2.0 AND llama3.1", "mit", false],
    // nothing is promised, so nothing is contradicted; the check against the project is another question
    ["llama3.1", "other", true],
    ["llama3.1", "none", true],
    ["other", "mit", true],
  ])("on what is derived from %s, %s: kept %s", (inherited, stated, kept) => {
    expect(of(stated, [parent(inherited)]).contradicted.map(({ id }) => id)).toEqual(
      kept ? [] : ["external:acme/base"],
    );
  });
});

describe("an effective licence against a project", () => {
  const check = (licenses: string | string[], ancestors: AncestorLicense[], project: string) =>
    checkEffective(of(licenses, ancestors), project);

  it("fits if own and inherited fit", () => {
    expect(check("mit", [parent("apache-2.0")], "MIT")).toMatchObject({ compatible: true, license_conflict: [] });
    expect(check("llama3.1", [parent("llama3.1")], "MIT")).toMatchObject({ compatible: true, license_conflict: [] });
  });

  it("does not fit where an ancestor's licence was dropped, although each alone would", () => {
    const { compatible, license_conflict, reasons } = check("mit", [{ ...parent("llama3.1"), id: "7" }], "MIT");
    expect([compatible, license_conflict]).toEqual([false, ["7"]]);
    expect(reasons).toContain(
      "acme/base is under LicenseRef-llama3.1, which does not permit what the model states: MIT.",
    );
  });

  it("does not fit where an ancestor does not fit the project, although the statement is right", () => {
    const { compatible, license_conflict, reasons } = check("mit", [parent("apache-2.0")], "GPL-2.0");
    expect([compatible, license_conflict]).toEqual([false, ["external:acme/base"]]);
    expect(reasons[0]).toMatch(/^acme\/base: Apache-2.0 into GPL-2.0-only: not allowed/);
  });

  it("does not fit with an ancestor of an unidentified licence, and names one that is not known", () => {
    expect(check("mit", [parent("other")], "MIT")).toMatchObject({
      compatible: false,
      license_conflict: ["external:acme/base"],
    });
    expect(check("mit", [{ source: "acme/base", depth: 1 }], "MIT")).toMatchObject({
      compatible: true,
      reasons: [
        "MIT into MIT: the same license on both sides.",
        "acme/base: its license is not known, and did not count.",
      ],
    });
  });

  it("of five hundred ancestors with lists of licences ends", () => {
    const many = Array.from({ length: 500 }, (_, at) =>
      parent(["mit", "apache-2.0", `LicenseRef-acme-${at}`], `acme/a${at}`),
    );
    expect(check("mit", many, "MIT OR Apache-2.0 OR GPL-3.0-or-later").license_conflict).toHaveLength(500);
  });
});
