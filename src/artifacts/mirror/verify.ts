/**
 * Reads a mirror back from the bucket, once, and checks each file against what upstream says of it.
 *
 * Invariant: what is checked is what will be served, not what passed by when it was copied.
 */

import { crc32 } from "node:zlib";
import type { Context } from "../../context.ts";
import { type ByteReader, openByteReader } from "../../lib/byte-reader.ts";
import { toHex } from "../../lib/hash.ts";
import { ObjectGoneError, openReadBack } from "../../store/read-back.ts";
import { readZipIndex, ZipError } from "../../zip/zip-index.ts";
import { segmentsOf, type ZipLayout } from "../../zip/zip-layout.ts";
import { readerOf } from "../zip-reader.ts";
import { MirrorFailure, MirrorObsolete } from "./failure.ts";
import type { MirrorPlan, Origin } from "./plan.ts";

/** What was read: the SHA-256 of the whole zip and of each file in the order of the plan, in hex. */
export interface Verified {
  sha256: string;
  files: { sha256: string; crc32: number }[];
}

/** @throws MirrorFailure naming the first file that is not what upstream says */
export async function verifyMirror(
  ctx: Context,
  plan: MirrorPlan,
  layout: ZipLayout,
  objectKey: string,
): Promise<Verified> {
  const object = await openReadBack(ctx.blobs, objectKey);
  if (!object) throw new MirrorObsolete();
  if (object.size !== layout.size) {
    await object.reader.cancel();
    throw new MirrorFailure(`The copy has ${object.size} bytes, not ${layout.size}.`);
  }
  const reader = openByteReader(object.reader);
  try {
    const whole = createDigest("SHA-256");
    const digests = new Map<number, { sha256: string; crc32: number }>();
    for (const segment of segmentsOf(layout, { offset: 0, length: layout.size })) {
      const index = segment.kind === "data" ? segment.file : undefined;
      const planned = index === undefined ? undefined : plan.files[index];
      if (index !== undefined && planned) {
        digests.set(index, await verifyFile(reader, segment.length, whole, planned));
        continue;
      }
      for await (const chunk of reader.take(segment.length)) await whole.write(chunk);
    }
    await reader.end();
    const empty = { sha256: await createDigest("SHA-256").end(), crc32: 0 };
    const verified = {
      sha256: await whole.end(),
      files: plan.files.map((_, index) => digests.get(index) ?? empty),
    };
    await verifyArchive(ctx, plan, layout, objectKey);
    return verified;
  } catch (error) {
    await reader.cancel();
    if (error instanceof ObjectGoneError) throw new MirrorObsolete();
    throw error;
  }
}

async function verifyFile(
  reader: ByteReader,
  length: number,
  whole: Digest,
  { path, origin }: { path: string; origin: Origin },
): Promise<{ sha256: string; crc32: number }> {
  const expected: { sha256?: string; git_sha1?: string } = origin.from === "hub" ? origin : {};
  const digest = createDigest("SHA-256");
  // SHA-256 says more; git's is looked at where upstream gives no other
  const git = expected.sha256 === undefined && expected.git_sha1 !== undefined ? createDigest("SHA-1") : undefined;
  await git?.write(new TextEncoder().encode(`blob ${length}\0`));
  let crc = 0;
  for await (const chunk of reader.take(length)) {
    crc = crc32(chunk, crc);
    await Promise.all([whole.write(chunk), digest.write(chunk), git?.write(chunk)]);
  }
  const sha256 = await digest.end();
  const differs = (what: string, found: string, said: string) =>
    new MirrorFailure(`${path}: its ${what} is ${found}, not ${said} as upstream says.`);
  if (expected.sha256 !== undefined && expected.sha256 !== sha256) throw differs("SHA-256", sha256, expected.sha256);
  const sha1 = await git?.end();
  if (sha1 !== undefined && expected.git_sha1 !== undefined && sha1 !== expected.git_sha1) {
    throw differs("git SHA-1", sha1, expected.git_sha1);
  }
  return { sha256, crc32: crc };
}

/** The archive of a repository has no digest upstream, but it has an end: one that was cut off has none. */
async function verifyArchive(ctx: Context, plan: MirrorPlan, layout: ZipLayout, objectKey: string): Promise<void> {
  const last = layout.files.at(-1);
  if (plan.files.at(-1)?.origin.from !== "github" || !last) return;
  const read = readerOf(ctx, { object_key: objectKey, size: layout.size });
  try {
    await readZipIndex(({ offset, length }) => read({ offset: last.dataOffset + offset, length }), last.size);
  } catch (error) {
    if (error instanceof ZipError) throw new MirrorFailure(`${last.path} is not a whole zip: ${error.message}.`);
    throw error;
  }
}

interface Digest {
  write(chunk: Uint8Array): Promise<void>;
  /** Hex. */
  end(): Promise<string>;
}

function createDigest(algorithm: "SHA-256" | "SHA-1"): Digest {
  const stream = new crypto.DigestStream(algorithm);
  stream.digest.catch(() => undefined); // one that is left behind is nobody's failure
  const writer = stream.getWriter();
  return {
    write: (chunk) => writer.write(chunk),
    end: async () => {
      await writer.close();
      return toHex(await stream.digest);
    },
  };
}
