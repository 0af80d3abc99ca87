/**
 * The small files of a repository that we keep a copy of.
 *
 * Invariant: what is kept has a path that is safe to write, stays within the caps, and has the digest that upstream
 * gives; everything else that was wanted is listed with the reason why it is not there.
 */

import { pathKey } from "../lib/paths.ts";
import { KEPT_FILE_MAX_BYTES, KEPT_FILES_MAX, KEPT_FILES_MAX_BYTES, README_MAX_BYTES } from "../limits.ts";
import { isSanePath } from "../sources/paths.ts";
import type { Finding, Missing, UpstreamFile } from "./evidence.ts";

/** A file that was fetched and may be bundled. */
export interface KeptFile {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A file that was wanted and is not there, and why. */
export interface LeftOut {
  path: string;
  reason: string;
}

/** Fetches that are under way. */
export interface Keeping {
  /** One file as a finding: `absent` if upstream does not list it, `unreadable` if it was left out. */
  finding(path: string): Promise<Finding<Uint8Array<ArrayBuffer>>>;
  /** Everything, once all fetches have ended. */
  finish(): Promise<{ kept: KeptFile[]; left_out: LeftOut[] }>;
}

type Fetch = (path: string, maxBytes: number) => Promise<Finding<Uint8Array<ArrayBuffer>>>;

const README = "README.md";

/** Starts to fetch what is wanted of the listed files, in the order of `wanted`. */
export function startKeeping(files: readonly UpstreamFile[], wanted: readonly RegExp[], fetch: Fetch): Keeping {
  const rank = (path: string) => wanted.findIndex((pattern) => !path.includes("/") && pattern.test(path));
  const chosen = files.filter(({ path }) => rank(path) !== -1).sort((a, b) => rank(a.path) - rank(b.path));
  const taken = new Set<string>();
  const fetches = new Map<string, Promise<Finding<Uint8Array<ArrayBuffer>>>>();
  let total = 0;

  const without = (path: string, reason: string) => fetches.set(path, Promise.resolve(unreadable(reason)));

  async function keep(file: UpstreamFile, cap: number): Promise<Finding<Uint8Array<ArrayBuffer>>> {
    const finding = await fetch(file.path, cap);
    // what upstream said about the size was only a promise
    total -= file.size ?? 0;
    if (finding.status !== "found") return finding;
    if (file.sha256 !== undefined && file.sha256 !== finding.sha256) {
      return { status: "unreadable", reason: "its digest is not the one that upstream gives", url: finding.url };
    }
    if (total + finding.value.byteLength > KEPT_FILES_MAX_BYTES) return unreadable("over the total of kept files");
    total += finding.value.byteLength;
    return finding;
  }

  for (const file of chosen) {
    const { path, size = 0 } = file;
    const cap = path === README ? README_MAX_BYTES : KEPT_FILE_MAX_BYTES;
    if (!isSanePath(path)) without(path, "its path is not safe");
    else if (taken.has(pathKey(path))) without(path, "another file has the same name but for case");
    else if (size > cap) without(path, `larger than ${cap} bytes`);
    else if (total + size > KEPT_FILES_MAX_BYTES) without(path, "over the total of kept files");
    else if (taken.size >= KEPT_FILES_MAX) without(path, "over the number of kept files");
    else {
      taken.add(pathKey(path));
      total += size;
      fetches.set(path, keep(file, cap));
    }
  }

  return {
    finding: (path) =>
      fetches.get(path) ?? Promise.resolve({ status: "absent", reason: "upstream lists no such file" }),
    finish: async () => {
      const kept: KeptFile[] = [];
      const left_out: LeftOut[] = [];
      for (const [path, fetched] of fetches) {
        const finding = await fetched;
        if (finding.status === "found") kept.push({ path, bytes: finding.value });
        else left_out.push({ path, reason: finding.reason });
      }
      return { kept, left_out };
    },
  };
}

/** Bytes of all files together, as far as upstream says; undefined if it says nothing. */
export function totalSize(files: readonly UpstreamFile[]): number | undefined {
  const sizes = files.flatMap(({ size }) => (size === undefined ? [] : [size]));
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}

/** The file is there and its publisher made it so that we do not read it. */
function unreadable(reason: string): Missing {
  return { status: "unreadable", reason };
}
