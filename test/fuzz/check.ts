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

function problemsOfStatus(document: Document, request: FuzzRequest, answer: Answer): string[] {
  const { status, headers, json, text } = answer;
  const { operation } = request;
  if (!operation) return problemsOfStray(request, answer);
  const route = `${operation.method} ${operation.path}`;
  if (status >= 500 && !FAILURES.some(([which, code, words]) => which.test(route) && isFailure(answer, code, words))) {
    return [`a failure that nothing explains at ${route}`];
  }
  const response = operation.responses[String(status)];
  if (!response) return [`${status} is not in the document of ${route}`];
  if (request.method === "HEAD" || status === 204 || status === 304) {
    return text === "" ? [] : ["a body where there is none"];
  }
  const type = headers.get("Content-Type")?.split(";")[0] ?? "";
  const isNamed = response.content && (type in response.content || "*/*" in response.content);
  if (!isNamed) return [`${status} of type ${type} is not in the document of ${route}`];
  // a stranger's file may be JSON as well, of which the document knows nothing
  if (type !== "application/json" || !(type in (response.content ?? {}))) return [];
  if (json === undefined && text !== "") return ["JSON that is none"];
  return document.problems(response, json).map((problem) => `${route} ${status} ${problem}`);
}

function isFailure({ status, json, text }: Answer, code: number, words: string): boolean {
  return status === code && (text === "" || detailOf(json) === words);
}

function detailOf(json: unknown): unknown {
  return (json as { detail?: unknown } | undefined)?.detail;
}

/** Of a request that no operation is sure to be meant by: it may be answered, or refused in the one envelope. */
function problemsOfStray(request: FuzzRequest, answer: Answer): string[] {
  const { status, headers, json, text } = answer;
  if (request.method === "OPTIONS") return status === 204 && text === "" ? [] : ["OPTIONS is not 204"];
  if (status >= 500 && !FAILURES.some(([, code, words]) => isFailure(answer, code, words))) {
    return ["a failure that nothing explains"];
  }
  if (status === 405 && !headers.get("Allow")) return ["405 without Allow"];
  if (status < 400 || request.method === "HEAD") return [];
  return typeof detailOf(json) === "string" ? [] : ["a refusal without detail"];
}
