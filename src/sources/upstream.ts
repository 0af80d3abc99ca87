/** What every upstream client is given, and the one way in which it turns an answer into a finding. */

import { sha256Hex } from "../lib/hash.ts";
import type { Finding, Found, Missing } from "./findings.ts";
import { UnreadableError } from "./json.ts";
import { noteUpstream } from "./observations.ts";
import { type SafeRequest, type SafeResponse, safeFetch, UpstreamError } from "./safe-fetch.ts";

/** Where upstreams are and who we are to them. Tokens are sent to their own origin only. */
export interface Upstream {
  /** `https://huggingface.co`, or a mirror of it. */
  hfEndpoint: string;
  /** `https://api.github.com`, or that of an own instance. */
  githubApiUrl: string;
  hfToken?: string | undefined;
  githubToken?: string | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Ends everything that is under way. */
  signal?: AbortSignal | undefined;
  /** Bounds how many calls are open at once; without it there is no bound. */
  slots?: Slots | undefined;
  /** Where conditional answers are kept; the platform's default cache if not given, none if null. */
  cache?: UpstreamCache | null | undefined;
}

/** The part of the platform's Cache API that is used. */
export type UpstreamCache = Pick<Cache, "match" | "put">;

/** Runs work when there is room for it. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** Why a repository cannot be seen: the hub gives this answer for missing, private and gated ones alike. */
export const PRIVATE_OR_GATED = "private or gated";

/** At most `count` pieces of work at once, in the order in which they came. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // the slot is handed over, not freed: nobody can step in between
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** One question to an upstream, in its slot. */
export function ask(upstream: Upstream, request: Omit<SafeRequest, "signal">): Promise<SafeResponse> {
  const call = () => safeFetch({ ...request, signal: upstream.signal });
  const answer = upstream.slots === undefined ? call() : upstream.slots(call);
  observe(upstream, request.url, answer);
  return answer;
}

/** Notes for the health page how the two hubs answer; other hosts are nobody's component. */
function observe(upstream: Upstream, url: string, answer: Promise<SafeResponse>): void {
  const { origin } = new URL(url);
  if (![upstream.hfEndpoint, upstream.githubApiUrl].some((endpoint) => new URL(endpoint).origin === origin)) return;
  answer.then(
    ({ status }) =>
      noteUpstream(origin, upstream.now(), status === 429 || status >= 500 ? `HTTP ${status}` : undefined),
    (error: unknown) => {
      const ours = error instanceof UpstreamError && error.kind === "cancelled";
      if (!ours) noteUpstream(origin, upstream.now(), error instanceof UpstreamError ? error.kind : "failed");
    },
  );
}

/** Asks and reads: the whole way from a request to a finding. `read` may throw UnreadableError. */
export async function find<T>(
  upstream: Upstream,
  request: Omit<SafeRequest, "signal">,
  read: (bytes: Uint8Array<ArrayBuffer>, response: SafeResponse) => T,
  explain: (response: SafeResponse) => Missing | undefined = () => undefined,
): Promise<Finding<T>> {
  try {
    const response = await ask(upstream, request);
    if (response.status >= 200 && response.status < 300) return await toFinding(upstream, request.url, response, read);
    return explain(response) ?? missingFor(response.status, response.url);
  } catch (error) {
    return failure(error, request.url);
  }
}

/** A finding from an answer that came; `asked` is the URL that we asked for. */
export async function toFinding<T>(
  upstream: Upstream,
  asked: string,
  response: SafeResponse,
  read: (bytes: Uint8Array<ArrayBuffer>, response: SafeResponse) => T,
): Promise<Finding<T>> {
  const url = shownUrl(response.url, asked);
  try {
    const value = read(response.bytes, response);
    const fetched_at = new Date(upstream.now()).toISOString();
    return { status: "found", value, url, fetched_at, sha256: await sha256Hex(response.bytes) };
  } catch (error) {
    if (error instanceof UnreadableError) return { status: "unreadable", reason: error.message, url };
    throw error;
  }
}

/**
 * The finding of a call that brought no answer; anything but an UpstreamError is a bug and goes on. What is larger than we
 * read is there, and its publisher made it so: `unreadable`.
 */
export function failure(error: unknown, url: string): Missing {
  if (!(error instanceof UpstreamError)) throw error;
  const status = error.kind === "too_large" ? "unreadable" : "unavailable";
  return { status, reason: error.message, url: shownUrl(url) };
}

/** What a status that is no success means. */
export function missingFor(status: number, url: string): Missing {
  const at = { url: shownUrl(url) };
  if (status === 404 || status === 410) return { status: "absent", reason: `upstream answered ${status}`, ...at };
  if (status === 401 || status === 403) return { status: "unavailable", reason: PRIVATE_OR_GATED, ...at };
  if (status === 429) return { status: "unavailable", reason: "rate limited", ...at };
  return { status: "unavailable", reason: `upstream answered ${status}`, ...at };
}

/** Why something did not come, for people: the host that was asked, and what it did. */
export function causeOf({ reason, url }: Missing): string {
  const host = url === undefined ? "" : (URL.parse(url)?.host ?? "");
  return host === "" || reason.includes(host) ? reason : `${host}: ${reason}`;
}

/** A finding of something else that was read from the same answer. */
export function mapFound<T, U>(finding: Finding<T>, read: (value: T) => U): Finding<U> {
  if (finding.status !== "found") return finding;
  try {
    const mapped: Found<U> = { ...finding, value: read(finding.value) };
    return mapped;
  } catch (error) {
    if (error instanceof UnreadableError) return { status: "unreadable", reason: error.message, url: finding.url };
    throw error;
  }
}

/** A URL fit for keeping: a redirect's query is a signature more often than not, so only our own is kept. */
function shownUrl(url: string, asked?: string): string {
  return url === asked ? url : (url.split(/[?#]/, 1)[0] ?? url);
}
