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
  archive_bomb: "unsafe",
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
  shadowed_import: "unsafe",
  keras_lambda: "unsafe",
  keras_code: "unsafe",
  yaml_object: "unsafe",
  template_escape: "unsafe",
  arrow_pickle: "unsafe",
  external_data: "unsafe",
  safetensors_invalid: "unsafe",
  pickle_malformed: "unknown",
  pickle_arguments: "unknown",
  safetensors_dtype: "unknown",
  torchscript: "unknown",
  native_code: "unknown",
  source_code: "unknown",
  remote_code: "unknown",
  external_reference: "unknown",
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
  unrecognised: "unknown",
  misnamed: "unknown",
  outdated_rules: "unknown",
  high_ratio: "unknown",
  bound_reached: "unknown",
} as const satisfies Record<string, "unsafe" | "unknown"> & Record<ZipFault, "unsafe">;

/** A code of the closed set. */
export type FindingCode = keyof typeof FINDINGS;

/** The judgement of an archive or a file: its worst finding decides, `unsafe` before `unknown`; none is `safe`. */
export type Verdict = "safe" | "unsafe" | "unknown";

/**
 * The version of the rules: raised whenever a rule changes in a way that could call something safe no longer safe.
 * A stored verdict of an earlier version is shown as `unknown` (unless it is `unsafe`) until the sweep has inspected again.
 */
export const INSPECTION_RULES = 1;

/** Whether an inspection followed earlier rules: what they called safe need not be. Null: nothing is known of it. */
export function isOutdated(rules: number | null): boolean {
  return (rules ?? 0) < INSPECTION_RULES;
}

/** One thing that was found. */
export interface InspectionFinding {
  code: FindingCode;
  severity: "unsafe" | "unknown";
  /** The entry of the archive, cut to a bounded length. Missing if it concerns the archive as a whole. */
  path?: string;
  /** Where in the entry, if it is an archive itself: the path in each archive, from the outer to the inner one. */
  inner?: string[];
  /** For people; of bounded length, without control characters. */
  detail: string;
}

/** By code, how many files have such a finding; a finding about the whole archive counts once. */
export type Reasons = Record<string, number>;

const TEXT_MAX_CHARS = 300;

/** Collects findings up to a bound; verdict and reasons count those beyond it as well. */
export class Findings {
  readonly #list: InspectionFinding[] = [];
  readonly #reasons = new Map<FindingCode, number>();
  readonly #entries = new Map<string, Verdict>();
  #omitted = 0;
  #unsafe = false;

  /** Adds a finding about the archive or one of its entries. */
  add(code: FindingCode, detail: string, path?: string): void {
    this.count(code);
    this.record(code, detail, path === undefined ? [] : [path]);
    if (path !== undefined && this.#entries.get(path) !== "unsafe") this.#entries.set(path, FINDINGS[code]);
  }

  /** The worst of what `add` was told of an entry. */
  verdictOf(path: string): Verdict {
    return this.#entries.get(path) ?? "safe";
  }

  /** Counts files with a finding of this code. */
  count(code: FindingCode, files = 1): void {
    this.#reasons.set(code, (this.#reasons.get(code) ?? 0) + files);
  }

  /** Records a finding without counting it. @param place the entry, then the path in each archive within it */
  record(code: FindingCode, detail: string, [path, ...inner]: readonly string[]): void {
    const severity = FINDINGS[code];
    const finding: InspectionFinding = {
      code,
      severity,
      ...(path !== undefined && { path: printable(path) }),
      ...(inner.length > 0 && { inner: inner.map(printable) }),
      detail: printable(detail),
    };
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

  /** What was found, how many findings are not shown, and how many files have which. */
  report(): { verdict: Verdict; findings: InspectionFinding[]; omitted: number; reasons: Reasons } {
    return {
      verdict: this.verdict,
      findings: [...this.#list],
      omitted: this.#omitted,
      reasons: Object.fromEntries(this.#reasons),
    };
  }
}

/** The findings of one file, and of what is packed inside it. */
export class FileFindings {
  readonly #findings: Findings;
  readonly #place: readonly string[];
  readonly #outer: FileFindings | undefined;
  readonly #codes = new Set<FindingCode>();
  #verdict: Verdict;

  /** @param place the entry, then the path in each archive within it */
  constructor(findings: Findings, place: readonly string[], outer?: FileFindings) {
    this.#findings = findings;
    this.#place = place;
    this.#outer = outer;
    this.#verdict = !outer && place[0] !== undefined ? findings.verdictOf(place[0]) : "safe";
  }

  /** The worst of what was found in the file and inside it. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Notes a finding about this file. Its entry is counted once per code, however often and deep it is found. */
  note(code: FindingCode, detail: string): void {
    this.#raise(code);
    this.#findings.record(code, detail, this.#place);
  }

  /** The findings of a file inside of this one. */
  below(path: string): FileFindings {
    return new FileFindings(this.#findings, [...this.#place, path], this);
  }

  #raise(code: FindingCode): void {
    if (FINDINGS[code] === "unsafe") this.#verdict = "unsafe";
    else if (this.#verdict === "safe") this.#verdict = "unknown";
    if (this.#outer) this.#outer.#raise(code);
    else if (!this.#codes.has(code)) {
      this.#codes.add(code);
      this.#findings.count(code);
    }
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
