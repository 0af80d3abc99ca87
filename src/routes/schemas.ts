/** The shapes of the contract: what validates is what the OpenAPI document shows. */

import { z } from "@hono/zod-openapi";
import { isReservedName, SCOPES, USER_NAME } from "../auth/scopes.ts";
import { ARTIFACT_TYPES } from "../lib/artifact.ts";
import { ID_SYNTAX } from "../lib/ids.ts";
import { readCursor, readOffset } from "../lib/paging.ts";
import { BULK_DELETE_MAX_IDS, LIST_MAX_QUERIES, NAME_MAX_CHARS } from "../limits.ts";

/** A control character, or half of a surrogate pair: nothing that a name or a log line should carry. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** What was sent, for a sentence about it. A stranger's object may have no `toString` that works. */
const shown = (input: unknown): string => (typeof input === "object" && input !== null ? "{}" : String(input));

export const ArtifactTypeSchema = z
  .enum(ARTIFACT_TYPES, {
    error: (issue) => `Invalid artifact_type '${shown(issue.input)}', must be one of: ${ARTIFACT_TYPES.join(", ")}.`,
  })
  .openapi("ArtifactType", { description: "Kind of artifact." });

export const ArtifactIdSchema = z
  .string()
  .regex(ID_SYNTAX, { error: (issue) => `Invalid artifact ID '${shown(issue.input)}'.` })
  .openapi("ArtifactID", { description: "Issued by the registry, never reused.", example: "42" });

/** Path of one artifact. */
export const ArtifactPath = z.object({
  artifact_type: ArtifactTypeSchema.openapi({ param: { name: "artifact_type", in: "path" } }),
  id: ArtifactIdSchema.openapi({ param: { name: "id", in: "path" } }),
});

export const NameSchema = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .refine((name) => [...name].length <= NAME_MAX_CHARS, `must not be longer than ${NAME_MAX_CHARS} characters`)
  .refine((name) => name !== "*", "`*` is reserved")
  .refine((name) => !UNPRINTABLE.test(name), "must not contain control characters")
  .openapi("ArtifactName", { description: "Display name; kept as sent, trimmed.", example: "bert-base-uncased" });

export const MetadataSchema = z
  .object({ name: z.string(), id: ArtifactIdSchema, type: ArtifactTypeSchema })
  .openapi("ArtifactMetadata");

export const ArtifactSchema = z
  .object({
    metadata: MetadataSchema,
    data: z.object({
      url: z.string().openapi({ description: "The source, as it was registered." }),
      download_url: z.url().optional().openapi({
        description:
          "Signed link to the zip; absent where the deployment has no signing key, and for who may not download.",
      }),
    }),
  })
  .openapi("Artifact");

const mirrorMode = (byDefault: string) =>
  z
    .enum(["light", "full"])
    .optional()
    .openapi({
      description: `\`full\`: after the answer all upstream files are copied into the zip, which until then holds card and configuration. Without it: ${byDefault}.`,
    });

/** Body of a registration. `download_url` is accepted and ignored: only our own links are handed out. */
export const RegistrationSchema = z
  .object({
    url: z.string().openapi({ example: "https://huggingface.co/google-bert/bert-base-uncased" }),
    name: NameSchema.optional(),
    download_url: z.string().optional(),
    mirror: mirrorMode("what the deployment says"),
  })
  .openapi("ArtifactData");

/** Body of an update. */
export const UpdateSchema = z
  .object({
    metadata: MetadataSchema,
    data: z.object({
      url: z.string(),
      download_url: z.string().optional(),
      mirror: mirrorMode("as much as was kept before"),
    }),
  })
  .openapi("ArtifactUpdate");

const QuerySchema = z
  .object({
    name: z.string().openapi({ description: "Exact; `*` or empty for every name." }),
    types: z.array(ArtifactTypeSchema).optional(),
  })
  .openapi("ArtifactQuery");

export const QueriesSchema = z.array(QuerySchema).max(LIST_MAX_QUERIES);

/** Body of a list, in both spellings. */
export const ListSchema = z.union([QueriesSchema, z.object({ queries: QueriesSchema })], {
  error: 'expected an array of {"name", "types"?} or {"queries": [...]}, with types of model, dataset, code',
});

/** A name that is looked for: exact, so that only the spaces around it do not count. */
export const WantedNameSchema = z.string().trim().min(1, "The name must not be empty.");

/** Body of a search. */
export const SearchSchema = z.object({ regex: z.string().openapi({ example: "^bert-.*" }) }).openapi("ArtifactRegEx");

/** Body of a licence check, and how far up it looks. */
export const LicenseCheckSchema = z
  .object({ github_url: z.string().openapi({ example: "https://github.com/google-research/bert" }) })
  .openapi("SimpleLicenseCheckRequest");
export const LicenseScopeSchema = z
  .enum(["model", "lineage"])
  .default("lineage")
  .openapi({ description: "`lineage`: with the licenses of its declared ancestors. `model`: what it states itself." });

/** What else a lineage shows; in which money a cost is told. */
export const IncludeSchema = z.enum(["datasets"]).optional();
export const CurrencySchema = z.enum(["usd"]).optional();

export const DependentsSchema = z
  .enum(["ignore", "refuse"])
  .default("ignore")
  .openapi({ description: "`refuse`: not if registered artifacts are derived from it." });

export const OffsetSchema = z
  .string()
  .transform((text, context) => {
    const offset = readOffset(text);
    if (offset) return offset;
    context.addIssue("must be the value of a previous answer's offset header, or a 0-based index");
    return z.NEVER;
  })
  .optional()
  .openapi({ type: "string", param: { name: "offset", in: "query" }, description: "Where the page begins." });

/** Where the page of a list begins that older clients never counted through. */
export const CursorSchema = z
  .string()
  .transform((text, context) => {
    const after = readCursor(text);
    if (after !== undefined) return after;
    context.addIssue("must be the value of a previous answer's offset header");
    return z.NEVER;
  })
  .optional()
  .openapi({ type: "string", param: { name: "offset", in: "query" }, description: "Where the page begins." });

/** The header behind which a list goes on, for the document. */
export const offsetHeader = z.object({
  offset: z.string().optional().openapi({ description: "There is more: send this back as `?offset=`." }),
});

/** The same for the answer. */
export function nextHeader(next: string | undefined): Record<string, string> {
  return next === undefined ? {} : { offset: next };
}

/** Body of a bulk delete. */
export const BulkDeleteSchema = z
  .object({
    ids: z
      .array(z.object({ type: ArtifactTypeSchema, id: ArtifactIdSchema }))
      .min(1)
      .max(BULK_DELETE_MAX_IDS),
  })
  .openapi("BulkDelete");

/** `true` and `false`, and nothing else that looks like them. */
export const FlagSchema = z
  .enum(["true", "false"])
  .optional()
  .transform((text) => text === "true")
  .openapi({ type: "boolean" });

/** One thing that a user or a token may do. */
export const ScopeSchema = z.enum(SCOPES).openapi("Scope");

export const UserNameSchema = z
  .string()
  .regex(USER_NAME, "Invalid user name: up to 64 letters, digits and ._@+-")
  .openapi("UserName", { example: "ada" });

/** The name of a new user. */
export const NewUserNameSchema = UserNameSchema.refine((name) => !isReservedName(name), "is reserved");

/** The version of an artifact that a write is meant for. */
export const IfMatchSchema = z
  .string()
  .optional()
  .openapi({ description: "Only over this version (an `ETag` of the artifact)." });

/** Headers that ask for a range, or only for what has changed. */
export const RangeHeadersSchema = z.object({
  range: z.string().optional().openapi({ example: "bytes=0-1023" }),
  "if-range": z.string().optional(),
  "if-none-match": z.string().optional(),
});

/** One thing that an inspection found. */
export const FindingSchema = z
  .object({
    code: z.string().openapi({ example: "pickle_import" }),
    severity: z.enum(["unsafe", "unknown"]),
    path: z.string().optional().openapi({ description: "The file in the bundle." }),
    inner: z.array(z.string()).optional().openapi({
      description: "Where in that file, if it is an archive: the path in each archive, from the outside in.",
    }),
    detail: z.string(),
  })
  .openapi("Finding");

/** What an inspection comes to. */
export const VerdictSchema = z.enum(["safe", "unsafe", "unknown"]);
