/**
 * Walks the messages of an ONNX model to the names of files that its tensors are kept in.
 *
 * Invariant: tensors are stepped over, not read; a name that leads out of the model's own directory is found wherever
 * tensors can stand: in graphs, nodes, functions, nested to a bound.
 *
 * Source: onnx.proto of the ONNX project; the encoding of protocol buffers.
 */

import { findPathDefect } from "../../lib/paths.ts";
import { Cursor, EndOfBytes, type ReadBytes } from "../cursor.ts";

type Message = "model" | "training" | "function" | "graph" | "node" | "attribute" | "tensor" | "sparse" | "entry";

/** The fields of a message that lead to tensors, by number. */
const FIELDS: Record<Exclude<Message, "entry">, Readonly<Record<number, Message>>> = {
  model: { 7: "graph", 20: "training", 25: "function" },
  training: { 1: "graph", 2: "graph" },
  function: { 7: "node", 11: "attribute" },
  graph: { 1: "node", 5: "tensor", 15: "sparse" },
  node: { 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  sparse: { 1: "tensor", 2: "tensor" },
  tensor: { 13: "entry" },
};

const WINDOW_BYTES = 16 * 1024;
const DEPTH_MAX = 32;
const ENTRY_MAX_BYTES = 4096;
const VARINT_MAX_BYTES = 10;

class Malformed extends Error {}

/** What a walk found: a file outside of the model's directory, nothing, or bytes that are no such model. */
export type OnnxFault = { kind: "external"; location: string } | { kind: "malformed" } | undefined;

/** Walks a model of that size. Whatever `read` throws, it throws. */
export async function findOnnxFault(read: ReadBytes, size: number): Promise<OnnxFault> {
  const cursor = new Cursor(read, { from: 0, to: size }, WINDOW_BYTES);
  try {
    const location = await walk(cursor, "model", size, 0);
    return location === undefined ? undefined : { kind: "external", location };
  } catch (error) {
    if (error instanceof Malformed || error instanceof EndOfBytes) return { kind: "malformed" };
    throw error;
  }
}

/** Walks one message that ends at `end`; a location that leads outside, or undefined. */
async function walk(cursor: Cursor, message: Message, end: number, depth: number): Promise<string | undefined> {
  if (depth > DEPTH_MAX) throw new Malformed();
  if (message === "entry") return entry(cursor, end);
  while (cursor.position < end) {
    const tag = await varint(cursor);
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0) throw new Malformed();
    if (wire === 0) await varint(cursor);
    else if (wire === 1) cursor.skip(8);
    else if (wire === 5) cursor.skip(4);
    else if (wire === 2) {
      const length = await varint(cursor);
      if (cursor.position + length > end) throw new Malformed();
      const inner = FIELDS[message][field];
      if (inner === undefined) cursor.skip(length);
      else {
        const location = await walk(cursor, inner, cursor.position + length, depth + 1);
        if (location !== undefined) return location;
      }
    } else throw new Malformed();
  }
  if (cursor.position !== end) throw new Malformed();
  return undefined;
}

/** A pair of key and value: where the key is `location`, whether the value leads outside. */
async function entry(cursor: Cursor, end: number): Promise<string | undefined> {
  const texts = new Map<number, string>();
  if (end - cursor.position > ENTRY_MAX_BYTES) throw new Malformed();
  while (cursor.position < end) {
    const tag = await varint(cursor);
    const length = await varint(cursor);
    if (tag % 8 !== 2 || cursor.position + length > end) throw new Malformed();
    await cursor.need(length);
    texts.set(Math.floor(tag / 8), new TextDecoder().decode(cursor.take(length)));
  }
  const location = texts.get(2);
  if (texts.get(1) !== "location" || location === undefined) return undefined;
  const defect = findPathDefect(location);
  return defect === undefined || defect === "segment" ? undefined : location;
}

async function varint(cursor: Cursor): Promise<number> {
  let value = 0;
  for (let index = 0; index < VARINT_MAX_BYTES; index += 1) {
    await cursor.need(1);
    const byte = cursor.uint(1);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw new Malformed();
}
