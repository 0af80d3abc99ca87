/**
 * The lineage of a model as a graph (contract: GET /artifact/model/{id}/lineage): every registered ancestor and descendant,
 * however far, and the parents that are not registered as placeholders.
 *
 * Invariant: each node once, the root first, and every edge ends at two nodes of the graph; a cycle is an edge like another.
 */

import type { Database } from "../config.ts";
import { LINEAGE_MAX_NODES } from "../limits.ts";
import { type EdgeRow, type NodeRow, selectEdgesAbove, selectEdgesBelow, selectNodes } from "../store/lineage.ts";
import { rowsOf } from "../store/statements.ts";

/** A node: a registered artifact, or `external:<source id>`. `source` says where the edge that led here was read. */
export interface LineageNode {
  artifact_id: string;
  name: string;
  source: string;
  metadata?: Record<string, string | boolean>;
}

/** Parent to child. */
export interface LineageEdge {
  from_node_artifact_id: string;
  to_node_artifact_id: string;
  relationship: EdgeRow["relation"];
}

/** The contract's graph. */
export interface LineageGraph {
  nodes: LineageNode[];
  edges: LineageEdge[];
}

/** Builds the graph around a registered model. `include`: which kinds of parents are shown. */
export async function readLineage(
  db: Database,
  rootId: number,
  include: readonly ("model" | "dataset")[],
): Promise<LineageGraph> {
  const walked = await db.batch([
    selectEdgesAbove(db, rootId, include, LINEAGE_MAX_NODES),
    selectEdgesBelow(db, rootId, LINEAGE_MAX_NODES),
  ]);
  const rows = walked.flatMap((result) => rowsOf<EdgeRow>(result));
  const ids = new Set([rootId, ...rows.flatMap((row) => [row.child_id, row.parent_id ?? rootId])]);
  const known = rowsOf<NodeRow>(await selectNodes(db, [...ids]).all());
  const byId = new Map(known.map((node) => [node.id, node]));

  const nodes = new Map<string, LineageNode>();
  const edges = new Map<string, LineageEdge>();
  const spellings = new Map<string, string>();
  const details = new Map(rows.toReversed().flatMap(({ child_id, detail }) => (detail ? [[child_id, detail]] : [])));
  const add = (id: string, source: string, node: NodeRow | undefined, name = node?.name ?? "") => {
    if (nodes.has(id)) return true;
    if (nodes.size >= LINEAGE_MAX_NODES) return false;
    const detail = node && details.get(node.id);
    const metadata = node ? { ...facts(node), ...(detail !== undefined && { detail }) } : { external: true };
    nodes.set(id, { artifact_id: id, name, source, metadata });
    return true;
  };
  const root = byId.get(rootId);
  // A root without parents was read nowhere but in the registry.
  if (root) add(String(rootId), rows.find((row) => row.child_id === rootId)?.read_from ?? "registry", root);
  // What is near the root must not fall to the cap.
  for (const row of nearestFirst(rows, rootId)) {
    const child = byId.get(row.child_id);
    const parent = row.parent_id === null ? undefined : byId.get(row.parent_id);
    // One source may be spelled in several ways: the first stands for all.
    if (!spellings.has(row.parent_key)) spellings.set(row.parent_key, row.parent_source);
    const spelling = spellings.get(row.parent_key) ?? row.parent_source;
    const from = parent ? String(parent.id) : `external:${spelling}`;
    const to = String(row.child_id);
    if (!child || !add(to, row.read_from, child)) continue;
    if (!add(from, row.read_from, parent, parent?.name ?? spelling)) continue;
    edges.set(`${from}\n${to}\n${row.relation}`, {
      from_node_artifact_id: from,
      to_node_artifact_id: to,
      relationship: row.relation,
    });
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

function facts(node: NodeRow): Record<string, string> {
  return { type: node.type, source_id: node.source, ...(node.revision !== null && { sha: node.revision }) };
}

/** The edges in the order in which a walk from the root, step by step in both directions, meets them. */
function nearestFirst(rows: readonly EdgeRow[], rootId: number): EdgeRow[] {
  const touching = new Map<number, EdgeRow[]>();
  for (const row of rows) {
    for (const id of new Set([row.child_id, ...(row.parent_id === null ? [] : [row.parent_id])])) {
      const known = touching.get(id);
      if (known) known.push(row);
      else touching.set(id, [row]);
    }
  }
  const ordered = new Set<EdgeRow>();
  const seen = new Set([rootId]);
  for (const id of seen) {
    for (const row of touching.get(id) ?? []) {
      ordered.add(row);
      seen.add(row.child_id);
      if (row.parent_id !== null) seen.add(row.parent_id);
    }
  }
  return [...ordered];
}
