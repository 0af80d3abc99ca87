/**
 * Bodies of clients on their way into the bucket: measured and digested as they pass, never in memory whole.
 *
 * Invariant: what the bucket is handed is exactly as long as was announced, or it is handed nothing.
 */

import { toHex } from "../lib/hash.ts";

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
  stop.promise.catch(() => {}); // nobody waits for it once the body has passed
  const writing = write(fixed.readable);
  // A writer that fails reads no further: without this, the body would wait for it.
  writing.catch(stop.reject);
  try {
    await pump(body, [fixed.writable.getWriter(), digest.getWriter()], stop);
  } catch (error) {
    await writing.catch(() => {}); // broken off by now, for whatever reason
    throw error;
  }
  const sha256 = toHex(await digest.digest);
  if (body.sha256 !== undefined && sha256 !== body.sha256) {
    await writing.catch(() => {}); // it may have been refused for that very reason
    throw new WrongDigestError();
  }
  return { written: await writing, sha256 };
}

async function pump(
  { stream, size, timeoutMs }: ComingBody,
  writers: readonly WritableStreamDefaultWriter<Uint8Array>[],
  stop: PromiseWithResolvers<never>,
): Promise<void> {
  const reader = stream.getReader();
  for (const writer of writers) writer.closed.catch(() => {}); // each failure is seen where it is written
  const timer = setTimeout(() => stop.reject(new BrokenBodyError("it took too long")), timeoutMs);
  const unlessStopped = <T>(work: Promise<T>): Promise<T> => Promise.race([stop.promise, work]);
  let passed = 0;
  try {
    for (;;) {
      const { done, value } = await unlessStopped(read(reader));
      if (done) break;
      passed += value.byteLength;
      if (passed > size) throw new BrokenBodyError(`it is longer than the ${size} bytes announced`);
      await unlessStopped(Promise.all(writers.map((writer) => writer.write(value))));
    }
    if (passed < size) throw new BrokenBodyError(`it ended after ${passed} of ${size} bytes`);
    await unlessStopped(Promise.all(writers.map((writer) => writer.close())));
  } catch (error) {
    // Not waited for: a peer that is gone may never answer.
    for (const ending of [reader.cancel(error), ...writers.map((writer) => writer.abort(error))])
      ending.catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    throw new BrokenBodyError("the connection was lost");
  }
}
