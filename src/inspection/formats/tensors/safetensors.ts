/**
 * Judges a safetensors file by its header alone.
 *
 * Invariant: a file that passes has one reading: every key once, every tensor as long as its type and shape say, and the
 * tensors tile the bytes behind the header without hole or overlap, as the format demands.
 *
 * Source: the format's own description (github.com/huggingface/safetensors).
 */

import { SAFETENSORS_HEADER_MAX_BYTES } from "../../../limits.ts";
import { viewOf } from "../../../zip/zip-records.ts";
import type { ReadBytes } from "../../cursor.ts";
import type { FindingCode } from "../../findings.ts";
import type { Format } from "../../format.ts";

/** What the format allows a header to have, in bytes. */
const FORMAT_HEADER_MAX_BYTES = 100_000_000;

const BITS: ReadonlyMap<string, number> = new Map([
  ...["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"].map(
    (type): [string, number] => [type, 8],
  ),
  ...["I16", "U16", "F16", "BF16"].map((type): [string, number] => [type, 16]),
  ...["I32", "U32", "F32"].map((type): [string, number] => [type, 32]),
  ...["I64", "U64", "F64", "C64"].map((type): [string, number] => [type, 64]),
  ["F4", 4],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
]);

class Invalid extends Error {
  readonly code: FindingCode;

  constructor(detail: string, code: FindingCode = "safetensors_invalid") {
    super(detail);
    this.code = code;
  }
}

/** Told by a header length that fits into the file, and the brace that the header begins with. */
export const safetensors: Format = {
  kind: "safetensors",
  recognise({ head, size }) {
    if (head.length < 10 || head[8] !== 0x7b) return false;
    const length = viewOf(head).getBigUint64(0, true);
    return length >= 2n && length <= BigInt(Math.min(size - 8, FORMAT_HEADER_MAX_BYTES));
  },
  async inspect({ read, size }, note) {
    const fault = await findSafetensorsFault(read, size);
    if (fault) note(fault.code, fault.detail);
  },
};

/** What is wrong with a file of that size; undefined if nothing is. Whatever `read` throws, it throws. */
export async function findSafetensorsFault(
  read: ReadBytes,
  size: number,
): Promise<{ code: FindingCode; detail: string } | undefined> {
  if (size < 8) return { code: "safetensors_invalid", detail: "shorter than its length field" };
  const length = Number(viewOf(await read({ offset: 0, length: 8 })).getBigUint64(0, true));
  if (length > size - 8 || length > FORMAT_HEADER_MAX_BYTES || length < 2) {
    return { code: "safetensors_invalid", detail: "a header that is longer than the file or the format allows" };
  }
  if (length > SAFETENSORS_HEADER_MAX_BYTES) return { code: "bound_reached", detail: `a header of ${length} bytes` };
  const header = await read({ offset: 8, length });
  try {
    checkTensors(parse(header), size - 8 - length);
    return undefined;
  } catch (error) {
    if (error instanceof Invalid) return { code: error.code, detail: error.message };
    throw error;
  }
}

function parse(header: Uint8Array): Record<string, unknown> {
  if (header[0] !== 0x7b) throw new Invalid("a header that does not begin with {");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw new Invalid("a header that is no UTF-8");
  }
  refuseDuplicates(text);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Invalid("a header that is no JSON");
  }
}

/** Deepest nesting there is: the header, a tensor, its shape. */
const DEPTH_MAX = 3;

/** Keys that occur twice, which parsers resolve differently; and nesting that no header has. */
function refuseDuplicates(text: string): void {
  const keys: Set<string>[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === "{" || char === "[") {
      depth += 1;
      if (depth > DEPTH_MAX) throw new Invalid("a header that is nested deeper than one can be");
      keys[depth] = new Set();
    } else if (char === "}" || char === "]") depth -= 1;
    else if (char === '"') {
      const end = endOfString(text, at);
      if (/^\s*:/.test(text.slice(end, end + 32))) {
        const key = decodeKey(text.slice(at, end));
        const seen = keys[depth];
        if (seen?.has(key)) throw new Invalid(`two keys ${key}`);
        seen?.add(key);
      }
      at = end - 1;
    }
  }
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  throw new Invalid("a header that is no JSON");
}

function decodeKey(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new Invalid("a header that is no JSON");
  }
}

/** That the tensors tile `dataBytes`. */
function checkTensors(header: Record<string, unknown>, dataBytes: number): void {
  const stretches: { name: string; begin: number; end: number }[] = [];
  let unknownType: string | undefined;
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
        throw new Invalid("metadata that is not all text");
      }
      continue;
    }
    if (!isRecord(value) || Object.keys(value).some((key) => !["dtype", "shape", "data_offsets"].includes(key))) {
      throw new Invalid(`a tensor ${name} that is none`);
    }
    const { dtype, shape, data_offsets: offsets } = value;
    if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
      throw new Invalid(`a tensor ${name} without type, shape or place`);
    }
    const [begin = 0, end = 0] = offsets;
    if (begin > end || end > dataBytes) throw new Invalid(`a tensor ${name} outside of the file`);
    const bits = BITS.get(dtype);
    if (bits === undefined) unknownType ??= dtype;
    else {
      const wanted = shape.reduce((product, dimension) => product * dimension, bits);
      if (!Number.isSafeInteger(wanted) || wanted !== (end - begin) * 8) {
        throw new Invalid(`a tensor ${name} whose length is not that of its type and shape`);
      }
    }
    stretches.push({ name, begin, end });
  }
  let at = 0;
  for (const { name, begin, end } of stretches.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) throw new Invalid(`${begin < at ? "an overlap" : "a hole"} before tensor ${name}`);
    at = end;
  }
  if (at !== dataBytes) throw new Invalid("bytes that belong to no tensor");
  if (unknownType !== undefined) throw new Invalid(`a type ${unknownType} that is not known`, "safetensors_dtype");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
