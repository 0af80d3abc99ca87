/**
 * The registry's quota: how many artifacts it may hold, and how many bytes of zips.
 *
 * Invariant: the quota holds whatever is written at once, because the settlement of each write carries the condition. What is
 * here refuses early, before upstream is asked and anything is written, and finds the words.
 */

import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { type Announced, selectAnnounced, selectUsage, type Usage } from "../store/quotas.ts";

/** What an artifact that is not there yet adds at the least. */
export const ANOTHER: Usage = { artifacts: 1, bytes: 1 };

/** Whether the registry may hold any number of artifacts and bytes. */
export function isUnbounded({ config: { quota } }: Context): boolean {
  return quota.artifacts === undefined && quota.bytes === undefined;
}

/**
 * Refuses to add what does not fit into what the registry holds now; asks nothing where there is no quota.
 * @param added at the least, where the size is not known yet; negative where it frees some
 * @throws RegistryError `too_many_artifacts`, `too_many_bytes`
 */
export async function checkQuota(ctx: Context, added: Usage): Promise<void> {
  if (isUnbounded(ctx)) return;
  const { artifacts = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = ctx.config.quota;
  const held = (await selectUsage(ctx.db).first<Usage>()) ?? { artifacts: 0, bytes: 0 };
  const isFull = added.artifacts > 0 && held.artifacts + added.artifacts > artifacts;
  const isTooMuch = added.bytes > 0 && held.bytes + added.bytes > bytes;
  if (isFull || isTooMuch) throw overQuota(ctx, held, added);
}

/**
 * Refuses an upload in parts that does not fit beside what the registry holds and what all others have announced: else their
 * parts, which nothing settles, could fill the bucket. Asks nothing where there is no quota.
 *
 * @param added what its settlement adds
 * @param upload its id, once it is announced itself: of many that begin at once, those that went by each other unseen
 * @throws RegistryError `too_many_artifacts`, `too_many_bytes`
 */
export async function checkAnnounced(ctx: Context, added: Usage, upload?: number): Promise<void> {
  await checkQuota(ctx, added);
  const { bytes } = ctx.config.quota;
  if (bytes === undefined) return;
  const held = await selectAnnounced(ctx.db, upload).first<Announced>();
  if (!held || held.announced === 0 || held.bytes + held.announced + added.bytes <= bytes) return;
  const detail = `The registry is full: its bundles have ${held.bytes} and open uploads ${held.announced} of at most ${bytes} bytes, too many for this one.`;
  throw new RegistryError("too_many_bytes", detail);
}

/** What is said to whoever asked for more than the quota leaves. */
export function overQuota({ config }: Context, held: Usage, added: Usage): RegistryError {
  const { artifacts, bytes } = config.quota;
  if (artifacts !== undefined && added.artifacts > 0 && held.artifacts + added.artifacts > artifacts) {
    const detail = `The registry is full: it holds ${held.artifacts} of at most ${artifacts} artifacts.`;
    return new RegistryError("too_many_artifacts", detail);
  }
  const detail = `The registry is full: its bundles have ${held.bytes} of at most ${bytes} bytes, too many for this one.`;
  return new RegistryError("too_many_bytes", detail);
}
