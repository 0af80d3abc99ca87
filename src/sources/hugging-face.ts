/** Hugging Face: records, files and commit authors, each as a finding. */

import { README_MAX_BYTES, UPSTREAM_JSON_MAX_BYTES } from "../limits.ts";
import type { CommitAuthor, Finding, HubRecord, Missing } from "./findings.ts";
import { readCommitAuthors, readHubRecord } from "./hub-record.ts";
import { encodePath } from "./paths.ts";
import type { HostPolicy, SafeRequest, SafeResponse } from "./safe-fetch.ts";
import type { HubRepository } from "./source-url.ts";
import { find, PRIVATE_OR_GATED, type Upstream } from "./upstream.ts";

/**
 * Large files are served from hosts below these two, whatever the endpoint: `cdn-lfs*.hf.co`, `*.cdn.hf.co`, `*.xethub.hf.co`
 * and, of old, `cdn-lfs*.huggingface.co`. What people publish themselves (spaces) is on another domain.
 */
const CDN_SUFFIXES = ["huggingface.co", "hf.co"] as const;

/** The hub's words for a token that it does not know; the same status also means "no such repository". */
const BAD_TOKEN = /invalid credentials/i;

function endpoint(upstream: Upstream): string {
  return upstream.hfEndpoint.replace(/\/+$/, "");
}

function hosts(upstream: Upstream): HostPolicy {
  return { origins: [new URL(upstream.hfEndpoint).origin], suffixes: CDN_SUFFIXES };
}

function request(upstream: Upstream, path: string, maxBytes: number): Omit<SafeRequest, "signal"> {
  const token = upstream.hfToken;
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { url: endpoint(upstream) + path, headers, maxBytes, hosts: hosts(upstream) };
}

function explain(response: SafeResponse): Missing | undefined {
  if (response.status !== 401 || !BAD_TOKEN.test(response.headers.get("X-Error-Message") ?? "")) return undefined;
  return { status: "unavailable", reason: "HF_TOKEN was refused", url: response.url };
}

/**
 * The record of a model, dataset or space. `blobs` asks for the sizes and digests of its files as well, `scan` in the same
 * call for what the hub's scanners found in them.
 * The id in the record is the canonical one: renamed repositories are followed.
 */
export async function hubRecord(
  upstream: Upstream,
  repository: HubRepository,
  { blobs = false, scan = false }: { blobs?: boolean; scan?: boolean },
): Promise<Finding<HubRecord>> {
  const query = [...(blobs ? ["blobs=true"] : []), ...(scan ? ["securityStatus=true"] : [])].join("&");
  const get = (id: string) =>
    find(
      upstream,
      request(upstream, `/api/${repository.kind}/${encodePath(id)}${query && `?${query}`}`, UPSTREAM_JSON_MAX_BYTES),
      (bytes, response) => ({ record: readHubRecord(bytes), url: response.url }),
      explain,
    );
  const first = await get(repository.id);
  // the redirect of a renamed repository may lose the query, and with it sizes and scan
  const lost = query !== "" && first.status === "found" && !first.value.url.includes(query);
  const second = lost ? await get(first.value.record.id) : first;
  const answer = second.status === "found" ? second : first;
  if (answer.status !== "found") return answer;
  // Our token may see what its owner keeps private; whoever asks the registry may not.
  if (answer.value.record.private) return { status: "unavailable", reason: PRIVATE_OR_GATED, url: answer.url };
  return { ...answer, value: answer.value.record };
}

/** One file of a repository, at a commit or at the head of `main`. */
export function hubFile(
  upstream: Upstream,
  repository: HubRepository,
  revision: string | undefined,
  path: string,
  maxBytes: number = README_MAX_BYTES,
): Promise<Finding<Uint8Array<ArrayBuffer>>> {
  const asked = hubFileRequest(upstream, repository, revision ?? "main", path, maxBytes);
  return find(upstream, asked, (bytes) => bytes, explain);
}

/** How one file of a repository is asked for. */
export function hubFileRequest(
  upstream: Upstream,
  repository: HubRepository,
  revision: string,
  path: string,
  maxBytes: number,
): Omit<SafeRequest, "signal"> {
  const prefix = repository.kind === "models" ? "" : `/${repository.kind}`;
  const at = `${prefix}/${encodePath(repository.id)}/resolve/${encodeURIComponent(revision)}`;
  return request(upstream, `${at}/${encodePath(path)}`, maxBytes);
}

/** Who made the last commits of a model's own repository. */
export function hubCommitAuthors(upstream: Upstream, id: string): Promise<Finding<CommitAuthor[]>> {
  const path = `/api/models/${encodePath(id)}/commits/main`;
  return find(upstream, request(upstream, path, UPSTREAM_JSON_MAX_BYTES), readCommitAuthors, explain);
}
