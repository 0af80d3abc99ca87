/** Who another Worker is: what the props of its service binding say, and nothing that it says itself. */

import { z } from "zod";
import { RegistryError } from "../errors.ts";
import { type Actor, READ_ONLY, SCOPES } from "./scopes.ts";

/** The props of a service binding: under which name the Worker stands in the audit, and what it may do. */
const PropsSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores"),
  scopes: z.array(z.enum(SCOPES)),
});

/**
 * The Worker behind a binding. Without props it is a reader without a name.
 * @throws RegistryError `unauthenticated` for props that cannot be meant; it says which
 */
export function workerOf(props: unknown): Actor {
  if (props === undefined || isEmpty(props)) return { kind: "worker", name: "unnamed", scopes: READ_ONLY };
  const parsed = PropsSchema.safeParse(props);
  if (parsed.success) return { kind: "worker", ...parsed.data };
  const [issue] = parsed.error.issues;
  const place = ["props", ...(issue?.path ?? [])].map(String).join(".");
  throw new RegistryError("unauthenticated", `The service binding is malformed: ${place}: ${issue?.message}.`);
}

function isEmpty(props: unknown): boolean {
  return typeof props === "object" && props !== null && Object.keys(props).length === 0;
}
