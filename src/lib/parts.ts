/**
 * What the files of a repository are by their paths: weights, configuration, card. The one table of such names.
 *
 * Invariant: a path has at most one part; what no rule names (code, pictures, states of a training) has none.
 */

/** Formats of weights in the order of the contract: the first that is there complete is the model's size. */
export const WEIGHT_FORMATS = ["safetensors", "pytorch", "onnx", "gguf", "h5", "msgpack"] as const;
/** A weight format. */
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

const FORMAT_OF_EXTENSION: ReadonlyMap<string, WeightFormat> = new Map([
  ["safetensors", "safetensors"],
  ["bin", "pytorch"],
  ["pt", "pytorch"],
  ["pth", "pytorch"],
  ["ckpt", "pytorch"],
  ["onnx", "onnx"],
  ["gguf", "gguf"],
  ["h5", "h5"],
  ["keras", "h5"],
  ["msgpack", "msgpack"],
]);

/** Files that training leaves behind under the extension of weights. */
const LEFTOVER =
  /^(?:optimizer|scheduler|training_args|rng_state|random_states|scaler|trainer_state|openvino|mmproj|imatrix|vocab)/i;
/** Directories that hold other runtimes' copies or states of the training, not the model. */
const SIDE_DIRECTORY =
  /(?:^|\/)(?:checkpoint-\d+|global_step\d+|runs|coreml|openvino|\.[^/]*|[^/]*\.mlpackage)(?:\/|$)/i;
/** ONNX models over 2 GB keep their tensors beside the graph; group 1 is the graph's name. */
const ONNX_DATA = /^(.{1,200}\.onnx)[._]data(?:_\d{1,4})?$/;
/** Which shard holds which tensor: nothing loads the shards without it. */
const SHARD_INDEX = /\.(?:safetensors|bin|msgpack|h5)\.index\.json$/;

const CARD = /^README\.md$/;
const LICENSE = /^licen[cs]e(?:[._-].*)?$/i;
const CONFIG: readonly RegExp[] = [
  /^config\.json$/,
  /^adapter_config\.json$/,
  /^generation_config\.json$/,
  /^tokenizer_config\.json$/,
  /^tokenizer\.(?:json|model)$/,
  /^special_tokens_map\.json$/,
  /^added_tokens\.json$/,
  /^vocab\.[^/]+$/,
  /^merges\.txt$/,
  /^chat_template\.[^/]+$/,
  /^(?:pre)?processor_config\.json$/,
  /^modules\.json$/,
  /^[^/]+\.model$/,
  /^tokenizer[^/]*\.json$/,
];
/** Configuration of pipelines and embedding models, which lies in places of its own. */
const MORE_CONFIG = /^(?:model_index|sentence_bert_config|config_sentence_transformers|[^/]*_config|params)\.json$/;
const DATASET_INFO = /^dataset_infos\.json$/;

/** What a light bundle keeps of a model, the most wanted first; at the top of the repository. */
export const MODEL_FILES: readonly RegExp[] = [CARD, ...CONFIG.slice(0, 2), LICENSE, ...CONFIG.slice(2)];

/** What a light bundle keeps of a dataset. */
export const DATASET_FILES: readonly RegExp[] = [CARD, DATASET_INFO, LICENSE];

/** Parts of a bundle that can be asked for by themselves. */
export const PARTS = ["weights", "config", "card"] as const;
/** A part of a bundle. */
export type Part = (typeof PARTS)[number];

/** The directory of a path, empty at the top, and its last segment. */
export function splitPath(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf("/");
  return { directory: slash === -1 ? "" : path.slice(0, slash), name: path.slice(slash + 1) };
}

/** The format of a file of weights; undefined for whatever is none, what training leaves behind included. */
export function findWeightFormat(path: string): WeightFormat | undefined {
  const { directory, name } = splitPath(path);
  const dot = name.lastIndexOf(".");
  if (dot <= 0 || LEFTOVER.test(name) || SIDE_DIRECTORY.test(directory)) return undefined;
  return FORMAT_OF_EXTENSION.get(name.slice(dot + 1).toLowerCase());
}

/** The path of the ONNX graph whose tensors a file holds. */
export function findOnnxGraph(path: string): string | undefined {
  const { directory, name } = splitPath(path);
  const graph = ONNX_DATA.exec(name)?.[1];
  return graph === undefined || directory === "" ? graph : `${directory}/${graph}`;
}

/**
 * The part that a file belongs to. Weights: whatever of them is there, all formats and shards, with their index; config:
 * what it takes beside the weights to build model and tokenizer, in any directory; card: README and licence at the top.
 */
export function findPart(path: string): Part | undefined {
  const { directory, name } = splitPath(path);
  if (SIDE_DIRECTORY.test(directory)) return undefined;
  if (directory === "" && (CARD.test(name) || LICENSE.test(name))) return "card";
  if (findWeightFormat(path) || findOnnxGraph(path) || SHARD_INDEX.test(name)) return "weights";
  if (CONFIG.some((pattern) => pattern.test(name)) || MORE_CONFIG.test(name) || DATASET_INFO.test(name))
    return "config";
  return undefined;
}
