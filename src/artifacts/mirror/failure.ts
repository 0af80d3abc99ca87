/** The ways in which a mirror ends early. Everything else that is thrown is worth another try. */

import { RegistryError } from "../../errors.ts";
import { PERMANENT } from "../../sources/contents.ts";
import { UpstreamError } from "../../sources/safe-fetch.ts";

/** A mirror that cannot become whole, however often it is tried. The message is for people: it is shown as `error`. */
export class MirrorFailure extends Error {
  readonly state: "failed" | "skipped";
  /** What the owner can do about it before asking again: a clause without its end. */
  readonly remedy: string | undefined;

  constructor(message: string, state: "failed" | "skipped" = "failed", remedy?: string) {
    super(message);
    this.name = "MirrorFailure";
    this.state = state;
    this.remedy = remedy;
  }
}

/** For a gate the token has to be there, and its account let in. */
const OPEN_THE_GATE =
  "Set the secret HF_TOKEN to a token of an account that the repository's page on Hugging Face has granted access";

/** A mirror that nobody wants any more: its artifact was deleted, updated, or is mirrored by a newer run. */
export class MirrorObsolete extends Error {
  constructor() {
    super("The mirror is not wanted any more.");
    this.name = "MirrorObsolete";
  }
}

/** The end that an error means; undefined for one that is worth another try. */
export function findEnd(error: unknown): MirrorFailure | MirrorObsolete | undefined {
  if (error instanceof MirrorFailure || error instanceof MirrorObsolete) return error;
  if (error instanceof UpstreamError && error.kind === "gated") {
    return new MirrorFailure(`The repository is gated: ${error.message}`, "failed", OPEN_THE_GATE);
  }
  if (error instanceof UpstreamError && PERMANENT.includes(error.kind)) return new MirrorFailure(error.message);
  // A full registry has the light bundle, and keeps it.
  if (error instanceof RegistryError && error.code === "too_many_bytes") {
    return new MirrorFailure(error.message, "skipped", "Delete what is not needed, or raise MAX_BYTES");
  }
  return undefined;
}
