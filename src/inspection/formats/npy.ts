/**
 * Arrays of NumPy: inert, unless their elements are objects, which are pickled.
 *
 * Invariant: the header is read as NumPy reads it or not at all, and the bytes behind it are as many as it says.
 *
 * Source: `numpy.lib.format`, versions 1.0 to 3.0.
 */

import { viewOf } from "../../zip/zip-records.ts";
import type { FileContent, Format, Note } from "../format.ts";
import { parseArrayHeader } from "./npy-header.ts";
import { inspectPickleFrom } from "./pickle.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const VERSION_AT = 6;
const LENGTH_AT = 8;
const HEADER_MAX_BYTES = 64 * 1024;

export const npy: Format = {
  kind: "npy",
  recognise: ({ head }) => MAGIC.every((byte, at) => head[at] === byte),

  async inspect(content, note, scene) {
    const header = await readHeader(content, note);
    if (!header) return;
    const parsed = parseArrayHeader(header.text);
    if (!parsed) return note("opaque_format", "an array with a header that NumPy does not write");
    if (parsed.object) return inspectPickleFrom(header.end, content, note, scene);
    if (header.end + parsed.bytes !== content.size) {
      note("opaque_format", "an array whose length is not that of its type and shape");
    }
  },
};

/** The header's text, and where its array begins; undefined, with a finding, if there is none. */
async function readHeader(
  { size, head, read }: FileContent,
  note: Note,
): Promise<{ text: string; end: number } | undefined> {
  const version = head[VERSION_AT] ?? 0;
  const lengthBytes = version === 1 ? 2 : 4;
  const from = LENGTH_AT + lengthBytes;
  if (version < 1 || version > 3 || size < from) {
    note("opaque_format", "an array of another version");
    return undefined;
  }
  const view = viewOf(await read({ offset: LENGTH_AT, length: lengthBytes }));
  const length = lengthBytes === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (from + length > size || length > HEADER_MAX_BYTES) {
    note("opaque_format", "an array with a header that is too long");
    return undefined;
  }
  const bytes = await read({ offset: from, length });
  return { text: new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes), end: from + length };
}
