/**
 * An offline stand-in for huggingface.co, api.github.com and a corner of gitlab.com: web standards only.
 *
 * Invariant: answers follow from the request alone (its host, path, query, token) and the clock: no state, no network, so
 * tests may share one hub. A host that is none of the three is never answered, which shows any request that went astray.
 */

import { codeload, github, gitlab } from "./code-hosts.ts";
import { cdn, huggingFace } from "./hugging-face.ts";

/** The bearer token that the hub knows, and the origin that it answers for as a whole, unless it is made with others. */
export const DEFAULT_TOKEN = "hub-token";
export const DEFAULT_ORIGIN = "http://127.0.0.1:8790";

export interface Hub {
  fetch(request: Request): Promise<Response>;
}

export interface Call {
  request: Request;
  url: URL;
  path: string;
  /** The caller's token is the hub's. */
  known: boolean;
  /** All three hosts sit on one loopback origin. */
  loopback: boolean;
}

/** Answers what is its own, and leaves the rest to the next one. */
type Handler = (call: Call) => Promise<Response | undefined>;

const ORIGINS: Record<string, Handler[]> = {
  "https://huggingface.co": [huggingFace],
  "https://cdn-lfs.huggingface.co": [cdn],
  "https://api.github.com": [github],
  "https://codeload.github.com": [codeload],
  "https://gitlab.com": [gitlab],
};
const ALL: Handler[] = [gitlab, codeload, github, cdn, huggingFace];

/** The hub. `token` opens gated and private repositories; at `origin` it answers for all the hosts at once. */
export function createHub(options: { token?: string; origin?: string } = {}): Hub {
  const { token = DEFAULT_TOKEN, origin = DEFAULT_ORIGIN } = options;
  return {
    async fetch(request) {
      const url = new URL(request.url);
      const loopback = url.origin === origin;
      const handlers = loopback ? ALL : ORIGINS[url.origin];
      if (!handlers) return new Response(`blocked ${url.hostname}`, { status: 599 });
      const readOnly = request.method === "GET" || request.method === "HEAD";
      if (!readOnly && url.pathname !== "/graphql") return new Response("Method not allowed", { status: 405 });
      const [, bearer] = /^bearer (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
      const call: Call = { request, url, path: url.pathname, known: bearer === token, loopback };
      for (const handler of handlers) {
        const answer = await handler(call).catch(badRequest);
        if (answer) return request.method === "HEAD" ? withoutBody(answer) : answer;
      }
      return Response.json({ error: "Sorry, we can't find the page you are looking for." }, { status: 404 });
    },
  };
}

/** A path or a body that cannot be decoded is the caller's mistake; anything else is ours. */
function badRequest(error: unknown): Response {
  if (error instanceof URIError || error instanceof SyntaxError) {
    return Response.json({ error: "Bad request" }, { status: 400 });
  }
  throw error;
}

async function withoutBody(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  return new Response(null, { status: answer.status, headers: answer.headers });
}
