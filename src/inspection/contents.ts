/**
 * Looks into files that can do more than be read: pickles, torch's archives of them, arrays, tensors, graphs.
 *
 * Invariant: nothing is loaded or run. A file whose kind can hold code and that could not be looked through is `unknown`,
 * never safe; kinds that only hold data (text, pictures, GGUF, tables) are left alone.
 *
 * Decided: source code is no finding, it is what code artifacts are, and a model's is weighed by its rating. Machine code,
 * TorchScript and whatever is packed once more are `unknown`. HDF5 is `unknown` because Keras keeps code of lambda layers in
 * it, and `unsafe` where such a layer is seen; the weights of a `.keras` archive are none of that.
 */

import { constants, inflateRawSync } from "node:zlib";
import { HDF5_SEARCHED_BYTES, INSPECT_INFLATE_MAX_BYTES } from "../limits.ts";
import { dataRange, readEntry } from "../zip/zip-entry.ts";
import { STORED } from "../zip/zip-format.ts";
import { type ReadRange, readExactly } from "../zip/zip-index.ts";
import { ZipError } from "../zip/zip-records.ts";
import type { ReadBytes } from "./cursor.ts";
import { findMagic, isZip, type Kind, kindOf } from "./file-kinds.ts";
import type { FindingCode, Findings } from "./findings.ts";
import { npy } from "./formats/npy.ts";
import { findOnnxFault } from "./formats/onnx.ts";
import { findSafetensorsFault } from "./formats/safetensors.ts";
import { isTarHeader, readTarChecksum, TAR_HEADER_BYTES } from "./formats/tar.ts";
import { mayBePickle } from "./pickle/head.ts";
import { walkPickles } from "./pickle/walk.ts";
import { moduleNames } from "./shadowing.ts";
import type { LocatedEntry } from "./structure.ts";

/** Looks into an archive within the archive. `model`: of a kind that is loaded as one, so that its structure counts. */
export type InspectNested = (read: ReadBytes, size: number, path: string, model: boolean) => Promise<void>;

interface Content {
  path: string;
  size: number;
  head: Uint8Array;
  read: ReadBytes;
  note: (code: FindingCode, detail: string) => void;
  shadows: (module: string) => boolean;
}

/** A deflated entry that is too large to be looked into. */
class TooLarge extends Error {}

/** Takes note of bytes that were looked at; throws when they become too many. */
export type Spend = (bytes: number) => void;

/** What looking into files needs beside them. `prefix` stands before their paths in findings. */
export interface Looking {
  findings: Findings;
  spend: Spend;
  nested: InspectNested;
  prefix?: string;
}

/**
 * Looks into the files of an archive that was found to be in order.
 * @throws whatever `read` and `spend` throw
 */
export async function inspectContents(
  read: ReadRange,
  entries: readonly LocatedEntry[],
  { findings, spend, nested, prefix = "" }: Looking,
): Promise<void> {
  const shadows = moduleNames(entries.map(({ location }) => location.path));
  for (const entry of entries) {
    const { path, size } = entry.location;
    if (size === 0) continue;
    const note = (code: FindingCode, detail: string) => findings.add(code, detail, prefix + path);
    const content = { path: prefix + path, size, note, shadows, read: readerOf(read, entry, spend) };
    try {
      let head = headOf(entry, spend);
      const wanted = Math.min(size, HEAD_MIN_BYTES);
      if (head.length < wanted) head = await content.read({ offset: 0, length: wanted });
      await inspectContent({ ...content, head }, kindOf(path, head), nested);
    } catch (error) {
      if (error instanceof TooLarge) note("bound_reached", "deflated, and too large to be looked into");
      else if (error instanceof ZipError) note(error.code, error.message);
      else throw error;
    }
  }
}

/** First bytes of a file that tell its kind. */
const HEAD_MIN_BYTES = 64;

async function inspectContent(content: Content, kind: Kind | undefined, nested: InspectNested): Promise<void> {
  const { path, size, head, read, note } = content;
  switch (kind) {
    case "pickle":
    case "torch":
      // what loads the one loads the other, by its first bytes
      if (isZip(head)) return nested(read, size, path, true);
      await inspectPickle(content, 0, kind === "pickle" ? "named" : "likely");
      // as torch.load does, whatever else it is: in torch's oldest format, pickles are members of a tar
      if (await isTar(content)) note("nested_archive", TAR);
      return;
    case "tar":
      // torch.save has often been told to write one
      if (isZip(head)) return nested(read, size, path, true);
      if (!(await inspectPickle(content, 0, "likely")) || (await isTar(content))) note("nested_archive", TAR);
      return;
    case "opaque":
      return note("opaque_format", "a program of another runtime");
    case "npy":
      return isZip(head) ? nested(read, size, path, true) : inspectArray(content);
    case "zip":
      if (isZip(head)) return nested(read, size, path, /\.npz$/i.test(path));
      return note("nested_archive", TAR);
    case "keras":
      if (isZip(head)) return nested(read, size, path, true);
      return inspectHdf5(content);
    case "safetensors": {
      const fault = await findSafetensorsFault(read, size);
      return fault && note(fault.code, fault.detail);
    }
    case "onnx": {
      const fault = await findOnnxFault(read, size);
      if (fault?.kind === "external") note("external_data", `keeps tensors in ${fault.location}`);
      if (fault?.kind === "malformed") note("opaque_format", "an ONNX model that cannot be followed");
      return;
    }
    case "hdf5":
      return path.includes(".keras!/") ? undefined : inspectHdf5(content);
    case "packed":
      return note("nested_archive", "packed once more");
    case "native":
      return note("native_code", "machine code, or code of a virtual machine");
    case undefined:
      if (/(?:^|!\/)config\.json$/.test(path) && path.includes(".keras!/")) return inspectKeras(content);
      if (await mayBePickle(head, size)) await inspectPickle(content, 0, "doubtful");
      // a header without a checksum is not looked for here: too much has a zero in its place
      if (readTarChecksum(head) && (await isTar(content))) note("nested_archive", TAR);
  }
}

const TAR = "an archive that is no zip";

async function isTar({ size, head, read }: Content): Promise<boolean> {
  if (size < TAR_HEADER_BYTES || readTarChecksum(head) === undefined) return false;
  return isTarHeader(await read({ offset: 0, length: TAR_HEADER_BYTES }));
}

/**
 * What says that bytes are a pickle: their file's name; its name or its first bytes, but other things have those too; or
 * nothing, so that it takes a call to tell one from a text.
 */
type Sign = "named" | "likely" | "doubtful";

/**
 * Bytes that turn out to be no pickle are left alone, unless they are named as one.
 * @returns whether it is one
 */
async function inspectPickle({ size, read, note, shadows }: Content, from: number, sign: Sign): Promise<boolean> {
  const found: Parameters<Content["note"]>[] = [];
  const doubtful = sign === "doubtful";
  // Of what says that it is a pickle each finding counts at once: a bound may end the walk, and must not hide them.
  const take = doubtful ? (...finding: Parameters<Content["note"]>) => void found.push(finding) : note;
  const walk = await walkPickles(read, { from, to: size }, take);
  const { end, active, called, streams, modules } = walk;
  const isPickle = doubtful ? called || (active && end === "whole") : active || streams > 0;
  for (const module of isPickle ? modules : []) {
    if (shadows(module)) note("shadowed_import", `imports ${module}, which a file of this archive can stand for`);
  }
  if (isPickle) for (const finding of found) note(...finding);
  if (end === "bound") note("bound_reached", "a pickle too long to be walked to its end");
  else if (end === "malformed" && (isPickle || sign === "named")) {
    note("pickle_malformed", "a pickle that breaks off, or has other bytes behind it");
  }
  return isPickle;
}

/** An array of NumPy, or a pickle under the name of one. */
async function inspectArray(content: Content): Promise<void> {
  const { size, head, read, note, shadows } = content;
  if (findMagic(head) !== "npy") {
    await inspectPickle(content, 0, "named");
    return;
  }
  const nothing = async () => undefined;
  const scene = { type: "model", name: "", shadows, inspectZip: nothing, inspectInner: nothing } as const;
  await npy.inspect({ size, head, read, isText: async () => false }, note, scene);
}

async function inspectHdf5({ size, read, note }: Content): Promise<void> {
  const bytes = await read({ offset: 0, length: Math.min(size, HDF5_SEARCHED_BYTES) });
  const text = new TextDecoder("latin1").decode(bytes);
  if (LAMBDA.test(text)) return note("keras_lambda", "a lambda layer, whose code runs when it is loaded");
  note("opaque_format", "HDF5, in which Keras may keep code");
}

async function inspectKeras({ size, read, note }: Content): Promise<void> {
  if (size > HDF5_SEARCHED_BYTES) return note("bound_reached", "a configuration too long to be searched");
  const text = new TextDecoder().decode(await read({ offset: 0, length: size }));
  if (LAMBDA.test(text)) return note("keras_lambda", "a lambda layer, whose code runs when it is loaded");
  if (FOREIGN_MODULE.test(text)) return note("keras_lambda", "a class of a module that is not Keras's own");
  // an escape or another encoding could spell either differently
  if (/\\u|\0/i.test(text)) note("keras_lambda", "a configuration that cannot be searched for code");
}

const FOREIGN_MODULE = /"module"\s*:\s*"(?!keras)/;
const LAMBDA = /"class_name"\s*:\s*"(?:[^"]{0,64}>)?(?:Lambda|__lambda__)"/;

/** The first bytes of the file itself. */
function headOf({ location, head }: LocatedEntry, spend: Spend): Uint8Array {
  if (location.method === STORED) return head;
  let inflated = new Uint8Array();
  try {
    const options = { maxOutputLength: 1024 * 1024, info: true, finishFlush: constants.Z_SYNC_FLUSH } as const;
    inflated = inflateRawSync(head, options).buffer;
  } catch {
    // it is read whole then
  }
  spend(inflated.length);
  return inflated;
}

/** Reads the file itself: in place if it is stored, else inflated once, within the bound, and checked. */
function readerOf(read: ReadRange, { location }: LocatedEntry, spend: Spend): ReadBytes {
  const { offset: base } = dataRange(location);
  if (location.method === STORED) {
    return ({ offset, length }) => {
      spend(length);
      return readExactly(read, base + offset, length);
    };
  }
  let inflated: Promise<Uint8Array> | undefined;
  return async ({ offset, length }) => {
    if (location.size > INSPECT_INFLATE_MAX_BYTES || location.compressedSize > INSPECT_INFLATE_MAX_BYTES) {
      throw new TooLarge();
    }
    if (!inflated) spend(location.size);
    inflated ??= readEntry(read, location);
    return (await inflated).subarray(offset, offset + length);
  };
}
