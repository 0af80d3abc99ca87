/**
 * Judges what a pickle does with its values.
 *
 * Invariant: each call, each state, each item that is put into something either fits a rule or is a finding.
 */

import type { FindingCode } from "../findings.ts";
import { isTorchScript, ruleOf, ruleOfDotted } from "./imports.ts";
import { buildDtype } from "./numpy.ts";
import { dotted, type Rule, sizeOf } from "./shapes.ts";
import { storageOf } from "./torch.ts";
import {
  type DictValue,
  type ImportValue,
  instanceOf,
  isCollidable,
  KEPT_ITEMS_MAX,
  stepsToHash,
  type TupleValue,
  UNKNOWN,
  type Value,
} from "./values.ts";

/** Whether it is named as modules are: many a text has a line behind a bracket, which would be an import of an odd name. */
function isName({ module, name }: ImportValue): boolean {
  // of a last line without its end, some readers cut off the last character
  return NAME.test(module) && (NAME.test(name) || NAME.test(name.slice(0, -1)));
}
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}.]*$/u;

/** Different findings of one file that are reported: each is enough. */
const REPORTED_MAX = 50;

/** Bytes and steps that calls may take, for each byte of the pickle and at the beginning: each payload is copied a few times. */
const WORK_PER_BYTE = 64;
const WORK_FREE = 16 * 1024 * 1024;

/** Keys whose hashes can be told beforehand: as many that collide take some seconds. */
const COLLIDABLE_MAX = 5000;
/** Callables that take the hash of each item they are given. */
const HASHING = ["set", "frozenset", "OrderedDict", "Counter"];

/** Entries of dicts that are kept in one file to judge states by. */
const KEPT_ENTRIES_MAX = 200_000;

export class Judge {
  /** Something was imported, called or found. */
  active = false;
  /** An import was called or changed, or readers were set against each other: no text comes to that by chance. */
  called = false;
  /** Bytes of the pickle so far. */
  position = 0;
  /** Modules that were imported from. */
  readonly modules = new Set<string>();
  /** Storages that were asked of the loader: bytes that each is said to have, by its key. */
  readonly storages = new Map<string, number>();
  readonly #report: (code: FindingCode, detail: string) => void;
  readonly #reported = new Set<string>();
  #work = 0;
  #collidable = 0;
  #keptEntries = 0;
  #longestHash = 1;

  constructor(report: (code: FindingCode, detail: string) => void) {
    this.#report = report;
  }

  flag(code: FindingCode, detail: string): void {
    this.active = true;
    if (this.#reported.has(detail) || this.#reported.size >= REPORTED_MAX) return;
    this.#reported.add(detail);
    this.#report(code, detail);
  }

  /** From here on, readers see different pickles: what one of them runs is not known. */
  misread(detail: string): void {
    this.called = true;
    this.flag("pickle_unresolved", detail);
  }

  /** Judges an import. A name may be anything that a file can be called. */
  import(module: string, name: string): void {
    this.active = true;
    const whole = `${module}.${name}`;
    this.modules.add(module);
    if (isTorchScript(module, name)) this.flag("torchscript", `names ${whole}, a class of a TorchScript program`);
    else if (!ruleOf(module, name)) this.flag("pickle_import", `imports ${whole}`);
  }

  /** Judges a call, and gives what it returns. `args` is undefined if they cannot be told. */
  call(callee: Value, args: readonly Value[] | undefined, how: "call" | "new"): Value {
    this.active = true;
    this.called ||= callee.kind === "unknown" || (callee.kind === "import" && isName(callee));
    if (callee.kind !== "import") {
      this.flag("pickle_call", "calls something that is no import");
      return UNKNOWN;
    }
    const rule = ruleOf(callee.module, callee.name);
    // TorchScript's own, or what is not to be imported: found already
    if (!rule) return instanceOf(dotted(callee));
    const wrong = args ? this.#wrongCall(rule, args, how) : "with arguments that cannot be told";
    if (wrong !== undefined) {
      this.#found(rule, `calls ${dotted(callee)} ${wrong}`);
      return rule.dangerous || rule.result ? UNKNOWN : instanceOf(dotted(callee));
    }
    if (rule.work && args) this.#spend(rule.work(args) * (callee.name === "OrderedDict" ? this.#longestHash : 1));
    // what the items are is not kept: of one call they count whatever they are
    if (HASHING.includes(callee.name)) this.#countCollidable(sizeOf(args?.[0]));
    return rule.result?.(args ?? []) ?? instanceOf(dotted(callee));
  }

  #wrongCall(rule: Rule, args: readonly Value[], how: "call" | "new"): string | undefined {
    if (rule.onlyNew && how === "call") return "as no pickle of it does";
    const fits = rule.forms?.some(
      (form) => form.length === args.length && form.every((shape, at) => shape(args[at] ?? UNKNOWN)),
    );
    return fits ? rule.check?.(args) : "with arguments that no pickle of it has";
  }

  /** Judges a state that is set. */
  build(value: Value, state: Value): void {
    if (value.kind === "dtype") {
      if (!buildDtype(value, state))
        this.flag("pickle_call", "sets a state of a numpy.dtype that NumPy does not write");
      else if (value.object && value.fields) this.flag("pickle_arguments", "has records with objects in them");
      return;
    }
    if (value.kind === "import" || value.kind === "unknown") {
      this.called = true;
      this.flag("pickle_call", "changes attributes of what it imports");
      return;
    }
    const rule = value.kind === "instance" ? ruleOfDotted(value.of) : undefined;
    if (value.kind === "instance" && !rule) return;
    if (value.kind !== "instance" || value.sealed || !rule?.state?.(state)) {
      const of = value.kind === "instance" ? value.of : value.kind;
      this.#found(rule ?? {}, `sets a state of ${of} that no pickle of it has`);
      return;
    }
    value.sealed = true;
    if (rule.stateWork) this.#spend(rule.stateWork(state));
  }

  /** Judges items that are put at the end of something. */
  append(target: Value, items: readonly Value[]): void {
    let hashSteps = 0;
    for (const item of items) hashSteps += stepsToHash(item);
    this.#spend(hashSteps);
    if (target.kind === "list") {
      target.length += items.length;
      target.hashSteps += hashSteps;
      target.pairs &&= items.every(({ kind }) => kind === "list" || kind === "tuple");
    } else this.#fill(target, "append", items.length);
  }

  /** Judges keys and values that are put into something. */
  setItems(target: Value, items: readonly Value[]): void {
    this.hash(items.filter((_, at) => at % 2 === 0));
    if (items.length % 2 !== 0) this.flag("pickle_arguments", "sets a key without a value");
    if (target.kind === "dict") for (let at = 0; at + 1 < items.length; at += 2) this.#setItem(target, items, at);
    else this.#fill(target, "set", items.length / 2);
  }

  #setItem(dict: DictValue, items: readonly Value[], at: number): void {
    const [key, value] = [items[at] ?? UNKNOWN, items[at + 1] ?? UNKNOWN];
    const entries = dict.length === 0 ? [] : dict.entries;
    dict.length += 1;
    dict.attributes &&= key.kind === "text" && key.value !== undefined && !key.value.startsWith("__");
    this.#keptEntries += 1;
    if (!entries || entries.length >= KEPT_ITEMS_MAX || this.#keptEntries > KEPT_ENTRIES_MAX) delete dict.entries;
    else {
      entries.push(key, value);
      dict.entries = entries;
    }
  }

  addItems(target: Value, items: readonly Value[]): void {
    this.hash(items);
    if (target.kind === "set" || (target.kind === "instance" && /^(?:builtins|__builtin__)\.set$/.test(target.of)))
      return;
    this.flag("pickle_arguments", `adds items to ${describe(target)}`);
  }

  /** Keys of which the hash is taken. */
  hash(keys: readonly Value[]): void {
    let steps = 0;
    for (const key of keys) {
      steps += stepsToHash(key);
      if (isCollidable(key)) this.#countCollidable(1);
    }
    this.#spend(steps);
  }

  #countCollidable(keys: number): void {
    this.#collidable += keys;
    if (this.#collidable > COLLIDABLE_MAX) this.flag("pickle_arguments", "has many keys whose hashes may all be one");
  }

  /** What the loader gives for a persistent id. */
  persistent(id: Value): Value {
    const storage = storageOf(id);
    if (storage) {
      this.storages.set(storage.key, Math.max(storage.rootBytes, this.storages.get(storage.key) ?? 0));
      return storage;
    }
    this.flag("pickle_arguments", "asks its loader for something that is no storage of a tensor");
    return UNKNOWN;
  }

  /** A tuple that was made: its hash may be taken where no opcode says so. */
  checkTuple(tuple: TupleValue): TupleValue {
    this.#longestHash = Math.max(this.#longestHash, tuple.hashSteps);
    return tuple;
  }

  #fill(target: Value, how: Rule["filled"], count: number): void {
    const rule = target.kind === "instance" ? ruleOfDotted(target.of) : undefined;
    if (target.kind === "instance" && !rule) return;
    if (target.kind === "instance" && rule?.filled === how && !target.sealed) target.length += count;
    // anything else runs a method of it, which it may have been given as an attribute
    else this.flag("pickle_call", `puts items into ${describe(target)}`);
  }

  #found(rule: Rule, detail: string): void {
    this.flag(rule.dangerous ? "pickle_call" : "pickle_arguments", detail);
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work <= WORK_FREE + WORK_PER_BYTE * this.position) return;
    this.flag("pickle_arguments", "makes its reader do far more than its bytes ask for");
  }
}

function describe(value: Value): string {
  if (value.kind === "instance") return value.of;
  return value.kind === "import"
    ? `the import ${dotted(value as ImportValue)}`
    : `a value that is no container (${value.kind})`;
}
