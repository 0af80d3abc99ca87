/**
 * The unpickling machine without its effects.
 *
 * Invariant: whatever is imported, called, changed or asked of the loader is judged by the rules of `imports.ts`; what
 * cannot be told counts as the worst. Where the real machine would stop with an error, so does this one.
 */

import { PICKLE_MAX_MEMO } from "../../limits.ts";
import type { FindingCode } from "../findings.ts";
import { Judge } from "./judge.ts";
import { Bound, Malformed, PickleStack } from "./stack.ts";
import { dictOf, KEPT_ITEMS_MAX, listOf, tupleOf, UNKNOWN, type Value } from "./values.ts";

/** Takes a finding. */
export type Report = (code: FindingCode, detail: string) => void;

/** How far beyond its number of entries a memo may be numbered: a reader makes room for as many as the number says. */
const MEMO_GAP_MAX = 100_000;

/** Stack and memo. Its methods are the opcodes' effects. */
export class PickleMachine extends PickleStack {
  readonly judge: Judge;
  #memo = new Map<number, Value>();

  constructor(report: Report) {
    super();
    this.judge = new Judge(report);
  }

  /** Begins another pickle: nothing is left of the one before. */
  override reset(): void {
    super.reset();
    this.#memo = new Map();
  }

  pushList(): void {
    this.make(listOf());
  }

  pushDict(): void {
    this.make(dictOf());
  }

  pushSet(): void {
    this.make({ kind: "set" });
  }

  /** Makes a tuple of the last values. */
  tuple(count: number): void {
    const items: Value[] = [];
    for (let left = count; left > 0; left -= 1) items.unshift(this.pop());
    this.make(this.judge.checkTuple(tupleOf(items)));
  }

  tupleMarked(): void {
    this.make(this.judge.checkTuple(tupleOf(this.popMarked())));
  }

  listMarked(): void {
    const items = this.popMarked();
    const list = listOf();
    this.judge.append(list, items);
    this.make(list);
  }

  dictMarked(): void {
    const items = this.popMarked();
    const dict = dictOf();
    this.judge.setItems(dict, items);
    this.make(dict);
  }

  frozenSetMarked(): void {
    this.judge.hash(this.popMarked());
    this.make({ kind: "frozenset" });
  }

  /** APPEND and SETITEM: the last values go into the one below. */
  append(): void {
    const item = this.pop();
    this.judge.append(this.top(), [item]);
  }

  setItem(): void {
    const value = this.pop();
    const key = this.pop();
    this.judge.setItems(this.top(), [key, value]);
  }

  appendMarked(): void {
    const items = this.popMarked();
    const list = this.top();
    if (items.length > 0) this.judge.append(list, items);
  }

  setItemsMarked(): void {
    const items = this.popMarked();
    const dict = this.top();
    if (items.length > 0) this.judge.setItems(dict, items);
  }

  addItemsMarked(): void {
    const items = this.popMarked();
    const set = this.top();
    if (items.length > 0) this.judge.addItems(set, items);
  }

  remember(key = this.#memo.size): void {
    if (this.#memo.size >= PICKLE_MAX_MEMO) throw new Bound();
    if (key > this.#memo.size + MEMO_GAP_MAX) {
      this.judge.flag("pickle_arguments", "numbers its memo so high that a reader makes room for nothing");
    }
    this.#memo.set(key, this.top());
  }

  recall(key: number): void {
    // readers stop here; some number their memo in other ways
    this.push(this.#memo.get(key) ?? UNKNOWN);
  }

  import(module: string, name: string): void {
    this.judge.import(module, name);
    this.make({ kind: "import", module, name });
  }

  importNamed(): void {
    const name = this.pop();
    const module = this.pop();
    const [as, from] = [plainText(name), plainText(module)];
    if (as !== undefined && from !== undefined) this.import(from, as);
    else this.unresolved("imports something whose name cannot be told");
  }

  /** Pushes what the reader's own registry of extensions holds, which is not known here. */
  importExtension(code: number): void {
    this.unresolved(`imports extension ${code} of the reader's own registry`);
  }

  unresolved(detail: string): void {
    this.judge.flag("pickle_unresolved", detail);
    this.push(UNKNOWN);
  }

  /** Asks the loader for an object of its own. */
  persistent(): void {
    this.make(this.judge.persistent(this.pop()));
  }

  /** REDUCE: calls with the arguments in a tuple. */
  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    this.make(this.judge.call(callee, itemsOf(args), "call"));
  }

  /** NEWOBJ, and NEWOBJ_EX with arguments by name: makes an instance of a class without its `__init__`. */
  newObject(byName: boolean): void {
    const names = byName ? this.pop() : undefined;
    const args = this.pop();
    const cls = this.pop();
    const positional = names === undefined || (names.kind === "dict" && names.length === 0);
    this.make(this.judge.call(cls, positional ? itemsOf(args) : undefined, "new"));
  }

  /** OBJ: calls the first value above the mark with the others. */
  callMarked(): void {
    const [callee, ...args] = this.popMarked();
    if (callee === undefined) throw new Malformed();
    this.make(this.judge.call(callee, args, args.length === 0 ? "new" : "call"));
  }

  /** INST: calls an import with what is above the mark. */
  callImport(module: string, name: string): void {
    // some readers import before they look for the mark
    this.judge.import(module, name);
    const args = this.popMarked();
    this.import(module, name);
    this.make(this.judge.call(this.pop(), args, args.length === 0 ? "new" : "call"));
  }

  /** Sets the state of the value below the top. */
  build(): void {
    const state = this.pop();
    this.judge.build(this.top(), state);
  }
}

/** Arguments of a call; undefined if they cannot be told. */
function itemsOf(args: Value): readonly Value[] | undefined {
  return args.kind === "tuple" && args.length <= KEPT_ITEMS_MAX ? args.items : undefined;
}

function plainText(value: Value): string | undefined {
  return value.kind === "text" && !value.escaped ? value.value : undefined;
}
