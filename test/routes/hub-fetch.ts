/** The registry as the `fetch` of a Hugging Face client. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { createApp } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";

const app = createApp();
export const HUB_URL = "https://registry.test/hf";

/** A `fetch` that the registry on these bindings answers, in this process. */
export function fetchFrom(bindings: Env): typeof fetch {
  return (async (input: RequestInfo | URL, init?: RequestInit) => {
    const execution = createExecutionContext();
    const request = new Request(input, init);
    const answer = await app.fetch(request, bindings, execution);
    // The client leaves some bodies unread, which would keep the bucket open when the test is over.
    const response = new Response(answer.body && (await answer.arrayBuffer()), answer);
    await waitOnExecutionContext(execution);
    Object.defineProperty(response, "url", { value: request.url });
    return response;
  }) as typeof fetch;
}

/** All items of an iteration. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
