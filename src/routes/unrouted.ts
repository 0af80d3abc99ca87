/** Requests that no route takes: the refusal says what to do instead where it can be known what was meant. */

import { RegistryError } from "../errors.ts";
import { isHubPath } from "./hub-refusals.ts";

/** What people try first, and what works, by method and path. */
const INSTEAD: readonly [request: RegExp, sentence: string][] = [
  [/^(GET|HEAD) \/artifacts$/, "To list artifacts, POST a JSON array of queries here: [] lists all."],
  [/^(GET|HEAD) \/artifact\/byRegEx$/, 'To search, POST {"regex": "..."} here.'],
  [
    /^(GET|HEAD) \/artifact\/[^/]+$/,
    'To register an artifact, POST {"url": "..."} here; to list artifacts, POST [] to /artifacts.',
  ],
  [
    /^(GET|HEAD|POST) \/authenticate$/,
    'To log in, PUT {"user": {"name": "...", "is_admin": false}, "secret": {"password": "..."}} here.',
  ],
  [/^POST \/artifacts\/[^/]+\/[^/]+\/content$/, "PUT the zip itself as the body: curl -X PUT --data-binary @file"],
];

/** The first request of `git clone`, `fetch` and `push`. Whoever asks is told that git is not served, with a token or without. */
const GIT_REFS = /^\/hf\/.+\/info\/refs$/;
const WRITES = ["POST", "PUT", "PATCH", "DELETE"];
/** What clients of the Hub read only because they are about to write. */
const BEFORE_A_WRITE = /\/(?:xet-write-token\/[^/]+|auth-check\/write)$/;

/** Whether a request is git's. */
export function isGitRequest({ method, path }: { method: string; path: string }): boolean {
  return method === "GET" && GIT_REFS.test(path);
}

/**
 * The refusal of a request that no route takes.
 * @param methods the methods that its path has; empty for a path that does not exist
 */
export function refuseUnrouted(request: { method: string; path: string }, methods: readonly string[]): RegistryError {
  const { method, path } = request;
  if (isHubPath(path)) {
    if (isGitRequest(request)) return new RegistryError("git_not_served");
    if (WRITES.includes(method) || BEFORE_A_WRITE.test(path)) return new RegistryError("hub_read_only");
  }
  if (methods.length === 0) return new RegistryError("not_found");
  const [, instead] = INSTEAD.find(([asked]) => asked.test(`${method} ${path}`)) ?? [];
  return new RegistryError("method_not_allowed", instead && `Method Not Allowed. ${instead}`, {
    headers: { Allow: methods.join(", ") },
  });
}
