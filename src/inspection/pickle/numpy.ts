/**
 * Harmless names of NumPy's, and how its pickles call them.
 *
 * Arrays are rebuilt in C from numbers that the pickle states: where a data type, a shape and the bytes do not fit each
 * other, NumPy reads memory that is not its own. So each of them is checked against the others, and a data type may not
 * change once something was built with it.
 *
 * Source: `arraydescr_reduce`, `arraydescr_setstate`, `array_setstate` and `_setlist_pkl` of NumPy 1.13 to 2.4.
 */

import {
  between,
  bytes,
  count,
  dict,
  either,
  flag,
  int,
  isDtype,
  isInt,
  isText,
  isTuple,
  matching,
  NAMED,
  named,
  none,
  numbersIn,
  off,
  on,
  productOf,
  type Rule,
  type Shape,
  shortBytes,
  sizeOf,
  text,
  tuple,
  tupleOfAll,
  tupleOfThese,
} from "./shapes.ts";
import type { Names } from "./standard.ts";
import { type DtypeValue, instanceOf, UNKNOWN, type Value } from "./values.ts";

const words = (list: string): string[] => list.split(/\s+/).filter((word) => word !== "");

/** An array that is empty until it is given its state. */
const RECONSTRUCTED = "numpy.core.multiarray._reconstruct";
/** An array over bytes of the pickle. */
const OVER_BYTES = "numpy.core.numeric._frombuffer";

/** A kind, and how many bytes (of `U`: characters) an element has, as NumPy writes it. */
const DESCRIPTION = /^(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[Mm]8|O[48]|[SUV]\d{1,8})$/;

function dtypeOf([described]: readonly Value[]): Value {
  const written = isText(described) ? (described.value ?? "") : "";
  const code = written[0] ?? "";
  const number = Number(written.slice(1));
  const size = code === "U" ? number * 4 : number;
  return { kind: "dtype", code, size, object: code === "O", nested: false, fields: false, sealed: false };
}

const ORDER = matching(/^[<>|=]$/);
const unset = between(-1, -1);
const UNIT = /^(?:generic|Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|μs)$/;
const unit = tupleOfThese(
  either(matching(UNIT), (value) => UNIT.test(shortBytes(value) ?? "")),
  between(1, 2 ** 31 - 1),
  between(1, 1),
  between(1, 1),
);
const emptyDict: Shape = (value) => value.kind === "dict" && value.length === 0;

/** Version, order, base and shape, names, fields, size, alignment, flags: as NumPy writes it of this data type. */
const STATES: Readonly<Record<string, Shape>> = {
  number: tupleOfThese(between(3, 3), ORDER, none, none, none, unset, unset, between(0, 0)),
  object: tupleOfThese(between(3, 3), ORDER, none, none, none, unset, unset, between(63, 63)),
  time: tupleOfThese(
    ...[between(4, 4), ORDER, none, none, none, unset, unset, between(0, 0)],
    tupleOfThese(either(none, emptyDict), unit),
  ),
  string: tupleOfThese(
    between(3, 3),
    ORDER,
    none,
    none,
    none,
    count,
    between(1, 4),
    either(between(0, 0), between(8, 8)),
  ),
  nested: tupleOfThese(between(3, 3), ORDER, tuple, none, none, count, between(0, 16), int),
  fields: tupleOfThese(between(3, 3), ORDER, none, tuple, dict, count, between(0, 16), int),
};

/** Gives a data type its state; false if it is none that NumPy writes of it. */
export function buildDtype(dtype: DtypeValue, state: Value): boolean {
  if (dtype.sealed || !isTuple(state)) return false;
  dtype.sealed = true;
  const [, , base, names, fields, size, , flags] = state.items ?? [];
  const as = (name: string) => STATES[name]?.(state) === true;
  if (dtype.code === "O") return as("object");
  if (dtype.code === "M" || dtype.code === "m") return as("time");
  if (!"SUV".includes(dtype.code)) return as("number");
  if (!isInt(size) || size.value !== dtype.size) return false;
  if (as("string")) return true;
  if (dtype.code !== "V" || !isInt(flags) || flags.value === undefined) return false;
  if (as("nested")) {
    const [of, shape] = isTuple(base) ? (base.items ?? []) : [];
    dtype.nested = true;
    const items = productOf(numbersIn(shape) ?? [-1]);
    return (
      isTuple(base) &&
      base.length === 2 &&
      fits(of) &&
      items !== undefined &&
      of.size * items === dtype.size &&
      PLAIN_FLAGS.includes(flags.value & 0x7f)
    );
  }
  dtype.fields = true;
  // objects in it need flags of their own: without them NumPy takes bytes of the pickle for their addresses
  const isWhole = as("fields") && areFields(dtype, names, fields);
  return isWhole && (dtype.object ? OBJECT_FLAGS : PLAIN_FLAGS).includes(flags.value & 0x7f);
}

/** Flags of records without and with objects, beside the one for their alignment. */
const PLAIN_FLAGS = [0, 8, 16, 24];
const OBJECT_FLAGS = [27, 63];

/** Every field is within the record, and plain or an object. */
function areFields(record: DtypeValue, names: Value | undefined, fields: Value | undefined): boolean {
  if (!isTuple(names) || !names.items || fields?.kind !== "dict") return false;
  const entries = fields.entries ?? [];
  if (entries.length !== fields.length * 2 || fields.length !== names.length) return false;
  const found = new Set<string>();
  for (let at = 0; at < entries.length; at += 2) {
    const [key, field] = [entries[at], entries[at + 1]];
    if (!isText(key) || key.value === undefined || !isTuple(field) || field.length !== 2) return false;
    const [of, offset] = field.items ?? [];
    if (isDtype(of) && of.object && !of.nested) record.object = of.sealed = true;
    else if (!fits(of)) return false;
    if (!isInt(offset) || offset.value === undefined || offset.value < 0) return false;
    if (offset.value + of.size > record.size) return false;
    found.add(key.value);
  }
  if (record.object && overlap(entries)) return false;
  return names.items.every((name) => isText(name) && name.value !== undefined && found.delete(name.value));
}

/** Whether fields share bytes: a number could then be written over the address of an object. */
function overlap(entries: readonly Value[]): boolean {
  const places = entries.flatMap((field) => {
    const [of, offset] = isTuple(field) ? (field.items ?? []) : [];
    return isDtype(of) && isInt(offset) ? [{ begin: offset.value ?? 0, end: (offset.value ?? 0) + of.size }] : [];
  });
  places.sort((a, b) => a.begin - b.begin);
  return places.some(({ begin }, at) => at > 0 && begin < (places[at - 1]?.end ?? 0));
}

/** A data type of plain elements; from here on it may not change. */
function fits(value: Value | undefined): value is DtypeValue {
  if (!isDtype(value) || value.object) return false;
  value.sealed = true;
  return true;
}

/** Version, shape, data type, order, elements. */
const arrayState: Shape = (state) => {
  if (!tupleOfThese(between(1, 1), tupleOfAll(count), isDtype, flag, either(bytes, text, isList))(state)) return false;
  const [, shape, dtype, , elements] = isTuple(state) ? (state.items ?? []) : [];
  if (!isDtype(dtype) || !elements || dtype.nested) return false;
  dtype.sealed = true;
  const numbers = numbersIn(shape) ?? [];
  const product = productOf(numbers);
  if (product === undefined || product * dtype.size > 2 ** 53) return false;
  const items = numbers.includes(0) ? 0 : product;
  // NumPy takes so many objects out of the list without a look at its length
  if (dtype.object) return elements.kind === "list" && elements.length === items;
  if (elements.kind === "list") return false;
  const known = elements.kind === "bytes" ? elements.size : undefined;
  return known === undefined || known === items * dtype.size;
};

function isList(value: Value): boolean {
  return value.kind === "list";
}

const plain: Shape = (value) => isDtype(value) && !value.object && !value.nested;
const raw = either(bytes, (value) => value.kind === "bytearray" || value.kind === "buffer");

const RECONSTRUCT: Rule = {
  forms: [[named("numpy.ndarray"), tupleOfThese(between(0, 0)), (value) => shortBytes(value) === "b"]],
  result: () => instanceOf(RECONSTRUCTED),
  // its elements are copied
  state: arrayState,
  stateWork: (state) => sizeOf(isTuple(state) ? state.items?.[4] : undefined),
  dangerous: true,
};
const FROMBUFFER: Rule = {
  forms: [[raw, plain, tupleOfAll(count), matching(/^[CF]$/)]],
  check: seal,
  result: () => instanceOf(OVER_BYTES),
  dangerous: true,
};
const SCALAR: Rule = {
  forms: [[plain, either(bytes, text)]],
  check: ([dtype, data]) => {
    seal([dtype ?? UNKNOWN]);
    const size = data?.kind === "bytes" ? data.size : undefined;
    return isDtype(dtype) && size !== undefined && size !== dtype.size ? "a scalar of another size" : undefined;
  },
  work: ([, data]) => sizeOf(data),
  dangerous: true,
};

function seal(args: readonly Value[]): undefined {
  for (const value of args) if (isDtype(value)) value.sealed = true;
}

const MULTIARRAY: Names = { _reconstruct: RECONSTRUCT, scalar: SCALAR };
const NUMERIC: Names = { _frombuffer: FROMBUFFER };
const namedOnly = (list: string): Names => Object.fromEntries(words(list).map((name) => [name, NAMED]));

/** An array that is whole. */
export const array: Shape = (value) =>
  value.kind === "instance" && (value.of === OVER_BYTES || (value.of === RECONSTRUCTED && value.sealed));

/** Every module, with the names in it. */
export const NUMPY: Readonly<Record<string, Names>> = {
  numpy: {
    ...namedOnly(`
      bool_ bytes_ complex128 complex64 float16 float32 float64 int16 int32 int64 int8 longlong str_ uint16 uint32 uint64
      uint8 ulonglong void
    `),
    // a copy, that its state is set of: without one it would be NumPy's own
    dtype: { forms: [[matching(DESCRIPTION), off, on]], result: dtypeOf, dangerous: true },
    // takes an address of memory from its argument
    ndarray: { dangerous: true },
  },
  "numpy.core.multiarray": MULTIARRAY,
  "numpy._core.multiarray": MULTIARRAY,
  "numpy.core.numeric": NUMERIC,
  "numpy._core.numeric": NUMERIC,
  "numpy.dtypes": namedOnly(`
    BoolDType Complex128DType Complex64DType Float16DType Float32DType Float64DType Int16DType Int32DType Int64DType
    Int8DType StrDType UInt16DType UInt32DType UInt64DType UInt8DType
  `),
};
