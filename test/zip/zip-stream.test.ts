/** Archives that are laid out before they are read, and produced part by part; the large ones exist only as functions. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { crc32Combine } from "../../src/zip/crc32.ts";
import { openEntry, readEntry } from "../../src/zip/zip-entry.ts";
import { readZipIndex } from "../../src/zip/zip-index.ts";
import { type PlannedFile, planZip, segmentsOf, type ZipLayout } from "../../src/zip/zip-layout.ts";
import { type CrcPiece, mergePieces, type OpenFile, streamZipRange, ZipSourceError } from "../../src/zip/zip-stream.ts";
import { writeZip } from "../../src/zip/zip-writer.ts";
import { readerOf, seeded } from "./make-zip.ts";
import { crc32, readZip } from "./read-zip.ts";

const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
const collect = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());

/** Opens files in memory, in chunks of odd sizes. */
const openIn =
  (files: Uint8Array[], chunk = 7): OpenFile =>
  async (file, { offset, length }) => {
    const bytes = files[file]?.slice(offset, offset + length) ?? new Uint8Array();
    const parts = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) =>
      bytes.slice(at * chunk, (at + 1) * chunk),
    );
    return streamOf(...parts);
  };

/** The archive, in parts of one size, each from nothing but the layout and what the steps before handed on as JSON. */
async function inParts(layout: ZipLayout, open: OpenFile, part: number): Promise<Uint8Array> {
  const archive = new Uint8Array(layout.size);
  let state = "[]";
  for (let offset = 0; offset < layout.size; offset += part) {
    const known = JSON.parse(state) as CrcPiece[];
    const range = { offset, length: Math.min(part, layout.size - offset) };
    const { body, pieces } = streamZipRange(layout, range, known, open);
    archive.set(await collect(body), offset);
    state = JSON.stringify(mergePieces([...known, ...(await pieces)]));
  }
  return archive;
}

const CONTENTS = ["hello", "", "x".repeat(300), "the end"].map((text) => new TextEncoder().encode(text));
const plan = (contents: Uint8Array[], more: Partial<PlannedFile> = {}): PlannedFile[] =>
  contents.map((bytes, index) => ({ path: `dir/${index}.txt`, size: bytes.length, ...more }));

describe("an archive that is streamed", () => {
  it.each([1, 13, 100, 5000])("in parts of %i bytes is the same, and holds what was put in", async (part) => {
    const layout = planZip(plan(CONTENTS));
    const archive = await inParts(layout, openIn(CONTENTS), part);
    const { verdict, entries } = await inspectZip(readerOf(archive), archive.length);
    expect(verdict).toBe("safe");
    expect(entries.map(({ path, dataOffset }) => ({ path, dataOffset }))).toEqual(
      layout.files.map(({ path, dataOffset }) => ({ path, dataOffset })),
    );
    for (const [index, entry] of entries.entries()) {
      expect(await readEntry(readerOf(archive), entry)).toEqual(CONTENTS[index]);
      expect(entry.crc32).toBe(crc32(CONTENTS[index] ?? new Uint8Array()));
    }
  });

  it("whose checksums are known is what the writer in memory writes", async () => {
    const files = CONTENTS.map((bytes, index) => ({
      path: `dir/${index}.txt`,
      size: bytes.length,
      crc32: crc32(bytes),
    }));
    const archive = await inParts(planZip(files), openIn(CONTENTS), 64);
    expect(archive).toEqual(writeZip(CONTENTS.map((bytes, index) => ({ path: `dir/${index}.txt`, bytes }))));
    expect(readZip(archive)).toHaveLength(4);
  });

  it("can be made out of order where no checksum is wanted, and in steps that are repeated", async () => {
    const contents = [Uint8Array.from({ length: 1000 }, (_, at) => 97 + (at % 26))];
    const layout = planZip(plan(contents));
    const step = async (offset: number, length: number, known: CrcPiece[]) => {
      const { body, pieces } = streamZipRange(layout, { offset, length }, known, openIn(contents));
      return { bytes: await collect(body), pieces: await pieces };
    };
    const third = await step(800, 200, []);
    const first = await step(0, 400, []);
    const again = await step(0, 400, []);
    const second = await step(400, 400, []);
    expect(again).toEqual(first);
    const known = [
      ...third.pieces,
      ...first.pieces,
      ...again.pieces,
      ...mergePieces([...first.pieces, ...second.pieces]),
      ...second.pieces,
    ];
    const last = await step(1000, layout.size - 1000, known);
    const archive = new Uint8Array(layout.size);
    archive.set(first.bytes);
    archive.set(second.bytes, 400);
    archive.set(third.bytes, 800);
    archive.set(last.bytes, 1000);
    expect((await inspectZip(readerOf(archive), archive.length)).verdict).toBe("safe");
    await expect(step(1000, layout.size - 1000, first.pieces)).rejects.toThrow(ZipSourceError);
  });

  it.each<[why: string, stream: Uint8Array[]]>([
    ["shorter", [new Uint8Array(4)]],
    ["longer", [new Uint8Array(4), new Uint8Array(2)]],
  ])("fails if a source is %s than planned, and names the file", async (_, chunks) => {
    const layout = planZip([{ path: "a", size: 5 }]);
    const { body, pieces } = streamZipRange(layout, { offset: 0, length: layout.size }, [], async () =>
      streamOf(...chunks),
    );
    await expect(collect(body)).rejects.toMatchObject({ name: "ZipSourceError", file: 0 });
    await expect(pieces).rejects.toThrow(ZipSourceError);
  });

  it("lets go of its source when its reader does", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        cancelled = true;
      },
    });
    const layout = planZip([{ path: "a", size: 1_000_000 }]);
    const { body, pieces } = streamZipRange(layout, { offset: 0, length: layout.size }, [], async () => endless);
    const reader = body.getReader();
    await reader.read();
    await reader.read();
    await reader.cancel("gone");
    await expect(pieces).rejects.toBe("gone");
    expect(cancelled).toBe(true);
  });

  it("refuses ranges outside of itself, names that are too long, and an open end in its middle", async () => {
    const layout = planZip(plan(CONTENTS));
    const { body } = streamZipRange(layout, { offset: 0, length: layout.size + 1 }, [], openIn(CONTENTS));
    await expect(collect(body)).rejects.toThrow(RangeError);
    expect(() => planZip([{ path: "n".repeat(0x1_0000), size: 0 }])).toThrow(RangeError);
    expect(() =>
      planZip([
        { path: "a", size: 0, openEnded: true },
        { path: "b", size: 0 },
      ]),
    ).toThrow(RangeError);
  });

  it("may end with a file whose size shows only when it has been read", async () => {
    const known = { path: "manifest.json", size: 2, crc32: crc32(new TextEncoder().encode("{}")) };
    const contents = [new TextEncoder().encode("{}"), new Uint8Array(777).fill(97)];
    const before = planZip([known, { path: "source.dat", size: 0, openEnded: true }]);
    const at = before.files[1]?.dataOffset ?? 0;
    const head = streamZipRange(before, { offset: 0, length: at }, [], openIn(contents));
    const start = await collect(head.body);
    // ... 777 bytes are streamed here, and turn out to be that many
    const after = planZip([known, { path: "source.dat", size: 777, openEnded: true }]);
    const rest = streamZipRange(after, { offset: at, length: after.size - at }, await head.pieces, openIn(contents));
    const end = await collect(rest.body);
    const archive = new Uint8Array(after.size);
    archive.set(start);
    archive.set(end, at);
    const { verdict, entries } = await inspectZip(readerOf(archive), archive.length);
    expect({ verdict, last: entries.at(-1) }).toMatchObject({
      verdict: "safe",
      last: { path: "source.dat", size: 777 },
    });
  });
});

describe("segments", () => {
  it("tile every range without gap or overlap", () => {
    const layout = planZip(plan(CONTENTS));
    const random = seeded(7);
    for (let round = 0; round < 300; round += 1) {
      const offset = random(layout.size);
      const length = random(layout.size - offset + 1);
      const segments = [...segmentsOf(layout, { offset, length })];
      expect(segments.reduce((sum, segment) => sum + segment.length, 0)).toBe(length);
      expect(segments.every((segment) => segment.length > 0)).toBe(true);
    }
  });
});

describe("a checksum of two pieces", () => {
  it("is that of both, whatever their lengths", () => {
    const random = seeded(3);
    for (let round = 0; round < 50; round += 1) {
      const bytes = Uint8Array.from({ length: random(500) }, () => random(256));
      const cut = random(bytes.length + 1);
      const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(crc32(bytes));
    }
    // zeros beyond 2^32 bytes: as often combined as the length has bits
    const zeros = (power: number): number =>
      power === 0 ? crc32(new Uint8Array(1)) : twice(zeros(power - 1), 2 ** (power - 1));
    const twice = (crc: number, length: number) => crc32Combine(crc, crc, length);
    expect(zeros(16)).toBe(crc32(new Uint8Array(65_536)));
    expect(crc32Combine(zeros(34), zeros(0), 1)).toBe(crc32Combine(zeros(0), zeros(34), 2 ** 34));
  });
});

const GiB = 1024 ** 3;

/** The checksum of so many zeros. */
function zerosCrc(length: number): number {
  let [crc, power, size] = [0, crc32(new Uint8Array(1)), 1];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) crc = crc32Combine(crc, power, size);
    power = crc32Combine(power, power, size);
    size *= 2;
  }
  return crc;
}

/** Reads an archive of zeros that is nowhere: headers are made when they are asked for. */
function sparse(layout: ZipLayout) {
  const pieces = layout.files.map(({ size }, file) => ({ file, offset: 0, length: size, crc32: zerosCrc(size) }));
  return async ({ offset, length }: { offset: number; length: number }) => {
    const range = { offset, length: Math.min(length, layout.size - offset) };
    const out = new Uint8Array(range.length);
    let at = 0;
    for (const segment of segmentsOf(layout, range)) {
      if (segment.kind !== "data") {
        const from = offset + at;
        const { body } = streamZipRange(layout, { offset: from, length: segment.length }, pieces, async () =>
          streamOf(),
        );
        out.set(await collect(body), at);
      }
      at += segment.length;
    }
    return out;
  };
}

describe("an archive that needs zip64", () => {
  it.each<[why: string, files: PlannedFile[]]>([
    [
      "because of a file of 5 GiB",
      [
        { path: "model.gguf", size: 5 * GiB },
        { path: "README.md", size: 10 },
      ],
    ],
    ["because of a file of exactly 4 GiB - 1", [{ path: "model.gguf", size: 0xffff_ffff }]],
    [
      "because of an offset beyond 4 GiB",
      [
        { path: "a.gguf", size: 3 * GiB },
        { path: "b.gguf", size: 2 * GiB },
        { path: "c", size: 1 },
      ],
    ],
    ["for one file of 12 TiB", [{ path: "model.gguf", size: 12 * 1024 * GiB }]],
  ])("%s is read as it was laid out", async (_, files) => {
    const layout = planZip(files);
    const read = sparse(layout);
    // that there are zeros in place of a model is all that is found
    const { inOrder, findings, entries } = await inspectZip(read, layout.size, {
      maxDeclaredBytes: Number.MAX_SAFE_INTEGER,
    });
    expect(inOrder).toBe(true);
    expect(findings.map(({ code, path }) => [code, path])).toEqual(files.map(({ path }) => ["unrecognised", path]));
    expect(entries.map(({ path, size, dataOffset }) => ({ path, size, dataOffset }))).toEqual(
      layout.files.map(({ path, size, dataOffset }) => ({ path, size, dataOffset })),
    );
    expect(entries.map((entry) => entry.crc32)).toEqual(files.map(({ size }) => zerosCrc(size)));
  });

  it("does without where everything fits, to the byte", async () => {
    const fits = planZip([{ path: "a", size: 0xffff_fffe, crc32: 0 }]);
    expect(fits.size - 0xffff_fffe).toBe(30 + 1 + 46 + 1 + 56 + 20 + 22);
    const plain = planZip([{ path: "a", size: 1000, crc32: 0 }]);
    expect(plain.size - 1000).toBe(30 + 1 + 46 + 1 + 22);
  });

  it("because of 70,000 files is read, and one of 65,534 needs none", async () => {
    const many = (count: number) =>
      planZip(Array.from({ length: count }, (_, index) => ({ path: `${index}`, size: 0, crc32: 0 })));
    const layout = many(70_000);
    const archive = await inParts(layout, openIn([]), 1_000_000);
    const index = await readZipIndex(readerOf(archive), archive.length);
    expect(index.entries).toHaveLength(70_000);
    expect((await inspectZip(readerOf(archive), archive.length)).verdict).toBe("safe");
    expect(many(0xfffe).size - many(0xfffe).endOffset).toBe(22);
    expect(many(0xffff).size - many(0xffff).endOffset).toBe(22 + 56 + 20);
  });
});

describe("any archive", () => {
  it("written, indexed and read back is what was written", async () => {
    const random = seeded(11);
    for (let round = 0; round < 40; round += 1) {
      const contents = Array.from({ length: random(12) }, () =>
        Uint8Array.from({ length: random(400) }, () => random(256)),
      );
      const files = contents.map((bytes, index) => ({
        path: `${"é/".repeat(random(3))}${index}`,
        size: bytes.length,
        ...(random(2) === 0 && { crc32: crc32(bytes) }),
      }));
      const archive = await inParts(planZip(files), openIn(contents, 1 + random(50)), 1 + random(900));
      const { entries } = await inspectZip(readerOf(archive), archive.length);
      expect(entries.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
      for (const [index, entry] of entries.entries()) {
        const range = archive.slice(entry.dataOffset, entry.dataOffset + entry.compressedSize);
        expect(await collect(openEntry(entry, streamOf(range)))).toEqual(contents[index]);
      }
    }
  });
});
