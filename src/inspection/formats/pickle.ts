/**
 * Pickles: plain ones, several one behind the other, and torch's format before 1.6.
 *
 * Invariant: bytes are a pickle by what they do as one, whatever their file is called. What was found before a bound is noted.
 */

import type { FindingCode } from "../findings.ts";
import type { FileContent, Format, Note, Scene } from "../format.ts";
import { mayBePickle } from "../pickle/head.ts";
import { PickleMachine } from "../pickle/machine.ts";
import { type PickleWalk, walkPickles } from "../pickle/walk.ts";

/** What a walk through a file found. */
interface Walked {
  walk?: PickleWalk;
  findings: [code: FindingCode, detail: string][];
  /** A bound that ended it. */
  error?: unknown;
  isPickle: boolean;
}

/** A file is walked once, to recognise it and to look through it. */
const walks = new WeakMap<FileContent, Promise<Walked>>();

export const pickle: Format = {
  kind: "pickle",

  async recognise(content) {
    if (!(await mayBePickle(content.head, content.size))) return false;
    const { isPickle, error } = await walkOnce(content);
    // cut off by a bound before it could be told: this is no other format's either
    if (error !== undefined && !isPickle) throw error;
    return isPickle;
  },

  async inspect(content, note, scene) {
    const { walk, findings, error } = await walkOnce(content);
    for (const [code, detail] of findings) note(code, detail);
    if (error !== undefined) throw error;
    if (walk) noteEnd(walk, content.size, note, scene);
  },
};

/**
 * Looks through a pickle that stands in a file from some byte to its end, whatever the bytes are.
 * @throws whatever reading the file throws; what was found before is noted
 */
export async function inspectPickleFrom(from: number, content: FileContent, note: Note, scene: Scene): Promise<void> {
  const walk = await walkPickles(content.read, { from, to: content.size }, note);
  noteEnd(walk, content.size, note, scene);
}

/** A dotted name of Python's. */
const MODULE = /^[\p{ID_Start}_][\p{ID_Continue}.]*$/u;

/**
 * Notes what unpickling a file would do that was not recognised as a pickle: a loader that goes by the file's name tries. A text
 * that happens to begin like an import (`import os` is INST to some readers) names no module that could be there.
 * @throws whatever reading the file throws
 */
export async function notePickleFindings({ read, size }: FileContent, note: Note): Promise<void> {
  const found: [code: FindingCode, detail: string][] = [];
  const { modules } = await walkPickles(read, { from: 0, to: size }, (...finding) => void found.push(finding));
  if (![...modules].every((module) => MODULE.test(module))) return;
  for (const [code, detail] of found) note(code, detail);
}

function walkOnce(content: FileContent): Promise<Walked> {
  const known = walks.get(content) ?? walkWhole(content);
  walks.set(content, known);
  return known;
}

async function walkWhole({ head, size, read }: FileContent): Promise<Walked> {
  const findings: Walked["findings"] = [];
  // one that says its protocol is a pickle once it does anything; a text that begins like one has to call
  const saysSo = head[0] === 0x80;
  const report = (code: FindingCode, detail: string) => void findings.push([code, detail]);
  const machine = new PickleMachine(report);
  try {
    const walk = await walkPickles(read, { from: 0, to: size }, report, { machine });
    const isPickle = walk.called || (saysSo && (walk.active || walk.streams > 0)) || walk.end !== "malformed";
    return { walk, findings, isPickle };
  } catch (error) {
    return { findings, error, isPickle: machine.judge.called || (saysSo && findings.length > 0) };
  }
}

/** What a walk to its end says of the whole file. */
function noteEnd(walk: PickleWalk, size: number, note: Note, scene: Scene): void {
  for (const module of walk.modules) {
    if (scene.shadows(module)) note("shadowed_import", `imports ${module}, which a file of this archive can stand for`);
  }
  if (walk.end === "bound") note("bound_reached", "a pickle too long to be walked to its end");
  if (walk.end === "malformed") note("pickle_malformed", "a pickle that breaks off, or has other bytes behind it");
  noteStorages(walk, size, note, scene);
}

/** A storage that is said to be longer than its bytes: some versions of torch read, or make room for, as much as is said. */
function noteStorages({ storages, legacy }: PickleWalk, size: number, note: Note, scene: Scene): void {
  let total = 0;
  for (const [key, bytes] of storages) {
    total += bytes;
    if (legacy || !scene.sizeBeside) continue;
    const stored = scene.sizeBeside(`data/${key}`);
    if (stored === undefined || stored < bytes) {
      note("pickle_arguments", `says that storage ${key} has ${bytes} bytes, which are not beside it`);
      return;
    }
  }
  if (legacy && total > size) note("pickle_arguments", "says that its storages have more bytes than the file");
}
