/**
 * Looks into the files of an archive, one after the other, until a bound is reached.
 *
 * Invariant: each file gets a verdict. It is safe only if a format recognised its bytes, looked through them and noted
 * nothing; a file that no format recognised, or that was not reached within the bounds, is unknown. Nothing is loaded or run.
 */

import type { EntryLocation } from "../zip/zip-entry.ts";
import type { ReadRange } from "../zip/zip-index.ts";
import { contentInMemory, contentOf, readingAhead } from "./file-content.ts";
import { FileFindings, type Verdict } from "./findings.ts";
import { BOUND_TEXT, BoundReached } from "./format.ts";
import { enterArchive, type Inspecting, inspectFile, type Surroundings } from "./inspect-file.ts";
import type { LocatedEntry } from "./structure.ts";

/** An entry of an archive that was looked into. */
export interface InspectedEntry extends EntryLocation {
  /** Its format: `safetensors`, `json`; `empty` without a byte; missing if none was recognised. */
  kind?: string;
  /** Of the file, and of all that is packed inside it. Missing for a directory. */
  verdict?: Verdict;
}

/**
 * Looks into the files of an archive whose structure is in order.
 * @param size bytes of the archive
 * @throws whatever `read` throws; bounds become findings
 */
export async function inspectContents(
  read: ReadRange,
  size: number,
  entries: readonly LocatedEntry[],
  inspecting: Inspecting,
): Promise<InspectedEntry[]> {
  const { findings, facts } = inspecting;
  const { archive, surroundings } = enterArchive(entries, outside(inspecting), (code, detail) =>
    findings.add(code, detail),
  );
  const reading = readingAhead(read, size);
  const inspected: InspectedEntry[] = [];
  for (const [index, { location, head }] of entries.entries()) {
    const { path } = location;
    if (path.endsWith("/")) {
      inspected.push(location);
      continue;
    }
    const file = new FileFindings(findings, [path]);
    try {
      const open = () => contentOf(reading, location, head, inspecting.spend, facts?.get(path));
      const kind = await inspectFile(location, open, file, surroundings, archive);
      inspected.push({ ...location, ...(kind !== undefined && { kind }), verdict: file.verdict });
    } catch (error) {
      if (!(error instanceof BoundReached)) throw error;
      const rest = entries.slice(index).map((entry) => entry.location);
      const files = rest.filter((entry) => !entry.path.endsWith("/"));
      findings.count("bound_reached", files.length);
      findings.record("bound_reached", `${files.length} files were not looked into: ${BOUND_TEXT}`, []);
      // what was found in this one before the bound stands
      const verdictOf = (entry: EntryLocation) =>
        entry === location && file.verdict === "unsafe" ? "unsafe" : "unknown";
      inspected.push(
        ...rest.map((entry) => (entry.path.endsWith("/") ? entry : { ...entry, verdict: verdictOf(entry) as Verdict })),
      );
      return inspected;
    }
  }
  return inspected;
}

/** Around the outermost archive, and around a file that is in none. */
function outside(inspecting: Inspecting): Surroundings {
  return { ...inspecting, shadows: () => false, outer: [], depth: 0 };
}

/** Looks into one file that is in memory, as if it were the only one of its archive. @throws BoundReached */
export async function inspectInMemory(path: string, bytes: Uint8Array, inspecting: Inspecting): Promise<void> {
  const file = new FileFindings(inspecting.findings, [path]);
  const open = async () => contentInMemory(bytes, inspecting.spend);
  await inspectFile({ path, size: bytes.length }, open, file, outside(inspecting));
}
