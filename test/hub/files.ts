/**
 * What git and LFS know of a file: size, digests, pointer.
 *
 * Invariant: digests are those of the bytes that are served; weights whose size is only declared have made-up ones, and
 * whoever downloads them all the same gets that many bytes, made as they are read.
 */

import { type Content, hex } from "./catalogue.ts";
import { filledBody } from "./faults.ts";

export interface FileFacts {
  /** Undefined for weights whose size is only declared. */
  bytes?: Uint8Array;
  size: number;
  sha256: string;
  blobId: string;
  /** The pointer that git keeps in place of an LFS file. */
  pointer?: string;
}

const HEADER_BYTES = 256;
export const encoder = new TextEncoder();
export const LFS = /\.(safetensors|bin|pt|onnx|h5|msgpack|gguf|parquet|arrow)$/;

export async function digest(algorithm: "SHA-1" | "SHA-256", bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const known = new Map<string, Promise<FileFacts>>();

/** Computed when first asked for: most tests look at few files. */
export function factsOf(id: string, path: string, content: Content): Promise<FileFacts> {
  const key = `${id}:${path}`;
  const facts = known.get(key) ?? compute(key, content);
  known.set(key, facts);
  return facts;
}

async function compute(key: string, content: Content): Promise<FileFacts> {
  if (typeof content === "object" && "declared" in content) {
    return withPointer({ size: content.declared, sha256: hex(key, 64) });
  }
  if (typeof content === "object" && "tensor" in content) {
    const bytes = tensorOf(content.tensor);
    return withPointer({ bytes, size: bytes.byteLength, sha256: await digest("SHA-256", bytes) });
  }
  if (typeof content === "object" && "letters" in content) {
    const bytes = new Uint8Array(content.letters).fill(97);
    return withPointer({ bytes, size: bytes.byteLength, sha256: await digest("SHA-256", bytes) });
  }
  const filler = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + key.length) % 251);
  const bytes = typeof content === "string" ? encoder.encode(content) : filler(content.bytes);
  const plain = { bytes, size: bytes.byteLength, sha256: await digest("SHA-256", bytes) };
  return LFS.test(key) ? withPointer(plain) : { ...plain, blobId: await gitBlobId(bytes) };
}

/** A safetensors file of one tensor of bytes, `size` bytes in all. */
function tensorOf(size: number): Uint8Array<ArrayBuffer> {
  const length = size - 8 - HEADER_BYTES;
  const tensor = { dtype: "U8", shape: [length], data_offsets: [0, length] };
  const header = encoder.encode(JSON.stringify({ weight: tensor }).padEnd(HEADER_BYTES));
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(HEADER_BYTES), true);
  bytes.set(header, 8);
  for (let i = 8 + HEADER_BYTES; i < size; i += 1) bytes[i] = (i * 31) % 251;
  return bytes;
}

async function withPointer(facts: Omit<FileFacts, "blobId">): Promise<FileFacts> {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${facts.sha256}\nsize ${facts.size}\n`;
  return { ...facts, pointer, blobId: await gitBlobId(encoder.encode(pointer)) };
}

const gitBlobId = async (bytes: Uint8Array): Promise<string> =>
  digest("SHA-1", new Uint8Array(await new Blob([`blob ${bytes.byteLength}\0`, bytes]).arrayBuffer()));

/**
 * An answer with its true length, which a stream would not carry; a part of it where a range is asked for. Whole answers are
 * declared to have no ranges, though they do: what counts is what comes.
 */
export function sized(
  file: { bytes?: Uint8Array; size: number },
  headers: Record<string, string>,
  request?: Request,
): Response {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request?.headers.get("range") ?? "") ?? [];
  if (first === undefined || file.size === 0) return whole(file, headers);
  const from = Number(first);
  const to = last ? Math.min(Number(last), file.size - 1) : file.size - 1;
  if (from > to) return new Response(null, { status: 416, headers: { "content-range": `bytes */${file.size}` } });
  const part = { ...(file.bytes && { bytes: file.bytes.subarray(from, to + 1) }), size: to - from + 1 };
  const partial = { ...headers, "content-range": `bytes ${from}-${to}/${file.size}`, "accept-ranges": "bytes" };
  return new Response(bodyOf(part), { status: 206, headers: { ...partial, "content-length": String(part.size) } });
}

function whole(file: { bytes?: Uint8Array; size: number }, headers: Record<string, string>): Response {
  return new Response(bodyOf(file), {
    headers: { "content-length": String(file.size), "accept-ranges": "none", ...headers },
  });
}

const bodyOf = ({ bytes, size }: { bytes?: Uint8Array; size: number }) =>
  bytes ? new Uint8Array(bytes) : filledBody(size);
