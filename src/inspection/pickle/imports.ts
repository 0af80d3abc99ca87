/**
 * What a pickle may import.
 *
 * Invariant: everything here can be called by a stranger with any arguments without running code of his, opening a file or
 * a connection: containers, numbers, dates, the parts that tensors and arrays are rebuilt from. What rebuilds by unpickling
 * once more (`torch.storage._load_from_bytes`), looks up attributes or calls what it is given is not, however common.
 */

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

const BUILTINS = words("bool bytearray bytes complex dict float frozenset int list object range set slice str tuple");
const COPYREG = ["_reconstructor"];
const NUMPY_ARRAY = ["_reconstruct", "scalar"];
const STORAGES = words(`
  BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage FloatStorage
  HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage QUInt2x4Storage QUInt4x2Storage QUInt8Storage ShortStorage
  UntypedStorage
`);
const TENSORS = words(`
  BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor ShortTensor
`);
const DTYPES = words(`
  bfloat16 bool complex128 complex32 complex64 float16 float32 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2
  float8_e5m2fnuz float8_e8m0fnu int16 int32 int64 int8 qint32 qint8 quint2x4 quint4x2 quint8 uint16 uint32 uint64 uint8
`);
const SCALARS = words(`
  bool_ bytes_ complex128 complex64 float16 float32 float64 int16 int32 int64 int8 longlong str_ uint16 uint32 uint64 uint8
  ulonglong void
`);

/** Annotate a value in TorchScript's pickles and hand it back: a call of them returns whatever it was given. */
const HANDS_BACK = words(
  "build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist restore_type_tag",
);

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    __builtin__: [...BUILTINS, "long", "unicode", "xrange"],
    builtins: BUILTINS,
    copy_reg: COPYREG,
    copyreg: COPYREG,
    _codecs: ["encode"],
    argparse: ["Namespace"],
    collections: words("Counter OrderedDict defaultdict deque"),
    datetime: words("date datetime time timedelta timezone"),
    decimal: ["Decimal"],
    fractions: ["Fraction"],
    pathlib: words("Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath"),
    "pathlib._local": words("Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath"),
    uuid: words("UUID SafeUUID"),
    numpy: ["dtype", "ndarray", ...SCALARS],
    "numpy.core.multiarray": NUMPY_ARRAY,
    "numpy._core.multiarray": NUMPY_ARRAY,
    "numpy.core.numeric": ["_frombuffer"],
    "numpy._core.numeric": ["_frombuffer"],
    "numpy.dtypes": words(`
      BoolDType Complex128DType Complex64DType Float16DType Float32DType Float64DType Int16DType Int32DType Int64DType
      Int8DType StrDType UInt16DType UInt32DType UInt64DType UInt8DType
    `),
    torch: [
      ...[...STORAGES, ...TENSORS, ...DTYPES],
      ...words(
        "Size Tensor device per_channel_affine per_tensor_affine per_tensor_symmetric strided sparse_coo sparse_csr",
      ),
    ],
    "torch.cuda": [...STORAGES, ...TENSORS],
    "torch._tensor": ["_rebuild_from_type_v2"],
    "torch._utils": words(`
      _rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy _rebuild_meta_tensor_no_storage
      _rebuild_nested_tensor _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_csr_tensor
      _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3
    `),
    "torch.jit._pickle": HANDS_BACK,
    "torch.nn.parameter": words("Buffer Parameter UninitializedBuffer UninitializedParameter"),
    "torch.serialization": ["_get_layout"],
    "torch.storage": ["TypedStorage", "UntypedStorage"],
    // what the Trainer leaves beside a model: plain records and enumerations
    "accelerate.state": ["PartialState"],
    "accelerate.utils.dataclasses": ["DistributedType"],
    "transformers.trainer_pt_utils": ["AcceleratorConfig"],
    "transformers.trainer_utils": words(`
      EvaluationStrategy FSDPOption HubStrategy IntervalStrategy SaveStrategy SchedulerType
    `),
    "transformers.training_args": ["OptimizerNames", "TrainingArguments"],
    "transformers.training_args_seq2seq": ["Seq2SeqTrainingArguments"],
  }).map(([module, names]) => [module, new Set(names)]),
);

/** Whether a pickle may import this name. Types of a TorchScript program live in a module that Python does not have. */
export function isAllowedImport(module: string, name: string): boolean {
  if (/^__torch__(?:\.\w+)*$/.test(module) && /^\w+$/.test(name)) return true;
  return ALLOWED.get(module)?.has(name) ?? false;
}

/** Whether a call of this name may return its own argument, an import too. */
export function handsBack(module: string, name: string): boolean {
  return module === "torch.jit._pickle" && HANDS_BACK.includes(name);
}
