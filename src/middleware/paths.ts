/** Which path a request means, and which methods a path has. */

import { TrieRouter } from "hono/router/trie-router";
import { getPath } from "hono/utils/url";

const BY_NAME = "/artifact/byName/";

/** A file in a bundle: group 2 is its path. */
const FILE = /^(\/artifacts\/[^/]+\/[^/]+\/files\/)(.*)$/s;
/** A record of the hub: group 2 is the repository, in one segment or two; group 4 a path in it. */
const HUB_RECORD =
  /^(\/hf\/api\/(?:models|datasets)\/)([^/]+(?:\/[^/]+)?)(?:(\/(?:revision|tree|paths-info)\/[^/]+)(?:\/(.*))?)?$/s;
/** A file of the hub, likewise. */
const HUB_FILE = /^(\/hf\/(?:datasets\/)?)((?!api\/)[^/]+(?:\/[^/]+)?)(\/(?:resolve|raw)\/[^/]+)\/(.*)$/s;

/**
 * The path that is routed. The same routes answer at `/` and under `/api`; and a name, a file's path and a repository's id
 * may contain slashes, raw or encoded, which are theirs and not the path's.
 */
export function routedPath(request: Request): string {
  const whole = getPath(request);
  const path = /^\/api(?=\/|$)/.test(whole) ? whole.slice(4) || "/" : whole;
  if (path.startsWith(BY_NAME)) return BY_NAME + path.slice(BY_NAME.length).replaceAll("/", "%2F");
  if (!path.startsWith("/hf/") && !path.includes("/files/")) return path;
  // `getPath` has decoded some of it, and what was written is to be decoded once.
  const written = new URL(request.url).pathname.replace(/^\/api(?=\/)/, "");
  const file = FILE.exec(written);
  if (file) return `${file[1]}${oneSegment(file[2])}`;
  const hub = HUB_RECORD.exec(written) ?? HUB_FILE.exec(written);
  if (!hub) return path;
  const [, before, repository = "", route = "", inside] = hub;
  // A trailing slash of a listing means the same as none.
  const tail = inside === undefined || (inside === "" && /^\/tree\//.test(route)) ? "" : `/${oneSegment(inside)}`;
  return `${before}${repository.replace("/", "%2F")}${route}${tail}`;
}

/** A path as one segment; what cannot be decoded, or is empty, becomes what no path can be, and is refused as such. */
function oneSegment(written = ""): string {
  try {
    return encodeURIComponent(decodeURIComponent(written)) || "%00";
  } catch {
    return "%00";
  }
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
