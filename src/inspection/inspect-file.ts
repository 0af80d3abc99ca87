/**
 * Looks into one file, and into the archives and compressed streams within it.
 *
 * Invariant: the first format that recognises the bytes judges them. What is packed inside is judged as a file of its own,
 * within a bounded depth, and its findings are the outer file's as well.
 */

import type { ArtifactType } from "../lib/artifact.ts";
import type { EntryFacts } from "../zip/zip-digest.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import type { ReadRange } from "../zip/zip-index.ts";
import { ZipError } from "../zip/zip-records.ts";
import { contentInMemory, contentOf, type Spend } from "./file-content.ts";
import type { FileFindings, FindingCode, Findings, InspectionFinding, Reasons } from "./findings.ts";
import { type ArchiveFormat, type FileContent, type Note, type Scene, TooLarge } from "./format.ts";
import { ARCHIVE_FORMATS, FORMATS } from "./formats/index.ts";
import { pickle } from "./formats/pickle.ts";
import { checkName, isOpenedAsZip } from "./loaders.ts";
import { moduleNames } from "./shadowing.ts";
import type { LocatedEntry } from "./structure.ts";

/** What inspecting files takes besides them. */
export interface Inspecting {
  type: ArtifactType;
  findings: Findings;
  spend: Spend;
  /** Checks the structure of an archive within. */
  openNested(read: ReadRange, size: number): Promise<NestedArchive>;
  /** What is known of the files of the outermost archive, by path. */
  facts?: ReadonlyMap<string, EntryFacts> | undefined;
}

/** The structure of an archive within a file: its entries if it is in order, and what was found about it. */
export interface NestedArchive {
  entries?: LocatedEntry[];
  /** The first findings. */
  findings: readonly InspectionFinding[];
  /** How often each was found, also of those that are not among the first. */
  reasons: Reasons;
}

/** How deep archives and compressed streams within each other are looked into. */
const DEPTH_MAX = 3;

/** What is around a file that is looked into. */
export interface Surroundings extends Inspecting {
  shadows: (module: string) => boolean;
  /** Bytes of the files of the same archive, by path. */
  sizes?: ReadonlyMap<string, number>;
  /** The archives around, from the outermost inwards. */
  outer: readonly (readonly LocatedEntry[])[];
  depth: number;
}

/** What makes a small archive large, whoever unpacks it. */
const BOMBS: readonly FindingCode[] = ["overlapping_entries", "declared_size"];

/**
 * Looks into one file.
 * @returns its kind, if a format recognised it
 * @throws BoundReached
 */
export async function inspectFile(
  { path, size }: { path: string; size: number },
  open: () => Promise<FileContent>,
  file: FileFindings,
  surroundings: Surroundings,
  archive?: ArchiveFormat,
): Promise<string | undefined> {
  if (size === 0) return "empty";
  const name = nameOf(path);
  const note = file.note.bind(file);
  if (surroundings.type !== "code" && /(?:^|\/)\.(?:git|vscode)(?:\/|$)/i.test(path)) {
    note("source_code", "settings of git or an editor, which may name commands");
  }
  try {
    const content = await open();
    const scene = sceneOf(path, file, surroundings);
    const raw = archive?.rawKind(path);
    // plain numbers, which by chance begin like anything: all that counts of them is that nobody unpickles them
    for (const format of raw === undefined ? FORMATS : [pickle]) {
      if (!(await format.recognise(content))) continue;
      await format.inspect(content, note, scene);
      await checkName(name, format.kind, content, note);
      return format.kind;
    }
    if (raw !== undefined) return raw;
    note("unrecognised", "bytes of no format that is known here");
    await checkName(name, undefined, content, note);
  } catch (error) {
    if (error instanceof TooLarge)
      note("bound_reached", "deflated, and too large to be looked into: store it uncompressed");
    else if (error instanceof ZipError) note(error.code, error.message);
    else throw error;
  }
  return undefined;
}

/** The last segment of a path, lower-cased. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).toLowerCase();
}

function sceneOf(path: string, file: FileFindings, surroundings: Surroundings): Scene {
  const { type, depth, sizes } = surroundings;
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const deeper = { ...surroundings, depth: depth + 1 };
  const tooDeep = () => {
    if (deeper.depth <= DEPTH_MAX) return false;
    file.note("nested_archive", "archives nested too deep to be looked into");
    return true;
  };
  return {
    type,
    name: nameOf(path),
    shadows: surroundings.shadows,
    ...(sizes && { sizeBeside: (beside: string) => sizes.get(directory + beside) }),
    async inspectZip(read, size) {
      if (tooDeep()) return;
      // an offset out of a broken archive may lie anywhere
      const within: ReadRange = async (range) => (range.offset + range.length <= size ? read(range) : undefined);
      await inspectNested(within, size, file, { ...deeper, opened: isOpenedAsZip(nameOf(path)) });
    },
    async inspectInner(innerName, bytes) {
      if (tooDeep()) return;
      const open = async () => contentInMemory(bytes, surroundings.spend);
      await inspectFile({ path: innerName, size: bytes.length }, open, file.below(innerName), {
        ...deeper,
        sizes: new Map(),
      });
    },
  };
}

/**
 * Looks into an archive within a file. One whose structure is in doubt is not looked into, because another reader may see other
 * files in it. That makes the file unknown; unsafe, if by its name a loader that runs code opens it as an archive.
 */
async function inspectNested(
  read: ReadRange,
  size: number,
  file: FileFindings,
  { opened, ...surroundings }: Surroundings & { opened: boolean },
): Promise<void> {
  const { entries, findings, reasons } = await surroundings.openNested(read, size);
  if (BOMBS.some((code) => reasons[code] !== undefined)) {
    return file.note("archive_bomb", "a small archive that unpacks to a very large one");
  }
  if (!entries) {
    const first = findings.find(({ severity }) => severity === "unsafe");
    if (opened && first) return file.note(first.code, `in the archive that it is: ${first.detail}`);
    return file.note("nested_archive", `an archive whose structure is in doubt: ${first?.detail} (${first?.code})`);
  }
  if (surroundings.outer.some((listing) => isSameListing(listing, entries))) {
    return file.note("archive_bomb", "an archive that holds itself");
  }
  for (const { code, detail } of findings) file.note(code, detail);
  const { archive, surroundings: own } = enterArchive(entries, surroundings, file.note.bind(file));
  for (const { location, head } of entries) {
    if (location.path.endsWith("/")) continue;
    const open = () => contentOf(read, location, head, surroundings.spend);
    await inspectFile(location, open, file.below(location.path), own, archive);
  }
}

/** Whether two archives have the same files, by their names, sizes and checksums. */
function isSameListing(a: readonly LocatedEntry[], b: readonly LocatedEntry[]): boolean {
  const isSame = (one: EntryLocation, other?: EntryLocation) =>
    one.path === other?.path && one.size === other.size && one.crc32 === other.crc32;
  return a.length > 0 && a.length === b.length && a.every(({ location }, at) => isSame(location, b[at]?.location));
}

/**
 * Judges the members of an archive together, and gives what is around each of them.
 * @param note takes what is found about the archive as a whole
 */
export function enterArchive(
  entries: readonly LocatedEntry[],
  { outer, shadows, ...around }: Surroundings,
  note: Note,
): { archive: ArchiveFormat | undefined; surroundings: Surroundings } {
  const paths = entries.map(({ location }) => location.path);
  const archive = ARCHIVE_FORMATS.find((format) => format.recognise(paths));
  archive?.inspect(paths, note);
  const { ownModules } = archive ?? {};
  // modules that are a part of the format itself stand for no others
  const inArchive = moduleNames(ownModules ? paths.filter((path) => !ownModules.test(path)) : paths);
  return {
    archive,
    surroundings: {
      ...around,
      shadows: (module) => inArchive(module) || shadows(module),
      sizes: new Map(entries.map(({ location }) => [location.path, location.size])),
      outer: [...outer, entries],
    },
  };
}
