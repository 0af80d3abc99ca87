/** Register: ingest a source, keep its bundle, make it an artifact. */

import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { parseSource } from "../sources/source-url.ts";
import { type ArtifactRow, type ArtifactType, insertArtifact, selectArtifact, selectTwin } from "../store/artifacts.ts";
import { auditRegistration } from "../store/audit.ts";
import { ingest } from "./ingest.ts";
import { artifactOf, requester, type VersionedArtifact } from "./views.ts";
import { writeContent } from "./write.ts";

/** What a client registers. `name` is a display name, already trimmed and checked; without it the source names it. */
export interface Registration {
  type: ArtifactType;
  url: string;
  name?: string | undefined;
}

/**
 * Registers an artifact (contract: POST /artifact/{artifact_type}).
 *
 * @param origin what download links are built on
 * @throws RegistryError `invalid_request`, `url_too_long`, `already_exists`, `model_not_found_upstream`, `upstream_failed`
 */
export async function register(ctx: Context, wanted: Registration, origin: string): Promise<VersionedArtifact> {
  const source = parseSource(wanted.type, wanted.url);
  const name = wanted.name ?? source.name;

  // Upstream is asked while the twin is looked for: the common case waits for neither.
  const abort = new AbortController();
  const ingesting = ingest(ctx, source, wanted.url.trim(), abort.signal);
  ingesting.catch(() => {}); // a refusal below leaves it unawaited
  if (await selectTwin(ctx.db, wanted.type, source.key, name).first()) {
    abort.abort();
    throw new RegistryError("already_exists");
  }
  const ingested = await ingesting;

  const by = requester(ctx);
  const written = await writeContent(
    ctx,
    { type: wanted.type, name },
    ingested,
    (id) => [insertArtifact(ctx.db, id, ingested.content, by.at), auditRegistration(ctx.db, id, by)],
    async (id) => (await selectArtifact(ctx.db, wanted.type, id).first()) !== null,
  );
  if (!written) throw new RegistryError("already_exists");
  const id = written.uploadId;
  const row: Pick<ArtifactRow, "id" | "type" | "name" | "url" | "version"> = {
    id,
    type: wanted.type,
    name,
    url: ingested.content.url,
    version: id,
  };
  return artifactOf(ctx, row, origin);
}
