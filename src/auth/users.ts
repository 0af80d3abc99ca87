/** Users: an administrator registers, changes and removes them; they may change their password and remove themselves. */

import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ACCOUNTS_PAGE } from "../limits.ts";
import { auditAccount } from "../store/audit.ts";
import { rowsOf } from "../store/statements.ts";
import { deleteSessions } from "../store/tokens.ts";
import { deleteUser, insertUser, selectUser, selectUsers, type UserRow, updateUser } from "../store/users.ts";
import { requireAccounts } from "./first-admin.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import { permit, READ_ONLY, readScopes, type Scope } from "./scopes.ts";

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
 * Names are unique without regard to case.
 * @throws RegistryError `not_permitted`, `user_exists`, `user_is_configured`
 */
export async function registerUser(
  ctx: Context,
  wanted: { name: string; password: string; isAdmin: boolean; scopes?: Scope[] | undefined },
): Promise<UserView> {
  permit(ctx, "admin");
  requireAccounts(ctx);
  const { admin } = ctx.config;
  if (wanted.name.toLowerCase() === admin?.name.toLowerCase()) throw new RegistryError("user_is_configured");
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
  const [inserted] = await ctx.db.batch([
    insertUser(ctx.db, row),
    auditAccount(ctx.db, "CREATE", { kind: "user", name: row.name }, by),
  ]);
  if (rowsOf(inserted).length === 0) throw new RegistryError("user_exists");
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

/** What may be changed of a user; what is missing stays. */
export interface UserChanges {
  password?: string | undefined;
  /** Of who changes their own: whoever finds a session must not be able to keep the account. */
  currentPassword?: string | undefined;
  scopes?: Scope[] | undefined;
}

/**
 * Changes a user: the own password, for who knows the present one; as an administrator anybody's password and scopes. Another
 * password ends all sessions of the user; other scopes hold from the next call on, for sessions and tokens alike.
 *
 * @throws RegistryError `not_permitted`, `invalid_credentials`, `user_not_found`, `user_is_configured`
 */
export async function changeUser(
  ctx: Context,
  name: string,
  { password, currentPassword, scopes }: UserChanges,
): Promise<UserView> {
  permit(ctx, "session");
  requireAccounts(ctx);
  const isSelf = ctx.actor.kind === "user" && ctx.actor.name === name;
  if (!isSelf || scopes) permit(ctx, "admin");
  refuseConfigured(ctx, name);
  const before = await selectUser(ctx.db, name).first<UserRow>();
  if (!before) throw new RegistryError("user_not_found");
  const proved = isSelf && password !== undefined;
  if (proved && !(await isPassword(currentPassword ?? "", before))) {
    throw new RegistryError("invalid_credentials");
  }
  const stored = password === undefined ? undefined : await hashPassword(password);
  const by = requester(ctx);
  const [changed] = await ctx.db.batch([
    updateUser(
      ctx.db,
      { name, hash: proved ? before.hash : undefined },
      { ...stored, ...(scopes && { scopes: JSON.stringify([...new Set(scopes)]) }) },
    ),
    auditAccount(ctx.db, "UPDATE", { kind: "user", name }, by),
    ...(stored ? [deleteSessions(ctx.db, name, stored.hash)] : []),
  ]);
  const [after] = rowsOf<UserRow>(changed);
  // Somebody else has removed the user since, or changed the password that was proved.
  if (!after) throw new RegistryError(proved ? "invalid_credentials" : "user_not_found");
  ctx.log("info", "user_changed", { name, password: stored !== undefined, ...(scopes && { scopes }), by: by.actor });
  return viewOf(after);
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
  const by = requester(ctx);
  const [deleted] = await ctx.db.batch([
    deleteUser(ctx.db, name),
    auditAccount(ctx.db, "DELETE", { kind: "user", name }, by),
  ]);
  if (rowsOf(deleted).length === 0) throw new RegistryError("user_not_found");
  ctx.log("info", "user_removed", { name, by: by.actor });
}

function refuseConfigured(ctx: Context, name: string): void {
  if (name === ctx.config.admin?.name) throw new RegistryError("user_is_configured");
}

function viewOf(row: UserRow): UserView {
  const scopes = readScopes(row.scopes);
  return {
    name: row.name,
    is_admin: scopes.includes("admin"),
    scopes,
    created_at: new Date(row.created_at).toISOString(),
    created_by: row.created_by,
  };
}
