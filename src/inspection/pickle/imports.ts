/**
 * What a pickle may name, and what it may do with each name.
 *
 * Invariant: a name that is not here is none that a pickle may import. A call of a name, and a state of what a call of it
 * returned, are harmless only in the forms that its rule lists. What rebuilds by unpickling once more
 * (`torch.storage._load_from_bytes`), looks up attributes or calls what it is given is not here, however common.
 */

import { NUMPY } from "./numpy.ts";
import type { Rule } from "./shapes.ts";
import { type Names, STANDARD } from "./standard.ts";
import { TORCH } from "./torch.ts";

const MODULES: ReadonlyMap<string, ReadonlyMap<string, Rule>> = new Map(
  Object.entries<Names>({ ...STANDARD, ...NUMPY, ...TORCH }).map(([module, names]) => [
    module,
    new Map(Object.entries(names)),
  ]),
);

/** The rule of a name; undefined if a pickle may not import it. */
export function ruleOf(module: string, name: string): Rule | undefined {
  return MODULES.get(module)?.get(name);
}

/** The rule of a name in one text, `numpy.ndarray`. */
export function ruleOfDotted(dotted: string): Rule | undefined {
  const at = dotted.lastIndexOf(".");
  return ruleOf(dotted.slice(0, at), dotted.slice(at + 1));
}

/** Whether it names a type of a TorchScript program. They live in a module that Python itself does not have. */
export function isTorchScript(module: string, name: string): boolean {
  return /^__torch__(?:\.\w+)*$/.test(module) && /^\w+$/.test(name);
}
