/**
 * Tells by the first bytes of a file that nothing calls a pickle whether it may be one all the same.
 *
 * Invariant: what Python would load as a plain pickle may be one; of what is none, hardly anything gets past its first words.
 */

import type { ReadBytes } from "../cursor.ts";
import { walkPickles } from "./walk.ts";

const PERSID = 0x50;
const PROTO = 0x80;

/** The bytes that are there are not enough to tell. */
class Beyond extends Error {}

/** Whether a file that begins like this may be a pickle; nothing is read beyond these bytes. */
export async function mayBePickle(head: Uint8Array, size: number): Promise<boolean> {
  const [first] = head;
  // what begins by asking a loader for an object of its own is no plain pickle; tables in Parquet begin so
  if (first === undefined || first === PERSID) return false;
  const read: ReadBytes = async ({ offset, length }) => {
    if (offset + length > head.length) throw new Beyond();
    return head.subarray(offset, offset + length);
  };
  const walking = { windowBytes: head.length };
  try {
    const { end, active, called } = await walkPickles(read, { from: 0, to: size }, () => {}, walking);
    return called || (active && first === PROTO) || end !== "malformed";
  } catch (error) {
    if (error instanceof Beyond) return true;
    throw error;
  }
}
