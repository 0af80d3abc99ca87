/**
 * Produces any range of a laid-out archive, so that it can be written part by part in steps that are far apart in time
 * and may be repeated. What one step hands to the next are the checksums of the pieces that it saw.
 *
 * Invariant: a range is exactly as long as asked for, or it fails; no checksum is written that was not taken over every
 * byte of its file. At no moment is more in memory than one chunk of a file and one record.
 */

import { crc32 } from "node:zlib";
import { crc32Combine } from "./crc32.ts";
import { centralHeader, dataDescriptor, endRecords, localHeader } from "./zip-format.ts";
import { segmentsOf, type ZipLayout, type ZipSegment } from "./zip-layout.ts";

/** The checksum of a stretch of one file: small, plain JSON, the whole state between two steps. */
export interface CrcPiece {
  /** Index of the file in the layout. */
  file: number;
  /** Bytes. */
  offset: number;
  length: number;
  crc32: number;
}

/** Pieces by their file. */
type Pieces = Map<number, CrcPiece[]>;

/** Opens a stretch of one file's bytes. What it streams may come in chunks of any size. */
export type OpenFile = (file: number, range: { offset: number; length: number }) => Promise<ReadableStream<Uint8Array>>;

/** A part of an archive that cannot be produced: a source that is longer or shorter than planned, a checksum not known. */
export class ZipSourceError extends Error {
  /** Index of the file in the layout. */
  readonly file: number;

  constructor(file: number, message: string) {
    super(message);
    this.name = "ZipSourceError";
    this.file = file;
  }
}

/**
 * Produces a range of an archive.
 *
 * A range that holds the descriptor or the directory record of a file needs the pieces of that file that earlier ranges
 * saw; it takes what it needs from `known`, in any order, and adds its own. Ranges without such records (the middle of a
 * large file) need none, and may be produced at the same time.
 *
 * @param known the pieces of earlier ranges, as they were handed out or merged
 * @returns the bytes, and the pieces of this range; `pieces` is settled when `body` has been read to its end, and rejects
 *   with what `body` fails with
 */
export function streamZipRange(
  layout: ZipLayout,
  range: { offset: number; length: number },
  known: readonly CrcPiece[],
  open: OpenFile,
): { body: ReadableStream<Uint8Array>; pieces: Promise<CrcPiece[]> } {
  const seen: Pieces = new Map();
  const done = Promise.withResolvers<CrcPiece[]>();
  // whoever reads the body alone learns of its failure there
  done.promise.catch(() => undefined);
  const chunks = produce(layout, range, known, seen, open);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (!next.done) return controller.enqueue(next.value);
          done.resolve([...seen.values()].flat());
          controller.close();
        } catch (error) {
          done.reject(error);
          controller.error(error);
        }
      },
      async cancel(reason) {
        done.reject(reason);
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, pieces: done.promise };
}

async function* produce(
  layout: ZipLayout,
  range: { offset: number; length: number },
  known: readonly CrcPiece[],
  seen: Pieces,
  open: OpenFile,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (range.offset < 0 || range.length < 0 || range.offset + range.length > layout.size) {
    throw new RangeError("zip: a range outside of the archive");
  }
  const before: Pieces = Map.groupBy(known, (piece) => piece.file);
  const checksums = new Map<number, number>();
  const crcOf = (file: number) => {
    const pieces = [...(before.get(file) ?? []), ...(seen.get(file) ?? [])];
    const crc = checksums.get(file) ?? wholeCrc(layout, file, pieces);
    checksums.set(file, crc);
    return crc;
  };
  for (const segment of segmentsOf(layout, range)) {
    if (segment.kind === "data") seen.set(segment.file ?? 0, [yield* data(segment, open)]);
    else yield recordOf(layout, segment, crcOf).subarray(segment.offset, segment.offset + segment.length);
  }
}

/** The bytes of one file, checked for their number, and the piece that they are. */
async function* data(
  { file = 0, offset, length }: ZipSegment,
  open: OpenFile,
): AsyncGenerator<Uint8Array, CrcPiece, undefined> {
  let crc = 0;
  let done = 0;
  for await (const chunk of await open(file, { offset, length })) {
    done += chunk.byteLength;
    if (done > length) throw new ZipSourceError(file, `zip: a source of more than the ${length} bytes asked for`);
    crc = crc32(chunk, crc);
    if (chunk.byteLength > 0) yield chunk;
  }
  if (done < length) throw new ZipSourceError(file, `zip: a source of ${done} bytes instead of ${length}`);
  return { file, offset, length, crc32: crc };
}

/** All bytes of a record, of which a segment may want a part. */
function recordOf(
  layout: ZipLayout,
  { kind, file: index = 0 }: ZipSegment,
  crcOf: (file: number) => number,
): Uint8Array {
  const { files, directoryOffset, endOffset } = layout;
  if (kind === "end") {
    return endRecords({ count: files.length, offset: directoryOffset, size: endOffset - directoryOffset });
  }
  const file = files[index];
  if (!file) throw new RangeError("zip: no such file in the layout");
  if (kind === "header") return localHeader(file, file.crc32 ?? 0);
  if (kind === "descriptor") return dataDescriptor(file, crcOf(index));
  return centralHeader(file, crcOf(index), file.headerOffset);
}

/** Joins pieces that are neighbours, so that the state of a finished file is one piece. Repeated pieces count once. */
export function mergePieces(pieces: readonly CrcPiece[]): CrcPiece[] {
  const sorted = pieces.toSorted((a, b) => a.file - b.file || a.offset - b.offset || b.length - a.length);
  const merged: CrcPiece[] = [];
  for (const piece of sorted) {
    const last = merged.at(-1);
    const end = last ? last.offset + last.length : 0;
    if (last?.file === piece.file && piece.offset + piece.length <= end) continue;
    if (last?.file === piece.file && piece.offset === end) {
      const crc = crc32Combine(last.crc32, piece.crc32, piece.length);
      merged[merged.length - 1] = { ...last, length: last.length + piece.length, crc32: crc };
    } else merged.push(piece);
  }
  return merged;
}

/** The checksum of a whole file. */
function wholeCrc(layout: ZipLayout, index: number, pieces: readonly CrcPiece[]): number {
  const file = layout.files[index];
  if (file && !file.descriptor && file.crc32 !== undefined) return file.crc32;
  if (file?.size === 0) return 0;
  const [whole, ...more] = mergePieces(pieces);
  if (!file || !whole || more.length > 0 || whole.offset !== 0 || whole.length !== file.size) {
    throw new ZipSourceError(index, "zip: a checksum is wanted before all bytes of its file were seen");
  }
  return whole.crc32;
}
