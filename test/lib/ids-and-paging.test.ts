import { describe, expect, it } from "vitest";
import { hexToBase64, sha256Hex, toHex } from "../../src/lib/hash.ts";
import { ID_SYNTAX, issuedId } from "../../src/lib/ids.ts";
import { cursorAfter, type Offset, readOffset } from "../../src/lib/paging.ts";

describe("an artifact id", () => {
  it.each<[string, boolean, number | undefined]>([
    ["1", true, 1],
    ["42", true, 42],
    ["999999999999999", true, 999_999_999_999_999],
    ["1000000000000000", true, undefined],
    ["0", true, undefined],
    ["007", true, undefined],
    ["-1", true, undefined],
    ["1e3", true, undefined],
    ["abc", true, undefined],
    ["a".repeat(64), true, undefined],
    ["a".repeat(65), false, undefined],
    ["", false, undefined],
    ["a_b", false, undefined],
    ["1.0", false, undefined],
    [" 1", false, undefined],
    ["1\n", false, undefined],
    ["1\u0000", false, undefined],
    ["١", false, undefined],
  ])("%j: accepted syntax %s, issued as %s", (text, accepted, issued) => {
    expect(ID_SYNTAX.test(text)).toBe(accepted);
    expect(issuedId(text)).toBe(issued);
  });
});

describe("an offset", () => {
  it.each<[string, Offset | undefined]>([
    ["0", { index: 0 }],
    ["1000", { index: 1000 }],
    ["007", { index: 7 }],
    ["999999999999999", { index: 999_999_999_999_999 }],
    ["after-0", { after: 0 }],
    ["after-1000", { after: 1000 }],
    ["after-999999999999999", { after: 999_999_999_999_999 }],
    ["1000000000000000", undefined],
    ["after-1000000000000000", undefined],
    ["after-007", undefined],
    ["after-", undefined],
    ["after--1", undefined],
    ["After-1", undefined],
    ["-1", undefined],
    ["+1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x1", undefined],
    [" 1", undefined],
    ["1\n", undefined],
    ["١", undefined],
    ["", undefined],
    ["null", undefined],
  ])("%j is read as %j", (text, expected) => {
    expect(readOffset(text)).toEqual(expected);
  });

  it.each([1, 1000, 999_999_999_999_999])("behind id %i is a cursor that reads back, and no index", (id) => {
    expect(readOffset(cursorAfter(id))).toEqual({ after: id });
    expect(cursorAfter(id)).not.toMatch(/^\d+$/);
  });
});

describe("a digest", () => {
  it("is that of FIPS 180-4's example, in both encodings", async () => {
    const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await sha256Hex(Uint8Array.of(0x61, 0x62, 0x63))).toBe(hex);
    expect(hexToBase64(hex)).toBe("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  });

  it("keeps leading zeros, and nothing is nothing", () => {
    expect(toHex(Uint8Array.of(0, 1, 15, 16, 255))).toBe("00010f10ff");
    expect([toHex(new Uint8Array()), hexToBase64("")]).toEqual(["", ""]);
  });
});
