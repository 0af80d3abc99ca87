/**
 * Kinds that are told by fixed bytes and not looked into: programs, archives, compressed streams, formats of other runtimes.
 *
 * Invariant: each of them is a finding, so that bytes which only look like one lose nothing but the word `safe`.
 */

import type { FindingCode } from "../../findings.ts";
import type { FileContent, Format } from "../../format.ts";
import { hasBytes, littleEndian, type Magic, readHead } from "../reading/bytes.ts";

function opaque(kind: string, code: FindingCode, detail: string, recognise: Format["recognise"]): Format {
  return { kind, recognise, inspect: async (_, note) => note(code, detail) };
}

const anyOf =
  (magics: readonly Magic[]) =>
  ({ head }: FileContent) =>
    magics.some((magic) => hasBytes(head, magic));

/** The bytes could begin a text as well. */
const binaryAnyOf = (magics: readonly Magic[]) => async (content: FileContent) =>
  anyOf(magics)(content) && !(await content.isText());

const bytes = (...values: number[]): Magic => ({ bytes: values });
const text = (value: string, at = 0): Magic => ({ bytes: value, at });

export const machineCode = opaque(
  "machine-code",
  "native_code",
  "machine code, or code of a virtual machine",
  async (content) => {
    const { head } = content;
    if (MACHINE_CODE(content) || JAVA(content)) return true;
    return (await DOS(content)) || (isBytecode(head) && !(await content.isText()));
  },
);

const MACHINE_CODE = anyOf([
  bytes(0x7f, 0x45, 0x4c, 0x46),
  bytes(0xcf, 0xfa, 0xed, 0xfe),
  bytes(0xce, 0xfa, 0xed, 0xfe),
  bytes(0xfe, 0xed, 0xfa, 0xcf),
  bytes(0xfe, 0xed, 0xfa, 0xce),
  bytes(0, 0x61, 0x73, 0x6d),
  text("dex\n"),
  bytes(0x1b, 0x4c, 0x75, 0x61),
  bytes(0x1b, 0x4c, 0x4a),
  text("BC\xc0\xde"),
  bytes(0xde, 0xc0, 0x17, 0x0b),
]);
const JAVA = anyOf([bytes(0xca, 0xfe, 0xba, 0xbe), bytes(0xbe, 0xba, 0xfe, 0xca), bytes(0xca, 0xfe, 0xd0, 0x0d)]);
const DOS = binaryAnyOf([text("MZ"), text("ZM")]);

/** Python's: a number of the version and a line's end; and what `marshal` makes of code. */
function isBytecode(head: Uint8Array): boolean {
  if (head[2] === 0x0d && head[3] === 0x0a && head.length >= 16) return true;
  return (head[0] === 0xe3 || head[0] === 0x63) && littleEndian(head.subarray(1, 5)) < 256 && head.length > 20;
}

export const compressed = opaque(
  "compressed",
  "compressed",
  "compressed in a way that is not looked into",
  async (content) => (await COMPRESSED(content)) || isLzma(content),
);

const COMPRESSED = binaryAnyOf([
  ...[..."123456789"].flatMap((level) => [
    text(`BZh${level}1AY&SY`),
    { bytes: [0x42, 0x5a, 0x68, level.charCodeAt(0), 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] },
  ]),
  text("BZ0"),
  bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0),
  bytes(0x28, 0xb5, 0x2f, 0xfd),
  ...Array.from({ length: 6 }, (_, index) => bytes(0x22 + index, 0xb5, 0x2f, 0xfd)),
  bytes(0x37, 0xa4, 0x30, 0xec),
  ...Array.from({ length: 16 }, (_, index) => bytes(0x50 + index, 0x2a, 0x4d, 0x18)),
  bytes(0x04, 0x22, 0x4d, 0x18),
  bytes(0x02, 0x21, 0x4c, 0x18),
  bytes(0xff, 0x06, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59),
  text("LZIP"),
  bytes(0x89, 0x4c, 0x5a, 0x4f),
  bytes(0x1f, 0x9d),
  bytes(0x1f, 0xa0),
  bytes(0x1f, 0x1e),
  bytes(0x1f, 0x9e),
  text("bvx2"),
  text("bvx-"),
  // what joblib and blosc write in front of their own
  text("LZ4\0"),
  text("ZF"),
]);

/** LZMA alone has no fixed bytes: properties, a size of the dictionary, and a length that is unknown or possible. */
function isLzma({ head, size }: FileContent): boolean {
  if (size < 14 || (head[0] ?? 255) >= 225 || head[13] !== 0) return false;
  const dictionary = littleEndian(head.subarray(1, 5));
  const lowest = dictionary & -dictionary;
  const power = dictionary >= 4096 && (dictionary === lowest || dictionary === lowest * 3 || dictionary === 0xffffffff);
  const length = head.subarray(5, 13);
  return power && (length.every((byte) => byte === 0xff) || littleEndian(length) < 2 ** 40);
}

/** The boot area of an image of a disc is empty, as a rule. */
const ISO_BOOT: Magic = { bytes: new Array<number>(16).fill(0) };

export const archive = opaque("archive", "nested_archive", "an archive that is no zip", async (content) => {
  if (ARCHIVES(content) || isArj(content) || (await TEXT_ARCHIVES(content))) return true;
  if (content.size < 0x8006 || !hasBytes(await readHead(content, 16), ISO_BOOT)) return false;
  return hasBytes(await content.read({ offset: 0x8001, length: 5 }), { bytes: "CD001" });
});

const ARCHIVES = anyOf([
  bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
  bytes(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07),
  text("MSCF\0\0\0\0"),
  bytes(0xed, 0xab, 0xee, 0xdb),
  bytes(0xc7, 0x71),
  bytes(0x71, 0xc7),
  text("xar!\0"),
  text("!<arch>\n"),
  text("!<thin>\n"),
  text("MSWIM\0\0\0"),
  text("**ACE**", 7),
  // a zip that is in parts, or empty
  text("PK\x05\x06"),
  text("PK\x07\x08"),
]);
/** Two fixed bytes, the length of a header, and that of its first part: in tensors, the length of a header has four zeros. */
function isArj({ head }: FileContent): boolean {
  const [, , low = 0, high = 0, first = 0] = head;
  return hasBytes(head, { bytes: [0x60, 0xea] }) && low + high * 256 <= 2600 && first >= 30;
}

const TEXT_ARCHIVES = binaryAnyOf([
  ..."070701 070702 070707 hsqs sqsh zPQ ITSF".split(" ").map((magic) => text(magic)),
  text("-lh", 2),
  text("-lz", 2),
]);

/** Formats of other runtimes: what they run when they are opened is not looked into. */
export const foreignFormat = opaque(
  "other-runtime",
  "opaque_format",
  "a format of another runtime, which may run or load more",
  async (content) => FOREIGN(content) || isTrueType(content) || (await FOREIGN_BINARY(content)),
);

const FOREIGN = anyOf([
  // objects of Java, of R
  bytes(0xac, 0xed, 0, 5),
  text("RDX2\n"),
  text("RDX3\n"),
  text("RDB2\n"),
  text("RDB3\n"),
  text("X\n\0\0\0\x02"),
  text("X\n\0\0\0\x03"),
  bytes(0x42, 0x0a, 2, 0, 0, 0),
  bytes(0x42, 0x0a, 3, 0, 0, 0),
  // models
  text("TFL3", 4),
  text("ORTM", 4),
  bytes(0xba, 0x16, 0x4f, 0x2f),
  text("PTMF", 4),
  text("ET12", 4),
  text("ET13", 4),
  // databases, tables, fonts
  text("SQLite format 3\0"),
  text("Obj\x01"),
  text("DUCK", 8),
  text("OTTO\0"),
  text("ttcf\0"),
  // pictures that name others, or are made of programs
  bytes(0x49, 0x49, 0x2a, 0),
  bytes(0x4d, 0x4d, 0, 0x2a),
  text("8BPS\0"),
  bytes(0xd7, 0xcd, 0xc6, 0x9a),
  // tables of MATLAB and others
  text("MATLAB 5.0 MAT-file"),
]);
/** A version, and how many tables there are. In tensors, the length of a header of 256 bytes begins in the same way. */
function isTrueType({ head }: FileContent): boolean {
  return hasBytes(head, { bytes: [0, 1, 0, 0, 0] }) && (head[5] ?? 0) > 0;
}

const FOREIGN_BINARY = binaryAnyOf(
  "FWS CWS ZWS ptrt ftrt tjgg fmgg lmgg algg GGJT FEA1 PARE ORC wOFF wOF2".split(" ").map((magic) => text(magic)),
);

/** A graph of TensorFlow: a saved model, or nodes that begin with their name. Their operators read and write files. */
export const tensorflowGraph = opaque(
  "tensorflow-graph",
  "opaque_format",
  "a graph of TensorFlow, whose operators may read and write files",
  ({ head }) => {
    const [first, second = 0, third] = head;
    return first === 0x08 && second < 0x10 && third === 0x12 && isSavedModel(head);
  },
);

/** The first field of a graph's description in a saved model is a message of tags and versions. */
function isSavedModel(head: Uint8Array): boolean {
  let at = 3;
  while (at < head.length && (head[at] ?? 0) >= 0x80) at += 1;
  return head[at + 1] === 0x0a;
}
