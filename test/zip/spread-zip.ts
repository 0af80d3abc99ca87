/** Archives of many large files that nobody has to hold: their data are the same byte all through, one of no format. */

import { centralHeader, endRecords, localHeader } from "../../src/zip/zip-format.ts";
import type { ReadRange } from "../../src/zip/zip-index.ts";
import { planZip } from "../../src/zip/zip-layout.ts";
import { join } from "./make-zip.ts";

/** So many files of one size, in bytes, and what was read of them. */
export function spreadZip(count: number, size: number): { read: ReadRange; size: number; reads(): number } {
  const files = Array.from({ length: count }, (_, index) => ({ path: `${index}.txt`, size, crc32: 0 }));
  const layout = planZip(files);
  const { directoryOffset, endOffset } = layout;
  const end = join(
    ...layout.files.map((file) => centralHeader(file, 0, file.headerOffset)),
    endRecords({ count, offset: directoryOffset, size: endOffset - directoryOffset }),
  );
  let reads = 0;
  const read: ReadRange = async ({ offset, length }) => {
    reads += 1;
    if (offset >= directoryOffset) return end.subarray(offset - directoryOffset, offset - directoryOffset + length);
    const bytes = new Uint8Array(Math.min(length, layout.size - offset) + 200).fill(1);
    const put = (part: Uint8Array, at: number) => {
      if (at + part.length > offset && at < offset + length) {
        bytes.set(part.subarray(Math.max(0, offset - at), offset + length - at), Math.max(0, at - offset));
      }
    };
    const first = Math.max(0, Math.floor(offset / (directoryOffset / count)) - 1);
    for (const file of layout.files.slice(first)) {
      if (file.headerOffset >= offset + length) break;
      put(localHeader(file, 0), file.headerOffset);
    }
    put(end, directoryOffset);
    return bytes.subarray(0, Math.min(length, layout.size - offset));
  };
  return { read, size: layout.size, reads: () => reads };
}
