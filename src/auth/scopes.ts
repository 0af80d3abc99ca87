/**
 * What somebody may do. A closed set, denied by default: an actor has the scopes that it was given and no others.
 *
 * Invariant: every verb that a door can reach begins with `permit`, so that a verb answers the same way through every door.
 */

import { RegistryError } from "../errors.ts";

/** Every scope, and the end of the sentence "You do not have permission to …". Deleting is a scope of its own. */
const SENTENCES = {
  "artifact:read": "read artifacts",
  "artifact:write": "register or update artifacts",
  "artifact:delete": "delete artifacts",
  "artifact:download": "download artifacts",
  search: "search artifacts",
  "audit:read": "read the audit",
  "registry:reset": "reset the registry",
  admin: "administer the registry",
} as const;

/** One thing that an actor may do. */
export type Scope = keyof typeof SENTENCES;

/** All scopes. */
export const SCOPES = Object.keys(SENTENCES) as [Scope, ...Scope[]];

/** Scopes as they are stored, a JSON array. */
export function readScopes(json: string): Scope[] {
  return JSON.parse(json) as Scope[];
}

/** What somebody may do whom nobody has given anything else: look, and change nothing. */
export const READ_ONLY: readonly Scope[] = ["artifact:read", "artifact:download", "search"];

/**
 * What a verb can ask for: a scope; or `session`, which comes from a password alone and which no token is given, unless it
 * may do everything (`admin`). Whoever finds a machine's token must not be able to make themselves another one, or to remove
 * the token's user.
 */
export type Permission = Scope | "session";

const SESSION_SENTENCE = "manage users and tokens";

/** The names that users may have: ASCII, and none that the audit could take for another kind of actor. */
export const USER_NAME = /^(?!(?:anonymous|nobody|cron|link)$)[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

const RESERVED = ["anonymous", "nobody", "cron", "link"];

/**
 * Whether a name is one of those that the audit uses for other actors, in whatever case. `USER_NAME` lets another case pass,
 * so that a user who was registered under such a name can still be removed.
 */
export function isReservedName(name: string): boolean {
  return RESERVED.includes(name.toLowerCase());
}

/** Who acts. A union, never an optional name: there is no act without an actor. */
export type Actor =
  /** Whoever reaches a registry with `AUTH=off`. */
  | { kind: "anonymous" }
  /** Whoever reaches a closed registry and has not said who they are: open routes only. */
  | { kind: "nobody" }
  /**
   * A person or a machine with a token. `isAdmin`: with this token, whatever its user may do with another; `session`: the
   * token was made with a password.
   */
  | { kind: "user"; name: string; isAdmin: boolean; scopes: readonly Scope[]; session?: boolean }
  /** Another Worker, through its service binding; name and scopes are its binding's. */
  | { kind: "worker"; name: string; scopes: readonly Scope[] }
  /** Whoever holds a signed download link: the link is the permission. */
  | { kind: "link" }
  | { kind: "cron"; schedule: string };

/** How an actor is written down in the audit and in receipts. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case "user":
      return actor.name;
    case "worker":
      return `worker:${actor.name}`;
    case "link":
      return "signed link";
    default:
      return actor.kind;
  }
}

/** Whether an actor is an administrator by name: what the audit says of it beside its name. */
export function isAdmin(actor: Actor): boolean {
  return actor.kind === "user" && actor.isAdmin;
}

/** Whether an actor may do something. An administrator may do everything. */
export function may(actor: Actor, scope: Permission): boolean {
  switch (actor.kind) {
    case "anonymous":
    case "cron":
      return true;
    case "nobody":
      return false;
    case "link":
      return scope === "artifact:download";
    case "user":
    case "worker":
      if (actor.scopes.includes("admin")) return true;
      if (scope === "session") return actor.kind === "user" && actor.session === true;
      return actor.scopes.includes(scope);
  }
}

/**
 * The first line of a verb.
 * @throws RegistryError `not_permitted`; `unauthenticated` for somebody who has not said who they are
 */
export function permit(ctx: { actor: Actor }, scope: Permission): void {
  if (may(ctx.actor, scope)) return;
  if (ctx.actor.kind === "nobody") throw new RegistryError("unauthenticated");
  const deed = scope === "session" ? SESSION_SENTENCE : SENTENCES[scope];
  throw new RegistryError("not_permitted", `You do not have permission to ${deed}.`);
}
