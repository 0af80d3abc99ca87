/**
 * Passwords: stretched with PBKDF2 under a salt of their own, and compared in the same time whether the user exists or not.
 *
 * The platform computes no more than 100,000 iterations, a sixth of what is advised for this function. What that lacks, the
 * least length of a password, the limits on asking, and a database that nobody but the registry reads have to make up for.
 */

import { fromHex, toHex } from "../lib/hash.ts";
import { PASSWORD_SALT_BYTES, PBKDF2_ITERATIONS } from "../limits.ts";
import type { StoredPassword } from "../store/users.ts";

/** What a password is compared with when there is no such user: the same work, and never equal. */
const NOBODY: StoredPassword = {
  salt: "00".repeat(PASSWORD_SALT_BYTES),
  hash: "00".repeat(32),
  iterations: PBKDF2_ITERATIONS,
};

/** A password as it may be stored. */
export async function hashPassword(password: string): Promise<StoredPassword> {
  const salt = crypto.getRandomValues(new Uint8Array(PASSWORD_SALT_BYTES));
  return {
    salt: toHex(salt),
    hash: await stretch(password, salt, PBKDF2_ITERATIONS),
    iterations: PBKDF2_ITERATIONS,
  };
}

/** Whether this is the stored password; false after the same work where none is stored. */
export async function isPassword(password: string, stored: StoredPassword | undefined): Promise<boolean> {
  const { salt, hash, iterations } = stored ?? NOBODY;
  const same = equalDigests(await stretch(password, fromHex(salt), iterations), hash);
  return same && stored !== undefined;
}

/** Whether two digests in hex are the same, in a time that does not say where they differ. */
export function equalDigests(one: string, other: string): boolean {
  const [left, right] = [fromHex(one), fromHex(other)];
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right);
}

/** What is kept of a password, in hex. */
export async function stretch(password: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<string> {
  // Whichever way a keyboard composes an accent, it is the same password (RFC 8265).
  const bytes = new TextEncoder().encode(password.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  return toHex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256));
}
