/** The public keys of a Cloudflare Access team, kept in the isolate: an assertion costs a question once an hour at the most. */

import { RegistryError } from "../errors.ts";
import { ACCESS_KEYS_FRESH_MS, ACCESS_KEYS_MAX_BYTES, ACCESS_KEYS_RETRY_MS } from "../limits.ts";
import { decodeText, isObject, parseJsonObject, UnreadableError } from "./json.ts";
import { safeFetch, UpstreamError } from "./safe-fetch.ts";

/** Public RSA keys with their ids. */
export type AccessKeys = { kty: string; kid: string; n: string; e: string; alg: string; use: string }[];

/** `keys` is missing when the team has never answered. */
interface Kept {
  keys?: AccessKeys;
  askedAt: number;
}

const kept = new Map<string, Kept>();

/**
 * The keys of a team. Old ones are better than none when the team does not answer: a key that was ever theirs stays good for
 * what it signed, and an assertion has its own expiry.
 *
 * @param team `https://<team>.cloudflareaccess.com`
 * @param want `renew`: ask again, unless that was done within the last minute
 * @throws RegistryError `access_unavailable` if there are none to be had
 */
export async function getAccessKeys(team: string, now: number, want: "known" | "renew" = "known"): Promise<AccessKeys> {
  const before = kept.get(team);
  const isSettled = want === "known" && before?.keys !== undefined;
  const freshFor = isSettled ? ACCESS_KEYS_FRESH_MS : ACCESS_KEYS_RETRY_MS;
  if (!before || now - before.askedAt >= freshFor) {
    const asked = await ask(team).catch((error: unknown) => {
      if (error instanceof UpstreamError || error instanceof UnreadableError) return undefined;
      throw error;
    });
    if (asked) kept.set(team, { keys: asked, askedAt: now });
    // Asked again in a minute, not with every call in between.
    else if (before?.keys)
      kept.set(team, { keys: before.keys, askedAt: now - ACCESS_KEYS_FRESH_MS + ACCESS_KEYS_RETRY_MS });
    else kept.set(team, { askedAt: now });
  }
  const keys = kept.get(team)?.keys;
  if (!keys) throw new RegistryError("access_unavailable");
  return keys;
}

async function ask(team: string): Promise<AccessKeys> {
  const { status, bytes } = await safeFetch({
    url: `${team}/cdn-cgi/access/certs`,
    maxBytes: ACCESS_KEYS_MAX_BYTES,
    hosts: { origins: [team] },
  });
  if (status !== 200) throw new UpstreamError("network", `the keys of ${team} were answered with ${status}`);
  const { keys } = parseJsonObject(decodeText(bytes));
  if (!Array.isArray(keys)) throw new UnreadableError("no list of keys");
  return keys.flatMap(readKey);
}

/** What jose makes a public key of; a key of another kind is none that Access signs with. */
function readKey(key: unknown): AccessKeys {
  if (!isObject(key)) return [];
  const { kty, kid, n, e } = key;
  if (kty !== "RSA" || typeof kid !== "string" || typeof n !== "string" || typeof e !== "string") return [];
  return [{ kty, kid, n, e, alg: "RS256", use: "sig" }];
}
