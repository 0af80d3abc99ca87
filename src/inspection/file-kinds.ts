/**
 * Which files have to be looked into, and how, by name and first bytes.
 *
 * Invariant: a name that says so is always believed; bytes can only add to it, so that a pickle under another name is one.
 */

import { viewOf } from "../zip/zip-records.ts";

/** How to look into a kind of file. */
export type Kind =
  | "pickle"
  | "torch"
  | "tar"
  | "npy"
  | "opaque"
  | "zip"
  | "safetensors"
  | "onnx"
  | "hdf5"
  | "keras"
  | "packed"
  | "native";

const words = (text: string): string[] => text.split(" ");
const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    pickle: words("pkl pickle pck pcl pickled pk p dill joblib jbl sav cloudpickle"),
    torch: words("pt pth bin ckpt pt2 ptl th model weights mar"),
    tar: ["tar"],
    npy: ["npy"],
    opaque: words("pb engine plan trt rds rdata"),
    zip: words("npz zip whl jar egg apk"),
    safetensors: ["safetensors"],
    onnx: ["onnx", "ort"],
    hdf5: words("h5 hdf5 hdf"),
    keras: ["keras"],
    packed: words("7z rar tgz tbz2 txz nemo"),
    native: words("exe dll so dylib msi com scr pyd pyc node llamafile"),
  } satisfies Record<Kind, string[]>).flatMap(([kind, extensions]) =>
    extensions.map((extension): [string, Kind] => [extension, kind as Kind]),
  ),
);
/** Compressions of single files: what they hide is judged by the name below. */
const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|br|z)$/;

/** First bytes by which a file is told whatever its name says. */
const MAGICS: readonly (readonly [Kind, readonly number[]])[] = [
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["native", [0x7f, 0x45, 0x4c, 0x46]],
  ["native", [0xcf, 0xfa, 0xed, 0xfe]],
  ["native", [0xce, 0xfa, 0xed, 0xfe]],
  ["native", [0xca, 0xfe, 0xba, 0xbe]],
  ["hdf5", [0x89, 0x48, 0x44, 0x46]],
  ["npy", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
];

/** Names decide first; bytes may only add to what they say. */
export function kindOf(path: string, head: Uint8Array): Kind | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const extension = /\.([a-z0-9_]+)$/.exec(name)?.[1] ?? "";
  const named = KINDS.get(extension);
  // under this name SPSS keeps tables, which begin like nothing that anybody unpickles
  if (extension === "sav" && isSpss(head)) return undefined;
  if (named) return named;
  if (/\.so\.[\d.]+$/.test(name)) return "native";
  if (COMPRESSED.test(name)) return kindOf(name.replace(COMPRESSED, ""), new Uint8Array()) && "packed";
  const magic = findMagic(head);
  if (magic) return magic;
  // a PE file: MZ, and where its header stands
  if (head.length >= 64 && head[0] === 0x4d && head[1] === 0x5a && viewOf(head).getUint32(60, true) < 0x1000)
    return "native";
  // a pickle that says its protocol; one that does not is told by walking it
  const [first, protocol = 0] = head;
  return first === 0x80 && head.length > 1 && protocol <= 5 ? "torch" : undefined;
}

function isSpss(head: Uint8Array): boolean {
  return [0x24, 0x46, 0x4c].every((byte, index) => head[index] === byte);
}

/** The kind that first bytes say; undefined if they say none. */
export function findMagic(head: Uint8Array): Kind | undefined {
  return MAGICS.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte))?.[0];
}

/** Whether a file begins as a zip does. */
export function isZip(head: Uint8Array): boolean {
  return head.length >= 4 && viewOf(head).getUint32(0, true) === 0x04034b50;
}
