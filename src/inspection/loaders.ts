/**
 * Names that belong to a loader which can run code, and the kinds of content that are fine under them.
 *
 * Invariant: a name only ever adds a finding. Whoever opens `model.pkl` unpickles it, whatever it is: content of another kind
 * may be something that this loader reads in a way which no format here foresaw.
 */

import type { FileContent, Note } from "./format.ts";
import { noteHdf5Findings } from "./formats/keras/hdf5.ts";
import { notePickleFindings } from "./formats/pickle.ts";
import { noteOnnxFindings } from "./formats/tensors/onnx.ts";

const words = (text: string): readonly string[] => text.split(" ");

/** What the loaders of Python's and torch's own formats take, and look through themselves. */
const PICKLES = words("pickle gzip zlib");
const TORCH = words("pickle zip tar gzip zlib");
/** Data that no unpickler takes for a pickle: they were not recognised as one, and are common under general names. */
const DATA = words(
  "text json jsonl safetensors gguf sentencepiece onnx parquet arrow arrow-stream idx tfrecord msgpack npy gzip zlib",
);
/** What players and viewers tell apart by content: under the names of one another they are common. */
const PICTURES = words("png jpeg gif webp bmp icon netpbm mp4");
const SOUNDS = words("wav mp3 flac ogg mp4 webm aiff au");
const NOTHING: readonly string[] = [];

/** Kinds by the suffixes of names. Content of no kind is a finding of its own. */
const TABLE: readonly (readonly [suffixes: string, kinds: readonly string[]])[] = [
  ["pkl pickle pck pcl pickled pk p dill cloudpickle jbl joblib sav pklz", PICKLES],
  ["pt pth ckpt pt2 ptl th mar t7 torchscript pdparams pdopt pdmodel", TORCH],
  ["bin dat model weights data", [...TORCH, ...DATA]],
  ["tar", ["tar"]],
  ["keras", words("zip hdf5")],
  ["h5 hdf5 hdf he5", ["hdf5"]],
  ["npy", ["npy"]],
  ["npz", ["zip"]],
  ["zip whl egg jar war apk ipa nupkg docx xlsx pptx odt ods epub", ["zip"]],
  ["safetensors", ["safetensors"]],
  ["onnx", ["onnx"]],
  ["ort tflite lite mlmodel mlpackage engine plan trt pte", NOTHING],
  ["gguf", ["gguf"]],
  ["ggml ggjt", NOTHING],
  ["pb", ["tensorflow-graph", "onnx"]],
  ["pbtxt prototxt", NOTHING],
  ["parquet", ["parquet"]],
  ["arrow feather", words("arrow arrow-stream")],
  ["msgpack", ["msgpack"]],
  ["rds rda rdata rdb rdx", NOTHING],
  ["ser jser", NOTHING],
  ["pyc pyo pyd so dll dylib exe msi com scr sys o a lib class dex wasm node bundle elf", ["machine-code"]],
  ["llamafile", ["machine-code"]],
  ["7z rar cab iso img dmg deb rpm cpio xar lha lzh arj ace", ["archive"]],
  ["gz tgz gzip", ["gzip"]],
  ["bz2 tbz tbz2 xz txz lzma zst zstd lz4 lz br sz lzo z", words("compressed zlib gzip")],
  ["nemo", words("tar gzip zip")],
  ["mp4 m4v mov 3gp", ["mp4"]],
  ["mkv webm", ["webm"]],
  ["avi", ["avi"]],
  ["png apng jpg jpeg jfif gif webp bmp dib ico cur pbm pgm ppm pnm avif heic heif tif tiff", PICTURES],
  ["wav mp3 flac ogg oga ogv opus spx m4a m4b aac aif aiff aifc au snd mka", SOUNDS],
  ["3g2 f4v", ["mp4"]],
  ["mpg mpeg m2ts wmv wma asf flv vob m3u m3u8", NOTHING],
  ["mat slx", NOTHING],
  ["db sqlite sqlite3 mdb accdb duckdb", NOTHING],
];

const LOADERS: ReadonlyMap<string, readonly string[]> = new Map(
  TABLE.flatMap(([suffixes, kinds]) => words(suffixes).map((suffix): [string, readonly string[]] => [suffix, kinds])),
);

/**
 * The kinds of content that are fine under a name; undefined if no loader that runs code claims the name.
 * @param name last segment of a path, lower-cased
 */
export function kindsUnder(name: string): readonly string[] | undefined {
  // libraries with a version behind the suffix
  if (/\.so(?:\.\d+)+$/.test(name)) return LOADERS.get("so");
  const suffix = /\.([a-z0-9]+)$/.exec(name)?.[1];
  return suffix === undefined ? undefined : LOADERS.get(suffix);
}

/**
 * Whether a loader that runs code opens files of this name as zips: one of torch, Keras or NumPy. Archives of programs and the
 * like are opened by nobody who loads a model.
 * @param name last segment of a path, lower-cased
 */
export function isOpenedAsZip(name: string): boolean {
  const kinds = kindsUnder(name) ?? NOTHING;
  return kinds.includes("zip") && (kinds.includes("pickle") || /\.(?:keras|npz)$/.test(name));
}

/**
 * Adds findings for a file whose name belongs to a loader that can run code: that loader reads it, whatever it is.
 * @param name last segment of a path, lower-cased
 * @param kind as it was recognised
 */
export async function checkName(
  name: string,
  kind: string | undefined,
  content: FileContent,
  note: Note,
): Promise<void> {
  const kinds = kindsUnder(name);
  if (!kinds) return;
  if (name.endsWith(".safetensors") && kind !== "safetensors") note("safetensors_invalid", "no safetensors file");
  if (kinds.includes("pickle") && !TOLD_APART.includes(kind ?? "")) await notePickleFindings(content, note);
  if (kinds.includes("onnx") && kind !== "onnx") await noteOnnxFindings(content, note);
  if (kinds.includes("hdf5") && kind !== "hdf5" && kind !== "zip") await noteHdf5Findings(content, note);
  if (kind !== undefined && !kinds.includes(kind)) note("misnamed", `${kind} under a name of another format`);
}

/** Kinds that loaders of pickles tell apart by their first bytes, or that were looked through as a pickle. */
const TOLD_APART: readonly string[] = ["pickle", "zip"];
