/** Arrays of NumPy, torch's archives, and pickles as formats. */

import { describe, expect, it } from "vitest";
import { BoundReached } from "../../src/inspection/format.ts";
import { npy } from "../../src/inspection/formats/npy.ts";
import { pickle } from "../../src/inspection/formats/pickle.ts";
import { torchZip } from "../../src/inspection/formats/torch-zip.ts";
import { join, u16 } from "../zip/make-zip.ts";
import { imported, op, proto, STOP, systemByProtocol, torchLegacy, torchPickle } from "./make-pickle.ts";
import { codesOf, contentOf, verdictOf } from "./pickle-formats.ts";

const array = (descr: string, shape: string, data: Uint8Array | string, more = "") => {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }${more}\n`;
  return join(op(0x93), "NUMPY", op(1, 0), u16(header.length), header, data);
};

describe("an array of NumPy", () => {
  it.each<[descr: string, shape: string, bytes: number]>([
    ["'<f4'", "(3,)", 12],
    ["'|b1'", "()", 1],
    ["'<U5'", "(2, 2)", 80],
    ["'<M8[ns]'", "(0, 7)", 0],
    ["'|V3'", "(2,)", 6],
    ["[('a', '<f4'), ('b', '|S3'), ('c', '>i8', (2, 2))]", "(3,)", 117],
    ["[('a', '|i1'), ('', '|V7'), ('b', '<f8')]", "(1,)", 16],
    ["[('p', [('x', '<f4'), ('y', '<f4')]), (('title', 'n'), '<U4')]", "(1L,)", 24],
  ])("of %s %s is safe if its bytes are as many", async (descr, shape, bytes) => {
    expect(await codesOf(npy, array(descr, shape, new Uint8Array(bytes)))).toEqual([]);
    expect(await codesOf(npy, array(descr, shape, new Uint8Array(bytes + 1)))).toEqual(["opaque_format"]);
  });

  it.each<[why: string, descr: string, more?: string]>([
    ["another type", "'numpy.float32'"],
    ["code for a type", "__import__('os')"],
    ["another key", "'<f4', 'x': 1"],
    ["something behind it", "'<f4'", " {}"],
    ["records without an end", "[('a', '<f4')"],
    ["records within records without an end", `${"[('a', ".repeat(40)}'<f4'${")]".repeat(40)}`],
  ])("with a header of %s is unknown", async (_, descr, more) => {
    expect(await codesOf(npy, array(descr, "(1,)", new Uint8Array(4), more))).toEqual(["opaque_format"]);
  });

  it("of objects is judged as the pickle it is", async () => {
    for (const descr of ["'|O'", "[('a', '<f4'), ('o', 'O')]", "[('a', '|O8', (2,))]"]) {
      expect(await codesOf(npy, array(descr, "(1,)", systemByProtocol[4] ?? ""))).toContain("pickle_import");
      expect(await codesOf(npy, array(descr, "(1,)", "N."))).toEqual([]);
    }
  });
});

describe("torch's archive", () => {
  const paths = ["m/data.pkl", "m/data/0", "m/version", "m/byteorder", "m/.data/serialization_id"];

  it("is known by its members", () => {
    expect(torchZip.recognise(paths)).toBe(true);
    expect(torchZip.recognise([...paths, "other/file"])).toBe(false);
    expect(torchZip.recognise(["m/data/0", "m/version"])).toBe(false);
    expect(torchZip.recognise(["data.pkl", "version", "data/0"])).toBe(false);
  });

  it("keeps the memory of tensors as raw bytes", () => {
    expect(torchZip.rawKind("m/data/12")).toBe("torch-storage");
    for (const path of ["m/data/x.pkl", "m/data/0/x", "m/data.pkl", "x/m/data/0"]) {
      expect(torchZip.rawKind(path)).toBeUndefined();
    }
  });

  it("is a program if it has code or constants, in any case", () => {
    for (const more of ["m/code/__torch__/x.py", "m/constants.pkl", "m/CODE/x"]) {
      const codes: string[] = [];
      torchZip.inspect([...paths, more], (code) => codes.push(code));
      expect(codes).toEqual(["torchscript"]);
    }
    torchZip.inspect(paths, (code) => expect(code).toBeUndefined());
  });

  it("is unknown if a storage is said to be longer than its file", async () => {
    const sizes = (bytes: number | undefined) => ({
      sizeBeside: (path: string) => (path === "data/0" ? bytes : undefined),
    });
    expect(await codesOf(pickle, torchPickle, sizes(16))).toEqual([]);
    expect(await codesOf(pickle, torchPickle, sizes(15))).toEqual(["pickle_arguments"]);
    expect(await codesOf(pickle, torchPickle, sizes(undefined))).toEqual(["pickle_arguments"]);
  });
});

describe("a file that is a pickle", () => {
  it("is recognised by what it does", async () => {
    expect(await codesOf(pickle, torchLegacy)).toEqual([]);
    for (const bytes of systemByProtocol) expect(await codesOf(pickle, bytes)).toEqual(["pickle_import"]);
    expect(await verdictOf("(lp0\nI1\naS'a'\np1\na.")).toBe("safe");
    for (const text of ["classes\nlabels\nNone of them\n", "(in short)\nnothing\n", "{}", "x = 1\n", "PAR1"]) {
      expect(await verdictOf(text), text).toBe("none");
    }
  });

  it("of an odd name or behind a long text is one", async () => {
    expect(await verdictOf("cmy module\nf\n)R.")).toBe("unsafe");
    expect(await verdictOf("V", "x".repeat(70_000), "\n0cos\nsystem\n)R.")).toBe("unsafe");
    expect(await verdictOf("i", "x".repeat(70_000), "\n")).toBe("none");
  });

  it("that some readers import for before they stop is unsafe", async () => {
    expect(await verdictOf(proto(2), "ios\nsystem\n.")).toBe("unsafe");
  });

  it.each<[how: string, parts: (Uint8Array | string)[]]>([
    [
      "mixes two ways of numbering its memo",
      [
        "Vos\n",
        op("q", 0),
        "Vsystem\n",
        op("q", 1),
        "Vcollections\n",
        op(0x94),
        "VOrderedDict\n",
        op(0x94),
        "00h\0h\x01",
        op(0x93),
        ")R.",
      ],
    ],
    ["calls and drops the result", [imported("os", "system"), "(Va\ntR0N."]],
    ["stands behind another", ["N.", imported("os", "system"), "(Va\ntR."]],
    ["stands behind its end of bytes", [imported("os", "system"), "(Va\ntR", op(0xff)]],
    ["changes its protocol", [proto(5), proto(0), imported("os", "system"), ")R", STOP]],
    [
      "imports through an attribute",
      [proto(4), imported("collections", "OrderedDict.__init__.__globals__"), ")R", STOP],
    ],
    ["changes what it imports by slots", [imported("collections", "OrderedDict"), "N}Va\nVos\ns", op(0x86), "b."]],
  ])("that %s is unsafe", async (_, parts) => {
    expect(await verdictOf(...parts)).toBe("unsafe");
  });

  it.each(["T\xff\xff\xff\xff", "\x8b\xff\xff\xff\xff"])("ends at a negative length", async (length) => {
    const bytes = join(
      proto(2),
      Uint8Array.from(length, (char) => char.charCodeAt(0)),
      "N.",
    );
    expect(await verdictOf(bytes)).toBe("none");
  });

  it("keeps what was found before a bound", async () => {
    const whole = join(proto(2), imported("os", "system"), "N0".repeat(50_000), STOP);
    const content = {
      ...contentOf(whole),
      read: async ({ offset, length }: { offset: number; length: number }) => {
        if (offset > 0) throw new BoundReached();
        return whole.subarray(offset, offset + length);
      },
    };
    expect(await pickle.recognise(content)).toBe(true);
    const codes: string[] = [];
    const inspected = pickle.inspect(content, (code) => codes.push(code), {} as never);
    await expect(inspected).rejects.toBeInstanceOf(BoundReached);
    expect(codes).toEqual(["pickle_import"]);
  });
});
