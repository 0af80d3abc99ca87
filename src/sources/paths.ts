/** Paths that an upstream repository claims to have. */

import { findPathDefect } from "../lib/paths.ts";
import { UPSTREAM_PATH_MAX_CHARS } from "../limits.ts";

/** Whether a path is a plain relative one of bounded length: no `..`, not absolute, no backslash, drive, control character, empty segment. */
export function isSanePath(path: string): boolean {
  return path.length <= UPSTREAM_PATH_MAX_CHARS && findPathDefect(path) === undefined;
}

/** A path as part of a URL: its slashes stay. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
