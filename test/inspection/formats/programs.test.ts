/** Programs and formats of other runtimes, and the names that belong to loaders which run code. */

import { describe, expect, it } from "vitest";
import { contentInMemory } from "../../../src/inspection/file-content.ts";
import { FORMATS } from "../../../src/inspection/formats/index.ts";
import { checkName, kindsUnder } from "../../../src/inspection/loaders.ts";
import { join } from "../../zip/make-zip.ts";
import { judge, verdict } from "./judging.ts";
import { SAMPLES } from "./samples.ts";

const hex = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const more = new Uint8Array(64).fill(0xa7);

describe("a program", () => {
  it.each<[what: string, data: Uint8Array]>([
    ["ELF", join("\x7fELF", more)],
    ["Mach-O", join(hex("cffaedfe"), more)],
    ["Mach-O of another order", join(hex("feedfacf"), more)],
    ["PE", join("MZ", new Uint8Array(62))],
    ["a llamafile", join("MZqFpD='\n", new Uint8Array(50), "\x7fELF")],
    ["WebAssembly", join("\0asm", more)],
    ["a class of Java", join(hex("cafebabe00000034"), more)],
    ["Android's code", join("dex\n035\0", more)],
    ["Lua's code", join("\x1bLua", more)],
    ["Python's code", SAMPLES.pyc],
    ["Python's code of another version", join(hex("160d0d0a00000000000000000100"), more)],
    ["Python's marshalled code", SAMPLES.marshal],
  ])("as %s is unknown under any name", async (_, data) => {
    for (const name of ["x.pyc", "weights.dat", "data"]) {
      expect(await verdict(data, name)).toEqual({ kind: "machine-code", codes: ["native_code"] });
    }
  });

  it("is not a text that begins as one", async () => {
    expect(await verdict("MZ is no program\n")).toEqual({ kind: "text", codes: [] });
    expect(await verdict("id\r\n1\r\n22\r\n333\r\n", "x.csv")).toEqual({ kind: "text", codes: [] });
    expect(await verdict("BM is no picture\n")).toEqual({ kind: "text", codes: [] });
  });
});

describe("a format of another runtime", () => {
  it.each<[what: string, data: Uint8Array]>([
    ["objects of Java", join(hex("aced0005"), more)],
    ["objects of R", join("RDX3\nX\n", more)],
    ["one object of R", join("X\n", hex("00000003"), more)],
    ["TensorFlow Lite", join(hex("1c000000"), "TFL3", more)],
    ["ONNX Runtime", join(hex("1c000000"), "ORTM", more)],
    ["TensorRT", join("ptrt", more)],
    ["a database", join("SQLite format 3\0", more)],
    ["a font", join(hex("000100000010"), more)],
    ["TIFF", join("II*\0", more)],
    ["Feather of old", join("FEA1", more)],
  ])("as %s is unknown", async (_, data) => {
    expect(await verdict(data, "x.dat")).toEqual({ kind: "other-runtime", codes: ["opaque_format"] });
  });

  it("as a saved model of TensorFlow is unknown", async () => {
    const graph = join(hex("08011212" + "0a100a0e"), "x".repeat(14), more);
    expect(await verdict(graph, "saved_model.pb")).toEqual({ kind: "tensorflow-graph", codes: ["opaque_format"] });
  });
});

describe("a name of a loader", () => {
  it.each(
    "x.pkl x.pickle x.joblib x.pt x.pth x.bin x.ckpt x.keras x.h5 x.hdf5 x.npy x.npz x.onnx x.pb x.so x.so.1.2 x.jar x.whl x.rds x.rda x.rdata x.ser x.pyc x.dll x.exe x.gguf x.safetensors x.pklz x.t7".split(
      " ",
    ),
  )("%s claims kinds, none of which is a picture", (name) => {
    expect(kindsUnder(name)).not.toContain("png");
  });

  it("claims nothing of what is only read", () => {
    for (const name of ["x.txt", "x.json", "readme.md", "x", ".gitattributes"])
      expect(kindsUnder(name)).toBeUndefined();
  });

  it("is a finding where the content is of another kind", async () => {
    const content = contentInMemory(new Uint8Array(99), () => {});
    const codesOf = async (name: string, kind: string | undefined) => {
      const codes: string[] = [];
      await checkName(name, kind, content, (code) => void codes.push(code));
      return codes;
    };
    for (const name of ["x.pkl", "x.pt", "x.keras", "x.npy", "x.so", "x.onnx"])
      expect(await codesOf(name, "png")).toEqual(["misnamed"]);
    expect(await codesOf("x.pth", "text")).toEqual(["misnamed"]);
    expect(await codesOf("x.pkl", "pickle")).toEqual([]);
    expect(await codesOf("x.bin", "json")).toEqual([]);
    expect(await codesOf("x.txt", "png")).toEqual([]);
    expect(await codesOf("x.pkl", undefined)).toEqual([]);
  });

  it("takes the content that it is for", () => {
    expect(kindsUnder("m.onnx")).toContain("onnx");
    expect(kindsUnder("m.bin")).toContain("safetensors");
    expect(kindsUnder("m.keras")).toEqual(["zip", "hdf5"]);
  });
});

describe("bytes of no format", () => {
  it("are of no kind", async () => {
    for (const data of [more, new Uint8Array(2000), Uint8Array.of(1), join(more, SAMPLES.png)]) {
      expect((await judge(data, "x.png")).kind).toBeUndefined();
    }
  });

  it("are told in few reads, and never by one outside of the file, however they begin", async () => {
    // every beginning of two bytes, and every format's beginning with noise behind it
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 16;
    };
    for (let round = 0; round < 1500; round += 1) {
      const sample = Object.values(SAMPLES)[random() % Object.keys(SAMPLES).length] ?? more;
      const data = Uint8Array.from({ length: 20 + (random() % 1500) }, () => random());
      data.set(sample.subarray(0, Math.min(random() % 64, data.length)));
      const { reads } = await judge(data, "x");
      expect(reads).toBeLessThan(16);
    }
  });
});

it("every format has a kind", () => {
  expect(FORMATS.every(({ kind }) => /^[a-z0-9-]+$/.test(kind))).toBe(true);
});
