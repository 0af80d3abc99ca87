/**
 * Judges a zip before anything of it is served.
 *
 * Invariant: fail-closed. Whatever the bytes are, there is a verdict, after a bounded number of reads; an archive whose
 * structure is in doubt is unsafe, and what could not be looked at is unknown. Entries are handed out only of a structure that
 * was checked to its end. Nothing is unpacked or run.
 */

import {
  BUNDLE_DIRECTORY_MAX_BYTES,
  BUNDLE_MAX_DECLARED_BYTES,
  BUNDLE_MAX_ENTRIES,
  INSPECT_HEAD_BYTES,
  INSPECT_MAX_CONTENT_BYTES,
  INSPECT_MAX_READ_BYTES,
  INSPECT_MAX_READS,
} from "../limits.ts";
import type { EntryFacts } from "../zip/zip-digest.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import { STORED } from "../zip/zip-format.ts";
import { type ReadRange, readZipIndex } from "../zip/zip-index.ts";
import { ZipError } from "../zip/zip-records.ts";
import { type InspectNested, inspectContents, type Spend } from "./contents.ts";
import { checkDirectory } from "./directory.ts";
import { type FindingCode, Findings, type InspectionFinding, type Verdict } from "./findings.ts";
import { checkNames } from "./names.ts";
import { type LocatedEntry, locateAll } from "./structure.ts";

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
  /**
   * Reads the files of an archive whose structure is in order through, before they are looked into; undefined: it is not in
   * order. What this throws, the inspection throws.
   */
  digest?: (entries: readonly EntryLocation[] | undefined) => Promise<ReadonlyMap<string, EntryFacts> | undefined>;
  /** What may be looked through of the files themselves, bytes in place and inflated ones together. */
  maxContentBytes?: number;
}

/** What an inspection says. */
export interface Inspection {
  verdict: Verdict;
  /** At most `INSPECT_MAX_FINDINGS`; if the verdict is unsafe, one that makes it so is among them. */
  findings: InspectionFinding[];
  /** Findings beyond those. */
  omitted: number;
  /**
   * Whether the structure was checked to its end and is beyond doubt. If it is not and the verdict is not unsafe, a bound came
   * before: what nobody vouches for otherwise is not to be let in.
   */
  inOrder: boolean;
  /** Every entry, in the order of the archive: what an index for `openEntry` is made of. Empty if it is not in order. */
  entries: EntryLocation[];
  /** What reading the files through has told of them, by their paths; missing where nobody did. */
  facts?: ReadonlyMap<string, EntryFacts>;
}

class BoundReached extends Error {}

/**
 * Inspects an archive by ranged reads.
 *
 * @param read a part of the archive; fewer bytes or undefined count as an archive that is cut off
 * @param size bytes of the whole archive
 * @throws only what `read` and `digest` throw: a store that is down is no verdict
 */
export async function inspectZip(read: ReadRange, size: number, bounds: InspectBounds = {}): Promise<Inspection> {
  const findings = new Findings();
  const bounded = withinBounds(read, bounds);
  const spend = spender(bounds.maxContentBytes ?? INSPECT_MAX_CONTENT_BYTES);
  let located: LocatedEntry[] | undefined;
  await withinBound(findings, STRUCTURE_BOUND, async () => {
    located = await inspectStructure(bounded, size, bounds, findings);
  });
  const facts = await bounds.digest?.(located?.map(({ location }) => location));
  await withinBound(findings, CONTENT_BOUND, async () => {
    if (!located) return;
    await inspectContents(bounded, located, {
      findings,
      spend,
      nested: nestedIn(bounds, findings, spend, 1, [located]),
    });
  });
  const inOrder = located !== undefined;
  const entries = (located ?? []).map(({ location }) => location);
  return { ...findings.report(), inOrder, entries, ...(facts && { facts }) };
}

/**
 * Inspects one file in memory, as it would be inspected in an archive.
 * @param path its name tells its kind
 */
export async function inspectFile(path: string, bytes: Uint8Array): Promise<Omit<Inspection, "inOrder" | "entries">> {
  const findings = new Findings();
  const spend = spender(INSPECT_MAX_CONTENT_BYTES);
  const read: ReadRange = async ({ offset, length }) => bytes.subarray(offset, offset + length);
  const size = bytes.length;
  const location = { path, method: STORED, size, compressedSize: size, crc32: 0, dataOffset: 0 };
  const entry = { location, head: bytes.subarray(0, INSPECT_HEAD_BYTES) };
  await withinBound(findings, CONTENT_BOUND, () =>
    inspectContents(read, [entry], { findings, spend, nested: nestedIn({}, findings, spend, 1, []) }),
  );
  return findings.report();
}

const STRUCTURE_BOUND = "too many files that lie too far apart for all of their headers to be checked";
const CONTENT_BOUND = "too many reads, or too many bytes";

/** Inspects until it is done or a bound is reached, which is a finding. */
async function withinBound(findings: Findings, bound: string, inspection: () => Promise<void>): Promise<void> {
  try {
    await inspection();
  } catch (error) {
    if (!(error instanceof BoundReached)) throw error;
    findings.add("bound_reached", bound);
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

/** What makes a small archive large, whoever unpacks it. */
const BOMBS: readonly FindingCode[] = ["overlapping_entries", "declared_size"];

/** How deep archives within archives are looked into: a model in an archive, and its arrays. */
const DEPTH_MAX = 2;

/** Whether two archives have the same files, by their names, sizes and checksums. */
function isSameListing(a: readonly LocatedEntry[], b: readonly LocatedEntry[]): boolean {
  const isSame = (one: EntryLocation, other?: EntryLocation) =>
    one.path === other?.path && one.size === other.size && one.crc32 === other.crc32;
  return a.length > 0 && a.length === b.length && a.every(({ location }, at) => isSame(location, b[at]?.location));
}

/** @param outer the archives around, from the outermost inwards */
function nestedIn(
  bounds: InspectBounds,
  findings: Findings,
  spend: Spend,
  depth: number,
  outer: readonly (readonly LocatedEntry[])[],
): InspectNested {
  return async (read, size, path, model) => {
    if (depth > DEPTH_MAX) return findings.add("nested_archive", "archives nested too deep to be looked into", path);
    const own = new Findings();
    const located = await inspectStructure(read, size, bounds, own);
    if (!located) {
      // Whoever unpacks all that there is unpacks this, too.
      if (own.has(BOMBS)) return findings.add("archive_bomb", "a small archive that unpacks to a very large one", path);
      // Nobody loads an ordinary archive unseen: that it is odd says only that its files were not looked into.
      if (!model) return findings.add("nested_archive", "an archive that is not in order", path);
      for (const { code, detail } of own.report().findings) findings.add(code, detail, path);
      return;
    }
    if (outer.some((listing) => isSameListing(listing, located))) {
      return findings.add("archive_bomb", "an archive that holds itself", path);
    }
    for (const { code, detail } of own.report().findings) findings.add(code, detail, path);
    const prefix = `${path}!/`;
    if (model && located.some(({ location }) => /(?:^|\/)code\/.*\.py$/.test(location.path))) {
      findings.add("torchscript", "a program of TorchScript", path);
    }
    const nested = nestedIn(bounds, findings, spend, depth + 1, [...outer, located]);
    await inspectContents(read, located, { findings, spend, nested, prefix });
  };
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
