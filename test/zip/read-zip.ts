/** A reader of stored zips that shares nothing with the writer, its checksum included. Fails on whatever is not as it should be. */

export interface ReadEntry {
  path: string;
  bytes: Uint8Array;
  crc: number;
  /** Unix mode, from the external attributes. */
  mode: number;
  flags: number;
  date: number;
}

/** CRC-32 of ISO 3309, bit by bit. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}

/** The entries by the central directory, each checked against its local header and its bytes. */
export function readZip(archive: Uint8Array): ReadEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const check = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) throw new Error(`zip: ${what} is ${actual}, not ${expected}`);
  };
  const name = (from: number, length: number) =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(archive.subarray(from, from + length));

  const end = archive.length - 22;
  check("end record", u32(end), 0x0605_4b50);
  check("comment length", u16(end + 20), 0);
  check("disk", u32(end + 4), 0);
  const count = u16(end + 10);
  check("entries on this disk", u16(end + 8), count);
  const directory = u32(end + 16);
  check("end of the directory", directory + u32(end + 12), end);

  const entries: ReadEntry[] = [];
  let at = directory;
  let expectedLocal = 0;
  for (let index = 0; index < count; index += 1) {
    check("central header", u32(at), 0x0201_4b50);
    const [length, extra, comment] = [u16(at + 28), u16(at + 30), u16(at + 32)];
    const [crc, packed, size, local] = [u32(at + 16), u32(at + 20), u32(at + 24), u32(at + 42)];
    const path = name(at + 46, length);
    check(`method of ${path}`, u16(at + 10), 0);
    check(`packed size of ${path}`, packed, size);
    check(`local header of ${path}`, u32(local), 0x0403_4b50);
    check(`place of ${path}`, local, expectedLocal);
    // version needed, flags, method, time, date, crc, sizes, name length
    for (let field = 0; field < 24; field += 1) {
      check(`byte ${field} of the local header of ${path}`, archive[local + 4 + field], archive[at + 6 + field]);
    }
    check("local name", name(local + 30, length), path);
    const start = local + 30 + length + u16(local + 28);
    const bytes = archive.slice(start, start + size);
    check(`crc of ${path}`, crc32(bytes), crc);
    entries.push({ path, bytes, crc, mode: u32(at + 38) >>> 16, flags: u16(at + 8), date: u16(at + 14) });
    at += 46 + length + extra + comment;
    expectedLocal = start + size;
  }
  check("bytes between the last entry and the directory", directory - expectedLocal, 0);
  check("bytes between the directory and its end", end - at, 0);
  return entries;
}
