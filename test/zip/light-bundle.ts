/** What an ingest has put into the bucket, read by the tests' own means. */

import { env } from "cloudflare:workers";
import { objectKeys } from "../harness.ts";
import { type ReadEntry, readZip } from "./read-zip.ts";

/** The part of a manifest that tests look into. */
export interface Manifest {
  files: { path: string; size?: number; sha256?: string; kept: boolean }[];
  left_out: { path: string; reason: string }[];
  [key: string]: unknown;
}

/** What is in a zip, the only one unless it is named: its bytes and its entries. */
export async function bundle(key?: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; entries: ReadEntry[] }> {
  const [only = "none"] = await objectKeys();
  const object = await env.BUCKET.get(key ?? only);
  const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
  return { bytes, entries: readZip(bytes) };
}

export const textOf = (entries: ReadEntry[], path: string) =>
  new TextDecoder().decode(entries.find((entry) => entry.path === path)?.bytes);
export const manifestIn = (entries: ReadEntry[]) => JSON.parse(textOf(entries, "manifest.json")) as Manifest;

/** SHA-256 in hex. */
export async function hexOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
