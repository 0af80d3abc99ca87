/**
 * Copies bytes from upstream into parts of an object.
 *
 * Invariant: of a file whose length is known nothing is in memory but the chunk that passes through. Of an archive whose
 * length is not, it is one part, because the store wants to know how long a part is before it takes it.
 */

import { crc32 } from "node:zlib";
import type { Context } from "../../context.ts";
import type { ChunkReader } from "../../lib/chunk-reader.ts";
import { createPace } from "../../lib/pace.ts";
import { MIRROR_ARCHIVE_PART_BYTES, PACE_BYTES, R2_MAX_PARTS } from "../../limits.ts";
import { openGitHubArchive, openHubFile } from "../../sources/contents.ts";
import { getBundle } from "../../store/blobs.ts";
import { type Multipart, putPart } from "../../store/multipart.ts";
import { pump } from "../../store/streams.ts";
import type { ZipLayout } from "../../zip/zip-layout.ts";
import { type CrcPiece, streamZipRange } from "../../zip/zip-stream.ts";
import { upstreamOf } from "../ingest.ts";
import { MirrorFailure, MirrorObsolete } from "./failure.ts";
import { layOut, type MirrorPlan } from "./plan.ts";

/** A part that the store has. */
export interface CopiedPart {
  number: number;
  etag: string;
}

/** Copies one range of the zip as one part. `number` from 1 on. Returns what later parts need to know of it. */
export async function copyPart(
  ctx: Context,
  plan: MirrorPlan,
  target: { upload: Multipart; number: number; layout: ZipLayout; range: { offset: number; length: number } },
  known: readonly CrcPiece[],
): Promise<{ part: CopiedPart; pieces: CrcPiece[] }> {
  const { upload, number, layout, range } = target;
  const { body, pieces } = streamZipRange(layout, range, known, (file, stretch) =>
    openOrigin(ctx, plan, file, stretch),
  );
  const fixed = new FixedLengthStream(range.length);
  const stop = Promise.withResolvers<never>();
  const putting = putPart(ctx.blobs, upload, number, fixed.readable);
  // a store that says no without reading would leave the pump waiting for ever
  putting.catch(stop.reject);
  const piping = pump(paced(body), [fixed.writable.getWriter()], stop.promise);
  const [put, piped] = await Promise.allSettled([putting, piping]);
  // If both failed, then the store because of the source, unless the source was cut off because of the store.
  if (put.status === "rejected" && piped.status === "rejected") throw await cause(pieces, put.reason);
  if (put.status === "rejected") throw put.reason;
  if (piped.status === "rejected") throw piped.reason;
  return { part: { number, etag: put.value }, pieces: await pieces };
}

/** Reads a stream with pauses, in which other requests are served. */
function paced(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  const pace = createPace(PACE_BYTES);
  return {
    async read() {
      const part = await reader.read();
      if (!part.done) await pace(part.value.byteLength);
      return part;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/** Why the source failed, if it did by itself; else why the store did. */
async function cause(pieces: Promise<unknown>, otherwise: unknown): Promise<unknown> {
  try {
    await pieces;
  } catch (error) {
    return error ?? otherwise;
  }
  return otherwise;
}

/** The bytes of a stretch of a planned file. */
async function openOrigin(
  ctx: Context,
  plan: MirrorPlan,
  index: number,
  stretch: { offset: number; length: number },
): Promise<ReadableStream<Uint8Array>> {
  const origin = plan.files[index]?.origin;
  switch (origin?.from) {
    case "memory":
      return once(origin.bytes.subarray(stretch.offset, stretch.offset + stretch.length));
    case "light": {
      const range = { offset: origin.offset + stretch.offset, length: stretch.length };
      const part = await getBundle(ctx.blobs, plan.lightKey, range);
      // an update or a delete has taken it away
      if (!part) throw new MirrorObsolete();
      return part.body;
    }
    case "hub":
      if (plan.repository.kind === "github") break;
      return openHubFile(upstreamOf(ctx), plan.repository, plan.revision, origin, stretch);
  }
  throw new Error("a file that has no bytes of known length");
}

function once(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(to) {
      to.enqueue(bytes);
      to.close();
    },
  });
}

/**
 * Copies the whole zip of a mirror whose last file is an archive of unknown length. From the beginning each time: such an
 * archive is made while it is sent, and cannot be asked for from the middle.
 *
 * @param onPart called before each part with the bytes that are done; throws if the mirror is not wanted any more
 */
export async function copyArchive(
  ctx: Context,
  plan: MirrorPlan,
  upload: Multipart,
  onPart: (bytes: number) => Promise<void>,
): Promise<{ parts: CopiedPart[]; pieces: CrcPiece[]; archiveSize: number }> {
  const { config } = ctx;
  const maxBytes = config.mirrorMaxBytes === 0 ? Number.MAX_SAFE_INTEGER : config.mirrorMaxBytes;
  const parts: CopiedPart[] = [];
  const buffer = new Uint8Array(MIRROR_ARCHIVE_PART_BYTES);
  let filled = 0;
  const flush = async () => {
    if (parts.length >= R2_MAX_PARTS) throw new MirrorFailure("The archive has more parts than the store takes.");
    await onPart(parts.length * MIRROR_ARCHIVE_PART_BYTES);
    const number = parts.length + 1;
    parts.push({ number, etag: await putPart(ctx.blobs, upload, number, buffer.slice(0, filled)) });
    filled = 0;
  };
  const pace = createPace(PACE_BYTES);
  const write = async (bytes: Uint8Array) => {
    await pace(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const chunk = bytes.subarray(at, at + buffer.length - filled);
      buffer.set(chunk, filled);
      filled += chunk.length;
      at += chunk.length;
      if (filled === buffer.length) await flush();
    }
  };

  const beginning = layOut(plan);
  const last = plan.files.length - 1;
  const length = beginning.files[last]?.dataOffset ?? 0;
  const open = (file: number, stretch: { offset: number; length: number }) => openOrigin(ctx, plan, file, stretch);
  for await (const chunk of streamZipRange(beginning, { offset: 0, length }, [], open).body) await write(chunk);

  let archiveSize = 0;
  let crc = 0;
  for await (const chunk of await openGitHubArchive(upstreamOf(ctx), plan.repository.id, plan.revision, maxBytes)) {
    archiveSize += chunk.byteLength;
    crc = crc32(chunk, crc);
    await write(chunk);
  }
  const pieces = [{ file: last, offset: 0, length: archiveSize, crc32: crc }];
  const layout = layOut(plan, archiveSize);
  const offset = layout.files[last]?.descriptorOffset ?? 0;
  const rest = streamZipRange(layout, { offset, length: layout.size - offset }, pieces, open);
  for await (const chunk of rest.body) await write(chunk);
  if (filled > 0) await flush();
  return { parts, pieces, archiveSize };
}
