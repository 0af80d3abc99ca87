/**
 * What an inspection may find, and what each finding means for the verdict.
 *
 * Invariant: the set is closed, and a code always weighs the same. `unsafe`: the archive breaks the format, or loading it
 * could run code or write where it must not. `unknown`: nobody looked, because a bound was reached or the kind of file
 * cannot be judged. A verdict is its worst finding; only what has none is safe.
 */

import { INSPECT_MAX_FINDINGS } from "../limits.ts";
import type { ZipFault } from "../zip/zip-records.ts";

/** Every code, by what it does to the verdict. */
export const FINDINGS = {
  // the archive as a whole
  not_a_zip: "unsafe",
  truncated: "unsafe",
  prepended_data: "unsafe",
  trailing_data: "unsafe",
  hidden_data: "unsafe",
  ambiguous_end: "unsafe",
  multi_disk: "unsafe",
  zip64_invalid: "unsafe",
  directory_invalid: "unsafe",
  too_many_entries: "unsafe",
  directory_too_large: "unsafe",
  declared_size: "unsafe",
  compression_ratio: "unsafe",
  // one entry
  overlapping_entries: "unsafe",
  local_header_invalid: "unsafe",
  local_header_differs: "unsafe",
  data_descriptor_invalid: "unsafe",
  encrypted: "unsafe",
  unknown_method: "unsafe",
  stored_size_differs: "unsafe",
  special_file: "unsafe",
  directory_has_data: "unsafe",
  // its name
  path_empty: "unsafe",
  path_absolute: "unsafe",
  path_traversal: "unsafe",
  path_drive: "unsafe",
  path_backslash: "unsafe",
  path_control: "unsafe",
  path_segment: "unsafe",
  path_too_long: "unsafe",
  path_encoding: "unsafe",
  duplicate_path: "unsafe",
  file_is_directory: "unsafe",
  // what is in it
  content_corrupt: "unsafe",
  pickle_import: "unsafe",
  pickle_unresolved: "unsafe",
  pickle_call: "unsafe",
  keras_lambda: "unsafe",
  keras_code: "unsafe",
  yaml_object: "unsafe",
  template_escape: "unsafe",
  arrow_pickle: "unsafe",
  external_data: "unsafe",
  safetensors_invalid: "unsafe",
  pickle_malformed: "unknown",
  safetensors_dtype: "unknown",
  torchscript: "unknown",
  native_code: "unknown",
  source_code: "unknown",
  remote_code: "unknown",
  template_code: "unknown",
  yaml_tag: "unknown",
  keras_custom: "unknown",
  onnx_custom_ops: "unknown",
  active_document: "unknown",
  compressed: "unknown",
  polyglot: "unknown",
  format_malformed: "unknown",
  nested_archive: "unknown",
  opaque_format: "unknown",
  misnamed: "unknown",
  bound_reached: "unknown",
} as const satisfies Record<string, "unsafe" | "unknown"> & Record<ZipFault, "unsafe">;

/** A code of the closed set. */
export type FindingCode = keyof typeof FINDINGS;

/** The judgement of an archive; of several findings the worst decides: `unsafe`, then `unknown`. */
export type Verdict = "safe" | "unsafe" | "unknown";

/** One thing that was found. `path` is the entry, `outer.pt!/inner` in a zip within the zip; cut to a bounded length. */
export interface InspectionFinding {
  code: FindingCode;
  severity: "unsafe" | "unknown";
  path?: string;
  /** For people; of bounded length, without control characters. */
  detail: string;
}

const TEXT_MAX_CHARS = 300;

/** Collects findings up to a bound; the verdict counts those beyond it, too. */
export class Findings {
  readonly #list: InspectionFinding[] = [];
  #omitted = 0;
  #unsafe = false;

  add(code: FindingCode, detail: string, path?: string): void {
    const severity = FINDINGS[code];
    const finding = { code, severity, ...(path !== undefined && { path: printable(path) }), detail: printable(detail) };
    // the first that makes it unsafe is always among those shown
    const decides = severity === "unsafe" && !this.#unsafe;
    this.#unsafe ||= decides;
    if (this.#list.length < INSPECT_MAX_FINDINGS) this.#list.push(finding);
    else {
      this.#omitted += 1;
      if (decides) this.#list[this.#list.length - 1] = finding;
    }
  }

  get verdict(): Verdict {
    if (this.#unsafe) return "unsafe";
    return this.#list.length > 0 ? "unknown" : "safe";
  }

  /** What was found, and how many findings are not shown. */
  report(): { verdict: Verdict; findings: InspectionFinding[]; omitted: number } {
    return { verdict: this.verdict, findings: [...this.#list], omitted: this.#omitted };
  }
}

/** Text out of an archive as it may be shown: no control characters, no lone surrogates, cut. */
function printable(text: string): string {
  const clean = text
    .slice(0, TEXT_MAX_CHARS)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")
    .toWellFormed();
  return text.length > TEXT_MAX_CHARS ? `${clean}…` : clean;
}
