/** A part of a bundle as a zip of its own, put together on the way out. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { findPart, type Part } from "../lib/parts.ts";
import { INDEX_MAX_PAGES, PART_MAX_FILES } from "../limits.ts";
import type { IndexedFile } from "../store/bundle-index.ts";
import type { IndexedArtifact } from "../store/files.ts";
import { planZip } from "../zip/zip-layout.ts";
import { streamZipRange } from "../zip/zip-stream.ts";
import { auditDownload } from "./audit/entries.ts";
import { type Download, type DownloadRequest, negotiate, openPresent, refuseUnsafe } from "./download.ts";
import { getIndexed, readFile } from "./files.ts";

/** A zip of stored files. `size` in bytes. `body` is missing for HEAD and for `not_modified`. */
export interface OpenedPart {
  kind: Download["kind"];
  name: string;
  size: number;
  /** With its quotes: equal bundles give equal parts, byte for byte. */
  etag: string;
  body?: ReadableStream;
}

/**
 * Opens the zip of a part. Its size is known from the index before a byte of it is read; never more than a piece of one
 * file is in memory. It is served whole: no ranges.
 *
 * @throws RegistryError `artifact_not_found`, `unsafe_content`; `file_not_found` if the bundle has nothing of the part;
 *   `invalid_request` for more files than one answer can be made of; Error if the object is missing though its row is there
 */
export function openPart(
  ctx: Context,
  ref: ArtifactRef,
  part: Part,
  request: Pick<DownloadRequest, "ifNoneMatch" | "headOnly">,
): Promise<OpenedPart> {
  permit(ctx, "artifact:download");
  return openPresent(
    async () => {
      const { artifact, files, full } = await getIndexed(ctx, ref, { from: "", pages: INDEX_MAX_PAGES });
      refuseUnsafe(artifact);
      const wanted = files.filter(({ path }) => findPart(path) === part);
      if (full || wanted.length > PART_MAX_FILES) {
        throw new RegistryError(
          "invalid_request",
          "The bundle has too many files for a part of it: fetch them by their paths.",
        );
      }
      const [first] = wanted;
      if (!first) throw new RegistryError("file_not_found", `The bundle has no ${part}.`);
      return { artifact, wanted, first, object_key: artifact.object_key };
    },
    async ({ artifact, wanted, first }) => {
      const layout = planZip(wanted.map(({ path, size, crc32 }) => ({ path, size, crc32 })));
      const etag = `"${artifact.sha256}-${part}"`;
      const { ifNoneMatch, headOnly } = request;
      const { kind } = negotiate({ ifNoneMatch, headOnly }, { size: layout.size, etag, called: "part" });
      const described = { kind, name: `${artifact.name}-${part}`, size: layout.size, etag };
      if (kind === "not_modified" || headOnly) return described;
      // The first file is opened before the answer begins: whether the object is there is known by then.
      const begun = await readFile(ctx, artifact, first);
      if (!begun) return undefined;
      const open = (index: number) => (index === 0 ? Promise.resolve(begun) : openOne(ctx, artifact, wanted[index]));
      auditDownload(ctx, artifact, "part");
      const { body } = streamZipRange(layout, { offset: 0, length: layout.size }, [], open);
      return { ...described, body: body.pipeThrough(new FixedLengthStream(layout.size)) };
    },
  );
}

async function openOne(
  ctx: Context,
  artifact: IndexedArtifact,
  file: IndexedFile | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const body = file && (await readFile(ctx, artifact, file));
  if (!body) throw new Error(`object ${artifact.object_key} went away while it was read`);
  return body;
}
