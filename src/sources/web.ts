/** The rest of the web: the head of a resource, never its body. */

import type { Finding, WebHead } from "./findings.ts";
import { defined } from "./lenient.ts";
import { contentLength } from "./safe-fetch.ts";
import { find, type Upstream } from "./upstream.ts";

/** What the head of a public URL says. */
export function webHead(upstream: Upstream, url: string): Promise<Finding<WebHead>> {
  return find(upstream, { url, method: "HEAD", maxBytes: 0, hosts: { anyPublic: true } }, (_bytes, { headers }) => {
    const modified = Date.parse(headers.get("Last-Modified") ?? "");
    return defined<WebHead>({
      // of a compressed answer the length says nothing about the thing
      size: headers.has("Content-Encoding") ? undefined : contentLength(headers),
      content_type: headers.get("Content-Type") ?? undefined,
      etag: headers.get("ETag") ?? undefined,
      last_modified: Number.isNaN(modified) ? undefined : new Date(modified).toISOString(),
    });
  });
}
