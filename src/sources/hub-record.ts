/** The hub's records, read leniently: of a field with the wrong type nothing is believed, the others still count. */

import { z } from "zod";
import { SCAN_ISSUES_MAX, UPSTREAM_FILES_MAX } from "../limits.ts";
import type { CommitAuthor, HubRecord, HubScan, UpstreamFile } from "./findings.ts";
import { isHubId } from "./hub-id.ts";
import { decodeText, isObject, parseJson, UnreadableError } from "./json.ts";
import { byteCount, count, defined, flag, text } from "./lenient.ts";
import { isSanePath } from "./paths.ts";

const SHA256 = /^[0-9a-f]{64}$/i;
const SHA1 = /^[0-9a-f]{40}$/;

const record = z.object({
  id: z.string().refine(isHubId),
  sha: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i)
    .optional()
    .catch(undefined),
  author: text,
  private: flag,
  gated: z.union([z.boolean(), z.string()]).catch(false),
  disabled: flag,
  downloads: count,
  likes: count,
  lastModified: text,
  createdAt: text,
  pipeline_tag: text,
  library_name: text,
  tags: z.array(z.unknown()).catch([]),
  // The live hub lifts this part of the card out of it.
  "model-index": z.array(z.unknown()).optional().catch(undefined),
  cardData: z.record(z.string(), z.unknown()).optional().catch(undefined),
  siblings: z.array(z.unknown()),
  // Sent only when asked for with `securityStatus=true`.
  securityRepoStatus: z
    .object({ scansDone: z.boolean(), filesWithIssues: z.array(z.unknown()) })
    .optional()
    .catch(undefined),
});

/** The hub's levels are `unsafe`, `suspicious` and `caution`; one that we do not know is kept as it is. */
const issue = z.object({ path: z.string().max(1024), level: z.string().max(40).catch("unknown") });

const commit = z.object({
  authors: z.array(z.object({ user: text, name: text }).catch({})).catch([]),
});

/**
 * Reads the record of a model, dataset or space.
 *
 * @throws UnreadableError if it is not JSON, lacks its id or its list of files, or lists too many.
 */
export function readHubRecord(body: Uint8Array): HubRecord {
  const parsed = record.safeParse(parseJson(decodeText(body)));
  if (!parsed.success) throw new UnreadableError("not a record of the hub");
  const { gated, tags, siblings, lastModified, createdAt, cardData, securityRepoStatus, ...rest } = parsed.data;
  const { "model-index": results, ...same } = rest;
  return defined<HubRecord>({
    ...same,
    gate: gated === "auto" || gated === "manual" ? gated : undefined,
    gated: gated === true || (typeof gated === "string" && gated !== "" && gated !== "false"),
    tags: tags.filter((tag) => typeof tag === "string"),
    last_modified: lastModified,
    created_at: createdAt,
    card_data: results ? { "model-index": results, ...cardData } : cardData,
    files: readFiles(siblings),
    scan: securityRepoStatus && readScan(securityRepoStatus),
  });
}

function readScan({ scansDone, filesWithIssues }: { scansDone: boolean; filesWithIssues: unknown[] }): HubScan {
  const issues = filesWithIssues.slice(0, SCAN_ISSUES_MAX).map((entry) => {
    // an issue that we cannot read is an issue all the same
    return issue.safeParse(entry).data ?? { path: "", level: "unknown" };
  });
  return { done: scansDone, issues };
}

/** Reads the list of files without a schema: of a list of 100,000, a schema makes a second of CPU. */
function readFiles(siblings: unknown[]): UpstreamFile[] {
  if (siblings.length > UPSTREAM_FILES_MAX) throw new UnreadableError(`lists more than ${UPSTREAM_FILES_MAX} files`);
  const files = new Map<string, UpstreamFile>();
  for (const entry of siblings) {
    if (!isObject(entry)) continue;
    const { rfilename: path, blobId } = entry;
    if (typeof path !== "string" || !isSanePath(path) || files.has(path)) continue;
    const lfs = isObject(entry["lfs"]) ? entry["lfs"] : undefined;
    const file: UpstreamFile = { path };
    const size = byteCount(entry["size"]) ?? byteCount(lfs?.["size"]);
    const sha256 = lfs?.["sha256"];
    if (size !== undefined) file.size = size;
    if (typeof sha256 === "string" && SHA256.test(sha256)) file.sha256 = sha256.toLowerCase();
    // of a file that is kept elsewhere, git has the pointer
    if (lfs === undefined && typeof blobId === "string" && SHA1.test(blobId)) file.git_sha1 = blobId;
    files.set(path, file);
  }
  return [...files.values()];
}

/**
 * Reads the commits of a repository of the hub into its authors, the busiest first.
 *
 * @throws UnreadableError if it is not a JSON list.
 */
export function readCommitAuthors(body: Uint8Array): CommitAuthor[] {
  const list = parseJson(decodeText(body));
  if (!Array.isArray(list)) throw new UnreadableError("not a list of commits");
  const commits = new Map<string, number>();
  for (const entry of list) {
    const names = commit.safeParse(entry).data?.authors.map((author) => author.user ?? author.name) ?? [];
    for (const name of new Set(names)) {
      if (name !== undefined) commits.set(name, (commits.get(name) ?? 0) + 1);
    }
  }
  return [...commits].map(([name, n]) => ({ name, commits: n })).sort((a, b) => b.commits - a.commits);
}
