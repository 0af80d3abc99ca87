/**
 * Whether bytes begin as a tar does, by the checksum of its first header: the oldest form has nothing else to tell it by.
 *
 * Invariant: what Python's tarfile opens is one here.
 */

/** Bytes of a header. */
export const TAR_HEADER_BYTES = 512;
const CHECKSUM = { from: 148, to: 156 };

/** The checksum that a header states, of which so much is known; undefined if it states none. */
export function readTarChecksum(head: Uint8Array): number | undefined {
  if (head.length < CHECKSUM.to) return undefined;
  const field = head.subarray(CHECKSUM.from, CHECKSUM.to);
  const [first] = field;
  if (first === 0x80 || first === 0xff) {
    const wide = field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
    return first === 0x80 ? wide : wide - 256 ** 7;
  }
  const text = String.fromCharCode(...field).replace(/\0.*/s, "");
  const octal = /^[\s\p{Cc}]*([+-]?)(?:0o)?([0-7_]*)[\s\p{Cc}]*$/iu.exec(text);
  if (!octal) return undefined;
  const value = Number.parseInt(`0${octal[2]?.replaceAll("_", "")}`, 8);
  return octal[1] === "-" ? -value : value;
}

/** Whether a block is the header of a member. Some writers took bytes for signed numbers. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length !== TAR_HEADER_BYTES) return false;
  const stated = readTarChecksum(block);
  let unsigned = 0x20 * (CHECKSUM.to - CHECKSUM.from);
  let signed = unsigned;
  for (const [at, byte] of block.entries()) {
    if (at >= CHECKSUM.from && at < CHECKSUM.to) continue;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  return stated === unsigned || stated === signed;
}
