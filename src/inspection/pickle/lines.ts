/** The opcodes of a pickle's protocol 0, whose arguments are lines of text. */

import type { Cursor } from "../cursor.ts";
import { Bound, Malformed, type PickleMachine } from "./machine.ts";

const LINE_MAX_BYTES = 64 * 1024;

/** Those opcodes, and how a line must begin that a reader would take. */
const LINES: ReadonlyMap<string, RegExp> = new Map([
  ["F", /^[\s\d.+\-in]/i],
  ["I", /^[\s\d+\-\0]/],
  ["L", /^[\s\d+-]/],
  ["P", /^/],
  ["S", /^[\s"']/],
  ["V", /^/],
  ["c", /^/],
  ["g", /^[\s\d+-]/],
  ["i", /^/],
  ["p", /^[\s\d+-]/],
]);

/** Whether an opcode is one of them. */
export function isLine(opcode: number): boolean {
  return LINES.has(String.fromCharCode(opcode));
}

/** Takes one of them, whose first byte has been read. */
export async function takeLines(cursor: Cursor, machine: PickleMachine, opcode: string): Promise<void> {
  const begin = String.fromCharCode(...cursor.peek(1));
  // before anything is read: of what is no pickle, a line may be as long as the file
  if (!LINES.get(opcode)?.test(begin) || (opcode === "i" && !machine.hasMark)) throw new Malformed();
  if ("FILgp".includes(opcode)) return number(machine, opcode, await line(cursor, decodeBytes));
  const first = await line(cursor);
  if (opcode === "c") return machine.import(first, await line(cursor));
  if (opcode === "i") return machine.callImport(first, await line(cursor));
  const quoted = opcode === "S" ? /^(["'])(.*)\1$/.exec(first.trim())?.[2] : first;
  // escapes are not resolved: a name that needs them is none that is allowed
  if ((opcode === "S" || opcode === "V") && quoted !== undefined && !quoted.includes("\\")) machine.pushText(quoted);
  else machine.push();
}

/** A number in a line, which to some readers ends at a NUL. */
function number(machine: PickleMachine, opcode: string, text: string): void {
  const [digits = ""] = text.split("\0");
  if (opcode !== "g" && opcode !== "p") {
    // a superset of what is a number to Python
    if (!/^[\w.+-]*$/.test(digits.trim())) throw new Malformed();
    machine.push();
    return;
  }
  const [, sign, key = ""] = /^([+-]?)(\d[\d_]*)$/.exec(digits.trim()) ?? [];
  const place = Number(key.replaceAll("_", ""));
  if (key === "" || (sign === "-" && place > 0)) throw new Malformed();
  // Python reads more forms of a number than these; whoever uses them wants to be misread.
  if (!/^(?:0|[1-9]\d{0,8})$/.test(text)) machine.flag("pickle_unresolved", "names a memo by an odd number");
  if (opcode === "g") machine.recall(place);
  else machine.remember(place);
}

/** The next line, without its end. */
async function line(cursor: Cursor, read = decode): Promise<string> {
  let length = cursor.find(0x0a);
  if (length === -1) {
    await cursor.fill(LINE_MAX_BYTES);
    length = cursor.find(0x0a);
  }
  if (length === -1 && cursor.rest >= LINE_MAX_BYTES) throw new Bound();
  // a last line without its end is one to some readers
  const bytes = cursor.take(length === -1 ? cursor.rest : length);
  const text = read(bytes) ?? (length === -1 ? read(bytes.subarray(0, -1)) : undefined);
  if (length !== -1) cursor.skip(1);
  return text ?? "\ufffd";
}

function decodeBytes(bytes: Uint8Array): string | undefined {
  return new TextDecoder("latin1").decode(bytes);
}

/** UTF-8; undefined for what is none. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
