/** Which requests bring a body that is passed on as it comes: no limit of JSON routes, and no label, applies to it. */

const STREAMED = /^\/artifacts\/[^/]+\/[^/]+\/content(?:\/uploads\/[^/]+\/parts\/[^/]+)?$/;

/** Whether a request is one of those. */
export function streamsBody({ method, path }: { method: string; path: string }): boolean {
  return method === "PUT" && STREAMED.test(path);
}
