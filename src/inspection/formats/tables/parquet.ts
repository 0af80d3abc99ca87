/**
 * Parquet: pages of columns, and a footer that says where they are.
 *
 * Invariant: a table without a finding has no schema of Arrow that names a type with code in it, and by its footer it does
 * not unpack to far more than the file. Pages are not looked into: they are values.
 *
 * Source: the format's own description (apache/parquet-format); CVE-2023-47248.
 */

import type { Format, Note } from "../../format.ts";
import { hasBytes, latin1, littleEndian, readTail } from "../reading/bytes.ts";
import { noteExtensions } from "./arrow-schema.ts";
import { NotThrift, sumFields, type Wanted } from "./thrift.ts";

const MAGIC = "PAR1";
const FOOTER_MAX_BYTES = 16 * 1024 * 1024;

export const parquet: Format = {
  kind: "parquet",
  recognise: async (content) =>
    content.size >= 12 &&
    hasBytes(content.head, { bytes: MAGIC }) &&
    hasBytes(await readTail(content, 4), { bytes: MAGIC }),
  async inspect(content, note) {
    const { read, size } = content;
    const length = littleEndian((await readTail(content, 8)).subarray(0, 4));
    if (length === 0 || length > size - 12) return note("format_malformed", "a footer that is longer than the file");
    if (length > FOOTER_MAX_BYTES) return note("bound_reached", "a footer too long to be looked through");
    const footer = await read({ offset: size - 8 - length, length });
    noteSize(footer, size, note);
    noteExtensions(footer, note);
    const text = latin1(footer);
    if (text.includes("dataset-toolkit.")) note("opaque_format", "a schema of Petastorm, which is a pickle");
    // the schema of Arrow is kept in base64, behind this key
    for (let at = text.indexOf(KEY); at !== -1; at = text.indexOf(KEY, at + KEY.length)) {
      const schema = decodeSchema(footer.subarray(at + KEY.length));
      if (schema === undefined) return note("format_malformed", "a schema of Arrow that cannot be decoded");
      noteExtensions(schema, note);
    }
  },
};

/** Of FileMetaData: rows, and of each group its bytes, and of each column of it the values and bytes. */
const SIZES: Wanted = { 3: "rows", 4: { 1: { 3: { 5: "values", 6: "columnBytes" } }, 2: "groupBytes" } };
/** Bytes of a value in memory. Runs of equal values take next to nothing in a page, and its full width when read. */
const VALUE_BYTES = 8;
const UNPACKED_MAX_BYTES = 1024 * 1024 * 1024;
const UNPACKED_MAX_RATIO = 200;

/** Notes a table that takes far more memory than its file, or a footer that does not say. */
function noteSize(footer: Uint8Array, size: number, note: Note): void {
  try {
    const sums = sumFields(footer, SIZES);
    const of = (name: string) => sums.get(name) ?? 0;
    if (!sums.has("rows")) throw new NotThrift();
    const unpacked = Math.max(Math.max(of("rows"), of("values")) * VALUE_BYTES, of("groupBytes"), of("columnBytes"));
    if (unpacked > UNPACKED_MAX_BYTES && unpacked > size * UNPACKED_MAX_RATIO) {
      note("high_ratio", `a table of ${size} bytes that unpacks to ${unpacked}`);
    }
  } catch (error) {
    if (!(error instanceof NotThrift)) throw error;
    note("format_malformed", "a footer that cannot be followed");
  }
}

const KEY = "ARROW:schema";

/** A field of the compact protocol: the number of the field before plus one, text; its length; its value. */
const TEXT_FIELD = 0x18;

function decodeSchema(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== TEXT_FIELD) return undefined;
  let length = 0;
  let at = 1;
  for (let shift = 1; at < 6; shift *= 128) {
    const byte = bytes[at] ?? 0;
    at += 1;
    length += (byte & 0x7f) * shift;
    if (byte < 0x80) break;
  }
  if (at + length > bytes.length) return undefined;
  try {
    return Uint8Array.from(atob(latin1(bytes.subarray(at, at + length))), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
