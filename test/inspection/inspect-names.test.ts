/** Every name that some reader takes an entry to have, and every kind of file that it takes it to be. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { type Fields, join, type Made, makeZip, readerOf, u16, u32 } from "../zip/make-zip.ts";
import { crc32 } from "../zip/read-zip.ts";

const inspect = (entries: Made[]) => {
  const zip = makeZip(entries);
  return inspectZip(readerOf(zip), zip.length);
};
const codesOf = async (entries: Made[]) => [
  ...new Set((await inspect(entries)).findings.map(({ code }) => code as string)),
];

const bytes = (text: string) => new TextEncoder().encode(text);
const field = (id: number, ...data: (Uint8Array | string)[]) => {
  const all = join(...data);
  return join(u16(id), u16(all.length), all);
};
/** Info-ZIP's second name of an entry, with the checksum of the first. */
const unicodePath = (name: string, first: string | Uint8Array = "a.txt", version = 1) =>
  field(0x7075, Uint8Array.of(version), u32(crc32(typeof first === "string" ? bytes(first) : first)), name);
const utf16 = (text: string) => join(...Array.from(text, (char) => u16(char.charCodeAt(0))));
const xceedLocal = (name: string) => field(0x554e, "NUCX", u16(name.length), utf16(name));
const xceedCentral = (name: string) => field(0x554e, "NUCX", u16(name.length), u16(0), utf16(name));
const A: Made = { name: "a.txt", data: "hello" };
const local = (extra: Uint8Array): Made[] => [{ ...A, local: { extra } }];
const central = (extra: Uint8Array): Made[] => [{ ...A, central: { extra } }];
const EVIL = "../../evil.sh";

describe("an entry with two names is unsafe", () => {
  it.each<[code: string, why: string, entries: Made[]]>([
    ["local_header_differs", "by the Unicode field of its local header", local(unicodePath(EVIL))],
    ["path_encoding", "by that of its directory record", central(unicodePath(EVIL))],
    ["local_header_differs", "by one that has another version", local(unicodePath(EVIL, "a.txt", 2))],
    ["local_header_differs", "by one that has another checksum", local(unicodePath(EVIL, "old.txt"))],
    ["path_encoding", "by one with another checksum in the directory", central(unicodePath(EVIL, "old.txt"))],
    ["local_header_differs", "by the second of two", local(join(unicodePath("a.txt"), unicodePath(EVIL)))],
    ["local_header_differs", "by the first of two", local(join(unicodePath(EVIL), unicodePath("a.txt")))],
    ["path_encoding", "by the second of two in the directory", central(join(unicodePath("a.txt"), unicodePath(EVIL)))],
    ["local_header_differs", "by one that is no UTF-8", local(field(0x7075, Uint8Array.of(1, 0, 0, 0, 0, 0xff)))],
    ["local_header_differs", "by one that is too short", local(field(0x7075, Uint8Array.of(1, 0)))],
    ["local_header_differs", "by one before padding that is cut off", local(join(unicodePath(EVIL), u16(9), u16(9)))],
    ["local_header_invalid", "by one that is cut off itself", local(unicodePath(EVIL).subarray(0, 14))],
    ["local_header_differs", "by Xceed's field of its local header", local(xceedLocal(EVIL))],
    ["path_encoding", "by that of its directory record", central(xceedCentral(EVIL))],
    ["path_encoding", "by one of another layout", central(xceedLocal("a.txt"))],
    [
      "local_header_differs",
      "as its encoding is declared in the directory alone",
      [{ name: "é", local: { flags: 0 } }],
    ],
    [
      "local_header_differs",
      "as its encoding is declared in the local header alone",
      [{ name: "é", flags: 0, local: { flags: 0x800 } }],
    ],
    [
      "path_encoding",
      "as it declares an encoding that its bytes are not in",
      [{ name: "x", flags: 0x800, both: { name: Uint8Array.of(0x67, 0x94) } }],
    ],
    [
      "path_encoding",
      "as its bytes are in an encoding that nobody knows",
      [{ name: "x", both: { name: Uint8Array.of(0x67, 0x94) } }],
    ],
    [
      "path_encoding",
      "as its Unicode field says otherwise than CP437",
      [{ name: "x", both: { name: Uint8Array.of(0x67, 0x94), extra: unicodePath("gä", Uint8Array.of(0x67, 0x94)) } }],
    ],
    [
      "duplicate_path",
      "that is another's as CP437",
      [
        { name: "À", flags: 0 },
        { name: "Ç", flags: 0 },
      ],
    ],
    ["duplicate_path", "that is another's as CP437, which is declared", [{ name: "├ç" }, { name: "Ç", flags: 0 }]],
    [
      "file_is_directory",
      "below another as CP437",
      [
        { name: "À", flags: 0 },
        { name: "Ç/x", flags: 0 },
      ],
    ],
    ["path_traversal", "and climbs, declared or not", [{ name: "é/../../x", flags: 0 }]],
  ])("%s: %s", async (code, _, entries) => {
    expect(await codesOf(entries)).toContain(code);
    expect(await inspect(entries)).toMatchObject({ verdict: "unsafe", entries: [] });
  });
});

describe("an entry with one name is safe", () => {
  it.each<[why: string, made: Made, path?: string]>([
    ["that is UTF-8 and does not say so, as Info-ZIP writes it in the locale C.UTF-8", { name: "größe.txt", flags: 0 }],
    ["in a directory like that", { name: "ordner_ä/", flags: 0, central: { attributes: 0x41ed_0010 } }],
    ["that is ASCII and declares an encoding in one header", { name: "a", local: { flags: 0x800 } }],
    ["and a Unicode field that has it, too", { ...A, both: { extra: unicodePath("a.txt") } }],
    ["and a Unicode field in one header", { name: "größe", flags: 0, local: { extra: unicodePath("größe", "größe") } }],
    [
      "and a field of Xceed's that has it, too",
      { ...A, local: { extra: xceedLocal("a.txt") }, central: { extra: xceedCentral("a.txt") } },
    ],
    ["in CP437, which its Unicode field has, too", { name: "x", both: cp437("gr\u0094\u00e1e", "größe") }, "größe"],
    ["and padding as zipalign writes it", { ...A, local: { extra: new Uint8Array(3) } }],
    ["and the mark of a jar", { ...A, both: { extra: field(0xcafe) } }],
  ])("%s", async (_, made, path = made.name) => {
    expect(await inspect([made])).toMatchObject({ verdict: "safe", findings: [], entries: [{ path }] });
  });
});

/** Bytes given as the characters of Latin-1, and a Unicode field that says what they mean. */
function cp437(latin1: string, meant: string): Fields {
  const name = Uint8Array.from(latin1, (char) => char.charCodeAt(0));
  return { name, extra: unicodePath(meant, name) };
}

describe("an entry that some reader takes for a link or a device is unsafe", () => {
  const libarchive = (mode: number) => field(0x6c78, Uint8Array.of(7, 20, 3, 0, 0, 0, 0), u16(mode));
  const asi = (mode: number) => field(0x756e, u32(0), u16(mode), u32(0), u16(0), u16(0));
  const pkware = (link: string) => field(0x000d, u32(0), u32(0), u16(0), u16(0), link);
  it.each<[why: string, entries: Made[]]>([
    ["by libarchive's field", local(libarchive(0o120777))],
    ["by one that goes on for longer than is known", local(field(0x6c78, Uint8Array.of(0x87, 0)))],
    ["by one that is cut off", local(field(0x6c78, Uint8Array.of(4, 0)))],
    ["by the Unix field of ASi", local(asi(0o120777))],
    ["by that of the directory", central(asi(0o060644))],
    ["by that of PKWARE, with a target", local(pkware("/etc/passwd"))],
    ["by a mode of the directory alone", [{ ...A, central: { attributes: 0o120777 * 65536 } }]],
    ["by a mode of a directory without a slash", [{ ...A, central: { attributes: 0o040755 * 65536 } }]],
  ])("%s", async (_, entries) => {
    expect(await codesOf(entries)).toEqual(["special_file"]);
  });

  it.each<[why: string, entries: Made[]]>([
    ["with the mode of a file in libarchive's field", local(libarchive(0o100644))],
    ["with the mode of a file in that of ASi", local(asi(0o100644))],
    ["with times and owners in that of PKWARE", local(pkware(""))],
    [
      "with the mode of the pipe that Info-ZIP read it from",
      [{ name: "-", data: "x", central: { attributes: 0o010600 * 65536 } }],
    ],
  ])("but not %s", async (_, entries) => {
    expect(await inspect(entries)).toMatchObject({ verdict: "safe", findings: [] });
  });

  it("and a directory with the mode of a pipe is", async () => {
    expect(await codesOf([{ name: "d/", central: { attributes: 0o010600 * 65536 } }])).toEqual(["special_file"]);
  });
});
