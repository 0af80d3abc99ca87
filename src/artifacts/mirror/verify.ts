/**
 * Reads a mirror back from the bucket, once, and checks each file against what upstream says of it.
 *
 * Invariant: what is checked is what will be served, not what passed by when it was copied.
 */

import { createHash } from "node:crypto";
import type { Context } from "../../context.ts";
import { openByteReader } from "../../lib/byte-reader.ts";
import { ObjectGoneError, openReadBack } from "../../store/read-back.ts";
import { createFileDigest, type EntryFacts } from "../../zip/zip-digest.ts";
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

/** The same, and what an inspection wants to know of the files, by their paths: more than a step can remember. */
export interface ReadBack {
  verified: Verified;
  facts: ReadonlyMap<string, EntryFacts>;
}

/** @throws MirrorFailure naming the first file that is not what upstream says */
export async function verifyMirror(
  ctx: Context,
  plan: MirrorPlan,
  layout: ZipLayout,
  objectKey: string,
): Promise<ReadBack> {
  const object = await openReadBack(ctx.blobs, objectKey);
  if (!object) throw new MirrorObsolete();
  if (object.size !== layout.size) {
    await object.reader.cancel();
    throw new MirrorFailure(`The copy has ${object.size} bytes, not ${layout.size}.`);
  }
  const reader = openByteReader(object.reader);
  const whole = createHash("sha256");
  async function* take(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of reader.take(length)) {
      whole.update(chunk);
      yield chunk;
    }
  }
  try {
    const read = new Map<number, FileRead>();
    for (const segment of segmentsOf(layout, { offset: 0, length: layout.size })) {
      const index = segment.kind === "data" ? segment.file : undefined;
      const planned = index === undefined ? undefined : plan.files[index];
      if (index !== undefined && planned)
        read.set(index, await verifyFile(take(segment.length), segment.length, planned));
      else for await (const _ of take(segment.length));
    }
    await reader.end();
    const empty = createFileDigest().end();
    const all = plan.files.map((_, index) => read.get(index) ?? empty);
    const files = all.map(({ crc32, facts }) => ({ sha256: facts.sha256, crc32 }));
    await verifyArchive(ctx, plan, layout, objectKey);
    return {
      verified: { sha256: whole.digest("hex"), files },
      facts: new Map(layout.files.map(({ path }, index) => [path, (all[index] ?? empty).facts])),
    };
  } catch (error) {
    await reader.cancel();
    if (error instanceof ObjectGoneError) throw new MirrorObsolete();
    throw error;
  }
}

type FileRead = ReturnType<ReturnType<typeof createFileDigest>["end"]>;

async function verifyFile(
  data: AsyncIterable<Uint8Array>,
  length: number,
  { path, origin }: { path: string; origin: Origin },
): Promise<FileRead> {
  const expected: { sha256?: string; git_sha1?: string } = origin.from === "hub" ? origin : {};
  const digest = createFileDigest();
  // SHA-256 says more; git's is looked at where upstream gives no other
  const git = expected.sha256 === undefined && expected.git_sha1 !== undefined ? createHash("sha1") : undefined;
  git?.update(new TextEncoder().encode(`blob ${length}\0`));
  for await (const chunk of data) {
    digest.write(chunk);
    git?.update(chunk);
  }
  const read = digest.end();
  const { sha256 } = read.facts;
  const differs = (what: string, found: string, said: string) =>
    new MirrorFailure(`${path}: its ${what} is ${found}, not ${said} as upstream says.`);
  if (expected.sha256 !== undefined && expected.sha256 !== sha256) throw differs("SHA-256", sha256, expected.sha256);
  const sha1 = git?.digest("hex");
  if (sha1 !== undefined && expected.git_sha1 !== undefined && sha1 !== expected.git_sha1) {
    throw differs("git SHA-1", sha1, expected.git_sha1);
  }
  return read;
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
