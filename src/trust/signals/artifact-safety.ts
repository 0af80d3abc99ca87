/**
 * artifact_safety: 1 = weights in formats that hold tensors only (safetensors, gguf, onnx and the like), and no code; .75 = files
 * that may run code when they are loaded (pickles, h5, whatever is not known), with a finished scan of the hub
 * (`securityStatus`) or an inspection of ours that found nothing; .5 = such files not scanned, a scan that is suspicious of
 * one, or no weights at all; .25 = code that a loader or the card's own commands run: `auto_map` and the like in a
 * configuration or a configuration that cannot be read, `.py` beside the weights, a script that the card says to run;
 * 0 = executables, or a scan or inspection that says unsafe.
 * Names decide what is looked at, so this is about what the files are given out for; the inspection of a mirror reads bytes.
 */

import type { ModelEvidence } from "../evidence.ts";
import { codeHooks } from "../metrics/code-hooks.ts";
import { readmeOutline } from "../metrics/markdown.ts";
import { brief, type MetricResult, measured, unavailable, undecided } from "../metrics/result.ts";
import { type FileKind, fileKind } from "./file-kinds.ts";

export const version = 1;

const SHOWN_MAX = 10;
const SCRIPTS_MAX = 500;
/** Fenced code of a card that is searched for the names of scripts. */
const COMMANDS_MAX_CHARS = 256 * 1024;

/** A sentence that tells to run a file: "run `src/loader.py`", "python loader.py". Other mentions of a script are harmless. */
const RUN_IN_PROSE =
  /\b(?:python3?|bash|sh|zsh|node|run|running|execute|executing|launch|start|double-click)[\s`*"'“]{1,6}(?:the[\s`*"'“]{1,6})?([\w./\\-]{1,200}\.\w{1,5})/gi;

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Code that is run without the user having chosen it: beside the weights, or by a command of the card. */
function codeThatRuns(evidence: ModelEvidence, kinds: ReadonlyMap<string, FileKind>): string[] {
  const code = [...kinds].flatMap(([path, kind]) => (kind === "code" ? [path] : []));
  const places = new Set(
    [...kinds].flatMap(([path, kind]) => (kind === "tensors" || isWeightLike(path) ? [directoryOf(path)] : [])),
  );
  places.add("");
  const { fences = [], prose = [] } = readmeOutline(evidence.readme) ?? {};
  const commands = fences
    .map((fence) => fence.code)
    .join("\n")
    .slice(0, COMMANDS_MAX_CHARS);
  const sentences = prose.join("\n").slice(0, COMMANDS_MAX_CHARS);
  const named = new Set([
    ...(commands.match(/[\w.-]+/g) ?? []),
    ...[...sentences.matchAll(RUN_IN_PROSE)].map(([, path = ""]) => path.split(/[/\\]/).at(-1) ?? ""),
  ]);
  return code
    .slice(0, SCRIPTS_MAX)
    .filter((path) => (path.endsWith(".py") && places.has(directoryOf(path))) || named.has(nameOf(path)));
}

const isWeightLike = (path: string): boolean => /\.(?:bin|pt|pth|ckpt|h5|keras|pkl|joblib)$/i.test(path);

/** What a loader may do on the reader's machine. */
export function artifactSafety(evidence: ModelEvidence): MetricResult {
  const { record, config, inspection } = evidence;
  if (undecided(record)) return unavailable("model record", record);
  const { files = [], scan } = record.status === "found" ? record.value : {};
  const kinds = new Map(files.map(({ path }) => [path, fileKind(path)]));
  const of = (kind: FileKind) => [...kinds].flatMap(([path, is]) => (is === kind ? [path] : []));
  const unsafe = (scan?.issues ?? []).filter(({ level }) => level === "unsafe").map(({ path }) => path);
  const suspicious = (scan?.issues ?? []).filter(({ level }) => level !== "unsafe").map(({ path }) => path);
  const executables = of("executable");
  const opaque = of("opaque");
  const hooks = codeHooks(evidence);
  const code = codeThatRuns(evidence, kinds);
  const scanned = (scan?.done === true || inspection === "safe") && suspicious.length === 0;
  const inputs = {
    executables: executables.slice(0, SHOWN_MAX).map(brief),
    code_that_runs: [...hooks, ...code].slice(0, SHOWN_MAX).map(brief),
    may_run_code: opaque.slice(0, SHOWN_MAX).map(brief),
    scan: scan === undefined ? "none" : scan.done ? "finished" : "not finished",
    inspection: inspection ?? null,
    unsafe: unsafe.slice(0, SHOWN_MAX).map(brief),
    suspicious: suspicious.slice(0, SHOWN_MAX).map(brief),
  };
  const score = (value: number) => measured(value, inputs, [record, config]);
  if (executables.length > 0 || unsafe.length > 0 || inspection === "unsafe") return score(0);
  if (hooks.length > 0 || code.length > 0) return score(0.25);
  // without the configuration it is not known whether a loader runs code, and a failed call is nobody's fault
  if (undecided(config)) return unavailable("config.json", config, [record]);
  if (opaque.length > 0) return score(scanned ? 0.75 : 0.5);
  return score(suspicious.length > 0 || of("tensors").length === 0 ? 0.5 : 1);
}
