/**
 * What a pickle holds on its stack, as far as a call of a harmless name has to be judged by it.
 *
 * Invariant: a value never claims more than the real one would have. What is not tracked is absent (`undefined`) or
 * `unknown`, and no rule takes that for what it wants. Lists, dicts and instances are shared by reference, as in Python.
 */

/** A text of Python 3, or a string of Python 2, which may also be bytes. */
export interface TextValue {
  readonly kind: "text";
  /** Absent if it is long, or cannot be told. */
  readonly value?: string;
  /** It was written with escapes, which readers may resolve differently. */
  readonly escaped?: true;
  /** At most so many characters. */
  readonly most: number;
}

/** Bytes; `buffer` is handed to the loader from outside of the pickle. */
export interface BytesValue {
  readonly kind: "bytes" | "bytearray" | "buffer";
  /** One character a byte; absent if they are long. */
  readonly value?: string;
  /** Exact number of bytes, if known. */
  readonly size?: number;
  /** At most so many bytes. */
  readonly most: number;
}

/** A number; `value` is absent beyond 2^53. */
export interface IntValue {
  readonly kind: "int";
  readonly value?: number;
  /** At most so many bits. */
  readonly bits: number;
}

export interface TupleValue {
  readonly kind: "tuple";
  readonly length: number;
  /** Absent if there are more than `KEPT_ITEMS_MAX`. */
  readonly items?: readonly Value[];
  /** Steps that its hash takes: a tuple that holds another twice is hashed twice. */
  readonly hashSteps: number;
  /** Its hash is the same in every process, so that equal ones can be made on purpose. */
  readonly predictable: boolean;
}

export interface ListValue {
  readonly kind: "list";
  length: number;
  /** Hash steps of all that was put into it. */
  hashSteps: number;
  /** Whether it holds lists and tuples alone. */
  pairs: boolean;
}

export interface DictValue {
  readonly kind: "dict";
  length: number;
  /** Key, value, key, value; absent once there are too many to keep, or a key that is no text. */
  entries?: Value[];
  /** Whether every key is the name of an ordinary attribute: a text that does not begin with two underscores. */
  attributes: boolean;
}

/** Something imported by name. */
export interface ImportValue {
  readonly kind: "import";
  readonly module: string;
  readonly name: string;
}

/** What a call of an import returned. `of` is that import's dotted name. */
export interface InstanceValue {
  readonly kind: "instance";
  readonly of: string;
  /** Items or keys that were put into it since. */
  length: number;
  /** It was given its state, or was put where it may no longer change. */
  sealed: boolean;
}

/** A data type of NumPy's. */
export interface DtypeValue {
  readonly kind: "dtype";
  /** The letter of its kind. */
  readonly code: string;
  /** Bytes of one element. */
  readonly size: number;
  /** Its elements are, or hold, Python objects. */
  object: boolean;
  /** It is an array within an element. */
  nested: boolean;
  /** It has fields. */
  fields: boolean;
  /** It was given its state, or something was built with it. */
  sealed: boolean;
}

/** The memory of a torch tensor. */
export interface StorageValue {
  readonly kind: "storage";
  readonly key: string;
  /** Bytes of the storage that this one is a part of, or is. */
  readonly rootBytes: number;
  /** Bytes, and bytes of one element. */
  readonly bytes: number;
  readonly itemBytes: number;
}

export type Value =
  | TextValue
  | BytesValue
  | IntValue
  | TupleValue
  | ListValue
  | DictValue
  | ImportValue
  | InstanceValue
  | DtypeValue
  | StorageValue
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "none" | "float" | "set" | "frozenset" | "unknown" };

/** Items of one tuple, and entries of one dict, that are kept to judge a call. */
export const KEPT_ITEMS_MAX = 64;

export const NONE: Value = { kind: "none" };
export const TRUE: Value = { kind: "bool", value: true };
export const FALSE: Value = { kind: "bool", value: false };
export const FLOAT: Value = { kind: "float" };
export const UNKNOWN: Value = { kind: "unknown" };

const SMALL = Array.from({ length: 256 }, (_, value): IntValue => ({ kind: "int", value, bits: 8 }));

/** A number that is exact. */
export function intOf(value: number): IntValue {
  return SMALL[value] ?? { kind: "int", value, bits: 53 };
}

export function listOf(): ListValue {
  return { kind: "list", length: 0, hashSteps: 0, pairs: true };
}

export function dictOf(): DictValue {
  return { kind: "dict", length: 0, attributes: true };
}

export function tupleOf(items: readonly Value[]): TupleValue {
  let hashSteps = 1;
  let predictable = true;
  for (const item of items) {
    hashSteps += stepsToHash(item);
    predictable &&= isPredictable(item);
  }
  const length = items.length;
  return length > KEPT_ITEMS_MAX
    ? { kind: "tuple", length, hashSteps, predictable }
    : { kind: "tuple", length, items, hashSteps, predictable };
}

/** An instance of what is named so. */
export function instanceOf(of: string): InstanceValue {
  return { kind: "instance", of, length: 0, sealed: false };
}

/** Steps that a hash of the value takes. */
export function stepsToHash(value: Value): number {
  return value.kind === "tuple" ? value.hashSteps : 1;
}

/** Bits from which on numbers have hashes that others have, too: Python takes them modulo 2^61 - 1. */
const HASHED_BITS = 61;

/** Whether the hash of a key can be told beforehand, so that a thousand keys of one hash can be made. */
export function isCollidable(value: Value): boolean {
  if (value.kind === "tuple") return value.predictable;
  return value.kind === "instance" || (value.kind === "int" && value.bits >= HASHED_BITS);
}

function isPredictable(value: Value): boolean {
  if (value.kind === "tuple") return value.predictable;
  return ["int", "float", "bool", "none", "instance"].includes(value.kind);
}
