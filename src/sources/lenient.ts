/** Pieces of schemas for answers of strangers: a field with the wrong type is as good as absent, the rest still counts. */

import { z } from "zod";

/** A text that is not empty. */
export const text = z.string().min(1).optional().catch(undefined);

/** A number that counts or measures something. */
export const count = z.number().nonnegative().optional().catch(undefined);

/** A flag; what is none is false. */
export const flag = z.boolean().catch(false);

/** A number of bytes; what is none is undefined. Without a schema, for long lists. */
export function byteCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** Leaves out what is undefined: an optional field of ours is absent, never undefined. */
export function defined<T extends object>(value: Loose<T>): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
