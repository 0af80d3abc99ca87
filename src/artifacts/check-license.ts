/** May this model be used in that project? (contract: POST /artifact/model/{id}/license-check) */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { checkCompatibility } from "../license/compatibility.ts";
import { LINEAGE_MAX_NODES } from "../limits.ts";
import { createGitHub } from "../sources/github.ts";
import { parseSource } from "../sources/source-url.ts";
import { causeOf } from "../sources/upstream.ts";
import { type EdgeRow, type NodeRow, selectEdgesAbove, selectNodes } from "../store/lineage.ts";
import { rowsOf } from "../store/statements.ts";
import { getArtifactRow } from "./find.ts";
import { upstreamOf } from "./ingest.ts";

/** The answer with its reasons. Licences as SPDX expressions where they could be read. */
export interface LicenseCheck {
  compatible: boolean;
  model_license: string;
  project_license: string;
  reasons: string[];
}

/** Which project, as its URL on GitHub; `lineage` also asks the model's registered ancestors; with or without reasons. */
export interface LicenseQuestion {
  github_url: string;
  scope: "model" | "lineage";
  explain: boolean;
}

/**
 * Holds a model's licence, or with `scope: "lineage"` also those of its registered ancestors, against a project's on GitHub.
 *
 * @throws RegistryError `artifact_not_found`, `invalid_github_url`, `project_not_found`, `license_unavailable`
 */
export async function checkLicense(
  ctx: Context,
  id: number,
  { github_url: url, scope, explain }: LicenseQuestion,
): Promise<boolean | LicenseCheck> {
  permit(ctx, "artifact:read");
  const check = await compare(ctx, id, readRepository(url), scope);
  return explain ? check : check.compatible;
}

async function compare(
  ctx: Context,
  id: number,
  repository: string,
  scope: LicenseQuestion["scope"],
): Promise<LicenseCheck> {
  const model = await getArtifactRow(ctx, { type: "model", id });
  const project = await fetchProjectLicense(ctx, repository);
  const own = checkCompatibility(storedLicenses(model), project);
  if (scope === "model") return own;

  const edges = rowsOf<EdgeRow>(await selectEdgesAbove(ctx.db, id, ["model"], LINEAGE_MAX_NODES).all());
  const ancestors = new Set(edges.flatMap((edge) => (edge.parent_id === null ? [] : [edge.parent_id])));
  ancestors.delete(id);
  const nodes = rowsOf<NodeRow>(await selectNodes(ctx.db, [...ancestors]).all());
  const names = new Map([...nodes, model].map((node) => [node.id, node.source]));
  const inherited = nodes.flatMap((node) => {
    const check = checkCompatibility(storedLicenses(node), project);
    if (check.compatible) return [];
    const edge = edges.find((candidate) => candidate.parent_id === node.id);
    const heirs = edge ? `${node.source} -> ${names.get(edge.child_id) ?? edge.child_id}` : node.source;
    return check.reasons.map((reason) => `${heirs}: ${reason}`);
  });
  return {
    ...own,
    compatible: own.compatible && inherited.length === 0,
    reasons: [...own.reasons, ...inherited],
  };
}

function storedLicenses(row: { license: string | null }): string[] {
  return row.license === null ? [] : (JSON.parse(row.license) as string[]);
}

/** `owner/repo` of a GitHub repository's URL, and of nothing else. */
function readRepository(url: string): string {
  try {
    const source = parseSource("code", url);
    if (source.host === "github") return source.source;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  throw new RegistryError("invalid_github_url");
}

/** The SPDX id that GitHub recognised; empty for a project that has no licence. */
async function fetchProjectLicense(ctx: Context, repository: string): Promise<string> {
  const record = await createGitHub(upstreamOf(ctx)).repository(repository);
  if (record.status === "absent") throw new RegistryError("project_not_found");
  if (record.status !== "found") {
    throw new RegistryError("license_unavailable", undefined, { extra: { reason: causeOf(record) } });
  }
  return record.value.license_spdx ?? "";
}
