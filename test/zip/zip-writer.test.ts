import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/lib/hash.ts";
import { writeZip, type ZipEntry } from "../../src/zip/zip-writer.ts";
import { crc32, readZip } from "./read-zip.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (path: string, text = ""): ZipEntry => ({ path, bytes: bytes(text) });
/** A view of so many entries that share one array: the writer looks at lengths before it copies anything. */
const many = (count: number): ZipEntry[] => Array.from({ length: count }, (_, index) => file(String(index)));

describe("a zip", () => {
  it.each<[string, ZipEntry[]]>([
    ["no entry", []],
    ["one empty entry", [file("empty")]],
    ["text", [file("README.md", "# Hello\n")]],
    ["every byte", [{ path: "bytes", bytes: Uint8Array.from({ length: 256 }, (_, index) => index) }]],
    ["several, in their order", [file("z", "1"), file("a", "22"), file("m/n/o", "333")]],
    ["names beyond ASCII", [file("münchen/😀.txt", "ü"), file("名前.json", "{}")]],
    ["what looks like headers", [file("PK", "PK\u0001\u0002PK\u0005\u0006PK\u0003\u0004")]],
    ["a name of 65,535 bytes", [file("n".repeat(0xffff), "long")]],
  ])("holds %s, as it was given", (_, entries) => {
    const read = readZip(writeZip(entries));
    expect(read.map(({ path, bytes: content }) => ({ path, bytes: [...content] }))).toEqual(
      entries.map(({ path, bytes: content }) => ({ path, bytes: [...content] })),
    );
  });

  it("has as many bytes as its headers, names and contents, and none more", () => {
    expect(writeZip([])).toHaveLength(22);
    expect(writeZip([file("ab", "content")])).toHaveLength(22 + 30 + 46 + 2 * 2 + 7);
  });

  it("is the same for the same content, at any time", async () => {
    const entries = [file("a", "1"), file("b", "2")];
    const first = await sha256Hex(writeZip(entries));
    expect(await sha256Hex(writeZip(entries))).toBe(first);
    expect(await sha256Hex(writeZip(entries.toReversed()))).not.toBe(first);
    // pinned: a change of the bytes is a change of every digest that was ever handed out
    expect(await sha256Hex(writeZip([]))).toBe("8739c76e681f900923b900c9df0ef75cf421d39cabb54650c4b9ad19b6a76d85");
  });

  it("says regular file, rw-r--r--, UTF-8 name, 1980-01-01", () => {
    expect(readZip(writeZip([file("a")]))).toMatchObject([{ mode: 0o100644, flags: 0x0800, date: 0x0021 }]);
  });

  it("has the checksum that the standard's example has", () => {
    expect(crc32(bytes("123456789"))).toBe(0xcbf4_3926);
    expect(readZip(writeZip([file("check", "123456789")]))[0]?.crc).toBe(0xcbf4_3926);
  });

  it("takes an entry that is a window on a larger buffer", () => {
    const window = bytes("before-inside-after").subarray(7, 13);
    const [entry] = readZip(writeZip([{ path: "w", bytes: window }]));
    expect(new TextDecoder().decode(entry?.bytes)).toBe("inside");
  });

  it("holds 65,534 entries, and refuses one more", () => {
    expect(readZip(writeZip(many(0xfffe)))).toHaveLength(0xfffe);
    expect(() => writeZip(many(0xffff))).toThrow(RangeError);
  });

  it("refuses a name of 65,536 bytes, counted in UTF-8", () => {
    expect(() => writeZip([file("n".repeat(0x1_0000))])).toThrow(RangeError);
    expect(() => writeZip([file("é".repeat(0x8000))])).toThrow(RangeError);
  });
});
