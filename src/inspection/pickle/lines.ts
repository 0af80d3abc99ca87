/** The opcodes of a pickle's protocol 0, whose arguments are lines of text. */

import { PICKLE_NAME_MAX_BYTES } from "../../limits.ts";
import type { Cursor } from "../cursor.ts";
import type { PickleMachine } from "./machine.ts";
import { Bound, Malformed } from "./stack.ts";
import { FALSE, FLOAT, type IntValue, intOf, type TextValue, TRUE } from "./values.ts";

/** A line that is a number or a name. */
const LINE_MAX_BYTES = 64 * 1024;
/** A line that is a text: an array, to Python 2. */
const TEXT_MAX_BYTES = 16 * 1024 * 1024;

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
  if (!LINES.get(opcode)?.test(begin)) throw new Malformed();
  if (opcode === "p") machine.top();
  if ("FILgp".includes(opcode)) return number(machine, opcode, latin1(await line(cursor, LINE_MAX_BYTES)));
  if (opcode === "P") {
    // by its text; no loader of tensors asks so
    machine.push(textOf(latin1(await line(cursor, LINE_MAX_BYTES))));
    return machine.persistent();
  }
  if (opcode === "V" || opcode === "S") return machine.pushKept(await text(cursor, opcode));
  const first = await name(cursor);
  const second = await name(cursor);
  if (opcode === "c") machine.import(first, second);
  else machine.callImport(first, second);
}

async function text(cursor: Cursor, opcode: string): Promise<TextValue> {
  const bytes = await line(cursor, TEXT_MAX_BYTES);
  if (bytes.length > LINE_MAX_BYTES) return { kind: "text", most: bytes.length };
  if (opcode === "V") return unescaped(latin1(bytes), TEXT_ESCAPE);
  const [, , inner] = /^(["'])(.*)\1$/s.exec(latin1(bytes).trim()) ?? [];
  if (inner === undefined) throw new Malformed();
  return unescaped(inner, STRING_ESCAPE);
}

async function name(cursor: Cursor): Promise<string> {
  const ends = cursor.find(0x0a) !== -1;
  const bytes = await line(cursor, LINE_MAX_BYTES).catch((error: unknown) => {
    // no file is called so: every reader stops here
    throw error instanceof Bound ? new Malformed() : error;
  });
  // a last line without its end is one to some readers, which cut off its last character
  return decode(bytes) ?? (ends ? undefined : decode(bytes.subarray(0, -1))) ?? NO_NAME;
}

/** What stands for a name that is no UTF-8. */
const NO_NAME = "\ufffd";

/** An escape of a text: of four or of eight hexadecimal digits. Any other backslash stands for itself. */
const TEXT_ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^uU]))/g;
/** An escape of a string of Python 2. */
const STRING_ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([^x0-7]))/g;
const LETTERS: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", "'": "'", '"': '"' },
};

/** A text with its escapes resolved. A name that needs one is none that is written by accident. */
function unescaped(text: string, escapes: RegExp): TextValue {
  if (!text.includes("\\")) return textOf(text);
  // what is left is an escape that Python stops at
  if (text.replace(escapes, "").includes("\\")) return { kind: "text", most: text.length };
  const value = text.replace(escapes, (whole, hex: string, more: string, letter: string) => {
    if (escapes === STRING_ESCAPE) {
      if (letter !== undefined) return LETTERS[letter] ?? whole;
      return String.fromCharCode(hex === undefined ? Number.parseInt(more, 8) & 0xff : Number.parseInt(hex, 16));
    }
    if (letter !== undefined) return whole;
    const code = Number.parseInt(hex ?? more, 16);
    return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  });
  return { ...textOf(value), escaped: true };
}

function textOf(text: string): TextValue {
  return { kind: "text", most: text.length, ...(text.length <= PICKLE_NAME_MAX_BYTES && { value: text }) };
}

/** A number in a line, which to some readers ends at a NUL. */
function number(machine: PickleMachine, opcode: string, text: string): void {
  const [digits = ""] = text.split("\0");
  const trimmed = digits.trim();
  if (opcode !== "g" && opcode !== "p") {
    // a superset of what is a number to Python
    if (!/^[\w.+-]*$/.test(trimmed)) throw new Malformed();
    if (opcode === "F") machine.push(FLOAT);
    else if (opcode === "I" && /^0[01]$/.test(trimmed)) machine.push(trimmed === "01" ? TRUE : FALSE);
    else
      machine.push(
        /^-?\d{1,15}L?$/.test(trimmed)
          ? intOf(Number(trimmed.replace("L", "")))
          : largeInt(Math.ceil(trimmed.length * 3.33)),
      );
    return;
  }
  const [, sign, key = ""] = /^([+-]?)(\d[\d_]*)$/.exec(trimmed) ?? [];
  const place = Number(key.replaceAll("_", ""));
  if (key === "" || (sign === "-" && place > 0)) throw new Malformed();
  // Python reads more forms of a number than these; whoever uses them wants to be misread.
  if (!/^(?:0|[1-9]\d{0,8})$/.test(text)) machine.judge.flag("pickle_unresolved", "names a memo by an odd number");
  if (opcode === "g") machine.recall(place);
  else machine.remember(place);
}

function largeInt(bits: number): IntValue {
  return { kind: "int", bits };
}

/** The next line, without its end. @throws Bound if it is longer than `maxBytes` */
async function line(cursor: Cursor, maxBytes: number): Promise<Uint8Array> {
  let length = cursor.find(0x0a);
  for (let wanted = LINE_MAX_BYTES; length === -1 && wanted <= maxBytes; wanted *= 4) {
    await cursor.fill(wanted);
    length = cursor.find(0x0a);
  }
  if (length === -1 && cursor.rest >= maxBytes) throw new Bound();
  const bytes = cursor.take(length === -1 ? cursor.rest : length);
  if (length !== -1) cursor.skip(1);
  return bytes;
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  // no TextDecoder: its latin1 is windows-1252
  return String.fromCharCode(...bytes);
}

/** UTF-8; undefined for what is none. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
