/** Shapes of arguments: the words in which the table of harmless calls is written. */

import type { DtypeValue, ImportValue, IntValue, StorageValue, TextValue, TupleValue, Value } from "./values.ts";

/** Whether a value is such a one. */
export type Shape = (value: Value) => boolean;

/** What may be done with one harmless name. */
export interface Rule {
  /** Lists of arguments with which it may be called; none: it may be named only. */
  readonly forms?: readonly (readonly Shape[])[];
  /** It is made without its `__init__`, as NEWOBJ does: a call would do more. */
  readonly onlyNew?: true;
  /** What the arguments have wrong together; undefined if nothing. */
  readonly check?: (args: readonly Value[]) => string | undefined;
  /** What a call returns; an instance of it if not given. */
  readonly result?: (args: readonly Value[]) => Value;
  /** Bytes or steps that a call takes beyond a few, of which arguments decide. */
  readonly work?: (args: readonly Value[]) => number;
  /** With other arguments it reads or writes memory that is not its own, or runs what it is given. */
  readonly dangerous?: true;
  /** What may be set as the state of its instances, once. */
  readonly state?: Shape;
  /** Bytes that setting it takes. */
  readonly stateWork?: (state: Value) => number;
  /** `set` puts items into its instances, `append` adds to their end. */
  readonly filled?: "set" | "append";
}

/** It may be named, and nothing else. */
export const NAMED: Rule = {};

export const any: Shape = () => true;
export const none: Shape = (value) => value.kind === "none";
export const bool: Shape = (value) => value.kind === "bool";
export const float: Shape = (value) => value.kind === "float";
export const text: Shape = (value) => value.kind === "text";
export const dict: Shape = (value) => value.kind === "dict";
export const list: Shape = (value) => value.kind === "list";
export const tuple: Shape = (value) => value.kind === "tuple";
export const bytes: Shape = (value) => value.kind === "bytes";

/** Numbers of more bits make arithmetic slow. */
const INT_MAX_BITS = 4096;
export const int: Shape = (value) => value.kind === "int" && value.bits <= INT_MAX_BITS;

export const either =
  (...shapes: Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));

export const scalar = either(none, bool, int, float, text);
/** A flag, which Python 2 wrote as a number. */
export const flag = either(bool, (value) => isInt(value) && (value.value === 0 || value.value === 1));
export const on: Shape = (value) => (value.kind === "bool" && value.value) || (isInt(value) && value.value === 1);
export const off: Shape = (value) => (value.kind === "bool" && !value.value) || (isInt(value) && value.value === 0);

/** A number within bounds, both included. */
export const between =
  (least: number, most: number): Shape =>
  (value) =>
    isInt(value) && value.value !== undefined && value.value >= least && value.value <= most;

/** How many of something there are. */
export const count = between(0, Number.MAX_SAFE_INTEGER);

/** A text that is known and matches. */
export const matching =
  (pattern: RegExp): Shape =>
  (value) =>
    isText(value) && value.value !== undefined && pattern.test(value.value);

/** A tuple whose items are known, each of the shape. */
export const tupleOfAll =
  (shape: Shape): Shape =>
  (value) =>
    isTuple(value) && value.items?.every(shape) === true;

/** A tuple of exactly these items. */
export const tupleOfThese =
  (...shapes: Shape[]): Shape =>
  (value) =>
    isTuple(value) && value.items?.length === shapes.length && shapes.every((shape, at) => has(value, at, shape));

/** The import of that dotted name, or of one of them. */
export const named =
  (...names: string[]): Shape =>
  (value) =>
    isImport(value) && names.includes(dotted(value));

/** What a call of that name returned. */
export const instance =
  (...names: string[]): Shape =>
  (value) =>
    value.kind === "instance" && names.includes(value.of);

/** State of an ordinary object: a dict whose keys are names of attributes that Python itself gives no meaning. */
export const attributes: Shape = (value) => value.kind === "dict" && value.attributes;

/** The values of known short bytes, or of a string of Python 2. */
export function shortBytes(value: Value | undefined): string | undefined {
  return value?.kind === "bytes" || value?.kind === "text" ? value.value : undefined;
}

export function dotted({ module, name }: ImportValue): string {
  return `${module}.${name}`;
}

function has(value: TupleValue, at: number, shape: Shape): boolean {
  const item = value.items?.[at];
  return item !== undefined && shape(item);
}

export function isInt(value: Value | undefined): value is IntValue {
  return value?.kind === "int";
}

export function isBool(value: Value | undefined): boolean {
  return value?.kind === "bool";
}

export function isText(value: Value | undefined): value is TextValue {
  return value?.kind === "text";
}

export function isTuple(value: Value | undefined): value is TupleValue {
  return value?.kind === "tuple";
}

export function isImport(value: Value | undefined): value is ImportValue {
  return value?.kind === "import";
}

export function isDtype(value: Value | undefined): value is DtypeValue {
  return value?.kind === "dtype";
}

export function isStorage(value: Value | undefined): value is StorageValue {
  return value?.kind === "storage";
}

/** The numbers in a tuple of known numbers; undefined for anything else. */
export function numbersIn(value: Value | undefined): number[] | undefined {
  if (!isTuple(value) || !value.items) return undefined;
  const numbers = value.items.map((item) => (isInt(item) ? item.value : undefined));
  return numbers.every((number) => number !== undefined) ? numbers : undefined;
}

/** The product, or undefined if it is none that memory has; zeros count as ones, for nothing may hide behind them. */
export function productOf(numbers: readonly number[]): number | undefined {
  let product = 1;
  for (const number of numbers) {
    if (number < 0) return undefined;
    product *= number || 1;
  }
  return product <= 2 ** 53 ? product : undefined;
}

/** Bytes or items that a value holds, at most. */
export function sizeOf(value: Value | undefined): number {
  if (!value) return 0;
  if ("most" in value) return value.most;
  return "length" in value ? value.length : 0;
}
