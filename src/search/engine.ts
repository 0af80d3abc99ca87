/**
 * The inside of the engine (re2js) as far as it is read: fields that are not documented. The version is pinned, a program of
 * another one is refused, and test/search/cost.test.ts compares with what the engine does.
 */

import type { RE2JS } from "re2js";

/** An instruction of a program, see the engine's `Inst`. */
export interface Instruction {
  op: number;
  out: number;
  arg: number;
  runes: Int32Array;
  matchRune(codePoint: number): boolean;
}

/** A state of the DFA: instructions, and whether the search has ended. */
export interface DfaState {
  isMatch: boolean;
  nfaStates: readonly number[];
}

/** The DFA of a program, which grows while it runs. */
export interface Dfa {
  classBounds: Int32Array;
  stateBudget: number;
  clearCache(): void;
  start(input: { context(): number; step(): number }, at: number): DfaState | null;
  step(state: DfaState, characterClass: number, codePoint: number, anchor: number): DfaState | null;
  closure(instructions: Iterable<number>, flag: number): { pcs: number[] };
  match(...args: unknown[]): boolean | null;
}

/** A compiled program. */
export interface Engine {
  prog: { inst: readonly Instruction[]; start: number };
  prefixComplete: boolean;
  dfa: Dfa;
}

// Values of the engine's enumerations: Inst, RE2Flags, Utils.
export const ALT = 1;
export const ALT_MATCH = 2;
export const CAPTURE = 3;
export const EMPTY_WIDTH = 4;
export const MATCH = 6;
export const NOP = 7;
export const RUNE = 8;
export const RUNE_ANY_NOT_NL = 11;
export const FOLD_CASE = 1;
export const UNANCHORED = 0;
export const BEGIN_TEXT = 4;
export const END_OF_TEXT = -1;
export const WORD_BOUNDARIES = 16 | 32;

/**
 * The inside of a program.
 * @throws Error if another version of the engine has been installed, which has other fields
 */
export function engineOf(program: RE2JS): Engine {
  const internals: unknown = program.re2();
  if (!isEngine(internals))
    throw new Error("this version of re2js does not have the fields that the cost is counted by");
  return internals;
}

function isEngine(value: unknown): value is Engine {
  const { prog, prefixComplete, dfa } = (value ?? {}) as Partial<Engine>;
  return (
    Array.isArray(prog?.inst) &&
    typeof prefixComplete === "boolean" &&
    dfa?.classBounds instanceof Int32Array &&
    [dfa.start, dfa.step, dfa.closure, dfa.match, dfa.clearCache].every((method) => typeof method === "function") &&
    Number.isInteger(dfa.stateBudget)
  );
}
