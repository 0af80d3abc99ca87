/**
 * Refusals as the hub's clients read them: by `X-Error-Code` and by the hub's own statuses, with our text beside it.
 *
 * `huggingface_hub` (utils/_http.py, `hf_raise_for_status`): `RepoNotFound`, `RevisionNotFound`, `EntryNotFound` and
 * `GatedRepo` each raise an error of their own. `GatedRepo` hides our text: its command line says "requires approval". Of any
 * other code it shows status and text.
 */

import { z } from "@hono/zod-openapi";
import { type ErrorCode, type RegistryError, refusalOf } from "../errors.ts";
import { errorCodeHeader } from "./declare.ts";

const CODES: Partial<Record<ErrorCode, string>> = {
  artifact_not_found: "RepoNotFound",
  revision_not_found: "RevisionNotFound",
  file_not_found: "EntryNotFound",
  // For want of a better code: of any other, clients go on with what they have cached, without a word of the reason.
  unsafe_content: "GatedRepo",
};

/** The value of `X-Error-Code`: the Hub's, where it has one for the case, else the registry's own. */
function codeOf(code: ErrorCode): string {
  return CODES[code] ?? code;
}

/** The hub says 401 to who has not said who he is, 403 to who may not; the registry's contract the other way round. */
const STATUSES: Partial<Record<ErrorCode, 401 | 403>> = { unauthenticated: 401, not_permitted: 403 };

/** Whether a path is answered in the hub's way. */
export function isHubPath(path: string): boolean {
  return path.startsWith("/hf/");
}

/** A refusal in the hub's way: body, status, headers. */
export function hubRefusal(refusal: RegistryError) {
  return {
    body: { error: refusal.message, ...refusal.body() },
    status: STATUSES[refusal.code] ?? refusal.status,
    headers: {
      ...refusal.headers,
      "X-Error-Code": codeOf(refusal.code),
      // a header takes no more than this
      "X-Error-Message": refusal.message.replace(/[^\x20-\x7e]/g, "?"),
    },
  };
}

const HubErrorSchema = z
  .object({ error: z.string(), detail: z.string(), reason: z.string().optional() })
  .openapi("HubError");

/** The refusals of a route for the document, by status; as `refusals` of the other routes. */
export function hubRefusals(...codes: ErrorCode[]) {
  const all = [
    "invalid_request",
    "unauthenticated",
    "not_permitted",
    "artifact_not_found",
    ...codes,
    "host_not_allowed",
    "too_many_requests",
    "internal",
  ] as const;
  const byStatus = Map.groupBy(all, (code) => STATUSES[code] ?? refusalOf(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => [CODES[code], refusalOf(code).detail].filter(Boolean).join(": ")).join(" / "),
        headers: errorCodeHeader(group.map(codeOf)),
        content: { "application/json": { schema: HubErrorSchema } },
      },
    ]),
  );
}
