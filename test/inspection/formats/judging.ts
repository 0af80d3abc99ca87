/** What the tests of formats share: bytes are asked of all formats in their order, as an inspection does. */

import type { FileContent, Scene } from "../../../src/inspection/format.ts";
import { FORMATS } from "../../../src/inspection/formats/index.ts";
import { bytesOf } from "../../zip/make-zip.ts";

/** What became of a file: its kind, its findings as codes, and the files that were found inside. */
export interface Judged {
  kind: string | undefined;
  codes: string[];
  details: string[];
  inner: { name: string; bytes: Uint8Array }[];
  zips: number;
  /** Reads that it took. */
  reads: number;
}

/** Judges bytes under a name. */
export async function judge(data: Uint8Array | string, name = "file", type: Scene["type"] = "model"): Promise<Judged> {
  const bytes = bytesOf(data);
  const judged: Judged = { kind: undefined, codes: [], details: [], inner: [], zips: 0, reads: 0 };
  const content: FileContent = {
    size: bytes.length,
    head: bytes.subarray(0, 256),
    read: async ({ offset, length }) => {
      judged.reads += 1;
      if (offset < 0 || offset + length > bytes.length)
        throw new Error(`a read outside of the file: ${offset}+${length}`);
      return bytes.subarray(offset, offset + length);
    },
    isText: async () => isText(bytes),
  };
  const scene: Scene = {
    type,
    name,
    shadows: () => false,
    inspectZip: async () => {
      judged.zips += 1;
    },
    inspectInner: async (inner, unpacked) => void judged.inner.push({ name: inner, bytes: unpacked }),
  };
  for (const format of FORMATS) {
    if (!(await format.recognise(content))) continue;
    judged.kind = format.kind;
    const note = (code: string, detail: string) => {
      if (!judged.codes.includes(code)) judged.codes.push(code);
      judged.details.push(detail);
    };
    await format.inspect(content, note, scene);
    return judged;
  }
  return judged;
}

/** Kind and codes alone. */
export async function verdict(data: Uint8Array | string, name?: string, type?: Scene["type"]) {
  const { kind, codes } = await judge(data, name, type);
  return { kind, codes };
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b));
  } catch {
    return false;
  }
}
