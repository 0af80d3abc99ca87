/** Reading a whole object back: in ranges, with pauses, and never as if it were whole when it is not. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { digestUpload } from "../../src/artifacts/uploads/digest.ts";
import type { Context } from "../../src/context.ts";
import { sha256Hex } from "../../src/lib/hash.ts";
import { createPace } from "../../src/lib/pace.ts";
import { PACE_BYTES, READ_BACK_RANGE_BYTES } from "../../src/limits.ts";
import { ObjectGoneError, openReadBack } from "../../src/store/read-back.ts";

const KEY = "artifacts/model/1.zip";
const BYTES = Uint8Array.from({ length: 1_300_001 }, (_, i) => (i * 31 + (i >> 9)) % 251);

beforeEach(async () => {
  await env.BUCKET.put(KEY, BYTES);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The bucket, and which ranges were asked for; `answer` may replace what it gives to the nth of them (from 1 on). */
function watched(answer: (n: number, real: R2ObjectBody | null) => R2ObjectBody | null = (_, real) => real) {
  const ranges: unknown[] = [];
  const get = async (key: string, options: R2GetOptions = {}) => {
    ranges.push(options.range);
    return answer(ranges.length, await env.BUCKET.get(key, options));
  };
  return { ranges, bucket: { get } as unknown as R2Bucket };
}

async function readAll(bucket: R2Bucket, rangeBytes: number): Promise<Uint8Array> {
  const object = await openReadBack(bucket, KEY, rangeBytes);
  if (!object) throw new Error("not there");
  const out = new Uint8Array(object.size);
  let at = 0;
  for (let part = await object.reader.read(); !part.done; part = await object.reader.read()) {
    out.set(part.value, at);
    at += part.value.byteLength;
  }
  expect(at).toBe(object.size);
  return out;
}

describe("reading back", () => {
  it.each([
    ["one that fits", 2_000_000, 1],
    ["exactly its size", BYTES.length, 1],
    ["several with a rest", 600_000, 3],
    ["many", 100_000, 14],
  ])("gives every byte once, in ranges: %s", async (_, rangeBytes, calls) => {
    const { bucket, ranges } = watched();
    expect(await sha256Hex(new Uint8Array(await readAll(bucket, rangeBytes)))).toBe(await sha256Hex(BYTES));
    expect(ranges).toHaveLength(calls);
    expect(ranges[0]).toEqual({ offset: 0, length: rangeBytes });
  });

  it("takes larger ranges where there would be too many", async () => {
    const { bucket, ranges } = watched();
    const { reader } = (await openReadBack(bucket, KEY, 100)) ?? {};
    for (let reads = 0; reads < 2; reads += 1) await reader?.read();
    await reader?.cancel();
    expect(ranges).toEqual([
      { offset: 0, length: 100 },
      { offset: 100, length: 1301 },
    ]);
  });

  it("pauses as often as its bytes say", async () => {
    const wait = vi.spyOn(scheduler, "wait");
    await readAll(watched().bucket, 2_000_000);
    expect(wait).toHaveBeenCalledTimes(Math.floor(BYTES.length / PACE_BYTES));
  });

  it("has nothing to open where there is no object", async () => {
    expect(await openReadBack(env.BUCKET, "artifacts/model/2.zip")).toBeUndefined();
  });

  it("fails when the object is deleted in the middle", async () => {
    const { bucket } = watched((n, real) => {
      if (n < 3) return real;
      real?.body.cancel();
      return null;
    });
    await expect(readAll(bucket, 500_000)).rejects.toThrow(ObjectGoneError);
  });

  it("fails when a range ends early, instead of going on behind the gap", async () => {
    const { bucket } = watched((n, real) =>
      n === 2 && real
        ? ({ ...real, body: new Blob([BYTES.subarray(0, 10)]).stream() } as unknown as R2ObjectBody)
        : real,
    );
    await expect(readAll(bucket, 500_000)).rejects.toThrow("a range ended at byte 500010 instead of 1000000");
  });

  it("digests an object without asking for all of it at once", async () => {
    const { bucket, ranges } = watched();
    const digested = await digestUpload({ blobs: bucket } as unknown as Context, KEY, []);
    expect(digested.sha256).toBe(await sha256Hex(BYTES));
    expect(ranges).toEqual([{ offset: 0, length: READ_BACK_RANGE_BYTES }]);
  });
});

describe("a pace", () => {
  it("waits once for each so many bytes, however they come", async () => {
    const wait = vi.spyOn(scheduler, "wait");
    const pace = createPace(100);
    for (const bytes of [40, 40, 40, 99, 1, 500]) await pace(bytes);
    expect(wait.mock.calls).toEqual([[1], [1], [1]]);
  });
});
