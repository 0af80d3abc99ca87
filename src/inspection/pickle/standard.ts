/**
 * Harmless names of Python's standard library, and how pickles call them.
 *
 * Source: what pickle, copyreg and the classes' own `__reduce__` write, Python 2.7 to 3.14.
 */

import {
  any,
  attributes,
  between,
  bytes,
  dict,
  either,
  float,
  instance,
  int,
  isText,
  list,
  matching,
  NAMED,
  named,
  none,
  type Rule,
  type Shape,
  scalar,
  shortBytes,
  sizeOf,
  text,
  tuple,
} from "./shapes.ts";
import { type BytesValue, FLOAT, intOf, NONE, type Value } from "./values.ts";

/** Names of one module, with their rules. */
export type Names = Readonly<Record<string, Rule>>;

const CALLED_EMPTY: Rule = { forms: [[]] };
const latin1 = matching(/^latin-?1$/);

const bytesFrom = (kind: BytesValue["kind"], from: Value | undefined): Value => {
  const value = shortBytes(from);
  const size = from?.kind === "bytes" ? from.size : value?.length;
  return {
    kind,
    most: sizeOf(from),
    ...(size !== undefined && { size }),
    ...(value !== undefined && { value }),
  };
};

/** The hash of every item is taken. A list in it would stop Python with an error. */
const hashed = (value: Value | undefined): number =>
  value?.kind === "list" || value?.kind === "tuple" ? value.hashSteps : 0;

const BUILTINS: Names = {
  bool: CALLED_EMPTY,
  bytearray: {
    forms: [[], [bytes], [text, latin1]],
    result: ([from]) => bytesFrom("bytearray", from),
    work: ([from]) => sizeOf(from),
  },
  bytes: { forms: [[]], result: () => ({ kind: "bytes", value: "", size: 0, most: 0 }) },
  complex: { forms: [[either(float, int), either(float, int)]] },
  dict: { ...CALLED_EMPTY, filled: "set" },
  float: { forms: [[]], result: () => FLOAT },
  frozenset: { forms: [[], [list], [tuple]], work: ([from]) => hashed(from) },
  int: { forms: [[]], result: () => intOf(0) },
  list: { ...CALLED_EMPTY, filled: "append" },
  object: CALLED_EMPTY,
  // nothing is made of its numbers before somebody iterates it, and nothing here does
  range: { forms: [[int, int, int]] },
  set: { forms: [[], [list], [tuple]], work: ([from]) => hashed(from) },
  slice: { forms: [[scalar, scalar, scalar]] },
  str: CALLED_EMPTY,
  tuple: CALLED_EMPTY,
};

/** Plain classes whose instances are made without a call and given their attributes. */
const PLAIN = ["argparse.Namespace", "uuid.UUID"];
const COPYREG: Names = {
  // cls, base, state: `object.__new__(cls)`
  _reconstructor: {
    forms: [
      [named(...PLAIN, "builtins.object", "__builtin__.object"), named("builtins.object", "__builtin__.object"), none],
    ],
    result: ([cls]) => ({
      kind: "instance",
      of: cls?.kind === "import" ? `${cls.module}.${cls.name}` : "",
      length: 0,
      sealed: false,
    }),
    dangerous: true,
  },
};

/** Types that make an empty value when called, which is all that a defaultdict does with them. */
const FACTORIES = named(
  ...["bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple"].flatMap((name) => [
    `builtins.${name}`,
    `__builtin__.${name}`,
  ]),
  ...["__builtin__.long", "__builtin__.unicode", "collections.Counter", "collections.OrderedDict", "collections.deque"],
);
/** Lists whose items are lists or tuples: of other items, `OrderedDict` would iterate each. */
const pairs: Shape = (value) => value.kind === "list" && value.pairs;

const COLLECTIONS: Names = {
  Counter: { forms: [[], [dict]], work: ([from]) => sizeOf(from), filled: "set" },
  OrderedDict: { forms: [[], [pairs]], work: ([from]) => sizeOf(from), filled: "set", state: attributes },
  defaultdict: { forms: [[], [either(none, FACTORIES)]], filled: "set" },
  deque: {
    forms: [[], [either(list, tuple)], [either(list, tuple), either(none, int)]],
    work: ([from]) => sizeOf(from),
    filled: "append",
  },
};

const byteAt = (value: string, at: number): number => value.charCodeAt(at);
const isDate = (value: string): boolean => {
  const [year, month, day] = [byteAt(value, 0) * 256 + byteAt(value, 1), byteAt(value, 2) & 0x7f, byteAt(value, 3)];
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
};
const isTime = (value: string): boolean =>
  (byteAt(value, 0) & 0x7f) < 24 &&
  byteAt(value, 1) < 60 &&
  byteAt(value, 2) < 60 &&
  byteAt(value, 3) * 65536 + byteAt(value, 4) * 256 + byteAt(value, 5) < 1_000_000;

/** What Python packs a date or time into; a string to Python 2. Only the month is checked when it is read. */
const packed =
  (length: number, isValid: (value: string) => boolean): Shape =>
  (value) => {
    const known = shortBytes(value);
    return known?.length === length && isValid(known);
  };
const date = packed(4, (value) => isDate(value) && byteAt(value, 2) < 0x80);
const datetime = packed(10, (value) => isDate(value) && isTime(value.slice(4)) && byteAt(value, 4) < 24);
const time = packed(6, isTime);
const zone = instance("datetime.timezone");

const DATETIME: Names = {
  date: { forms: [[date]] },
  datetime: { forms: [[datetime], [datetime, zone]] },
  time: { forms: [[time], [time, zone]] },
  timedelta: { forms: [[int, int, int]] },
  timezone: { forms: [[instance("datetime.timedelta")], [instance("datetime.timedelta"), text]] },
};

/** A number in digits: one with an exponent may be as long as memory once it is written out. */
const ratio = matching(/^-?\d{1,500}(?:\/\d{1,500})?$/);
const decimal = matching(/^[+-]?(?:s?nan\d{0,30}|inf(?:inity)?|[\d.]{1,500}(?:e[+-]?\d{1,6})?)$/i);

/** Segments only: a path is made, and nothing of it is opened. */
const path: Rule = {
  forms: Array.from({ length: 40 }, (_, segments) => Array.from({ length: segments }, () => text)),
};
const PATHS: Names = Object.fromEntries(
  ["Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"].map((name) => [name, path]),
);

/** `int`, and since 3.7 `is_safe`. */
const uuidState: Shape = (value) =>
  value.kind === "dict" &&
  value.entries !== undefined &&
  value.entries.every((entry, at) => {
    if (at % 2 === 0) return isText(entry) && ["int", "is_safe"].includes(entry.value ?? "");
    return entry.kind === "none" || instance("uuid.SafeUUID")(entry) || (entry.kind === "int" && entry.bits <= 136);
  });

/** Every module, with the names in it. */
export const STANDARD: Readonly<Record<string, Names>> = {
  __builtin__: {
    ...BUILTINS,
    long: BUILTINS["int"] ?? NAMED,
    unicode: CALLED_EMPTY,
    xrange: BUILTINS["range"] ?? NAMED,
  },
  builtins: BUILTINS,
  copy_reg: COPYREG,
  copyreg: COPYREG,
  _codecs: {
    // how Python 3 writes bytes for Python 2
    encode: { forms: [[text, latin1]], result: ([from]) => bytesFrom("bytes", from), work: ([from]) => sizeOf(from) },
  },
  argparse: { Namespace: { forms: [[]], state: attributes } },
  collections: COLLECTIONS,
  datetime: DATETIME,
  decimal: { Decimal: { forms: [[decimal]] } },
  fractions: { Fraction: { forms: [[ratio], [int, int]] } },
  pathlib: PATHS,
  "pathlib._local": PATHS,
  uuid: {
    UUID: { forms: [[]], onlyNew: true, state: uuidState },
    // one argument looks up a member; more of them would make a class
    SafeUUID: { forms: [[either(none, between(-1, 0))]] },
  },
};

/** What TorchScript's annotations do: hand back what they are given. */
export const HANDS_BACK: Rule = {
  forms: [[any], [any, text]],
  result: ([value]) => value ?? NONE,
};
