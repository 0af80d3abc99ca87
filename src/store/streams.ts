/**
 * Bodies on their way into the bucket, never in memory whole; a client's is measured and digested as it passes.
 *
 * Invariant: what the bucket is handed is exactly as long as was announced, or it is handed nothing.
 */

import { type ChunkReader, openChunkReader } from "../lib/chunk-reader.ts";
import { toHex } from "../lib/hash.ts";
import { STREAM_READ_BYTES } from "../limits.ts";

/** A body that is not what its sender said, or that never came to its end. The message is for the sender. */
export class BrokenBodyError extends Error {
  override readonly name = "BrokenBodyError";
}

/** A body that came whole, and is not the one that its sender meant. */
export class WrongDigestError extends Error {
  override readonly name = "WrongDigestError";
}

/** A body that is still to come. `size` in bytes, as announced. */
export interface ComingBody {
  stream: ReadableStream<Uint8Array>;
  size: number;
  /** Of the whole, hex; where its sender said it. */
  sha256: string | undefined;
  /** How long it may take, in milliseconds. */
  timeoutMs: number;
}

/**
 * Hands a body to whoever writes it, and takes its SHA-256 (hex) on the way.
 * @param write given a stream of known length; its object exists only if that stream came to its end
 * @throws BrokenBodyError, WrongDigestError; whatever `write` throws
 */
export async function passOn<T>(
  body: ComingBody,
  write: (stream: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<{ written: T; sha256: string }> {
  const fixed = new FixedLengthStream(body.size);
  const digest = new crypto.DigestStream("SHA-256");
  digest.digest.catch(() => {}); // of a body that broke off nobody asks for it
  const stop = Promise.withResolvers<never>();
  const timer = setTimeout(() => stop.reject(new BrokenBodyError("it took too long")), body.timeoutMs);
  const writing = write(fixed.readable);
  // A writer that fails reads no further: without this, the body would wait for it.
  writing.catch(stop.reject);
  try {
    await pump(measured(body), [fixed.writable.getWriter(), digest.getWriter()], stop.promise);
  } catch (error) {
    await writing.catch(() => {}); // broken off by now, for whatever reason
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const sha256 = toHex(await digest.digest);
  if (body.sha256 !== undefined && sha256 !== body.sha256) {
    await writing.catch(() => {}); // it may have been refused for that very reason
    throw new WrongDigestError();
  }
  return { written: await writing, sha256 };
}

/**
 * Passes chunks on, each only when the one before has been taken by all: what a stream hands us is ours no longer than until
 * we ask for the next, which `pipeTo` does not know. Then ends the writers; or, if anything fails, cuts both sides off.
 * @param stopped rejects when nobody wants the rest any more
 */
export async function pump(
  from: ChunkReader,
  to: readonly WritableStreamDefaultWriter<Uint8Array>[],
  stopped: Promise<never>,
): Promise<void> {
  for (const writer of to) writer.closed.catch(() => {}); // each failure is seen where it is written
  const unlessStopped = stopping(stopped);
  try {
    for (;;) {
      const { done, value } = await unlessStopped(from.read());
      if (done) break;
      await unlessStopped(Promise.all(to.map((writer) => writer.write(value))));
    }
    await unlessStopped(Promise.all(to.map((writer) => writer.close())));
  } catch (error) {
    // Not waited for: a peer that is gone may never answer.
    for (const ending of [from.cancel(error), ...to.map((writer) => writer.abort(error))]) ending.catch(() => {});
    throw error;
  }
}

/**
 * Waits for one thing after the other, or fails as soon as `stopped` does. It is subscribed to once: a race for each chunk
 * would leave something behind for each, until the whole body has passed.
 */
function stopping(stopped: Promise<never>): <T>(work: Promise<T>) => Promise<T> {
  let failure: { error: unknown } | undefined;
  let fail: (error: unknown) => void = () => {};
  stopped.catch((error: unknown) => {
    failure = { error };
    fail(error);
  });
  return (work) =>
    new Promise((resolve, reject) => {
      fail = reject;
      work.then(resolve, reject);
      if (failure) reject(failure.error);
    });
}

/** Reads a body that is to have the length that was announced. */
function measured({ stream, size }: ComingBody): ChunkReader {
  const reader = openChunkReader(stream, STREAM_READ_BYTES);
  let passed = 0;
  return {
    async read() {
      const part = await reader.read().catch(() => {
        throw new BrokenBodyError("the connection was lost");
      });
      passed += part.value?.byteLength ?? 0;
      if (passed > size) throw new BrokenBodyError(`it is longer than the ${size} bytes announced`);
      if (part.done && passed < size) throw new BrokenBodyError(`it ended after ${passed} of ${size} bytes`);
      return part;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
