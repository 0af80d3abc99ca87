/** One entry out of an archive: found, read in place or inflated, and never more of it than it promises. */

import { describe, expect, it } from "vitest";
import {
  dataRange,
  type EntryLocation,
  locateEntry,
  openEntry,
  readEntry,
  readZipEntry,
} from "../../src/zip/zip-entry.ts";
import { readZipIndex } from "../../src/zip/zip-index.ts";
import { deflated, join, type Made, makeZip, readerOf } from "./make-zip.ts";

const LONG = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) % 251);

async function archive(entries: Made[]) {
  const bytes = makeZip(entries);
  const read = readerOf(bytes);
  const index = await readZipIndex(read, bytes.length);
  const locations = await Promise.all(index.entries.map((entry) => locateEntry(read, entry)));
  return { bytes, read, locations };
}
const first = async (
  entries: Made[],
): Promise<{ entry: EntryLocation; data: Uint8Array; read: ReturnType<typeof readerOf> }> => {
  const { bytes, read, locations } = await archive(entries);
  const [entry] = locations;
  if (!entry) throw new Error("no entry");
  const { offset, length } = dataRange(entry);
  return { entry, data: bytes.slice(offset, offset + length), read };
};
const inChunks = (data: Uint8Array, chunk: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < data.length; at += chunk) controller.enqueue(data.slice(at, at + chunk));
      controller.close();
    },
  });
const collect = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());

describe("an entry", () => {
  it.each([1, 1000, 1_000_000])("is streamed, stored or deflated, from chunks of %i bytes", async (chunk) => {
    const content = chunk === 1 ? LONG.slice(0, 2000) : LONG;
    for (const made of [{ name: "x", data: content }, await deflated("x", content), await deflated("x", "")]) {
      const { entry, data } = await first([made]);
      expect(await collect(openEntry(entry, inChunks(data, chunk)))).toEqual(made.inflated ?? content);
    }
  });

  it.each<[why: string, change: Partial<EntryLocation>]>([
    ["has another checksum", { crc32: 1 }],
    ["is longer than it promises", { size: LONG.length - 1 }],
    ["is shorter than it promises", { size: LONG.length + 1 }],
  ])("that %s fails, as a stream and in memory", async (_, change) => {
    for (const made of [{ name: "x", data: LONG }, await deflated("x", LONG)]) {
      const { entry, data, read } = await first([made]);
      const changed = { ...entry, ...change };
      await expect(collect(openEntry(changed, inChunks(data, 5000)))).rejects.toMatchObject({
        code: "content_corrupt",
      });
      await expect(readEntry(read, changed)).rejects.toMatchObject({ code: "content_corrupt", path: "x" });
    }
  });

  it("whose data cannot be inflated, breaks off or goes on fails", async () => {
    const { entry, data } = await first([await deflated("x", LONG)]);
    for (const wrong of [new Uint8Array(1000).fill(0xff), data.slice(0, -10), join(data, "more")]) {
      await expect(collect(openEntry(entry, inChunks(wrong, 5000)))).rejects.toMatchObject({ code: "content_corrupt" });
      const at = { ...entry, dataOffset: 0, compressedSize: wrong.length };
      await expect(readEntry(readerOf(wrong), at)).rejects.toMatchObject({ code: "content_corrupt" });
    }
  });

  it("that is a bomb is stopped when it passes what it promises", async () => {
    const { entry, data } = await first([await deflated("x", new Uint8Array(50_000_000))]);
    let seen = 0;
    const reader = openEntry({ ...entry, size: 1000 }, inChunks(data, 1_000_000)).getReader();
    const drain = async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) seen += next.value.length;
    };
    await expect(drain()).rejects.toMatchObject({ code: "content_corrupt" });
    expect(seen).toBeLessThanOrEqual(1000);
  });

  it("that is packed in another way is not opened", async () => {
    const { entry, data, read } = await first([{ name: "x", data: "abc", method: 12 }]);
    await expect(collect(openEntry(entry, inChunks(data, 10)))).rejects.toMatchObject({ code: "unknown_method" });
    await expect(readEntry(read, entry)).rejects.toMatchObject({ code: "unknown_method" });
  });

  it("over the bound is not read into memory", async () => {
    const { entry, read } = await first([{ name: "x", data: "abc" }]);
    await expect(readEntry(read, entry, 2)).rejects.toThrow(RangeError);
    expect(await readEntry(read, entry, 3)).toHaveLength(3);
  });
});

describe("the entry of a path", () => {
  it("is found among others, also behind extra fields, and is undefined where there is none", async () => {
    const zip = makeZip([
      { name: "a", data: "1" },
      { name: "b", data: "22", local: { extra: new Uint8Array(30) } },
    ]);
    const read = readerOf(zip);
    expect(new TextDecoder().decode(await readZipEntry(read, zip.length, "b"))).toBe("22");
    expect(await readZipEntry(read, zip.length, "c")).toBeUndefined();
    expect(await readZipEntry(async () => undefined, zip.length, "b")).toBeUndefined();
    expect(await readZipEntry(read, zip.length - 1, "b")).toBeUndefined();
    zip[zip.indexOf(0x32)] = 0x33;
    expect(await readZipEntry(read, zip.length, "b")).toBeUndefined();
    await expect(readZipEntry(() => Promise.reject(new Error("down")), zip.length, "b")).rejects.toThrow("down");
  });
});
