/** What the tests of inspections share: a zip is made, and what was found in it is told in a word. */

import { inspectZip } from "../../src/inspection/inspect.ts";
import { type Made, makeZip, readerOf } from "../zip/make-zip.ts";

/** Nothing was found. */
export const SAFE = { verdict: "safe", codes: [] };

/** A stored file. */
export const file = (name: string, data: Uint8Array | string): Made => ({ name, data });

/** Inspects a zip of these files. */
export function inspect(entries: Made[], bounds?: Parameters<typeof inspectZip>[2]) {
  const zip = makeZip(entries);
  return inspectZip(readerOf(zip), zip.length, bounds);
}

/** The verdict, and every code once. */
export async function found(entries: Made[]) {
  const { verdict, findings } = await inspect(entries);
  return { verdict, codes: [...new Set(findings.map(({ code }) => code))] };
}
