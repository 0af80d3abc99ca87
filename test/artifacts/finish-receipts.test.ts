/** Receipts that are finished together: one write for many deletes, and none lost for good. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { finishReceipts } from "../../src/artifacts/finish-receipts.ts";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { RECEIPTS_OVERDUE_MS } from "../../src/limits.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, rows, unfinishedWork } from "../harness.ts";

const source = (index: number) => `https://files.example.org/receipts/item-${index}.tar`;
const open = () => rows("SELECT object_key FROM deletions WHERE finished_at IS NULL");

/** Registers some and deletes them at once, through bindings that may be faulty. */
async function deleteAtOnce(count: number, bindings: ReturnType<typeof withFaults>): Promise<number[]> {
  const healthy = createRegistry();
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => healthy.register("code", source(index))));
  const registry = createRegistry(bindings.env);
  const answers = await Promise.all(ids.map((id) => registry.call("DELETE", `/artifacts/code/${id}`)));
  return answers.map(({ status }) => status);
}

describe("receipts", () => {
  it("of deletes that come together are all finished, by no more writes than there are deletes", async () => {
    const bindings = withFaults(env);
    expect(await deleteAtOnce(24, bindings)).toEqual(Array(24).fill(200));
    expect(await open()).toEqual([]);
    expect(bindings.names.filter((name) => name === "db.batch")).toHaveLength(24);
    expect(bindings.names.filter((name) => name === "db.run").length).toBeLessThanOrEqual(24);
  });

  it("that could not be written are open, hold back no answer, and are finished by the sweep", async () => {
    const failing = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db\.run$/ });
    expect(await deleteAtOnce(5, failing)).toEqual(Array(5).fill(200));
    expect(await open()).toHaveLength(5);
    expect(await brokenInvariants()).toEqual([]);
    await createRegistry().sweep(Date.now() + 24 * 3_600_000);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("that wait for a request that has died are taken over by the next", async () => {
    const written: string[][] = [];
    const deferred: Promise<unknown>[] = [];
    let at = 0;
    const prepare = () => ({
      bind: (keys: string) => ({ run: async () => void written.push(JSON.parse(keys) as string[]) }),
    });
    const ctx = {
      config: readConfig({ ...env }),
      now: () => at,
      db: { prepare },
      defer: (work: Promise<unknown>) => deferred.push(work),
    } as unknown as Context;

    finishReceipts(ctx, ["a"]);
    finishReceipts(ctx, ["b"]);
    expect(deferred).toHaveLength(1);
    at = RECEIPTS_OVERDUE_MS;
    finishReceipts(ctx, ["c"]);
    finishReceipts(ctx, ["d"]);
    expect(deferred).toHaveLength(2);
    await Promise.all(deferred);
    expect(written.map((keys) => keys.join("")).sort()).toEqual(["ab", "abcd"]);

    finishReceipts(ctx, ["e"]);
    await Promise.all(deferred);
    expect(written.at(-1)).toEqual(["e"]);
  });
});
