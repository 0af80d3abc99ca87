/**
 * The same door as `safe-fetch.ts` for what is too large to be read into memory: the answer's body is handed on as it comes.
 *
 * Invariants: every hop is checked by the same policy; no wait for head or next chunk is longer than the idle time-out; a
 * body of more bytes than the cap, or of another number than announced, ends with an error, never as if it were whole.
 */

import { openChunkReader } from "../lib/chunk-reader.ts";
import { STREAM_READ_BYTES, UPSTREAM_IDLE_TIMEOUT_MS } from "../limits.ts";
import { contentLength, label, open, type SafeRequest, UpstreamError } from "./safe-fetch.ts";

/** One outbound request whose answer is streamed. `maxBytes` caps the body; `idleMs` is the default of `limits.ts`. */
export interface StreamRequest extends Omit<SafeRequest, "timeoutMs" | "body" | "method" | "signal"> {
  idleMs?: number;
}

/**
 * An answer, whatever its status. Whoever does not read `body` to its end cancels it. A chunk of it is there until the next
 * one is asked for, and not longer: whoever wants to keep it copies it.
 */
export interface SafeStream {
  status: number;
  headers: Headers;
  url: string;
  body: ReadableStream<Uint8Array>;
}

/**
 * Asks an upstream and streams what it answers.
 * @throws UpstreamError if no answer began in time, or a hop left the policy; `body` fails with one, too
 */
export async function safeStream(request: StreamRequest): Promise<SafeStream> {
  const idleMs = request.idleMs ?? UPSTREAM_IDLE_TIMEOUT_MS;
  const controller = new AbortController();
  const late = () => new UpstreamError("timeout", `${label(request)} sent nothing for ${idleMs} ms`);
  const { response, url } = await within(idleMs, late, open(request, controller.signal)).catch((error: unknown) => {
    controller.abort();
    throw asUpstreamError(request, error);
  });
  const announced = contentLength(response.headers);
  const isEncoded = (response.headers.get("Content-Encoding") ?? "identity").toLowerCase() !== "identity";
  if (announced !== undefined && announced > request.maxBytes) {
    controller.abort();
    throw tooLarge(request);
  }
  const expected = isEncoded ? undefined : announced;
  const chunks = response.body ? read(response.body, { request, expected, idleMs, late }) : undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(to) {
        try {
          const next = await chunks?.next();
          if (next?.done === false) to.enqueue(next.value);
          else to.close();
        } catch (error) {
          controller.abort();
          to.error(asUpstreamError(request, error));
        }
      },
      async cancel() {
        controller.abort();
        await chunks?.return();
      },
    },
    { highWaterMark: 0 },
  );
  return { status: response.status, headers: response.headers, url: url.href, body };
}

async function* read(
  body: ReadableStream<Uint8Array>,
  bounds: { request: StreamRequest; expected: number | undefined; idleMs: number; late: () => UpstreamError },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { request, expected, idleMs, late } = bounds;
  const reader = openChunkReader(body, STREAM_READ_BYTES);
  let size = 0;
  let ended = false;
  try {
    for (;;) {
      const part = await within(idleMs, late, reader.read());
      ended = part.done;
      if (part.done || !part.value) break;
      size += part.value.byteLength;
      if (size > request.maxBytes) throw tooLarge(request);
      yield part.value;
    }
  } finally {
    // a body that failed, or that nobody wants to the end
    if (!ended) reader.cancel().catch(() => undefined);
  }
  if (expected !== undefined && size !== expected) {
    throw new UpstreamError("network", `${label(request)} ended after ${size} of ${expected} bytes`);
  }
}

function tooLarge(request: StreamRequest): UpstreamError {
  return new UpstreamError("too_large", `${label(request)} answered more than ${request.maxBytes} bytes`);
}

function asUpstreamError(request: StreamRequest, error: unknown): UpstreamError {
  return error instanceof UpstreamError ? error : new UpstreamError("network", `${label(request)} failed`, error);
}

/** The outcome of some work, or an error if it takes longer. */
function within<T>(ms: number, late: () => UpstreamError, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
