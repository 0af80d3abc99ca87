/** Chunks on their way: passed on one by one, cut off at once, and nothing kept of them. */

import { describe, expect, it, vi } from "vitest";
import type { ChunkReader } from "../../src/lib/chunk-reader.ts";
import { pump } from "../../src/store/streams.ts";

const chunk = new Uint8Array(10);
/** So many chunks, and whether they were cut off. */
function chunks(count: number): ChunkReader & { cancelled: boolean } {
  let left = count;
  return {
    cancelled: false,
    async read() {
      left -= 1;
      return left < 0 ? { done: true, value: undefined } : { done: false, value: chunk };
    },
    async cancel() {
      this.cancelled = true;
    },
  };
}
/** Where chunks go, and how many have come; `take` is waited for by each. */
function sink(take: () => void | Promise<void> = () => {}) {
  const seen = { chunks: 0, end: "none" };
  const stream = new WritableStream<Uint8Array>({
    async write() {
      await take();
      seen.chunks += 1;
    },
    close() {
      seen.end = "closed";
    },
    abort() {
      seen.end = "aborted";
    },
  });
  return { seen, writer: stream.getWriter() };
}

describe("what passes", () => {
  it("comes whole to all, and leaves nothing behind with the promise that could have stopped it", async () => {
    const { promise: stopped } = Promise.withResolvers<never>();
    const subscribed = vi.spyOn(stopped, "then");
    const [one, other] = [sink(), sink()];
    await pump(chunks(500), [one.writer, other.writer], stopped);
    expect([one.seen, other.seen]).toEqual(Array(2).fill({ chunks: 500, end: "closed" }));
    expect(subscribed).toHaveBeenCalledTimes(1);
  });

  it("is cut off on both sides while a chunk is waited for that never comes", async () => {
    const stop = Promise.withResolvers<never>();
    const from = { ...chunks(0), read: () => new Promise<never>(() => {}) };
    const { seen, writer } = sink();
    const pumping = pump(from, [writer], stop.promise);
    stop.reject(new Error("enough"));
    await expect(pumping).rejects.toThrow("enough");
    expect([from.cancelled, seen]).toEqual([true, { chunks: 0, end: "aborted" }]);
  });

  it("is cut off when it was stopped between two chunks, too", async () => {
    const stop = Promise.withResolvers<never>();
    const from = chunks(500);
    const { seen, writer } = sink(() => {
      if (seen.chunks === 2) stop.reject(new Error("enough"));
    });
    await expect(pump(from, [writer], stop.promise)).rejects.toThrow("enough");
    expect([from.cancelled, seen.end]).toEqual([true, "aborted"]);
    expect(seen.chunks).toBeLessThanOrEqual(3);
  });

  it("does not begin when it was stopped before", async () => {
    const stopped = Promise.reject(new Error("enough"));
    stopped.catch(() => {});
    await stopped.catch(() => {});
    const { seen, writer } = sink();
    await expect(pump(chunks(500), [writer], stopped as Promise<never>)).rejects.toThrow("enough");
    expect(seen).toEqual({ chunks: 0, end: "aborted" });
  });
});
