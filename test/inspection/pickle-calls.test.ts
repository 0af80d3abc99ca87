/** Pickles that import harmless names only, and what they do with them. */

import { describe, expect, it } from "vitest";
import { pickle } from "../../src/inspection/formats/pickle.ts";
import { bytesOf, join, u32, u64 } from "../zip/make-zip.ts";
import { imported, longText, op, proto, STOP, text, torchPickle } from "./make-pickle.ts";
import { codesOf, verdictOf } from "./pickle-formats.ts";
import { numpyPickles, standardPickles } from "./real-pickles.ts";

type Part = Uint8Array | string;

/** Joins opcodes; a character is a byte. */
const cat = (...parts: Part[]) => join(...parts.map((part) => (typeof part === "string" ? latin1(part) : part)));
const latin1 = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0));
const CORE = "numpy._core.multiarray";
const bytes = (value: Part) => cat(op("C", bytesOf(value).length), value);
const int = (value: number) => cat("J", u32(value >>> 0));
const call = (module: string, name: string, ...args: Part[]) => cat(imported(module, name), "(", ...args, "tR");
const dtype = (of: string, align: Part = op(0x89), copy: Part = op(0x88)) =>
  call("numpy", "dtype", text(of), align, copy);
const dtypeState = (flags = 0, order = "<", version = 3) =>
  cat("(K", op(version), text(order), "NNN", int(-1), int(-1), int(flags), "tb");
const F4 = cat(dtype("f4"), dtypeState());
const OBJECT = cat(dtype("O8"), dtypeState(63, "|"));
const EMPTY = call(CORE, "_reconstruct", imported("numpy", "ndarray"), "K\0\x85", bytes("b"));
const array = (shape: Part, of: Part, elements: Part) =>
  cat(EMPTY, "(K\x01", shape, op(0x85), of, op(0x89), elements, "tb");
const record = (size: number, fields: Part, flags = 16, names: Part = cat(text("a"), op(0x85)), stated = size) =>
  cat(dtype(`V${size}`), "(K\x03", text("|"), "N", names, "}", fields, int(stated), "K\x01", int(flags), "tb");
const field = (name: string, of: Part, offset: number) => cat(text(name), of, int(offset), op(0x86), "s");
/** A pointer of the attacker's choice. */
const POINTER = "AAAAAAAA";

describe("a pickle of real values", () => {
  it.each([...numpyPickles.entries()])("of NumPy is safe (%i)", async (_, bytesOfIt) => {
    expect(await codesOf(pickle, bytesOfIt)).toEqual([]);
  });

  it.each([...standardPickles.entries()])("of the standard library is safe, protocol %i", async (_, bytesOfIt) => {
    expect(await codesOf(pickle, bytesOfIt)).toEqual([]);
  });

  it("of torch is safe", async () => {
    expect(await codesOf(pickle, torchPickle)).toEqual([]);
  });

  it("as these tests write them is safe", async () => {
    expect(await verdictOf(cat(proto(4), array("K\x01", F4, bytes("abcd")), STOP))).toBe("safe");
    expect(await verdictOf(cat(proto(4), array("K\x01", OBJECT, "](Ne"), STOP))).toBe("safe");
    expect(await verdictOf(cat(proto(4), array("K\x01", record(4, field("a", F4, 0)), bytes("abcd")), STOP))).toBe(
      "safe",
    );
  });
});

describe("a pickle that makes its reader read memory that is not its own is unsafe", () => {
  it.each<[how: string, parts: Part[]]>([
    [
      "an array over an address",
      [call("numpy", "ndarray", "K\x01\x85", dtype("O8"), call("builtins", "bytearray", bytes(POINTER)))],
    ],
    ["an array over nothing", [call("numpy", "ndarray", int(1 << 30), F4)]],
    [
      "objects made of bytes by flags of a data type",
      [array("K\x01", cat(dtype("O8"), dtypeState(0, "|")), bytes(POINTER))],
    ],
    ["flags of objects on numbers", [array("K\x01", cat(dtype("i8"), dtypeState(63)), "](K\x01e")]],
    ["objects from bytes", [array("K\x01", OBJECT, bytes(POINTER))]],
    ["fewer objects than elements", [array(int(4096), OBJECT, "](Ne")]],
    [
      "fewer objects than elements, in two dimensions",
      [cat(EMPTY, "(K\x01K\x01K\x02\x86", OBJECT, op(0x89), "](Ne", "tb")],
    ],
    ["a field outside of its record", [array("K\x01", record(4, field("a", F4, 0x7fffff00)), bytes("abcd"))]],
    ["a field before its record", [array("K\x01", record(4, field("a", F4, -4)), bytes("abcd"))]],
    [
      "a record of another size than it is called",
      [array("K\x01", record(4, field("a", F4, 0), 16, cat(text("a"), op(0x85)), 1 << 20), bytes("abcd"))],
    ],
    [
      "a field that has no name",
      [array("K\x01", record(4, field("a", F4, 0), 16, cat(text("b"), op(0x85))), bytes("abcd"))],
    ],
    [
      "a number over an object in a record",
      [record(8, cat(field("a", OBJECT, 0), field("b", F4, 4)), 27, cat(text("a"), text("b"), op(0x86)))],
    ],
    ["an object in a record without its flags", [record(8, field("a", OBJECT, 0), 16)]],
    [
      "a data type that grows once it is used",
      [
        cat(
          array("K\x01", cat(dtype("S4"), op(0x94)), bytes("abcd")),
          "0h\0(K\x03",
          text("|"),
          "NNN",
          int(1 << 20),
          "K\x01K\0tb",
        ),
      ],
    ],
    ["a data type that is given two states", [cat(dtype("f4"), dtypeState(), dtypeState())]],
    ["a data type that is not a copy", [dtype("f4", op(0x89), op(0x89))]],
    ["a data type of another's making", [dtype("i4,O")]],
    ["a state of another version", [cat(dtype("f4"), dtypeState(0, "<", 5))]],
    [
      "an array that is given two states",
      [cat(array("K\x01", F4, bytes("abcd")), "(K\x01K\x02\x85", F4, op(0x89), bytes("abcdefgh"), "tb")],
    ],
    ["an array of a negative length", [array(int(-1), F4, bytes("abcd"))]],
    ["an array of another size than its bytes", [array("K\x02", F4, bytes("abcd"))]],
    ["an array of another class", [call(CORE, "_reconstruct", imported("numpy", "float32"), "K\0\x85", bytes("b"))]],
    [
      "an array that begins with a length",
      [call(CORE, "_reconstruct", imported("numpy", "ndarray"), int(1 << 20), op(0x85), bytes("b"))],
    ],
    ["a scalar that is an object", [call(CORE, "scalar", OBJECT, bytes(POINTER))]],
    [
      "a scalar that is shorter than its type",
      [call(CORE, "scalar", cat(dtype("S200"), "(K\x03", text("|"), "NNN", int(200), "K\x01K\0tb"), bytes("a"))],
    ],
    [
      "objects over a buffer",
      [call("numpy._core.numeric", "_frombuffer", bytes(POINTER), OBJECT, "K\x01\x85", text("C"))],
    ],
  ])("%s", async (_, parts) => {
    expect(await codesOf(pickle, cat(proto(4), ...parts, STOP))).toContain("pickle_call");
  });
});

describe("a pickle that runs what it imports with a state or by a method is unsafe", () => {
  const namespace = call("argparse", "Namespace");
  it.each<[how: string, parts: Part[]]>([
    [
      "a state that is a pair sets attributes of a class",
      [imported("collections", "OrderedDict"), "N}", text("x"), "Ns\x86b"],
    ],
    [
      "an attribute that Python gives a meaning",
      [namespace, "}", text("__setstate__"), imported("numpy", "dtype"), "sb"],
    ],
    ["such an attribute behind an escape", [namespace, "}", "V\\u005f_array_interface__\nNsb"]],
    ["a state of slots", [namespace, "N}", op(0x86), "b"]],
    ["a second state", [namespace, "}b", "}b"]],
    [
      "an item put into something with attributes",
      [namespace, "}", text("append"), imported("numpy", "dtype"), "sb", text("f8"), "a"],
    ],
    ["an item put into a class", [imported("collections", "deque"), "Na"]],
    [
      "hooks of a gradient",
      [torchTensor(cat(call("collections", "OrderedDict"), "K\0", imported("numpy", "dtype"), "s"))],
    ],
    [
      "a function called through another",
      [
        call(
          "torch._tensor",
          "_rebuild_from_type_v2",
          imported("numpy", "ndarray"),
          imported("torch", "Tensor"),
          "K\x01\x85\x85",
          "}",
        ),
      ],
    ],
    [
      "a rebuilder called through another with other arguments",
      [
        call(
          "torch._tensor",
          "_rebuild_from_type_v2",
          imported("torch._utils", "_rebuild_tensor"),
          imported("torch", "Tensor"),
          "N\x85",
          "}",
        ),
      ],
    ],
    [
      "a class made by copyreg that is none of a record",
      [call("copyreg", "_reconstructor", imported("numpy", "ndarray"), imported("builtins", "object"), "N")],
    ],
    [
      "a base that is called with a state",
      [call("copyreg", "_reconstructor", imported("argparse", "Namespace"), imported("builtins", "list"), "](Ne")],
    ],
  ])("%s", async (_, parts) => {
    const codes = await codesOf(pickle, cat(proto(4), ...parts, STOP));
    expect(codes?.some((code) => code === "pickle_call" || code === "pickle_arguments")).toBe(true);
  });
});

/** What torch.save writes for a tensor, with these hooks or numbers. */
function torchTensor(hooks: Part = call("collections", "OrderedDict"), size = 4, stride = 1, offset = 0, numel = 4) {
  const storage = cat(
    "(",
    longText("storage"),
    imported("torch", "FloatStorage"),
    longText("0"),
    longText("cpu"),
    int(numel),
    "tQ",
  );
  return call(
    "torch._utils",
    "_rebuild_tensor_v2",
    storage,
    int(offset),
    int(size),
    op(0x85),
    int(stride),
    op(0x85),
    op(0x89),
    hooks,
  );
}

describe("a call that takes more than its bytes ask for, or is none that is pickled, is unknown", () => {
  const huge = int(0x7fffffff);
  it.each<[how: string, parts: Part[]]>([
    ["a list of a range", [call("builtins", "list", call("builtins", "range", "K\0", huge, "K\x01"))]],
    ["a tuple of a range", [call("builtins", "tuple", call("builtins", "range", "K\0", huge, "K\x01"))]],
    ["a set of a range", [call("builtins", "set", call("builtins", "range", "K\0", huge, "K\x01"))]],
    ["a deque of a range", [call("collections", "deque", call("builtins", "range", "K\0", huge, "K\x01"))]],
    [
      "a dict of ranges",
      [call("collections", "OrderedDict", "](", call("builtins", "range", "K\0", huge, "K\x01"), "e")],
    ],
    ["a counter of a range", [call("collections", "Counter", call("builtins", "range", "K\0", huge, "K\x01"))]],
    ["bytes by number", [call("builtins", "bytes", huge)]],
    ["a bytearray by number", [call("builtins", "bytearray", huge)]],
    ["a fraction with an exponent", [call("fractions", "Fraction", text("1e999999999"))]],
    ["a decimal with a long exponent", [call("decimal", "Decimal", text("1e999999999"))]],
    ["a number of a text", [call("builtins", "int", longText("9".repeat(900)))]],
    ["a text of an object", [call("builtins", "str", "N")]],
    ["a class out of an enumeration", [call("uuid", "SafeUUID", text("X"), "](", text("A"), "e")]],
    ["another codec", [call("_codecs", "encode", text("x"), text("punycode"))]],
    ["a date that is none", [call("datetime", "date", bytes("\0\0\x01\x01"))]],
    [
      "a dict that makes what it has not",
      [call("collections", "defaultdict", imported("accelerate.state", "PartialState"))],
    ],
    ["settings that are set up", [call("transformers.training_args", "TrainingArguments")]],
    ["sparse tensors, whose indices are checked late", [call("torch._utils", "_rebuild_sparse_tensor", "N", "N")]],
    ["a tensor beyond its storage", [torchTensor(undefined, 5)]],
    ["a tensor beyond its storage by its stride", [torchTensor(undefined, 2, 4)]],
    ["a tensor beyond its storage by its offset", [torchTensor(undefined, 4, 1, 1)]],
    ["something of the loader's that is no storage", [text("x"), "Q"]],
    ["a memo with a high number", ["N", op("r", 0xff, 0xff, 0xff, 0x7f)]],
    [
      "a tuple of itself, hashed",
      [
        "N\x85",
        ...Array.from({ length: 60 }, (_, at) => op("q", at, "h", at, 0x86)),
        "q\xf00}h\xf0Ns".replaceAll("\xf0", "\x7f"),
      ],
    ],
    [
      "copies of one payload",
      [
        "B",
        u32(1 << 20),
        new Uint8Array(1 << 20),
        op(0x94),
        ...Array.from({ length: 200 }, () => cat("0", imported("builtins", "bytearray"), "h\0\x85R")),
      ],
    ],
    [
      "numbers of one hash",
      ["}(", ...Array.from({ length: 20_001 }, (_, at) => cat(op(0x8a, 9), u64(at), op(1), "N")), "u"],
    ],
  ])("%s", async (_, parts) => {
    expect(await verdictOf(cat(proto(4), ...parts, STOP))).toBe("unknown");
  });

  it("such a tensor within its storage is safe", async () => {
    expect(await verdictOf(cat(proto(2), torchTensor(undefined, 2, 2, 1), STOP))).toBe("safe");
    expect(await verdictOf(cat(proto(2), torchTensor(undefined, 0, 1, 0, 0), STOP))).toBe("safe");
  });
});
