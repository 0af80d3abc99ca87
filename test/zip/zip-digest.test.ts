/** An archive that is read through once: what is told of each file, and what is found wrong with it. */

import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/lib/hash.ts";
import { digestEntries } from "../../src/zip/zip-digest.ts";
import { dataRange, locateEntry } from "../../src/zip/zip-entry.ts";
import { readZipIndex } from "../../src/zip/zip-index.ts";
import { inflate } from "../../src/zip/zip-inflate.ts";
import { bytesOf, deflated, type Made, makeZip, readerOf, seeded } from "./make-zip.ts";

const random = seeded(7);
/** Packs badly, and is longer than what is read or inflated at once. */
const NOISE = Uint8Array.from({ length: 700_000 }, () => random(256));
const TEXT = "Größe und 模型, line by line\n".repeat(20_000);

async function locate(zip: Uint8Array) {
  const { entries } = await readZipIndex(readerOf(zip), zip.length);
  return Promise.all(entries.map((entry) => locateEntry(readerOf(zip), entry)));
}
const streamOf = (bytes: Uint8Array, chunk = 100_000) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunk) controller.enqueue(bytes.slice(at, at + chunk));
      controller.close();
    },
  });
const digest = async (zip: Uint8Array, chunk?: number) =>
  digestEntries(streamOf(zip, chunk), zip.length, await locate(zip));

describe("every file of an archive", () => {
  const entries = async (): Promise<Made[]> => [
    { name: "noise", data: NOISE },
    { name: "d/" },
    { name: "empty" },
    { name: "short.txt", data: "x" },
    { name: "text", data: TEXT, descriptor: "signed" },
    await deflated("d/noise", NOISE),
    await deflated("d/text", TEXT),
    await deflated("d/short", "abc"),
    await deflated("d/empty", ""),
    await deflated("d/zeros", new Uint8Array(3_000_000)),
  ];

  it.each([1_000_000, 4096, 77])("is digested, stored or deflated, from chunks of %i bytes", async (chunk) => {
    const made = await entries();
    const zip = makeZip(made, { comment: "at the end" });
    const { sha256, files } = await digest(zip, chunk);
    expect(sha256).toBe(await sha256Hex(zip));
    expect([...files.keys()]).toEqual(made.map(({ name }) => name).filter((name) => name !== "d/"));
    for (const { name, data, inflated } of made) {
      if (name === "d/") continue;
      const content = inflated ?? bytesOf(data ?? "");
      expect([name, files.get(name)]).toEqual([
        name,
        {
          sha256: await sha256Hex(content as Uint8Array<ArrayBuffer>),
          text: !/noise|zeros/.test(name),
          tail: content.slice(-32),
        },
      ]);
    }
  });

  it("is digested in a stretch of the archive, too, and those outside of it are not", async () => {
    const zip = makeZip([{ name: "a", data: NOISE }, await deflated("b", TEXT), { name: "c", data: "c" }]);
    const [, b] = await locate(zip);
    if (!b) throw new Error("no b");
    const { offset, length } = dataRange(b);
    const { files } = await digestEntries(streamOf(zip.subarray(offset, offset + length)), length, [b], offset);
    expect(files.get("b")?.sha256).toBe(await sha256Hex(bytesOf(TEXT) as Uint8Array<ArrayBuffer>));
    const reading = digestEntries(streamOf(zip.subarray(offset)), length - 1, [b], offset);
    await expect(reading).rejects.toMatchObject({ code: "truncated", path: "b" });
  });

  it("is inflated no faster than it is read, however well it packs", async () => {
    const made = await deflated("zeros", new Uint8Array(20_000_000));
    const [entry] = await locate(makeZip([made]));
    const data = bytesOf(made.data ?? "");
    let taken = 0;
    async function* slices() {
      for (; taken * 100 < data.length; taken += 1) yield data.slice(taken * 100, taken * 100 + 100);
    }
    if (!entry) throw new Error("no entry");
    const chunks = inflate(entry, slices());
    let bytes = (await chunks.next()).value?.length ?? 0;
    for (let turn = 0; turn < 20; turn += 1) await scheduler.wait(0);
    // a slice is some 100 kB of zeros, of which all are there are 200
    expect(taken).toBeLessThan(20);
    for await (const chunk of chunks) bytes += chunk.length;
    expect(bytes).toBe(20_000_000);
  });
});

describe("an archive is corrupt", () => {
  it.each<[why: string, made: (large: boolean) => Promise<Made>]>([
    ["with another checksum, stored", async (large) => ({ name: "x", data: large ? NOISE : "abc", both: { crc: 1 } })],
    [
      "with another checksum, deflated",
      async (large) => ({ ...(await deflated("x", large ? NOISE : "abc")), both: { crc: 1 } }),
    ],
    [
      "with more bytes than its size",
      async (large) => ({ ...(await deflated("x", large ? NOISE : "abcdef")), both: { size: large ? 400_000 : 3 } }),
    ],
    [
      "with fewer bytes than its size",
      async (large) => ({ ...(await deflated("x", large ? NOISE : "abc")), both: { size: large ? 700_001 : 4 } }),
    ],
    [
      "with data that cannot be inflated",
      async (large) => ({
        name: "x",
        data: new Uint8Array(large ? 300_000 : 9).fill(0xff),
        inflated: new Uint8Array(large ? 300_000 : 9),
      }),
    ],
    ["with data behind its end", async (large) => cut(await deflated("x", large ? NOISE : "abc"), 5)],
    ["with data that breaks off", async (large) => cut(await deflated("x", large ? NOISE : "abc"), -2)],
  ])("%s", async (_, make) => {
    for (const large of [false, true]) {
      const zip = makeZip([{ name: "before", data: "x" }, await make(large), { name: "behind", data: "y" }]);
      await expect(digest(zip)).rejects.toMatchObject({ name: "ZipError", code: "content_corrupt", path: "x" });
    }
  });

  it("wherever one bit of a file is another", async () => {
    const zip = makeZip([
      { name: "a", data: "stored" },
      await deflated("b", "deflated ".repeat(5)),
      { name: "c", data: "end" },
    ]);
    for (const location of await locate(zip)) {
      const { offset, length } = dataRange(location);
      // The last bits of what is deflated fill up its last byte, and mean nothing.
      const end = location.method === 8 ? length - 1 : length;
      for (let bit = 0; bit < end * 8; bit += 1) {
        const wrong = zip.slice();
        const at = offset + (bit >> 3);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << (bit & 7));
        await expect(digest(wrong)).rejects.toMatchObject({ code: "content_corrupt", path: location.path });
      }
    }
  });
});

describe("a body that fails", () => {
  it("is no fault of the archive: its own error is handed on, in the middle of a file or of what is deflated", async () => {
    for (const made of [{ name: "x", data: NOISE }, await deflated("x", NOISE)]) {
      const zip = makeZip([made]);
      let at = 0;
      const failing = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at > 300_000) return controller.error(new Error("store down"));
          controller.enqueue(zip.slice(at, at + 100_000));
          at += 100_000;
        },
      });
      await expect(digestEntries(failing, zip.length, await locate(zip))).rejects.toThrow("store down");
      await expect(digestEntries(streamOf(zip.slice(0, 300_000)), zip.length, await locate(zip))).rejects.toThrow(
        /ended \d+ bytes early/,
      );
    }
  });

  it("is an error if it is longer than it should be", async () => {
    const zip = makeZip([{ name: "x", data: "x" }]);
    await expect(
      digestEntries(streamOf(makeZip([{ name: "x", data: "x" }], { after: "y" })), zip.length, await locate(zip)),
    ).rejects.toThrow("longer");
  });
});

/** Data of another length than it inflates from: with more behind it, or without its last bytes. */
function cut(made: Made, by: number): Made {
  const data = bytesOf(made.data ?? "");
  return { ...made, data: by < 0 ? data.slice(0, by) : Uint8Array.from([...data, ...new Uint8Array(by)]) };
}
