/**
 * The compatibility table: into which project's licence a model's licence may go, and who says so. Data, no logic.
 *
 * Invariant: every row names its source. A licence that is in no row is compatible with itself only.
 *
 * The table answers for a project that takes the model in, not for a lawyer: rows follow the FSF's licence list, the
 * licences' own texts and the declarations of their stewards.
 */

/** GNU licences of the generation of GPL version 2, whose section 6 forbids further restrictions. */
const GNU_2 = ["GPL-1.0", "GPL-2.0", "LGPL-2.0", "LGPL-2.1", "AGPL-1.0"] as const;
const GNU_3 = ["GPL-3.0", "LGPL-3.0", "AGPL-3.0"] as const;
/** Licences that let a project add a part under other terms. */
const OPEN = ["permissive", "permissive_not_gpl", "permissive_not_gpl2", "MPL-2.0"] as const;
const EUPL_1_1_APPENDIX = ["GPL-2.0", "OSL-2.1", "OSL-3.0", "CPL-1.0", "EPL-1.0", "CECILL-2.0"] as const;

const FSF = "https://www.gnu.org/licenses/license-list.html";
const GNU_FAQ = "https://www.gnu.org/licenses/gpl-faq.html#AllCompatibility";
const EUPL_1_1 = "https://spdx.org/licenses/EUPL-1.1.html";
const CC_COMPATIBLE = "https://creativecommons.org/share-your-work/licensing-considerations/compatible-licenses/";

/** One row. `into` and `not_into` name groups, or SPDX ids without `-only` and `-or-later`. */
export type CompatibilityRow = (
  | { into: readonly string[] }
  /** All project licences but these. */
  | { not_into: readonly string[] }
) & {
  /** Why, as the end of a sentence. */
  why: string;
  /** URL of whoever says so. */
  source: string;
};

const ccBySa = (version: string, later: readonly string[]): CompatibilityRow => ({
  into: [version, ...later].map((at) => `CC-BY-SA-${at}`),
  why: "section 4(b) permits the same and later versions with the same elements, of any jurisdiction",
  source: `https://spdx.org/licenses/CC-BY-SA-${version === "2.1" ? "2.1-JP" : version}.html`,
});

const lgpl = (version: string, gnu: readonly string[]): CompatibilityRow => ({
  into: [...OPEN, "weak_copyleft_not_gpl", `LGPL-${version}`, ...gnu],
  why: "a library under the LGPL may be part of a work under other terms, and may be taken under the GPL of its generation",
  source: GNU_FAQ,
});

/** The rows by group: a group of `GROUP_OF_ID`, or one licence that stands for itself. */
export const COMPATIBILITY: Readonly<Record<string, CompatibilityRow>> = {
  permissive: {
    not_into: [],
    why: "a permissive license without terms that another license refuses",
    source: `${FSF}#GPLCompatibleLicenses`,
  },
  permissive_not_gpl: {
    not_into: [...GNU_2, ...GNU_3],
    why: "a permissive license with terms that the GNU licenses refuse as further restrictions",
    source: `${FSF}#GPLIncompatibleLicenses`,
  },
  permissive_not_gpl2: {
    not_into: GNU_2,
    why: "its terms on patents or credits are further restrictions to version 2 of the GNU licenses, not to version 3",
    source: `${FSF}#apache2`,
  },
  "MPL-2.0": {
    not_into: [],
    why: "its copyleft ends at the file, and the GNU licenses are its secondary licenses",
    source: `${FSF}#MPL-2.0`,
  },
  weak_copyleft_not_gpl: {
    into: [...OPEN, "weak_copyleft_not_gpl"],
    why: "its copyleft ends at the file or module, and it is incompatible with the GNU licenses",
    source: `${FSF}#GPLIncompatibleLicenses`,
  },
  "Artistic-2.0": {
    into: [...OPEN, "GPL-1.0", "GPL-2.0", "GPL-3.0", "AGPL-3.0"],
    why: "section 4(c)(ii) permits licenses that keep the source free, section 8 larger works",
    source: `${FSF}#ArtisticLicense2`,
  },
  Sleepycat: { into: ["GPL-2.0", "GPL-3.0"], why: "compatible with the GPL", source: `${FSF}#BerkeleyDB` },
  "LGPL-2.0": lgpl("2.0", ["GPL-2.0"]),
  "LGPL-2.1": lgpl("2.1", ["GPL-2.0", "GPL-3.0", "AGPL-3.0"]),
  "LGPL-3.0": lgpl("3.0", ["GPL-3.0", "AGPL-3.0"]),
  "GPL-1.0": { into: ["GPL-1.0"], why: "copyleft of this version only", source: GNU_FAQ },
  "GPL-2.0": { into: ["GPL-2.0"], why: "copyleft of this version only", source: GNU_FAQ },
  "GPL-3.0": { into: ["GPL-3.0", "AGPL-3.0"], why: "copyleft; section 13 permits the AGPL", source: GNU_FAQ },
  "AGPL-1.0": { into: ["AGPL-1.0"], why: "copyleft of this version only", source: `${FSF}#AGPLv1.0` },
  "AGPL-3.0": { into: ["AGPL-3.0"], why: "copyleft that reaches users over a network", source: GNU_FAQ },
  "EUPL-1.0": {
    into: ["EUPL-1.0", ...EUPL_1_1_APPENDIX],
    why: "copyleft; its appendix lists the compatible licenses",
    source: "https://spdx.org/licenses/EUPL-1.0.html",
  },
  "EUPL-1.1": {
    into: ["EUPL-1.1", "EUPL-1.2", ...EUPL_1_1_APPENDIX],
    why: "copyleft; article 5 permits later versions, its appendix lists the compatible licenses",
    source: EUPL_1_1,
  },
  "EUPL-1.2": {
    into: [
      ...["EUPL-1.1", "EUPL-1.2", "GPL-2.0", "GPL-3.0", "AGPL-3.0", "OSL-2.1", "OSL-3.0", "EPL-1.0", "CECILL-2.0"],
      ...["CECILL-2.1", "MPL-2.0", "LGPL-2.1", "LGPL-3.0", "CC-BY-SA-3.0", "LiLiQ-R-1.1", "LiLiQ-Rplus-1.1"],
    ],
    why: "copyleft; its appendix lists the compatible licenses",
    source: "https://eur-lex.europa.eu/eli/dec_impl/2017/863/oj",
  },
  "CECILL-2.0": {
    into: ["CECILL-2.0", "CECILL-2.1", "GPL-1.0", "GPL-2.0", "GPL-3.0"],
    why: "copyleft; article 5.3.4 names every version of the GPL, article 12.3 later versions",
    source: "https://spdx.org/licenses/CECILL-2.0.html",
  },
  "CECILL-2.1": {
    into: ["CECILL-2.1", "GPL-1.0", "GPL-2.0", "GPL-3.0", "AGPL-3.0", "EUPL-1.1", "EUPL-1.2"],
    why: "copyleft; article 5.3.4 names the GPL, the AGPL and the EUPL",
    source: "https://spdx.org/licenses/CECILL-2.1.html",
  },
  "CC-BY-SA-2.0": ccBySa("2.0", ["2.1", "2.5", "3.0", "4.0"]),
  "CC-BY-SA-2.1": ccBySa("2.1", ["2.5", "3.0", "4.0"]),
  "CC-BY-SA-2.5": ccBySa("2.5", ["3.0", "4.0"]),
  "CC-BY-SA-3.0": ccBySa("3.0", ["4.0"]),
  "CC-BY-SA-4.0": {
    into: ["CC-BY-SA-4.0", "GPL-3.0"],
    why: "share-alike; Creative Commons declared GPL version 3 compatible, one way",
    source: CC_COMPATIBLE,
  },
  use_restricted: {
    into: OPEN,
    why: "terms that restrict use go on with the model, which copyleft licenses refuse as further restrictions",
    source: `${FSF}#NonFreeSoftwareLicenses`,
  },
  other: {
    into: [],
    why: "no other license is known to take it in",
    source: `${FSF}#NonFreeSoftwareLicenses`,
  },
};

const group = (name: string, ids: string): [string, string][] => ids.split(/\s+/).map((id) => [id, name]);

/** Licences that share a row. All that is in neither table goes by its kind: `permissive`, `use_restricted` or `other`. */
export const GROUP_OF_ID: ReadonlyMap<string, string> = new Map([
  ...group(
    "permissive_not_gpl",
    `AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 Apache-1.0 Apache-1.1 BSD-4-Clause BSD-4-Clause-Shortened BSD-4-Clause-UC
     CECILL-B LPPL-1.0 LPPL-1.1 LPPL-1.2 LPPL-1.3a LPPL-1.3c MS-PL OpenSSL OpenSSL-standalone PHP-3.0 PHP-3.01
     Python-2.0 SSLeay-standalone`,
  ),
  ...group("permissive_not_gpl2", "Apache-2.0 ECL-2.0 FTL"),
  ...group(
    "weak_copyleft_not_gpl",
    "CDDL-1.0 CDDL-1.1 CPL-1.0 EPL-1.0 EPL-2.0 IPL-1.0 MPL-1.1 MPL-2.0-no-copyleft-exception",
  ),
]);

/** Later versions that `-or-later` (or `+`) opens. */
export const LATER_VERSIONS: Readonly<Record<string, readonly string[]>> = {
  "GPL-1.0": ["GPL-2.0", "GPL-3.0"],
  "GPL-2.0": ["GPL-3.0"],
  "LGPL-2.0": ["LGPL-2.1", "LGPL-3.0"],
  "LGPL-2.1": ["LGPL-3.0"],
  "AGPL-1.0": ["AGPL-3.0"],
  "GFDL-1.1": ["GFDL-1.2", "GFDL-1.3"],
  "GFDL-1.2": ["GFDL-1.3"],
  // Exhibit B and section 1.5 of version 2.0 take its secondary licences from what was under 1.1 alone.
  "MPL-1.1": ["MPL-2.0-no-copyleft-exception"],
  "EPL-1.0": ["EPL-2.0"],
  "EUPL-1.0": ["EUPL-1.1", "EUPL-1.2"],
  "EUPL-1.1": ["EUPL-1.2"],
  "OSL-1.0": ["OSL-1.1", "OSL-2.0", "OSL-2.1", "OSL-3.0"],
  "OSL-1.1": ["OSL-2.0", "OSL-2.1", "OSL-3.0"],
  "OSL-2.0": ["OSL-2.1", "OSL-3.0"],
  "OSL-2.1": ["OSL-3.0"],
};

/** Exceptions that move a licence to another row: the text lifts what made it incompatible. */
export const ROW_OF_EXCEPTION: Readonly<Record<string, string>> = {
  // Its second paragraph permits combining with GPL-2.0 code.
  "Apache-2.0 WITH LLVM-exception": "permissive",
};
