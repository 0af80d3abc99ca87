/**
 * Which imports of Python a file of the archive can stand for.
 *
 * Invariant: whoever unpickles beside the files of the archive, in whichever of its directories and on whichever file system,
 * imports none of them by a name of which this says no.
 */

/** What Python takes for a module: source, byte code, and machine code with or without a tag of its version. */
const MODULE_FILE = /^([^.]+)(?:\.(?:cpython-|cp\d|abi3|pypy)[\w-]*)?\.(?:py|pyw|pyc|pyo|so|pyd|dll|dylib|sl)$/;
/** What Python 2 called a module in machine code. */
const OLD_MODULE_FILE = /^([^.]+)module\.(?:so|dll|pyd|sl)$/;

/** Directories of a path that are compared: of a longer name, its last ones decide. */
const COMPARED_SEGMENTS_MAX = 8;

/**
 * @param paths the files of an archive
 * @returns whether an import of a dotted name could find one of them: any directory may be where modules are looked for, and
 *   a package on the way to one may be a directory without an `__init__`
 */
export function moduleNames(paths: readonly string[]): (module: string) => boolean {
  const names = new Set<string>();
  for (const path of paths) {
    const segments = folded(path).split("/");
    const file = segments.pop() ?? "";
    for (const pattern of [MODULE_FILE, OLD_MODULE_FILE]) {
      const stem = pattern.exec(file)?.[1];
      if (stem === undefined) continue;
      const whole = stem === "__init__" ? segments : [...segments, stem];
      for (let count = 1; count <= Math.min(whole.length, COMPARED_SEGMENTS_MAX); count += 1) {
        names.add(whole.slice(-count).join("/"));
      }
    }
  }
  if (names.size === 0) return () => false;
  return (module) => {
    // an import of `a.b.c` imports `a`, `a.b` and `a.b.c`
    const segments = folded(module).split(".");
    return segments.some((_, at) =>
      names.has(segments.slice(Math.max(0, at + 1 - COMPARED_SEGMENTS_MAX), at + 1).join("/")),
    );
  };
}

/** A name as file systems that do not tell case, or forms of one letter, compare it. */
function folded(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
