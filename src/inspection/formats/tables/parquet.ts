/**
 * Parquet: pages of columns, and a footer that says where they are.
 *
 * Invariant: a table without a finding has no schema of Arrow that names a type with code in it. Pages are not looked into:
 * they are values.
 *
 * Source: the format's own description (apache/parquet-format); CVE-2023-47248.
 */

import type { Format } from "../../format.ts";
import { hasBytes, latin1, littleEndian, readTail } from "../reading/bytes.ts";
import { noteExtensions } from "./arrow-schema.ts";

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
