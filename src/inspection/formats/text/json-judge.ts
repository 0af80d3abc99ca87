/**
 * Judges what a JSON text tells the loaders that read it: to import, to render a template, to build a Keras model.
 *
 * Invariant: every object at every depth is judged, and every occurrence of a key. Strings are compared as decoded.
 */

import { findPathDefect } from "../../../lib/paths.ts";
import type { Note } from "../../format.ts";
import { judgeKerasNode } from "../keras/node.ts";
import { KerasSizes } from "../keras/sizes.ts";
import { decodeString, type JsonVisitor } from "../reading/json-scan.ts";
import { checkTemplate, hasTemplate } from "./jinja.ts";
import { isForeignClass, isImportedTarget, judgeSetting, type Section, sectionOf } from "./json-settings.ts";

/** What a scan gathered beside its findings. */
export interface JsonFacts {
  /** Has nodes of Keras. */
  readonly keras: boolean;
  /** Has the keys of a notebook at its top. */
  readonly notebook: boolean;
  /** Pickles in base64, as text, at most `EMBEDDED_MAX` of them. */
  readonly embedded: readonly string[];
}

interface Frame {
  readonly container: "object" | "array";
  /** Whether it stands below `chat_template`, so that its strings are templates whatever their keys. */
  readonly templates: boolean;
  /** Whether it stands below `weight_map`, so that its strings are names of files. */
  readonly files: boolean;
  /** What the key nearest above, or one further above, makes of its strings. */
  readonly section: Section | undefined;
  /** `function` of the objects in it. */
  readonly functions: string[];
  /** Values by key, raw; `undefined` for an object or array. Only of keys that matter. */
  readonly values: Map<string, (string | undefined)[]>;
  /** Elements of an array of strings, at most three. */
  readonly strings: string[];
}

/** Keys whose values are gathered, because an object is judged by several of them together. */
const GATHERED = new Set([
  ..."class_name config module registered_name function function_type vocabulary idf_weights spec_name".split(" "),
  ..."target params type idx path cells nbformat _class_name _diffusers_version".split(" "),
]);
const TEMPLATES = new Set(["chat_template", "template", "prompt_template", "custom_chat_template"]);
const EMBEDDED_MAX = 50;
/** Of all templates of a text together: a check takes a microsecond a character. */
const TEMPLATES_MAX_CHARS = 2 * 1024 * 1024;
const DOTTED = /^[A-Za-z_]\w*(?:\.\w+)+$/;
/** Packages that the components of a Diffusers pipeline come from; other names are modules beside the index. */
const PIPELINE_LIBRARIES = new Set(
  "diffusers transformers onnxruntime optimum stable_diffusion stable_diffusion_xl stable_diffusion_safe latent_diffusion deepfloyd_if paint_by_example kandinsky flux".split(
    " ",
  ),
);

/** A judge of one JSON text: give it to `scanJson`, then ask for the facts. */
export class JsonJudge implements JsonVisitor {
  readonly #note: Note;
  readonly #frames: Frame[] = [];
  readonly #embedded: string[] = [];
  #keras = false;
  readonly #sizes = new KerasSizes();
  #notebook = false;
  /** Counts only in a Keras model, which may turn out later. */
  #paths: string[] = [];
  #lambda = false;
  #templateChars = 0;

  constructor(note: Note) {
    const noted = new Set<string>();
    this.#note = (code, detail) => {
      const key = `${code} ${detail}`;
      if (noted.has(key) || noted.size >= 100) return;
      noted.add(key);
      note(code, detail);
    };
  }

  open(container: "object" | "array", key: string | undefined): void {
    this.#gather(key, undefined);
    this.#judgeKey(key, container === "object" ? "{" : "[");
    const templates = key === "chat_template" || this.#frames.at(-1)?.templates === true;
    const files = key === "weight_map" || this.#frames.at(-1)?.files === true;
    const section = sectionOf(key, this.#frames.at(-1)?.section);
    this.#frames.push({ container, templates, files, section, functions: [], values: new Map(), strings: [] });
  }

  scalar(raw: string, key: string | undefined): void {
    const frame = this.#frames.at(-1);
    if (frame?.container === "array" && raw.startsWith('"') && frame.strings.length < 3) {
      frame.strings.push(raw.length > 400 ? "" : decodeString(raw));
    }
    this.#gather(key, raw);
    this.#judgeKey(key, raw);
  }

  close(container: "object" | "array"): void {
    const frame = this.#frames.pop();
    if (!frame) return;
    if (container === "object") this.#judgeObject(frame);
    else this.#judgeArray(frame);
  }

  /** @returns what was gathered; notes what only counts together */
  facts(): JsonFacts {
    if (this.#keras) {
      for (const path of this.#paths) this.#note("keras_code", `a vocabulary that is read from a file: ${path}`);
      if (this.#lambda) this.#note("keras_lambda", "a function as marshalled code");
      this.#sizes.judge(this.#note);
    }
    return { keras: this.#keras, notebook: this.#notebook, embedded: this.#embedded };
  }

  #gather(key: string | undefined, raw: string | undefined): void {
    if (key === undefined || !GATHERED.has(key)) return;
    const frame = this.#frames.at(-1);
    // an element of an array has the array's key, and is no value of it
    if (frame?.container !== "object") return;
    const list = frame.values.get(key);
    if (list) list.push(raw);
    else frame.values.set(key, [raw]);
  }

  #judgeKey(key: string | undefined, raw: string): void {
    if (key === undefined) return;
    this.#sizes.add(key, raw);
    judgeSetting(key, raw, this.#frames.at(-1)?.section, this.#note);
    if (this.#frames.at(-1)?.files && raw.startsWith('"')) this.#judgeFile(decodeString(raw));
    if (TEMPLATES.has(key) || this.#frames.at(-1)?.templates) {
      const template = raw.startsWith('"') ? decodeString(raw) : "";
      if (hasTemplate(template)) this.#judgeTemplate(template);
      return;
    }
    switch (key) {
      case "auto_map":
      case "custom_pipelines":
      case "custom_pipeline":
        if (raw !== "null") this.#note("remote_code", `${key}: classes of modules beside the model`);
        return;
      case "trust_remote_code":
        if (!/^(?:false|null|0|"")$/.test(raw)) this.#note("remote_code", "asks for remote code to be trusted");
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
        this.#note("remote_code", `${key}: an object that a loader imports`);
        return;
      case "_attn_implementation":
      case "attn_implementation":
        if (raw.includes("/")) this.#note("remote_code", `${key}: a kernel that is downloaded`);
        return;
      case "parent_library":
        if (raw.startsWith('"') && !/^(?:transformers|peft|diffusers)(?:\.|$)/.test(decodeString(raw))) {
          this.#note("remote_code", "parent_library: a module that PEFT imports");
        }
        return;
      case "megatron_core":
        if (raw.startsWith('"') && decodeString(raw) !== "megatron.core") {
          this.#note("remote_code", "megatron_core: a module that PEFT imports");
        }
        return;
      case ":serialized:":
        this.#note("opaque_format", "an object that is pickled in JSON");
        if (raw.startsWith('"') && this.#embedded.length < EMBEDDED_MAX) this.#embedded.push(decodeString(raw));
    }
  }

  #judgeFile(path: string): void {
    const defect = findPathDefect(path);
    if (defect !== undefined && defect !== "segment") this.#note("external_data", `keeps tensors in ${path}`);
  }

  #judgeTemplate(template: string): void {
    this.#templateChars += template.length;
    if (this.#templateChars <= TEMPLATES_MAX_CHARS) checkTemplate(template, this.#note);
    else this.#note("bound_reached", "too many templates to be checked");
  }

  #judgeObject({ values, functions }: Frame): void {
    if (values.size === 0) return;
    const strings = (key: string) =>
      (values.get(key) ?? []).flatMap((raw) => (raw?.startsWith('"') ? [decodeString(raw)] : []));
    const nullable = (key: string) =>
      (values.get(key) ?? []).flatMap((raw) =>
        raw === undefined ? [] : [raw.startsWith('"') ? decodeString(raw) : undefined],
      );
    if (values.has("class_name") && values.has("config")) {
      this.#keras = true;
      // the keys of the configuration itself were gathered in a frame that is closed by now
      judgeKerasNode(
        {
          classNames: (values.get("class_name") ?? []).map((raw) =>
            raw?.startsWith('"') ? decodeString(raw) : undefined,
          ),
          modules: nullable("module"),
          registeredNames: strings("registered_name"),
          configs: strings("config"),
          functions,
        },
        this.#note,
      );
      if (values.has("spec_name")) this.#note("keras_custom", "a type of TensorFlow");
    }
    this.#frames.at(-1)?.functions.push(...strings("function"));
    for (const key of ["vocabulary", "idf_weights"]) this.#paths.push(...strings(key).slice(0, 3));
    if (this.#paths.length > 100) this.#paths.length = 100;
    if (strings("function_type").includes("lambda")) this.#lambda = true;
    if (values.has("cells") && values.has("nbformat") && this.#frames.length === 0) this.#notebook = true;
    const targets = strings("target").filter((target) => DOTTED.test(target));
    if (targets.some((target) => values.has("params") || isImportedTarget(target))) {
      this.#note("remote_code", "target: a class that a loader imports");
    }
    const type = strings("type").find(isForeignClass);
    if (values.has("path") && type) this.#note("remote_code", `type: a class that is imported: ${type}`);
    if (values.has("_class_name") && this.#frames.length === 0) {
      for (const library of this.#libraries) this.#note("remote_code", `a component of a module ${library}`);
    }
  }

  /** First strings of the pairs at the top: libraries of the components, if it is the index of a pipeline. */
  readonly #libraries = new Set<string>();

  #judgeArray({ strings }: Frame): void {
    const [library] = strings;
    if (strings.length !== 2 || library === undefined || this.#frames.length !== 1) return;
    if (!PIPELINE_LIBRARIES.has(library) && this.#libraries.size < 20) this.#libraries.add(library);
  }
}
