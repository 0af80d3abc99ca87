/** What the Worker exports: its doors, nothing else. */

import { app } from "./app.ts";
import { sealAudit } from "./artifacts/audit/seal.ts";
import { recheckUploads } from "./artifacts/recheck.ts";
import { reconcile, reconcileIsUnfinished } from "./artifacts/reconcile.ts";
import { sweep } from "./artifacts/sweep.ts";
import { type Context, createContext } from "./context.ts";
import type { Env } from "./env.ts";

export type * from "./rpc/inputs.ts";
export type { Refusal } from "./rpc/refusal.ts";
export { RegistryService } from "./rpc.ts";
export { MirrorWorkflow } from "./workflows.ts";

/** The trigger of the sweep in wrangler.toml; the other one is the daily comparison. */
const SWEEP_CRON = "*/5 * * * *";

export default {
  fetch: app.fetch,

  /** Cron: the sweep, the seals of the audit, the next stretch of a comparison that stopped midway, a recheck; or the daily comparison. */
  async scheduled(controller, env, execution) {
    const ctx = createContext(env, {
      actor: { kind: "cron", schedule: controller.cron },
      requestId: crypto.randomUUID(),
      waitUntil: (work) => execution.waitUntil(work),
    });
    const isSweep = controller.cron === SWEEP_CRON;
    if (isSweep) await sweepAndSeal(ctx);
    if (!isSweep || (await reconcileIsUnfinished(ctx))) await reconcile(ctx);
    // Last, because it may be cut off by the CPU time or the number of calls that an invocation has.
    if (isSweep) await recheckUploads(ctx);
  },
} satisfies ExportedHandler<Env>;

/** A sweep that fails does not keep the audit from being sealed. */
async function sweepAndSeal(ctx: Context): Promise<void> {
  try {
    await sweep(ctx);
  } finally {
    await sealAudit(ctx);
  }
}
