/**
 * Arrow's IPC, as a stream or as a file, and the first Feather.
 *
 * Invariant: both places in which a reader finds the schema are looked through: the first message, and the footer of a file.
 *
 * Source: the description of Arrow's columnar format, "Serialization and Interprocess Communication".
 */

import type { FileContent, Format, Note } from "../../format.ts";
import { hasBytes, littleEndian, readTail } from "../reading/bytes.ts";
import { noteExtensions } from "./arrow-schema.ts";

const FILE = "ARROW1";
const CONTINUATION = [0xff, 0xff, 0xff, 0xff];
const SCHEMA_MAX_BYTES = 8 * 1024 * 1024;

export const arrowFile: Format = {
  kind: "arrow",
  recognise: async (content) =>
    hasBytes(content.head, { bytes: `${FILE}\0\0` }) &&
    content.size >= 26 &&
    hasBytes(await readTail(content, FILE.length), { bytes: FILE }),
  async inspect(content, note) {
    const { size, read } = content;
    const footer = littleEndian((await readTail(content, 10)).subarray(0, 4));
    if (footer === 0 || footer > size - 18) return note("format_malformed", "a footer that is longer than the file");
    if (footer > SCHEMA_MAX_BYTES) return note("bound_reached", "a footer too long to be looked through");
    noteExtensions(await read({ offset: size - 10 - footer, length: footer }), note);
    await inspectFirstMessage(content, 8, note);
  },
};

export const arrowStream: Format = {
  kind: "arrow-stream",
  async recognise(content) {
    const { head, size } = content;
    if (!hasBytes(head, { bytes: CONTINUATION }) || size < 24) return false;
    const length = littleEndian(head.subarray(4, 8));
    if (length === 0 || length % 8 !== 0 || length > size - 8) return false;
    // a message's table, whose place is the first number of a flatbuffer
    const table = littleEndian(head.subarray(8, 12));
    return (
      table >= 4 && table < length && hasBytes(await readTail(content, 8), { bytes: [...CONTINUATION, 0, 0, 0, 0] })
    );
  },
  inspect: (content, note) => inspectFirstMessage(content, 0, note),
};

async function inspectFirstMessage({ read, size }: FileContent, offset: number, note: Note): Promise<void> {
  const prefix = await read({ offset, length: 8 });
  // before version 0.15 there was no continuation in front of the length
  const continued = hasBytes(prefix, { bytes: CONTINUATION });
  const length = littleEndian(continued ? prefix.subarray(4) : prefix.subarray(0, 4));
  const from = offset + (continued ? 8 : 4);
  if (length === 0 || length > size - from) return note("format_malformed", "a schema that is longer than the file");
  if (length > SCHEMA_MAX_BYTES) return note("bound_reached", "a schema too long to be looked through");
  noteExtensions(await read({ offset: from, length }), note);
}
