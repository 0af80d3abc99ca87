import { describe, expect, it } from "vitest";
import { license } from "../../../src/trust/metrics/license.ts";
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

  it("is 0 with neither, unavailable only if nothing that was fetched names one", () => {
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
});
