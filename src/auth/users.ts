/** Users: an administrator registers and removes them, and they may remove themselves. */

import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ACCOUNTS_PAGE } from "../limits.ts";
import { rowsOf } from "../store/statements.ts";
import { deleteUser, insertUser, selectUsers, type UserRow } from "../store/users.ts";
import { requireAccounts } from "./owner.ts";
import { hashPassword } from "./passwords.ts";
import { permit, READ_ONLY, type Scope } from "./scopes.ts";

/** What is told of a user. Time in ISO 8601. */
export interface UserView {
  name: string;
  is_admin: boolean;
  scopes: Scope[];
  created_at: string;
  created_by: string;
}

/**
 * Registers a user. Who is given no scopes may read, search and download, and change nothing.
 * @throws RegistryError `not_permitted`, `user_exists`, `user_is_configured`
 */
export async function registerUser(
  ctx: Context,
  wanted: { name: string; password: string; isAdmin: boolean; scopes?: Scope[] | undefined },
): Promise<UserView> {
  permit(ctx, "admin");
  requireAccounts(ctx);
  refuseConfigured(ctx, wanted.name);
  const scopes = new Set<Scope>(wanted.scopes ?? READ_ONLY);
  if (wanted.isAdmin) scopes.add("admin");
  const by = requester(ctx);
  const row: UserRow = {
    name: wanted.name,
    scopes: JSON.stringify([...scopes]),
    ...(await hashPassword(wanted.password)),
    created_at: by.at,
    created_by: by.actor,
  };
  if (rowsOf(await insertUser(ctx.db, row).all()).length === 0) throw new RegistryError("user_exists");
  ctx.log("info", "user_registered", { name: row.name, scopes: [...scopes], by: by.actor });
  return viewOf(row);
}

/** A page of users by name, for administrators; `next` is what the following page begins behind. */
export async function listUsers(ctx: Context, after = ""): Promise<{ items: UserView[]; next?: string }> {
  permit(ctx, "admin");
  requireAccounts(ctx);
  const rows = rowsOf<UserRow>(await selectUsers(ctx.db, after, ACCOUNTS_PAGE + 1).all());
  const items = rows.slice(0, ACCOUNTS_PAGE).map(viewOf);
  const last = items.at(-1);
  return rows.length > items.length && last ? { items, next: last.name } : { items };
}

/**
 * Removes a user with all their tokens; what they registered stays. Oneself, or as an administrator anybody.
 * @throws RegistryError `not_permitted`, `user_not_found`, `user_is_configured`
 */
export async function removeUser(ctx: Context, name: string): Promise<void> {
  permit(ctx, "session");
  requireAccounts(ctx);
  if (ctx.actor.kind !== "user" || ctx.actor.name !== name) permit(ctx, "admin");
  refuseConfigured(ctx, name);
  if (rowsOf(await deleteUser(ctx.db, name).all()).length === 0) throw new RegistryError("user_not_found");
  ctx.log("info", "user_removed", { name, by: requester(ctx).actor });
}

function refuseConfigured(ctx: Context, name: string): void {
  if (name === ctx.config.admin?.name) throw new RegistryError("user_is_configured");
}

function viewOf(row: UserRow): UserView {
  const scopes = JSON.parse(row.scopes) as Scope[];
  return {
    name: row.name,
    is_admin: scopes.includes("admin"),
    scopes,
    created_at: new Date(row.created_at).toISOString(),
    created_by: row.created_by,
  };
}
