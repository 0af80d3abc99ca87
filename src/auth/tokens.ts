/** Long-lived tokens for machines: each with scopes of its own, never more than its user has. */

import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ACCOUNTS_PAGE } from "../limits.ts";
import { auditAccount } from "../store/audit.ts";
import { rowsOf } from "../store/statements.ts";
import { deleteToken, deleteTokenOf, insertToken, selectTokens, type TokenRow } from "../store/tokens.ts";
import { bondOf, requireAccounts, storedUser } from "./first-admin.ts";
import { type Actor, may, permit, readScopes, type Scope } from "./scopes.ts";
import { createToken, digestOf, kindOf, type TokenKind } from "./token-text.ts";

/** What is told of a token; never its secret. Times in ISO 8601. `name` and `scopes` are a long-lived token's. */
export interface TokenView {
  id: string;
  kind: TokenKind;
  name?: string;
  scopes?: Scope[];
  created_at: string;
  expires_at?: string;
}

/**
 * Makes a long-lived token for whoever asks. The answer is the only place where it can ever be read.
 *
 * @param wanted `expiresAt` in milliseconds since 1970; without it the token lives until it is revoked
 * @throws RegistryError `not_permitted`, also for a scope that its user does not have; `too_many_tokens`
 */
export async function issueToken(
  ctx: Context,
  wanted: { name: string; scopes: Scope[]; expiresAt?: number | undefined },
): Promise<TokenView & { token: string }> {
  permit(ctx, "session");
  requireAccounts(ctx);
  const user = accountOf(ctx);
  for (const scope of wanted.scopes) permit(ctx, scope);
  if (wanted.expiresAt !== undefined && wanted.expiresAt <= ctx.now()) {
    throw new RegistryError("invalid_request", "Invalid request: body.expires_at: must lie ahead");
  }
  const token = createToken("token");
  const row: TokenRow = {
    id: token.id,
    digest: await digestOf(token.secret, user === null ? bondOf(ctx.config) : ""),
    user,
    label: wanted.name,
    scopes: JSON.stringify([...new Set(wanted.scopes)]),
    created_at: ctx.now(),
    expires_at: wanted.expiresAt ?? null,
    leases_left: null,
  };
  const [, inserted] = await ctx.db.batch([
    ...insertToken(ctx.db, row),
    auditAccount(ctx.db, "CREATE", { kind: "token", name: row.id }, requester(ctx)),
  ]);
  if (rowsOf(inserted).length === 0) throw new RegistryError("too_many_tokens");
  return { ...viewOf(row), token: token.text };
}

/**
 * The tokens and sessions of whoever asks, newest first; an administrator may ask for another user's.
 * @throws RegistryError `not_permitted`
 */
export async function listTokens(ctx: Context, of?: string): Promise<TokenView[]> {
  permit(ctx, "session");
  requireAccounts(ctx);
  if (of !== undefined && of !== nameOf(ctx.actor)) permit(ctx, "admin");
  const user = of === undefined ? accountOf(ctx) : storedUser(ctx.config, of);
  return rowsOf<TokenRow>(await selectTokens(ctx.db, user, ctx.now(), ACCOUNTS_PAGE).all()).map(viewOf);
}

/**
 * Revokes a token or ends a session: the next call with it is refused, everywhere. An administrator may revoke anybody's.
 * @throws RegistryError `not_permitted`, `token_not_found`
 */
export async function revokeToken(ctx: Context, id: string): Promise<void> {
  permit(ctx, "session");
  requireAccounts(ctx);
  const statement = may(ctx.actor, "admin") ? deleteToken(ctx.db, id) : deleteTokenOf(ctx.db, accountOf(ctx), id);
  const [deleted] = await ctx.db.batch([
    statement,
    auditAccount(ctx.db, "DELETE", { kind: kindOf(id), name: id }, requester(ctx)),
  ]);
  if (rowsOf(deleted).length === 0) throw new RegistryError("token_not_found");
}

/** The account whose tokens the caller manages; null: the first administrator's. */
function accountOf(ctx: Context): string | null {
  const name = nameOf(ctx.actor);
  // Cloudflare Access and other Workers have their own ways to name machines.
  if (name === undefined || name.startsWith("access:")) {
    throw new RegistryError("not_permitted", "You do not have permission to hold tokens.");
  }
  return storedUser(ctx.config, name);
}

function nameOf(actor: Actor): string | undefined {
  return actor.kind === "user" ? actor.name : undefined;
}

function viewOf(row: TokenRow): TokenView {
  return {
    id: row.id,
    kind: kindOf(row.id),
    ...(row.label !== null && { name: row.label }),
    ...(row.scopes !== null && { scopes: readScopes(row.scopes) }),
    created_at: new Date(row.created_at).toISOString(),
    ...(row.expires_at !== null && { expires_at: new Date(row.expires_at).toISOString() }),
  };
}
