/**
 * What GitHub told us before, and when it wants to be left alone.
 *
 * Invariant: an entry never holds or is named by a token, and nothing here is needed: without a cache, or with one that
 * fails, every question is simply asked anew.
 */

import { GITHUB_CACHE_MAX_AGE_S, GITHUB_PAUSE_DEFAULT_MS, GITHUB_PAUSE_MAX_MS } from "../limits.ts";
import type { SafeResponse } from "./safe-fetch.ts";
import type { Upstream, UpstreamCache } from "./upstream.ts";

/** An earlier answer. */
export interface Remembered {
  etag: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Where it came from, after redirects. */
  url: string;
  /** When it was given, in milliseconds since 1970. */
  keptAt: number;
}

/** GitHub's two separate budgets. */
export type Budget = "rest" | "graphql";

function cacheOf(upstream: Upstream): UpstreamCache | undefined {
  if (upstream.cache !== undefined) return upstream.cache ?? undefined;
  return typeof caches === "undefined" ? undefined : caches.default;
}

/** A name under which nothing can be fetched; what the token may see is kept apart from what everybody may. */
function entry(upstream: Upstream, kind: string, what: string): string {
  const who = upstream.githubToken === undefined ? "anonymous" : "token";
  return `https://github-cache.invalid/${who}/${kind}/${encodeURIComponent(upstream.githubApiUrl)}/${encodeURIComponent(what)}`;
}

async function read(upstream: Upstream, name: string): Promise<Response | undefined> {
  try {
    return await cacheOf(upstream)?.match(name);
  } catch {
    return undefined;
  }
}

async function write(upstream: Upstream, name: string, response: Response): Promise<void> {
  try {
    await cacheOf(upstream)?.put(name, response);
  } catch {
    // a cache that does not work costs a few requests, no more
  }
}

/** The answer that was kept for a question. */
export async function recall(upstream: Upstream, question: string): Promise<Remembered | undefined> {
  const kept = await read(upstream, entry(upstream, "answer", question));
  const etag = kept?.headers.get("ETag");
  const url = kept?.headers.get("X-Url");
  if (kept === undefined || !etag || !url) return undefined;
  const keptAt = Number(kept.headers.get("X-Kept-At"));
  return { etag, url, keptAt, bytes: new Uint8Array(await kept.arrayBuffer()) };
}

/** Keeps an answer that has an ETag. */
export async function remember(upstream: Upstream, question: string, response: SafeResponse): Promise<void> {
  const etag = response.headers.get("ETag");
  if (etag === null || response.status !== 200) return;
  const headers = {
    ETag: etag,
    "X-Url": response.url,
    "X-Kept-At": String(upstream.now()),
    "Cache-Control": `max-age=${GITHUB_CACHE_MAX_AGE_S}`,
  };
  await write(upstream, entry(upstream, "answer", question), new Response(response.bytes, { headers }));
}

/** Until when (milliseconds since 1970) GitHub must not be asked; undefined if it may. */
export async function pausedUntil(upstream: Upstream, budget: Budget): Promise<number | undefined> {
  const kept = await read(upstream, entry(upstream, "pause", budget));
  const until = Number(await kept?.text());
  return until > upstream.now() ? until : undefined;
}

/** Notes when an answer says that the budget is used up; returns until when if so. */
export async function notePause(
  upstream: Upstream,
  budget: Budget,
  response: SafeResponse,
): Promise<number | undefined> {
  const until = pauseIn(response, upstream.now());
  if (until === undefined) return undefined;
  const seconds = Math.max(1, Math.ceil((until - upstream.now()) / 1000));
  const headers = { "Cache-Control": `max-age=${seconds}` };
  await write(upstream, entry(upstream, "pause", budget), new Response(String(until), { headers }));
  return until;
}

/** When an answer asks to be left alone: until when, in milliseconds since 1970. */
function pauseIn(response: SafeResponse, now: number): number | undefined {
  const { headers, status } = response;
  const exhausted = headers.get("X-RateLimit-Remaining") === "0";
  const retryAfter = headers.get("Retry-After");
  const refused = status === 429 || (status === 403 && (exhausted || retryAfter !== null));
  if (!refused && !exhausted) return undefined;
  const reset = Number(headers.get("X-RateLimit-Reset") ?? Number.NaN) * 1000;
  const asked = retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? now + Number(retryAfter) * 1000 : Number.NaN;
  const until = [asked, reset].find((time) => time > now);
  // a success that used up the last of the budget, but names no reset, is no reason to stop
  if (until === undefined && !refused) return undefined;
  return Math.min(until ?? now + GITHUB_PAUSE_DEFAULT_MS, now + GITHUB_PAUSE_MAX_MS);
}
