/** Entity tags of RFC 9110 §8.8.3. */

/** Whether a list of entity tags, as in `If-Match` and `If-None-Match`, names this one or `*`; compared weakly. */
export function namesTag(header: string, etag: string): boolean {
  return header.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
}
