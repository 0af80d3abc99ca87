/**
 * What the field writes where an SPDX id should stand, and what kind of licence an id is: tables, no logic.
 *
 * Invariant: a licence that is in none of these tables is `unknown`, never guessed to be permissive.
 */

/** The closed set of kinds that the licence metric and the compatibility table speak about. */
export type LicenseCategory =
  | "permissive"
  | "public_domain"
  | "weak_copyleft"
  | "strong_copyleft"
  | "share_alike"
  | "use_restricted"
  | "non_commercial"
  | "no_derivatives"
  | "research_only"
  | "unknown"
  | "none";

/** Values that say "a licence, but not which": Hugging Face's `other`, `unknown` and `cc`, GitHub's `NOASSERTION`. */
export const UNKNOWN_NAMES: ReadonlySet<string> = new Set(["unknown", "other", "noassertion", "cc", "custom"]);

/** Values that say "no licence at all". */
export const NONE_NAMES: ReadonlySet<string> = new Set(["", "no", "none", "unlicensed", "all-rights-reserved", "null"]);

/**
 * Spellings that are not an SPDX id in another case: Hugging Face ids first, then what people write.
 * GNU ids without a suffix mean "only": the reading that promises least.
 */
export const ALIASES: Readonly<Record<string, string>> = {
  "cdla-permissive": "CDLA-Permissive-2.0",
  "cdla-sharing": "CDLA-Sharing-1.0",
  "c-uda": "C-UDA-1.0",
  cc0: "CC0-1.0",
  "cc-zero": "CC0-1.0",
  "cc-by": "CC-BY-4.0",
  "cc-by-sa": "CC-BY-SA-4.0",
  "cc-by-nc": "CC-BY-NC-4.0",
  "cc-by-nd": "CC-BY-ND-4.0",
  "cc-by-nc-sa": "CC-BY-NC-SA-4.0",
  "cc-by-nc-nd": "CC-BY-NC-ND-4.0",
  "odc-by": "ODC-By-1.0",
  odbl: "ODbL-1.0",
  pddl: "PDDL-1.0",
  "lgpl-lr": "LGPLLR",
  apache: "Apache-2.0",
  apache2: "Apache-2.0",
  "apache-2": "Apache-2.0",
  "apache2.0": "Apache-2.0",
  "apache-v2": "Apache-2.0",
  "apache-v2.0": "Apache-2.0",
  "apache-license-2.0": "Apache-2.0",
  "apache-license-version-2.0": "Apache-2.0",
  "apache-license-v2.0": "Apache-2.0",
  "apache-software": "Apache-2.0",
  expat: "MIT",
  bsd: "BSD-3-Clause",
  "bsd-2": "BSD-2-Clause",
  "bsd-3": "BSD-3-Clause",
  "new-bsd": "BSD-3-Clause",
  "simplified-bsd": "BSD-2-Clause",
  "gpl-2": "GPL-2.0-only",
  gplv2: "GPL-2.0-only",
  "gpl-3": "GPL-3.0-only",
  gplv3: "GPL-3.0-only",
  "lgpl-2": "LGPL-2.0-only",
  "lgpl-3": "LGPL-3.0-only",
  lgplv3: "LGPL-3.0-only",
  "agpl-3": "AGPL-3.0-only",
  agplv3: "AGPL-3.0-only",
  mpl2: "MPL-2.0",
  "mpl-2": "MPL-2.0",
  mplv2: "MPL-2.0",
  "public-domain": "CC-PDM-1.0",
  "the-unlicense": "Unlicense",
  boost: "BSL-1.0",
  openmdw: "OpenMDW-1.0",
};

/**
 * Words in the name of an unlisted licence (`license_name: my-non-commercial-license`), strictest first. Only
 * restrictions are read out of a name: none of these words makes a licence more open than `use_restricted`.
 */
export const TELLING_WORDS: readonly (readonly [RegExp, LicenseCategory])[] = [
  [/non-?commercial|(?:^|[-.])nc(?:[-.]|$)/, "non_commercial"],
  [/no-?derivatives|cc-by-nd/, "no_derivatives"],
  [/research|academic/, "research_only"],
  [/openrail|-rail|llama|gemma/, "use_restricted"],
];

const ids = (category: LicenseCategory, list: string): [string, LicenseCategory][] =>
  list.split(/\s+/).map((id) => [id, category]);

/** Kinds of SPDX ids that no rule of `CATEGORY_OF_PREFIX` covers, or covers wrongly. GNU ids stand without suffix. */
export const CATEGORY_OF_ID: ReadonlyMap<string, LicenseCategory> = new Map([
  ...ids(
    "permissive",
    `0BSD AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 Apache-1.0 Apache-1.1 Apache-2.0 Beerware BlueOak-1.0.0 BSL-1.0
     CECILL-B CDLA-Permissive-1.0 CDLA-Permissive-2.0 curl DL-DE-BY-2.0 ECL-1.0 ECL-2.0 EFL-2.0 etalab-2.0 FSFAP FTL
     HPND ICU IJG ImageMagick ISC JasPer-2.0 Libpng libpng-2.0 libtiff LPPL-1.0 LPPL-1.1 LPPL-1.2 LPPL-1.3a LPPL-1.3c MIT MIT-0 MIT-CMU MIT-Modern-Variant MirOS
     MulanPSL-1.0 MulanPSL-2.0 MS-PL NAIST-2003 NCSA NLOD-1.0 NLOD-2.0 NTP ODC-By-1.0 OGL-Canada-2.0 OGL-UK-1.0
     OGL-UK-2.0 OGL-UK-3.0 OpenMDW-1.0 OpenSSL OpenSSL-standalone O-UDA-1.0 PHP-3.0 PHP-3.01 PostgreSQL PSF-2.0
     Python-2.0 Python-2.0.1 SSLeay-standalone TCL Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 UPL-1.0 Vim W3C WTFPL X11 Xnet
     Zlib zlib-acknowledgement ZPL-2.0 ZPL-2.1 bzip2-1.0.6`,
  ),
  ...ids(
    "public_domain",
    "CC0-1.0 CC-PDDC CC-PDM-1.0 PDDL-1.0 Unlicense blessing DL-DE-ZERO-2.0 NIST-PD NTIA-PD SAX-PD",
  ),
  ...ids(
    "weak_copyleft",
    `MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception EPL-1.0 EPL-2.0 CDDL-1.0 CDDL-1.1 CPL-1.0 IPL-1.0 LGPL-2.0
     LGPL-2.1 LGPL-3.0 LGPLLR MS-RL Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 APSL-2.0 CECILL-C CERN-OHL-W-2.0
     LiLiQ-R-1.1`,
  ),
  ...ids(
    "strong_copyleft",
    `GPL-1.0 GPL-2.0 GPL-3.0 AGPL-1.0 AGPL-3.0 EUPL-1.0 EUPL-1.1 EUPL-1.2 OSL-1.0 OSL-1.1 OSL-2.0 OSL-2.1 OSL-3.0
     CECILL-1.0 CECILL-2.0 CECILL-2.1 SSPL-1.0 RPL-1.1 RPL-1.5 CERN-OHL-S-2.0 LiLiQ-Rplus-1.1 Sleepycat QPL-1.0 GFDL-1.1 GFDL-1.2
     GFDL-1.3`,
  ),
  // Licences of fonts permit no other licence for the font and say nothing about software.
  ...ids("share_alike", "ODbL-1.0 CDLA-Sharing-1.0 CC-SA-1.0 OFL-1.0 OFL-1.1 Ubuntu-font-1.0"),
  ...ids(
    "use_restricted",
    `C-UDA-1.0 Elastic-2.0 JSON Hippocratic-2.1 Hippocratic-3.0-core BSD-3-Clause-No-Military-License
     BSD-3-Clause-No-Nuclear-License BSD-3-Clause-No-Nuclear-License-2014`,
  ),
  ...ids(
    "non_commercial",
    "BUSL-1.1 PolyForm-Noncommercial-1.0.0 PolyForm-Small-Business-1.0.0 Aladdin FSL-1.1-ALv2 FSL-1.1-MIT SUL-1.0",
  ),
]);

/** Kinds by the beginning of an SPDX id; the first that fits counts, so the longer stand first. */
export const CATEGORY_OF_PREFIX: readonly (readonly [string, LicenseCategory])[] = [
  ["CC-BY-NC", "non_commercial"],
  ["CC-BY-ND", "no_derivatives"],
  ["CC-BY-SA", "share_alike"],
  ["CC-BY-", "permissive"],
  ["BSD-2-Clause", "permissive"],
  ["BSD-3-Clause", "permissive"],
  ["BSD-4-Clause", "permissive"],
  ["BSD-1-Clause", "permissive"],
  ["HPND", "permissive"],
];
