/** Runs one format over bytes, as an inspection does. */

import { FINDINGS, type FindingCode } from "../../src/inspection/findings.ts";
import type { FileContent, Format, Scene } from "../../src/inspection/format.ts";
import { pickle } from "../../src/inspection/formats/pickle.ts";
import { join } from "../zip/make-zip.ts";

export const contentOf = (bytes: Uint8Array): FileContent => ({
  size: bytes.length,
  head: bytes.subarray(0, 256),
  read: async ({ offset, length }) => bytes.subarray(offset, offset + length),
  isText: async () => false,
});

/** Every code that is noted, once; undefined if the format does not recognise the bytes. */
export async function codesOf(format: Format, bytes: Uint8Array, more: Partial<Scene> = {}) {
  const content = contentOf(bytes);
  if (!(await format.recognise(content))) return undefined;
  const codes = new Set<FindingCode>();
  const scene: Scene = {
    type: "model",
    name: "model.pkl",
    shadows: () => false,
    inspectZip: async () => undefined,
    inspectInner: async () => undefined,
    ...more,
  };
  await format.inspect(content, (code) => void codes.add(code), scene);
  return [...codes];
}

/** `safe`, `unknown` or `unsafe`, as the findings of a pickle weigh; `none` for no pickle. */
export async function verdictOf(...parts: (Uint8Array | string)[]): Promise<string> {
  const codes = await codesOf(pickle, join(...parts));
  if (!codes) return "none";
  if (codes.some((code) => FINDINGS[code] === "unsafe")) return "unsafe";
  return codes.length > 0 ? "unknown" : "safe";
}
