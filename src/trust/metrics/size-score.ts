/**
 * size_score: smallest complete weight format (safetensors, else bin/pt, onnx, one gguf, h5,
 * msgpack; shards summed; sets under 1 % of the largest are ignored) in GiB against 1, 2, 6 and 10: 1 − size / max, 0 at or over, rounded to 2. Unknown: all 0.
 * "Else" is taken as an order of formats, "smallest" as the choice among several copies in one format.
 */

import type { ModelEvidence, UpstreamFile } from "../evidence.ts";
import { type MetricResult, mean, round2, round4, sourcesOf, unavailable, undecided } from "./result.ts";
import { findWeights } from "./weights.ts";

export const version = 2;

/** Size in GiB at which a device scores 0. */
const DEVICE_MAX_GIB = { raspberry_pi: 1, jetson_nano: 2, desktop_pc: 6, aws_server: 10 } as const;
/** A device of the contract. */
export type Device = keyof typeof DEVICE_MAX_GIB;
/** Score of each device, 0..1, 2 decimals. */
export type SizeScores = Record<Device, number>;

const BYTES_PER_GIB = 2 ** 30;

/** Score of each device for a size in bytes; all 0 if it is not known. */
export function scoresOfBytes(bytes: number | undefined): SizeScores {
  const score = (device: Device): number =>
    bytes === undefined ? 0 : round2(Math.max(0, 1 - bytes / BYTES_PER_GIB / DEVICE_MAX_GIB[device]));
  return {
    raspberry_pi: score("raspberry_pi"),
    jetson_nano: score("jetson_nano"),
    desktop_pc: score("desktop_pc"),
    aws_server: score("aws_server"),
  };
}

/** Mean of the four devices, 0..1. */
export function meanSizeScore(scores: SizeScores): number {
  return mean(Object.values(scores)) ?? 0;
}

/** Scores for a repository's files. */
export function scoresOfFiles(files: readonly UpstreamFile[]): SizeScores {
  return scoresOfBytes(findWeights(files)?.bytes);
}

/** How well the model fits on four kinds of machine. */
export function sizeScore(evidence: ModelEvidence): MetricResult<SizeScores> {
  const { record } = evidence;
  if (undecided(record)) return unavailable("model record", record);
  const weights = record.status === "found" ? findWeights(record.value.files) : undefined;
  return {
    available: true,
    score: scoresOfBytes(weights?.bytes),
    inputs: {
      format: weights?.format ?? null,
      files: weights?.files.slice(0, 20) ?? [],
      file_count: weights?.files.length ?? 0,
      bytes: weights?.bytes ?? null,
      gib: weights?.bytes === undefined ? null : round4(weights.bytes / BYTES_PER_GIB),
      max_gib: { ...DEVICE_MAX_GIB },
    },
    sources: sourcesOf([record]),
  };
}
