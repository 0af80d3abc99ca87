import { describe, expect, it } from "vitest";
import type { HubRecord, ModelEvidence } from "../../../src/trust/evidence.ts";
import { type LicenseEvidence, license } from "../../../src/trust/metrics/license.ts";
import { ABSENT, BROKEN, DOWN, evidence, files, found, hubRecord, inputs, score } from "./evidence.ts";

const of = (card: Record<string, unknown>, tags: string[] = []) =>
  score(license(evidence({ card: found(card), record: { tags } })));

describe("license", () => {
  it.each([
    ["apache-2.0", 1],
    ["cc0-1.0", 1],
    ["gpl-3.0", 0.6],
    ["cc-by-sa-4.0", 0.6],
    ["llama3.1", 0.6],
    ["creativeml-openrail-m", 0.6],
    ["cc-by-nc-4.0", 0.3],
    ["cc-by-nd-4.0", 0.3],
    ["apple-amlr", 0.3],
    ["other", 0.3],
    ["unknown", 0.3],
    ["none", 0],
  ])("of %s is %f", (id, expected) => {
    expect(of({ license: id })).toBe(expected);
  });

  it("of a list is the minimum, of a choice the maximum", () => {
    expect(of({ license: ["mit", "cc-by-nc-4.0"] })).toBe(0.3);
    expect(of({ license: "MIT OR CC-BY-NC-4.0" })).toBe(1);
    expect(of({ license: "MIT AND CC-BY-NC-4.0" })).toBe(0.3);
  });

  it("reads the name that stands beside `other`", () => {
    expect(of({ license: "other", license_name: "llama-3-community" })).toBe(0.6);
    expect(of({ license: "other", license_name: "flux-1-dev-non-commercial-license" })).toBe(0.3);
  });

  it("falls back to the tag, and to a licence file as an unidentified text", () => {
    expect(of({}, ["license:mit"])).toBe(1);
    const withFile = evidence({ record: { files: files("LICENSE.md", "config.json") } });
    expect(score(license(withFile))).toBe(0.3);
    const deeper = evidence({ record: { files: files("src/LICENSE") } });
    expect(score(license(deeper))).toBe(0);
  });

  it("is 0 with neither, unavailable only if something could not be fetched and nothing that was names one", () => {
    expect(score(license(evidence({ card: ABSENT })))).toBe(0);
    expect(score(license(evidence({ card: DOWN })))).toBe("unavailable: card: timed out");
    // its publisher made it so that it cannot be read
    expect(score(license(evidence({ card: BROKEN })))).toBe(0);
    const tagged = found(hubRecord({ tags: ["license:mit"] }));
    expect(score(license(evidence({ card: BROKEN, record: tagged })))).toBe(1);
    expect(score(license(evidence({ record: DOWN })))).toBe("unavailable: model record: timed out");
    expect(score(license(evidence({ record: DOWN, card: found({ license: "mit" }) })))).toBe(1);
  });

  it("shows what it understood", () => {
    expect(inputs(license(evidence({ card: found({ license: ["gemma", "mit"] }) })))).toMatchObject({
      declared: ["gemma", "mit"],
      license: "LicenseRef-gemma AND MIT",
      categories: ["use_restricted", "permissive"],
    });
  });

  it("adds a known name that stands beside another license", () => {
    expect(of({ license: "mit", license_name: "llama3" })).toBe(0.6);
    expect(of({ license: "apache-2.0", license_name: "jamba-open-model-license" })).toBe(0.6);
    expect(of({ license_name: "mrl" })).toBe(0.3);
    expect(of({ license: "mit", license_name: "MIT License" })).toBe(1);
    // a name that says nothing takes nothing away
    expect(of({ license: "mit", license_name: "our favourite" })).toBe(1);
  });
});

describe("license of a derived model", () => {
  const BASE = "meta-llama/Llama-3.1-8B";
  const record = (id: string, over: Partial<HubRecord>) => ({
    id,
    record: found(hubRecord({ id, ...over }), `https://hub.test/${id}`),
  });
  const llama = record(BASE, { tags: ["license:llama3.1"] });
  const child = (
    card: Record<string, unknown>,
    parents: ModelEvidence["parents"],
    more: Partial<LicenseEvidence> = {},
  ) => license({ ...evidence({ card: found(card) }), ...(parents && { parents }), ...more });

  it("is the minimum of its own and its parents'", () => {
    expect(score(child({ license: "mit", base_model: BASE }, [llama]))).toBe(0.6);
    expect(score(child({ license: "llama3.1", base_model: BASE }, [llama]))).toBe(0.6);
    const research = record("qwen/q", { card_data: { license: "other", license_name: "qwen-research" } });
    expect(score(child({ license: "mit", base_model: [BASE, "qwen/q"] }, [llama, research]))).toBe(0.3);
    const mit = record("acme/base", { tags: ["license:mit"] });
    expect(score(child({ license: "apache-2.0", base_model: "acme/base" }, [mit]))).toBe(1);
    // a freer parent gives nothing back
    expect(score(child({ license: "cc-by-nc-4.0", base_model: "acme/base" }, [mit]))).toBe(0.3);
  });

  it("names the ancestor, its license and the conflict, and where that was read", () => {
    const result = child({ license: "mit", base_model: BASE }, [llama]);
    expect(inputs(result)).toMatchObject({
      license: "MIT",
      license_effective: "MIT AND LicenseRef-llama3.1",
      categories: ["permissive", "use_restricted"],
      ancestors: [{ id: `external:${BASE}`, source: BASE, depth: 1, license: "LicenseRef-llama3.1" }],
      not_known: [],
      conflicts: [`${BASE} is under LicenseRef-llama3.1, which does not permit what the model states: MIT.`],
    });
    expect(result.sources.map(({ url }) => url)).toContain(`https://hub.test/${BASE}`);
  });

  it("takes a parent that states nothing for an unidentified license", () => {
    expect(score(child({ license: "mit", base_model: "acme/base" }, [record("acme/base", {})]))).toBe(0.3);
  });

  it("names parents and grandparents that are not known, and does not count them", () => {
    const parent = record("acme/base", { tags: ["license:mit", `base_model:${BASE}`] });
    const result = child({ license: "mit", base_model: ["acme/base", "acme/gone", "acme/never-asked"] }, [
      parent,
      { id: "acme/gone", record: DOWN },
    ]);
    expect(score(result)).toBe(1);
    expect(inputs(result)).toMatchObject({ not_known: ["acme/gone", "acme/never-asked", BASE] });
  });

  it("counts what the registry knows of ancestors, before what the hub said", () => {
    const parent = record("acme/base", { tags: ["license:mit", `base_model:${BASE}`] });
    const card = { license: "mit", base_model: "acme/base" };
    const known = { source: BASE.toLowerCase(), depth: 2, id: "7", licenses: ["llama3.1"] };
    expect(score(child(card, [parent], { ancestor_licenses: [known] }))).toBe(0.6);
    const gpl = { source: "acme/base", depth: 1, id: "8", licenses: ["gpl-3.0"] };
    expect(inputs(child(card, [parent], { ancestor_licenses: [gpl] }))).toMatchObject({
      ancestors: [{ id: "8", license: "GPL-3.0-only" }],
    });
  });

  it("knows a parent by the name that the hub has for it now", () => {
    const moved = { ...llama, id: "old-name/llama" };
    expect(score(child({ license: "mit", base_model: "old-name/llama" }, [moved]))).toBe(0.6);
  });

  it("says nothing of ancestors where there are none", () => {
    expect(Object.keys(inputs(child({ license: "mit" }, [])))).toEqual([
      "declared",
      "license",
      "categories",
      "license_file",
    ]);
  });
});
