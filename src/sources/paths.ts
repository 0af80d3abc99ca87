/** Paths that an upstream repository claims to have. They are hostile until they pass here. */

import { UPSTREAM_PATH_MAX_CHARS } from "../limits.ts";

/**
 * Whether a path is a plain relative one: it can be shown, put into a URL and written below a directory without
 * reaching anything else. No `..`, not absolute, no backslash, drive, control character, empty segment.
 */
export function isSanePath(path: string): boolean {
  return (
    path.length <= UPSTREAM_PATH_MAX_CHARS &&
    !/[\p{Cc}\p{Cs}\\]/u.test(path) &&
    !/^[A-Za-z]:/.test(path) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..")
  );
}

/** What two paths share that a file system without case or with another normal form would take for one. */
export function pathKey(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

/** A path as part of a URL: its slashes stay. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
