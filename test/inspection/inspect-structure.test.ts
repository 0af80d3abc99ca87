/** What an archive may not be: one case for each finding of its structure, and near misses that are in order. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { deflated, type End, join, type Made, makeZip, readerOf, u16, u32, u64 } from "../zip/make-zip.ts";
import { spreadZip } from "../zip/spread-zip.ts";

const A: Made = { name: "a.txt", data: "hello" };
const B: Made = { name: "b.txt", data: "there" };

const inspect = (zip: Uint8Array) => inspectZip(readerOf(zip), zip.length);
const codes = async (zip: Uint8Array) => [...new Set((await inspect(zip)).findings.map(({ code }) => code))].toSorted();
const zip64Extra = (...values: number[]) => join(u16(1), u16(8 * values.length), ...values.map(u64));
const unicodePath = (name: string) => join(u16(0x7075), u16(5 + name.length), "\x01", u32(0), name);

describe("an archive is unsafe", () => {
  it.each<[code: string, why: string, entries: Made[], end?: End]>([
    ["prepended_data", "with a program before it", [A], { before: "#!/bin/sh\n" }],
    [
      "prepended_data",
      "with a program before it and offsets that count from its own start",
      [A],
      { before: "x", directoryOffset: 40 },
    ],
    ["trailing_data", "with bytes behind it", [A], { after: "more" }],
    ["hidden_data", "with bytes between two entries", [{ ...A, after: "hidden" }, B]],
    ["hidden_data", "with bytes before the directory", [A], { beforeDirectory: "hidden" }],
    ["hidden_data", "with bytes behind the directory", [A], { behindDirectory: "hidden" }],
    ["ambiguous_end", "with another end in its comment", [A], { comment: "PK\x05\x06".padEnd(22, "\0") }],
    ["ambiguous_end", "with a header in its comment", [A], { comment: "see PK\x03\x04" }],
    ["multi_disk", "on more than one disk", [A], { disk: 3 }],
    ["multi_disk", "with entries on another disk", [A], { onDisk: 0, count: 1 }],
    ["multi_disk", "with an entry on another disk", [{ ...A, central: { disk: 1 } }]],
    ["multi_disk", "with more than one disk in its zip64 locator", [A], { zip64: { disks: 2 } }],
    ["zip64_invalid", "that says zip64 and has none", [A], { count: 0xffff }],
    ["zip64_invalid", "with two counts", [A, B], { zip64: { count: 1 } }],
    ["zip64_invalid", "with two offsets", [A], { zip64: { offset: 1 } }],
    ["zip64_invalid", "with a longer zip64 record", [A], { zip64: { recordSize: 60 } }],
    ["zip64_invalid", "with a size beyond 2^53", [A], { zip64: { size: 2 ** 60 }, directorySize: 0xffff_ffff }],
    ["zip64_invalid", "with bytes behind its zip64 record", [A], { zip64: true, directorySize: 0 }],
    ["zip64_invalid", "with a size in a field that is not there", [{ ...A, central: { size: 0xffff_ffff } }]],
    [
      "zip64_invalid",
      "with a zip64 field of another length",
      [{ ...A, central: { size: 0xffff_ffff, extra: join(u16(1), u16(4), u32(5)) } }],
    ],
    ["zip64_invalid", "with two sizes of one entry", [{ ...A, central: { extra: zip64Extra(9, 9) } }]],
    [
      "zip64_invalid",
      "with two zip64 fields",
      [{ ...A, central: { size: 0xffff_ffff, extra: join(zip64Extra(5), zip64Extra(6)) } }],
    ],
    ["directory_invalid", "with more entries than it says", [A, B], { count: 1 }],
    ["directory_invalid", "with fewer entries than it says", [A], { count: 2 }],
    [
      "directory_invalid",
      "with an extra field that does not add up",
      [{ ...A, central: { extra: join(u16(9), u16(9)) } }],
    ],
    ["directory_invalid", "whose directory reaches beyond its end", [A], { directorySize: 500 }],
    ["overlapping_entries", "whose entries share their data", [A, { ...A, name: "b.txt", pointsAt: 0 }]],
    ["overlapping_entries", "whose data reaches into the directory", [{ ...A, central: { packed: 500, size: 500 } }]],
    [
      "overlapping_entries",
      "whose entry begins inside of another",
      [
        { ...A, data: "x".repeat(99) },
        { ...B, central: { offset: 60 } },
      ],
    ],
    ["local_header_invalid", "whose directory points nowhere", [{ ...A, central: { offset: 0x7fff_ffff } }]],
    ["local_header_invalid", "whose header has another signature", [A, B], { before: "" }],
    ["local_header_differs", "with another name", [{ ...A, local: { name: "b.txt" } }]],
    ["local_header_differs", "with another method", [{ ...A, local: { method: 8 } }]],
    ["local_header_differs", "with another checksum", [{ ...A, local: { crc: 1 } }]],
    ["local_header_differs", "with another size", [{ ...A, local: { size: 4 } }]],
    [
      "local_header_differs",
      "with another size inside zip64",
      [{ ...A, local: { size: 0xffff_ffff, packed: 0xffff_ffff, extra: zip64Extra(5, 6) } }],
    ],
    ["local_header_differs", "with a descriptor in one header alone", [{ ...A, local: { flags: 8 } }]],
    [
      "local_header_differs",
      "with a size that the descriptor does not have",
      [{ ...A, descriptor: "signed", local: { size: 4 } }],
    ],
    [
      "data_descriptor_invalid",
      "with another checksum",
      [{ ...A, descriptor: join("PK\x07\x08", u32(1), u32(5), u32(5)) }],
    ],
    ["data_descriptor_invalid", "without one that it announces", [{ ...A, descriptor: new Uint8Array() }, B]],
    ["encrypted", "that is encrypted", [{ ...A, flags: 1 }]],
    ["encrypted", "that is strongly encrypted", [{ ...A, flags: 0x41 }]],
    ["unknown_method", "that is packed in another way", [{ ...A, method: 12 }]],
    ["unknown_method", "that is encrypted by method", [{ ...A, method: 99 }]],
    ["stored_size_differs", "stored in another size", [{ ...A, both: { size: 4 } }]],
    ["declared_size", "that inflates to far more than it has", [{ ...A, method: 8, both: { size: 4_000_000_001 } }]],
    ["special_file", "with a symbolic link", [{ ...A, central: { attributes: 0o120777 * 65536 } }]],
    ["special_file", "with a device", [{ ...A, central: { attributes: 0o060644 * 65536 } }]],
    [
      "special_file",
      "with a link that claims to be of no Unix",
      [{ ...A, central: { attributes: 0o120777 * 65536, madeBy: 20 } }],
    ],
    ["directory_has_data", "with data in a directory", [{ name: "d/", data: "x" }]],
    ["path_empty", "with an entry without a name", [{ name: "", data: "x" }]],
    ["path_absolute", "with an absolute path", [{ name: "/etc/passwd" }]],
    ["path_traversal", "with a path upwards", [{ name: "../x" }]],
    ["path_traversal", "with a path upwards in its middle", [{ name: "a/../../x" }]],
    ["path_drive", "with a drive", [{ name: "C:/x" }]],
    ["path_backslash", "with a backslash", [{ name: "..\\x" }]],
    ["path_control", "with a NUL", [{ name: "a\0b" }]],
    ["path_control", "with a control character beyond ASCII", [{ name: "a\u0085b" }]],
    ["path_segment", "with an empty segment", [{ name: "a//b" }]],
    ["path_segment", "with a dot as a segment", [{ name: "./a" }]],
    ["path_too_long", "with a path of more than a kilobyte", [{ name: "n".repeat(1025) }]],
    ["path_encoding", "with a name in no encoding", [{ name: "x", both: { name: Uint8Array.of(0x63, 0xe9) } }]],
    ["path_encoding", "with a second name", [{ ...A, central: { extra: unicodePath("other") } }]],
    ["duplicate_path", "with a name twice", [A, A]],
    ["duplicate_path", "with a name twice but for case", [A, { ...A, name: "A.TXT" }]],
    ["duplicate_path", "with a name twice but for case beyond ASCII", [{ name: "STRASSE" }, { name: "straße" }]],
    ["duplicate_path", "with a name in two normal forms", [{ name: "caf\u00e9" }, { name: "cafe\u0301" }]],
    ["duplicate_path", "with a name twice but for a dot at its end", [A, { ...A, name: "a.txt." }]],
    ["duplicate_path", "with a directory twice", [{ name: "d/" }, { name: "d/x" }, { name: "d/" }]],
    ["file_is_directory", "with a file below a file", [{ name: "a" }, { name: "a!" }, { name: "a/b" }]],
    ["file_is_directory", "with a file that is a directory", [{ name: "a/" }, { name: "A" }]],
    ["not_a_zip", "that is cut off", [A], { after: "", comment: "" }],
  ])("%s: %s", async (code, why, entries, end) => {
    const zip = makeZip(entries, end);
    // two that are made by hand out of a right one
    if (code === "local_header_invalid" && why.includes("signature")) zip[0] = 0;
    const cut = code === "not_a_zip" ? zip.subarray(0, zip.length / 2) : zip;
    expect(await codes(cut)).toContain(code);
    expect((await inspect(cut)).verdict).toBe("unsafe");
    expect((await inspect(cut)).entries).toEqual([]);
  });

  it("if it is empty, or something else", async () => {
    expect(await codes(new Uint8Array())).toEqual(["not_a_zip"]);
    expect(await codes(new TextEncoder().encode("this is not a zip\n".repeat(20)))).toEqual(["not_a_zip"]);
  });

  it("if the store has less of it than it should be", async () => {
    const zip = makeZip([A]);
    const { findings, verdict } = await inspectZip(readerOf(zip.subarray(0, 40)), zip.length);
    expect({ verdict, codes: findings.map(({ code }) => code) }).toEqual({ verdict: "unsafe", codes: ["truncated"] });
  });

  it("over its bounds, whatever they are", async () => {
    const zip = makeZip([A, B]);
    const within = (bounds: Parameters<typeof inspectZip>[2]) => inspectZip(readerOf(zip), zip.length, bounds);
    expect((await within({ maxEntries: 1 })).findings).toMatchObject([{ code: "too_many_entries" }]);
    expect((await within({ maxDirectoryBytes: 50 })).findings).toMatchObject([{ code: "directory_too_large" }]);
    expect((await within({ maxDeclaredBytes: 9 })).findings).toMatchObject([{ code: "declared_size" }]);
    expect((await within({ maxEntries: 2, maxDeclaredBytes: 10 })).verdict).toBe("safe");
  });
});

describe("an archive is safe", () => {
  it.each<[why: string, entries: Made[], end?: End]>([
    ["without entries", []],
    ["with a comment", [A], { comment: "0123456789abcdef0123456789abcdef01234567" }],
    ["with a directory that is deflated", [{ name: "d/", data: "\x03\0", inflated: new Uint8Array() }]],
    ["with directories of its own", [{ name: "d/", central: { attributes: 0o040755 * 65536 + 16 } }, { name: "d/x" }]],
    ["with a descriptor", [{ ...A, descriptor: "signed" }, B]],
    ["with a descriptor without signature", [{ ...A, descriptor: "unsigned" }, B]],
    [
      "with a wide descriptor",
      [
        { ...A, descriptor: "wide" },
        { ...B, descriptor: "wide" },
      ],
    ],
    ["with a descriptor, and sizes in the header too", [{ ...A, descriptor: "signed", local: { size: 5, packed: 5 } }]],
    [
      "with zip64 that it does not need",
      [{ ...A, both: { size: 0xffff_ffff, packed: 0xffff_ffff, extra: zip64Extra(5, 5) } }],
      { zip64: true },
    ],
    ["with zip64 sizes that say the same", [{ ...A, central: { extra: zip64Extra(5, 5) } }]],
    ["with an offset in zip64", [{ ...A, central: { offset: 0xffff_ffff, extra: zip64Extra(0) } }]],
    ["with a count in zip64 alone", [A], { zip64: true, count: 0xffff, directoryOffset: 0xffff_ffff }],
    [
      "with padding in a local header",
      [{ ...A, local: { extra: join(u16(0x4246), u16(900), new Uint8Array(900)) } }, B],
    ],
    ["with permissions alone", [{ ...A, central: { attributes: 0o644 * 65536 } }]],
    ["with dots in names", [{ name: "a..b" }, { name: "..." + "x" }, { name: ".gitattributes" }]],
    ["with names that are longer ones' beginnings", [{ name: "a" }, { name: "ab" }, { name: "a.b" }, { name: "b/a" }]],
    ["with names beyond ASCII", [{ name: "модель/конфиг.json" }, { name: "emoji-😀.md" }]],
    ["with a second name that is the same", [{ name: "x", central: { extra: unicodePath("x") } }]],
    ["with a path of a kilobyte", [{ name: "n".repeat(1024) }]],
    ["with data that looks like its end", [{ name: "x.pkl", data: `U\x28${"PK\x05\x06".padEnd(40, "\0")}.` }]],
  ])("%s", async (_, entries, end) => {
    const zip = makeZip(entries, end);
    expect(await inspect(zip)).toMatchObject({ verdict: "safe", findings: [], omitted: 0 });
    const { entries: located } = await inspect(zip);
    expect(located.map(({ path }) => path)).toEqual(entries.map(({ name }) => name));
    for (const [index, { dataOffset, compressedSize }] of located.entries()) {
      const data = zip.subarray(dataOffset, dataOffset + compressedSize);
      expect(new TextDecoder().decode(data)).toBe(String(entries[index]?.data ?? ""));
    }
  });

  it("with deflated entries, however well a small one packs", async () => {
    const zip = makeZip([await deflated("a.txt", "a".repeat(1_000_000)), await deflated("b.txt", "b")]);
    expect((await inspect(zip)).verdict).toBe("safe");
  });

  it("but unknown, and in order, with one that packs very well: sparse data does", async () => {
    const zip = makeZip([await deflated("spaces.txt", " ".repeat(5_000_000))]);
    const { verdict, findings, inOrder, entries } = await inspect(zip);
    expect({ verdict, findings, inOrder }).toMatchObject({
      verdict: "unknown",
      findings: [{ code: "high_ratio", path: "spaces.txt" }],
      inOrder: true,
    });
    expect(entries).toHaveLength(1);
  });
});

describe("an inspection", () => {
  it("shows a bounded number of findings, the one that decides among them, and counts the rest", async () => {
    const entries = Array.from({ length: 150 }, (_, index) => ({ name: `${index}.exe`, data: "x" }));
    const { verdict, findings, omitted } = await inspect(
      makeZip([...entries, { name: "z.pkl", data: "cos\nsystem\n." }]),
    );
    expect({ verdict, shown: findings.length, omitted }).toEqual({ verdict: "unsafe", shown: 100, omitted: 51 });
    expect(findings.at(-1)).toMatchObject({ code: "pickle_import", path: "z.pkl" });
  });

  it("reads the headers of many small files in few reads", async () => {
    const zip = makeZip(Array.from({ length: 2000 }, (_, index) => ({ name: `${index}.txt`, data: `${index}` })));
    let reads = 0;
    const read = readerOf(zip);
    const counted: typeof read = (range) => {
      reads += 1;
      return read(range);
    };
    expect((await inspectZip(counted, zip.length)).verdict).toBe("safe");
    expect(reads).toBeLessThanOrEqual(4);
    const { verdict, findings } = await inspectZip(read, zip.length, { maxReads: 1 });
    expect({ verdict, findings }).toMatchObject({ verdict: "unknown", findings: [{ code: "bound_reached" }] });
  });

  it("says whether the structure was checked to its end, and hands out entries only then", async () => {
    const zip = makeZip([
      { name: "a.txt", data: "line\n".repeat(99) },
      { name: "x.pkl", data: "N." },
    ]);
    const within = (bounds: Parameters<typeof inspectZip>[2]) => inspectZip(readerOf(zip), zip.length, bounds);
    expect(await within({ maxReads: 1 })).toMatchObject({ verdict: "unknown", inOrder: false, entries: [] });
    const looked = await within({ maxContentBytes: 1 });
    expect(looked).toMatchObject({
      verdict: "unknown",
      inOrder: true,
      entries: [{ path: "a.txt" }, { path: "x.pkl" }],
    });
    expect(await inspect(zip.subarray(1))).toMatchObject({ verdict: "unsafe", inOrder: false, entries: [] });
  });

  it("has a read for each of many headers that lie far apart, and reads through the rest where they are too many", async () => {
    // not looked into, so that what is read are headers
    const maxContentBytes = 0;
    const inOrder = { verdict: "unknown", inOrder: true };
    const photos = spreadZip(6900, 3 * 1024 * 1024);
    const many = await inspectZip(photos.read, photos.size, { maxContentBytes });
    expect(many).toMatchObject({ ...inOrder, reasons: { bound_reached: 6900 } });
    expect(photos.reads()).toBeGreaterThan(6900);
    const thumbnails = spreadZip(100, 200_000);
    const few = await inspectZip(thumbnails.read, thumbnails.size, { maxHeaderReads: 60, maxContentBytes });
    expect(few).toMatchObject({ ...inOrder, reasons: { bound_reached: 100 } });
    expect(thumbnails.reads()).toBeLessThan(70);
  });

  it("hands on what the store fails with: that is no verdict", async () => {
    const failing = () => Promise.reject(new Error("store down"));
    await expect(inspectZip(failing, 100)).rejects.toThrow("store down");
  });

  it("shows names without what could forge a log or a page's direction", async () => {
    const { findings } = await inspect(makeZip([{ name: "a\n\u202e\ud83d\ude00/../x" }]));
    expect(findings).toMatchObject([{ code: "path_control", path: "a\ufffd\ufffd\ud83d\ude00/../x" }]);
  });
});
