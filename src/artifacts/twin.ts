/** The refusal of what is registered already: same type, source and name. */

import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { selectTwin } from "../store/artifacts.ts";
import type { UploadIntent } from "../store/uploads.ts";

/**
 * The refusal of what is registered already, with the `id` that it has. Without one if that was deleted just now: repeating
 * the request will succeed then.
 */
export async function findTwin(
  ctx: Context,
  { type, sourceKey, name }: Pick<UploadIntent, "type" | "sourceKey" | "name">,
): Promise<RegistryError> {
  const twin = await selectTwin(ctx.db, type, sourceKey, name).first<{ id: number }>();
  return alreadyExists(twin?.id);
}

/** The refusal of what is registered already as the artifact with this id. */
export function alreadyExists(id?: number): RegistryError {
  return new RegistryError("already_exists", undefined, { extra: id === undefined ? {} : { id: String(id) } });
}
