/** Whence a model comes and what came of it (contract: GET …/lineage). */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { type LineageGraph, readLineage } from "../lineage/graph.ts";
import { getArtifactRow } from "./find.ts";

/**
 * The lineage of a model.
 * @param include `datasets`: also those that it says it was trained on
 * @throws RegistryError `artifact_not_found`
 */
export async function getLineage(ctx: Context, id: number, include?: "datasets"): Promise<LineageGraph> {
  permit(ctx, "artifact:read");
  await getArtifactRow(ctx, { type: "model", id });
  return readLineage(ctx.db, id, include === "datasets" ? ["model", "dataset"] : ["model"]);
}
