/** The exports of the Worker: its entry points. */

import { app } from "./app.ts";
import { sealAudit } from "./artifacts/audit/seal.ts";
import { recheckUploads } from "./artifacts/recheck.ts";
import { reconcile, reconcileIsUnfinished } from "./artifacts/reconcile.ts";
import { sweep } from "./artifacts/sweep.ts";
import { createContext } from "./context.ts";
import type { Env } from "./env.ts";

export type * from "./rpc/inputs.ts";
export type { Refusal } from "./rpc/refusal.ts";
export { RegistryService } from "./rpc.ts";
export { MirrorWorkflow } from "./workflows.ts";

/** The cron trigger of the sweep in wrangler.toml. The other trigger is the daily reconcile. */
const SWEEP_CRON = "*/5 * * * *";

export default {
  fetch: app.fetch,

  /**
   * Cron. Every 5 minutes: the sweep, the seal of the audit, the rest of an unfinished reconcile, a recheck of one archive that
   * was inspected by older rules. Daily: a new reconcile.
   */
  async scheduled(controller, env, execution) {
    const ctx = createContext(env, {
      actor: { kind: "cron", schedule: controller.cron },
      requestId: crypto.randomUUID(),
      waitUntil: (work) => execution.waitUntil(work),
    });
    const isSweep = controller.cron === SWEEP_CRON;
    // The audit is sealed even if the sweep fails.
    if (isSweep) await sweep(ctx).finally(() => sealAudit(ctx));
    if (!isSweep || (await reconcileIsUnfinished(ctx))) await reconcile(ctx);
    // Last, because it may be cut off by the CPU time or the number of calls that an invocation has.
    if (isSweep) await recheckUploads(ctx);
  },
} satisfies ExportedHandler<Env>;
