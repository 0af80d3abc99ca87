/** Canned answers in place of the network, and a record of what was asked. */

import { vi } from "vitest";
import type { Upstream } from "../../src/sources/upstream.ts";

/** What answers a request; a function sees the request. */
export type Answer = Response | ((request: Request) => Response | Promise<Response>);

/** Answers by method and URL (`GET https://…`, or the URL alone for GET); everything else is 404. */
export function answerWith(answers: Record<string, Answer>): Request[] {
  const asked: Request[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    asked.push(request);
    const answer = answers[`${request.method} ${request.url}`] ?? (request.method === "GET" && answers[request.url]);
    if (!answer) return new Response("not here", { status: 404 });
    return answer instanceof Response ? answer.clone() : answer(request);
  });
  return asked;
}

/** A JSON answer. */
export function json(value: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(value), {
    ...init,
    headers: { "Content-Type": "application/json", ...init.headers },
  });
}

/** A redirect. */
export function redirect(location: string, status = 302): Response {
  return new Response(null, { status, headers: { Location: location } });
}

/** The time in all tests: 2026-01-01T00:00:00Z. */
export const NOW = Date.UTC(2026, 0, 1);

/** Upstreams as a deployment without secrets has them, without a cache. */
export function upstream(more: Partial<Upstream> = {}): Upstream {
  return {
    hfEndpoint: "https://huggingface.co",
    githubApiUrl: "https://api.github.com",
    now: () => NOW,
    cache: null,
    ...more,
  };
}
