/**
 * Search by pattern, in id order, page by page.
 *
 * Invariant: what is found is exactly what the engine finds in name, source id and card of every artifact; the index only
 * spares looking where nothing can be. One request reads a bounded amount: where that is used up, the page ends early and
 * its cursor says where to go on.
 */

import type { Context } from "../context.ts";
import { cursorAfter } from "../lib/paging.ts";
import { PAGE_SIZE, SEARCH_MAX_CANDIDATES, SEARCH_MAX_CARDS, SEARCH_MAX_STEPS, SEARCH_STRETCH } from "../limits.ts";
import { type CandidateRow, type CardRow, selectCandidates, selectCards } from "../store/search.ts";
import { rowsOf } from "../store/statements.ts";
import type { Pattern } from "./pattern.ts";

/** What was found, ascending id, and the cursor behind it if there may be more. */
export interface Found {
  rows: CandidateRow[];
  next?: string;
}

/** What one request may still spend. */
interface Budget {
  candidates: number;
  cards: number;
  /** Characters times the pattern's cost. */
  steps: number;
}

/** Finds up to `limit` artifacts that a pattern occurs in, beginning behind the id `after`. */
export async function findByPattern(ctx: Context, pattern: Pattern, after: number, limit: number): Promise<Found> {
  const rows: CandidateRow[] = [];
  const budget: Budget = { candidates: SEARCH_MAX_CANDIDATES, cards: SEARCH_MAX_CARDS, steps: SEARCH_MAX_STEPS };
  for (let from = after; ; ) {
    const candidates = rowsOf<CandidateRow>(await selectCandidates(ctx.db, pattern.index, from, PAGE_SIZE).all());
    for (let at = 0; at < candidates.length; ) {
      const { matching, verified } = await verify(ctx, pattern, candidates.slice(at, at + SEARCH_STRETCH), budget);
      rows.push(...matching);
      at += verified;
      from = candidates[at - 1]?.id ?? from;
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      if (last) return { rows: rows.slice(0, limit), next: cursorAfter(last.id) };
      const isLast = candidates.length < PAGE_SIZE && at >= candidates.length;
      if (isSpent(budget) && !isLast) return { rows, next: cursorAfter(from) };
    }
    if (candidates.length < PAGE_SIZE) return { rows };
  }
}

function isSpent({ candidates, cards, steps }: Budget): boolean {
  return Math.min(candidates, cards, steps) <= 0;
}

/**
 * The candidates that match, among as many as the budget is enough for, and at least one: `verified` counts them from the
 * first on. Names and sources are at hand; cards are read only for those that do not match by them.
 */
async function verify(
  ctx: Context,
  pattern: Pattern,
  candidates: readonly CandidateRow[],
  budget: Budget,
): Promise<{ matching: CandidateRow[]; verified: number }> {
  const test = (text: string) => {
    budget.steps -= text.length * pattern.cost;
    return pattern.test(text);
  };
  const found = new Set<number>();
  const others: number[] = [];
  const forCards = budget.steps / 2;
  let verified = 0;
  for (const { id, name, source } of candidates) {
    if (verified > 0 && budget.steps <= forCards) break;
    verified += 1;
    if (test(name) || test(source)) found.add(id);
    else others.push(id);
  }
  if (others.length > 0) {
    const cards = new Map(
      rowsOf<CardRow>(await selectCards(ctx.db, others).all()).map(({ artifact_id, text }) => [artifact_id, text]),
    );
    for (const [index, { id }] of candidates.slice(0, verified).entries()) {
      if (found.has(id)) continue;
      if (index > 0 && budget.steps <= 0) {
        verified = index;
        break;
      }
      budget.cards -= 1;
      const card = cards.get(id);
      if (card !== undefined && test(card)) found.add(id);
    }
  }
  budget.candidates -= verified;
  return { matching: candidates.slice(0, verified).filter(({ id }) => found.has(id)), verified };
}
