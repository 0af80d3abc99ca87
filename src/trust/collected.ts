/** What one ingest brings home: the facts to store, the files to bundle and the evidence to judge by. */

import { LICENSES_MAX } from "../limits.ts";
import type { Parent } from "../lineage/parents.ts";
import type { ArtifactSource } from "../sources/source-url.ts";
import type { Evidence, Finding, HubRecord, JsonObject, UpstreamFile } from "./evidence.ts";
import type { KeptFile, LeftOut } from "./kept-files.ts";
import { licenseNames } from "./metrics/card-facts.ts";

/** The outcome of `collect`. */
export interface Collected {
  /** Canonical after upstream's own redirects; `name` is what was asked for. */
  source: ArtifactSource;
  /** Commit that was read. */
  revision?: string;
  /** Ids as upstream spells them; absent if it names none. */
  license?: string[];
  /** Bytes of the thing itself, as far as upstream says. */
  upstream_size?: number;
  files: UpstreamFile[];
  kept: KeptFile[];
  left_out: LeftOut[];
  readme?: string;
  parents: Parent[];
  evidence: Evidence;
}

/** The licences that a card declares, as the licence metric reads them. */
export function licensesOf(card: Finding<JsonObject>, record: Finding<HubRecord>): string[] {
  const names = licenseNames(
    card.status === "found" ? card.value : {},
    record.status === "found" ? record.value.tags : [],
  );
  return [...new Set(names)].slice(0, LICENSES_MAX);
}

/** The optional fields that are there: none of them is ever undefined. */
export function facts(known: {
  revision?: string | undefined;
  license?: string[];
  upstream_size?: number | undefined;
  readme?: Finding<string>;
}): Pick<Collected, "revision" | "license" | "upstream_size" | "readme"> {
  return {
    ...(known.revision === undefined ? {} : { revision: known.revision }),
    ...(known.license === undefined || known.license.length === 0 ? {} : { license: known.license }),
    ...(known.upstream_size === undefined ? {} : { upstream_size: known.upstream_size }),
    ...(known.readme?.status === "found" ? { readme: known.readme.value } : {}),
  };
}
