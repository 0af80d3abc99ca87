/** Compressed streams and archives under neutral names: what is inside decides, or nobody knows. */

import { describe, expect, it } from "vitest";
import { join, makeZip } from "../../zip/make-zip.ts";
import { file } from "../inspecting.ts";
import { judge, verdict } from "./judging.ts";

async function packed(
  format: "gzip" | "deflate",
  data: string | Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Response(data).body?.pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
}
const PICKLE = "cposix\nsystem\n(S'id'\ntR.";
const insideOf = async (data: Uint8Array, name?: string) => {
  const { inner, codes } = await judge(data, name);
  return { codes, inner: inner.map(({ name: at, bytes }) => [at, new TextDecoder().decode(bytes)]) };
};

describe("gzip", () => {
  it.each([
    ["model.bin", "model.bin"],
    ["model", "model"],
    ["x.pkl.gz", "x.pkl"],
    ["x.pkl.gzip", "x.pkl"],
    ["x.pklz", "x.pkl"],
    ["x.tgz", "x.tar"],
    ["data.csv.gz", "data.csv"],
  ])("called %s is unpacked and judged as %s", async (name, inner) => {
    expect(await insideOf(await packed("gzip", PICKLE), name)).toEqual({ codes: [], inner: [[inner, PICKLE]] });
  });

  it("of several members is unpacked whole", async () => {
    const two = join(await packed("gzip", "harmless\n"), await packed("gzip", PICKLE));
    expect(await insideOf(two)).toEqual({ codes: [], inner: [["file", `harmless\n${PICKLE}`]] });
  });

  it("with a name, a comment, an extra field and a checksum in its header is unpacked", async () => {
    const plain = await packed("gzip", PICKLE);
    const header = join(
      Uint8Array.of(0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9),
      "name\0comment\0",
      Uint8Array.of(0, 0),
    );
    expect((await insideOf(join(header, plain.subarray(10)))).inner).toEqual([["file", PICKLE]]);
  });

  it.each<[what: string, make: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array]>([
    ["with other bytes behind it", (bytes) => join(bytes, "behind")],
    ["that breaks off", (bytes) => bytes.subarray(0, -5)],
    ["that breaks off in its header", (bytes) => bytes.subarray(0, 6)],
    ["with another checksum", (bytes) => join(bytes.subarray(0, -8), new Uint8Array(4), bytes.subarray(-4))],
    ["of another method", (bytes) => join(bytes.subarray(0, 2), Uint8Array.of(7), bytes.subarray(3))],
    ["that is no deflated stream", (bytes) => join(bytes.subarray(0, 10), new Uint8Array(20).fill(255))],
  ])("%s is malformed", async (_, make) => {
    expect(await insideOf(make(await packed("gzip", PICKLE)))).toEqual({ codes: ["format_malformed"], inner: [] });
  });

  it("that is padded with zeros, as tar does, is unpacked", async () => {
    expect((await insideOf(join(await packed("gzip", PICKLE), new Uint8Array(100)))).codes).toEqual([]);
  });

  it("larger than the bound inside is unknown", async () => {
    const bomb = await packed("gzip", new Uint8Array(17 * 1024 * 1024));
    expect(await insideOf(bomb)).toEqual({ codes: ["compressed"], inner: [] });
    expect(
      (
        await insideOf(
          join(await packed("gzip", new Uint8Array(9 << 20)), await packed("gzip", new Uint8Array(9 << 20))),
        )
      ).codes,
    ).toEqual(["compressed"]);
  });
});

describe("zlib", () => {
  it("of any level is unpacked under any name", async () => {
    const standard = await packed("deflate", PICKLE);
    expect(standard[0]).toBe(0x78);
    for (const flags of [0x01, 0x5e, 0x9c, 0xda]) {
      const data = join(Uint8Array.of(0x78, flags), standard.subarray(2));
      for (const name of ["model.pth", "model.bin", "model", "x.joblib"]) {
        expect(await insideOf(data, name)).toEqual({ codes: [], inner: [[name, PICKLE]] });
      }
    }
    // a smaller window
    expect((await insideOf(join(Uint8Array.of(0x58, 0x85), standard.subarray(2)))).inner).toEqual([["file", PICKLE]]);
  });

  it("with other bytes behind it is malformed", async () => {
    expect((await insideOf(join(await packed("deflate", PICKLE), "x"))).codes).toEqual(["format_malformed"]);
  });

  it("is not a text that begins with the same bytes", async () => {
    for (const text of ["x^2 + y^2\n", "hC,1\n", "x\u0001y", "H\u0089"]) {
      expect((await verdict(text)).kind).not.toBe("zlib");
    }
    expect(await verdict("x^2 + y^2 = z^2\n")).toEqual({ kind: "text", codes: [] });
  });
});

const hex = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const more = new Uint8Array(64).fill(0xa7);

describe("what is compressed in another way", () => {
  it.each<[what: string, magic: Uint8Array]>([
    ["bzip2", join("BZh9", hex("314159265359"))],
    ["empty bzip2", join("BZh1", hex("177245385090"))],
    ["xz", hex("fd377a585a000004e6d6b446")],
    ["lzma alone", hex("5d00008000ffffffffffffffff0034")],
    ["lzma alone of a known length", hex("5d000001000c0000000000000000340a")],
    ["zstd", hex("28b52ffd2404")],
    ["zstd behind a frame to be skipped", hex("532a4d1804000000")],
    ["lz4", hex("04224d1864")],
    ["old lz4", hex("02214c18")],
    ["snappy", hex("ff060000734e61507059")],
    ["compress", hex("1f9d90")],
    ["lzip", join("LZIP", hex("01"))],
    ["lzop", hex("894c5a4f000d0a1a0a")],
  ])("as %s is unknown under a neutral name", async (_, magic) => {
    for (const name of ["model.bin", "model.pth", "model", "x.csv"]) {
      expect(await verdict(join(magic, more), name)).toEqual({ kind: "compressed", codes: ["compressed"] });
    }
  });
});

describe("an archive", () => {
  it.each<[what: string, data: Uint8Array]>([
    ["7z", join(hex("377abcaf271c0004"), more)],
    ["rar", join("Rar!", hex("1a0700"), more)],
    ["new rar", join("Rar!", hex("1a070100"), more)],
    ["cab", join("MSCF\0\0\0\0", more)],
    ["ar", "!<arch>\nx" as unknown as Uint8Array],
    ["rpm", join(hex("edabeedb"), more)],
    ["cpio", join("070701", more)],
    ["an image of a disc", join(new Uint8Array(0x8001), "CD001", more)],
    ["a zip without entries", join("PK\x05\x06", new Uint8Array(18))],
  ])("as %s is unknown under a neutral name", async (_, data) => {
    expect(await verdict(data, "model.bin")).toEqual({ kind: "archive", codes: ["nested_archive"] });
  });

  it("that is a zip is looked into, whatever its name", async () => {
    for (const name of ["model.bin", "x.png", "weights"]) {
      const { kind, zips } = await judge(makeZip([file("a", "b")]), name);
      expect({ kind, zips }).toEqual({ kind: "zip", zips: 1 });
    }
  });

  it("that is a tar is known, even if it is a picture as well", async () => {
    const header = new Uint8Array(512);
    header.set(hex("89504e470d0a1a0a0000000d49484452"));
    header.set(join("0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00"), 100);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(join(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    expect(await verdict(join(header, new Uint8Array(1024)), "x.png")).toEqual({
      kind: "tar",
      codes: ["nested_archive"],
    });
  });
});
