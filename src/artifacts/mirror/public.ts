/** What a mirror may copy: our tokens see what its owner keeps private, whoever asks the registry may not. */

import type { Context } from "../../context.ts";
import { createGitHub } from "../../sources/github.ts";
import { hubRecord } from "../../sources/hugging-face.ts";
import { UpstreamError } from "../../sources/safe-fetch.ts";
import { PRIVATE_OR_GATED } from "../../sources/upstream.ts";
import { upstreamOf } from "../ingest.ts";
import { MirrorFailure } from "./failure.ts";
import type { MirrorPlan } from "./plan.ts";

/**
 * Makes sure that a repository is public now, also if it was so when it was registered, before a byte of it is asked for with
 * a token. Without one there is nothing to ask: we are shown what everybody is.
 *
 * @throws MirrorFailure `skipped` if it is private or gone; UpstreamError if nobody can say just now
 */
export async function requirePublic(ctx: Context, repository: MirrorPlan["repository"]): Promise<void> {
  const upstream = upstreamOf(ctx);
  const { kind, id } = repository;
  if ((kind === "github" ? upstream.githubToken : upstream.hfToken) === undefined) return;
  const record =
    kind === "github" ? await createGitHub(upstream).repository(id) : await hubRecord(upstream, repository, {});
  if (record.status === "found") return;
  if (record.status === "absent" || record.reason === PRIVATE_OR_GATED) {
    throw new MirrorFailure("There is nothing to mirror: the repository is not public.", "skipped");
  }
  throw new UpstreamError("network", `it cannot be told whether ${id} is public: ${record.reason}`);
}
