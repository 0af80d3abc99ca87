/**
 * The closed set of ways in which the registry says no.
 *
 * Invariant: every refusal that reaches a caller is a `RegistryError` with a code of this table; whatever else is thrown
 * is `internal`, and its message stays in the log. Texts are the contract's, to the byte.
 */

import type { ContentfulStatusCode } from "hono/utils/http-status";

interface Refusal {
  status: ContentfulStatusCode;
  detail: string;
  /** What to do about it, as `reason` beside the contract's text. Only with that text. */
  reason?: string;
}

const TABLE = {
  invalid_request: { status: 400, detail: "The request is malformed." },
  body_broken: { status: 400, detail: "The body did not arrive whole." },
  digest_mismatch: { status: 400, detail: "The content does not have the digest that was sent with it." },
  content_corrupt: {
    status: 400,
    detail: "A file of the upload does not have the size or the checksum that the zip says.",
  },
  upload_refused: { status: 400, detail: "The upload is not safe to keep." },
  name_id_mismatch: { status: 400, detail: "Name/id mismatch in artifact update." },
  not_permitted: { status: 401, detail: "You do not have permission to do this." },
  invalid_credentials: { status: 401, detail: "The user or password is invalid." },
  unauthenticated: {
    status: 403,
    detail: "Authentication failed due to invalid or missing AuthenticationToken.",
    reason:
      "Send the header X-Authorization: bearer <token>, or Authorization: Bearer <token>. PUT /authenticate answers a token for a user name and a password.",
  },
  unsafe_content: {
    status: 403,
    detail: "The inspection of this artifact found it unsafe: its files are not handed out.",
  },
  hub_read_only: {
    status: 403,
    detail:
      "This registry takes no writes from Hugging Face clients: register models and datasets with POST /artifact/{type}, or upload them with POST /artifact/{type}/upload.",
  },
  git_not_served: {
    status: 403,
    detail: "Git is not served here: download with hf_hub_download, snapshot_download or curl instead of git clone.",
  },
  cross_site: { status: 403, detail: "Writes from another web origin are not allowed." },
  invalid_regex: { status: 400, detail: "Invalid regular expression." },
  not_a_model: { status: 400, detail: "Rating is only supported for model artifacts." },
  invalid_github_url: { status: 400, detail: "Invalid GitHub URL; expected https://github.com/<owner>/<repo>" },
  invalid_signature: { status: 403, detail: "The download link is not valid." },
  not_found: { status: 404, detail: "Not Found" },
  artifact_not_found: { status: 404, detail: "Artifact does not exist." },
  file_not_found: { status: 404, detail: "The artifact has no such file." },
  inspection_not_found: { status: 404, detail: "The content of this artifact has not been inspected." },
  revision_not_found: { status: 404, detail: "The registry does not hold this revision." },
  project_not_found: { status: 404, detail: "GitHub project not found." },
  upload_not_found: { status: 404, detail: "Upload does not exist." },
  no_match: { status: 404, detail: "No artifact found under this regex." },
  user_not_found: { status: 404, detail: "User does not exist." },
  token_not_found: { status: 404, detail: "Token does not exist." },
  registration_not_found: { status: 404, detail: "Registration does not exist." },
  deletion_not_found: { status: 404, detail: "No artifact with this id was deleted." },
  method_not_allowed: { status: 405, detail: "Method Not Allowed" },
  already_exists: { status: 409, detail: "Artifact exists already." },
  no_upload: {
    status: 409,
    detail:
      "The content of this artifact comes from its source: only an artifact that was made for an upload takes one.",
  },
  is_upload: {
    status: 409,
    detail: "This artifact was uploaded and has no source to fetch from: replace its content instead.",
  },
  user_exists: { status: 409, detail: "User exists already." },
  user_is_configured: { status: 409, detail: "This user is set by the secrets of the deployment." },
  too_many_tokens: { status: 409, detail: "The user has too many tokens." },
  confirmation_needed: { status: 409, detail: "A reset must be confirmed with the number of artifacts." },
  has_dependents: { status: 409, detail: "Artifact has dependents." },
  length_required: {
    status: 411,
    detail: "Content-Length is required. A body whose length is not known ahead goes up in parts.",
  },
  link_expired: { status: 410, detail: "The download link has expired." },
  precondition_failed: { status: 412, detail: "The artifact has changed: If-Match names another version." },
  body_too_large: { status: 413, detail: "The request body is too large." },
  too_many_bytes: { status: 413, detail: "The registry is full: it has no room for this bundle." },
  url_too_long: { status: 413, detail: "URL exceeds maximum length of 2048 characters." },
  unsupported_media_type: {
    status: 415,
    detail: "A multipart form is not accepted: send the zip itself as the body: --data-binary @file",
  },
  range_not_satisfiable: { status: 416, detail: "The requested range lies outside the bundle." },
  host_not_allowed: {
    status: 421,
    detail: "This open registry does not answer for this host: name it in the setting ALLOWED_HOSTS.",
  },
  ingest_rejected: { status: 424, detail: "Ingest rejected." },
  model_not_found_upstream: { status: 424, detail: "Ingest rejected: model not found on Hugging Face." },
  dataset_not_found_upstream: { status: 424, detail: "Ingest rejected: dataset not found on Hugging Face." },
  repository_not_found_upstream: { status: 424, detail: "Ingest rejected: repository not found on GitHub." },
  too_many_artifacts: { status: 429, detail: "The registry is full: it holds as many artifacts as it may." },
  too_many_requests: { status: 429, detail: "Too many requests." },
  deletion_unfinished: {
    status: 500,
    detail: "Artifact deletion did not finish: repeat the request, or leave it to the sweep.",
  },
  registration_interrupted: {
    status: 500,
    detail: "The registration was interrupted before it was done: register again.",
  },
  rating_failed: { status: 500, detail: "Internal rating error." },
  cost_failed: { status: 500, detail: "The artifact cost calculator encountered an error." },
  internal: { status: 500, detail: "Internal server error." },
  not_supported: { status: 501, detail: "This system does not support authentication." },
  license_unavailable: { status: 502, detail: "Unable to fetch GitHub license." },
  access_unavailable: { status: 502, detail: "Unable to fetch the keys of Cloudflare Access." },
  upstream_failed: { status: 502, detail: "Unable to fetch model metadata." },
} as const satisfies Record<string, Refusal>;

/** Every code that an error of the registry can carry; stable, for programs to compare. */
export type ErrorCode = keyof typeof TABLE;

/** Whether a text is such a code. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(TABLE, text);
}

/** The status and the usual text of a code: what the OpenAPI document says of a route's refusals. */
export function refusalOf(code: ErrorCode): Refusal {
  return TABLE[code];
}

/** The body of every error answer: the contract's `{"detail"}`, and what a few codes add (`dependents` or `id` of a 409, `failing` of a 424). */
export interface ErrorBody {
  detail: string;
  /** Why, where `detail` is a fixed text of the contract. */
  reason?: string;
  [extra: string]: unknown;
}

/**
 * A refusal that the caller is meant to see.
 *
 * @param code   which refusal; decides the status
 * @param detail the text, where it says more than the table's
 * @param more   `extra`: further keys of the body; `headers` of the answer; `cause`
 */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly status: ContentfulStatusCode;
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    code: ErrorCode,
    detail?: string,
    more: { extra?: Record<string, unknown>; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail ?? TABLE[code].detail, more.cause === undefined ? {} : { cause: more.cause });
    this.name = "RegistryError";
    this.code = code;
    this.status = TABLE[code].status;
    const { reason }: Refusal = TABLE[code];
    this.extra = { ...(detail === undefined && reason !== undefined && { reason }), ...more.extra };
    this.headers = more.headers ?? {};
  }

  /** What the caller reads. */
  body(): ErrorBody {
    return { detail: this.message, ...this.extra };
  }
}

/** What a caller is told of whatever was thrown: its own text for a refusal of ours, nothing of an unforeseen error's. */
export function toRefusal(error: unknown): RegistryError {
  return error instanceof RegistryError ? error : new RegistryError("internal");
}
