/**
 * Is a pattern exponential for a backtracking engine? Our engine is linear and would not mind, but clients of the registry
 * that this one replaces expect such patterns to be refused (contract, POST /artifact/byRegEx).
 *
 * A pattern is exponential if some text leads in two ways from a place of the pattern back to that place: then every further
 * copy of the text doubles the ways to try. Places are the character positions of the pattern (Glushkov's automaton, with
 * the number of ways from each to each); two ways are found in the product of the automaton with itself (Allauzen, Mohri,
 * Rastogi: "General algorithms for testing the ambiguity of finite automata", 2008, §3).
 */

import { AMBIGUITY_MAX_POSITIONS, AMBIGUITY_MAX_STEPS } from "../limits.ts";
import { type Node, type Range, readPattern } from "./syntax.ts";

/** Copies of a part that stand for a bounded repeat: enough to see two lengths of it side by side. */
const COPIES_MAX = 3;

interface Automaton {
  sets: (readonly Range[])[];
  /** From a position to the next: in how many ways, 2 meaning more than one. */
  follow: Map<number, 1 | 2>[];
}

interface Fragment {
  nullable: boolean;
  first: number[];
  last: number[];
}

class TooLarge extends Error {}

/** Whether a pattern that the engine has accepted is exponential for a backtracking engine. Gives up, saying no, on very large ones. */
export function isExponential(pattern: string): boolean {
  try {
    return hasTwoWaysBack(build(readPattern(pattern)));
  } catch (error) {
    if (error instanceof TooLarge) return false;
    throw error;
  }
}

function build(root: Node): Automaton {
  const automaton: Automaton = { sets: [], follow: [] };
  let edges = 0;
  const connect = (from: readonly number[], to: readonly number[]) => {
    edges += from.length * to.length;
    if (edges > AMBIGUITY_MAX_STEPS / 10) throw new TooLarge();
    for (const p of from) for (const q of to) automaton.follow[p]?.set(q, automaton.follow[p].has(q) ? 2 : 1);
  };
  const empty: Fragment = { nullable: true, first: [], last: [] };

  function join(left: Fragment, right: Fragment): Fragment {
    connect(left.last, right.first);
    return {
      nullable: left.nullable && right.nullable,
      first: left.nullable ? [...left.first, ...right.first] : left.first,
      last: right.nullable ? [...left.last, ...right.last] : right.last,
    };
  }

  function visit(node: Node): Fragment {
    switch (node.kind) {
      case "set": {
        if (automaton.sets.length >= AMBIGUITY_MAX_POSITIONS) throw new TooLarge();
        const position = automaton.sets.push(node.ranges) - 1;
        automaton.follow.push(new Map());
        return { nullable: false, first: [position], last: [position] };
      }
      case "concat":
        return node.parts.reduce((left, part) => join(left, visit(part)), empty);
      case "alternate": {
        const parts = node.parts.map(visit);
        return {
          nullable: parts.some((part) => part.nullable),
          first: parts.flatMap((part) => part.first),
          last: parts.flatMap((part) => part.last),
        };
      }
      case "repeat":
        return repeat(node.part, node.min, node.max);
    }
  }

  function repeat(part: Node, min: number, max: number | undefined): Fragment {
    let whole = empty;
    const required = Math.min(min, max === undefined ? 1 : COPIES_MAX - 1);
    for (let copy = 0; copy < required; copy += 1) whole = join(whole, visit(part));
    if (max === undefined) {
      // x+ loops over its one copy; x* is that, or nothing; x{2,} is x+, near enough.
      const loop = min === 0 ? visit(part) : whole;
      connect(loop.last, loop.first);
      return { ...loop, nullable: loop.nullable || min === 0 };
    }
    const optional = Math.min(max - min, COPIES_MAX - required);
    for (let copy = 0; copy < optional; copy += 1) whole = join(whole, { ...visit(part), nullable: true });
    return whole;
  }

  visit(root);
  return automaton;
}

function hasTwoWaysBack({ sets, follow }: Automaton): boolean {
  const size = sets.length;
  const overlap = memoizedOverlap(sets);
  let steps = 0;
  /** The pairs of positions that one more character leads to from a pair. */
  const next = function* (p: number, q: number): Generator<[number, number]> {
    for (const r of follow[p]?.keys() ?? []) {
      for (const s of follow[q]?.keys() ?? []) {
        steps += 1;
        if (steps > AMBIGUITY_MAX_STEPS) throw new TooLarge();
        if (overlap(r, s)) yield [r, s];
      }
    }
  };

  const edges = follow.reduce((sum, next) => sum + next.size, 0);
  if (edges * size > AMBIGUITY_MAX_STEPS * 10) throw new TooLarge();
  const back = Array.from({ length: size }, (_, p) => reachable(follow, p));
  for (let p = 0; p < size; p += 1) {
    if (!back[p]?.has(p)) continue;
    // Two edges between the same two places of a loop are two ways already.
    for (const [q, ways] of follow[p] ?? []) if (ways === 2 && back[q]?.has(p)) return true;
    if (splitsAndMeets(p, next, back)) return true;
  }
  return false;
}

/** Whether the pair (p, p) leads to a pair of two different places, and that back to (p, p). */
function splitsAndMeets(
  start: number,
  next: (p: number, q: number) => Generator<[number, number]>,
  back: readonly Set<number>[],
): boolean {
  const key = (p: number, q: number) => p * 100_000 + q;
  // Only splits count: a pair that has been apart. Apart and together again in another place also counts, once home.
  const seen = new Set<number>();
  const queue: [number, number][] = [];
  const together = new Set<number>([start]);
  for (const p of together) {
    for (const [r, s] of next(p, p)) {
      if (!back[r]?.has(start) || !back[s]?.has(start)) continue;
      if (r === s) together.add(r);
      else if (!seen.has(key(r, s))) {
        seen.add(key(r, s));
        queue.push([r, s]);
      }
    }
  }
  for (const [p, q] of queue) {
    for (const [r, s] of next(p, q)) {
      if (r === start && s === start) return true;
      if (!back[r]?.has(start) || !back[s]?.has(start) || seen.has(key(r, s))) continue;
      seen.add(key(r, s));
      queue.push([r, s]);
    }
  }
  return false;
}

/** The positions that a position leads to, over any number of characters. */
function reachable(follow: readonly Map<number, unknown>[], from: number): Set<number> {
  const reached = new Set<number>(follow[from]?.keys() ?? []);
  for (const position of reached) for (const after of follow[position]?.keys() ?? []) reached.add(after);
  return reached;
}

function memoizedOverlap(sets: readonly (readonly Range[])[]): (p: number, q: number) => boolean {
  const known = new Map<number, boolean>();
  return (p, q) => {
    const key = Math.min(p, q) * 100_000 + Math.max(p, q);
    let answer = known.get(key);
    if (answer === undefined) {
      const theirs = sets[q] ?? [];
      answer = (sets[p] ?? []).some(([from, to]) => theirs.some(([low, high]) => from <= high && low <= to));
      known.set(key, answer);
    }
    return answer;
  };
}
