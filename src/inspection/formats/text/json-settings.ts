/** Judges settings in JSON by their key: what makes a loader import, call, or read outside of the repository. */

import { findPathDefect } from "../../../lib/paths.ts";
import type { Note } from "../../format.ts";
import { decodeString } from "../reading/json-scan.ts";

/** A dotted name of Python's. */
export const DOTTED = /^[A-Za-z_]\w*(?:\.\w+)+$/;
const TORCH_MODULE = /^torch\.nn\.modules\.[a-z_]+\.[A-Z]\w*$/;
/** Whether it names a class of a module that is not the library's own. */
const isForeignClass = (name: string): boolean =>
  DOTTED.test(name) && !/^(?:sentence_transformers|transformers)\./.test(name);

/** @param raw the value as it is written; `{` or `[` for an object or array */
export function judgeSetting(key: string, raw: string, note: Note): void {
  switch (key) {
    case "auto_map":
    case "custom_pipelines":
    case "custom_pipeline":
      if (raw !== "null") note("remote_code", `${key}: classes of modules beside the model`);
      return;
    case "trust_remote_code":
      if (!/^(?:false|null|0|"")$/.test(raw)) note("remote_code", "asks for remote code to be trusted");
      return;
    case "_target_":
    case "py/object":
    case "py/function":
    case "py/reduce":
    case "py/repr":
    case "py/type":
    case "py/mod":
    case "py/newobj":
    case "py/newargs":
    case "py/state":
    case "__loader__":
    case "loader_module":
      note("remote_code", `${key}: an object that a loader imports`);
      return;
    case "_attn_implementation":
    case "attn_implementation":
      if (raw.includes("/")) note("remote_code", `${key}: a kernel that is downloaded`);
      return;
    case "expr_str":
      note("opaque_format", "a program of torch.export, whose expressions are evaluated");
      return;
    case "activation_function":
    case "activation_fn":
    case "sbert_ce_default_activation_function":
      if (raw.startsWith('"') && raw.includes(".") && !TORCH_MODULE.test(decodeString(raw))) {
        note("remote_code", `${key}: a function that is imported and called`);
      }
      return;
    case "tokenizer_class":
      if (raw.startsWith('"') && isForeignClass(decodeString(raw))) {
        note("remote_code", "tokenizer_class: a class that is imported");
      }
      return;
    case "vocab_file":
    case "tokenizer_file":
    case "spm_file":
    case "merges_file":
    case "vocabulary_file":
      if (raw.startsWith('"')) judgeReference(key, decodeString(raw), note);
      return;
    case "target_modules":
      if (raw.startsWith('"') && /\)[*+?{]/.test(decodeString(raw))) {
        note("opaque_format", "target_modules: a pattern that may take exponential time");
      }
      return;
    case "parent_library":
      if (raw.startsWith('"') && !/^(?:transformers|peft|diffusers)(?:\.|$)/.test(decodeString(raw))) {
        note("remote_code", "parent_library: a module that PEFT imports");
      }
      return;
    case "megatron_core":
      if (raw.startsWith('"') && decodeString(raw) !== "megatron.core") {
        note("remote_code", "megatron_core: a module that PEFT imports");
      }
      return;
    case ":serialized:":
      note("opaque_format", "an object that is pickled in JSON");
  }
}

function judgeReference(key: string, path: string, note: Note): void {
  const defect = findPathDefect(path);
  if ((defect !== undefined && defect !== "segment" && defect !== "empty") || /:\/\/|::/.test(path)) {
    note("external_reference", `${key} leads outside: ${path}`);
  }
}
