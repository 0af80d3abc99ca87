import { describe, expect, it } from "vitest";
import { CONDITIONS, conditionsOf } from "../../src/license/conditions.ts";
import { MODEL_LICENSES } from "../../src/license/model-licenses.ts";
import { parseLicense } from "../../src/license/spdx.ts";

describe("the conditions of a licence", () => {
  it.each([
    ["MIT", "notice", "https://choosealicense.com/licenses/mit/"],
    ["CC0-1.0", "", "https://choosealicense.com/licenses/cc0-1.0/"],
    ["Apache-2.0", "notice state_changes", "https://choosealicense.com/licenses/apache-2.0/"],
    ["BSL-1.0", "notice_in_source", "https://choosealicense.com/licenses/bsl-1.0/"],
    ["MPL-2.0", "notice disclose_source share_alike_file", "https://choosealicense.com/licenses/mpl-2.0/"],
    [
      "LGPL-3.0-or-later",
      "notice state_changes disclose_source share_alike_library",
      "https://choosealicense.com/licenses/lgpl-3.0/",
    ],
    [
      "GPL-3.0-only",
      "notice state_changes disclose_source share_alike",
      "https://choosealicense.com/licenses/gpl-3.0/",
    ],
    [
      "AGPL-3.0-only",
      "notice state_changes disclose_source network_use share_alike",
      "https://choosealicense.com/licenses/agpl-3.0/",
    ],
    ["CC-BY-4.0", "attribution notice state_changes", "https://creativecommons.org/licenses/by/4.0/"],
    ["CC-BY-SA-3.0", "attribution notice share_alike state_changes", "https://creativecommons.org/licenses/by-sa/3.0/"],
    [
      "CC-BY-NC-ND-4.0",
      "attribution notice non_commercial no_derivatives",
      "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    ],
    ["X11", "notice", "https://spdx.org/licenses/X11.html"],
    ["AGPL-1.0-only", "notice disclose_source share_alike", "https://spdx.org/licenses/AGPL-1.0-only.html"],
    ["gemma", "notice use_restrictions", "https://ai.google.dev/gemma/terms"],
    ["llama3.1", "notice use_restrictions attribution", "https://www.llama.com/llama3_1/license/"],
    ["mrl", "notice research_only", "https://mistral.ai/licenses/MRL-0.1.md"],
    ["other", "ask_licensor", "https://choosealicense.com/no-permission/"],
    ["none", "ask_licensor", "https://choosealicense.com/no-permission/"],
  ])("%s: %s", (license, must, source) => {
    expect(conditionsOf(parseLicense(license))).toMatchObject([{ must: must.split(" ").filter(Boolean), source }]);
  });

  it("has no source where only the name is known", () => {
    expect(conditionsOf(parseLicense("acme-non-commercial"))).toEqual([
      { license: "LicenseRef-acme-non-commercial", must: ["notice", "non_commercial"] },
    ]);
  });

  it("says which licences are a choice, and lists each once", () => {
    expect(conditionsOf(parseLicense("(MIT OR GPL-3.0-only) AND MIT AND Zlib"))).toMatchObject([
      { license: "MIT" },
      { license: "GPL-3.0-only", choice: true },
      { license: "Zlib" },
    ]);
    expect(conditionsOf(parseLicense("(MIT OR GPL-3.0-only) AND MIT"))[0]).not.toHaveProperty("choice");
  });

  it("are words of a closed list, and every licence of a model has a source", () => {
    for (const [id, { source }] of Object.entries(MODEL_LICENSES)) {
      expect([id, URL.canParse(source)]).toEqual([id, true]);
      for (const { must } of conditionsOf(parseLicense(id))) {
        expect(must.filter((word) => !Object.hasOwn(CONDITIONS, word))).toEqual([]);
      }
    }
  });
});
