/**
 * Cloudflare Access as a second way in: it puts a signed assertion of who is asking onto every request that it lets through.
 * Nothing in it is believed before its signature, by a key of the team's that it names, and its claims have been verified.
 */

import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ACCESS_ASSERTION_MAX_CHARS, ACCESS_CLOCK_SKEW_S, NAME_MAX_CHARS } from "../limits.ts";
import { getAccessKeys } from "../sources/access-keys.ts";
import type { Actor } from "./scopes.ts";

/** What may stand in the audit behind `access:`, an e-mail address or the name of a service token. */
const NAME = /^[^\p{C}\p{Z}]+$/u;

/**
 * Who an assertion says is asking. Such users have the scopes of ACCESS_SCOPES and no tokens.
 * @throws RegistryError `unauthenticated` for an assertion that is not good, and where Access is not configured;
 *   `access_unavailable` if the keys cannot be had
 */
export async function identifyByAssertion(desk: Pick<Context, "config" | "now">, assertion: string): Promise<Actor> {
  const { access } = desk.config;
  if (!access || assertion.length > ACCESS_ASSERTION_MAX_CHARS) throw new RegistryError("unauthenticated");
  const claims = await verify(desk, access, assertion);
  // People have an e-mail address, service tokens a common name.
  const name = [claims["email"], claims["common_name"]].find((claim) => typeof claim === "string" && claim !== "");
  if (typeof name !== "string" || name.length > NAME_MAX_CHARS || !NAME.test(name)) {
    throw new RegistryError("unauthenticated");
  }
  const { scopes } = access;
  return { kind: "user", name: `access:${name}`, isAdmin: scopes.includes("admin"), scopes };
}

async function verify(
  { now }: Pick<Context, "now">,
  access: { issuer: string; audience: string },
  assertion: string,
): Promise<JWTPayload> {
  // Asked for only once the head of the assertion names an algorithm that is allowed.
  const findKey: JWTVerifyGetKey = async (head, token) => {
    const known = await getAccessKeys(access.issuer, now());
    return createLocalJWKSet({ keys: known })(head, token).catch(async (error: unknown) => {
      // The team may have changed its keys since.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return createLocalJWKSet({ keys: await getAccessKeys(access.issuer, now(), "renew") })(head, token);
    });
  };
  try {
    const verified = await jwtVerify(assertion, findKey, {
      algorithms: ["RS256"],
      issuer: access.issuer,
      audience: access.audience,
      requiredClaims: ["exp", "iat"],
      clockTolerance: ACCESS_CLOCK_SKEW_S,
      currentDate: new Date(now()),
    });
    // Without an id, any key of the team's would do.
    if (verified.protectedHeader.kid === undefined) throw new RegistryError("unauthenticated");
    return verified.payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new RegistryError("unauthenticated");
    throw error;
  }
}
