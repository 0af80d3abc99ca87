/** Pairs of licences, model's into project's, each with the reason why. The sources are named in compatibility-table.ts. */

import { describe, expect, it } from "vitest";
import { compare } from "../../src/license/compatibility.ts";
import { parseLicense } from "../../src/license/spdx.ts";

type Pair = readonly [model: string, project: string, compatible: boolean, because: string];

/** Permissive licences that version 2 or any version of the GPL does not take in. */
const NOT_INTO_GPL: readonly Pair[] = [
  ["AFL-3.0", "GPL-2.0-only", false, "contract terms on assent and attribution notices are further restrictions"],
  ["AFL-3.0", "GPL-3.0-only", false, "the same restrictions are none that section 7 of version 3 permits"],
  ["AFL-2.1", "GPL-3.0-or-later", false, "earlier versions of the AFL have the same terms"],
  ["BSD-4-Clause", "GPL-2.0-only", false, "the advertising clause is a further restriction"],
  ["BSD-4-Clause", "GPL-3.0-only", false, "the advertising clause is a further restriction"],
  ["BSD-4-Clause", "AGPL-3.0-only", false, "the AGPL has the terms of GPL version 3"],
  ["BSD-4-Clause", "LGPL-2.1-only", false, "the LGPL forbids further restrictions as well"],
  ["OpenSSL", "GPL-2.0-only", false, "advertising clause, restricted name"],
  ["OpenSSL", "GPL-3.0-only", false, "advertising clause, restricted name"],
  ["Apache-1.1", "GPL-2.0-only", false, "restricts the name Apache"],
  ["Apache-1.1", "GPL-3.0-only", false, "restricts the name Apache"],
  ["Apache-1.0", "GPL-3.0-only", false, "advertising clause, restricted name"],
  ["PHP-3.0", "GPL-2.0-only", false, "restricts the name PHP"],
  ["PHP-3.01", "GPL-3.0-only", false, "restricts the name PHP"],
  ["LPPL-1.3c", "GPL-2.0-only", false, "some modified versions must come with, or point to, the unmodified one"],
  ["LPPL-1.3c", "GPL-3.0-only", false, "version 3 does not permit that requirement either"],
  ["LPPL-1.2", "GPL-3.0-only", false, "earlier versions require renaming of files"],
  ["MS-PL", "GPL-2.0-only", false, "source must stay under the MS-PL"],
  ["MS-PL", "GPL-3.0-only", false, "source must stay under the MS-PL"],
  ["ECL-2.0", "GPL-2.0-only", false, "Apache-2.0 with a narrower patent grant: the same conflict with version 2"],
  ["ECL-2.0", "GPL-3.0-only", true, "compatible with version 3, as Apache-2.0 is"],
  ["AFL-3.0", "MIT", true, "permissive into permissive"],
  ["BSD-4-Clause", "Apache-2.0", true, "permissive into permissive"],
  ["OpenSSL", "MPL-2.0", true, "file-level copyleft takes in permissive code"],
  ["PHP-3.01", "EPL-2.0", true, "file-level copyleft takes in permissive code"],
  ["MS-PL", "CC-BY-NC-4.0", true, "a permissive licence lets its holder restrict the whole"],
  ["MIT", "GPL-2.0-only", true, "no term that the GPL does not have"],
  ["BSD-3-Clause", "GPL-2.0-only", true, "no advertising clause"],
  ["Apache-2.0", "GPL-1.0-only", false, "patent termination and indemnification are further restrictions"],
  ["Apache-2.0", "GPL-2.0-only", false, "patent termination and indemnification are further restrictions"],
  ["Apache-2.0", "LGPL-2.0-only", false, "the LGPL of this generation has the terms of GPL version 2"],
  ["Apache-2.0", "LGPL-2.1-only", false, "the LGPL of this generation has the terms of GPL version 2"],
  ["Apache-2.0", "GPL-1.0-or-later", true, "the project can be had under version 3"],
  ["Apache-2.0", "GPL-2.0-or-later", true, "the project can be had under version 3"],
  ["Apache-2.0", "LGPL-2.0-or-later", true, "the project can be had under version 3"],
  ["Apache-2.0", "GPL-3.0-only", true, "version 3 was written to take it in"],
  ["Apache-2.0", "LGPL-3.0-only", true, "version 3 was written to take it in"],
  ["Apache-2.0", "EUPL-1.2", true, "permissive into copyleft"],
];

/** Licences that name others into which their works may go. */
const BY_THEIR_OWN_TEXT: readonly Pair[] = [
  ["EUPL-1.2", "GPL-2.0-only", true, "listed in its appendix"],
  ["EUPL-1.2", "GPL-3.0-only", true, "listed in its appendix"],
  ["EUPL-1.2", "AGPL-3.0-only", true, "listed in its appendix"],
  ["EUPL-1.2", "MPL-2.0", true, "listed in its appendix"],
  ["EUPL-1.2", "LGPL-2.1-only", true, "listed in its appendix"],
  ["EUPL-1.2", "LGPL-3.0-only", true, "listed in its appendix"],
  ["EUPL-1.2", "EPL-1.0", true, "listed in its appendix"],
  ["EUPL-1.2", "OSL-3.0", true, "listed in its appendix"],
  ["EUPL-1.2", "CECILL-2.1", true, "listed in its appendix"],
  ["EUPL-1.2", "CC-BY-SA-3.0", true, "listed in its appendix, for works other than software"],
  ["EUPL-1.2", "EUPL-1.1", true, "listed in its appendix"],
  ["EUPL-1.2", "EPL-2.0", false, "the appendix lists version 1.0 of the EPL only"],
  ["EUPL-1.2", "CC-BY-SA-4.0", false, "the appendix lists version 3.0 only"],
  ["EUPL-1.2", "MIT", false, "copyleft: a permissive licence is not in the appendix"],
  ["EUPL-1.2", "Apache-2.0", false, "copyleft: a permissive licence is not in the appendix"],
  ["EUPL-1.1", "GPL-2.0-only", true, "listed in its appendix"],
  ["EUPL-1.1", "GPL-3.0-only", false, "its appendix is older than version 3"],
  ["EUPL-1.1", "AGPL-3.0-only", false, "its appendix has no AGPL"],
  ["EUPL-1.1", "CPL-1.0", true, "listed in its appendix"],
  ["EUPL-1.1", "EUPL-1.2", true, "its article 5 lets works go on under a later version"],
  ["EUPL-1.1+", "GPL-3.0-only", true, "as version 1.2, which lists it"],
  ["CC-BY-SA-3.0", "CC-BY-SA-4.0", true, "its section 4(b) permits later versions with the same elements"],
  ["CC-BY-SA-2.0", "CC-BY-SA-4.0", true, "its section 4(b) permits later versions with the same elements"],
  ["CC-BY-SA-3.0", "CC-BY-SA-3.0-DE", true, "its section 4(b) permits the licences of jurisdictions"],
  ["CC-BY-SA-4.0", "CC-BY-SA-3.0", false, "later versions only"],
  ["CC-BY-SA-1.0", "CC-BY-SA-4.0", false, "version 1.0 has no such clause"],
  ["CC-BY-SA-3.0", "GPL-3.0-only", false, "only version 4.0 was declared compatible with the GPL"],
  ["CC-BY-SA-4.0", "GPL-3.0-only", true, "declared compatible by Creative Commons in 2015"],
  ["CC-BY-SA-4.0", "MIT", false, "share-alike"],
  ["Artistic-2.0", "GPL-3.0-only", true, "its section 4(c)(ii) permits relicensing"],
  ["Artistic-2.0", "GPL-2.0-only", true, "its section 4(c)(ii) permits relicensing"],
  ["Artistic-2.0", "AGPL-3.0-only", true, "its section 4(c)(ii) permits relicensing"],
  ["CECILL-2.1", "GPL-3.0-only", true, "its article 5.3.4 names every version of the GPL"],
  ["CECILL-2.1", "AGPL-3.0-only", true, "its article 5.3.4 names the AGPL"],
  ["CECILL-2.0", "AGPL-3.0-only", false, "version 2.0 names the GPL only"],
  ["CECILL-2.0", "GPL-2.0-only", true, "its article 5.3.4 names every version of the GPL"],
  ["MPL-1.1", "GPL-3.0-only", false, "without the secondary licences of version 2.0"],
  ["MPL-1.1+", "GPL-3.0-only", false, "version 2.0 excludes from them what was under 1.1 alone"],
  ["MPL-2.0-no-copyleft-exception", "GPL-3.0-only", false, "incompatible with secondary licenses, as its name says"],
  ["MPL-2.0", "GPL-3.0-only", true, "the GPL is a secondary licence of version 2.0"],
  ["CDDL-1.0", "GPL-2.0-only", false, "file-level copyleft of another licence"],
  ["GPL-3.0-only", "AGPL-3.0-only", true, "its section 13"],
  ["AGPL-3.0-only", "GPL-3.0-only", false, "the GPL does not keep the term on network use"],
  ["GPL-1.0-or-later", "GPL-3.0-only", true, "-or-later opens version 3"],
  ["GPL-1.0-only", "GPL-2.0-only", false, "this version only"],
  ["GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-3.0-only", true, "an exception may be dropped"],
  ["GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", false, "nobody can add an exception for others"],
  ["MIT", "GPL-2.0-only WITH Classpath-exception-2.0", true, "a permissive licence does not mind an exception"],
];

/** Fonts, and the terms of models. */
const NO_SOFTWARE_LICENSE: readonly Pair[] = [
  ["OFL-1.1", "OFL-1.1", true, "the same licence"],
  ["OFL-1.1", "MIT", false, "a font licence that fonts may not leave"],
  ["OFL-1.1", "GPL-3.0-only", false, "a font licence that fonts may not leave"],
  ["qwen", "MIT", true, "use-restricted terms go into permissive projects"],
  ["qwen", "GPL-3.0-only", false, "the GPL permits no restrictions of use"],
  ["yi-license", "MPL-2.0", true, "use-restricted terms go into MPL projects"],
  ["deepseek", "GPL-2.0-only", false, "the GPL permits no restrictions of use"],
  ["modified-mit", "AGPL-3.0-only", false, "what modifies the MIT licence is a further restriction"],
  ["modified-mit", "Apache-2.0", true, "use-restricted terms go into permissive projects"],
  ["nvidia-open-model-license", "MIT", true, "use-restricted terms go into permissive projects"],
  ["dinov3-license", "EPL-2.0", false, "the EPL permits no restrictions of use"],
  ["health-ai-developer-foundations", "BSD-3-Clause", true, "use-restricted terms go into permissive projects"],
  ["k-exaone", "MIT", true, "commercial use is permitted, distribution is restricted"],
  ["exaone", "MIT", false, "the EXAONE licence is non-commercial (1.1-NC, 1.2-NC)"],
  ["qwen-research", "MIT", false, "research only"],
  ["llama3.1", "Apache-2.0", true, "use-restricted terms go into permissive projects"],
  ["gemma", "llama3.1", false, "two different sets of restrictions"],
  ["flux-1-dev-non-commercial-license", "MIT", false, "non-commercial"],
  ["openmdw-1.1", "GPL-3.0-only", true, "a permissive licence for models"],
];

const PAIRS = [...NOT_INTO_GPL, ...BY_THEIR_OWN_TEXT, ...NO_SOFTWARE_LICENSE];

describe("a pair of licences", () => {
  it("is in the table once, and there are at least 75", () => {
    expect(new Set(PAIRS.map(([model, project]) => `${model} into ${project}`)).size).toBe(PAIRS.length);
    expect(PAIRS.length).toBeGreaterThanOrEqual(75);
  });

  it.each(PAIRS)("%s into %s: %s, %s", (model, project, compatible) => {
    expect(compare(parseLicense(model), parseLicense(project)).compatible).toBe(compatible);
  });
});
