/** Tensors, tables, pictures, sound: files of their own libraries are inert; broken ones and those with code are not. */

import { describe, expect, it } from "vitest";
import type { FileContent } from "../../../src/inspection/format.ts";
import { FORMATS } from "../../../src/inspection/formats/index.ts";
import { join, u32, u64 } from "../../zip/make-zip.ts";
import { judge, verdict } from "./judging.ts";
import { SAMPLES } from "./samples.ts";

const S = SAMPLES;
const changed = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array => {
  const copy = bytes.slice();
  copy.set(values, at < 0 ? bytes.length + at : at);
  return copy;
};
const indexOf = (bytes: Uint8Array, text: string): number => new TextDecoder("latin1").decode(bytes).indexOf(text);

describe("a file that its own library wrote", () => {
  it.each<[kind: string, data: Uint8Array]>([
    ["png", S.png],
    ["jpeg", S.jpeg],
    ["gif", S.gif],
    ["webp", S.webp],
    ["bmp", S.bmp],
    ["icon", S.icon],
    ["wav", S.wav],
    ["mp3", S.mp3],
    ["flac", S.flac],
    ["ogg", S.ogg],
    ["mp4", S.mp4],
    ["webm", S.webm],
    ["parquet", S.parquet],
    ["arrow", S.arrowFile],
    ["arrow-stream", S.arrowStream],
    ["onnx", S.onnx],
    ["gguf", S.gguf],
    ["msgpack", S.msgpack],
    ["safetensors", S.safetensors],
    ["sentencepiece", S.sentencepiece],
    ["avi", join("RIFF", u32(12), "AVI ", "LIST", u32(0))],
    ["netpbm", join("P6\n2 1\n255\n", new Uint8Array(6).fill(200))],
    ["idx", join(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3), new Uint8Array(6))],
  ])("of %s is inert under any name, in few reads", async (kind, data) => {
    for (const name of ["x", `x.${kind}`]) expect(await verdict(data, name)).toEqual({ kind, codes: [] });
    expect((await judge(data)).reads).toBeLessThan(12);
  });

  const named = [
    "png",
    "jpeg",
    "gif",
    "webp",
    "bmp",
    "icon",
    "wav",
    "mp4",
    "webm",
    "parquet",
    "arrowFile",
    "arrowStream",
  ] as const;
  it.each(named)("of %s, with other bytes behind it, is not", async (kind) => {
    const judged = await verdict(join(S[kind], "behind the end"));
    expect(judged.kind === undefined || judged.codes.length > 0).toBe(true);
  });

  const whole = [...named, "onnx", "gguf", "msgpack", "safetensors", "sentencepiece", "flac", "mp3", "ogg"] as const;
  it.each(whole)("of %s, cut off anywhere, is not", async (kind) => {
    const data: Uint8Array = S[kind];
    const loose = kind === "mp3" || kind === "flac" || kind === "sentencepiece" || kind === "onnx";
    for (let length = 1; length < data.length; length += Math.max(1, Math.floor(data.length / 60))) {
      const { kind: found, codes } = await verdict(data.subarray(0, length));
      // a cut behind a frame or a field, or in the padding of a tensor, leaves a whole file
      if (loose || (kind === "gguf" && length > data.length - 32)) continue;
      expect([length, found === undefined || ["text", "json"].includes(found) || codes.length > 0]).toEqual([
        length,
        true,
      ]);
    }
  });
});

describe("safetensors", () => {
  it("are told with a header of any length that their library writes: it fills up eight bytes", async () => {
    const bytes = new Uint8Array(70_000).fill(0x0a, 256);
    bytes.set([0x7b, 0x22], 8);
    const wrong: [number, string | undefined][] = [];
    for (let length = 16; length < 66_000; length += 8) {
      bytes.set(u64(length));
      const content: FileContent = {
        size: bytes.length,
        head: bytes.subarray(0, 256),
        read: async (range) => bytes.subarray(range.offset, range.offset + range.length),
        isText: async () => false,
      };
      let kind: string | undefined;
      for (const format of FORMATS) {
        if (kind === undefined && (await format.recognise(content))) kind = format.kind;
      }
      if (kind !== "safetensors") wrong.push([length, kind]);
    }
    expect(wrong).toEqual([]);
  });

  it("of zeros alone are no pickle whose first line has no end", async () => {
    for (const length of [0x0970, 0x2b70, 0x3070]) {
      const size = 100_000;
      const tensor = { dtype: "U8", shape: [size], data_offsets: [0, size] };
      const data = join(u64(length), JSON.stringify({ w: tensor }).padEnd(length), new Uint8Array(size));
      expect(await verdict(data, "model.safetensors")).toEqual({ kind: "safetensors", codes: [] });
    }
  });
});

describe("a table", () => {
  const parquetOf = (footer: Uint8Array) => join("PAR1", footer, u32(footer.length), "PAR1");
  const zigzag = (value: number): Uint8Array => {
    const bytes: number[] = [];
    let rest = value * 2;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return Uint8Array.of(...bytes, rest);
  };
  /** A footer with one group of one column. */
  const footerOf = ({ rows = 1, values = 1, columnBytes = 1, groupBytes = 1 }) => {
    const column = join(Uint8Array.of(0x3c, 0x56), zigzag(values), Uint8Array.of(0x16), zigzag(columnBytes));
    const group = join(Uint8Array.of(0x19, 0x1c), column, Uint8Array.of(0, 0, 0x16), zigzag(groupBytes));
    return join(Uint8Array.of(0x36), zigzag(rows), Uint8Array.of(0x19, 0x1c), group, Uint8Array.of(0, 0));
  };

  it("that unpacks to far more than its file is unknown, wherever the footer says so", async () => {
    expect((await verdict(parquetOf(footerOf({})))).codes).toEqual([]);
    for (const large of [{ rows: 2e8 }, { values: 2e8 }, { columnBytes: 2e9 }, { groupBytes: 2e9 }]) {
      expect((await verdict(parquetOf(footerOf(large)))).codes).toEqual(["high_ratio"]);
    }
    for (const less of [{ rows: 1e8 }, { values: 1e8 }, { columnBytes: 1e9 }, { groupBytes: 1e9 }]) {
      expect((await verdict(parquetOf(footerOf(less)))).codes).toEqual([]);
    }
  });

  it("that is as large as its file allows is inert", async () => {
    const pages = new Uint8Array(1_000_000);
    const footer = footerOf({ groupBytes: 1.5e9 });
    expect((await verdict(join("PAR1", pages, parquetOf(footer).subarray(4)))).codes).toEqual(["high_ratio"]);
    const more = new Uint8Array(8_000_000);
    expect((await verdict(join("PAR1", more, parquetOf(footer).subarray(4)))).codes).toEqual([]);
  });

  it.each<[what: string, footer: Uint8Array]>([
    ["breaks off", footerOf({}).subarray(0, -1)],
    ["goes on behind its end", join(footerOf({}), Uint8Array.of(0))],
    ["has no rows", Uint8Array.of(0)],
    ["has a negative number of rows", Uint8Array.of(0x36, 1, 0)],
    ["has rows of another type", Uint8Array.of(0x35, 2, 0)],
    ["has groups that are no list", Uint8Array.of(0x36, 2, 0x16, 2, 0)],
    ["has groups that are no structs", Uint8Array.of(0x36, 2, 0x19, 0x16, 2, 0)],
    ["has more groups than bytes", Uint8Array.of(0x36, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f, 0)],
    ["has a field of an unknown type", Uint8Array.of(0x36, 2, 0x1e, 0)],
    ["nests too deep", join(Uint8Array.of(0x36, 2), new Uint8Array(100_000).fill(0x1c), new Uint8Array(100_001))],
    ["nests lists too deep", join(Uint8Array.of(0x36, 2, 0x39), new Uint8Array(100_000).fill(0x19))],
  ])("whose footer %s is malformed", async (_, footer) => {
    expect((await verdict(parquetOf(footer))).codes).toEqual(["format_malformed"]);
  });

  it("may have fields in its footer that are not known", async () => {
    const unknown = Uint8Array.of(0x11, 0x12, 0x13, 5, 0x17, ...new Uint8Array(8), 0x1b, 1, 0x85, 1, 120, 2);
    const sets = Uint8Array.of(0x1a, 0x21, 1, 2, 0x1b, 0, 0x1d, ...new Uint8Array(16), 0x05, 80, 4);
    const footer = join(footerOf({}).subarray(0, -1), unknown, sets, Uint8Array.of(0));
    expect((await verdict(parquetOf(footer))).codes).toEqual([]);
  });

  it.each([S.parquetPickle, S.arrowFilePickle, S.arrowStreamPickle])(
    "with a type that is a pickle is unsafe",
    async (data) => {
      expect((await verdict(data)).codes).toEqual(["arrow_pickle"]);
    },
  );

  it("with a type that is not Arrow's own is unknown", async () => {
    for (const data of [S.arrowFilePickle, S.arrowStreamPickle]) {
      const text = new TextDecoder("latin1")
        .decode(data)
        .replaceAll("arrow.py_extension_type", "my.own.python_extension");
      expect((await verdict(Uint8Array.from(text, (char) => char.charCodeAt(0)))).codes).toEqual(["opaque_format"]);
    }
  });

  it("whose schema of Arrow is hidden from its decoder is not inert", async () => {
    const at = indexOf(S.parquetPickle, "ARROW:schema") + 12;
    expect((await verdict(changed(S.parquetPickle, at, 0x28))).codes).toEqual(["format_malformed"]);
    expect((await verdict(changed(S.parquetPickle, at + 4, 0x21))).codes).toEqual(["format_malformed"]);
  });

  it("with a schema of Petastorm is unknown", async () => {
    const key = "dataset-toolkit.unischema.v1";
    // num_rows, and behind it key_value_metadata, a list of one pair
    const footer = join(Uint8Array.of(0x36, 0, 0x29, 0x1c, 0x18, key.length), key, Uint8Array.of(0, 0));
    expect((await verdict(parquetOf(footer))).codes).toEqual(["opaque_format"]);
  });

  it("whose footer is longer than the file is malformed", async () => {
    expect((await verdict(changed(S.parquet, -8, 255, 255, 255, 127))).codes).toEqual(["format_malformed"]);
    expect((await verdict(changed(S.arrowFile, -10, 255, 255, 255, 127))).codes).toEqual(["format_malformed"]);
  });
});

describe("TFRecord", () => {
  // checksums of the lengths 3 and 16777216, by TensorFlow's own writer
  const record = (crc: number, length: number, data: Uint8Array) => join(u64(length), u32(crc), data, u32(0));
  const CRC = crcOf(3);
  it("whose records fill the file is inert", async () => {
    const one = record(CRC, 3, Uint8Array.of(1, 2, 3));
    expect(await verdict(join(one, one), "x.tfrecord")).toEqual({ kind: "tfrecord", codes: [] });
    expect((await verdict(join(one, one.subarray(0, 13)))).codes).toEqual(["format_malformed"]);
    expect((await verdict(join(one, changed(one, 8, 0)))).codes).toEqual(["format_malformed"]);
    expect((await verdict(changed(one, 8, 0))).kind).toBeUndefined();
  });

  it("has the checksum that the specification of CRC-32C states", () => {
    const zeros = crc32c(new Uint8Array(32));
    expect(zeros).toBe(0x8a9136aa);
  });

  function crc32c(bytes: Uint8Array): number {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
    return (crc ^ 0xffffffff) >>> 0;
  }
  function crcOf(length: number): number {
    const crc = crc32c(u64(length));
    return ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
  }
});

describe("an ONNX model", () => {
  it("with operators of another library, or of Python, is unknown", async () => {
    expect((await verdict(S.onnxCustom)).codes).toEqual(["onnx_custom_ops"]);
    expect((await verdict(S.onnxPyOp)).codes).toEqual(["onnx_custom_ops"]);
  });

  it("is recognised only if every byte at the top belongs to a field of one", async () => {
    expect((await verdict(join(S.onnx, Uint8Array.of(0x92, 0x06, 1, 1)))).kind).toBeUndefined();
    expect((await verdict(join(S.onnx, "x"))).kind).toBeUndefined();
  });

  const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7]);
  const field = (number: number, ...parts: (Uint8Array | string)[]): Uint8Array => {
    const body = join(...parts);
    return join(Uint8Array.of(...varint(number * 8 + 2), ...varint(body.length)), body);
  };
  const external = (location: string) => field(13, field(1, "location"), field(2, location));
  it("with its tensors in a file outside is unsafe", async () => {
    const model = (location: string) => join(Uint8Array.of(8, 9), field(7, field(5, external(location))));
    expect((await verdict(model("weights.bin"))).codes).toEqual([]);
    for (const location of ["../x", "/etc/passwd", "a/../../b", "..\\x", "*/_ORT_MEM_ADDR_/*"]) {
      expect((await verdict(model(location))).codes).toEqual(["external_data"]);
    }
  });

  it("may need operators that it defines itself", async () => {
    const fn = field(25, field(1, "f"), field(10, "my.domain"), field(7, field(4, "Add")));
    const needs = join(
      Uint8Array.of(8, 9),
      field(7, field(1, field(4, "f"), field(7, "my.domain"))),
      field(8, field(1, "my.domain")),
    );
    expect((await verdict(needs)).codes).toEqual(["onnx_custom_ops"]);
    expect((await verdict(join(needs, fn))).codes).toEqual([]);
  });
});

describe("GGUF", () => {
  it.each<[what: string, data: Uint8Array, code: string]>([
    ["another version", changed(S.gguf, 4, 9), "opaque_format"],
    ["more keys than it can have", changed(S.gguf, 16, 255, 255, 255, 255), "format_malformed"],
    ["more tensors than it can have", changed(S.gguf, 8, 255, 255, 255, 255), "format_malformed"],
    ["a key that is too long", changed(S.gguf, 24, 255, 255, 255, 255), "format_malformed"],
    ["a value of an unknown type", changed(S.gguf, 24 + 8 + "general.architecture".length, 77), "format_malformed"],
    ["bytes behind its tensors", join(S.gguf, new Uint8Array(64)), "format_malformed"],
  ])("with %s is not inert", async (_, data, code) => {
    expect((await verdict(data)).codes).toEqual([code]);
  });

  it("whose vocabulary is of other types is malformed: llama.cpp aborts", async () => {
    const text = (value: string) => join(u64(value.length), value);
    const one = (pair: Uint8Array) => verdict(join("GGUF", u32(3), u64(0), u64(1), pair));
    const array = (key: string, type: number, data: Uint8Array) =>
      one(join(text(`tokenizer.ggml.${key}`), u32(9), u32(type), u64(1), data));
    for (const key of ["tokens", "merges", "scores", "token_type", "precompiled_charsmap"]) {
      const scalar = join(text(`tokenizer.ggml.${key}`), u32(4), u32(1));
      expect((await one(scalar)).codes).toEqual(["format_malformed"]);
      expect((await array(key, 12, u64(0))).codes).toEqual(["format_malformed"]);
    }
    expect((await array("tokens", 8, text("a"))).codes).toEqual([]);
    expect((await array("token_type", 5, u32(1))).codes).toEqual([]);
    expect((await array("precompiled_charsmap", 0, Uint8Array.of(1))).codes).toEqual([]);
    expect((await array("precompiled_charsmap", 1, Uint8Array.of(1))).codes).toEqual([]);
  });

  it("whose tensors overlap is not inert", async () => {
    // the offset of the second tensor is the last number before the padding
    const at = indexOf(S.gguf, "u\x01\0\0\0") + 1 + 4 + 8 + 4;
    expect((await verdict(changed(S.gguf, at, 32))).codes).toEqual(["format_malformed"]);
  });
});

describe("MessagePack", () => {
  it("with values of a type that is not Flax's is unknown", async () => {
    expect((await verdict(S.msgpackForeign)).codes).toEqual(["opaque_format"]);
  });

  it("with an array of msgpack-numpy is unknown: one of objects is a pickle", async () => {
    const text = (value: string) => join(Uint8Array.of(0xc4, value.length), value);
    const array = join(
      Uint8Array.of(0x83),
      text("nd"),
      Uint8Array.of(0xc3),
      text("kind"),
      text("O"),
      text("data"),
      text("N."),
    );
    expect(await verdict(array)).toEqual({ kind: "msgpack", codes: ["opaque_format"] });
    expect((await verdict(join(Uint8Array.of(0x81, 0xa2), "nd", Uint8Array.of(0xc3)))).codes).toEqual([
      "opaque_format",
    ]);
    expect((await verdict(join(Uint8Array.of(0x81, 0xa2), "md", Uint8Array.of(0xc3)))).codes).toEqual([]);
  });

  it("is not what breaks off, or begins as a pickle", async () => {
    expect((await verdict(Uint8Array.of(0x80, 4, 0x95))).kind).toBeUndefined();
    expect((await verdict(join(S.msgpack, Uint8Array.of(0)))).kind).toBeUndefined();
    expect((await verdict(Uint8Array.of(0xdf, 255, 255, 255, 255, 1))).kind).toBeUndefined();
  });
});

describe("sound and video", () => {
  it("of Ogg is tried at few places for its last page", async () => {
    const page = (marks: number) => {
      const data = "OggS".repeat(marks);
      return join("OggS", new Uint8Array(22), Uint8Array.of(1, data.length), data);
    };
    expect(await verdict(page(3))).toEqual({ kind: "ogg", codes: [] });
    expect(await verdict(page(60))).toEqual({ kind: "ogg", codes: ["format_malformed"] });
  });

  it("of MP4 has few data references, and all of them advance", async () => {
    const big = (value: number) => u32(value).reverse();
    const box = (type: string, data: Uint8Array) => join(big(data.length + 8), type, data);
    const entry = (length = 12) => join(big(length), "url ", Uint8Array.of(0, 0, 0, 1));
    const film = (...entries: Uint8Array[]) =>
      join(
        box("ftyp", join("isom", u32(0), "isom")),
        box("moov", box("dref", join(u32(0), big(entries.length), ...entries))),
      );
    expect((await verdict(film(entry(), entry()))).codes).toEqual([]);
    expect((await verdict(film(entry(), entry(0)))).codes).toEqual(["active_document"]);
    expect((await verdict(film(entry(), entry(7)))).codes).toEqual(["active_document"]);
    expect((await verdict(film(...Array.from({ length: 1001 }, () => entry())))).codes).toEqual(["active_document"]);
  });
});

describe("a picture", () => {
  it("that is another file as well is told by what the other's loader would do", async () => {
    expect((await verdict(join(S.png, "PK\x05\x06"))).codes).toEqual(["format_malformed"]);
    expect((await verdict(join("GIF89a=1;/*", "*/alert(1)"), "x.gif")).codes).toEqual(["format_malformed"]);
  });

  it("of video that plays media from elsewhere is a finding", async () => {
    const at = indexOf(S.mp4, "dref");
    expect((await verdict(changed(S.mp4, at + 23, 0))).codes).toEqual(["active_document"]);
  });
});
