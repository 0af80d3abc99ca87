/**
 * Search by pattern, in id order, page by page.
 *
 * Invariant: what is found is exactly what the engine finds in name, source id and card of every artifact; the index only
 * spares looking where nothing can be. One request takes a bounded number of steps: where they are used up, the page ends
 * early and its cursor says where to go on.
 */

import type { Context } from "../context.ts";
import { cursorAfter } from "../lib/paging.ts";
import {
  PAGE_SIZE,
  README_KEPT_BYTES,
  SEARCH_MAX_CANDIDATES,
  SEARCH_MAX_CARDS,
  SEARCH_MAX_MS,
  SEARCH_MAX_STEPS,
  SEARCH_PIECE_CARDS,
  SEARCH_PIECE_CHARS,
} from "../limits.ts";
import { type CandidateRow, type CardRow, selectCandidates, selectCards } from "../store/search.ts";
import { rowsOf } from "../store/statements.ts";
import type { Pattern } from "./pattern.ts";

/** What was found, ascending id, and the cursor after it if there may be more. */
export interface Found {
  rows: CandidateRow[];
  next?: string;
}

/** What one request may still spend. */
interface Budget {
  candidates: number;
  cards: number;
  /** See src/search/cost.ts. */
  steps: number;
  /** Candidates in the next piece: fewer where cards are long. */
  piece: number;
}

/** Finds up to `limit` artifacts that a pattern occurs in, beginning after the id `after`. */
export async function findByPattern(ctx: Context, pattern: Pattern, after: number, limit: number): Promise<Found> {
  const rows: CandidateRow[] = [];
  const budget: Budget = {
    candidates: SEARCH_MAX_CANDIDATES,
    cards: SEARCH_MAX_CARDS,
    steps: SEARCH_MAX_STEPS,
    piece: Math.floor(SEARCH_PIECE_CHARS / README_KEPT_BYTES),
  };
  const started = Date.now();
  for (let from = after; ; ) {
    const candidates = rowsOf<CandidateRow>(await selectCandidates(ctx.db, pattern.index, from, PAGE_SIZE).all());
    for (let at = 0; at < candidates.length; ) {
      const { matching, verified } = await verify(ctx, pattern, candidates.slice(at, at + budget.piece), budget);
      rows.push(...matching);
      at += verified;
      from = candidates[at - 1]?.id ?? from;
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      if (last) return { rows: rows.slice(0, limit), next: cursorAfter(last.id) };
      const isLast = candidates.length < PAGE_SIZE && at >= candidates.length;
      // The clock of a Worker moves only while it waits for something: here, since the cards were read.
      const isLate = Date.now() - started > SEARCH_MAX_MS;
      if ((isLate || isSpent(budget)) && !isLast) return { rows, next: cursorAfter(from) };
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
  const found = new Set<number>();
  const others: number[] = [];
  const forCards = budget.steps / 2;
  let verified = 0;
  for (const { id, name, source } of candidates) {
    if (verified > 0 && budget.steps <= forCards) break;
    verified += 1;
    if (pattern.test(name, budget) || pattern.test(source, budget)) found.add(id);
    else others.push(id);
  }
  if (others.length > 0) {
    const cards = new Map(
      rowsOf<CardRow>(await selectCards(ctx.db, others).all()).map(({ artifact_id, text }) => [artifact_id, text]),
    );
    let chars = 0;
    for (const card of cards.values()) chars += card.length;
    // Reading is work too, of the database and of what it hands over.
    budget.steps -= chars;
    budget.piece = pieceFor(chars / others.length);
    for (const [index, { id }] of candidates.slice(0, verified).entries()) {
      if (found.has(id)) continue;
      const card = cards.get(id) ?? "";
      if (index > 0 && budget.steps < pattern.most(card.length)) {
        verified = index;
        budget.steps = 0;
        break;
      }
      budget.cards -= 1;
      if (pattern.test(card, budget)) found.add(id);
    }
  }
  budget.candidates -= verified;
  return { matching: candidates.slice(0, verified).filter(({ id }) => found.has(id)), verified };
}

/** How many cards of an average length are read at once. */
function pieceFor(averageLength: number): number {
  return Math.max(1, Math.min(SEARCH_PIECE_CARDS, Math.floor(SEARCH_PIECE_CHARS / Math.max(1, averageLength))));
}
