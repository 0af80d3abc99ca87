/** Torch's oldest format is a tar with pickles in it: nobody looked into one, whatever it is called and however it is made. */

import { describe, expect, it } from "vitest";
import { bytesOf, deflated, join, type Made, makeZip, u32 } from "../zip/make-zip.ts";
import { file, found, SAFE } from "./inspecting.ts";
import { harmlessByProtocol, systemByProtocol } from "./make-pickle.ts";

/** How a header says its checksum; the bytes are those of a header with spaces in its place. */
type Checksum = (header: Uint8Array) => Uint8Array;
const sumOf = (header: Uint8Array) => header.reduce((sum, byte) => sum + byte, 0);
const signedSumOf = (header: Uint8Array) => new Int8Array(header).reduce((sum, byte) => sum + byte, 0);
const octal = (sum: number) => bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `);
const binary = (sum: number) => Uint8Array.of(0x80, 0, 0, 0, 0, 0, sum >> 8, sum & 255);

/** A member of a tar as tar of 1979 wrote it: nothing names the format. */
function member(name: string | Uint8Array, data: Uint8Array, checksum: Checksum = (header) => octal(sumOf(header))) {
  const header = new Uint8Array(512);
  const size = data.length.toString(8).padStart(11, "0");
  header.set(bytesOf(name));
  header.set(bytesOf(`0000644\x000000000\x000000000\x00${size} 00000000000         `), 100);
  header.set(checksum(header), 148);
  return join(header, data, new Uint8Array(512 - (data.length % 512)));
}
const EVIL = systemByProtocol[2] ?? new Uint8Array();
const legacy = (checksum?: Checksum, name: string | Uint8Array = "storages") =>
  join(member(name, new Uint8Array(8), checksum), member("pickle", EVIL), new Uint8Array(1024));
const UNSEEN = { verdict: "unknown", codes: ["nested_archive"] };

describe("a tar", () => {
  it.each(["pytorch_model.bin", "x.pt", "x.pth", "x.ckpt", "x.weights", "x.tar", "x.dat", "model"])(
    "that torch would load, called %s, is unknown",
    async (name) => {
      expect(await found([file(name, legacy())])).toEqual(UNSEEN);
      expect(await found([await deflated(name, legacy())])).toEqual(UNSEEN);
    },
  );

  it.each<[how: string, checksum: Checksum]>([
    ["octal", (header) => octal(sumOf(header))],
    ["octal with blanks", (header) => bytesOf(`  ${sumOf(header).toString(8)}\0`.padEnd(8, "\0"))],
    ["octal as Python writes it", (header) => bytesOf(`0o${sumOf(header).toString(8)}`.padEnd(8))],
    ["a binary number", (header) => binary(sumOf(header))],
  ])("whose checksum is %s is one", async (_, checksum) => {
    expect(await found([file("x.pt", legacy(checksum))])).toEqual(UNSEEN);
  });

  it("whose checksum is of signed bytes is one", async () => {
    const name = "größe-".repeat(8);
    expect(
      await found([
        file(
          "x.pt",
          legacy((header) => octal(signedSumOf(header)), name),
        ),
      ]),
    ).toEqual(UNSEEN);
  });

  it("that is a harmless pickle as well is unknown: torch tries the tar first", async () => {
    // whose first member's name steps over all the rest
    const named = (length: number) => legacy(undefined, join("B", u32(length)));
    const pickle = join(named(named(0).length - 5), ".");
    const both = { verdict: "unknown", codes: ["polyglot"] };
    for (const name of ["x.pt", "x.pkl", "x.bin"]) expect(await found([file(name, pickle)])).toEqual(both);
    expect((await found([file("x.pth.tar", pickle)])).codes).toEqual(["polyglot", "misnamed"]);
  });

  it("that is an array or a zip as well is unknown, too", async () => {
    const NAME_BYTES = 100;
    const { length } = legacy(undefined, new Uint8Array(NAME_BYTES));
    const shape = `{'descr': '|u1', 'fortran_order': False, 'shape': (${length - NAME_BYTES},), }`;
    const header = join(Uint8Array.of(0x93), "NUMPY", Uint8Array.of(1, 0, 90, 0), `${shape.padEnd(89)}\n`);
    expect(await found([file("x.bin", legacy(undefined, header))])).toEqual({
      verdict: "unknown",
      codes: ["polyglot"],
    });
    // with a descriptor, the local header says nothing of the data
    const entry = (data: Uint8Array): Made => ({ name: "n".repeat(NAME_BYTES - 30), data, descriptor: "signed" });
    const local = makeZip([entry(new Uint8Array())]).subarray(0, NAME_BYTES);
    const zip = makeZip([entry(legacy(undefined, local).subarray(NAME_BYTES))]);
    expect((await found([file("x.nemo", zip)])).codes).toContain("polyglot");
  });

  it("but not what has another checksum, or none, or is a checkpoint under the name of one", async () => {
    const wrong = legacy((header) => octal(sumOf(header) + 1));
    const unrecognised = { verdict: "unknown", codes: ["unrecognised"] };
    expect(await found([file("x.bin", wrong)])).toEqual(unrecognised);
    expect(await found([file("x.bin", new Uint8Array(2048))])).toEqual(unrecognised);
    expect(await found([file("x.bin", legacy().subarray(0, 511))])).toEqual(unrecognised);
    const checkpoint = harmlessByProtocol[2] ?? "";
    expect(await found([file("x.pth.tar", checkpoint)])).toEqual({ verdict: "unknown", codes: ["misnamed"] });
    expect(await found([file("x.pth", checkpoint)])).toEqual(SAFE);
  });
});
