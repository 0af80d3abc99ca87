/**
 * Sound and video.
 *
 * Invariant: FLAC, Ogg and MP3 begin with frames that agree with each other; the boxes of MP4 and the elements of WebM fill
 * the file to its last byte. Players act on nothing that these files name, but for a reference to media outside, which is
 * found.
 */

import { Cursor } from "../../cursor.ts";
import type { FileContent, Format } from "../../format.ts";
import { bigEndian, hasBytes, latin1, readHead, readTail } from "../reading/bytes.ts";

const STEPS_MAX = 2000;
const malformed = (what: string) => `${what} that does not end where the file ends`;

export const flac: Format = {
  kind: "flac",
  recognise: ({ head }) => hasBytes(head, { bytes: [0x66, 0x4c, 0x61, 0x43] }) && ((head[4] ?? 0) & 0x7f) === 0,
  async inspect({ read, size }, note) {
    const cursor = new Cursor(read, { from: 4, to: size }, 4096);
    for (let step = 0; step < 200; step += 1) {
      if (cursor.rest < 4) return note("format_malformed", malformed("metadata"));
      await cursor.need(4);
      const [kind = 0, ...length] = cursor.take(4);
      if (bigEndian(Uint8Array.from(length)) > cursor.rest) return note("format_malformed", malformed("metadata"));
      cursor.skip(bigEndian(Uint8Array.from(length)));
      if (kind < 0x80) continue;
      if (cursor.rest < 2) return;
      await cursor.need(2);
      const [first = 0, second = 0] = cursor.take(2);
      if (first !== 0xff || (second & 0xfc) !== 0xf8) note("format_malformed", "no frame behind the metadata");
      return;
    }
    note("format_malformed", "too much metadata");
  },
};

/** Places that are tried for the last page: the first is right, unless its data have the mark of a page in them by chance. */
const OGG_TRIES_MAX = 16;

export const ogg: Format = {
  kind: "ogg",
  recognise: ({ head }) => hasBytes(head, { bytes: [0x4f, 0x67, 0x67, 0x53, 0] }) && (head[5] ?? 0) < 8,
  async inspect(content, note) {
    // the last page ends with the file: a page has at most 255 segments of 255 bytes
    const tail = await readTail(content, 27 + 255 + 255 * 255);
    const text = latin1(tail);
    let at = text.lastIndexOf("OggS");
    for (let tries = 0; at >= 0 && tries < OGG_TRIES_MAX; tries += 1) {
      const segments = tail[at + 26] ?? 0;
      const table = tail.subarray(at + 27, at + 27 + segments);
      const end = at + 27 + segments + table.reduce((sum, length) => sum + length, 0);
      if (end === tail.length) return;
      at = at > 0 ? text.lastIndexOf("OggS", at - 1) : -1;
    }
    note("format_malformed", malformed("a page"));
  },
};

export const mp3: Format = {
  kind: "mp3",
  async recognise(content) {
    const { head, size } = content;
    let at = 0;
    if (hasBytes(head, { bytes: "ID3" }) && (head[3] ?? 0) <= 4 && head.subarray(6, 10).every((byte) => byte < 0x80)) {
      at = 10 + head.subarray(6, 10).reduce((value, byte) => value * 128 + byte, 0);
    }
    if (at === 0 && (head[0] !== 0xff || ((head[1] ?? 0) & 0xe6) !== 0xe2)) return false;
    // frames that follow each other, each as long as it says
    const cursor = new Cursor(content.read, { from: at, to: Math.max(at, size) }, 4096);
    let frames = 0;
    for (; frames < 8 && cursor.rest >= 4; frames += 1) {
      await cursor.need(4);
      const length = frameLength(cursor.take(4));
      if (length === undefined || length < 4 || length - 4 > cursor.rest) return false;
      cursor.skip(length - 4);
    }
    return frames >= 2 && at < size;
  },
  async inspect() {},
};

const BITRATES: Readonly<Record<string, readonly number[]>> = {
  "1": [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  "2": [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Bytes of a frame of layer III, from its header. */
function frameLength(header: Uint8Array): number | undefined {
  const [first = 0, second = 0, third = 0] = header;
  if (first !== 0xff || (second & 0xe6) !== 0xe2) return undefined;
  const version = (second >> 3) & 3;
  const rate = [44_100, 48_000, 32_000][(third >> 2) & 3];
  const bitrate = BITRATES[version === 3 ? "1" : "2"]?.[(third >> 4) - 1];
  if (version === 1 || rate === undefined || bitrate === undefined) return undefined;
  const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
  return Math.floor(((version === 3 ? 144_000 : 72_000) * bitrate) / (rate / divisor)) + ((third >> 1) & 1);
}

const BRANDS = /^(?:isom|iso[2-9]|mp4[12]|avc1|M4[AVBP] |qt {2}|mmp4|dash|heic|heix|mif1|msf1|avif|avis|3g[p2].|f4v )$/;

export const mp4: Format = {
  kind: "mp4",
  recognise: ({ head }) => hasBytes(head, { at: 4, bytes: "ftyp" }) && BRANDS.test(latin1(head.subarray(8, 12))),
  async inspect({ read, size }, note) {
    const cursor = new Cursor(read, { from: 0, to: size }, 16);
    for (let step = 0; step < STEPS_MAX && cursor.rest > 0; step += 1) {
      if (cursor.rest < 8) return note("format_malformed", malformed("a box"));
      await cursor.need(Math.min(16, cursor.rest));
      const header = cursor.peek(16);
      let length = bigEndian(header.subarray(0, 4));
      if (length === 1 && header.length === 16) length = bigEndian(header.subarray(8, 16));
      else if (length === 0) length = cursor.rest;
      const type = latin1(header.subarray(4, 8));
      if (length < 8 || length > cursor.rest || !/^[\x20-\x7e\xa9]{4}$/.test(type)) {
        return note("format_malformed", malformed("a box"));
      }
      if (type === "moov" && (await refersOutside({ read, from: cursor.position, length }))) {
        return note("active_document", "refers to media outside of the file");
      }
      cursor.skip(length);
    }
    if (cursor.rest > 0) note("format_malformed", "too many boxes");
  },
};

const MOOV_MAX_BYTES = 4 * 1024 * 1024;

/** QuickTime's reference movies, and data references that are addresses. */
async function refersOutside({ read, from, length }: Pick<FileContent, "read"> & { from: number; length: number }) {
  const text = latin1(await read({ offset: from, length: Math.min(length, MOOV_MAX_BYTES) }));
  return /rmra|rmda|rdrf/.test(text) || hasOuterReference(text) || length > MOOV_MAX_BYTES;
}

/** Entries of a `dref` box are flagged with 1 if the media are in the file itself. */
function hasOuterReference(text: string): boolean {
  let left = REFERENCES_MAX;
  for (let box = text.indexOf("dref"); box !== -1; box = text.indexOf("dref", box + 4)) {
    const entries = numberAt(text, box + 8);
    for (let entry = 0, at = box + 12; entry < entries; entry += 1) {
      left -= 1;
      const length = numberAt(text, at);
      // an entry that does not advance, or too many of them, may hide one
      if (left < 0 || length < 8 || (text.charCodeAt(at + 11) & 1) === 0) return true;
      at += length;
    }
  }
  return false;
}

/** Data references of one film that are looked at: it has one for each track. */
const REFERENCES_MAX = 1000;

const numberAt = (text: string, at: number) =>
  bigEndian(Uint8Array.from({ length: 4 }, (_, index) => text.charCodeAt(at + index)));

export const webm: Format = {
  kind: "webm",
  async recognise(content) {
    if (!hasBytes(content.head, { bytes: [0x1a, 0x45, 0xdf, 0xa3] })) return false;
    return /\x42\x82[\x84-\x88](?:webm|matroska)/.test(latin1(await readHead(content, 64)));
  },
  async inspect({ read, size }, note) {
    const cursor = new Cursor(read, { from: 0, to: size }, 16);
    let elements = 0;
    for (let step = 0; step < 4 && cursor.rest > 0; step += 1) {
      await cursor.need(Math.min(12, cursor.rest));
      const header = cursor.peek(12);
      const idLength = Math.clz32(header[0] ?? 0) - 23;
      const lengthByte = header[idLength] ?? 0;
      const lengthLength = Math.clz32(lengthByte) - 23;
      if (idLength > 4 || lengthLength > 8) return note("format_malformed", malformed("an element"));
      const bytes = header.slice(idLength, idLength + lengthLength);
      bytes[0] = (bytes[0] ?? 0) & (0xff >> lengthLength);
      const unknown = bytes.every((byte, index) => byte === (index === 0 ? 0xff >> lengthLength : 0xff));
      const whole = idLength + lengthLength + bigEndian(bytes);
      if (unknown) return;
      if (whole > cursor.rest) return note("format_malformed", malformed("an element"));
      elements += 1;
      cursor.skip(whole);
    }
    if (cursor.rest > 0 || elements < 2) note("format_malformed", malformed("an element"));
  },
};

/** AIFF states its own size, as RIFF does. */
export const aiff: Format = {
  kind: "aiff",
  recognise: ({ head, size }) =>
    hasBytes(head, { bytes: "FORM" }) &&
    /^AIF[FC]$/.test(latin1(head.subarray(8, 12))) &&
    Math.abs(bigEndian(head.subarray(4, 8)) + 8 - size) <= 1,
  async inspect() {},
};

/** Sound of Sun and NeXT: a header that says where the samples begin and how long they are. */
export const au: Format = {
  kind: "au",
  recognise: ({ head, size }) =>
    hasBytes(head, { bytes: ".snd" }) && bigEndian(head.subarray(4, 8)) + bigEndian(head.subarray(8, 12)) === size,
  async inspect() {},
};
