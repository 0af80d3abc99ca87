/** Bundles of a test's choosing, kept as a registration, an upload or a mirror leaves them: object, row, index, inspection. */

import { env } from "cloudflare:workers";
import { INSPECTION_RULES } from "../../src/inspection/findings.ts";
import { rows } from "../harness.ts";
import { hexOf } from "./light-bundle.ts";
import { crc32 } from "./read-zip.ts";

/** A file to be put into a bundle. */
export interface Given {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  deflated?: boolean;
  /** Left out of the index, as where nobody has taken it. */
  digestUnknown?: boolean;
  /** What the inspection came to for it. */
  verdict?: "safe" | "unsafe" | "unknown";
}

/** How a bundle is kept, where it is not the ordinary way. */
export interface Keeping {
  verdict?: "safe" | "unsafe" | "unknown";
  findings?: unknown[];
  /** The version of the rules that the inspection followed; today's if it is not given. */
  rules?: number;
  /** Its counts. */
  summary?: unknown;
  /** The upstream commit whose files these are, all of them: a finished mirror. Without it, a light bundle. */
  revision?: string;
  /** Files on one page of the index. */
  pageSize?: number;
}

/** Text as bytes. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

/** Bytes that tell where in a file they stand. */
export const counting = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255));

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function record(length: number, fields: [at: number, bytes: 2 | 4, value: number][], name: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length + name.length);
  const view = new DataView(bytes.buffer);
  for (const [at, width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  bytes.set(name, length);
  return bytes;
}

/** A zip of these files, and where each stands in it, in the order of the index. */
export async function zipOf(
  files: readonly Given[],
): Promise<{ zip: Uint8Array<ArrayBuffer>; index: Record<string, unknown>[] }> {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  const index: { path: string }[] = [];
  let at = 0;
  for (const { path, bytes, deflated = false, digestUnknown = false, verdict } of files) {
    const name = bytesOf(path);
    const data = deflated ? await deflate(bytes) : bytes;
    const [method, crc] = [deflated ? 8 : 0, crc32(bytes)];
    const shared = (from: number): [number, 2 | 4, number][] => [
      [from, 2, 20],
      [from + 2, 2, 0x0800],
      [from + 4, 2, method],
      [from + 8, 2, 0x21],
      [from + 10, 4, crc],
      [from + 14, 4, data.length],
      [from + 18, 4, bytes.length],
      [from + 22, 2, name.length],
    ];
    pieces.push(record(30, [[0, 4, 0x04034b50], ...shared(4)], name), data);
    directory.push(
      record(46, [[0, 4, 0x02014b50], [4, 2, 0x0314], ...shared(6), [38, 4, 0o100644 << 16], [42, 4, at]], name),
    );
    const dataOffset = at + 30 + name.length;
    at = dataOffset + data.length;
    index.push({
      path,
      method,
      size: bytes.length,
      compressedSize: data.length,
      crc32: crc,
      dataOffset,
      ...(!digestUnknown && { sha256: await hexOf(bytes) }),
      ...(verdict && { verdict }),
    } as { path: string });
  }
  const length = directory.reduce((sum, { length: more }) => sum + more, 0);
  const count = files.length;
  const end = record(
    22,
    [
      [0, 4, 0x06054b50],
      [8, 2, count],
      [10, 2, count],
      [12, 4, length],
      [16, 4, at],
    ],
    new Uint8Array(),
  );
  const zip = new Uint8Array(await new Blob([...pieces, ...directory, end]).arrayBuffer());
  return { zip, index: index.toSorted((a, b) => (bytesOrder(a.path) < bytesOrder(b.path) ? -1 : 1)) };
}

/** A text that sorts as the UTF-8 bytes of another do. */
const bytesOrder = (text: string): string => String.fromCharCode(...bytesOf(text));

/**
 * Makes these files the content of a registered artifact, under a key of their own, with an index.
 * Gives the SHA-256 of the zip.
 */
export async function keepFiles(id: string | number, files: readonly Given[], keeping: Keeping = {}): Promise<string> {
  const { zip, index } = await zipOf(files);
  const sha256 = await hexOf(zip);
  const [before] = await rows<{ object_key: string; version: number }>(
    "SELECT object_key, version FROM artifacts WHERE id = ?1",
    id,
  );
  const version = (before?.version ?? 0) + 1000;
  const key = `artifacts/kept/${id}-${version}.zip`;
  await env.BUCKET.put(key, zip, { sha256 });
  const size = keeping.pageSize ?? 500;
  const pages = Array.from({ length: Math.ceil(index.length / size) }, (_, page) =>
    index.slice(page * size, (page + 1) * size),
  );
  await env.DB.batch([
    env.DB.prepare(
      `UPDATE artifacts SET object_key = ?2, size = ?3, sha256 = ?4, version = ?5, revision = coalesce(?6, revision) WHERE id = ?1`,
    ).bind(id, key, zip.length, sha256, version, keeping.revision ?? null),
    env.DB.prepare("DELETE FROM bundle_index WHERE artifact_id = ?1").bind(id),
    env.DB.prepare("DELETE FROM mirrors WHERE artifact_id = ?1").bind(id),
    ...(keeping.revision === undefined
      ? []
      : [
          env.DB.prepare(
            `INSERT INTO mirrors (artifact_id, version, round, state, requested_by, request_id, started_at, updated_at)
             VALUES (?1, ?2, 1, 'finished', '{"kind":"anonymous"}', 'test', 0, 0)`,
          ).bind(id, version),
        ]),
    env.DB.prepare("DELETE FROM inspections WHERE artifact_id = ?1").bind(id),
    ...pages.map((page) =>
      env.DB.prepare("INSERT INTO bundle_index (artifact_id, first_path, entries) VALUES (?1, ?2, ?3)").bind(
        id,
        page[0]?.["path"] as string,
        JSON.stringify(page),
      ),
    ),
    ...(keeping.verdict
      ? [
          env.DB.prepare(
            `INSERT INTO inspections (artifact_id, version, verdict, findings, inspected_at, rules, summary)
             VALUES (?1, ?2, ?3, ?4, 1700000000000, ?5, ?6)`,
          ).bind(
            id,
            version,
            keeping.verdict,
            JSON.stringify(keeping.findings ?? []),
            keeping.rules ?? INSPECTION_RULES,
            keeping.summary === undefined ? null : JSON.stringify(keeping.summary),
          ),
        ]
      : []),
  ]);
  if (before) await env.BUCKET.delete(before.object_key);
  return sha256;
}
