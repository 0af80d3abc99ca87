/** The exports of the Worker: its entry points. */

import { app } from "./app.ts";
import { sealAudit } from "./artifacts/audit/seal.ts";
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

  /** Cron: every 5 minutes the sweep, the seal of the audit and the rest of an unfinished reconcile; daily a new reconcile. */
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
  },
} satisfies ExportedHandler<Env>;
