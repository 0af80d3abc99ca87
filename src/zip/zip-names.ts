/**
 * The names that readers may take an entry to have: its bytes in more than one encoding, and names in extra fields.
 *
 * Sources: PKWARE APPNOTE 6.3.10, appendix D (encodings) and section 4.6.9 (0x7075); Info-ZIP extrafld.txt (0x000d, 0x756e);
 * Xceed's Unicode field 0x554e; libarchive's experimental field 0x6c78.
 */

import { EXTRA } from "./zip-format.ts";

/** One field of an extra field. */
export interface ExtraField {
  id: number;
  data: Uint8Array;
}

/** A name as readers decode it. */
export interface DecodedName {
  /** The name; of bytes in an unknown encoding, one character for each byte. */
  path: string;
  /** What readers make of the bytes that take undeclared names to be in CP437; missing where that is `path`, too. */
  cp437?: string;
  /** Whether the bytes are ASCII or UTF-8, or their Unicode field says the same as CP437. */
  known: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF16 = new TextDecoder("utf-16le", { fatal: false, ignoreBOM: true });

/**
 * Decodes a name.
 * @param declared whether the entry says that it is UTF-8
 * @param inFields the names that extra fields give the entry
 */
export function decodeName(
  name: Uint8Array,
  declared: boolean,
  inFields: readonly (string | undefined)[],
): DecodedName {
  const path = decodeUtf8(name);
  const cp437 = decodeCp437(name);
  if (path !== undefined) return { path, ...(!declared && cp437 !== path && { cp437 }), known: true };
  if (!declared && inFields[0] === cp437) return { path: cp437, known: true };
  return { path: Array.from(name, (byte) => String.fromCharCode(byte)).join(""), known: false };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** CP437 from 0x80 on; below it is ASCII. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

function decodeCp437(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : CP437.charAt(byte - 0x80))).join("");
}

/**
 * The names in extra fields, whatever their version or checksum says: not every reader looks at those. A field that has no
 * name where its format wants one gives undefined.
 * @param header Xceed's field is laid out differently in the two
 */
export function namesIn(fields: readonly ExtraField[], header: "local" | "central"): (string | undefined)[] {
  return fields.flatMap(({ id, data }) => {
    if (id === EXTRA.unicodePath) return [data.length > 5 ? decodeUtf8(data.subarray(5)) : undefined];
    if (id === EXTRA.xceedUnicode) return [xceedName(data, header === "local" ? 6 : 8)];
    return [];
  });
}

/** Signature `NUCX`, number of UTF-16 units, in the central header the number of those of a comment; then the name. */
function xceedName(data: Uint8Array, from: number): string | undefined {
  const end = from + 2 * ((data[4] ?? 0) + 256 * (data[5] ?? 0));
  return end > from && end <= data.length ? UTF16.decode(data.subarray(from, end)) : undefined;
}

/** The mode of a symbolic link: what an extra field is taken for that could make the entry one. */
const LINK = 0o120000;

/** The Unix modes in extra fields: some readers use them instead of the attributes in the directory. */
export function modesIn(fields: readonly ExtraField[]): number[] {
  return fields.flatMap(({ id, data }) => {
    const u16 = (at: number) => (data[at] ?? 0) + 256 * (data[at + 1] ?? 0);
    if (id === EXTRA.asiUnix) return [data.length >= 6 ? u16(4) : LINK];
    // behind four fixed fields, the target of a link
    if (id === EXTRA.pkwareUnix) return data.length > 12 ? [LINK] : [];
    if (id !== EXTRA.libarchive) return [];
    const [bits = 0xff] = data;
    if (bits > 7) return [LINK];
    const at = 1 + (bits & 1 ? 2 : 0) + (bits & 2 ? 2 : 0);
    return bits & 4 ? [data.length >= at + 4 ? u16(at + 2) : LINK] : [];
  });
}

/** Ids of fields that can rename an entry or change its kind: the ones that a malformed extra field may not hide. */
export const DECISIVE_FIELDS: readonly number[] = [
  EXTRA.unicodePath,
  EXTRA.xceedUnicode,
  EXTRA.asiUnix,
  EXTRA.pkwareUnix,
  EXTRA.libarchive,
];
