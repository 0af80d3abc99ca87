/**
 * Judges single settings in JSON: what one key and its value make a loader import, open or evaluate.
 *
 * Invariant: a value is left alone only if it matches what the library itself writes; anything else is noted.
 */

import { findPathDefect } from "../../../lib/paths.ts";
import type { Note } from "../../format.ts";
import { decodeString } from "../reading/json-scan.ts";

/** Below which key an object or array stands, where that decides what its strings are. */
export type Section = "types" | "data-files" | "configs" | "config-files" | "patterns";

/** The section of what stands below a key. @param outer the section around it */
export function sectionOf(key: string | undefined, outer: Section | undefined): Section | undefined {
  if (outer === "config-files") return outer;
  if (key === "_data_files") return "data-files";
  if (key === "types") return "types";
  if (key === "rank_pattern" || key === "alpha_pattern") return "patterns";
  if (outer === "configs") return key === "data_files" || key === "data_dir" ? "config-files" : outer;
  if (key === "configs") return "configs";
  return outer === "data-files" ? outer : undefined;
}

/** Classes that sentence-transformers imports without asking whether it may. */
const ACTIVATION = /^torch\.nn\.modules\.[a-z_]+\.[A-Z]\w*$/;
const OWN_CLASS = /^sentence_transformers(?:\.[A-Za-z_]\w*)*\.[A-Z]\w*$/;

/** Whether it is what `import_from_string` of sentence-transformers would import, and no class of its own. */
export function isForeignClass(name: string): boolean {
  return name.lastIndexOf(".") > 0 && !/[\s/]/.test(name) && !OWN_CLASS.test(name);
}

/** What a file's name ends in, and no class or function of Python is called. */
const EXTENSION =
  /\.(?:json|safetensors|bin|pt|pth|ckpt|onnx|txt|md|csv|ya?ml|png|jpe?g|gif|webp|wav|mp3|mp4|parquet|np[yz]|h5|gguf|gz)$/i;

/** Whether a dotted name under `target` is of something to be imported, not of a file. */
export function isImportedTarget(target: string): boolean {
  return !EXTENSION.test(target);
}

type Meaning = "activation" | "class" | "reference" | "pattern";

const SETTINGS = new Map<string, Meaning>([
  ["activation_function", "activation"],
  ["activation_fn", "activation"],
  ["sbert_ce_default_activation_function", "activation"],
  ["tokenizer_class", "class"],
  ["splits", "reference"],
  ["vocab_file", "reference"],
  ["tokenizer_file", "reference"],
  ["spm_file", "reference"],
  ["merges_file", "reference"],
  ["vocabulary_file", "reference"],
  ["target_modules", "pattern"],
  ["exclude_modules", "pattern"],
  ["layers_pattern", "pattern"],
]);

function meaningOf(key: string, section: Section | undefined): Meaning | undefined {
  if (section === "config-files") return "reference";
  if (section === "data-files" && key === "filename") return "reference";
  if (section === "configs" && (key === "data_files" || key === "data_dir")) return "reference";
  return SETTINGS.get(key);
}

/** Notes what a loader does with one setting. @param raw the value as it stands in the text, or a bracket */
export function judgeSetting(key: string, raw: string, section: Section | undefined, note: Note): void {
  if (section === "patterns") judgePattern(key, note);
  if (key === "expr_str" || (key === "graph_module" && raw === "{")) {
    note("opaque_format", `${key}: a program of torch.export, whose expressions are evaluated`);
  }
  const meaning = meaningOf(key, section);
  // most strings are of no setting, and long ones take a while to be decoded
  if (!raw.startsWith('"') || (!meaning && section !== "types")) return;
  const value = decodeString(raw);
  if (section === "types" && isForeignClass(value)) note("remote_code", `types: a class that is imported: ${value}`);
  if (meaning === "reference") judgeReference(key, value, note);
  else if (meaning === "pattern") judgePattern(value, note);
  else if (meaning !== undefined && value.includes(".")) {
    const known = meaning === "activation" ? ACTIVATION : OWN_CLASS;
    if (!known.test(value)) note("remote_code", `${key}: what is imported: ${value}`);
  }
}

function judgeReference(key: string, path: string, note: Note): void {
  const defect = findPathDefect(path);
  const outside = defect !== undefined && defect !== "segment" && defect !== "empty";
  if (outside || path.startsWith("~") || /:\/\/|::/.test(path)) {
    note("external_reference", `${key}: a file outside of the archive: ${path}`);
  }
}

const PATTERN_MAX_CHARS = 4000;
/** The time that a match takes grows with the length of a module's name to the power of this. */
const QUANTIFIERS_MAX = 8;

/** PEFT matches the name of every module with it, in Python's backtracking engine. */
function judgePattern(pattern: string, note: Note): void {
  const plain = pattern
    .slice(0, PATTERN_MAX_CHARS)
    .replace(/\\./gs, "x")
    .replace(/\[\^?\]?[^\]]*(?:\]|$)/g, "x");
  const quantifiers = plain.match(/(?<!\()(?:[*+?]|\{[\d,]*\})[?+]?/g)?.length ?? 0;
  // flags may hide what a quantifier belongs to
  const nested = /\)\s*[*+{]|\(\?[a-zA-Z-]+[:)]/.test(plain);
  if (pattern.length > PATTERN_MAX_CHARS || quantifiers > QUANTIFIERS_MAX || nested) {
    note("opaque_format", "a pattern for names of modules that may take forever to match");
  }
}
