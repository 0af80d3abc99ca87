/**
 * Signed download links: whoever holds one may read this zip until it expires, without a token. A link names the artifact,
 * not the object, so it is dead the moment the artifact is deleted.
 */

import { may } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { fromBase64Url, toBase64Url } from "../lib/hash.ts";

const keys = new Map<string, Promise<CryptoKey>>();

/** The HMAC key behind a secret, imported once per isolate. */
function hmacKey(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (!key) {
    key = crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
      "verify",
    ]);
    keys.set(secret, key);
  }
  return key;
}

/** What a signature covers. */
function claim(ref: ArtifactRef, expires: number): Uint8Array {
  return new TextEncoder().encode(`download\n${ref.type}\n${ref.id}\n${expires}`);
}

/**
 * An absolute link to the zip of an artifact; undefined where nobody said on which origin or the deployment has no signing
 * key, and for whoever may not download: the link is the permission, so it is given to those who have it.
 */
export async function signDownload(
  ctx: Context,
  ref: ArtifactRef,
  origin: string | undefined,
): Promise<string | undefined> {
  const secret = ctx.config.signingKey;
  if (origin === undefined || !secret || !may(ctx.actor, "artifact:download")) return undefined;
  const expires = Math.floor(ctx.now() / 1000) + ctx.config.downloadTtlSeconds;
  const signature = await crypto.subtle.sign("HMAC", await hmacKey(secret), claim(ref, expires));
  return `${origin}/artifacts/${ref.type}/${ref.id}/download?expires=${expires}&signature=${toBase64Url(signature)}`;
}

/**
 * Checks a link before anything is looked up, and lets its holder in.
 * @param link `expires` in Unix time in seconds, and `signature`, each in the one spelling that links have
 * @returns the context of whoever holds the link: the link is the permission, whoever they are
 * @throws RegistryError `invalid_signature`, `link_expired`
 */
export async function verifyDownload(
  ctx: Context,
  ref: ArtifactRef,
  link: { expires: string; signature: string },
): Promise<Context> {
  const secret = ctx.config.signingKey;
  const { expires: until, signature: signed } = link;
  if (!secret || !/^[\w-]{43}$/.test(signed) || !/^[1-9]\d{0,14}$/.test(until)) {
    throw new RegistryError("invalid_signature");
  }
  const expires = Number(until);
  const signature = fromBase64Url(signed);
  // The last character has two bits that say nothing: of the four that mean the same bytes, one is ours.
  if (toBase64Url(signature) !== signed) throw new RegistryError("invalid_signature");
  if (!(await crypto.subtle.verify("HMAC", await hmacKey(secret), signature, claim(ref, expires)))) {
    throw new RegistryError("invalid_signature");
  }
  if (expires * 1000 <= ctx.now()) throw new RegistryError("link_expired");
  return { ...ctx, actor: { kind: "link" } };
}
