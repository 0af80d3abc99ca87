/** Zip64 as writers write it, needed or not; and values that could be read in two ways. Archives within that are bombs. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { deflated, join, type Made, makeZip, readerOf, u16, u32, u64 } from "../zip/make-zip.ts";

const inspect = (entries: Made[], end: Parameters<typeof makeZip>[1] = {}) => {
  const zip = makeZip(entries, end);
  return inspectZip(readerOf(zip), zip.length);
};
const A: Made = { name: "a.txt", data: "hello" };
const MAX = 0xffff_ffff;
const zip64 = (...values: Uint8Array[]) => {
  const data = join(...values);
  return join(u16(1), u16(data.length), data);
};

describe("zip64 that is written", () => {
  it.each<[writer: string, made: Made]>([
    [
      "by Go's archive/zip: sizes, and the offset once more",
      { ...A, descriptor: "signed", central: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5), u64(0)) } },
    ],
    [
      "with the number of the disk, too",
      { ...A, central: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5), u64(0), u32(0)) } },
    ],
    ["with all four in their own fields, too", { ...A, central: { extra: zip64(u64(5), u64(5), u64(0), u32(0)) } }],
    [
      "by Info-ZIP with -fz: the size alone",
      {
        ...A,
        central: { size: MAX, extra: zip64(u64(5)) },
        local: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5)) },
      },
    ],
    [
      "by Python with force_zip64: the local header alone",
      { ...A, local: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5)) } },
    ],
  ])("%s", async (_, made) => {
    expect(await inspect([made])).toMatchObject({
      verdict: "safe",
      findings: [],
      entries: [{ size: 5, compressedSize: 5 }],
    });
  });

  it("for no more than 65,535 entries, by Python: not at all", async () => {
    const zip = emptyFiles(0xffff);
    expect(await inspectZip(readerOf(zip), zip.length)).toMatchObject({ verdict: "safe", inOrder: true });
    new DataView(zip.buffer).setUint32(zip.length - 6, MAX, true);
    expect(await inspectZip(readerOf(zip), zip.length)).toMatchObject({ findings: [{ code: "zip64_invalid" }] });
  });
});

describe("zip64 that is invalid", () => {
  it.each<[why: string, made: Made]>([
    [
      "with another offset behind the sizes",
      { ...A, central: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5), u64(7)) } },
    ],
    ["with another disk", { ...A, central: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5), u64(0), u32(1)) } }],
    ["with more than there are values", { ...A, central: { extra: zip64(u64(5), u64(5), u64(0), u32(0), u32(0)) } }],
    ["with half a value", { ...A, central: { size: MAX, packed: MAX, extra: zip64(u64(5), u64(5), u32(0)) } }],
    [
      "that a reader could take another value from",
      { ...A, central: { offset: MAX, extra: zip64(u64(5), u64(5), u64(0)) } },
    ],
    [
      "that a reader could take the size for the packed one",
      { ...A, central: { packed: MAX, extra: zip64(u64(5), u64(5)) } },
    ],
  ])("%s", async (_, made) => {
    expect(await inspect([made])).toMatchObject({ verdict: "unsafe", findings: [{ code: "zip64_invalid" }] });
  });
});

describe("an archive within", () => {
  const overlapping = makeZip([A, { ...A, name: "b.txt", pointsAt: 0 }]);
  const bomb = makeZip([{ ...A, method: 8, both: { size: 4_000_000_001 } }]);

  it.each([
    ["whose entries share their data", overlapping],
    ["that inflates to far more than it has", bomb],
  ])("%s is a bomb", async (_, inner) => {
    expect(await inspect([{ name: "data/x.zip", data: inner }])).toMatchObject({
      verdict: "unsafe",
      findings: [{ code: "archive_bomb", path: "data/x.zip" }],
    });
  });

  it("is a bomb where the finding that says so is not among those shown", async () => {
    const many = Array.from({ length: 150 }, (_, index) => ({ name: `/${index}` }));
    const inner = makeZip([...many, A, { ...A, name: "b.txt", pointsAt: 150 }]);
    expect(await inspect([{ name: "x.zip", data: inner }])).toMatchObject({ findings: [{ code: "archive_bomb" }] });
  });

  it("that lists what the one around it lists is a bomb", async () => {
    const listing = { name: "r.zip", data: "x", method: 8 };
    const { length } = makeZip([listing]);
    const inner = makeZip([{ ...listing, both: { crc: 7, size: length } }]);
    expect(await inspect([{ name: "r.zip", data: inner, both: { crc: 7 } }])).toMatchObject({
      verdict: "unsafe",
      findings: [{ code: "archive_bomb", path: "r.zip" }],
    });
    const { findings } = await inspect([{ name: "r.zip", data: inner, both: { crc: 8 } }]);
    expect(findings.map(({ code }) => code)).not.toContain("archive_bomb");
  });

  it("keeps what was noted of its members", async () => {
    const inner = makeZip([await deflated("spaces.txt", " ".repeat(3_000_000))]);
    const outer = await inspect([{ name: "x.zip", data: inner }]);
    expect(outer).toMatchObject({ verdict: "unknown", findings: [{ code: "high_ratio", path: "x.zip" }] });
  });
});

/** A zip of so many empty files and no zip64. */
function emptyFiles(count: number): Uint8Array<ArrayBuffer> {
  const zip = new Uint8Array(count * (35 + 51) + 22);
  const view = new DataView(zip.buffer);
  const text = (at: number, value: string) => zip.set(new TextEncoder().encode(value), at);
  for (let index = 0; index < count; index += 1) {
    const [local, central] = [index * 35, count * 35 + index * 51];
    const name = String(index).padStart(5, "0");
    text(local, "PK\x03\x04");
    view.setUint16(local + 26, 5, true);
    text(local + 30, name);
    text(central, "PK\x01\x02");
    view.setUint16(central + 28, 5, true);
    view.setUint32(central + 42, local, true);
    text(central + 46, name);
  }
  const end = zip.length - 22;
  text(end, "PK\x05\x06");
  view.setUint16(end + 8, count, true);
  view.setUint16(end + 10, count, true);
  view.setUint32(end + 12, count * 51, true);
  view.setUint32(end + 16, count * 35, true);
  return zip;
}
