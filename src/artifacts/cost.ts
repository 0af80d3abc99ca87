/** What an artifact costs to download, alone and with all that it stands on (contract: GET …/cost). */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ARTIFACT_TYPES, type ArtifactRef } from "../lib/artifact.ts";
import { LINEAGE_MAX_NODES, R2_USD_PER_GB_MONTH } from "../limits.ts";
import { type EdgeRow, type NodeRow, selectEdgesAbove, selectNodes } from "../store/lineage.ts";
import { rowsOf } from "../store/statements.ts";
import { getArtifactRow } from "./find.ts";

/** Megabytes (10^6 bytes), 3 decimals. `estimated_monthly_usd`: of keeping `total_cost` in R2. */
export interface Cost {
  standalone_cost: number;
  total_cost: number;
  estimated_monthly_usd?: number;
}

/** Costs by artifact id. */
export type CostTable = Record<string, Cost>;

/**
 * The cost of an artifact and, with `dependency`, of each registered parent of it, however far: models, datasets, code. A
 * total counts each artifact once, by whatever paths it is reached.
 *
 * @throws RegistryError `artifact_not_found`, `cost_failed`
 */
export async function readCost(
  ctx: Context,
  ref: ArtifactRef,
  wanted: { dependency: boolean; currency?: "usd" | undefined },
): Promise<CostTable> {
  permit(ctx, "artifact:read");
  const root = await getArtifactRow(ctx, ref);
  const edges = wanted.dependency
    ? rowsOf<EdgeRow>(await selectEdgesAbove(ctx.db, root.id, ARTIFACT_TYPES, LINEAGE_MAX_NODES).all())
    : [];
  const ids = new Set([root.id, ...edges.flatMap((edge) => edge.parent_id ?? [])]);
  const nodes = ids.size === 1 ? [root] : rowsOf<NodeRow>(await selectNodes(ctx.db, [...ids]).all());
  const bytes = new Map(nodes.map((node) => [node.id, node.upstream_size ?? node.size]));

  const parents = Map.groupBy(edges, (edge) => edge.child_id);
  const table: CostTable = {};
  for (const id of bytes.keys()) {
    const own = megabytes(bytes.get(id));
    const reached = new Set([id]);
    for (const at of reached) {
      for (const { parent_id } of parents.get(at) ?? [])
        if (parent_id !== null && bytes.has(parent_id)) reached.add(parent_id);
    }
    const total = megabytes([...reached].reduce((sum, at) => sum + (bytes.get(at) ?? 0), 0));
    table[String(id)] = {
      standalone_cost: own,
      total_cost: total,
      ...(wanted.currency === "usd" && { estimated_monthly_usd: round((total / 1000) * R2_USD_PER_GB_MONTH, 6) }),
    };
  }
  return table;
}

function megabytes(bytes: number | undefined): number {
  if (bytes === undefined || !Number.isFinite(bytes)) throw new RegistryError("cost_failed");
  return round(bytes / 1_000_000, 3);
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
