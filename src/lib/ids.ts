/** Artifact ids as clients write them. */

/** The syntax that is accepted in a path; whatever else is a 400. */
export const ID_SYNTAX = /^[A-Za-z0-9-]{1,64}$/;

/**
 * The number behind an id that the registry could have issued, or undefined for one that it could not (`abc`, `007`).
 * An id of the accepted syntax that is not ours is simply unknown.
 */
export function issuedId(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
