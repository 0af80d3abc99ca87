import { describe, expect, it } from "vitest";
import { type ByteRange, readRange } from "../../src/lib/http-range.ts";

const part = (offset: number, length: number): ByteRange => ({ offset, length });

describe("a Range header against 10 bytes", () => {
  it.each<[string, ByteRange]>([
    ["bytes=0-0", part(0, 1)],
    ["bytes=0-9", part(0, 10)],
    ["bytes=0-10", part(0, 10)],
    ["bytes=0-999999999999999", part(0, 10)],
    ["bytes=3-5", part(3, 3)],
    ["bytes=9-9", part(9, 1)],
    ["bytes=9-", part(9, 1)],
    ["bytes=0-", part(0, 10)],
    ["bytes=-1", part(9, 1)],
    ["bytes=-10", part(0, 10)],
    ["bytes=-11", part(0, 10)],
    ["bytes=00-01", part(0, 2)],
    ["bytes= 3-5 ", part(3, 3)],
  ])("%s is a part", (header, expected) => {
    expect(readRange(header, 10)).toEqual(expected);
  });

  it.each(["bytes=10-", "bytes=10-10", "bytes=999999999999999-", "bytes=-0"])("%s lies outside", (header) => {
    expect(readRange(header, 10)).toBe("unsatisfiable");
  });

  it.each([
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-3",
    "bytes=a-b",
    "bytes=0x0-1",
    "bytes=+1-2",
    "bytes=-1-2",
    "bytes=1.5-2",
    "bytes=0-1,3-4",
    "bytes=0-1,",
    "bytes 0-1",
    "lines=0-1",
    "bytes=1 0-20",
    "bytes=0-\u0661",
  ])("%j is no single byte range and is ignored", (header) => {
    expect(readRange(header, 10)).toBeUndefined();
  });

  it.each([
    ["bytes=0-99999999999999999999", part(0, 10)],
    ["Bytes=0-0", part(0, 1)],
  ])("%s is what RFC 9110 means by it: positions have no upper bound, units no case", (header, expected) => {
    expect(readRange(header, 10)).toEqual(expected);
  });
});

describe("a Range header against nothing", () => {
  it.each(["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-9"])("%s is ignored", (header) => {
    expect(readRange(header, 0)).toBeUndefined();
  });
});
