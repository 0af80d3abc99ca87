/**
 * Reads one entry out of a zip by ranged reads: the end of the archive, its directory, then the entry alone.
 *
 * Bounded to what our own writer makes: stored entries, no zip64. Sources: PKWARE APPNOTE 6.3.10, §4.3.
 */

/** Reads a part of the archive; undefined if there is no archive. */
export type ReadRange = (range: { offset: number; length: number }) => Promise<Uint8Array | undefined>;

const END_RECORD_BYTES = 22;
const CENTRAL_HEADER_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;

/**
 * The bytes of one stored entry.
 *
 * @param size bytes of the whole archive
 * @returns undefined if there is no such entry, or the archive is not one of ours
 */
export async function readZipEntry(read: ReadRange, size: number, path: string): Promise<Uint8Array | undefined> {
  if (size < END_RECORD_BYTES) return undefined;
  const end = view(await read({ offset: size - END_RECORD_BYTES, length: END_RECORD_BYTES }));
  if (end?.byteLength !== END_RECORD_BYTES || end.getUint32(0, true) !== 0x06054b50) return undefined;
  const directory = { offset: end.getUint32(16, true), length: end.getUint32(12, true) };
  if (directory.offset + directory.length !== size - END_RECORD_BYTES) return undefined;

  const bytes = await read(directory);
  const entries = view(bytes);
  if (!bytes || !entries) return undefined;
  for (let at = 0; at + CENTRAL_HEADER_BYTES <= bytes.length; ) {
    const name = entries.getUint16(at + 28, true);
    const rest = entries.getUint16(at + 30, true) + entries.getUint16(at + 32, true);
    const from = at + CENTRAL_HEADER_BYTES;
    if (new TextDecoder().decode(bytes.subarray(from, from + name)) === path) {
      const stored = entries.getUint16(at + 10, true) === 0;
      const length = entries.getUint32(at + 20, true);
      // Our local headers carry no extra field, so the data begins right behind the name.
      const offset = entries.getUint32(at + 42, true) + LOCAL_HEADER_BYTES + name;
      return stored && offset + length <= directory.offset ? read({ offset, length }) : undefined;
    }
    at = from + name + rest;
  }
  return undefined;
}

function view(bytes: Uint8Array | undefined): DataView | undefined {
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
