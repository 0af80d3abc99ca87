/**
 * The one door through which the product calls out.
 *
 * Invariants: every hop is checked by the same policy as the first; a credential reaches its own origin and no other;
 * the time-out covers head to last byte, the cap every byte of the body; a body that ends early is a failure.
 */

import { REDIRECT_MAX_HOPS, UPSTREAM_TIMEOUT_MS } from "../limits.ts";
import { isWithin, refusePrivate } from "./public-host.ts";

/** Which hosts a request may reach, redirects included. */
export interface HostPolicy {
  /** Origins that the deployment configured; the only ones that may be http or have a port. */
  origins?: readonly string[];
  /** Hosts reached over https together with all below them. */
  suffixes?: readonly string[];
  /** Any public host, for HEAD alone: what a stranger names is looked at, never read. */
  anyPublic?: boolean;
}

/** One outbound request. `maxBytes` caps the decoded body; `timeoutMs` is the default of `limits.ts` if not given. */
export interface SafeRequest {
  url: string;
  method?: "GET" | "HEAD" | "POST";
  headers?: Record<string, string>;
  body?: string;
  timeoutMs?: number;
  maxBytes: number;
  signal?: AbortSignal | undefined;
  hosts: HostPolicy;
}

/** An answer, whatever its status, read to its end. `url` is where it came from after redirects. */
export interface SafeResponse {
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
  url: string;
}

/**
 * Why there is no answer; the closed set. `missing`, `gated` and `changed` are for what is streamed: it is not there for us,
 * its owner has to let us in first, or it is not what it was said to be.
 */
export type UpstreamErrorKind =
  | "timeout"
  | "too_large"
  | "network"
  | "refused_redirect"
  | "cancelled"
  | "missing"
  | "gated"
  | "changed";

/** An upstream that could not be asked. The message is fit for people and holds no query and no credential. */
export class UpstreamError extends Error {
  readonly kind: UpstreamErrorKind;

  constructor(kind: UpstreamErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "UpstreamError";
    this.kind = kind;
  }
}

const USER_AGENT = "trustworthy-model-registry (Cloudflare Workers)";
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const BODILESS: readonly number[] = [204, 205, 304];

/**
 * Asks an upstream. Statuses are returned, not thrown.
 *
 * @throws UpstreamError if no whole answer came within the bounds, or a hop left the policy.
 */
export async function safeFetch(request: SafeRequest): Promise<SafeResponse> {
  const controller = new AbortController();
  const timeoutMs = request.timeoutMs ?? UPSTREAM_TIMEOUT_MS;
  const cancel = () => controller.abort(cancellation(request));
  const timer = setTimeout(
    () => controller.abort(new UpstreamError("timeout", `${label(request)} took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  request.signal?.addEventListener("abort", cancel, { once: true });
  if (request.signal?.aborted) cancel();
  try {
    return await untilAborted(follow(request, controller.signal), controller.signal);
  } catch (error) {
    const reason: unknown = controller.signal.aborted ? controller.signal.reason : error;
    if (reason instanceof UpstreamError) throw reason;
    throw new UpstreamError("network", `${label(request)} failed`, reason);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", cancel);
    // whatever is still open (a body nobody reads, a fetch that lost the race) is let go
    if (!controller.signal.aborted) controller.abort();
  }
}

/** Our own deadline says why it fell; anything else that a caller aborts with is a cancellation. */
function cancellation(request: SafeRequest): UpstreamError {
  const reason: unknown = request.signal?.reason;
  return reason instanceof UpstreamError ? reason : new UpstreamError("cancelled", `${label(request)} was cancelled`);
}

/** What is asked, without query and credentials: fit for messages. */
export function label(request: Pick<SafeRequest, "url" | "method">): string {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  return `${request.method ?? "GET"} ${url === undefined ? "(no URL)" : url.host + url.pathname}`;
}

/** Ends with the work or with the abort, whichever is first, even if what the work waits for ignores the signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

async function follow(request: SafeRequest, signal: AbortSignal): Promise<SafeResponse> {
  const { response, url } = await open(request, signal);
  return await readWhole(response, url, request.method ?? "GET", request, signal);
}

/** An answer whose body nobody has read yet, and the URL that it came from after redirects, each checked. */
export async function open(
  request: Omit<SafeRequest, "maxBytes" | "timeoutMs">,
  signal: AbortSignal,
): Promise<{ response: Response; url: URL }> {
  const method = request.method ?? "GET";
  const headers = new Headers(request.headers);
  headers.set("User-Agent", USER_AGENT);
  let url = new URL(request.url);
  const refused = refuseHop(url, request.hosts, method);
  if (refused !== undefined) throw new UpstreamError("network", `${label(request)} is not allowed: ${refused}`);

  for (let hop = 0; ; hop += 1) {
    signal.throwIfAborted();
    const body = request.body === undefined ? {} : { body: request.body };
    const response = await send(url, { method, headers, redirect: "manual", signal, ...body });
    const location = REDIRECTS.includes(response.status) ? response.headers.get("Location") : null;
    if (location === null) return { response, url };
    await response.body?.cancel();
    const next = target(location, url);
    const reason =
      next === undefined
        ? "its target is no URL"
        : method === "POST"
          ? "a POST is not repeated elsewhere"
          : hop >= REDIRECT_MAX_HOPS
            ? `more than ${REDIRECT_MAX_HOPS} hops`
            : refuseHop(next, request.hosts, method);
    if (next === undefined || reason !== undefined) {
      throw new UpstreamError("refused_redirect", `${label(request)} redirects where we do not follow: ${reason}`);
    }
    // once dropped, never sent again, even if a later hop leads back
    if (next.origin !== url.origin) headers.delete("Authorization");
    url = next;
  }
}

/**
 * Sends one request, and once more if the connection is lost before an answer begins: connections are reused, and an upstream
 * may close one as a request is written to it. What is not safe to repeat, or took too long, is not repeated.
 */
async function send(url: URL, init: RequestInit & { method: string; signal: AbortSignal }): Promise<Response> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await fetch(url.href, init);
    } catch (error) {
      if (!isFirst || init.signal.aborted || init.method === "POST") throw error;
    }
  }
}

function target(location: string, base: URL): URL | undefined {
  return URL.canParse(location, base.href) ? new URL(location, base.href) : undefined;
}

function refuseHop(url: URL, hosts: HostPolicy, method: string): string | undefined {
  if (url.username !== "" || url.password !== "") return "user information is not allowed";
  if (hosts.origins?.includes(url.origin)) return undefined;
  const reason = refusePrivate(url);
  if (reason !== undefined) return reason;
  if (hosts.suffixes?.some((suffix) => isWithin(url.hostname, suffix))) return undefined;
  return hosts.anyPublic === true && method === "HEAD" ? undefined : "the host is not on the list";
}

async function readWhole(
  response: Response,
  url: URL,
  method: string,
  request: SafeRequest,
  signal: AbortSignal,
): Promise<SafeResponse> {
  const answer = { status: response.status, headers: response.headers, url: url.href };
  if (method === "HEAD" || BODILESS.includes(response.status) || response.body === null) {
    await response.body?.cancel();
    return { ...answer, bytes: new Uint8Array() };
  }
  const tooLarge = () =>
    new UpstreamError("too_large", `${label(request)} answered more than ${request.maxBytes} bytes`);
  const announced = contentLength(response.headers);
  if (announced !== undefined && announced > request.maxBytes) {
    await response.body.cancel();
    throw tooLarge();
  }
  const reader = response.body.getReader();
  // a read that hangs does not notice the signal by itself in every runtime
  const release = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", release, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const chunk: Uint8Array = part.value;
    size += chunk.byteLength;
    if (size > request.maxBytes) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  signal.throwIfAborted();
  signal.removeEventListener("abort", release);
  const encoded = (response.headers.get("Content-Encoding") ?? "identity").toLowerCase() !== "identity";
  if (announced !== undefined && !encoded && announced !== size) {
    throw new UpstreamError("network", `${label(request)} ended after ${size} of ${announced} bytes`);
  }
  return { ...answer, bytes: joined(chunks, size) };
}

/** The length that an answer announces, in bytes; undefined if it does not or makes no sense. */
export function contentLength(headers: Headers): number | undefined {
  const text = headers.get("Content-Length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
