import { describe, expect, it } from "vitest";
import { licenseScore } from "../../src/license/score.ts";
import { formatLicense, parseLicense, parseLicenses } from "../../src/license/spdx.ts";

describe("a licence name", () => {
  it.each([
    ["apache-2.0", "Apache-2.0", "permissive"],
    ["mit", "MIT", "permissive"],
    ["MIT License", "MIT", "permissive"],
    ["The MIT License", "MIT", "permissive"],
    ["Apache License 2.0", "Apache-2.0", "permissive"],
    ["bsd-3-clause", "BSD-3-Clause", "permissive"],
    ["afl-3.0", "AFL-3.0", "permissive"],
    ["wtfpl", "WTFPL", "permissive"],
    ["odc-by", "ODC-By-1.0", "permissive"],
    ["cdla-permissive-1.0", "CDLA-Permissive-1.0", "permissive"],
    ["cdla-permissive-2.0", "CDLA-Permissive-2.0", "permissive"],
    ["cc-by-4.0", "CC-BY-4.0", "permissive"],
    ["isc", "ISC", "permissive"],
    ["zlib", "Zlib", "permissive"],
    ["cc0-1.0", "CC0-1.0", "public_domain"],
    ["unlicense", "Unlicense", "public_domain"],
    ["pddl", "PDDL-1.0", "public_domain"],
    ["mpl-2.0", "MPL-2.0", "weak_copyleft"],
    ["epl-2.0", "EPL-2.0", "weak_copyleft"],
    ["artistic-2.0", "Artistic-2.0", "weak_copyleft"],
    ["lgpl-3.0", "LGPL-3.0-only", "weak_copyleft"],
    ["gpl-3.0", "GPL-3.0-only", "strong_copyleft"],
    ["GPL-2.0+", "GPL-2.0-or-later", "strong_copyleft"],
    ["agpl-3.0", "AGPL-3.0-only", "strong_copyleft"],
    ["eupl-1.1", "EUPL-1.1", "strong_copyleft"],
    ["gpl", "LicenseRef-gpl", "strong_copyleft"],
    ["cc-by-sa-4.0", "CC-BY-SA-4.0", "share_alike"],
    ["cdla-sharing-1.0", "CDLA-Sharing-1.0", "share_alike"],
    ["odbl", "ODbL-1.0", "share_alike"],
    ["openrail", "LicenseRef-openrail", "use_restricted"],
    ["openrail++", "LicenseRef-openrail-plus-plus", "use_restricted"],
    ["bigscience-bloom-rail-1.0", "LicenseRef-bigscience-bloom-rail-1.0", "use_restricted"],
    ["creativeml-openrail-m", "LicenseRef-creativeml-openrail-m", "use_restricted"],
    ["llama3.1", "LicenseRef-llama3.1", "use_restricted"],
    ["gemma", "LicenseRef-gemma", "use_restricted"],
    // what cards of the hub have as license_name
    ["qwen", "LicenseRef-qwen", "use_restricted"],
    ["qwen-community-license-1.0", "LicenseRef-qwen", "use_restricted"],
    ["tongyi-qianwen-license-agreement", "LicenseRef-tongyi-qianwen", "use_restricted"],
    ["tongyi-qianwen-research", "LicenseRef-qwen-research", "research_only"],
    ["yi-license", "LicenseRef-yi-license", "use_restricted"],
    ["yi", "LicenseRef-yi-license", "use_restricted"],
    ["deepseek", "LicenseRef-deepseek-license", "use_restricted"],
    ["deepseek-license", "LicenseRef-deepseek-license", "use_restricted"],
    ["modified-mit", "LicenseRef-modified-mit", "use_restricted"],
    ["Modified MIT License", "LicenseRef-modified-mit", "use_restricted"],
    ["nvidia", "LicenseRef-nvidia-open-model-license", "use_restricted"],
    ["nvidia-open-model-license", "LicenseRef-nvidia-open-model-license", "use_restricted"],
    ["NVIDIA Open Model License Agreement", "LicenseRef-nvidia-open-model-license", "use_restricted"],
    ["nvidia-nemotron-open-model-license", "LicenseRef-nvidia-open-model-license", "use_restricted"],
    ["nvidia-license", "LicenseRef-nvidia-license", "non_commercial"],
    ["Nvidia Source Code License-NC", "LicenseRef-nvidia-license", "non_commercial"],
    ["nvidia-oneway-noncommercial-license", "LicenseRef-nvidia-oneway-noncommercial", "non_commercial"],
    ["exaone", "LicenseRef-exaone", "non_commercial"],
    ["k-exaone", "LicenseRef-k-exaone", "use_restricted"],
    ["dinov3-license", "LicenseRef-dinov3-license", "use_restricted"],
    ["health-ai-developer-foundations", "LicenseRef-health-ai-developer-foundations", "use_restricted"],
    ["health-ai-developer-foundations-terms-of-use", "LicenseRef-health-ai-developer-foundations", "use_restricted"],
    ["tencent-hunyuan-community", "LicenseRef-tencent-hunyuan-community", "use_restricted"],
    ["lfm1.0", "LicenseRef-lfm1.0", "use_restricted"],
    ["hyperclovax-seed", "LicenseRef-hyperclovax-seed", "use_restricted"],
    ["stable-audio-community", "LicenseRef-stabilityai-ai-community", "use_restricted"],
    ["stable-cascade-nc-community", "LicenseRef-stable-cascade-nc-community", "non_commercial"],
    ["mrl", "LicenseRef-mrl", "research_only"],
    ["mnpl", "LicenseRef-mnpl", "non_commercial"],
    ["openmdw-1.1", "LicenseRef-openmdw-1.1", "permissive"],
    ["ofl-1.1", "OFL-1.1", "share_alike"],
    // a name that says nothing known: no guess
    ["acme-community", "NOASSERTION", "unknown"],
    ["more-permissive-than-mit", "NOASSERTION", "unknown"],
    ["sync-terms", "NOASSERTION", "unknown"],
    ["cc-by-nc-4.0", "CC-BY-NC-4.0", "non_commercial"],
    ["cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0", "non_commercial"],
    ["my-non-commercial-terms", "LicenseRef-my-non-commercial-terms", "non_commercial"],
    ["cc-by-nd-4.0", "CC-BY-ND-4.0", "no_derivatives"],
    ["apple-amlr", "LicenseRef-apple-amlr", "research_only"],
    ["deepfloyd-if-license", "LicenseRef-deepfloyd-if-license", "research_only"],
    ["other", "NOASSERTION", "unknown"],
    ["unknown", "NOASSERTION", "unknown"],
    ["NOASSERTION", "NOASSERTION", "unknown"],
    ["cc", "NOASSERTION", "unknown"],
    ["see the file LICENSE", "NOASSERTION", "unknown"],
    ["constructor", "NOASSERTION", "unknown"],
    ["__proto__", "NOASSERTION", "unknown"],
    ["LicenseRef-acme", "LicenseRef-acme", "unknown"],
    ["", "NONE", "none"],
    ["none", "NONE", "none"],
    ["UNLICENSED", "NONE", "none"],
  ])("%j is %s, %s", (name, id, category) => {
    const license = parseLicense(name);
    expect(formatLicense(license)).toBe(id);
    expect(license).toMatchObject({ kind: "license", category });
  });
});

describe("an expression", () => {
  it.each([
    ["MIT OR Apache-2.0", "MIT OR Apache-2.0"],
    ["mit or apache-2.0", "MIT OR Apache-2.0"],
    ["MIT/Apache-2.0", "MIT OR Apache-2.0"],
    ["(MIT OR GPL-2.0) AND BSD-3-Clause", "(MIT OR GPL-2.0-only) AND BSD-3-Clause"],
    ["MIT AND (ISC AND Zlib)", "MIT AND ISC AND Zlib"],
    ["GPL-3.0-or-later WITH Classpath-exception-2.0", "GPL-3.0-or-later WITH Classpath-exception-2.0"],
    ["Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"],
    ["MPL-1.1+", "MPL-1.1+"],
    ["MIT OR SomethingElse", "MIT OR NOASSERTION"],
    ["LicenseRef-acme OR MIT", "LicenseRef-acme OR MIT"],
    ["MIT AND", "NOASSERTION"],
    ["(MIT", "NOASSERTION"],
    ["MIT Apache-2.0", "NOASSERTION"],
    ["MIT WITH Nonsense-exception", "NOASSERTION"],
    [",MIT", "NOASSERTION"],
    ["MIT; DROP TABLE", "NOASSERTION"],
  ])("%j reads as %s", (text, expected) => {
    expect(formatLicense(parseLicense(text))).toBe(expected);
  });

  it("too long, too deep or too wide is an unidentified licence", () => {
    for (const text of [
      `${"(".repeat(100_000)}MIT${")".repeat(100_000)}`,
      `${"(".repeat(60)}MIT${")".repeat(60)}`,
      Array(33).fill("MIT").join(" OR "),
      "a".repeat(2 * 1024 * 1024),
      `LicenseRef-${"a".repeat(101)}`,
      `non-commercial-${"a".repeat(101)}`,
      " ".repeat(2 * 1024 * 1024),
    ]) {
      expect(formatLicense(parseLicense(text))).toBe("NOASSERTION");
    }
  });

  it("of 64 tokens is still read", () => {
    expect(parseLicense(Array(32).fill("MIT").join(" OR "))).toMatchObject({ kind: "or" });
  });
});

describe("a list", () => {
  it.each([
    [[], "NONE"],
    [["mit"], "MIT"],
    [["mit", "mit"], "MIT"],
    [["mit", "MIT License"], "MIT"],
    [["mit", "gpl-3.0"], "MIT AND GPL-3.0-only"],
    [["MIT OR ISC", "gpl-3.0"], "(MIT OR ISC) AND GPL-3.0-only"],
    [Array.from({ length: 33 }, (_, at) => `x${at}`), "NOASSERTION"],
  ])("%j holds all at once", (list, expected) => {
    expect(formatLicense(parseLicenses(list))).toBe(expected);
  });
});

describe("the score of a licence", () => {
  it.each([
    ["MIT", 1],
    ["CC0-1.0", 1],
    ["GPL-3.0-only", 0.6],
    ["MPL-2.0", 0.6],
    ["CC-BY-SA-4.0", 0.6],
    ["gemma", 0.6],
    ["CC-BY-NC-4.0", 0.3],
    ["CC-BY-ND-4.0", 0.3],
    ["apple-amlr", 0.3],
    ["other", 0.3],
    ["none", 0],
    ["MIT AND GPL-3.0-only", 0.6],
    ["MIT OR GPL-3.0-only", 1],
  ])("%s is %f", (text, expected) => {
    expect(licenseScore(parseLicense(text))).toBe(expected);
  });
});
