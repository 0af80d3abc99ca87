/** From a name and a password to a session. Contract: PUT /authenticate. */

import { type Context, type Requester, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { textSha256Hex } from "../lib/hash.ts";
import { LEASE_CALLS, SESSION_CALLS, SESSION_MS } from "../limits.ts";
import { auditAccount } from "../store/audit.ts";
import { rowsOf } from "../store/statements.ts";
import { insertToken, type TokenRow } from "../store/tokens.ts";
import { selectUser, type UserRow } from "../store/users.ts";
import { bondOf, canBeEntered, requireAccounts, storedUser } from "./first-admin.ts";
import { equalDigests, isPassword } from "./passwords.ts";
import { readScopes } from "./scopes.ts";
import { createToken, digestOf } from "./token-text.ts";

/**
 * Opens a session: ten hours or a thousand calls. Whether the user exists, is the first administrator or neither, the work is
 * the same, so that the time of a refusal says nothing.
 *
 * @returns `bearer <token>`
 * @throws RegistryError `invalid_credentials`; `not_supported` where AUTH is off; `unauthenticated` where nobody can come in
 */
export async function logIn(ctx: Context, name: string, password: string): Promise<string> {
  requireAccounts(ctx);
  if (!canBeEntered(ctx.config)) throw new RegistryError("unauthenticated");
  const { admin } = ctx.config;
  const row = await selectUser(ctx.db, name).first<UserRow>();
  const isUser = await isPassword(password, row ?? undefined);
  const isOwner = equalDigests(await textSha256Hex(password), await textSha256Hex(admin?.password ?? ""));
  if (!(name === admin?.name ? isOwner : isUser)) throw new RegistryError("invalid_credentials");
  const isAdmin = name === admin?.name || (row !== null && readScopes(row.scopes).includes("admin"));
  return `bearer ${await openSession(ctx, name, row?.hash, { ...requester(ctx), actor: name, isAdmin })}`;
}

/**
 * A new session of somebody who has proved who they are.
 * @throws RegistryError `invalid_credentials` if the user was removed, or their password changed, in the meantime
 */
async function openSession(ctx: Context, name: string, hash: string | undefined, by: Requester): Promise<string> {
  const token = createToken("session");
  const user = storedUser(ctx.config, name);
  const row: TokenRow = {
    id: token.id,
    digest: await digestOf(token.secret, user === null ? bondOf(ctx.config) : ""),
    user,
    label: null,
    scopes: null,
    created_at: ctx.now(),
    expires_at: ctx.now() + SESSION_MS,
    leases_left: SESSION_CALLS / LEASE_CALLS,
  };
  const [, inserted] = await ctx.db.batch([
    ...insertToken(ctx.db, row, hash),
    auditAccount(ctx.db, "CREATE", { kind: "session", name: token.id }, by),
  ]);
  if (rowsOf(inserted).length === 0) throw new RegistryError("invalid_credentials");
  return token.text;
}
