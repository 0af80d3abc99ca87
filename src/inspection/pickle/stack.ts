/**
 * The stack of the unpickling machine: values, and marks between them.
 *
 * Invariant: what the real machine takes from its stack and does not find there is an error here, too. Texts that are kept and
 * values that are made are bounded.
 */

import { PICKLE_MAX_VALUES, PICKLE_TEXTS_MAX_CHARS } from "../../limits.ts";
import type { BytesValue, TextValue, Value } from "./values.ts";

const MARK = Symbol("mark");

/** The bytes are no pickle from here on. */
export class Malformed extends Error {}
/** A bound of the walk was reached. */
export class Bound extends Error {}

/** Pushes and drops, without effects on anything else. */
export class PickleStack {
  #stack: (Value | typeof MARK)[] = [];
  #chars = 0;
  #values = 0;

  /** Drops all that is there. */
  reset(): void {
    this.#stack = [];
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  /** Pushes a text or bytes, whose characters count towards the bound. @throws Bound */
  pushKept(value: TextValue | BytesValue): void {
    this.#chars += value.value?.length ?? 0;
    if (this.#chars > PICKLE_TEXTS_MAX_CHARS) throw new Bound();
    this.#stack.push(value);
  }

  /** Pushes a value that is new, and counts towards the bound. @throws Bound */
  make(value: Value): void {
    this.#values += 1;
    if (this.#values > PICKLE_MAX_VALUES) throw new Bound();
    this.#stack.push(value);
  }

  pushMark(): void {
    this.#stack.push(MARK);
  }

  duplicate(): void {
    this.#stack.push(this.top());
  }

  /** Drops one value or mark. @throws Malformed */
  dropAny(): void {
    if (this.#stack.pop() === undefined) throw new Malformed();
  }

  /** The last value, which stays. @throws Malformed for a mark, or where there is none */
  top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw new Malformed();
    return value;
  }

  /** Takes the last value. @throws Malformed for a mark, or where there is none */
  pop(): Value {
    const value = this.top();
    this.#stack.pop();
    return value;
  }

  /** Takes everything down to the last mark, and that. @throws Malformed without a mark */
  popMarked(): Value[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at === -1) throw new Malformed();
    const items = this.#stack.splice(at + 1) as Value[];
    this.#stack.pop();
    return items;
  }
}
