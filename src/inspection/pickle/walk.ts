/**
 * Walks the opcodes of a pickle, protocols 0 to 5, without running any.
 *
 * Invariant: every import that the pickle could make, and every call of something that is no import, is judged before the
 * walk goes on; a payload that can name nothing is stepped over, not read.
 *
 * Source: Python's pickletools.
 */

import { PICKLE_MAX_BYTES, PICKLE_MAX_OPCODES, PICKLE_MAX_STREAMS, PICKLE_NAME_MAX_BYTES } from "../../limits.ts";
import { Cursor, EndOfBytes, type ReadBytes } from "../cursor.ts";
import type { Judge } from "./judge.ts";
import { decode, isLine, latin1, takeLines } from "./lines.ts";
import { PickleMachine, type Report } from "./machine.ts";
import { Bound, Malformed } from "./stack.ts";
import { FALSE, FLOAT, type IntValue, intOf, NONE, TRUE, tupleOf, type Value } from "./values.ts";

/** What a walk saw. */
export interface PickleWalk {
  /** At the STOP of the last pickle, at a byte that is no opcode, or at a bound. */
  end: "whole" | "malformed" | "bound";
  /** Something was imported or called. */
  active: boolean;
  /** An import was called or changed: the bytes are a pickle beyond doubt. */
  called: boolean;
  /** Pickles that came to their STOP. */
  streams: number;
  /** torch's format before 1.6: its storages are in the same file. */
  legacy: boolean;
  /** Modules that were imported from. */
  modules: ReadonlySet<string>;
  /** Bytes that each storage of tensors is said to have, by its key. */
  storages: ReadonlyMap<string, number>;
}

/** The long that torch's old format begins with, behind the protocol; four more pickles follow, then raw bytes. */
const TORCH_MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const TORCH_STREAMS = 5;
const WINDOW_BYTES = 64 * 1024;
/** Longest opcode whose argument is not text or a payload. */
const OPCODE_BYTES = 9;
const STOP = 0x2e;
const FRAME = 0x95;

type Effect = (machine: PickleMachine, argument: number) => unknown;

const int: Effect = (machine, value) => machine.push(intOf(value));
const pushed = (value: Value): Effect => {
  return (machine) => machine.push(value);
};

/** Opcodes with an argument of fixed length: its bytes, and what they do. */
const FIXED: ReadonlyMap<number, readonly [bytes: number, effect: Effect]> = new Map<number, [number, Effect]>([
  [0x28, [0, (machine) => machine.pushMark()]], // MARK
  [0x29, [0, pushed(tupleOf([]))]], // EMPTY_TUPLE
  [0x2e, [0, (machine) => machine.pop()]], // STOP
  [0x30, [0, (machine) => machine.dropAny()]], // POP
  [0x31, [0, (machine) => machine.popMarked()]], // POP_MARK
  [0x32, [0, (machine) => machine.duplicate()]], // DUP
  [0x47, [8, pushed(FLOAT)]], // BINFLOAT
  [0x4a, [4, (machine, value) => machine.push(intOf(value | 0))]], // BININT
  [0x4b, [1, int]], // BININT1
  [0x4d, [2, int]], // BININT2
  [0x4e, [0, pushed(NONE)]], // NONE
  [0x51, [0, (machine) => machine.persistent()]], // BINPERSID
  [0x52, [0, (machine) => machine.reduce()]], // REDUCE
  [0x5d, [0, (machine) => machine.pushList()]], // EMPTY_LIST
  [0x61, [0, (machine) => machine.append()]], // APPEND
  [0x62, [0, (machine) => machine.build()]], // BUILD
  [0x64, [0, (machine) => machine.dictMarked()]], // DICT
  [0x65, [0, (machine) => machine.appendMarked()]], // APPENDS
  [0x68, [1, (machine, key) => machine.recall(key)]], // BINGET
  [0x6a, [4, (machine, key) => machine.recall(key)]], // LONG_BINGET
  [0x6c, [0, (machine) => machine.listMarked()]], // LIST
  [0x6f, [0, (machine) => machine.callMarked()]], // OBJ
  [0x71, [1, (machine, key) => machine.remember(key)]], // BINPUT
  [0x72, [4, (machine, key) => machine.remember(key)]], // LONG_BINPUT
  [0x73, [0, (machine) => machine.setItem()]], // SETITEM
  [0x74, [0, (machine) => machine.tupleMarked()]], // TUPLE
  [0x75, [0, (machine) => machine.setItemsMarked()]], // SETITEMS
  [0x7d, [0, (machine) => machine.pushDict()]], // EMPTY_DICT
  [0x80, [1, refuseNewer]], // PROTO
  [0x81, [0, (machine) => machine.newObject(false)]], // NEWOBJ
  [0x82, [1, (machine, code) => machine.importExtension(code)]], // EXT1
  [0x83, [2, (machine, code) => machine.importExtension(code)]], // EXT2
  [0x84, [4, (machine, code) => machine.importExtension(code)]], // EXT4
  [0x85, [0, (machine) => machine.tuple(1)]], // TUPLE1
  [0x86, [0, (machine) => machine.tuple(2)]], // TUPLE2
  [0x87, [0, (machine) => machine.tuple(3)]], // TUPLE3
  [0x88, [0, pushed(TRUE)]], // NEWTRUE
  [0x89, [0, pushed(FALSE)]], // NEWFALSE
  [0x8f, [0, (machine) => machine.pushSet()]], // EMPTY_SET
  [0x90, [0, (machine) => machine.addItemsMarked()]], // ADDITEMS
  [0x91, [0, (machine) => machine.frozenSetMarked()]], // FROZENSET
  [0x92, [0, (machine) => machine.newObject(true)]], // NEWOBJ_EX
  [0x93, [0, (machine) => machine.importNamed()]], // STACK_GLOBAL
  [0x94, [0, (machine) => machine.remember()]], // MEMOIZE
  [0x95, [8, () => undefined]], // FRAME
  [0x97, [0, pushed({ kind: "buffer", most: 0 })]], // NEXT_BUFFER
  [0x98, [0, (machine) => machine.push(machine.pop())]], // READONLY_BUFFER
]);

type Sized = "text" | "string" | "bytes" | "bytearray" | "int";

/** Opcodes with a length and as many bytes: the length's own bytes, and what they are. */
const SIZED: ReadonlyMap<number, readonly [lengthBytes: number, kind: Sized]> = new Map<number, [number, Sized]>([
  [0x42, [4, "bytes"]], // BINBYTES
  [0x43, [1, "bytes"]], // SHORT_BINBYTES
  [0x54, [4, "string"]], // BINSTRING
  [0x55, [1, "string"]], // SHORT_BINSTRING
  [0x58, [4, "text"]], // BINUNICODE
  [0x8a, [1, "int"]], // LONG1
  [0x8b, [4, "int"]], // LONG4
  [0x8c, [1, "text"]], // SHORT_BINUNICODE
  [0x8d, [8, "text"]], // BINUNICODE8
  [0x8e, [8, "bytes"]], // BINBYTES8
  [0x96, [8, "bytearray"]], // BYTEARRAY8
]);

/** Lengths that are signed: Python stops at a negative one. */
const SIGNED = [0x54, 0x8b];

function refuseNewer(_: PickleMachine, protocol: number): void {
  if (protocol > 5) throw new Malformed();
}

function seen({ active, called, storages, modules }: Judge) {
  return { active, called, storages, modules };
}

/** How to walk. */
export interface Walking {
  windowBytes?: number;
  /** Made by the caller, who can then ask its judge even if reading fails. */
  machine?: PickleMachine;
}

/**
 * Walks what stands in a stretch: pickles one behind the other to its end, or torch's old format up to its raw bytes.
 *
 * @param report is told of every import that is not on the list, and of what cannot be told
 * @throws whatever `read` throws
 */
export async function walkPickles(
  read: ReadBytes,
  stretch: { from: number; to: number },
  report: Report,
  { windowBytes = WINDOW_BYTES, machine = new PickleMachine(report) }: Walking = {},
): Promise<PickleWalk> {
  const cursor = new Cursor(read, stretch, windowBytes);
  let streams = 0;
  let isTorch = false;
  const ended = (end: PickleWalk["end"]) => ({ end, ...seen(machine.judge), streams, legacy: isTorch });
  await cursor.fill();
  const head = cursor.peek(2 + TORCH_MAGIC.length);
  isTorch = head[0] === 0x80 && TORCH_MAGIC.every((byte, index) => head[index + 2] === byte);
  const opcodes: Opcodes = { left: PICKLE_MAX_OPCODES, report };
  try {
    while (cursor.rest > 0) {
      if (isTorch && streams === TORCH_STREAMS) return ended("whole");
      if (streams === PICKLE_MAX_STREAMS) return ended("bound");
      await walkOne(cursor, machine, opcodes);
      streams += 1;
    }
    return ended(streams > 0 ? "whole" : "malformed");
  } catch (error) {
    if (error instanceof Bound) return ended("bound");
    if (error instanceof Malformed || error instanceof EndOfBytes) return ended("malformed");
    throw error;
  }
}

/** Opcodes that are left, and who is told of odd ones. */
type Opcodes = { left: number; report: Report };

/** One pickle, to its STOP. */
async function walkOne(cursor: Cursor, machine: PickleMachine, opcodes: Opcodes): Promise<void> {
  machine.reset();
  let frameEnd: number | undefined;
  for (;;) {
    if (cursor.ready < OPCODE_BYTES) await cursor.fill(OPCODE_BYTES);
    opcodes.left -= 1;
    if (opcodes.left < 0 || cursor.fetched > PICKLE_MAX_BYTES) throw new Bound();
    machine.judge.position = cursor.position;
    const [opcode = STOP] = cursor.peek(1);
    const argument = await takeOpcode(cursor, machine).catch((error: unknown) => {
      // who skips the rest of the frame finds another line there
      const overrun = isLine(opcode) || error instanceof EndOfBytes || cursor.position > (frameEnd ?? 0);
      if (frameEnd !== undefined && overrun) machine.judge.misread(FRAME_BROKEN);
      throw error;
    });
    const mustEnd = opcode === STOP || opcode === FRAME;
    if (frameEnd !== undefined && (cursor.position > frameEnd || (mustEnd && cursor.position < frameEnd))) {
      machine.judge.misread(FRAME_BROKEN);
      throw new Malformed();
    }
    if (cursor.position === frameEnd) frameEnd = undefined;
    if (opcode === FRAME && argument <= cursor.rest) frameEnd = cursor.position + argument;
    else if (opcode === FRAME) opcodes.report("pickle_malformed", "a frame longer than the file");
    if (opcode === STOP) return;
  }
}

/** At the end of a frame that does not hold whole opcodes, readers go on at different places: none that writes makes one. */
const FRAME_BROKEN = "has a frame that does not hold whole opcodes";

/** Takes the next opcode; gives its argument if that is of fixed length. */
async function takeOpcode(cursor: Cursor, machine: PickleMachine): Promise<number> {
  const opcode = cursor.uint(1);
  const [bytes, effect] = FIXED.get(opcode) ?? [];
  const sized = SIZED.get(opcode);
  const argument = bytes ? cursor.uint(bytes) : 0;
  if (effect) effect(machine, argument);
  else if (sized) {
    const length = cursor.uint(sized[0]);
    if (SIGNED.includes(opcode) && length > 0x7fffffff) throw new Malformed();
    await payload(cursor, machine, length, sized[1]);
  } else await takeLines(cursor, machine, String.fromCharCode(opcode));
  return argument;
}

/** A value of so many bytes, which are read only if they may matter to a call. */
async function payload(cursor: Cursor, machine: PickleMachine, length: number, kind: Sized): Promise<void> {
  if (length > PICKLE_NAME_MAX_BYTES) {
    cursor.skip(length);
    if (kind === "int") return machine.push({ kind, bits: length * 8 });
    if (kind === "text" || kind === "string") return machine.push({ kind: "text", most: length });
    return machine.push({ kind, size: length, most: length });
  }
  await cursor.need(length);
  const taken = cursor.take(length);
  if (kind === "int") return machine.push(littleEndian(taken));
  if (kind === "text") {
    const value = decode(taken);
    return machine.pushKept({ kind, most: length, ...(value !== undefined && { value }) });
  }
  const value = latin1(taken);
  if (kind === "string") return machine.pushKept({ kind: "text", most: length, value });
  machine.pushKept({ kind, size: length, most: length, value });
}

/** A number in two's complement. */
function littleEndian(bytes: Uint8Array): IntValue {
  const bits = bytes.length * 8;
  if (bytes.length > 7) return { kind: "int", bits };
  let value = 0;
  for (let at = bytes.length - 1; at >= 0; at -= 1) value = value * 256 + (bytes[at] ?? 0);
  if ((bytes.at(-1) ?? 0) >= 0x80) value -= 2 ** bits;
  return Number.isSafeInteger(value) ? intOf(value) : { kind: "int", bits };
}
