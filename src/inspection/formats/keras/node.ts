/**
 * Judges the nodes of a Keras configuration: objects with `class_name` and `config`.
 *
 * Invariant: a node is inert only if every reading of it names a class or function of Keras that computes. Where a key stands
 * twice, each occurrence is judged.
 *
 * What loaders of some version did with other nodes: CVE-2024-3660 (marshalled code of Lambda), CVE-2025-1550 (functions of
 * any module), CVE-2025-8747 and CVE-2025-9906 (`get_file`, `enable_unsafe_deserialization` and `load_model` as functions),
 * CVE-2025-9905 (HDF5 ignores safe mode), CVE-2025-12058 (`vocabulary` is a path or address), CVE-2025-49655
 * (TorchModuleWrapper unpickles), CVE-2026-1462 (TFSMLayer loads a SavedModel).
 */

import type { Note } from "../../format.ts";
import { ACTING_MODULES, CLASSES, FOREIGN_PACKAGES, FUNCTION_MODULES, FUNCTIONS, RUNNING_CLASSES } from "./names.ts";

/** What the keys of a node say; each of them may stand several times. */
export interface KerasNode {
  readonly classNames: readonly (string | undefined)[];
  readonly modules: readonly (string | undefined)[];
  readonly registeredNames: readonly string[];
  /** Configurations that are strings: names of functions. */
  readonly configs: readonly string[];
  /** `function` of the configuration, for operations of TensorFlow in Keras 2. */
  readonly functions: readonly string[];
}

/** Notes what a node does besides computing. */
export function judgeKerasNode(node: KerasNode, note: Note): void {
  for (const className of node.classNames) {
    if (className === undefined) note("keras_custom", "a node whose class is no name");
    else judgeClass(className, node, note);
  }
}

function judgeClass(className: string, node: KerasNode, note: Note): void {
  const plain = className.slice(className.lastIndexOf(">") + 1);
  if (plain === "Lambda" || className === "__lambda__") {
    note("keras_lambda", "a lambda layer, whose code runs when it is loaded");
  } else if (RUNNING_CLASSES.has(plain)) {
    note("keras_code", `a layer that runs foreign code: ${plain}`);
  } else {
    const modules = node.modules.length > 0 ? node.modules : [undefined];
    if (className === "function") judgeFunction(modules, node, note);
    else if (plain === "TFOpLambda" || plain === "SlicingOpLambda") judgeOperation(node, note);
    else judgePlainClass(className, modules, node, note);
  }
}

function judgePlainClass(
  className: string,
  modules: readonly (string | undefined)[],
  node: KerasNode,
  note: Note,
): void {
  for (const module of modules) {
    if (module !== undefined && FOREIGN_PACKAGES.test(module)) {
      // `builtins` is where Keras says that functions are, and never classes
      note("keras_code", `a class of Python's own: ${module}.${className}`);
    } else if (module !== undefined && ACTING_MODULES.test(module) && /^[a-z_]/.test(className)) {
      // a function under the name of a class: some loaders call it
      note("keras_code", `what acts on files or settings: ${module}.${className}`);
    } else if (!isOwnClass(module, className)) {
      note("keras_custom", `a class that is not one of Keras's own: ${module ?? ""} ${className}`.replace(/\s+/g, " "));
    }
  }
  for (const name of node.registeredNames) {
    if (name !== className) note("keras_custom", `a class that is registered under another name: ${name}`);
  }
}

/** Operations of Keras 3 are classes of `keras.src.ops`. */
const OPERATIONS = /^keras\.src\.ops\.(?:numpy|math|nn|linalg|image|core|einops)$/;
const OWN = /^(?:tf_keras|keras)(?:\.[a-z0-9_]+)*$/;

function isOwnClass(module: string | undefined, className: string): boolean {
  if (module !== undefined && OPERATIONS.test(module)) return /^[A-Z][A-Za-z0-9]*$/.test(className);
  return CLASSES.has(className) && (module === undefined || OWN.test(module));
}

function judgeFunction(modules: readonly (string | undefined)[], node: KerasNode, note: Note): void {
  const names = [...node.configs, ...node.registeredNames];
  if (names.length === 0) note("keras_custom", "a function without a name");
  for (const name of names) {
    for (const module of modules) {
      const builtin = module === undefined || module === "builtins";
      if (FUNCTIONS.has(name) && (builtin || FUNCTION_MODULES.test(module))) continue;
      const acting = module !== undefined && (ACTING_MODULES.test(module) || OWN.test(module));
      const foreign = module !== undefined && !builtin && FOREIGN_PACKAGES.test(module);
      const evaluating =
        builtin && /^(?:eval|exec|compile|open|__import__|getattr|setattr|breakpoint|input)$/.test(name);
      const code = acting || foreign || evaluating ? "keras_code" : "keras_custom";
      note(code, `a function that is not one of a model's own: ${module ?? ""} ${name}`.replace(/\s+/g, " "));
    }
  }
}

/** Functions of TensorFlow that compute. */
const COMPUTING =
  /^(?:(?:math|nn|__operators__|linalg|signal|compat\.v1\.(?:math|nn))\.[a-z0-9_.]+|abs|add|argmax|argmin|broadcast_to|cast|clip_by_value|concat|constant|convert_to_tensor|cos|divide|einsum|equal|exp|expand_dims|eye|fill|gather|gather_nd|greater|greater_equal|identity|image\.[a-z0-9_]+|less|less_equal|matmul|maximum|minimum|multiply|norm|one_hot|ones|ones_like|pad|pow|range|rank|reduce_[a-z]+|repeat|reshape|reverse|round|shape|sigmoid|sin|slice|sort|split|sqrt|square|squeeze|stack|stop_gradient|strided_slice|subtract|tanh|tensordot|tile|transpose|unstack|where|zeros|zeros_like)$/;

function judgeOperation({ functions }: KerasNode, note: Note): void {
  if (functions.length === 0) note("keras_custom", "an operation without a function");
  for (const name of functions) {
    if (
      /(?:^|\.)(?:io|raw_ops|py_function|py_func|numpy_function|load_[a-z_]+|saved_model|data|train|summary|debugging|profiler)(?:\.|$)/.test(
        name,
      )
    ) {
      note("keras_code", `an operation that acts on files or calls Python: ${name}`);
    } else if (!COMPUTING.test(name) || /image\.(?:decode|encode)/.test(name)) {
      note("keras_custom", `an operation that is not known: ${name}`);
    }
  }
}
