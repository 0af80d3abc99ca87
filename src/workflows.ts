/** The door of what runs for hours: each instance is one run of a verb, whose steps the platform repeats and remembers. */

import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { runMirror } from "./artifacts/mirror/run.ts";
import { createContext } from "./context.ts";
import type { Env, MirrorRun } from "./env.ts";
import { MIRROR_RETRY_DELAY_MS, MIRROR_STEP_RETRIES, MIRROR_STEP_TIMEOUT_MS } from "./limits.ts";
import type { MirrorState } from "./store/mirrors.ts";

const STEP = {
  retries: { limit: MIRROR_STEP_RETRIES, delay: MIRROR_RETRY_DELAY_MS, backoff: "exponential" },
  timeout: MIRROR_STEP_TIMEOUT_MS,
} as const;

/** Copies all that upstream has of an artifact, as whoever asked for it. */
export class MirrorWorkflow extends WorkflowEntrypoint<Env, MirrorRun> {
  override run(event: Readonly<WorkflowEvent<MirrorRun>>, step: WorkflowStep): Promise<MirrorState> {
    const run = event.payload;
    // What a step leaves for later is done before it counts as done: nobody knows how long this process lives.
    const deferred: Promise<unknown>[] = [];
    const ctx = createContext(this.env, {
      actor: run.actor,
      requestId: run.requestId,
      waitUntil: (work) => deferred.push(work),
    });
    return runMirror(ctx, run, (name, work) =>
      step.do(name, STEP, async () => {
        const result = await work();
        await Promise.all(deferred.splice(0));
        return result;
      }),
    );
  }
}
