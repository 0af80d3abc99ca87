/**
 * Judges a zip before anything of it is served.
 *
 * Invariant: fail-closed. Whatever the bytes are, there is a verdict after a bounded number of reads. An archive whose
 * structure is in doubt is unsafe; a file that was not recognised and looked through is unknown. Entries are handed out only
 * of a structure that was checked to its end. Nothing is unpacked or run.
 */

import type { ArtifactType } from "../lib/artifact.ts";
import {
  BUNDLE_DIRECTORY_MAX_BYTES,
  BUNDLE_MAX_DECLARED_BYTES,
  BUNDLE_MAX_ENTRIES,
  INSPECT_MAX_CONTENT_BYTES,
  INSPECT_MAX_READ_BYTES,
  INSPECT_MAX_READS,
} from "../limits.ts";
import type { EntryFacts } from "../zip/zip-digest.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import { type ReadRange, readZipIndex } from "../zip/zip-index.ts";
import { ZipError } from "../zip/zip-records.ts";
import { type InspectedEntry, inspectContents, inspectInMemory } from "./contents.ts";
import { checkDirectory } from "./directory.ts";
import type { Spend } from "./file-content.ts";
import { Findings, type InspectionFinding, type Reasons, type Verdict } from "./findings.ts";
import { BOUND_TEXT, BoundReached } from "./format.ts";
import type { Inspecting } from "./inspect-file.ts";
import { checkNames } from "./names.ts";
import { type LocatedEntry, locateAll } from "./structure.ts";

export type { InspectedEntry } from "./contents.ts";
export { FINDINGS, type FindingCode, type InspectionFinding, type Verdict } from "./findings.ts";

/** Bounds of one inspection; those of `limits.ts` if not given. */
export interface InspectBounds {
  maxEntries?: number;
  maxDirectoryBytes?: number;
  /** What all entries may declare together. */
  maxDeclaredBytes?: number;
  maxReads?: number;
  /** Reads for headers that lie far from others. */
  maxHeaderReads?: number;
  maxReadBytes?: number;
  /** What may be looked through of the files themselves, bytes in place and inflated ones together. */
  maxContentBytes?: number;
}

/** What is known of an archive besides its bytes, and the bounds of the inspection. */
export interface Subject extends InspectBounds {
  /** Source code is the content of `code`, and a finding elsewhere. Default: `model`, which is judged as strictly as any. */
  type?: ArtifactType;
  /**
   * Reads all files through, after the structure was checked and before they are looked into, and answers what that told of
   * them, by path. It is given undefined if the structure is not in order. What it throws, the inspection throws. Without it,
   * texts are read by the inspection itself.
   */
  digest?(entries: readonly EntryLocation[] | undefined): Promise<ReadonlyMap<string, EntryFacts> | undefined>;
}

/** What an inspection says. */
export interface Inspection {
  verdict: Verdict;
  /** At most `INSPECT_MAX_FINDINGS`; if the verdict is unsafe, one that makes it so is among them. */
  findings: InspectionFinding[];
  /** Findings beyond those. */
  omitted: number;
  /** How many files have which finding. */
  reasons: Reasons;
  /**
   * Whether the structure was checked to its end and is beyond doubt. If it is not and the verdict is not unsafe, a bound came
   * before: what nobody vouches for otherwise is not to be let in.
   */
  inOrder: boolean;
  /** Every entry, in the order of the archive: what an index for `openEntry` is made of. Empty if it is not in order. */
  entries: InspectedEntry[];
  /** What `digest` told of the files, by path. */
  facts?: ReadonlyMap<string, EntryFacts>;
}

/**
 * Inspects an archive by ranged reads.
 *
 * @param read a part of the archive; fewer bytes or undefined count as an archive that is cut off
 * @param size bytes of the whole archive
 * @throws only what `read` and `digest` throw: a store that is down is no verdict
 */
export async function inspectZip(read: ReadRange, size: number, subject: Subject = {}): Promise<Inspection> {
  const { type = "model", digest, ...bounds } = subject;
  const findings = new Findings();
  const bounded = withinBounds(read, bounds);
  const located = await locate(bounded, size, bounds, findings);
  const facts = await digest?.(located?.map(({ location }) => location));
  if (!located) return { ...findings.report(), inOrder: false, entries: [] };
  const inspecting = inspectingWith(type, findings, bounds, facts);
  const entries = await inspectContents(bounded, size, located, inspecting);
  return { ...findings.report(), inOrder: true, entries, ...(facts && { facts }) };
}

/**
 * Inspects one file in memory, as it would be inspected in an archive.
 * @param path its name may add a finding
 */
export async function inspectFile(
  path: string,
  bytes: Uint8Array,
  type: ArtifactType,
): Promise<Pick<Inspection, "verdict" | "findings" | "omitted" | "reasons">> {
  const findings = new Findings();
  try {
    await inspectInMemory(path, bytes, inspectingWith(type, findings, {}));
  } catch (error) {
    if (!(error instanceof BoundReached)) throw error;
    findings.add("bound_reached", BOUND_TEXT, path);
  }
  return findings.report();
}

function inspectingWith(
  type: ArtifactType,
  findings: Findings,
  bounds: InspectBounds,
  facts?: ReadonlyMap<string, EntryFacts>,
): Inspecting {
  return {
    type,
    findings,
    facts,
    spend: spender(bounds.maxContentBytes ?? INSPECT_MAX_CONTENT_BYTES),
    async openNested(read, size) {
      const own = new Findings();
      const entries = await inspectStructure(read, size, bounds, own);
      const { findings: found, reasons } = own.report();
      return { ...(entries && { entries }), findings: found, reasons };
    },
  };
}

/** The entries of an archive in order; undefined if it is not in order, or a bound was reached before that was known. */
async function locate(
  read: ReadRange,
  size: number,
  bounds: InspectBounds,
  findings: Findings,
): Promise<LocatedEntry[] | undefined> {
  try {
    return await inspectStructure(read, size, bounds, findings);
  } catch (error) {
    if (!(error instanceof BoundReached)) throw error;
    findings.add("bound_reached", "too many files that lie too far apart for all of their headers to be checked");
    return undefined;
  }
}

/** Directory, names and local headers; undefined if they are not in order. */
async function inspectStructure(
  read: ReadRange,
  size: number,
  bounds: InspectBounds,
  findings: Findings,
): Promise<LocatedEntry[] | undefined> {
  const { maxEntries = BUNDLE_MAX_ENTRIES, maxDirectoryBytes = BUNDLE_DIRECTORY_MAX_BYTES } = bounds;
  const { maxDeclaredBytes = BUNDLE_MAX_DECLARED_BYTES } = bounds;
  try {
    const index = await readZipIndex(read, size, { maxEntries, maxDirectoryBytes });
    checkDirectory(index, maxDeclaredBytes, findings);
    checkNames(index.entries, findings);
    const located = await locateAll(read, index, findings, bounds.maxHeaderReads);
    return findings.verdict === "unsafe" ? undefined : located;
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    findings.add(error.code, error.message, error.path);
    return undefined;
  }
}

/** Counts bytes down. */
function spender(maxBytes: number): Spend {
  let left = maxBytes;
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw new BoundReached();
  };
}

/** Counts reads and bytes. */
function withinBounds(read: ReadRange, bounds: InspectBounds): ReadRange {
  const { maxReads = INSPECT_MAX_READS, maxReadBytes = INSPECT_MAX_READ_BYTES } = bounds;
  let reads = 0;
  let bytes = 0;
  return (range) => {
    reads += 1;
    bytes += range.length;
    if (reads > maxReads || bytes > maxReadBytes) throw new BoundReached();
    return read(range);
  };
}
