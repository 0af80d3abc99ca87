/**
 * Pictures and other files of one piece, by the bytes at their beginning, the sizes they state, and the marker at their very end.
 *
 * Invariant: nothing stands before or behind the picture. Decoders of these formats act on nothing that the file names.
 */

import type { FileContent, Format } from "../../format.ts";
import { bigEndian, hasBytes, littleEndian, type Magic, readHead, readTail } from "../reading/bytes.ts";

const PNG_HEADER: Magic = {
  bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52],
};
const PNG_END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** A format whose end is checked too: `broken` says what does not hold. */
function picture(
  kind: string,
  magic: (content: FileContent) => boolean,
  findFault: (content: FileContent) => Promise<string | undefined>,
): Format {
  return {
    kind,
    recognise: magic,
    async inspect(content, note) {
      const fault = await findFault(content);
      if (fault) note("format_malformed", fault);
    },
  };
}

async function endsWith(content: FileContent, ...bytes: number[]): Promise<string | undefined> {
  const tail = await readTail(content, bytes.length);
  return hasBytes(tail, { bytes }) ? undefined : "does not end where its format ends";
}

export const png = picture(
  "png",
  ({ head }) => hasBytes(head, PNG_HEADER),
  (content) => endsWith(content, ...PNG_END),
);

export const jpeg = picture(
  "jpeg",
  ({ head }) => hasBytes(head, { bytes: [0xff, 0xd8, 0xff] }) && (head[3] ?? 0) >= 0xc0 && head[3] !== 0xff,
  (content) => endsWith(content, 0xff, 0xd9),
);

export const gif = picture(
  "gif",
  ({ head }) => hasBytes(head, { bytes: "GIF87a" }) || hasBytes(head, { bytes: "GIF89a" }),
  (content) => endsWith(content, 0x3b),
);

/** A RIFF file states its own size; a byte of padding may follow. */
function riff(kind: string, type: string): Format {
  return picture(
    kind,
    ({ head }) => hasBytes(head, { bytes: "RIFF" }) && hasBytes(head, { at: 8, bytes: type }),
    async ({ head, size }) => {
      const stated = littleEndian(head.subarray(4, 8)) + 8;
      return size === stated || size === stated + (stated % 2) ? undefined : "of another size than it states";
    },
  );
}

export const webp = riff("webp", "WEBP");
export const wav = riff("wav", "WAVE");
export const avi = riff("avi", "AVI ");

const BMP_HEADERS = new Set([12, 40, 52, 56, 64, 108, 124]);

export const bmp: Format = {
  kind: "bmp",
  recognise({ head, size }) {
    if (!hasBytes(head, { bytes: "BM" }) || head.length < 30) return false;
    const pixels = littleEndian(head.subarray(10, 14));
    return (
      littleEndian(head.subarray(2, 6)) === size &&
      BMP_HEADERS.has(littleEndian(head.subarray(14, 18))) &&
      pixels >= 26 &&
      pixels <= size
    );
  },
  async inspect() {},
};

const ICONS_MAX = 64;

export const icon: Format = {
  kind: "icon",
  async recognise(content) {
    const { head, size } = content;
    const count = littleEndian(head.subarray(4, 6));
    if (!hasBytes(head, { bytes: [0, 0, 1, 0] }) || count < 1 || count > ICONS_MAX) return false;
    const directory = 6 + count * 16;
    if (size < directory) return false;
    const table = await readHead(content, directory);
    let end = directory;
    for (let at = 6; at < directory; at += 16) {
      const length = littleEndian(table.subarray(at + 8, at + 12));
      const offset = littleEndian(table.subarray(at + 12, at + 16));
      if (length === 0 || offset < directory) return false;
      end = Math.max(end, offset + length);
    }
    return end === size;
  },
  async inspect() {},
};

/** Netpbm: a header in text, and then exactly as many bytes as it says. */
export const netpbm: Format = {
  kind: "netpbm",
  recognise({ head, size }) {
    const text = String.fromCharCode(...head.subarray(0, 64));
    const match = /^P([56])\s(?:#[^\n]{0,30}\n)?(\d{1,6})\s(\d{1,6})\s(\d{1,5})\s/.exec(text);
    if (!match) return false;
    const [header, type, width, height, maximum] = match;
    const sample = (Number(maximum) > 255 ? 2 : 1) * (type === "6" ? 3 : 1);
    return size === header.length + Number(width) * Number(height) * sample;
  },
  async inspect() {},
};

/** An array of the IDX format, as MNIST has: type, dimensions, and exactly as many bytes as they say. */
export const idx: Format = {
  kind: "idx",
  recognise({ head, size }) {
    const width = IDX_WIDTHS.get(head[2] ?? 0);
    const dimensions = head[3] ?? 0;
    if (head[0] !== 0 || head[1] !== 0 || width === undefined || dimensions < 1 || dimensions > 8) return false;
    const header = 4 + dimensions * 4;
    if (head.length < header) return false;
    let bytes = width;
    for (let at = 4; at < header; at += 4) bytes *= bigEndian(head.subarray(at, at + 4));
    return header + bytes === size;
  },
  async inspect() {},
};

const IDX_WIDTHS = new Map([
  [0x08, 1],
  [0x09, 1],
  [0x0b, 2],
  [0x0c, 4],
  [0x0d, 4],
  [0x0e, 8],
]);
