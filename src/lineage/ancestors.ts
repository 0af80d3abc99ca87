/** The ancestors of an artifact as a list, nearest first: what a graph of edges says about generations. */

import type { EdgeRow } from "../store/lineage.ts";

/** One ancestor, at its smallest depth. */
export interface Ancestor {
  /** The registered artifact; absent for one that is not registered. */
  id?: number;
  /** For comparing: the source id in lower case. */
  key: string;
  /** The source id as the edge spells it. */
  source: string;
  /** 1 for a parent. */
  depth: number;
  /** The artifacts whose edges name it. */
  children: number[];
}

/**
 * Walks the edges up from an artifact, generation by generation. Cycle-safe: each ancestor once, never the artifact itself.
 *
 * @param edges as `selectEdgesAbove` returns them
 */
export function nearestAncestors(edges: readonly EdgeRow[], rootId: number, maxDepth: number): Ancestor[] {
  const above = Map.groupBy(edges, (edge) => edge.child_id);
  const found = new Map<string, Ancestor>();
  let generation = [rootId];
  for (let depth = 1; depth <= maxDepth && generation.length > 0; depth += 1) {
    const next: number[] = [];
    for (const child of generation) {
      for (const { parent_id, parent_key: key, parent_source: source } of above.get(child) ?? []) {
        if (parent_id === rootId) continue;
        const known = found.get(key);
        if (known !== undefined) {
          known.children.push(child);
          continue;
        }
        found.set(key, { ...(parent_id !== null && { id: parent_id }), key, source, depth, children: [child] });
        if (parent_id !== null) next.push(parent_id);
      }
    }
    generation = next;
  }
  return [...found.values()];
}
