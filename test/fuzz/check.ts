/** What every answer must be, whatever was asked: of a status and a shape that the document names, and no failure of ours. */

import type { Answer } from "../harness.ts";
import { nullsIn } from "../routes/answers.ts";
import type { Document } from "./document.ts";
import type { FuzzRequest } from "./requests.ts";

/** Failures that are the answer: of an upstream, or of what there is to rate or to add up. Which route may say which. */
const FAILURES: readonly [route: RegExp, status: number, detail: string][] = [
  [
    /^(POST \/artifact\/\{artifact_type\}|PUT \/artifacts\/\{artifact_type\}\/\{id\})$/,
    502,
    "Unable to fetch model metadata.",
  ],
  [/^POST .*\/license-check$/, 502, "Unable to fetch GitHub license."],
  [/^POST .*\/license-check$/, 502, "Unable to fetch model license."],
  [/^GET .*\/rate$/, 500, "Internal rating error."],
  [/^GET .*\/cost$/, 500, "The artifact cost calculator encountered an error."],
  [/^\w+ \/(authenticate|users|tokens)/, 501, "This system does not support authentication."],
];

/** What is wrong with an answer; nothing, mostly. */
export function problemsOf(document: Document, request: FuzzRequest, answer: Answer): string[] {
  const { status, headers, json, text } = answer;
  const general = [
    ...(headers.has("X-Request-Id") ? [] : ["no X-Request-Id"]),
    ...nullsIn(json).map((place) => `null at ${place}`),
    ...(/\bat (async )?\S+ \(|D1_ERROR|SQLITE_/.test(text) ? ["an inner message"] : []),
    ...(({} as Record<string, unknown>)["polluted"] === undefined ? [] : ["a polluted prototype"]),
  ];
  return [...general, ...problemsOfStatus(document, request, answer), ...(status === 0 ? ["no status"] : [])];
}

function problemsOfStatus(document: Document, request: FuzzRequest, { status, headers, json, text }: Answer): string[] {
  const detail = (json as { detail?: string } | undefined)?.detail;
  const methods = document.routed(new URL(request.path, "https://registry.test").pathname);
  const origin = request.headers["Origin"];
  if (request.method === "OPTIONS") return status === 204 && text === "" ? [] : ["OPTIONS is not 204"];
  const isHead = request.method === "HEAD";
  const operation = methods?.get(isHead ? "GET" : request.method);
  if (!operation) {
    const isForeign = origin !== undefined && origin !== "https://registry.test" && !isHead && request.method !== "GET";
    if (isForeign) return status === 403 ? [] : ["a foreign write is not 403"];
    // What is wrong with the body or the path's own syntax may be said before it is known that nothing is there.
    if (status === 400 || status === 413) return typeof detail === "string" ? [] : ["no detail"];
    const expected = methods ? 405 : 404;
    if (status !== expected) return [`no such route, yet ${status} instead of ${expected}`];
    if (status === 405 && !headers.get("Allow")) return ["405 without Allow"];
    return isHead || typeof detail === "string" ? [] : ["no detail"];
  }
  const route = `${operation.method} ${operation.path}`;
  if (status >= 500) {
    const isKnown = FAILURES.some(
      ([which, code, words]) => which.test(route) && code === status && (isHead || words === detail),
    );
    if (!isKnown) return [`a failure that nothing explains at ${route}`];
  }
  const response = operation.responses[String(status)];
  if (!response) return [`${status} is not in the document of ${route}`];
  if (isHead || status === 204 || status === 304) return text === "" ? [] : ["a body where there is none"];
  const type = headers.get("Content-Type")?.split(";")[0] ?? "";
  if (!response.content || !(type in response.content))
    return [`${status} of type ${type} is not in the document of ${route}`];
  if (type !== "application/json") return [];
  if (json === undefined && text !== "") return ["JSON that is none"];
  return document.problems(response, json).map((problem) => `${route} ${status} ${problem}`);
}
