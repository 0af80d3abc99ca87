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

/** What two paths share that a file system without case or with another normal form would take for one. */
export function pathKey(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
