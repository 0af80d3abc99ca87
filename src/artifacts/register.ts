/** Register: ingest a source, keep its bundle, make it an artifact. */

import { permit } from "../auth/scopes.ts";
import type { MirrorMode } from "../config.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { type ArtifactSource, parseSource } from "../sources/source-url.ts";
import { selectTwin } from "../store/artifacts.ts";
import type { Upload } from "../store/uploads.ts";
import { type Ingested, ingest } from "./ingest.ts";
import { signDownload } from "./links.ts";
import { startMirror, withMirror } from "./mirror/start.ts";
import { ANOTHER, checkQuota } from "./quota.ts";
import { openRegistration, runStep } from "./registrations.ts";
import { alreadyExists, findTwin } from "./twin.ts";
import { artifactOf, type Metadata, metadataOf, type VersionedArtifact } from "./views.ts";
import { asRegistration, orGiveUp, type Target, writeContent } from "./write.ts";

/** What a client registers. `name` is a display name, already trimmed and checked; without it the source names it. */
export interface Registration {
  type: ArtifactType;
  url: string;
  name?: string | undefined;
  /** How much is kept: by default what the deployment says. */
  mirror?: MirrorMode | undefined;
}

/**
 * Registers an artifact (contract: POST /artifact/{artifact_type}). A mirror of all that upstream has begins after the answer.
 *
 * @param origin what the download link is built on; without it there is none
 * @throws RegistryError `invalid_request`, `url_too_long`, `already_exists`, `model_not_found_upstream`, `upstream_failed`,
 *   `ingest_rejected`, `too_many_artifacts`, `too_many_bytes`
 */
export async function register(ctx: Context, wanted: Registration, origin?: string): Promise<VersionedArtifact> {
  permit(ctx, "artifact:write");
  const source = parseSource(wanted.type, wanted.url);
  const name = wanted.name ?? source.name;

  // Upstream is asked while the twin is looked for: the common case waits for neither.
  const abort = new AbortController();
  const ingesting = ingest(ctx, source, wanted.url.trim(), abort.signal);
  ingesting.catch(() => {}); // a refusal below leaves it unawaited
  try {
    const twin = await selectTwin(ctx.db, wanted.type, source.key, name).first<{ id: number }>();
    if (twin) throw alreadyExists(twin.id);
    await checkQuota(ctx, ANOTHER);
  } catch (error) {
    abort.abort();
    throw error;
  }
  const ingested = await ingesting;
  const id = await makeArtifact(ctx, { type: wanted.type, name }, ingested, wanted.mirror);
  const made = { id, type: wanted.type, name, url: ingested.content.url, version: id };
  return artifactOf(made, await signDownload(ctx, made, origin));
}

/**
 * Registers an artifact after the answer (contract: `Prefer: respond-async`). Its id is issued at once, and nothing is there
 * under it until it is rated; if that comes to nothing, nothing ever was but the record that `getRegistration` reads.
 *
 * @throws RegistryError `invalid_request`, `url_too_long`, `already_exists`, `too_many_artifacts`, `too_many_bytes`
 */
export async function registerLater(ctx: Context, wanted: Registration): Promise<Metadata> {
  permit(ctx, "artifact:write");
  const source = parseSource(wanted.type, wanted.url);
  const target = { type: wanted.type, name: wanted.name ?? source.name };
  await checkQuota(ctx, ANOTHER);
  const intent = { ...target, sourceKey: source.key, size: 0, sha256: "" };
  const upload = await openRegistration(ctx, intent, wanted.url.trim());
  ctx.defer(fulfil(ctx, target, upload, source, wanted));
  return metadataOf({ id: upload.id, ...target });
}

async function fulfil(
  ctx: Context,
  target: Target,
  upload: Upload,
  source: ArtifactSource,
  wanted: Registration,
): Promise<void> {
  try {
    const ingested = await orGiveUp(ctx, upload, () =>
      runStep(ctx, upload.id, "fetch", () => ingestRated(ctx, source, wanted.url.trim())),
    );
    await runStep(ctx, upload.id, "store", () => makeArtifact(ctx, target, ingested, wanted.mirror, upload));
  } catch (error) {
    ctx.log("warn", "registration_dropped", { upload: upload.id, error: String(error) });
  }
}

async function ingestRated(ctx: Context, source: ArtifactSource, url: string): Promise<Ingested> {
  const ingested = await ingest(ctx, source, url);
  if (ingested.rating && ingested.rating.net === undefined) throw new RegistryError("rating_failed");
  return ingested;
}

/** Writes the content and makes it an artifact of its own, to be completed if that was asked for. */
async function makeArtifact(
  ctx: Context,
  target: Target,
  ingested: Ingested,
  mirror: MirrorMode = ctx.config.mirror,
  issued?: Upload,
): Promise<number> {
  const registering = asRegistration(ctx, target.type, ingested.content);
  const settlement = mirror === "full" ? withMirror(ctx, registering, mirror) : registering;
  const id = await writeContent(ctx, target, ingested, settlement, issued);
  if (id === undefined) throw await findTwin(ctx, { ...target, sourceKey: ingested.content.sourceKey });
  if (mirror === "full") ctx.defer(startMirror(ctx, { type: target.type, id }));
  return id;
}
