/**
 * Which of a repository's files are its weights, as complete sets: all shards of one format, or one file.
 *
 * Sets under 1 % of the largest (whether that is complete or not) are ignored: a kilobyte under the name of the weights says
 * nothing of what is loaded. Of a pipeline's components this leaves out what hardly weighs.
 *
 * Invariant: a set of shards counts only if every shard that its names promise is there; files that training leaves
 * behind (optimizer, scheduler, arguments) are no weights.
 */

import { findOnnxGraph, findWeightFormat, splitPath, WEIGHT_FORMATS, type WeightFormat } from "../../lib/parts.ts";
import type { UpstreamFile } from "../evidence.ts";

/** One complete copy of weights. `bytes` is absent if upstream gave no size for one of the files. */
export interface WeightSet {
  format: WeightFormat;
  files: string[];
  bytes?: number;
}

interface Candidate extends WeightSet {
  directory: string;
  stem: string;
}

/** The names under which libraries save a whole model; others (`extra_head.safetensors`) may be a part of one. */
const WHOLE =
  /^(?:(?:pytorch_|diffusion_pytorch_|adapter_|tf_|flax_)?model|pytorch_lora_weights|consolidated)(?![a-z0-9])/i;
const SHARD = /^(.{1,200}?)[-_](\d{1,6})[-_]of[-_](\d{1,6})$/;
const CONSOLIDATED = /^(consolidated)\.\d{2}$/;
const FILES_MAX = 20_000;
/** Share of the largest set below which another is none. */
const DECOY_SHARE = 0.01;

function sum(files: readonly UpstreamFile[]): number | undefined {
  let bytes = 0;
  for (const { size } of files) {
    if (size === undefined || size < 0) return undefined;
    bytes += size;
  }
  return bytes;
}

interface Group {
  format: WeightFormat;
  directory: string;
  stem: string;
  promised: number;
  parts: Map<string, UpstreamFile>;
}

/** Every complete set of weights among the files, in their order. */
function candidates(files: readonly UpstreamFile[]): Candidate[] {
  const groups = new Map<string, Group>();
  const external = new Map<string, UpstreamFile[]>();
  for (const file of files.slice(0, FILES_MAX)) {
    const { directory, name } = splitPath(file.path);
    const graph = findOnnxGraph(file.path);
    if (graph !== undefined) {
      const tensors = external.get(graph) ?? [];
      tensors.push(file);
      external.set(graph, tensors);
    }
    const format = findWeightFormat(file.path);
    if (format === undefined) continue;
    const dot = name.lastIndexOf(".");
    const base = name.slice(0, dot);
    const shard = SHARD.exec(base);
    const stem = shard?.[1] ?? CONSOLIDATED.exec(base)?.[1] ?? base;
    const promised = shard ? Number(shard[3]) : 0;
    const key = `${directory}/${stem}.${format}.${promised}.${shard ? "" : name.slice(dot)}`;
    const group = groups.get(key) ?? { format, directory, stem, promised, parts: new Map() };
    group.parts.set(shard ? String(Number(shard[2])) : name, file);
    groups.set(key, group);
  }
  const sets = [...groups.values()].map(({ format, directory, stem, promised, parts }) => {
    const tensors =
      format === "onnx" ? (external.get(directory === "" ? `${stem}.onnx` : `${directory}/${stem}.onnx`) ?? []) : [];
    const all = [...parts.values(), ...tensors];
    const bytes = sum(all);
    const set = { format, directory, stem, files: all.map(({ path }) => path) };
    return { whole: promised === 0 || parts.size >= promised, set: bytes === undefined ? set : { ...set, bytes } };
  });
  const largest = Math.max(0, ...sets.map(({ set }) => ("bytes" in set ? set.bytes : 0)));
  return sets.flatMap(({ whole, set }) => {
    const isDecoy = "bytes" in set && set.bytes < DECOY_SHARE * largest;
    return whole && !isDecoy ? [set] : [];
  });
}

const bytesOf = (set: WeightSet): number => set.bytes ?? Number.POSITIVE_INFINITY;

function smallest(sets: readonly Candidate[]): Candidate | undefined {
  return sets.reduce<Candidate | undefined>(
    (best, set) => (best && bytesOf(best) <= bytesOf(set) ? best : set),
    undefined,
  );
}

function joined(parts: readonly Candidate[]): WeightSet | undefined {
  const [first] = parts;
  if (!first) return undefined;
  const known = parts.every((part) => part.bytes !== undefined);
  return {
    format: first.format,
    files: parts.flatMap((part) => part.files),
    ...(known ? { bytes: parts.reduce((total, part) => total + (part.bytes ?? 0), 0) } : {}),
  };
}

/** The smallest complete copy in one format. */
function smallestOf(sets: readonly Candidate[], pipeline: boolean): WeightSet | undefined {
  if (pipeline) {
    // A diffusion pipeline is the sum of its components, one directory each.
    const components = Map.groupBy(
      sets.filter((set) => set.directory !== ""),
      (set) => set.directory,
    );
    if (components.size > 0) return joined([...components.values()].flatMap((copies) => smallest(copies) ?? []));
  }
  const top = sets.filter((set) => set.directory === "");
  const shallow = top.length > 0 ? top : sets;
  const encoder = smallest(shallow.filter((set) => set.stem.startsWith("encoder")));
  const decoder = smallest(shallow.filter((set) => set.stem.startsWith("decoder")));
  if (encoder && decoder) return joined([encoder, decoder]);
  const whole = shallow.filter((set) => WHOLE.test(set.stem));
  const chosen = smallest(whole.length > 0 ? whole : shallow);
  return chosen && joined([chosen]);
}

/**
 * The copy of the weights that a size is taken from: the first format of the contract's order that is there complete,
 * and of several copies in it (precisions, quantisations) the smallest.
 */
export function findWeights(files: readonly UpstreamFile[]): WeightSet | undefined {
  const all = candidates(files);
  const pipeline = files.some(({ path }) => path === "model_index.json");
  let unsized: WeightSet | undefined;
  for (const format of WEIGHT_FORMATS) {
    const set = smallestOf(
      all.filter((candidate) => candidate.format === format),
      pipeline,
    );
    if (set?.bytes !== undefined) return set;
    unsized ??= set;
  }
  return unsized;
}
