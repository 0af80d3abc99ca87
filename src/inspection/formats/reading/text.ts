/** The text of a file, decoded once however many formats ask for it. */

import type { FileContent } from "../../format.ts";

/** A text larger than this is not parsed. */
export const TEXT_MAX_BYTES = 32 * 1024 * 1024;

/** `long`: its first bytes are text, and it is too long to be decoded. */
export type Text =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "long" }
  | { readonly kind: "binary" };

const texts = new WeakMap<FileContent, Promise<Text>>();

/** The file as UTF-8 text without a byte order mark. */
export function textOf(content: FileContent): Promise<Text> {
  let text = texts.get(content);
  if (!text) {
    text = decode(content);
    texts.set(content, text);
  }
  return text;
}

async function decode(content: FileContent): Promise<Text> {
  const { size, head, read } = content;
  if (!looksLikeText(head)) return { kind: "binary" };
  if (size > TEXT_MAX_BYTES) return { kind: "long" };
  if (!(await content.isText())) return { kind: "binary" };
  return { kind: "text", text: new TextDecoder().decode(await read({ offset: 0, length: size })) };
}

/** Whether none of the first bytes rules out a text, so that a binary file is not read whole. */
function looksLikeText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b));
}
