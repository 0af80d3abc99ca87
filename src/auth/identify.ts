/**
 * From what a request carries to who is asking. A call costs one statement on the database and no more, and what that
 * statement says is what counts: a token that was revoked is dead with the next call, in every isolate.
 *
 * A session is good for a thousand calls. They are not counted one by one, which would be a write for every read: an isolate
 * takes a lease of twenty out of the row with one write and spends it from memory. So a session is never good for more calls
 * than it should be; it may be good for fewer, by what an isolate had left of a lease when it went away (nineteen at most
 * each time).
 */

import type { Config, Database } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { LEASE_CALLS, LEASES_REMEMBERED } from "../limits.ts";
import { type CredentialRow, leaseCalls, selectCredential } from "../store/tokens.ts";
import { identifyByAssertion } from "./access-jwt.ts";
import { bondOf, canBeEntered } from "./first-admin.ts";
import { equalDigests } from "./passwords.ts";
import { type Actor, may, readScopes } from "./scopes.ts";
import { digestOf, readToken, type TokenParts } from "./token-text.ts";

/** What is needed to identify somebody. `db` must be the primary: a replica may not know yet that a token was revoked. */
export interface Desk {
  db: Database;
  config: Config;
  now: () => number;
}

/** What a request carries, header by header. */
export interface Credentials {
  xAuthorization?: string | undefined;
  authorization?: string | undefined;
  /** `Cf-Access-Jwt-Assertion`. */
  assertion?: string | undefined;
}

/** Calls that this isolate may still answer for a session, by the token's id. */
const leases = new Map<string, number>();

/**
 * Who is asking. A token, in either header, goes before the assertion that Cloudflare Access adds to every request.
 * @throws RegistryError `unauthenticated`, whatever is wrong: a stranger learns nothing from it
 */
export async function identify(desk: Desk, given: Credentials): Promise<Actor> {
  if (!canBeEntered(desk.config)) throw new RegistryError("unauthenticated");
  const header = given.xAuthorization ?? given.authorization;
  if (header !== undefined) return identifyByToken(desk, header);
  if (given.assertion !== undefined) return identifyByAssertion(desk, given.assertion);
  throw new RegistryError("unauthenticated");
}

async function identifyByToken(desk: Desk, header: string): Promise<Actor> {
  const [, text] = /^bearer +(\S{1,100})$/i.exec(header) ?? [];
  const token = text === undefined ? undefined : readToken(text);
  if (!token) throw new RegistryError("unauthenticated");
  const digests = await Promise.all([digestOf(token.secret), digestOf(token.secret, bondOf(desk.config))] as const);
  const { row, isLeased } = await findCredential(desk, token, digests);
  const actor = row && actorOf(desk.config, row, digests);
  if (actor) return actor;
  // Whoever merely knows its id has used nothing up.
  if (isLeased) remember(token.id, 1);
  throw new RegistryError("unauthenticated");
}

/**
 * The row of a token, with one statement: a read as a rule, a write for the first call of each lease. `isLeased`: a call was
 * taken out of this isolate's lease for it.
 */
async function findCredential(
  { db, now }: Desk,
  { id, kind }: TokenParts,
  digests: readonly [string, string],
): Promise<{ row: CredentialRow | null; isLeased: boolean }> {
  const left = leases.get(id) ?? 0;
  const isLeased = kind === "session" && left > 0;
  // Spent before the answer is there, or two calls at once would spend the same one.
  if (isLeased) leases.set(id, left - 1);
  if (isLeased || kind === "token") {
    return { row: await selectCredential(db, id, now()).first<CredentialRow>(), isLeased };
  }
  const row = await leaseCalls(db, id, now(), digests).first<CredentialRow>();
  if (row) remember(id, LEASE_CALLS - 1);
  return { row, isLeased };
}

/** Adds to a lease: two calls at once may have taken one each. */
function remember(id: string, calls: number): void {
  const left = (leases.get(id) ?? 0) + calls;
  leases.delete(id);
  leases.set(id, left);
  const [oldest] = leases.keys();
  if (leases.size > LEASES_REMEMBERED && oldest !== undefined) leases.delete(oldest);
}

/** Who holds a token; undefined if it is not the token of the row, or its user is shut out. */
function actorOf(config: Config, row: CredentialRow, [plain, bound]: readonly [string, string]): Actor | undefined {
  const { admin } = config;
  const isOwner = row.user === null;
  if (!equalDigests(row.digest, isOwner ? bound : plain)) return undefined;
  if (isOwner ? admin === undefined : row.user === admin?.name) return undefined;
  const session = row.label === null;
  const whole: Actor = {
    kind: "user",
    name: row.user ?? admin?.name ?? "",
    scopes: isOwner ? ["admin"] : readScopes(row.user_scopes ?? "[]"),
    isAdmin: false,
    session,
  };
  // A token never does more than its user, whatever was written into its row.
  const scopes = session ? whole.scopes : readScopes(row.scopes ?? "[]").filter((scope) => may(whole, scope));
  return { ...whole, scopes, isAdmin: scopes.includes("admin") };
}
