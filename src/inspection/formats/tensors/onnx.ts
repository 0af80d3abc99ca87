/**
 * Walks the messages of an ONNX model to the names of files that its tensors are kept in, and to the operators it needs.
 *
 * Invariant: tensors are stepped over, not read; a name that leads out of the model's own directory is found wherever
 * tensors can stand: in graphs, nodes, functions, nested to a bound. A model that needs operators of a library that is not
 * ONNX's or ONNX Runtime's own, or one that calls Python or loads a compiled engine, is not understood.
 *
 * Source: onnx.proto of the ONNX project; the encoding of protocol buffers.
 */

import { findPathDefect } from "../../../lib/paths.ts";
import { Cursor, EndOfBytes, type ReadBytes } from "../../cursor.ts";
import type { FileContent, Format, Note } from "../../format.ts";

type Message =
  | ("model" | "training" | "function" | "graph" | "node" | "attribute" | "tensor" | "sparse" | "opset")
  | ("entry" | "operator" | "domain" | "functionDomain");
type Leaf = "entry" | "operator" | "domain" | "functionDomain";

/** The fields of a message that lead to tensors, by number. */
const FIELDS: Record<Exclude<Message, Leaf>, Readonly<Record<number, Message>>> = {
  model: { 7: "graph", 8: "opset", 20: "training", 25: "function" },
  training: { 1: "graph", 2: "graph" },
  function: { 7: "node", 9: "opset", 10: "functionDomain", 11: "attribute" },
  opset: { 1: "domain" },
  graph: { 1: "node", 5: "tensor", 15: "sparse" },
  node: { 4: "operator", 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  sparse: { 1: "tensor", 2: "tensor" },
  tensor: { 13: "entry" },
};

const WINDOW_BYTES = 16 * 1024;
const DEPTH_MAX = 32;
const ENTRY_MAX_BYTES = 4096;
const VARINT_MAX_BYTES = 10;

class Malformed extends Error {}

/** Operator sets of ONNX and of ONNX Runtime itself. */
const KNOWN_DOMAINS =
  /^(?:|ai\.onnx(?:\.ml|\.training|\.preview\.training)?|com\.microsoft(?:\.nchwc|\.dml|\.experimental)?|com\.ms\.internal\.nhwc)$/;
/** Operators that call Python or PyTorch, or load an engine that was compiled, out of a file that they name. */
const RUNNING_OPERATORS = /^(?:PyOp|PythonOp|PythonOpGrad|PyCustomOp.*|ATen|ATenOp|EPContext|TRT_EngineOp)$/;
const NAMES_MAX = 1000;
/** Begins the locations by which ONNX Runtime takes the offset for an address in its own memory. */
const MEMORY_ADDRESS = "*/_ORT_";

/** The fields of a model, and their wire types. */
const MODEL: ReadonlyMap<number, number> = new Map([
  ...[1, 5].map((field): [number, number] => [field, 0]),
  ...[2, 3, 4, 6, 7, 8, 14, 20, 25, 26].map((field): [number, number] => [field, 2]),
]);
const TOP_FIELDS_MAX = 20_000;

export const onnx: Format = {
  kind: "onnx",
  recognise: isModel,
  async inspect(content, note) {
    if (!(await noteOnnxFindings(content, note))) note("opaque_format", "an ONNX model that cannot be followed");
  },
};

/**
 * Notes what a model would read or need, whether or not the bytes were recognised as one: parsers skip fields that are not
 * known to them.
 * @returns whether they could be followed to their end
 */
export async function noteOnnxFindings({ read, size }: FileContent, note: Note): Promise<boolean> {
  const found = await findOnnx(read, size);
  if (!found) return false;
  for (const location of found.locations) note("external_data", `keeps tensors in ${location}`);
  for (const domain of found.domains) {
    if (KNOWN_DOMAINS.test(domain) || found.functionDomains.has(domain)) continue;
    note("onnx_custom_ops", `needs operators of ${domain}`);
  }
  for (const operator of found.operators) note("onnx_custom_ops", `has an operator ${operator}`);
  return true;
}

/** Whether every field at the top is one of a model's, and there is a version and a graph. */
async function isModel({ read, size, head }: FileContent): Promise<boolean> {
  const [first = 0] = head;
  if (MODEL.get(first >> 3) !== (first & 7) || first >= 0x80) return false;
  const cursor = new Cursor(read, { from: 0, to: size }, 4096);
  const seen = new Set<number>();
  try {
    for (let fields = 0; cursor.rest > 0; fields += 1) {
      const tag = await varint(cursor);
      const field = Math.floor(tag / 8);
      if (MODEL.get(field) !== tag % 8 || fields > TOP_FIELDS_MAX) return false;
      const value = await varint(cursor);
      if (field === 1 && value > 255) return false;
      if (tag % 8 === 2) cursor.skip(value);
      seen.add(field);
    }
  } catch (error) {
    if (error instanceof Malformed || error instanceof EndOfBytes) return false;
    throw error;
  }
  return seen.has(1) && seen.has(7);
}

/** What a walk found. */
interface Found {
  /** Files outside of the model's directory. */
  readonly locations: Set<string>;
  readonly domains: Set<string>;
  /** Domains that the model defines functions in. */
  readonly functionDomains: Set<string>;
  readonly operators: Set<string>;
}

/** Walks a model of that size; undefined if it is malformed. Whatever `read` throws, it throws. */
export async function findOnnx(read: ReadBytes, size: number): Promise<Found | undefined> {
  const cursor = new Cursor(read, { from: 0, to: size }, WINDOW_BYTES);
  const found: Found = { locations: new Set(), domains: new Set(), functionDomains: new Set(), operators: new Set() };
  try {
    await walk(cursor, "model", size, { found, depth: 0 });
    return found;
  } catch (error) {
    if (error instanceof Malformed || error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

interface State {
  readonly found: Found;
  readonly depth: number;
}

/** Walks one message that ends at `end`. The depth of recursion is bounded. */
async function walk(cursor: Cursor, message: Message, end: number, { found, depth }: State): Promise<void> {
  if (depth > DEPTH_MAX) throw new Malformed();
  if (message === "entry") return entry(cursor, end, found);
  if (message === "operator" || message === "domain" || message === "functionDomain") {
    return name(cursor, message, end, found);
  }
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
      else await walk(cursor, inner, cursor.position + length, { found, depth: depth + 1 });
    } else throw new Malformed();
  }
  if (cursor.position !== end) throw new Malformed();
}

async function name(cursor: Cursor, message: Leaf, end: number, found: Found): Promise<void> {
  const length = end - cursor.position;
  if (length > ENTRY_MAX_BYTES) throw new Malformed();
  await cursor.need(length);
  const text = new TextDecoder().decode(cursor.take(length));
  const names = message === "domain" ? found.domains : message === "operator" ? found.operators : found.functionDomains;
  if (message === "operator" && !RUNNING_OPERATORS.test(text)) return;
  if (names.size >= NAMES_MAX) throw new Malformed();
  names.add(text);
}

/** A pair of key and value: where the key is `location`, whether the value leads outside. */
async function entry(cursor: Cursor, end: number, { locations }: Found): Promise<void> {
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
  if (texts.get(1) !== "location" || location === undefined) return;
  const defect = findPathDefect(location);
  const outside = (defect !== undefined && defect !== "segment") || location.startsWith(MEMORY_ADDRESS);
  if (outside && locations.size < 20) locations.add(location);
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
