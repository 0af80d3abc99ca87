/**
 * What the zip of a mirror consists of, in which order, and where each file comes from. Read from the light bundle that it
 * is to replace, whose manifest lists what upstream has at the pinned revision.
 *
 * Invariant: the same artifact row gives the same plan, to the byte: steps that are hours apart make it again, each for
 * itself, and write parts of one archive.
 */

import { crc32 } from "node:zlib";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { pathKey } from "../../lib/paths.ts";
import { MIRROR_MAX_FILES } from "../../limits.ts";
import { isHubId } from "../../sources/hub-id.ts";
import { isSanePath } from "../../sources/paths.ts";
import {
  type ArtifactSource,
  type HubRepository,
  hubRepository,
  parseSource,
  projectPath,
} from "../../sources/source-url.ts";
import type { ArtifactRow } from "../../store/artifacts.ts";
import { locateEntry, readEntry } from "../../zip/zip-entry.ts";
import { type ReadRange, readZipIndex } from "../../zip/zip-index.ts";
import { type PlannedFile, planZip, type ZipLayout } from "../../zip/zip-layout.ts";
import { isOwnFile } from "../own-files.ts";
import { readerOf } from "../zip-reader.ts";
import { MirrorFailure } from "./failure.ts";

/** Where the bytes of a planned file come from. */
export type Origin =
  | { from: "memory"; bytes: Uint8Array }
  /** The light bundle, where its data begins at `offset`. */
  | { from: "light"; offset: number }
  /** The hub. Digests in hex, where there is something to compare with. */
  | { from: "hub"; path: string; size: number; sha256?: string; git_sha1?: string }
  /** The archive of a repository on GitHub; always last. */
  | { from: "github" };

/** A file of the zip, and where it comes from. */
export type MirrorFile = PlannedFile & { origin: Origin };

/** A mirror to be. */
export interface MirrorPlan {
  files: readonly MirrorFile[];
  /** Commit that is mirrored. */
  revision: string;
  /** Where the files come from; `owner/repo` on GitHub. */
  repository: HubRepository | { kind: "github"; id: string };
  /** Key of the light bundle. */
  lightKey: string;
}

const manifest = z.looseObject({
  format: z.literal(1),
  revision: z.string().optional(),
  files: z.array(
    z.looseObject({
      path: z.string(),
      size: z.int().nonnegative().optional(),
      sha256: z.string().optional(),
      git_sha1: z.string().optional(),
    }),
  ),
});
type Manifest = z.infer<typeof manifest>;

/**
 * Plans the mirror of an artifact.
 * @param commit of a repository on GitHub, whose light bundle names none
 * @throws MirrorFailure if there is nothing to mirror (`skipped`), or it cannot be mirrored
 */
export async function planMirror(ctx: Context, row: ArtifactRow, commit?: string): Promise<MirrorPlan> {
  const source = sourceOf(row);
  const read = readerOf(ctx, row);
  const light = await readLight(read, row.size);
  if (source.host === "github") {
    if (commit === undefined) throw new MirrorFailure("The repository has no commit to mirror.");
    return planArchive(row, source, light, commit);
  }
  const repository = repositoryOf(row, source);
  if (!repository) throw new MirrorFailure("There is nothing to mirror: the host gives no list of files.", "skipped");
  return planFiles(ctx, row, repository, light);
}

/** The zip's layout, with the archive of a repository as long as it has turned out to be. */
export function layOut(plan: MirrorPlan, archiveSize?: number): ZipLayout {
  return planZip(plan.files.map((file) => (file.openEnded ? { ...file, size: archiveSize ?? 0 } : file)));
}

/** @throws MirrorFailure `skipped` if what the artifact was made of is no source */
export function sourceOf(row: Pick<ArtifactRow, "type" | "url">): ArtifactSource {
  try {
    return parseSource(row.type, row.url);
  } catch (error) {
    if (error instanceof RegistryError) throw new MirrorFailure("There is nothing to mirror: no upstream.", "skipped");
    throw error;
  }
}

/** The repository by its present name, which the ingest found out. */
function repositoryOf(row: ArtifactRow, source: ArtifactSource): HubRepository | undefined {
  const asked = hubRepository(source);
  return asked && isHubId(row.source) ? { ...asked, id: row.source } : asked;
}

interface Light {
  manifest: Manifest;
  entries: { path: string; size: number; crc32: number; dataOffset: number }[];
}

/** @throws MirrorFailure if the bundle is none of ours */
async function readLight(read: ReadRange, size: number): Promise<Light> {
  const index = await readZipIndex(read, size);
  const entries = [];
  let parsed: Manifest | undefined;
  for (const entry of index.entries) {
    const location = await locateEntry(read, entry);
    if (location.path === "manifest.json") {
      parsed = manifest.safeParse(JSON.parse(new TextDecoder().decode(await readEntry(read, location)))).data;
    } else entries.push(location);
  }
  if (!parsed) throw new MirrorFailure("There is nothing to mirror: the bundle has no manifest of ours.", "skipped");
  return { manifest: parsed, entries };
}

function planFiles(ctx: Context, row: ArtifactRow, repository: HubRepository, light: Light): MirrorPlan {
  const revision = light.manifest.revision ?? row.revision;
  const listed = light.manifest.files;
  if (!revision || listed.length === 0) throw new MirrorFailure("Upstream gave no list of files.");
  if (listed.length > MIRROR_MAX_FILES)
    throw new MirrorFailure(`${listed.length} files, more than ${MIRROR_MAX_FILES}.`);
  const wanted = listed.filter(({ path }) => !isOwnFile(path));
  const files = wanted.map((file): MirrorFile => {
    const { path, size, sha256, git_sha1 } = file;
    if (!isSanePath(path)) throw new MirrorFailure(`A file has a path that is not safe: ${JSON.stringify(path)}.`);
    if (size === undefined) throw new MirrorFailure(`Upstream gave no size of ${path}.`);
    const digests = { ...(sha256 !== undefined && { sha256 }), ...(git_sha1 !== undefined && { git_sha1 }) };
    return { path, size, origin: { from: "hub", path, size, ...digests } };
  });
  const twins = Map.groupBy(files, ({ path }) => pathKey(path));
  for (const [one, other] of twins.values()) {
    if (one && other) throw new MirrorFailure(`${one.path} and ${other.path} differ only by case or form.`);
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  refuseLarge(ctx, bytes);
  const left_out = listed
    .filter(({ path }) => isOwnFile(path))
    .map(({ path }) => ({ path, reason: "its name is one of ours" }));
  const full = { ...light.manifest, files: wanted.map((file) => ({ ...file, kept: true })), left_out };
  const evidence = fromLight(light).filter(({ path }) => path === "evidence.json");
  return {
    files: [fromMemory("manifest.json", full), ...evidence, ...files],
    revision,
    repository,
    lightKey: row.object_key,
  };
}

/** The light bundle as it is, and the whole repository as one file beside it. */
function planArchive(row: ArtifactRow, source: ArtifactSource, light: Light, commit: string): MirrorPlan {
  const id = row.source.replace(/^https:\/\/github\.com\//, "");
  const path = `${id.split("/").at(-1)}-${commit}.zip`;
  const full = { ...light.manifest, revision: commit, archive: path };
  const archive: MirrorFile = { path, size: 0, openEnded: true, origin: { from: "github" } };
  return {
    files: [fromMemory("manifest.json", full), ...fromLight(light), archive],
    revision: commit,
    repository: { kind: "github", id: isHubId(id) ? id : projectPath(source) },
    lightKey: row.object_key,
  };
}

function fromMemory(path: string, value: unknown): MirrorFile {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return { path, size: bytes.length, crc32: crc32(bytes), origin: { from: "memory", bytes } };
}

function fromLight({ entries }: Light): MirrorFile[] {
  return entries.map(({ path, size, crc32: crc, dataOffset }) => ({
    path,
    size,
    crc32: crc,
    origin: { from: "light", offset: dataOffset },
  }));
}

/** @throws MirrorFailure over `MIRROR_MAX_BYTES` */
function refuseLarge({ config }: Pick<Context, "config">, bytes: number): void {
  if (config.mirrorMaxBytes === 0 || bytes <= config.mirrorMaxBytes) return;
  const message = `${bytes} bytes, more than MIRROR_MAX_BYTES allows (${config.mirrorMaxBytes}).`;
  throw new MirrorFailure(message, "failed", "Raise MIRROR_MAX_BYTES");
}
