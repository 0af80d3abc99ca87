/**
 * The unpickling machine without its effects.
 *
 * Invariant: what is on the stack and in the memo is followed just so far that the operands of an import by name are known;
 * whatever is imported or called is judged, and what cannot be told counts as the worst. Where the real machine would stop
 * with an error, so does this one.
 */

import { PICKLE_MAX_MEMO, PICKLE_NAME_MAX_BYTES, PICKLE_TEXTS_MAX_CHARS } from "../../limits.ts";
import type { FindingCode } from "../findings.ts";
import { handsBack, isAllowedImport } from "./imports.ts";

/** Takes a finding. */
export type Report = (code: FindingCode, detail: string) => void;

/** A value, as far as it matters: a text that may name something, an import, what may be one, anything else. */
type Value = { text: string } | { module: string; name: string } | typeof MARK | typeof MAYBE_IMPORT | typeof OTHER;
const MARK = Symbol("mark");
const MAYBE_IMPORT = Symbol("maybe an import");
const OTHER = Symbol("other");

/** The bytes are no pickle from here on. */
export class Malformed extends Error {}
/** A bound of the walk was reached. */
export class Bound extends Error {}

/** A dotted name of Python's. */
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}.]*$/u;

/** Different findings of one file that are reported: each is enough. */
const REPORTED_MAX = 50;

/** Stack, memo and judgement. Its methods are the opcodes' effects. */
export class PickleMachine {
  /** Something was imported or called. */
  active = false;
  /** An import was called or changed, or readers were set against each other: no text comes to that by chance. */
  called = false;
  readonly #report: Report;
  readonly #doubtful: boolean;
  readonly #reported = new Set<string>();
  #stack: Value[] = [];
  #memo = new Map<number, Value>();
  #chars = 0;

  /** @param doubtful the bytes may be no pickle at all: they are none where they import what cannot be a name */
  constructor(report: Report, doubtful = false) {
    this.#report = report;
    this.#doubtful = doubtful;
  }

  /** Begins another pickle: nothing is left of the one before. */
  reset(): void {
    this.#stack = [];
    this.#memo = new Map();
  }

  push(): void {
    this.#stack.push(OTHER);
  }

  pushText(text: string): void {
    this.#chars += text.length;
    if (this.#chars > PICKLE_TEXTS_MAX_CHARS) throw new Bound();
    this.#stack.push(text.length > PICKLE_NAME_MAX_BYTES ? OTHER : { text });
  }

  pushMark(): void {
    this.#stack.push(MARK);
  }

  /** Drops values, none of which is a mark. */
  drop(count = 1): void {
    for (let left = count; left > 0; left -= 1) this.#pop();
  }

  /** Drops one value or mark. */
  dropAny(): void {
    if (this.#stack.pop() === undefined) throw new Malformed();
  }

  dropMarked(): void {
    this.#popMarked();
  }

  duplicate(): void {
    this.#stack.push(this.#top());
  }

  /** Makes one value of the last ones. */
  fold(count: number): void {
    this.drop(count);
    this.push();
  }

  foldMarked(): void {
    this.#popMarked();
    this.push();
  }

  remember(key = this.#memo.size): void {
    if (this.#memo.size >= PICKLE_MAX_MEMO) throw new Bound();
    this.#memo.set(key, this.#top());
  }

  recall(key: number): void {
    this.#stack.push(this.#memo.get(key) ?? OTHER);
  }

  import(module: string, name: string): void {
    // of a last line without its end, some readers cut off the last character
    const isName = NAME.test(module) && (NAME.test(name) || NAME.test(name.slice(0, -1)));
    if (this.#doubtful && !isName) throw new Malformed();
    this.active = true;
    if (!isAllowedImport(module, name)) this.flag("pickle_import", `imports ${module}.${name}`);
    this.#stack.push({ module, name });
  }

  importNamed(): void {
    const name = this.#pop();
    const module = this.#pop();
    if (isText(name) && isText(module)) this.import(module.text, name.text);
    else this.unresolved("imports something whose name cannot be told");
  }

  /** Pushes what the reader's own registry of extensions holds, which is not known here. */
  importExtension(code: number): void {
    this.unresolved(`imports extension ${code} of the reader's own registry`);
  }

  unresolved(detail: string): void {
    this.active = true;
    this.flag("pickle_unresolved", detail);
    this.#stack.push(MAYBE_IMPORT);
  }

  /** From here on, readers see different pickles: what one of them runs is not known. */
  misread(detail: string): void {
    this.called = true;
    this.flag("pickle_unresolved", detail);
  }

  /** Calls what is on the stack below so many arguments. */
  call(args: number): void {
    this.drop(args);
    this.#called(this.#pop());
  }

  /** Whether values can be taken down to a mark. */
  get hasMark(): boolean {
    // from the top: from the bottom, a deep stack would be walked through for each opcode that asks
    return this.#stack.lastIndexOf(MARK) !== -1;
  }

  /** Calls the first value above the mark with the others. */
  callMarked(): void {
    const callee = this.#popMarked();
    if (callee === undefined) throw new Malformed();
    this.#called(callee);
  }

  /** Calls an import with what is above the mark. */
  callImport(module: string, name: string): void {
    this.#popMarked();
    this.import(module, name);
    this.#called(this.#pop());
  }

  /** Sets the state of the value below the top. */
  build(): void {
    this.drop();
    const value = this.#top();
    if (!isImport(value) && value !== MAYBE_IMPORT) return;
    this.called = true;
    this.flag("pickle_call", "changes attributes of what it imports");
  }

  flag(code: FindingCode, detail: string): void {
    this.active = true;
    if (this.#reported.has(detail) || this.#reported.size >= REPORTED_MAX) return;
    this.#reported.add(detail);
    this.#report(code, detail);
  }

  #called(callee: Value): void {
    this.active = true;
    this.called ||= isImport(callee) || callee === MAYBE_IMPORT;
    if (!isImport(callee)) this.flag("pickle_call", "calls something that is no import");
    this.#stack.push(isImport(callee) && handsBack(callee.module, callee.name) ? MAYBE_IMPORT : OTHER);
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw new Malformed();
    return value;
  }

  #pop(): Value {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  /** Drops everything down to the last mark; the first value above it. */
  #popMarked(): Value | undefined {
    const at = this.#stack.lastIndexOf(MARK);
    if (at === -1) throw new Malformed();
    const first = this.#stack[at + 1];
    this.#stack.length = at;
    return first;
  }
}

function isImport(value: Value): value is { module: string; name: string } {
  return typeof value === "object" && "module" in value;
}

function isText(value: Value): value is { text: string } {
  return typeof value === "object" && "text" in value;
}
