/** What a file in an archive may not hold, and near misses that are harmless. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { bytesOf, deflated, join, makeZip, readerOf, u16, u32, u64 } from "../zip/make-zip.ts";
import { SAMPLES } from "./formats/samples.ts";
import { file, found, inspect, SAFE } from "./inspecting.ts";
import {
  EMPTY_TUPLE,
  harmlessByProtocol,
  imported,
  longText,
  MEMOIZE,
  op,
  proto,
  REDUCE,
  STACK_GLOBAL,
  STOP,
  systemByProtocol,
  text,
  torchLegacy,
  torchPickle,
  torchZip,
} from "./make-pickle.ts";

const frame = (length: number) => join(op(0x95), u64(length));
const inPickle = async (...parts: (Uint8Array | string)[]) => found([file("x.pkl", join(...parts))]);

/** Bytes in another form, as a gzip. */
async function gzip(plain: Uint8Array | string): Promise<Uint8Array> {
  const stream = new Blob([join(plain)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
const unsafe = (code: string) => ({ verdict: "unsafe", codes: [code] });

describe("a pickle", () => {
  it.each([0, 1, 2, 3, 4, 5])(
    "of protocol %i that calls the system is unsafe, a harmless one is safe",
    async (version) => {
      const [bad, good] = [systemByProtocol[version] ?? "", harmlessByProtocol[version] ?? ""];
      const { verdict, findings } = await inspect([file("x.pkl", bad)]);
      expect(verdict).toBe("unsafe");
      expect(findings).toMatchObject([{ code: "pickle_import", path: "x.pkl", detail: "imports posix.system" }]);
      expect(await found([file("x.pkl", good)])).toEqual(SAFE);
      expect(await found([await deflated("x.pkl", good)])).toEqual(SAFE);
      expect((await found([await deflated("x.pkl", bad)])).verdict).toBe("unsafe");
    },
  );

  it.each<[why: string, code: string, parts: (Uint8Array | string)[]]>([
    ["imports without calling", "pickle_import", [imported("os", "system"), STOP]],
    [
      "reaches through an allowed module",
      "pickle_import",
      [proto(4), text("collections"), text("OrderedDict.__init__"), STACK_GLOBAL, STOP],
    ],
    [
      "reaches through the allowed name's module",
      "pickle_import",
      [proto(4), text("torch"), text("_utils._rebuild_tensor"), STACK_GLOBAL, STOP],
    ],
    ["looks up attributes", "pickle_import", [imported("builtins", "getattr"), STOP]],
    ["unpickles once more", "pickle_import", [imported("torch.storage", "_load_from_bytes"), STOP]],
    ["imports a class and makes it", "pickle_import", ["(ios\nsystem\n", STOP]],
    ["makes an object of a class", "pickle_import", ["(", imported("subprocess", "Popen"), "o", STOP]],
    [
      "takes its names from the memo",
      "pickle_import",
      [proto(4), text("os"), MEMOIZE, op("0"), text("system"), MEMOIZE, op("0", "h", 0, "h", 1), STACK_GLOBAL, STOP],
    ],
    [
      "takes its names from the memo by number",
      "pickle_import",
      [longText("os"), "p7\n0", longText("system"), "r\x08\0\0\0", "0g7\nj\x08\0\0\0", STACK_GLOBAL, STOP],
    ],
    ["writes its names in other ways", "pickle_import", [proto(4), "S'os'\n", "Vsystem\n", STACK_GLOBAL, STOP]],
    ["duplicates a name", "pickle_import", [proto(4), text("os"), op("2"), STACK_GLOBAL, STOP]],
    ["hides behind a mark", "pickle_import", [op("("), text("os"), text("system"), STACK_GLOBAL, op("l"), STOP]],
    ["is the second in its file", "pickle_import", [op("N"), STOP, imported("os", "system"), STOP]],
    ["ends without its last line's end", "pickle_import", ["cos\nsystem"]],
    [
      "makes up its names by escapes",
      "pickle_unresolved",
      [proto(4), "Vo\\u0073\n", text("system"), STACK_GLOBAL, STOP],
    ],
    [
      "makes up its names by a call",
      "pickle_unresolved",
      [proto(4), imported("builtins", "str"), EMPTY_TUPLE, REDUCE, text("system"), STACK_GLOBAL, STOP],
    ],
    [
      "takes a name that is too long to be one",
      "pickle_unresolved",
      [proto(4), longText("os".padEnd(600)), text("x"), STACK_GLOBAL, STOP],
    ],
    [
      "takes a name that the memo does not have",
      "pickle_unresolved",
      [proto(4), op("h", 9), text("system"), STACK_GLOBAL, STOP],
    ],
    ["imports by number", "pickle_unresolved", [op(0x82, 1), STOP]],
    ["imports by a longer number", "pickle_unresolved", [op(0x84, 1, 2, 3, 4), STOP]],
    [
      "calls what a call returned",
      "pickle_call",
      [imported("collections", "OrderedDict"), EMPTY_TUPLE, REDUCE, EMPTY_TUPLE, REDUCE, STOP],
    ],
    [
      "changes what it has handed back to itself",
      "pickle_call",
      [
        imported("torch.jit._pickle", "build_intlist"),
        imported("argparse", "Namespace"),
        op(0x85),
        REDUCE,
        op("N", "}"),
        text("parse"),
        op("N", "s", 0x86, "b"),
        STOP,
      ],
    ],
    ["changes what it imports", "pickle_call", [imported("collections", "OrderedDict"), op("}", "b"), STOP]],
  ])("that %s is unsafe", async (_, code, parts) => {
    const { verdict, codes } = await inPickle(...parts);
    expect({ verdict, has: codes.includes(code as never) }).toEqual({ verdict: "unsafe", has: true });
  });

  it("that annotates its lists, as TorchScript's do, is safe", async () => {
    const list = join(imported("torch.jit._pickle", "build_intlist"), "](K\x01e", op(0x85), REDUCE);
    const tagged = join(
      imported("torch.jit._pickle", "restore_type_tag"),
      "}",
      text("Dict[str, int]"),
      op(0x86),
      REDUCE,
    );
    expect(await inPickle(proto(2), list, tagged, op(0x86), STOP)).toEqual(SAFE);
  });

  it("that overwrites a harmless name by an odd number of its memo is unsafe", async () => {
    const parts = [
      longText("collections"),
      "p10\n0",
      longText("os"),
      "p1_0\n0",
      "g10\n",
      text("OrderedDict"),
      STACK_GLOBAL,
      STOP,
    ];
    expect(await inPickle(...parts)).toEqual({ verdict: "unsafe", codes: ["pickle_unresolved", "pickle_import"] });
  });

  it.each<[how: string, parts: (Uint8Array | string)[]]>([
    ["ends in the middle of an opcode", [op("N"), frame(2), "0B", u32(9), "cos\nsystem", STOP]],
    ["ends in the middle of one that reaches beyond the file", [frame(2), "NB", u32(1 << 24), "cos\nsystem\n)R."]],
    ["ends in the middle of a line", [frame(3), op("N"), "Vx", "y\n0cos\nsystem\n)R."]],
    ["ends in the middle of a line that is none", [frame(3), "NI", op(0x87), "_0\n0cos\nsystem\n)R."]],
    ["holds another that it does not hold whole", [frame(20), frame(40), "N".repeat(40), STOP]],
    ["goes on behind the end", [frame(20), op("N"), STOP, "N.".repeat(20)]],
  ])("whose frame %s is unsafe: readers differ in where they go on", async (_, parts) => {
    for (const name of ["x.pkl", "x.bin", "x.dat"]) {
      const { verdict, findings } = await inspect([file(name, join(...parts))]);
      expect(verdict).toBe("unsafe");
      expect(findings[0]).toMatchObject({ code: "pickle_unresolved", detail: expect.stringContaining("has a frame") });
    }
  });

  it("that reports each import once", async () => {
    const twice = join(imported("os", "system"), "0", imported("os", "system"), "0", imported("os", "popen"), STOP);
    const { findings } = await inspect([file("x.pkl", twice)]);
    expect(findings.map(({ detail }) => detail)).toEqual(["imports os.system", "imports os.popen"]);
  });

  it.each<[why: string, code: string, data: Uint8Array | string]>([
    ["breaks off", "unrecognised", join(proto(4), op("}", "("))],
    ["breaks off behind an import", "pickle_malformed", join(proto(4), imported("collections", "OrderedDict"))],
    ["has other bytes behind it", "unrecognised", join(op("N"), STOP, op(0xff))],
    ["has fewer values than it takes", "misnamed", join(op("N", "s"), STOP)],
    ["is of a protocol to come", "unrecognised", join(proto(6), op("N"), STOP)],
    ["promises more text than there is", "unrecognised", join(op("X"), u32(1000), "x")],
    ["is none", "misnamed", "just text"],
  ])("that %s is unknown: %s", async (_, code, data) => {
    expect(await found([file("x.pkl", data)])).toEqual({ verdict: "unknown", codes: [code] });
  });

  it("that is too long is unknown, by opcodes, memo, streams or a line", async () => {
    const unknown = { verdict: "unknown", codes: ["bound_reached"] };
    expect(await found([file("x.pkl", new Uint8Array(2_000_001).fill(0x4e))])).toEqual(unknown);
    const memo = new Uint8Array(500_002).fill(0x94);
    memo[0] = 0x4e;
    expect(await found([file("x.pkl", memo)])).toEqual(unknown);
    expect(await found([file("x.pkl", "N.".repeat(65))])).toEqual(unknown);
    expect(await found([file("x.pkl", "N.".repeat(64))])).toEqual(SAFE);
    expect(await found([file("x.pkl", `I${"1".repeat(70_000)}\n.`)])).toEqual(unknown);
  });

  it("is not read where it only holds bytes", async () => {
    const payload = new Uint8Array(3_000_000);
    const zip = makeZip([file("x.pkl", join(proto(3), "B", u32(payload.length), payload, STOP))]);
    let read = 0;
    const counted = async (range: { offset: number; length: number }) => {
      read += range.length;
      return readerOf(zip)(range);
    };
    expect((await inspectZip(counted, zip.length)).verdict).toBe("safe");
    expect(read).toBeLessThan(300_000);
  });

  it("is found under any name, and inside of torch's own archives, deflated or not", async () => {
    const [bad = new Uint8Array()] = systemByProtocol.slice(4);
    const expected = unsafe("pickle_import");
    for (const name of ["pytorch_model.bin", "x.PT", "x.ckpt", "weights.dat", "noext"]) {
      expect(await found([file(name, bad)])).toEqual(expected);
      expect(await found([await deflated(name, bad)])).toEqual(expected);
      expect(await found([file(name, torchZip(bad))])).toEqual(expected);
      expect(await found([await deflated(name, torchZip(bad))])).toEqual(expected);
    }
    // neither joblib nor tar opens a zip
    const both = { verdict: "unsafe", codes: ["pickle_import", "misnamed"] };
    for (const name of ["x.joblib", "a.pth.tar"]) expect(await found([file(name, torchZip(bad))])).toEqual(both);
    expect(await found([file("x.joblib", bad)])).toEqual(expected);
    expect(await found([file("a.pth.tar", bad)])).toEqual(both);
    const { findings } = await inspect([file("a/x.pt", torchZip(bad))]);
    expect(findings).toMatchObject([{ path: "a/x.pt", inner: ["archive/data.pkl"] }]);
  });

  it("is found behind a local header that is longer than it must be", async () => {
    const extra = join(u16(9), u16(60_000), new Uint8Array(60_000));
    const zip = torchZip(systemByProtocol[2] ?? new Uint8Array());
    expect(await found([{ ...file("x.bin", zip), local: { extra } }])).toEqual(unsafe("pickle_import"));
  });
});

describe("a program of torch.export", () => {
  it.each(["archive_format", "m/archive_format", "a/b/Archive_Format", "serialized_exported_program.json"])(
    "is unknown, as the bundle itself and within it, known by its member %s",
    async (name) => {
      const members = [file(name, "pt2"), file("m/version", "0"), file("m/data.pkl", torchPickle)];
      const { verdict, findings } = await inspect(members);
      expect(verdict).toBe("unknown");
      expect(findings[0]).toMatchObject({ code: "opaque_format", detail: expect.stringContaining("torch.export") });
      const nested = await inspect([file("x.pt2", makeZip(members))]);
      expect(nested.verdict).toBe("unknown");
      expect(nested.findings[0]).toMatchObject({ code: "opaque_format", path: "x.pt2" });
    },
  );
});

describe("a checkpoint of torch", () => {
  it("is safe if it holds tensors, in the format of today, of before, of any method", async () => {
    expect(await found([file("pytorch_model.bin", torchZip(torchPickle))])).toEqual(SAFE);
    expect(await found([await deflated("pytorch_model.bin", torchZip(torchPickle))])).toEqual(SAFE);
    expect(await found([file("pytorch_model.bin", torchLegacy)])).toEqual(SAFE);
  });

  it("is unknown if it is bytes that begin as none, or lacks the bytes of a tensor", async () => {
    const unrecognised = { verdict: "unknown", codes: ["unrecognised"] };
    const noise = Uint8Array.from({ length: 16_384 }, (_, at) => at % 256);
    expect(await found([file("pytorch_model.bin", noise)])).toEqual(unrecognised);
    expect(await found([file("x.pt", join("before", torchZip(torchPickle)))])).toEqual(unrecognised);
    const short = makeZip([
      file("archive/data.pkl", torchPickle),
      file("archive/version", "3"),
      file("archive/data/0", "short"),
    ]);
    expect(await found([file("x.pt", short)])).toEqual({ verdict: "unknown", codes: ["pickle_arguments"] });
  });

  it.each(["x.pt", "pytorch_model.bin", "x.npz", "x.keras"])(
    "is unsafe as %s if its own structure is not beyond doubt: another reader may see another pickle",
    async (name) => {
      const zip = torchZip(torchPickle);
      expect(await found([file(name, join(zip, "behind"))])).toEqual(unsafe("trailing_data"));
      expect(await found([await deflated(name, join(zip, "behind"))])).toEqual(unsafe("trailing_data"));
      expect(await found([file(name, zip.subarray(0, -30))])).toEqual(unsafe("not_a_zip"));
      const twice = torchZip(torchPickle, [{ name: "archive/data.pkl", data: systemByProtocol[2] ?? "" }]);
      expect(await found([file(name, twice)])).toEqual(unsafe("duplicate_path"));
      expect(await found([file("x.zip", makeZip([file(name, twice)]))])).toEqual(unsafe("duplicate_path"));
    },
  );

  it("is unknown if it is a program", async () => {
    const program = torchZip(torchPickle, [{ name: "archive/code/__torch__/m.py", data: "def forward(self): ..." }]);
    expect(await found([file("x.pt", program)])).toEqual({ verdict: "unknown", codes: ["torchscript", "source_code"] });
  });
});

/** What numpy.save makes of three numbers, of an object, of an object that calls. */
const NUMBERS =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEA=";
const OBJECTS =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWSAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwGFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UjAFhlEsBc2F0lGIu";
const CALLS =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWnAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwGFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlIwFcG9zaXiUjAZzeXN0ZW2Uk5SMBHRydWWUhZRSlGF0lGIu";
/** What numpy.savez makes of numbers and an object; of numbers, deflated; of an object that calls, deflated. */
const ARRAYS = [
  "UEsDBC0AAAAAAAAAIQC2jIZT//////////8FABQAYS5ucHkBABAAjAAAAAAAAACMAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAUEsDBC0AAAAAAAAAIQBz6pFw//////////8FABQAby5ucHkBABAAHQEAAAAAAAAdAQAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3xPJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKgASVkgAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsBhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZR9lIwBYZRLAXNhdJRiLlBLAQItAy0AAAAAAAAAIQC2jIZTjAAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5weVBLAQItAy0AAAAAAAAAIQBz6pFwHQEAAB0BAAAFAAAAAAAAAAAAAACAAcMAAABvLm5weVBLBQYAAAAAAgACAGYAAAAXAgAAAAA=",
  "UEsDBC0AAAAIAAAAIQDpOrQ0//////////8FABQAYS5ucHkBABAAMAUAAAAAAABQAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsYGBjqaOgq1CmQDLoZRMApGwSgYIgAAUEsBAi0DLQAAAAgAAAAhAOk6tDRQAAAAMAUAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsFBgAAAAABAAEAMwAAAIcAAAAAAA==",
  "UEsDBC0AAAAIAAAAIQCp9psY//////////8FABQAYS5ucHkBABAAjAAAAAAAAABHAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQoUAC4GJAAAUEsDBC0AAAAIAAAAIQBFm0cW//////////8FABQAby5ucHkBABAAMgEAAAAAAADbAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF7jr66joJ6WX1RSlJgXn1+UkgoSdkvMKU4FihdnJBakAvkahjqaOgq1CpQArgaWqcsZIKBHLK80t6BSLz45vyhVL7c0pyQzsagosXJKD098UWpyfl5xSVFpcsmUyVN6WMEqp/Sw56VAlEye4s3QOsWZMWlK+5SgKRrejN6MrVMymHtYU0oqC1JBWpj8LaZ0dkBkmXsYa6b4+fl5/QcCMOFtXzIlqTMWaHJBfnFmxZQetuLK4pLUXJBOFqC1qVNagToTgYr0AFBLAQItAy0AAAAIAAAAIQCp9psYRwAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5weVBLAQItAy0AAAAIAAAAIQBFm0cW2wAAADIBAAAFAAAAAAAAAAAAAACAAX4AAABvLm5weVBLBQYAAAAAAgACAGYAAACQAQAAAAA=",
] as const;
const decode = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const npy = (header: string, data: Uint8Array | string = "", version = 1) =>
  join(op(0x93), "NUMPY", op(version, 0), version === 1 ? u16(header.length) : u32(header.length), header, data);

describe("an array of NumPy", () => {
  const header = (descr: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }\n`;
  it.each<[name: string, data: Uint8Array, verdict: object]>([
    ["numbers", npy(header("'<f4'"), u32(0)), SAFE],
    ["records of numbers", npy(header("[('x', '<f4'), ('y', '<i8')]"), new Uint8Array(12)), SAFE],
    ["objects, harmless ones", npy(header("'|O'"), join(op("N"), STOP)), SAFE],
    ["objects that call", npy(header("'|O'"), systemByProtocol[4]), { verdict: "unsafe", codes: ["pickle_import"] }],
    [
      "records with objects",
      npy(header("[('x', '|O')]"), systemByProtocol[4], 2),
      { verdict: "unsafe", codes: ["pickle_import"] },
    ],
    [
      "a pickle without a header",
      systemByProtocol[2] ?? new Uint8Array(),
      { verdict: "unsafe", codes: ["pickle_import", "misnamed"] },
    ],
    ["a version to come", npy(header("'<f4'"), "", 9), { verdict: "unknown", codes: ["opaque_format"] }],
    [
      "a header that is too long",
      join(op(0x93), "NUMPY", op(1, 0), u16(9999)),
      { verdict: "unknown", codes: ["opaque_format"] },
    ],
  ])("of %s", async (_, data, verdict) => {
    expect(await found([file("x.npy", data)])).toEqual(verdict);
    expect(await found([file("x.npz", makeZip([file("x.npy", data)]))])).toEqual(verdict);
  });

  it("that NumPy itself saved", async () => {
    expect(await found([file("x.npy", decode(NUMBERS))])).toEqual(SAFE);
    expect(await found([file("x.npy", decode(OBJECTS))])).toEqual(SAFE);
    expect(await found([file("x.npy", decode(CALLS))])).toEqual({ verdict: "unsafe", codes: ["pickle_import"] });
    const [stored, packed, calls] = ARRAYS;
    expect(await found([file("x.npz", decode(stored))])).toEqual(SAFE);
    expect(await found([file("x.npz", decode(packed))])).toEqual(SAFE);
    expect(await found([file("x.npz", decode(calls))])).toEqual(unsafe("pickle_import"));
  });
});

const tensors = (header: unknown, bytes: number, raw?: string) => {
  const json = raw ?? JSON.stringify(header);
  return join(u64(bytesOf(json).length), json, new Uint8Array(bytes));
};
const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("a safetensors file", () => {
  const F32 = tensor("F32", [2], 0, 8);
  it.each<[why: string, data: Uint8Array]>([
    ["with tensors one behind the other", tensors({ b: tensor("F16", [2, 2], 8, 16), a: F32 }, 16)],
    [
      "with metadata, padding and an empty tensor",
      tensors(
        {},
        8,
        `${JSON.stringify({ __metadata__: { format: "pt" }, e: tensor("I64", [0, 3], 0, 0), a: F32 })}      `,
      ),
    ],
    ["with a scalar", tensors({ a: tensor("BF16", [], 0, 2) }, 2)],
    ["with four bits to a number", tensors({ a: tensor("F4", [3, 2], 0, 3) }, 3)],
    ["without tensors", tensors({}, 0)],
    ["with an escaped quote in a name", tensors({ 'a"b': F32 }, 8)],
    ["with a key that is only a value elsewhere", tensors({ a: F32, __metadata__: { a: "a" } }, 8)],
  ])("%s is safe", async (_, data) => {
    expect(await found([file("model.safetensors", data)])).toEqual(SAFE);
    expect(await found([await deflated("model.safetensors", data)])).toEqual(SAFE);
  });

  it.each<[why: string, other: string, data: Uint8Array | string]>([
    ["is a pickle that calls", "pickle_import", systemByProtocol[4] ?? ""],
    ["is a harmless pickle", "misnamed", harmlessByProtocol[4] ?? ""],
    ["is a text", "misnamed", "abc"],
    ["has a header longer than the file", "unrecognised", join(u64(100), "{}")],
    ["has a header longer than a number can say", "unrecognised", join(new Uint8Array(8).fill(255), "{}")],
    ["has a list as its header", "unrecognised", tensors({}, 0, "[1]")],
    ["has space before its header", "unrecognised", tensors({}, 0, " {}")],
  ])("that %s is unsafe, and what it is is a finding of its own: %s", async (_, other, data) => {
    const { verdict, codes } = await found([file("model.safetensors", data)]);
    expect(verdict).toBe("unsafe");
    expect(codes).toContain("safetensors_invalid");
    expect(codes).toContain(other);
  });

  it.each<[why: string, data: Uint8Array | string]>([
    ["whose header is no JSON", tensors({}, 0, "{nothing")],
    ["whose header is no UTF-8", join(u64(2), op("{", 0xff))],
    ["with a key twice", tensors({}, 8, `{"a":${JSON.stringify(F32)},"a":${JSON.stringify(F32)}}`)],
    [
      "with a key twice but for an escape",
      tensors({}, 8, `{"a":${JSON.stringify(F32)},"\\u0061":${JSON.stringify(F32)}}`),
    ],
    [
      "with a field twice",
      tensors({}, 8, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]}}'),
    ],
    ["with a hole", tensors({ a: F32, b: tensor("F32", [2], 12, 20) }, 20)],
    ["with a hole at its beginning", tensors({ a: tensor("F32", [2], 4, 12) }, 12)],
    ["with bytes behind the last tensor", tensors({ a: F32 }, 9)],
    ["with an overlap", tensors({ a: F32, b: tensor("F32", [2], 4, 12) }, 12)],
    ["with a tensor outside", tensors({ a: tensor("F32", [4], 0, 16) }, 8)],
    ["with a tensor backwards", tensors({ a: tensor("F32", [0], 8, 0) }, 8)],
    ["with a shape of another length", tensors({ a: tensor("F32", [3], 0, 8) }, 8)],
    ["with a shape beyond all numbers", tensors({ a: tensor("F32", [2 ** 40, 2 ** 40], 0, 8) }, 8)],
    ["with a negative dimension", tensors({ a: tensor("F32", [-2], 0, 8) }, 8)],
    ["with a fraction", tensors({ a: tensor("F32", [2.5], 0, 8) }, 8)],
    ["with a tensor that is none", tensors({ a: 5 }, 0)],
    ["with a tensor that has more to it", tensors({ a: { ...F32, code: "x" } }, 8)],
    ["with metadata that is no text", tensors({ __metadata__: { a: 1 } }, 0)],
    ["nested deeper than can be", tensors({}, 0, '{"a":{"shape":[[1]]}}')],
    ["nested very deep", tensors({}, 0, `{"a":${"[".repeat(100_000)}`)],
  ])("%s is unsafe", async (_, data) => {
    expect(await found([file("model.safetensors", data)])).toEqual({
      verdict: "unsafe",
      codes: ["safetensors_invalid"],
    });
  });

  it("with a type that is not known, or a header over the bound, is unknown", async () => {
    expect(await found([file("m.safetensors", tensors({ a: tensor("Q7", [2], 0, 8) }, 8))])).toEqual({
      verdict: "unknown",
      codes: ["safetensors_dtype"],
    });
    const long = tensors({}, 0, `{}${" ".repeat(9 * 1024 * 1024)}`);
    expect(await found([file("m.safetensors", long)])).toEqual({ verdict: "unknown", codes: ["bound_reached"] });
  });
});

/** A field of a protocol buffer that has a length. */
const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7]);
const field = (number: number, ...parts: (Uint8Array | string)[]): Uint8Array => {
  const body = join(...parts);
  return join(Uint8Array.of(...varint(number * 8 + 2), ...varint(body.length)), body);
};
const external = (location: string) => field(13, field(1, "location"), field(2, location));
const VERSION = op(8, 9);
const onnx = (...initializer: Uint8Array[]) => join(VERSION, field(7, field(5, field(8, "w"), ...initializer)));
const inFunction = field(25, field(7, field(5, field(5, external("..\\x")))));

describe("an ONNX model", () => {
  it.each<[why: string, data: Uint8Array, codes: string[]]>([
    ["with its tensors inside", onnx(field(9, new Uint8Array(2000))), []],
    ["with its tensors beside it", onnx(external("model.onnx_data")), []],
    ["with its tensors anywhere", onnx(external("../../etc/passwd")), ["external_data"]],
    ["with its tensors at an absolute path", onnx(external("/etc/passwd")), ["external_data"]],
    [
      "with a tensor of a node's inner graph",
      join(VERSION, field(7, field(1, field(5, field(6, field(5, external("/x"))))))),
      ["external_data"],
    ],
    ["with a tensor of a function", join(onnx(), inFunction), ["external_data"]],
    ["without a version", inFunction, ["unrecognised", "external_data"]],
    ["with a field that is not known", join(onnx(external("/x")), field(90, "x")), ["unrecognised", "external_data"]],
    ["that breaks off", onnx(external("x")).subarray(0, 12), ["unrecognised"]],
    ["that is none", bytesOf("not a model at all"), ["misnamed"]],
  ])("%s", async (_, data, codes) => {
    expect((await found([file("model.onnx", data)])).codes).toEqual(codes);
  });
});

describe("a file of Keras", () => {
  const keras = (config: unknown) =>
    makeZip([
      file("metadata.json", '{"keras_version": "3.9.0"}'),
      file("config.json", typeof config === "string" ? config : JSON.stringify(config)),
    ]);
  const node = (module: string, className: string) => ({ module, class_name: className, config: {} });
  const hdf5 = (config: string) => join(SAMPLES.hdf5, config);
  const lambda = '{"class_name": "Lambda", "config": {}}';
  it.each<[why: string, data: Uint8Array | string, verdict: object]>([
    ["an archive of layers", keras(node("keras.layers", "Dense")), SAFE],
    ["an archive with a lambda layer", keras(node("keras.layers", "Lambda")), unsafe("keras_lambda")],
    ["an archive with another's class", keras(node("os", "system")), unsafe("keras_code")],
    ["an archive with an escaped class", keras('{"class_name": "\\u004cambda", "config": {}}'), unsafe("keras_lambda")],
    ["HDF5 with a lambda layer", hdf5(lambda), { verdict: "unsafe", codes: ["opaque_format", "keras_lambda"] }],
    ["HDF5", hdf5("{}"), { verdict: "unknown", codes: ["opaque_format"] }],
    [
      "HDF5 with a lambda layer behind a long user block",
      join(new Uint8Array(8192), hdf5(lambda)),
      { verdict: "unsafe", codes: ["unrecognised", "keras_lambda"] },
    ],
  ])("that is %s", async (_, data, verdict) => {
    expect(await found([file("model.keras", data)])).toEqual(verdict);
  });

  it("that has its weights as HDF5 within is unknown for them alone", async () => {
    const whole = makeZip([
      file("config.json", JSON.stringify(node("keras.layers", "Dense"))),
      file("model.weights.h5", SAMPLES.hdf5),
    ]);
    const { verdict, findings } = await inspect([file("model.keras", whole)]);
    expect({ verdict, findings }).toMatchObject({
      verdict: "unknown",
      findings: [{ code: "opaque_format", path: "model.keras", inner: ["model.weights.h5"] }],
    });
  });
});

describe("a file of another kind", () => {
  it("that is a text under the name of a pickle is unknown: a site file begins like an import, a pickle names a module", async () => {
    const site = "import os; enabled = os.environ.get('X', 'local')\nx\n";
    expect(await found([file("distutils-precedence.pth", site)])).toMatchObject({ verdict: "unknown" });
    expect(await found([file("model.pth", "cos\nsystem\n")])).toMatchObject({ verdict: "unsafe" });
  });

  const elf = join(op(0x7f), "ELF", new Uint8Array(60));
  const pe = join("MZ", new Uint8Array(58), u32(64), new Uint8Array(8));
  const within = (depth: number): Uint8Array => (depth === 0 ? bytesOf("x") : makeZip([file("a", within(depth - 1))]));
  it.each<[name: string, data: Uint8Array | string, codes: string[]]>([
    ["model.gguf", SAMPLES.gguf, []],
    ["cut.gguf", "GGUF", ["opaque_format"]],
    ["train.py", "import os; os.system('true')", ["source_code"]],
    ["data.parquet", SAMPLES.parquet, []],
    ["text.parquet", "PAR1", ["misnamed"]],
    ["cut.jsonl.gz", op(0x1f, 0x8b), ["format_malformed"]],
    ["tokenizer.model", SAMPLES.sentencepiece, []],
    ["cut.model", op(0x0a, 0x0e, 0x0a, 5), ["unrecognised"]],
    ["MZ.txt", "MZ is no program", []],
    ["lib.so.1.2", "x", ["misnamed"]],
    ["run", elf, ["native_code"]],
    ["run.so", elf, ["native_code"]],
    ["run.dat", pe, ["native_code", "misnamed"]],
    ["data.tar.gz", "x", ["misnamed"]],
    ["x.pkl.gz", "x", ["misnamed"]],
    ["data.tar", "name\0\0", ["unrecognised"]],
    ["data.7z", "x", ["misnamed"]],
    ["saved_model.pb", "x", ["misnamed"]],
    ["fake.zip", "x", ["misnamed"]],
    ["pictures.zip", makeZip([file("a.png", SAMPLES.png)]), []],
    ["odd.zip", join(makeZip([file("a.png", SAMPLES.png)]), "behind"), ["nested_archive"]],
    ["deep.zip", within(3), []],
    ["deeper.zip", within(4), ["nested_archive"]],
    ["bad.zip", makeZip([file("x.pkl", systemByProtocol[4] ?? "")]), ["pickle_import"]],
  ])("%s", async (name, data, codes) => {
    expect((await found([file(name, data)])).codes).toEqual(codes);
  });

  it("that is a gzip is judged by what is inside", async () => {
    expect(await found([file("data.jsonl.gz", await gzip('{"a": 1}\n{"a": 2}\n'))])).toEqual(SAFE);
    expect(await found([file("x.pkl.gz", await gzip(harmlessByProtocol[4] ?? ""))])).toEqual(SAFE);
    expect(await found([file("x.pkl.gz", await gzip(systemByProtocol[4] ?? ""))])).toEqual(unsafe("pickle_import"));
  });

  it("that cannot be inflated, or has another checksum, is unsafe where it is looked into", async () => {
    const corrupt = unsafe("content_corrupt");
    for (const plain of [harmlessByProtocol[4] ?? "", "a line of text\n".repeat(30)]) {
      const made = await deflated("x.pkl", plain);
      const cases = [
        { ...made, both: { crc: 1 } },
        { ...made, data: new Uint8Array(20).fill(0xff) },
        { ...made, data: join(bytesOf(made.data ?? ""), "more") },
      ];
      for (const wrong of cases) {
        expect(await found([wrong])).toEqual(corrupt);
        expect(await found([file("x.zip", makeZip([wrong]))])).toEqual(corrupt);
      }
    }
  });

  it("that is too large to inflate is unknown, and so is what costs too much together", async () => {
    // text that packs well, but not like a bomb
    const words = Uint8Array.from({ length: 17_000_000 }, (_, at) => (at * at * 7 + (at >> 9) * 31) % 251);
    const large = join(proto(3), "B", u32(words.length), words, STOP);
    expect(await found([await deflated("x.pkl", large)])).toEqual({ verdict: "unknown", codes: ["bound_reached"] });
    const files = [file("a.pkl", `${"N0".repeat(500)}N.`), file("b.pkl", `${"N0".repeat(500)}N.`)];
    expect((await inspect(files)).verdict).toBe("safe");
    const { findings, verdict } = await inspect(files, { maxContentBytes: 1500 });
    expect({ verdict, findings }).toMatchObject({ verdict: "unknown", findings: [{ code: "bound_reached" }] });
  });

  it("that was found unsafe before a bound was reached is unsafe", async () => {
    const long = `cos\nsystem\n(S'x'\ntR${"0N".repeat(100_000)}.`;
    const inner = makeZip([file("a", long)]);
    for (const made of [file("a.pkl", long), file("a", long), await deflated("b.zip", inner), file("b.zip", inner)]) {
      const maxContentBytes = made.name === "b.zip" ? (made.inflated ? 280_000 : 240_000) : 100_000;
      const { verdict, findings } = await inspect([made], { maxContentBytes });
      expect({ verdict, findings }).toMatchObject({
        verdict: "unsafe",
        findings: [{ code: "pickle_import" }, { code: "bound_reached" }],
      });
    }
  });
});
