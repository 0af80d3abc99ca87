/** Paths that a stranger gives. They are hostile until they pass here. */

/** What can be wrong with a path. */
export type PathDefect = "empty" | "absolute" | "traversal" | "drive" | "backslash" | "control" | "segment";

/**
 * What keeps a path from being a plain relative one, which can be shown, put into a URL and written below a directory
 * without reaching anything else; the worst first. `segment`: an empty or `.` segment, a slash at the end.
 */
export function findPathDefect(path: string): PathDefect | undefined {
  if (path === "") return "empty";
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return "control";
  if (path.includes("\\")) return "backslash";
  if (/^[A-Za-z]:/.test(path)) return "drive";
  if (path.startsWith("/")) return "absolute";
  const segments = path.split("/");
  if (segments.includes("..")) return "traversal";
  return segments.some((segment) => segment === "" || segment === ".") ? "segment" : undefined;
}

/** Where one path stands to another in the order of their UTF-8 bytes, which is the database's: as in `toSorted`. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** In UTF-16, halves of surrogate pairs stand before U+E000 to U+FFFF; the characters that they make stand behind. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** What two paths share that a file system without case or with another normal form would take for one. */
export function pathKey(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
