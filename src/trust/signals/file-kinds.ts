/**
 * What the files of a model repository can do to whoever loads them, by their names.
 *
 * Invariant: `data` is a closed list. A name that no rule knows is `opaque`, like a pickle: nothing is harmless for want of a
 * rule.
 */

/** `opaque`: a format that may run code when it is loaded, or one that we do not know. */
export type FileKind = "tensors" | "data" | "opaque" | "code" | "executable";

const set = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

/** Weights without any way to run code. */
const TENSORS = set("safetensors gguf onnx onnx_data msgpack tflite mlmodel");
const EXECUTABLES = set(
  `exe dll so dylib bat cmd ps1 psm1 vbs vbe wsf hta lnk msi scr com cpl sys reg jar war apk dex app appimage deb rpm dmg
    pkg run elf ko pyd pyc node llamafile xll`,
);
/** Programs that an interpreter runs, and packages of them. */
const CODE = set("py pyx pyw sh bash zsh fish js mjs cjs ts rb pl lua php whl egg cu cpp cc c rs go r jl");
const DATA = set(
  `txt md markdown rst json jsonl json5 yaml yml toml ini cfg conf csv tsv parquet arrow xml html css log lock cff bib tex
    png jpg jpeg gif svg webp bmp ico mp3 wav flac ogg m4a mp4 webm mov pdf bpe vocab merges codes dict jinja jinja2 j2 template
    tiktoken spm proto imatrix ipynb gitattributes gitignore gitkeep gitmodules`,
);
const DATA_NAMES =
  /^(?:licen[cs]e|copying|notice|readme|authors|citation|changelog|modelfile|dockerfile|makefile|vocab|merges|use_policy|version)(?:[._-][\w.-]{0,60})?$/i;
/** Sentencepiece keeps tokenizers under `.model`, as others keep pickles. */
const TOKENIZER_MODEL =
  /^(?:tokenizer|spiece|sentencepiece|spm|source|target|bpe|[\w.-]{0,60}(?:tokenizer|sentencepiece|spm|bpe)[\w.-]{0,30})\.model$/i;
/** TensorBoard's logs end in a host name. */
const EVENTS = /^events\.out\.tfevents\./;
/** Core ML and OpenVINO keep tensors under `.bin` in places of their own. */
const PLAIN_BIN = /\.mlpackage\/Data\/.{1,100}\/weights\/weight\.bin$|(?:^|\/)openvino_[\w-]{1,60}\.bin$/;
/** ONNX models over 2 GB keep their tensors beside the graph. */
const ONNX_DATA = /\.onnx[._]data(?:_\d{1,4})?$/i;

/** The kind of a file, by its path. */
export function fileKind(path: string): FileKind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (/\.so(?:\.\d{1,9}){1,4}$/i.test(name)) return "executable";
  if (EXECUTABLES.has(extension) && name.includes(".")) return "executable";
  if (CODE.has(extension) && name.includes(".")) return "code";
  if (TENSORS.has(extension) || ONNX_DATA.test(name) || PLAIN_BIN.test(path)) return "tensors";
  if (name.includes(".") && DATA.has(extension)) return "data";
  return DATA_NAMES.test(name) || TOKENIZER_MODEL.test(name) || EVENTS.test(name) ? "data" : "opaque";
}
