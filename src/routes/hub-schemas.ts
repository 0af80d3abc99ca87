/** The hub's shapes: what its clients read of them, and nothing that the registry does not know. */

import { z } from "@hono/zod-openapi";
import type { getHubRecord, HubEntry, HubRepo, KeptRecord } from "../artifacts/hub/read.ts";
import { BUNDLE_PATH_MAX_BYTES, HUB_PATHS_MAX } from "../limits.ts";

export const kind = z.enum(["models", "datasets"]).openapi({ param: { name: "kind", in: "path" } });
export const repo = z
  .string()
  .openapi({ param: { name: "repo", in: "path" }, example: "google-bert/bert-base-uncased" });
export const revision = z.string().openapi({
  param: { name: "revision", in: "path" },
  description: "`main`, `HEAD`, the commit id of what is kept, or upstream's commit that it was taken from.",
  example: "main",
});
export const path = z.string().openapi({ param: { name: "path", in: "path" }, example: "config.json" });

/** `true` in any of the ways that the clients write it. */
export const flag = z
  .string()
  .optional()
  .transform((text) => /^(?:true|1)$/i.test(text ?? ""))
  .openapi({ type: "boolean" });

/** The repository that a path means. */
export function repoAt(at: { kind: z.infer<typeof kind>; repo: string; revision?: string }): HubRepo {
  return { type: at.kind === "models" ? "model" : "dataset", id: at.repo, revision: at.revision ?? "main" };
}

/** The link to the next page, on the address that was asked. */
export function nextLink(url: string, cursor: string | undefined): Record<string, string> {
  if (cursor === undefined) return {};
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  return { Link: `<${next.href}>; rel="next"` };
}

const LfsSchema = z.object({ oid: z.string(), size: z.int(), pointerSize: z.int() });

export const HubRecordSchema = z
  .object({
    _id: z.string().openapi({ description: "The artifact's id." }),
    id: z.string(),
    modelId: z.string().optional(),
    author: z.string().optional(),
    sha: z.string().openapi({
      description: "The commit id of what is kept: upstream's of a complete copy, else one made from the content.",
    }),
    lastModified: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    private: z.literal(false),
    gated: z.literal(false),
    disabled: z.literal(false),
    downloads: z.int(),
    likes: z.int(),
    tags: z.array(z.string()),
    pipeline_tag: z.string().optional(),
    library_name: z.string().optional(),
    cardData: z.record(z.string(), z.unknown()).optional(),
    siblings: z.array(
      z.object({
        rfilename: z.string(),
        size: z.int().optional(),
        blobId: z.string().optional(),
        lfs: z.object({ sha256: z.string(), size: z.int(), pointerSize: z.int() }).optional(),
      }),
    ),
  })
  .openapi("HubRecord");

const HubEntrySchema = z
  .object({
    type: z.enum(["file", "directory"]),
    path: z.string(),
    oid: z.string(),
    size: z.int(),
    lfs: LfsSchema.optional().openapi({ description: "Of files whose SHA-256 is known: clients verify it." }),
    lastCommit: z.object({ id: z.string(), title: z.string(), date: z.iso.datetime() }).optional(),
  })
  .openapi("HubEntry");

export const HubEntriesSchema = z.array(HubEntrySchema);

/** A repository that somebody owns, with the bytes that it takes. */
export const HubOwnedSchema = z
  .object({
    id: z.string(),
    type: z.enum(["model", "dataset"]),
    updatedAt: z.iso.datetime(),
    visibility: z.literal("private"),
    storage: z.int(),
  })
  .openapi("HubOwned");

export const HubUserSchema = z
  .object({
    type: z.literal("user"),
    id: z.string(),
    name: z.string(),
    fullname: z.string(),
    orgs: z.array(z.string()),
    auth: z.object({ type: z.string(), accessToken: z.object({ displayName: z.string(), role: z.string() }) }),
  })
  .openapi("HubUser");

/** Body of paths-info, in either encoding. */
export const PathsSchema = z
  .object({
    paths: z.array(z.string().max(BUNDLE_PATH_MAX_BYTES)).min(1).max(HUB_PATHS_MAX),
    expand: z.boolean().default(false),
  })
  .openapi("HubPaths");

/** A body in either of the two clients' encodings. */
export function readPaths(text: string): unknown {
  try {
    if (text.trimStart().startsWith("{")) return JSON.parse(text);
  } catch {
    return undefined;
  }
  const form = new URLSearchParams(text);
  return { paths: form.getAll("paths"), expand: form.get("expand")?.toLowerCase() === "true" };
}

/** A record as the hub sends it: sizes and digests of the files only where they are asked for. */
export function recordOf(
  record: Awaited<ReturnType<typeof getHubRecord>>,
  blobs: boolean,
): z.infer<typeof HubRecordSchema> {
  const { artifact, commit, described, files } = record;
  const { source, type, id, created_at, updated_at } = artifact;
  const [owner, name] = source.split("/");
  const { pipeline_tag, library_name, cardData, ...counted } = described;
  return {
    _id: String(id),
    id: source,
    ...(type === "model" && { modelId: source }),
    ...(name !== undefined && owner !== undefined && { author: owner }),
    sha: commit,
    lastModified: new Date(updated_at).toISOString(),
    createdAt: new Date(created_at).toISOString(),
    private: false,
    gated: false,
    disabled: false,
    ...counted,
    ...(pipeline_tag !== undefined && { pipeline_tag }),
    ...(library_name !== undefined && { library_name }),
    ...(cardData && { cardData }),
    siblings: files.map(({ path, size, oid, lfs }) => ({
      rfilename: path,
      ...(blobs && {
        size,
        blobId: oid,
        ...(lfs && { lfs: { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize } }),
      }),
    })),
  };
}

/** Entries as the hub sends them; with the commit that they are of where that is asked for. */
export function entriesOf(
  { artifact, commit, entries }: KeptRecord & { entries: readonly HubEntry[] },
  expand: boolean,
): z.infer<typeof HubEntriesSchema> {
  const date = new Date(artifact.updated_at).toISOString();
  const lastCommit = { id: commit, title: `Kept as artifact ${artifact.id}`, date };
  return entries.map((entry) => ({ ...entry, ...(expand && { lastCommit }) }));
}
