/** May this model be used in that project? (contract: POST /artifact/model/{id}/license-check) */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { conditionsOf, type LicenseConditions } from "../license/conditions.ts";
import { type AncestorLicense, checkEffective, effectiveLicense } from "../license/effective.ts";
import { formatLicense, parseLicense } from "../license/spdx.ts";
import { ANCESTOR_MAX_DEPTH, LINEAGE_MAX_NODES } from "../limits.ts";
import { type Ancestor, nearestAncestors } from "../lineage/ancestors.ts";
import { createGitHub } from "../sources/github.ts";
import { isUploadKey, parseSource } from "../sources/source-url.ts";
import { causeOf } from "../sources/upstream.ts";
import { type EdgeRow, type NodeRow, selectEdgesAbove, selectNodes } from "../store/lineage.ts";
import { rowsOf } from "../store/statements.ts";
import { isModelEvidence } from "../trust/evidence.ts";
import { ancestorsInEvidence } from "../trust/metrics/license.ts";
import { getArtifactRow } from "./find.ts";
import { upstreamOf } from "./ingest.ts";
import { readKeptEvidence } from "./kept-evidence.ts";

/** Zips that one check opens for the evidence on unregistered ancestors, nearest first: each is a call to the bucket or two. */
const EVIDENCE_READS_MAX = 8;

/** The answer with its reasons. Licences as SPDX expressions; `NONE` is no licence, `NOASSERTION` one that is not identified. */
export interface LicenseCheck {
  compatible: boolean;
  /** What the model itself states. */
  model_license: string;
  /** What it states AND what its declared ancestors state. */
  license_effective: string;
  project_license: string;
  /** Ancestors whose licence the project or the model's own statement does not keep to; ids as in a lineage. */
  license_conflict: string[];
  /** Ancestors whose licence is not known, which did not count; ids as in a lineage. */
  license_unknown: string[];
  /** What each of the effective licences asks for. */
  conditions: LicenseConditions[];
  reasons: string[];
}

/** Which project, as its URL on GitHub; `model` leaves the ancestors out; with or without reasons. */
export interface LicenseQuestion {
  github_url: string;
  scope: "model" | "lineage";
  explain: boolean;
}

/**
 * Holds a model's effective licence against a project's on GitHub; with `scope: "model"` only what it states itself.
 *
 * @throws RegistryError `artifact_not_found`, `invalid_github_url`, `project_not_found`, `license_unavailable`
 */
export async function checkLicense(
  ctx: Context,
  id: number,
  { github_url: url, scope, explain }: LicenseQuestion,
): Promise<boolean | LicenseCheck> {
  permit(ctx, "artifact:read");
  const repository = readRepository(url);
  const model = await getArtifactRow(ctx, { type: "model", id });
  const [project, ancestors] = await Promise.all([
    fetchProjectLicense(ctx, repository),
    scope === "model" ? [] : ancestorLicenses(ctx, id),
  ]);
  const effective = effectiveLicense({ source: model.source, licenses: storedLicenses(model) }, ancestors);
  const { compatible, reasons, license_conflict } = checkEffective(effective, project);
  if (!explain) return compatible;
  return {
    compatible,
    model_license: formatLicense(effective.own),
    license_effective: formatLicense(effective.expression),
    project_license: formatLicense(parseLicense(project)),
    license_conflict,
    license_unknown: effective.unknown.map((ancestor) => ancestor.id),
    conditions: conditionsOf(effective.expression),
    reasons,
  };
}

/**
 * The declared ancestors of a model with their licences: of those that are registered the stored one, resolved now; of the
 * others what upstream said when their child was registered or updated, as the evidence in the child's zip has it.
 */
async function ancestorLicenses(ctx: Context, id: number): Promise<AncestorLicense[]> {
  const edges = rowsOf<EdgeRow>(await selectEdgesAbove(ctx.db, id, ["model"], LINEAGE_MAX_NODES).all());
  const ancestors = nearestAncestors(edges, id, ANCESTOR_MAX_DEPTH);
  if (ancestors.length === 0) return [];
  const ids = [id, ...ancestors.flatMap((ancestor) => ancestor.id ?? [])];
  const nodes = new Map(rowsOf<NodeRow>(await selectNodes(ctx.db, ids).all()).map((node) => [node.id, node]));
  const registered = ancestors.map(({ id: node, source, depth }): AncestorLicense => {
    const row = node === undefined ? undefined : nodes.get(node);
    if (row === undefined) return { source, depth };
    return { source: row.source, depth, id: String(row.id), licenses: storedLicenses(row) };
  });
  return [...registered, ...(await externalLicenses(ctx, ancestors, nodes))];
}

/** What kept evidence says of ancestors that are not registered, and of their own parents. */
async function externalLicenses(
  ctx: Context,
  ancestors: readonly Ancestor[],
  nodes: ReadonlyMap<number, NodeRow>,
): Promise<AncestorLicense[]> {
  const depths = new Map(ancestors.map((ancestor) => [ancestor.id, ancestor.depth]));
  const children = new Set(ancestors.flatMap((ancestor) => (ancestor.id === undefined ? ancestor.children : [])));
  const rows = [...children].slice(0, EVIDENCE_READS_MAX).flatMap((child) => nodes.get(child) ?? []);
  const registered = new Set([...nodes.values()].map((node) => node.source_key));
  const known = await Promise.all(
    rows.map(async (row) => {
      // an upload keeps no evidence
      const evidence = isUploadKey(row.source_key) ? undefined : await readKeptEvidence(ctx, row);
      if (evidence === undefined || !isModelEvidence(evidence)) return [];
      const below = depths.get(row.id) ?? 0;
      return ancestorsInEvidence(evidence).map((ancestor) => ({ ...ancestor, depth: ancestor.depth + below }));
    }),
  );
  // what is registered was resolved: its own row and its own edges speak for it
  return known.flat().filter(({ source }) => !registered.has(source.toLowerCase()));
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
