/**
 * The shape of a format: how one kind of file is recognised by its bytes and looked through.
 *
 * Invariant: a file is safe only if a format recognised it by content, looked through all that its loader acts on, and
 * noted nothing. A name can only add a finding; it never takes one away.
 */

import type { ReadBytes } from "./cursor.ts";
import type { FindingCode } from "./findings.ts";

/** One file, read in place. Its bytes are those of the file itself: inflated if the archive deflates it. */
export interface FileContent {
  /** Bytes. */
  readonly size: number;
  /** The first bytes: `min(size, 256)` of them. */
  readonly head: Uint8Array;
  /**
   * Reads exactly the bytes asked for.
   * Throws `BoundReached` when the inspection has looked at too much, `TooLarge` for a deflated file over the inflate bound.
   */
  readonly read: ReadBytes;
  /** Whether the whole file is UTF-8 text without NUL or control characters other than tab, line feed, carriage return. */
  isText(): Promise<boolean>;
}

/** What a format may know besides the file's bytes. */
export interface Scene {
  /** The type of the artifact: source code is the content of `code`, and a finding elsewhere. */
  readonly type: "model" | "dataset" | "code";
  /** Last segment of the path, lower-cased. Chosen by the uploader: it may add a finding, never remove one. */
  readonly name: string;
  /** Whether the archive holds a Python module that an import of this dotted name could find before the real one. */
  shadows(module: string): boolean;
  /**
   * Bytes of the file of that path beside this one, in the same directory of the same archive; undefined if there is none.
   * Missing where nothing is known of other files.
   */
  sizeBeside?(path: string): number | undefined;
  /** Looks into a zip that the file holds, member by member; findings are noted below this file. */
  inspectZip(read: ReadBytes, size: number): Promise<void>;
  /** Looks into bytes that were unpacked from the file, as a file of their own below this one. */
  inspectInner(name: string, bytes: Uint8Array): Promise<void>;
}

/** Takes a finding about the file. */
export type Note = (code: FindingCode, detail: string) => void;

/** One format. */
export interface Format {
  /** Name of the kind, as shown per file: `safetensors`, `png`, `json`. */
  readonly kind: string;
  /** Whether the bytes are of this format. Decided by content alone. */
  recognise(content: FileContent): boolean | Promise<boolean>;
  /** Looks through the file. No note: understood, and inert. */
  inspect(content: FileContent, note: Note, scene: Scene): Promise<void>;
}

/** The inspection has read, or looked at, as much as it may. */
export class BoundReached extends Error {}

/** What a finding says of that. */
export const BOUND_TEXT = "the inspection had read as much as it may";

/** A deflated file that is too large to be looked into. */
export class TooLarge extends Error {}

/** An archive that is a file of its own kind: what its members mean together. */
export interface ArchiveFormat {
  /** Name of the kind: `torch`. */
  readonly kind: string;
  /** Whether these paths are the members of such an archive. */
  recognise(paths: readonly string[]): boolean;
  /** Findings about the archive as a whole. */
  inspect(paths: readonly string[], note: Note): void;
  /** Paths of modules that are a part of the format itself, so that they stand for no others. */
  readonly ownModules?: RegExp;
  /** The kind of a member that has no format of its own and is only ever read as plain data: the storage of a tensor. */
  rawKind(path: string): string | undefined;
}
