/** Files as the tree of a repository, as the hub's clients read it. Pure. */

import type { IndexedFile } from "../../store/bundle-index.ts";

/** A file, or a directory that files are in. */
export type TreeItem = { type: "file"; path: string; file: IndexedFile } | { type: "directory"; path: string };

/** Which part of the tree: below a directory (empty: the top), its subdirectories too or not, behind a file. */
export interface TreeQuery {
  directory: string;
  recursive: boolean;
  /** The last file that was passed before; empty: begin. */
  after: string;
  limit: number;
}

/**
 * Items of a tree in the order of the paths, each directory before what is in it.
 *
 * Files below a directory stand together in that order, so that a directory is new if the file before was not in it.
 *
 * @param files in the order of their paths, none of them before or at `after`
 * @returns the items, and where the tree goes on: `after` for the next query, absent if `files` were exhausted
 */
export function treeOf(files: readonly IndexedFile[], query: TreeQuery): { items: TreeItem[]; next?: string } {
  const prefix = query.directory === "" ? "" : `${query.directory}/`;
  const items: TreeItem[] = [];
  let previous = query.after;
  for (const file of files) {
    if (!file.path.startsWith(prefix)) {
      if (items.length > 0) return { items };
      continue;
    }
    if (items.length >= query.limit) return { items, next: previous };
    const directories = directoriesOf(file.path, prefix.length);
    const shown = query.recursive ? directories : directories.slice(0, 1);
    for (const path of shown) if (!previous.startsWith(`${path}/`)) items.push({ type: "directory", path });
    if (query.recursive || directories.length === 0) items.push({ type: "file", path: file.path, file });
    previous = file.path;
  }
  return { items };
}

/** The directories that a file is in, the outermost first, from a place in its path on. */
export function directoriesOf(path: string, from: number): string[] {
  const directories: string[] = [];
  for (let slash = path.indexOf("/", from); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    directories.push(path.slice(0, slash));
  }
  return directories;
}
