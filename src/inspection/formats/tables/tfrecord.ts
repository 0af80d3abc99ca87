/**
 * TFRecord: records that each say their length, with a checksum of it.
 *
 * Invariant: recognised only if the checksum of the first length is right; the records fill the file to its last byte.
 * A record is bytes: what reads them makes values of them.
 *
 * Source: TensorFlow's record format.
 */

import { Cursor, EndOfBytes } from "../../cursor.ts";
import type { Format } from "../../format.ts";
import { littleEndian } from "../reading/bytes.ts";

const RECORDS_MAX = 5000;
const WINDOW_BYTES = 16 * 1024;

export const tfrecord: Format = {
  kind: "tfrecord",
  recognise: ({ head, size }) => size >= 16 && lengthAt(head) !== undefined,
  async inspect({ read, size }, note) {
    const cursor = new Cursor(read, { from: 0, to: size }, WINDOW_BYTES);
    try {
      for (let records = 0; cursor.rest > 0; records += 1) {
        if (records >= RECORDS_MAX) return note("bound_reached", "too many records to be walked");
        await cursor.need(12);
        const length = lengthAt(cursor.take(12));
        if (length === undefined) return note("format_malformed", "a record whose length has another checksum");
        cursor.skip(length + 4);
      }
    } catch (error) {
      if (!(error instanceof EndOfBytes)) throw error;
      note("format_malformed", "a record that breaks off");
    }
  },
};

/** The length that a record begins with; undefined if its checksum is wrong. */
function lengthAt(bytes: Uint8Array): number | undefined {
  const length = littleEndian(bytes.subarray(0, 8));
  const stated = littleEndian(bytes.subarray(8, 12));
  return Number.isSafeInteger(length) && masked(crc32c(bytes.subarray(0, 8))) === stated ? length : undefined;
}

function masked(crc: number): number {
  return ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
}

/** CRC-32C, bit by bit: eight bytes at a time need no table. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
