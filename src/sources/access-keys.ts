/** The public keys of a Cloudflare Access team, kept in the isolate: an assertion costs a question once an hour at the most. */

import { RegistryError } from "../errors.ts";
import { ACCESS_KEYS_FRESH_MS, ACCESS_KEYS_MAX_BYTES, ACCESS_KEYS_RETRY_MS, ACCESS_KEYS_WAIT_MS } from "../limits.ts";
import { decodeText, isObject, parseJsonObject, UnreadableError } from "./json.ts";
import { safeFetch, UpstreamError } from "./safe-fetch.ts";

/** Public RSA keys with their ids. */
export type AccessKeys = { kty: string; kid: string; n: string; e: string; alg: string; use: string }[];

/** What is known of a team. Times in milliseconds since 1970. */
interface Kept {
  /** Missing when the team has never answered. */
  keys?: AccessKeys;
  answeredAt?: number;
  /** When it was last asked, whatever came of it. */
  askedAt: number;
  /** The question that is under way; never fails. */
  asking?: Promise<void> | undefined;
  /** Why the last question failed. */
  failure?: string;
}

const kept = new Map<string, Kept>();

/**
 * The keys of a team. Old ones are better than none when the team does not answer: a key that was ever theirs stays good for
 * what it signed, and an assertion has its own expiry.
 *
 * @param team `https://<team>.cloudflareaccess.com`
 * @param want `renew`: ask again, unless that was done within the last minute, whatever came of it
 * @throws RegistryError `access_unavailable` if there are none to be had
 */
export async function getAccessKeys(team: string, now: number, want: "known" | "renew" = "known"): Promise<AccessKeys> {
  const known = kept.get(team);
  const isFresh = known?.answeredAt !== undefined && now - known.answeredAt < ACCESS_KEYS_FRESH_MS;
  if (!isFresh || want === "renew") {
    if (!known || now - known.askedAt >= ACCESS_KEYS_RETRY_MS) await renew(team, now);
    else if (known.asking) await settled(known.asking);
  }
  const { keys, failure = `${team} was asked and has not answered yet` } = kept.get(team) ?? {};
  if (!keys) throw new RegistryError("access_unavailable", undefined, { extra: { reason: failure } });
  return keys;
}

/** Asks, and writes that down first: whoever comes meanwhile waits for the same answer. */
async function renew(team: string, now: number): Promise<void> {
  const entry: Kept = { ...kept.get(team), askedAt: now };
  const asking = ask(team).then(
    (keys) => {
      kept.set(team, { keys, answeredAt: now, askedAt: now });
    },
    (error: unknown) => {
      entry.asking = undefined;
      if (!(error instanceof UpstreamError || error instanceof UnreadableError)) throw error;
      entry.failure = error instanceof UpstreamError ? error.message : `${team}: ${error.message}`;
    },
  );
  entry.asking = asking.catch(() => undefined);
  kept.set(team, entry);
  await asking;
}

/** Waits for a question of another request's, but not for ever: that request may have been cut off in the midst of it. */
async function settled(asking: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const late = scheduler.wait(ACCESS_KEYS_WAIT_MS, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([asking, late]);
  enough.abort();
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
