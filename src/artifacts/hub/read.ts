/**
 * Models and datasets of the registry as the Hugging Face Hub would show them, for the clients that are there for it.
 *
 * Invariants: a repository is the last artifact registered from that source of which an upstream commit is known, and has the
 * files of its bundle but for the registry's own two; its one branch, `main`, is the one commit that is kept. A commit id
 * stands for one list of files for ever.
 */

import { actorName, permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { toHex } from "../../lib/hash.ts";
import { comparePaths } from "../../lib/paths.ts";
import { HUB_EVIDENCE_MAX_BYTES, HUB_TREE_INDEX_PAGES, HUB_TREE_PAGE, INDEX_MAX_PAGES } from "../../limits.ts";
import { hubKeys } from "../../sources/hub-id.ts";
import type { IndexedFile } from "../../store/bundle-index.ts";
import { commitOf, filesOn, type HubRef, type IndexedArtifact, selectFilesAt } from "../../store/files.ts";
import { rowsOf } from "../../store/statements.ts";
import type { DownloadRequest } from "../download.ts";
import { type FileView, getIndexed, type OpenedFile, openFile, readFile } from "../files.ts";
import { isOwnFile } from "../own-files.ts";
import { describedBy, type HubDescription } from "./description.ts";
import { directoriesOf, type TreeItem, treeOf } from "./tree.ts";

/** A repository at a revision: `main`, `HEAD`, the commit id of what is kept, or the upstream commit that it was taken from. */
export interface HubRepo {
  type: HubRef["type"];
  /** As a client writes it; case does not matter. */
  id: string;
  revision: string;
}

/** A file as the hub lists it. The digest that a client checks stands where the hub has that of a file in LFS. */
export interface HubFile {
  path: string;
  size: number;
  /** Git's name of the pointer to it; of a file without known digest, a name that no other content has. */
  oid: string;
  lfs?: { oid: string; size: number; pointerSize: number };
}

/** A file or a directory of a tree. */
export type HubEntry = ({ type: "file" } & HubFile) | { type: "directory"; path: string; oid: string; size: 0 };

/** What all answers about a repository say. Times in milliseconds since 1970. */
export interface KeptRecord {
  artifact: IndexedArtifact;
  commit: string;
}

/** A file, and the commit that it is of. */
export type OpenedHubFile = OpenedFile & Pick<KeptRecord, "commit">;

/**
 * The record of a repository: its artifact, what upstream said of it, and its files.
 * @throws RegistryError `artifact_not_found`, `revision_not_found`
 */
export async function getHubRecord(
  ctx: Context,
  repo: HubRepo,
): Promise<KeptRecord & { described: HubDescription; files: HubFile[] }> {
  permit(ctx, "artifact:read");
  const { artifact, files } = await atRevision(ctx, repo, (wanted) =>
    getIndexed(ctx, wanted, { from: "", pages: INDEX_MAX_PAGES }),
  );
  const evidence = files.find(({ path }) => path === "evidence.json");
  const small = evidence && evidence.size <= HUB_EVIDENCE_MAX_BYTES ? evidence : undefined;
  const body = small && (await readFile(ctx, artifact, small));
  const described = describedBy(body && (await new Response(body).text()));
  const listed = await Promise.all(files.filter(isShown).map((file) => hubFile(artifact, file)));
  return { artifact, commit: commitOf(artifact), described, files: listed };
}

/**
 * A page of a repository's tree.
 * @param query `after`: the place that a page before named
 * @throws RegistryError `artifact_not_found`, `revision_not_found`; `file_not_found` for a directory that is not there
 */
export async function getHubTree(
  ctx: Context,
  repo: HubRepo,
  query: { directory: string; recursive: boolean; after: string },
): Promise<KeptRecord & { entries: HubEntry[]; next?: string }> {
  permit(ctx, "artifact:read");
  const { directory, after } = query;
  const from = after === "" && directory !== "" ? `${directory}/` : after;
  const { artifact, files, full } = await atRevision(ctx, repo, (wanted) =>
    getIndexed(ctx, wanted, { from, pages: HUB_TREE_INDEX_PAGES }),
  );
  if (isPartial(artifact, repo)) throw partialTree(artifact);
  const behind = files.filter(({ path }) => comparePaths(path, after) > 0);
  const { items, next } = treeOf(behind.filter(isShown), { ...query, limit: HUB_TREE_PAGE });
  const last = behind.at(-1)?.path;
  const goesOn = full && last?.startsWith(directory && `${directory}/`);
  if (items.length === 0 && after === "" && directory !== "" && !goesOn) throw new RegistryError("file_not_found");
  const more = next ?? (goesOn ? last : undefined);
  const entries = await Promise.all(items.map((item) => hubEntry(artifact, item)));
  return { artifact, commit: commitOf(artifact), entries, ...(more !== undefined && { next: more }) };
}

/**
 * Those of some paths that are there.
 * @throws RegistryError `artifact_not_found`, `revision_not_found`
 */
export async function getHubPaths(
  ctx: Context,
  repo: HubRepo,
  paths: readonly string[],
): Promise<KeptRecord & { entries: HubEntry[] }> {
  permit(ctx, "artifact:read");
  const rows = await atRevision(ctx, repo, async (wanted) => {
    const found = rowsOf<IndexedArtifact>(await selectFilesAt(ctx.db, wanted, paths).all());
    if (found.length === 0) throw new RegistryError("artifact_not_found");
    return found;
  });
  const [artifact] = rows;
  if (!artifact) throw new RegistryError("artifact_not_found");
  const files = filesOn(rows).filter(isShown);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const directories = new Set(files.flatMap(({ path }) => directoriesOf(path, 0)));
  const items = [...new Set(paths)].flatMap((path): TreeItem[] => {
    const file = byPath.get(path);
    if (file) return [{ type: "file", path, file }];
    return directories.has(path) ? [{ type: "directory", path }] : [];
  });
  const entries = await Promise.all(items.map((item) => hubEntry(artifact, item)));
  return { artifact, commit: commitOf(artifact), entries };
}

/** Whose token it is: the name, for a client's login. */
export function getHubUser(ctx: Context): string {
  permit(ctx, "artifact:read");
  return actorName(ctx.actor);
}

/** The repositories that the caller or a namespace owns: none, because nothing can be pushed. */
export function listHubRepositories(ctx: Context): [] {
  permit(ctx, "artifact:read");
  return [];
}

/**
 * Opens a file of a repository; otherwise as `openFile`.
 * @throws RegistryError as `openFile`, and `revision_not_found`
 */
export async function openKeptFile(
  ctx: Context,
  repo: HubRepo,
  path: string,
  request: DownloadRequest,
): Promise<OpenedHubFile> {
  permit(ctx, "artifact:download");
  const view: FileView = {
    has: (file) => !isOwnFile(file),
    missing: (artifact) => missingFile(artifact, repo, path),
  };
  const opened = await atRevision(ctx, repo, (wanted) => openFile(ctx, wanted, path, request, view));
  const { artifact } = opened;
  // At upstream's commit these are the bytes of this file, whichever other files of it are kept.
  return { ...opened, commit: isPartial(artifact, repo) ? revisionOf(repo) : commitOf(artifact) };
}

/**
 * The refusal of a file. With `X-Repo-Commit`, clients remember for good that the commit has no such file and do not ask
 * again; so it is sent only where that is true: not of an upstream commit of which only some files are kept.
 */
function missingFile(artifact: IndexedArtifact, repo: HubRepo, path: string): RegistryError {
  const forGood = !isPartial(artifact, repo) && !isOwnFile(path);
  return new RegistryError("file_not_found", undefined, {
    headers: forGood ? { "X-Repo-Commit": commitOf(artifact) } : {},
  });
}

/** Our manifest and evidence are no files of the repository: a client that loads all JSON of a dataset would take them for data. */
function isShown({ path }: Pick<IndexedFile, "path">): boolean {
  return !isOwnFile(path);
}

function revisionOf(repo: HubRepo): string {
  return repo.revision.toLowerCase();
}

/** Whether upstream's commit was asked for, and only some of its files are kept. */
function isPartial(artifact: IndexedArtifact, repo: HubRepo): boolean {
  return artifact.complete === 0 && artifact.revision === revisionOf(repo);
}

/** Clients keep the list of files of a commit for ever: of upstream's commit they are given all files or none. */
function partialTree({ type, id }: IndexedArtifact): RegistryError {
  const detail =
    "The registry holds only some files of this revision: list the revision main instead, " +
    `or have all of them copied with POST /artifacts/${type}/${id}/mirror.`;
  return new RegistryError("revision_not_found", detail);
}

/** Does something with a repository at a revision, and tells whether it is the repository that is not there or the revision. */
async function atRevision<T>(ctx: Context, repo: HubRepo, act: (wanted: HubRef) => Promise<T>): Promise<T> {
  const newest: HubRef = { type: repo.type, keys: hubKeys(repo.id) };
  if (repo.revision === "main" || repo.revision === "HEAD") return act(newest);
  try {
    return await act({ ...newest, commit: revisionOf(repo) });
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === "artifact_not_found")) throw error;
    await getIndexed(ctx, newest, { from: "", pages: 0 });
    throw new RegistryError("revision_not_found");
  }
}

async function hubEntry(artifact: IndexedArtifact, item: TreeItem): Promise<HubEntry> {
  if (item.type === "file") return { type: "file", ...(await hubFile(artifact, item.file)) };
  return { type: "directory", path: item.path, oid: await sha1Hex(`${artifact.sha256}\n${item.path}/`), size: 0 };
}

async function hubFile(artifact: IndexedArtifact, { path, size, sha256 }: IndexedFile): Promise<HubFile> {
  if (sha256 === undefined) return { path, size, oid: await sha1Hex(`${artifact.sha256}\n${path}`) };
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
  const oid = await sha1Hex(`blob ${pointer.length}\0${pointer}`);
  return { path, size, oid, lfs: { oid: sha256, size, pointerSize: pointer.length } };
}

async function sha1Hex(text: string): Promise<string> {
  return toHex(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
}
