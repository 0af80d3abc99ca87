/**
 * The first administrator, who stands in the secrets ADMIN_USER and ADMIN_PASSWORD and nowhere else.
 *
 * Invariant: there is no row of this user, so what the secrets say now is all that counts; a user registered under the same
 * name, before the secret was, is shut out.
 */

import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";

/** What binds a token to the secrets of today. */
export function bondOf({ admin }: Config): string {
  return admin ? `\n${admin.name}\n${admin.password}` : "\n";
}

/** The user as the store knows it: null for the first administrator. */
export function storedUser({ admin }: Config, name: string): string | null {
  return name === admin?.name ? null : name;
}

/** Whether a registry that wants to know who asks has any way to learn it. */
export function canBeEntered({ auth, admin, access }: Config): boolean {
  return auth === "off" || admin !== undefined || access !== undefined;
}

/**
 * Before anything about users or tokens.
 * @throws RegistryError `not_supported` where AUTH is off
 */
export function requireAccounts(ctx: Context): void {
  if (ctx.config.auth === "off") throw new RegistryError("not_supported");
}
