/** What an inspection comes to for an artifact as a whole: counts, and a verdict for each part of the bundle. */

import { findPart, type Part } from "../lib/parts.ts";
import type { Reasons, Verdict } from "./findings.ts";
import type { Inspection } from "./inspect.ts";

/** Counts of an inspection. JSON all through: it is stored as such. */
export interface InspectionSummary {
  /** Files by verdict. */
  files: Record<Verdict, number>;
  /** How many files have which finding; a finding about the whole archive counts once. */
  reasons: Reasons;
  /** Findings beyond those that are listed. */
  omitted: number;
  /** The worst verdict among the files of each part that the bundle has: of the weights alone, say. */
  parts: Partial<Record<Part, Verdict>>;
}

/** Counts the files of an inspected archive by verdict, finding and part. */
export function summarise({ entries, reasons, omitted }: Pick<Inspection, "entries" | "reasons" | "omitted">) {
  const files: Record<Verdict, number> = { safe: 0, unknown: 0, unsafe: 0 };
  const parts: Partial<Record<Part, Verdict>> = {};
  for (const { path, kind, verdict } of entries) {
    if (verdict === undefined) continue;
    files[verdict] += 1;
    // what loads as weights counts as such, whatever it is called and wherever it lies
    const part = WEIGHTS.includes(kind ?? "") || WEIGHTS_NAME.test(path) ? "weights" : findPart(path);
    if (part) parts[part] = worse(parts[part], verdict);
  }
  return { files, reasons, omitted, parts } satisfies InspectionSummary;
}

/** The counts as they may be shown once the rules have changed: what was called safe need not be. */
export function withoutSafe({
  files: { safe, unknown, unsafe },
  parts,
  ...rest
}: InspectionSummary): InspectionSummary {
  const entries = Object.entries(parts).map(([part, verdict]) => [part, worse("unknown", verdict)]);
  return { ...rest, files: { safe: 0, unknown: safe + unknown, unsafe }, parts: Object.fromEntries(entries) };
}

/** Kinds that a loader of weights opens. */
const WEIGHTS: readonly string[] = ["pickle", "npy"];
const WEIGHTS_NAME = /\.(?:safetensors|bin|pt|pth|pt2|ckpt|onnx|gguf|h5|keras|msgpack|pkl|pickle|joblib|npz)$/i;

function worse(a: Verdict | undefined, b: Verdict): Verdict {
  if (a === "unsafe" || b === "unsafe") return "unsafe";
  return a === "unknown" || b === "unknown" ? "unknown" : "safe";
}
