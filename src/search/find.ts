/**
 * Search by pattern, in id order, page by page.
 *
 * Invariant: what is found is exactly what the engine finds in name, source id and card of every artifact; the index only
 * spares looking where nothing can be. One request reads a bounded amount: where that is used up, the page ends early and
 * its cursor says where to go on.
 */

import type { Context } from "../context.ts";
import { cursorAfter } from "../lib/paging.ts";
import { PAGE_SIZE, SEARCH_CARDS_PAGE, SEARCH_MAX_CARDS, SEARCH_MAX_CHARS } from "../limits.ts";
import { type CandidateRow, type CardRow, selectCandidates, selectCards } from "../store/search.ts";
import { rowsOf } from "../store/statements.ts";
import type { Pattern } from "./pattern.ts";

/** What was found, ascending id, and the cursor behind it if there may be more. */
export interface Found {
  rows: CandidateRow[];
  next?: string;
}

/** Finds up to `limit` artifacts that a pattern occurs in, beginning behind the id `after`. */
export async function findByPattern(ctx: Context, pattern: Pattern, after: number, limit: number): Promise<Found> {
  const rows: CandidateRow[] = [];
  const budget = { cards: SEARCH_MAX_CARDS, chars: SEARCH_MAX_CHARS };
  for (let from = after; ; ) {
    const candidates = rowsOf<CandidateRow>(await selectCandidates(ctx.db, pattern.index, from, PAGE_SIZE).all());
    const { matching, readUpTo } = await verify(ctx, pattern, candidates, budget);
    rows.push(...matching);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    if (last) return { rows: rows.slice(0, limit), next: cursorAfter(last.id) };
    if (readUpTo !== undefined) return { rows, next: cursorAfter(readUpTo) };
    const end = candidates.at(-1);
    if (!end || candidates.length < PAGE_SIZE) return { rows };
    from = end.id;
  }
}

/**
 * The candidates that match. Names and sources are at hand; cards are read only for those that do not match by them.
 * `readUpTo`: the last id that was looked at, where the budget ended before the candidates did.
 */
async function verify(
  ctx: Context,
  pattern: Pattern,
  candidates: readonly CandidateRow[],
  budget: { cards: number; chars: number },
): Promise<{ matching: CandidateRow[]; readUpTo?: number }> {
  const byName = new Set(candidates.filter((row) => pattern.test(row.name) || pattern.test(row.source)));
  const others = candidates.filter((row) => !byName.has(row));
  const byCard = new Set<number>();
  let stop: number | undefined;
  for (let at = 0; at < others.length; at += SEARCH_CARDS_PAGE) {
    if (budget.cards <= 0 || budget.chars <= 0) {
      stop = (others[at]?.id ?? 0) - 1;
      break;
    }
    const ids = others.slice(at, at + SEARCH_CARDS_PAGE).map((row) => row.id);
    for (const card of rowsOf<CardRow>(await selectCards(ctx.db, ids).all())) {
      if (pattern.test(card.text)) byCard.add(card.artifact_id);
      budget.chars -= card.text.length;
    }
    budget.cards -= ids.length;
  }
  const matching = candidates.filter(
    (row) => (stop === undefined || row.id <= stop) && (byName.has(row) || byCard.has(row.id)),
  );
  return { matching, ...(stop !== undefined && { readUpTo: stop }) };
}
