/**
 * What in a model's configurations makes a loader run code that is not the library's own.
 *
 * Invariant: a configuration that is there and cannot be read counts as one that does: whoever publishes it can choose.
 */

import type { ModelEvidence } from "../evidence.ts";

/** Libraries whose own classes a configuration may name. */
const KNOWN_MODULE = /^(?:transformers|diffusers|sentence_transformers|timm|peft|torch|pylate)(?:\.|$)/;

/** Configurations at the top of a repository. */
const CONFIG_FILE = /^(?:modules|[\w-]{0,60}config[\w-]{0,60})\.json$/;

/** Whether a file is a configuration beside the two that are read for more than code. */
export function isOtherConfig(path: string): boolean {
  return CONFIG_FILE.test(path) && path !== "config.json" && path !== "adapter_config.json";
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isFilled = (value: unknown): boolean =>
  isObject(value) ? Object.keys(value).length > 0 : value !== undefined && value !== null && value !== "";

/** Keys and classes of one parsed configuration that lead to code: `auto_map`, `custom_pipelines`, `modules.json` with foreign types. */
export function hooksOf(config: unknown): string[] {
  if (Array.isArray(config)) {
    // modules.json of sentence-transformers
    return config.flatMap((module) => {
      const type = isObject(module) ? module["type"] : undefined;
      return typeof type === "string" && !KNOWN_MODULE.test(type) ? [`module ${type.slice(0, 100)}`] : [];
    });
  }
  if (!isObject(config)) return [];
  const hooks = ["auto_map", "custom_pipelines", "custom_pipeline"].filter((key) => isFilled(config[key]));
  // diffusers: a list names a module of the repository
  if (Array.isArray(config["_class_name"])) hooks.push("_class_name");
  const mapping = config["auto_mapping"];
  const parent = isObject(mapping) ? mapping["parent_library"] : undefined;
  if (typeof parent === "string" && !KNOWN_MODULE.test(parent)) hooks.push("auto_mapping");
  const flag = config["trust_remote_code"];
  if (flag !== undefined && flag !== null && flag !== false) hooks.push("trust_remote_code");
  return hooks;
}

/** All such hooks of a model, each with its file: `config.json: auto_map`. */
export function codeHooks({ config, adapter_config, configs = [] }: ModelEvidence): string[] {
  const own = [
    { path: "config.json", finding: config },
    { path: "adapter_config.json", finding: adapter_config },
  ].flatMap(({ path, finding }) => {
    if (finding.status === "unreadable") return [`${path}: ${finding.reason}`];
    return finding.status === "found" ? hooksOf(finding.value).map((hook) => `${path}: ${hook}`) : [];
  });
  const others = configs.flatMap(({ path, hooks }) => {
    if (hooks.status === "unreadable") return [`${path}: ${hooks.reason}`];
    return hooks.status === "found" ? hooks.value.map((hook) => `${path}: ${hook}`) : [];
  });
  return [...own, ...others];
}
