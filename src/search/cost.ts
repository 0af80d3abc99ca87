/**
 * What a compiled pattern costs the engine, before it is run and while it runs.
 *
 * The engine (re2js) walks a text with a DFA that it builds as it goes. Where that becomes too large it starts again with an
 * NFA, which pays for every live instruction at every character. So there are two kinds of pattern that are cheap on every
 * text: those whose whole DFA is small, and those of which few instructions can be live at once. All others are refused.
 *
 * A step is about 10 ns of CPU: what the DFA takes for one character. Steps are counted, never timed, so that the same
 * search always ends at the same place.
 */

import type { RE2JS } from "re2js";
import { REGEX_DFA_MAX_WORK, REGEX_MAX_INSTRUCTIONS, REGEX_MAX_LIVE, REGEX_MAX_RANGES } from "../limits.ts";
import {
  ALT,
  ALT_MATCH,
  BEGIN_TEXT,
  CAPTURE,
  EMPTY_WIDTH,
  END_OF_TEXT,
  type Engine,
  engineOf,
  FOLD_CASE,
  type Instruction,
  MATCH,
  NOP,
  RUNE,
  RUNE_ANY_NOT_NL,
  UNANCHORED,
  WORD_BOUNDARIES,
} from "./engine.ts";

/** Steps of a test that no text is too short for. */
const STEPS_PER_TEST = 100;
/** Steps of building a state of the DFA, for each of its instructions. */
const STEPS_PER_STATE_INSTRUCTION = 16;
/** Steps of the NFA for a live instruction and a character. */
const STEPS_PER_LIVE_INSTRUCTION = 3;
/** Memory of a DFA that may become too large. The engine's usual 8 MB take 150 ms to fill, and that again for each text. */
const LARGE_DFA_BYTES = 256 * 1024;
/** Memory of a small one: twice what it can need. */
const SMALL_DFA_BYTES = 2 * 1024 * 1024;
/** What the engine counts for a state, beside 8 bytes for each of its instructions and each class of characters. */
const STATE_BYTES = 200;

/** What is left of something that is counted down. */
export interface Meter {
  steps: number;
}

/** A program whose work is counted. */
export interface CountedProgram {
  /** Whether it occurs in a text; takes the work off `meter.steps`, which may become negative. */
  test(text: string, meter: Meter): boolean;
  /** The most steps that a test of so many UTF-16 units takes. */
  most(length: number): number;
}

/**
 * Counts what a program costs.
 *
 * @returns the program with its bounds, or why it is refused: a sentence for the caller
 */
export function countCost(program: RE2JS): CountedProgram | { refused: string } {
  const engine = engineOf(program);
  // A literal is searched for as a string.
  if (engine.prefixComplete) return counted(program, engine, 0);
  const { inst } = engine.prog;
  if (inst.length > REGEX_MAX_INSTRUCTIONS) {
    return { refused: `It compiles to ${inst.length} instructions, and the most is ${REGEX_MAX_INSTRUCTIONS}.` };
  }
  if (inst.reduce((sum, { runes }) => sum + runes.length, 0) > 2 * REGEX_MAX_RANGES) {
    return { refused: `Its character classes have more than ${REGEX_MAX_RANGES} ranges in all.` };
  }
  const groups = groupCharacters(engine);
  if (hasSmallDfa(engine, groups)) return counted(program, engine, 0);
  const live = mostLive(engine, groups);
  if (live > REGEX_MAX_LIVE) {
    return {
      refused: `One character may keep ${live} instructions busy, and the most is ${REGEX_MAX_LIVE}: use shorter repeats or fewer alternatives.`,
    };
  }
  return counted(program, engine, live);
}

/** Puts counters into the engine. `live` is 0 where its DFA never becomes too large. */
function counted(program: RE2JS, engine: Engine, live: number): CountedProgram {
  let taken = 0;
  if (!engine.prefixComplete) {
    const { dfa } = engine;
    dfa.stateBudget = live === 0 ? SMALL_DFA_BYTES : LARGE_DFA_BYTES;
    // States from before are not counted in the new budget.
    dfa.clearCache();
    const { closure, match } = dfa;
    dfa.closure = (instructions, flag) => {
      const reached = closure.call(dfa, instructions, flag);
      taken += reached.pcs.length * STEPS_PER_STATE_INSTRUCTION;
      return reached;
    };
    let length = 0;
    dfa.match = (...args) => {
      const found = match.apply(dfa, args);
      length = (args[0] as { endPos(): number }).endPos();
      // The NFA starts again from the beginning.
      if (found === null) taken += length * Math.max(1, live) * STEPS_PER_LIVE_INSTRUCTION;
      return found;
    };
  }
  return {
    test: (text, meter) => {
      taken = STEPS_PER_TEST + text.length;
      const found = program.test(text);
      meter.steps -= taken;
      return found;
    },
    most: (length) => STEPS_PER_TEST + length * (1 + live * STEPS_PER_LIVE_INSTRUCTION),
  };
}

/** Characters that every instruction of a program treats alike: one of them, and how many classes of the DFA they are. */
interface Group {
  codePoint: number;
  characterClass: number;
  classes: number;
  /** The instructions that a character of the group goes past. */
  matching: number[];
}

function isRune({ op }: Instruction): boolean {
  return op >= RUNE && op <= RUNE_ANY_NOT_NL;
}

/** Instructions with the same characters, as one; a repeat copies its class for each of its turns. */
function distinctSets(inst: readonly Instruction[]): { of: Instruction; members: number[] }[] {
  const sets = new Map<string, { of: Instruction; members: number[] }[]>();
  inst.forEach((one, pc) => {
    if (!isRune(one)) return;
    const { op, arg, runes } = one;
    const key = `${op} ${arg & FOLD_CASE} ${runes.length} ${runes[0]} ${runes.at(-1)}`;
    const alike = sets.get(key) ?? [];
    const same = alike.find(({ of }) => of.runes.every((rune, index) => rune === runes[index]));
    if (same) same.members.push(pc);
    else sets.set(key, [...alike, { of: one, members: [pc] }]);
  });
  return [...sets.values()].flat();
}

function groupCharacters({ prog: { inst }, dfa }: Engine): Group[] {
  const sets = distinctSets(inst);
  const asksForWords = inst.some(({ op, arg }) => op === EMPTY_WIDTH && (arg & WORD_BOUNDARIES) !== 0);
  const groups = new Map<string, Group>();
  for (let characterClass = 0; characterClass <= dfa.classBounds.length; characterClass += 1) {
    const codePoint = characterClass === 0 ? 0 : (dfa.classBounds[characterClass - 1] ?? 0);
    const matched = sets.filter(({ of }) => of.matchRune(codePoint));
    const isWord = asksForWords && /\w/.test(String.fromCodePoint(Math.min(codePoint, 0x10ffff)));
    const key = `${codePoint === 10} ${isWord} ${matched.map(({ members }) => members[0]).join()}`;
    const group = groups.get(key);
    if (group) group.classes += 1;
    else {
      const matching = matched.flatMap(({ members }) => members);
      groups.set(key, { codePoint, characterClass, classes: 1, matching });
    }
  }
  return [...groups.values()];
}

/** Whether building the whole DFA, every state for every class of characters, stays within bounds of work and memory. */
function hasSmallDfa({ dfa }: Engine, groups: readonly Group[]): boolean {
  const start = dfa.start({ context: () => BEGIN_TEXT, step: () => END_OF_TEXT }, 0);
  if (start === null) return false;
  const states = new Set([start]);
  let work = 0;
  let bytes = 0;
  for (const state of states) {
    bytes += STATE_BYTES + 8 * (state.nfaStates.length + dfa.classBounds.length + 2);
    if (bytes > SMALL_DFA_BYTES / 2) return false;
    for (const { characterClass, codePoint, classes } of groups) {
      const next = dfa.step(state, characterClass, codePoint, UNANCHORED);
      if (next === null) return false;
      work += classes * (1 + next.nfaStates.length);
      if (work > REGEX_DFA_MAX_WORK) return false;
      // The search ends with a match.
      if (!next.isMatch) states.add(next);
    }
  }
  return true;
}

/** The most instructions that can be live after a character, each weighed by what it costs the NFA. */
function mostLive({ prog: { inst, start } }: Engine, groups: readonly Group[]): number {
  const ends = endingInstructions(inst);
  const weigh = (one: Instruction | undefined) => {
    if (one === undefined || !isRune(one)) return 1;
    if ((one.arg & FOLD_CASE) !== 0) return 3;
    return one.runes.length > 8 ? 2 : 1;
  };
  return Math.max(
    ...groups.map(({ matching }) => {
      const outs = matching.map((pc) => inst[pc]?.out ?? 0).filter((pc) => !ends.has(pc));
      return [...reach(inst, [start, ...outs])].reduce((sum, pc) => sum + weigh(inst[pc]), 0);
    }),
  );
}

/** Instructions that some may lead to without a character. */
function reach(inst: readonly Instruction[], from: readonly number[]): Set<number> {
  const reached = new Set(from);
  for (const pc of reached) {
    const one = inst[pc];
    if (!one) continue;
    if (one.op === ALT || one.op === ALT_MATCH) reached.add(one.out).add(one.arg);
    if (one.op === NOP || one.op === CAPTURE || one.op === EMPTY_WIDTH) reached.add(one.out);
  }
  return reached;
}

/** Instructions that lead to the end of the search without a character or a condition such as `^`: found from the end on. */
function endingInstructions(inst: readonly Instruction[]): Set<number> {
  const before = new Map<number, number[]>();
  const add = (to: number, from: number) => {
    const known = before.get(to);
    if (known) known.push(from);
    else before.set(to, [from]);
  };
  inst.forEach(({ op, out, arg }, pc) => {
    if (op === ALT || op === ALT_MATCH || op === NOP || op === CAPTURE) add(out, pc);
    if (op === ALT || op === ALT_MATCH) add(arg, pc);
  });
  const ending = new Set(inst.flatMap(({ op }, pc) => (op === MATCH ? [pc] : [])));
  for (const pc of ending) for (const earlier of before.get(pc) ?? []) ending.add(earlier);
  return ending;
}
