/** Which path a request means, and which methods a path has. */

import { TrieRouter } from "hono/router/trie-router";
import { getPath } from "hono/utils/url";

const BY_NAME = "/artifact/byName/";

/**
 * The path that is routed. The same routes answer at `/` and under `/api`; and a name in the path may contain slashes, raw
 * or encoded, which are the name's and not the path's.
 */
export function routedPath(request: Request): string {
  const whole = getPath(request);
  const path = /^\/api(?=\/|$)/.test(whole) ? whole.slice(4) || "/" : whole;
  return path.startsWith(BY_NAME) ? BY_NAME + path.slice(BY_NAME.length).replaceAll("/", "%2F") : path;
}

/** Answers which methods a path has: empty for one that does not exist. GET implies HEAD. */
export function methodTable(routes: readonly { method: string; path: string }[]): (path: string) => string[] {
  const router = new TrieRouter<string>();
  for (const { method, path } of routes) if (method !== "ALL") router.add("ALL", path, method);
  return (path) => {
    const methods = new Set(router.match("ALL", path)[0].map(([method]) => method));
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods].sort();
  };
}
