/**
 * The contents of what a source names, streamed: a file of the hub at a commit, a part of it, a repository's archive.
 *
 * Invariant: what is streamed is the range that was asked for of a file of the size that was expected, or it fails. What
 * cannot get better by asking again has an error of its own kind (`PERMANENT`).
 */

import { hubFileRequest } from "./hugging-face.ts";
import { decodeText } from "./json.ts";
import { encodePath } from "./paths.ts";
import { contentLength, type HostPolicy, label, UpstreamError, type UpstreamErrorKind } from "./safe-fetch.ts";
import { type SafeStream, type StreamRequest, safeStream } from "./safe-stream.ts";
import type { HubRepository } from "./source-url.ts";
import { ask, type Upstream } from "./upstream.ts";

/** A stretch of a file, in bytes. */
export interface ByteStretch {
  offset: number;
  length: number;
}

/** Failures that are the same however often one asks. */
export const PERMANENT: readonly UpstreamErrorKind[] = ["too_large", "refused_redirect", "missing", "gated", "changed"];

/**
 * Streams a stretch of one file of a repository of the hub. A server that does not know ranges sends the whole file: what
 * stands before the stretch is then read and dropped.
 *
 * @param file its path, and its size in bytes as the record has it
 * @throws UpstreamError `missing`: the file is not there for us; `gated`: nor for anybody who was not let in; `changed`: it
 *   has another size
 */
export async function openHubFile(
  upstream: Upstream,
  repository: HubRepository,
  revision: string,
  file: { path: string; size: number },
  stretch: ByteStretch,
): Promise<ReadableStream<Uint8Array>> {
  const { offset, length } = stretch;
  const isWhole = offset === 0 && length === file.size;
  const request = hubFileRequest(upstream, repository, revision, file.path, file.size);
  // a compressed answer has another length, and no ranges that mean anything
  request.headers = { ...request.headers, "Accept-Encoding": "identity" };
  if (!isWhole) request.headers["Range"] = `bytes=${offset}-${offset + length - 1}`;
  const answer = await safeStream(request);
  try {
    return checked(request, answer, file, stretch);
  } catch (error) {
    await answer.body.cancel();
    throw error;
  }
}

function checked(
  request: StreamRequest,
  { status, headers, body }: SafeStream,
  { size }: { size: number },
  { offset, length }: ByteStretch,
): ReadableStream<Uint8Array> {
  const changed = (what: string) => new UpstreamError("changed", `${label(request)}: ${what}`);
  if (status === 206) {
    const range = headers.get("Content-Range") ?? "";
    const [, first, last, whole] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(range) ?? [];
    if (whole !== undefined && whole !== "*" && Number(whole) !== size) throw changed(`${whole} bytes, not ${size}`);
    if (Number(first) !== offset || Number(last) !== offset + length - 1) throw changed(`answered range "${range}"`);
    return exactly(request, body, { skip: 0, length, total: length });
  }
  if (status === 200) {
    const announced = contentLength(headers);
    const isEncoded = headers.has("Content-Encoding") && headers.get("Content-Encoding") !== "identity";
    if (announced !== undefined && !isEncoded && announced !== size) throw changed(`${announced} bytes, not ${size}`);
    return exactly(request, body, { skip: offset, length, total: size });
  }
  if (status === 416) throw changed(`no bytes ${offset} to ${offset + length}`);
  if ((status === 401 || status === 403) && headers.get("X-Error-Code") === "GatedRepo") {
    throw new UpstreamError("gated", `${label(request)} answered ${status}`);
  }
  throw statusError(request, status);
}

/** 403 without a word of a gate is GitHub's for "later": it may be asked again. */
function statusError(request: Pick<StreamRequest, "url">, status: number): UpstreamError {
  const isMissing = [401, 404, 410, 451].includes(status);
  return new UpstreamError(isMissing ? "missing" : "network", `${label(request)} answered ${status}`);
}

/** Drops `skip` bytes, passes `length` on, and lets what remains of the `total` go unread; there may not be more than that. */
function exactly(
  request: StreamRequest,
  body: ReadableStream<Uint8Array>,
  { skip, length, total }: { skip: number; length: number; total: number },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(to) {
        while (seen < skip + length) {
          const { done, value } = await reader.read();
          if (done) throw new UpstreamError("network", `${label(request)} ended after ${seen} of ${total} bytes`);
          const part = value.subarray(Math.max(0, skip - seen), skip + length - seen);
          seen += value.byteLength;
          if (part.byteLength > 0) return to.enqueue(part);
        }
        // at the end of the body there must be nothing more; before it, nobody looks
        if (skip + length < total) await reader.cancel();
        else if (seen > total || !(await reader.read()).done) {
          await reader.cancel();
          throw new UpstreamError("changed", `${label(request)} sent more than ${total} bytes`);
        }
        to.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * The commit at the head of a repository's default branch.
 * @throws UpstreamError `missing` if there is no such repository for us, or it is empty
 */
export async function gitHubCommit(upstream: Upstream, repository: string): Promise<string> {
  const request = gitHubRequest(upstream, `/repos/${encodePath(repository)}/commits/HEAD`, 100);
  const asked = { ...request, headers: { ...request.headers, Accept: "application/vnd.github.sha" } };
  const { status, bytes } = await ask(upstream, asked);
  if (status === 409) throw new UpstreamError("missing", `${label(asked)}: the repository is empty`);
  const commit = decodeText(bytes).trim();
  if (status !== 200) throw statusError(asked, status);
  if (!/^[0-9a-f]{40,64}$/.test(commit)) throw new UpstreamError("network", `${label(asked)} answered no commit`);
  return commit;
}

/**
 * Streams the zip archive of a repository on GitHub at a commit. Its length is not known before its end.
 * @throws UpstreamError `missing` if there is none for us, `too_large` over `maxBytes` (the body fails with it as well)
 */
export async function openGitHubArchive(
  upstream: Upstream,
  repository: string,
  commit: string,
  maxBytes: number,
): Promise<ReadableStream<Uint8Array>> {
  const path = `/repos/${encodePath(repository)}/zipball/${encodeURIComponent(commit)}`;
  const request = gitHubRequest(upstream, path, maxBytes);
  const answer = await safeStream(request);
  if (answer.status === 200) return answer.body;
  await answer.body.cancel();
  throw statusError(request, answer.status);
}

function gitHubRequest(upstream: Upstream, path: string, maxBytes: number) {
  const token = upstream.githubToken;
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { url: upstream.githubApiUrl.replace(/\/+$/, "") + path, headers, maxBytes, hosts: archiveHosts(upstream) };
}

/** The API, and the host that it sends us to for archives: of an enterprise instance, the one below its name. */
function archiveHosts({ githubApiUrl }: Upstream): HostPolicy {
  const { origin, hostname } = new URL(githubApiUrl);
  const codeload = hostname === "api.github.com" ? "codeload.github.com" : `codeload.${hostname}`;
  return { origins: [origin], suffixes: [codeload] };
}
