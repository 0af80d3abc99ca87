/**
 * gzip and zlib: unpacked within the bound, so that what is inside is judged as a file of its own.
 *
 * Invariant: all members of a gzip are unpacked, and bytes behind the last one are a finding: readers differ in whether they
 * read on.
 *
 * Source: RFC 1950, RFC 1952.
 */

import { constants, crc32, inflateRawSync } from "node:zlib";
import { INSPECT_INFLATE_MAX_BYTES } from "../../../limits.ts";
import type { FileContent, Format, Note, Scene } from "../../format.ts";
import { littleEndian, readHead } from "../reading/bytes.ts";

const MEMBERS_MAX = 10_000;

class Malformed extends Error {}
/** Larger than the bound when it is unpacked. */
class Large extends Error {}

export const gzip: Format = {
  kind: "gzip",
  recognise: ({ head }) => head[0] === 0x1f && head[1] === 0x8b,
  inspect: (content, note, scene) => inspectInside(content, note, scene, unpackGzip),
};

/** How much of a stream is tried before it is called one: a text can begin with the two bytes of a header. */
const TRIED_BYTES = 4096;

export const zlib: Format = {
  kind: "zlib",
  async recognise(content) {
    const [method = 0, flags = 0] = content.head;
    if ((method & 0x0f) !== 8 || method > 0x78 || (method * 256 + flags) % 31 !== 0 || content.size < 8) return false;
    // with a dictionary of its own nobody but its maker can unpack it
    if (flags & 0x20) return false;
    const beginning = await readHead(content, TRIED_BYTES);
    try {
      const { buffer } = inflate(beginning.subarray(2), { whole: false });
      return content.size <= TRIED_BYTES || buffer.length > 0;
    } catch (error) {
      return error instanceof Large;
    }
  },
  inspect: (content, note, scene) => inspectInside(content, note, scene, unpackZlib),
};

async function inspectInside(
  { size, read }: FileContent,
  note: Note,
  scene: Scene,
  unpack: (packed: Uint8Array) => Uint8Array,
): Promise<void> {
  if (size > INSPECT_INFLATE_MAX_BYTES) return note("compressed", "compressed, and too large to be looked into");
  const packed = await read({ offset: 0, length: size });
  let inside: Uint8Array;
  try {
    inside = unpack(packed);
  } catch (error) {
    if (error instanceof Large) return note("compressed", "compressed, and too large to be looked into");
    if (error instanceof Malformed) return note("format_malformed", error.message);
    throw error;
  }
  await scene.inspectInner(innerName(scene.name), inside);
}

/** The name without what says that it is compressed. */
export function innerName(name: string): string {
  if (/\.(?:tgz|taz|svgz|rdz)$/.test(name))
    return name.replace(/z$/, "").replace(/\.tg$/, ".tar").replace(/\.ta$/, ".tar");
  if (/\.pklz$/.test(name)) return name.slice(0, -1);
  return name.replace(/\.(?:gz|gzip|z|zz|zlib)$/, "") || name;
}

function unpackGzip(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < packed.length; ) {
    if (parts.length >= MEMBERS_MAX) throw new Malformed("a gzip of too many members");
    if (packed[at] !== 0x1f || packed[at + 1] !== 0x8b) {
      // GNU tar pads with zeros, which every reader skips
      if (parts.length > 0 && packed.subarray(at).every((byte) => byte === 0)) break;
      throw new Malformed("a gzip with other bytes behind it");
    }
    const begin = at + headerLength(packed.subarray(at));
    const { buffer, bytesWritten } = inflate(packed.subarray(begin), { max: INSPECT_INFLATE_MAX_BYTES - total });
    const end = begin + bytesWritten;
    if (end + 8 > packed.length) throw new Malformed("a gzip that breaks off");
    if (littleEndian(packed.subarray(end, end + 4)) !== crc32(buffer))
      throw new Malformed("a gzip with another checksum");
    total += buffer.length;
    parts.push(buffer);
    at = end + 8;
  }
  const inside = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    inside.set(part, at);
    at += part.length;
  }
  return inside;
}

/** Bytes of a member's header. */
function headerLength(member: Uint8Array): number {
  const [, , method, flags = 0] = member;
  if (method !== 8 || (flags & 0xe0) !== 0) throw new Malformed("a gzip of an unknown method");
  let at = 10;
  if (flags & 4) at += 2 + littleEndian(member.subarray(at, at + 2));
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = member.indexOf(0, at);
    if (end === -1) throw new Malformed("a gzip that breaks off");
    at = end + 1;
  }
  return flags & 2 ? at + 2 : at;
}

function unpackZlib(packed: Uint8Array): Uint8Array {
  const { buffer, bytesWritten } = inflate(packed.subarray(2));
  // the checksum is not made out: whoever forges it shows a reader nothing else
  if (2 + bytesWritten + 4 !== packed.length)
    throw new Malformed("a zlib stream that breaks off, or has other bytes behind it");
  return buffer;
}

function inflate(
  bytes: Uint8Array,
  { max = INSPECT_INFLATE_MAX_BYTES, whole = true }: { max?: number; whole?: boolean } = {},
): { buffer: Uint8Array; bytesWritten: number } {
  const finishFlush = whole ? {} : { finishFlush: constants.Z_SYNC_FLUSH };
  try {
    const { buffer, engine } = inflateRawSync(bytes, { maxOutputLength: Math.max(1, max), info: true, ...finishFlush });
    return { buffer, bytesWritten: engine.bytesWritten };
  } catch (error) {
    if (error instanceof Error && /memory limit|larger than|too large/i.test(error.message)) throw new Large();
    throw new Malformed("a compressed stream that cannot be unpacked");
  }
}
