/**
 * A watch over what goes out. The hub answers 599 for a host that is not its own, and the product takes that for a host that
 * is down, so that alone makes no test fail. With the watch every request that a test causes is named, and one to a host that
 * the product has no business with fails the test.
 */

import { afterEach, beforeEach, expect, vi } from "vitest";

const UPSTREAMS = [
  "https://huggingface.co",
  "https://cdn-lfs.huggingface.co",
  "https://api.github.com",
  "https://codeload.github.com",
  "https://gitlab.com",
];

/** Names reserved for documentation and tests (RFC 2606): somebody's host, of which only the head may be asked. */
const RESERVED = /^https:\/\/(?:[\w-]+\.)*(?:example\.(?:org|com|net)|[\w-]+\.(?:test|example|invalid))$/;

/** Whether a request is one that the product may make: to the hubs, or for the head of what a client named. */
export function isExpected(request: Request): boolean {
  const { origin } = new URL(request.url);
  return UPSTREAMS.includes(origin) || (request.method === "HEAD" && RESERVED.test(origin));
}

let asked: Request[] = [];

/** The requests of the running test so far, `GET https://…` each. */
export function outboundRequests(): string[] {
  return asked.map(named);
}

/** Watches the requests of every test; one that is not expected fails its test. Called once, by the setup of the tests. */
export function watchOutbound(): void {
  beforeEach(() => {
    asked = [];
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const request = new Request(input as RequestInfo, init as RequestInit);
      asked.push(request);
      return real(input as RequestInfo, init as RequestInit);
    });
  });
  afterEach(() => {
    expect(asked.filter((request) => !isExpected(request)).map(named)).toEqual([]);
  });
}

const named = ({ method, url }: Request) => `${method} ${url}`;
