/**
 * How bytes are answered: a bundle, a part of one, a file out of one.
 *
 * Invariant: a browser saves it, whatever it is; nothing in it runs or is shown on the registry's origin.
 */

import { z } from "@hono/zod-openapi";
import type { Download, DownloadRequest } from "../artifacts/download.ts";
import type { OpenedFile } from "../artifacts/files.ts";
import { attachment } from "../lib/attachment.ts";
import { hexToBase64 } from "../lib/hash.ts";

/** In the document: bytes, of the type that the file's name says. */
export const FILE_CONTENT = { "*/*": { schema: z.string().openapi({ format: "binary" }) } };

const TEXT = "text/plain; charset=utf-8";

/** What is told of a file by its extension; everything else is bytes. Nothing here that a browser executes. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  md: TEXT,
  txt: TEXT,
  csv: TEXT,
  tsv: TEXT,
  jsonl: TEXT,
  yaml: TEXT,
  yml: TEXT,
  py: TEXT,
  jinja: TEXT,
};

/** Headers of a request that decide what of a file is answered. */
export function fileRequest(request: Request): DownloadRequest {
  const { headers, method } = request;
  return {
    range: headers.get("range") ?? undefined,
    ifRange: headers.get("if-range") ?? undefined,
    ifNoneMatch: headers.get("if-none-match") ?? undefined,
    headOnly: method === "HEAD",
  };
}

/**
 * The answer. `no-transform`: a proxy that compresses it takes its length and its tag away, which resuming clients need.
 * @param more further headers
 */
export function fileResponse(opened: OpenedFile, more: Record<string, string> = {}): Response {
  const { file, etag } = opened;
  const common = {
    ETag: etag,
    "Accept-Ranges": opened.resumable ? "bytes" : "none",
    "Cache-Control": "private, no-cache, no-transform",
    ...(file.sha256 !== undefined && { "Repr-Digest": `sha-256=:${hexToBase64(file.sha256)}:` }),
    ...more,
  };
  return bytesResponse(opened, common, {
    "Content-Type": mediaType(file.path),
    "Content-Disposition": attachment(file.path.split("/").at(-1) ?? file.path),
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
  });
}

/**
 * The whole, a range of it, or that it is what the client has already.
 * @param common  headers of every answer
 * @param content those of an answer that has bytes
 */
export function bytesResponse(
  { kind, size, range, body }: Pick<Download, "kind" | "size" | "range" | "body">,
  common: Record<string, string>,
  content: Record<string, string>,
): Response {
  if (kind === "not_modified") return new Response(null, { status: 304, headers: common });
  const length = range?.length ?? size;
  const headers = { ...common, ...content, "Content-Length": String(length) };
  if (!range) return new Response(body ?? null, { headers });
  const part = `bytes ${range.offset}-${range.offset + length - 1}/${size}`;
  return new Response(body ?? null, { status: 206, headers: { ...headers, "Content-Range": part } });
}

function mediaType(path: string): string {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return (Object.hasOwn(MEDIA_TYPES, extension) ? MEDIA_TYPES[extension] : undefined) ?? "application/octet-stream";
}
