/** A closed registry, and the people and machines who come to it. */

import { env } from "cloudflare:workers";
import { bondOf } from "../src/auth/first-admin.ts";
import { stretch } from "../src/auth/passwords.ts";
import { SCOPES, type Scope } from "../src/auth/scopes.ts";
import { createToken, digestOf, type TokenKind } from "../src/auth/token-text.ts";
import { readConfig } from "../src/config.ts";
import type { Env } from "../src/env.ts";
import { insertToken, type TokenRow } from "../src/store/tokens.ts";
import { insertUser } from "../src/store/users.ts";
import { type Answer, createRegistry, type TestRegistry } from "./harness.ts";

/** The secrets of the closed registry. */
export const OWNER = { ADMIN_USER: "root", ADMIN_PASSWORD: "correct horse battery staple" };

/** A registry as it is deployed: nobody comes in without saying who they are. */
export const closedRegistry = (replaced: Partial<Env> = {}): TestRegistry =>
  createRegistry({ AUTH: "required", ...OWNER, ...replaced });

/** All scopes but some, and never `admin`, which is all of them. */
export const allBut = (...left: string[]): Scope[] =>
  SCOPES.filter((scope) => scope !== "admin" && !left.includes(scope));

/** What `PUT /authenticate` is sent. */
export const credentials = (name: string, password: string) => ({
  user: { name, is_admin: false },
  secret: { password },
});

/** Opens a session, as the header that carries it. */
export async function logIn(registry: TestRegistry, name: string, password: string): Promise<Record<string, string>> {
  const answer: Answer = await registry.call("PUT", "/authenticate", credentials(name, password));
  if (answer.status !== 200) throw new Error(`${name} cannot log in: ${answer.status} ${answer.text}`);
  return { "X-Authorization": answer.json as string };
}

/** The password of those who are added here, stretched once: its cost is another test's. */
export const CHEAP_PASSWORD = "a password that costs nothing";
const CHEAP_HASH = await stretch(CHEAP_PASSWORD, new Uint8Array(1), 1);

/** A user who exists without the cost of a password. */
export async function addUser(name: string, scopes: readonly Scope[]): Promise<string> {
  const row = { name, scopes: JSON.stringify(scopes), salt: "00", hash: CHEAP_HASH, iterations: 1 };
  await insertUser(env.DB, { ...row, created_at: 0, created_by: "test" }).run();
  return name;
}

/**
 * A token that was issued earlier, as the header that carries it.
 * @param user null: the first administrator
 */
export async function issued(
  kind: TokenKind,
  user: string | null,
  more: Partial<TokenRow> & { granted?: readonly Scope[] } = {},
): Promise<Record<string, string> & { id: string }> {
  const { granted, ...row } = more;
  const token = createToken(kind);
  const bond = user === null ? bondOf(readConfig(closedRegistry().env)) : "";
  await env.DB.batch(
    insertToken(env.DB, {
      id: token.id,
      digest: await digestOf(token.secret, bond),
      user,
      label: kind === "token" ? "for a machine" : null,
      scopes: granted ? JSON.stringify(granted) : null,
      created_at: Date.now(),
      expires_at: null,
      leases_left: kind === "session" ? 50 : null,
      ...row,
    }),
  );
  return { "X-Authorization": `bearer ${token.text}`, id: token.id };
}

/** The headers alone. */
export const headersOf = ({ "X-Authorization": value = "" }: Record<string, string>) => ({ "X-Authorization": value });
