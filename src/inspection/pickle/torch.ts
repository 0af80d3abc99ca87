/**
 * Harmless names of torch and of what is trained with it, and how their pickles call them.
 *
 * A tensor is a view of a storage, which the loader hands out for a persistent id: where its numbers reach beyond the
 * storage, loaders differ in what they do.
 *
 * Source: `torch._utils`, `torch._tensor` and `torch.serialization` of torch 0.4 to 2.13.
 */

import { array } from "./numpy.ts";
import {
  attributes,
  between,
  bool,
  count,
  either,
  float,
  instance,
  int,
  isBool,
  isImport,
  isInt,
  isStorage,
  isText,
  matching,
  NAMED,
  named,
  none,
  numbersIn,
  productOf,
  type Rule,
  type Shape,
  text,
  tuple,
  tupleOfAll,
  tupleOfThese,
} from "./shapes.ts";
import { HANDS_BACK, type Names } from "./standard.ts";
import { instanceOf, NONE, type StorageValue, UNKNOWN, type Value } from "./values.ts";

const words = (list: string): string[] => list.split(/\s+/).filter((word) => word !== "");
const namedOnly = (list: readonly string[]): Names => Object.fromEntries(list.map((name) => [name, NAMED]));

/** Storages, with bytes of an element; an untyped one is counted in bytes. */
const STORAGES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    words(
      "BoolStorage ByteStorage CharStorage QInt8Storage QUInt2x4Storage QUInt4x2Storage QUInt8Storage UntypedStorage",
    ).map((name) => [name, 1]),
  ),
  ...Object.fromEntries(words("BFloat16Storage HalfStorage ShortStorage").map((name) => [name, 2])),
  ...Object.fromEntries(words("FloatStorage IntStorage QInt32Storage").map((name) => [name, 4])),
  ...Object.fromEntries(words("ComplexFloatStorage DoubleStorage LongStorage").map((name) => [name, 8])),
  ComplexDoubleStorage: 16,
};
/** Data types, with bytes of an element. */
const DTYPES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    words(`
      bool float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu int8 qint8 quint2x4 quint4x2 quint8
      uint8
    `).map((name) => [name, 1]),
  ),
  ...Object.fromEntries(words("bfloat16 float16 int16 uint16").map((name) => [name, 2])),
  ...Object.fromEntries(words("complex32 float32 int32 qint32 uint32").map((name) => [name, 4])),
  ...Object.fromEntries(words("complex64 float64 int64 uint64").map((name) => [name, 8])),
  complex128: 16,
};
const TENSORS = words(`
  BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor ShortTensor
`);

const storageType: Shape = (value) =>
  isImport(value) &&
  ["torch", "torch.cuda", "torch.storage"].includes(value.module) &&
  Object.hasOwn(STORAGES, value.name);
/** In the format before 1.6, a part of another storage: its key, where it begins, how long it is. */
const view = either(none, tupleOfThese(text, count, count));
const storageId = either(
  tupleOfThese(matching(/^storage$/), storageType, matching(/^/), text, count),
  tupleOfThese(matching(/^storage$/), storageType, matching(/^/), text, count, view),
);

/** What torch hands out for a persistent id; undefined if it is no storage's. */
export function storageOf(id: Value): StorageValue | undefined {
  if (!storageId(id) || id.kind !== "tuple") return undefined;
  const [, type, key, , numel, part] = id.items ?? [];
  const [, , viewed] = part?.kind === "tuple" ? (part.items ?? []) : [];
  const itemBytes = (isImport(type) && STORAGES[type.name]) || 1;
  const rootBytes = (isInt(numel) ? (numel.value ?? 0) : 0) * itemBytes;
  const bytes = isInt(viewed) ? (viewed.value ?? 0) * itemBytes : rootBytes;
  return { kind: "storage", key: isText(key) ? (key.value ?? "") : "", rootBytes, itemBytes, bytes };
}

/** Dtypes, layouts and the like are values: they cannot be called. */
const dtype: Shape = (value) => isImport(value) && value.module === "torch" && Object.hasOwn(DTYPES, value.name);
const TENSOR = "torch.Tensor";
const tensor = instance(TENSOR);
const counts = either(tupleOfAll(count), instance("torch.Size"));
/** No hooks: they would be called with every gradient. */
const hooks: Shape = (value) => {
  if (none(value)) return true;
  if (value.kind !== "instance" || value.of !== "collections.OrderedDict" || value.length > 0) return false;
  value.sealed = true;
  return true;
};
/** `conj` and `neg`. */
const metadata: Shape = (value) =>
  none(value) ||
  (value.kind === "dict" &&
    (value.entries ?? []).length === value.length * 2 &&
    (value.entries ?? []).every((entry, at) => (at % 2 === 0 ? isText(entry) : isBool(entry))));

/** That a view stays within its storage. Elements are as long as the storage's, or as the data type says. */
function outside([storage, offset, size, stride, ...rest]: readonly Value[]): string | undefined {
  if (!isStorage(storage)) return undefined;
  const [sizes, strides] = [numbersIn(size), numbersIn(stride)];
  const begin = offset?.kind === "int" ? offset.value : undefined;
  if (!sizes || !strides || begin === undefined || sizes.length !== strides.length) return "a tensor without a shape";
  const last = sizes.reduce((at, length, axis) => at + (length - 1) * (strides[axis] ?? 0), begin);
  const stated = rest.find(dtype);
  const itemBytes = isImport(stated) ? (DTYPES[stated.name] ?? 1) : storage.itemBytes;
  if (sizes.includes(0) || (last + 1) * itemBytes <= storage.bytes) return undefined;
  return "a tensor that reaches beyond its storage";
}

const VIEW = [isStorage, count, tupleOfAll(count), tupleOfAll(count)] as const;
const aTensor = () => instanceOf(TENSOR);
/** One scale for all. That scales of channels are as many as the channels is checked by newer versions only. */
const quantizer = tupleOfThese(named("torch.per_tensor_affine"), float, int);

const REBUILD: Names = {
  _rebuild_tensor: { forms: [VIEW], check: outside, result: aTensor },
  _rebuild_tensor_v2: {
    forms: [
      [...VIEW, bool, hooks],
      [...VIEW, bool, hooks, metadata],
    ],
    check: outside,
    result: aTensor,
  },
  _rebuild_tensor_v3: {
    forms: [
      [...VIEW, bool, hooks, dtype],
      [...VIEW, bool, hooks, dtype, metadata],
    ],
    check: outside,
    result: aTensor,
  },
  _rebuild_qtensor: {
    forms: [[...VIEW, quantizer, bool, hooks]],
    // memory for all elements is taken before the storage is
    check: (args) => outside(args) ?? larger(args),
    result: aTensor,
  },
  _rebuild_parameter: { forms: [[tensor, bool, hooks]], result: aTensor },
  _rebuild_parameter_with_state: { forms: [[tensor, bool, hooks, attributes]], result: aTensor },
  _rebuild_device_tensor_from_numpy: { forms: [[array, dtype, text, bool]], result: aTensor },
  _rebuild_device_tensor_from_cpu_tensor: { forms: [[tensor, dtype, text, bool]], result: aTensor },
  _rebuild_meta_tensor_no_storage: { forms: [[dtype, counts, counts, bool]], result: aTensor },
  // What its indices point at is checked when the tensor is used, by some versions.
  _rebuild_sparse_tensor: NAMED,
  _rebuild_sparse_csr_tensor: NAMED,
  // likewise its offsets into memory
  _rebuild_nested_tensor: NAMED,
};

function larger([storage, , size]: readonly Value[]): string | undefined {
  const items = productOf(numbersIn(size) ?? [-1]);
  return items !== undefined && isStorage(storage) && items * storage.itemBytes <= storage.bytes
    ? undefined
    : "a tensor that is larger than its storage";
}

const REBUILDERS = new Set(Object.keys(REBUILD));
const TENSOR_TYPES = named("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");

/** Calls its first argument with its third: judged as that call. */
const REBUILD_FROM_TYPE: Rule = {
  forms: [
    [
      (func) => isRebuilder(func),
      TENSOR_TYPES,
      tuple,
      either(none, attributes, tupleOfThese(either(none, attributes), none)),
    ],
  ],
  check: ([func = UNKNOWN, , args = NONE]) => {
    const rule = isImport(func) ? REBUILD[func.name] : undefined;
    const items = args.kind === "tuple" ? args.items : undefined;
    if (
      !items ||
      !rule?.forms?.some(
        (form) => form.length === items.length && form.every((shape, at) => shape(items[at] ?? UNKNOWN)),
      )
    ) {
      return "calls it with other arguments than it takes";
    }
    return rule.check?.(items);
  },
  result: aTensor,
  dangerous: true,
};

function isRebuilder(value: Value): boolean {
  return isImport(value) && value.module === "torch._utils" && REBUILDERS.has(value.name);
}

/** A record of settings: made without its `__init__`, and given its attributes. */
const RECORD: Rule = { forms: [[]], onlyNew: true, state: attributes };
/** A member of an enumeration, looked up by its value: with more arguments, a class would be made. */
const MEMBER: Rule = { forms: [[text]] };
const members = (list: string): Names => Object.fromEntries(words(list).map((name) => [name, MEMBER]));

/** Every module, with the names in it. */
export const TORCH: Readonly<Record<string, Names>> = {
  torch: {
    ...namedOnly([...Object.keys(STORAGES), ...TENSORS, ...Object.keys(DTYPES), "Tensor"]),
    ...namedOnly(words("per_channel_affine per_tensor_affine per_tensor_symmetric strided sparse_coo sparse_csr")),
    Size: { forms: [[tupleOfAll(count)], []] },
    device: { forms: [[matching(/^\w{1,20}(?::\d{1,4})?$/)], [matching(/^\w{1,20}$/), between(0, 9999)]] },
  },
  "torch.cuda": namedOnly([...Object.keys(STORAGES), ...TENSORS]),
  "torch._tensor": { _rebuild_from_type_v2: REBUILD_FROM_TYPE },
  "torch._utils": REBUILD,
  // annotate a value in TorchScript's pickles and hand it back: a call of them returns whatever it was given
  "torch.jit._pickle": Object.fromEntries(
    words("build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist restore_type_tag").map(
      (name) => [name, HANDS_BACK],
    ),
  ),
  "torch.nn.parameter": {
    Buffer: NAMED,
    Parameter: NAMED,
    UninitializedBuffer: { forms: [[bool]] },
    UninitializedParameter: { forms: [[bool]] },
  },
  "torch.serialization": { _get_layout: { forms: [[matching(/^torch\.\w+$/)]] } },
  "torch.storage": namedOnly(["TypedStorage", "UntypedStorage"]),
  // what the Trainer leaves beside a model: plain records and enumerations
  "accelerate.state": { PartialState: RECORD },
  "accelerate.utils.dataclasses": { DistributedType: MEMBER },
  "transformers.trainer_pt_utils": { AcceleratorConfig: RECORD },
  "transformers.trainer_utils": members(
    "EvaluationStrategy FSDPOption HubStrategy IntervalStrategy SaveStrategy SchedulerType",
  ),
  "transformers.training_args": { OptimizerNames: MEMBER, TrainingArguments: RECORD },
  "transformers.training_args_seq2seq": { Seq2SeqTrainingArguments: RECORD },
};
