/**
 * Checks the names of an archive: each for itself, and against all others.
 *
 * Invariant: if nothing was found, the files can be unpacked on any file system, below any directory, without one of them
 * reaching outside or taking the place of another, in whichever of its encodings a reader takes an undeclared name to be.
 */

import { findPathDefect, type PathDefect, pathKey } from "../lib/paths.ts";
import { BUNDLE_PATH_MAX_BYTES } from "../limits.ts";
import type { IndexedEntry } from "../zip/zip-records.ts";
import type { FindingCode, Findings } from "./findings.ts";

const DEFECTS: Record<PathDefect, { code: FindingCode; detail: string }> = {
  empty: { code: "path_empty", detail: "an entry without a name" },
  absolute: { code: "path_absolute", detail: "an absolute path" },
  traversal: { code: "path_traversal", detail: "a path with .." },
  drive: { code: "path_drive", detail: "a path with a drive" },
  backslash: { code: "path_backslash", detail: "a path with a backslash" },
  control: { code: "path_control", detail: "a path with a control character" },
  segment: { code: "path_segment", detail: "a path with an empty segment or a dot as one" },
};

interface Name {
  path: string;
  /** Equal for names that some file system takes for one; the separator sorts before everything else. */
  key: string;
  isDirectory: boolean;
}

/** Checks all names. A directory's slash at the end is no part of its name. */
export function checkNames(entries: readonly IndexedEntry[], findings: Findings): void {
  const names: Name[] = [];
  // The names as CP437, for readers that take undeclared ones to be that.
  const others: Name[] = [];
  for (const { path, name, encoded, cp437 = path } of entries) {
    if (!encoded) findings.add("path_encoding", ENCODING, path);
    if (name.length > BUNDLE_PATH_MAX_BYTES) {
      findings.add("path_too_long", `a path of ${name.length} bytes`, path);
      continue;
    }
    const isDirectory = path.length > 1 && path.endsWith("/");
    const plain = (text: string) => (isDirectory ? text.slice(0, -1) : text);
    const defect = findPathDefect(plain(path)) ?? findPathDefect(plain(cp437));
    if (defect) findings.add(DEFECTS[defect].code, DEFECTS[defect].detail, path);
    names.push({ path, key: keyOf(plain(path)), isDirectory });
    others.push({ path, key: keyOf(plain(cp437)), isDirectory });
  }
  if (!checkClashes(names, findings)) return;
  if (entries.some(({ cp437 }) => cp437 !== undefined)) checkClashes(others, findings);
}

const ENCODING =
  "a name that readers decode differently: neither ASCII nor UTF-8, or an extra field of its entry has another name";

/** In their order by key, the names below a file and those like it follow it at once. Returns whether there was no clash. */
function checkClashes(unsorted: readonly Name[], findings: Findings): boolean {
  const names = unsorted.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  let isClear = true;
  let file: Name | undefined;
  let previous: Name | undefined;
  for (const name of names) {
    const { path, key, isDirectory } = name;
    const same = previous?.key === key;
    if (same && previous?.isDirectory === isDirectory) {
      const how =
        previous.path === path
          ? "twice"
          : `but for case, normal form, encoding or a dot at the end also ${previous.path}`;
      findings.add("duplicate_path", `a name that is there ${how}`, path);
      isClear = false;
    } else if (same || (file && key.startsWith(file.key + SEPARATOR))) {
      findings.add("file_is_directory", `a name of a file and of a directory: ${file?.path ?? previous?.path}`, path);
      isClear = false;
    }
    if (!isDirectory) file = name;
    previous = name;
  }
  return isClear;
}

/** Sorts before every character that a name may have. */
const SEPARATOR = "\0";

/** Without case, normal form, and dots and spaces at the end of a segment. */
function keyOf(path: string): string {
  return pathKey(path)
    .replace(/[. ]+(?=\/|$)/g, "")
    .replaceAll("/", SEPARATOR);
}
