/**
 * Tokenizers of SentencePiece: one message of pieces, settings and tables.
 *
 * Invariant: recognised only if every byte belongs to a field that the format has. The library acts on nothing in it: the
 * paths among the settings of the training are not read.
 *
 * Source: sentencepiece_model.proto.
 */

import type { Format } from "../../format.ts";
import { fieldsOf, NotProtobuf } from "../reading/protobuf.ts";

const MAX_BYTES = 32 * 1024 * 1024;
const PIECES = 1;
/** Wire types of the fields of the model, and of a piece. */
const MODEL: Readonly<Record<number, number>> = { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2 };
const PIECE: Readonly<Record<number, number>> = { 1: 2, 2: 5, 3: 0 };

export const sentencepiece: Format = {
  kind: "sentencepiece",
  async recognise({ size, head, read }) {
    if (head[0] !== 0x0a || size > MAX_BYTES) return false;
    // the first piece, before the file is read whole
    if (!beginsWithPiece(head)) return false;
    try {
      return isModel(await read({ offset: 0, length: size }));
    } catch (error) {
      if (error instanceof NotProtobuf) return false;
      throw error;
    }
  },
  async inspect() {},
};

/** A piece is short: a text and a score, in this order. */
function beginsWithPiece(head: Uint8Array): boolean {
  const length = head[1] ?? 0;
  const text = head[3] ?? 0;
  return length < 0x80 && head[2] === 0x0a && text + 2 <= length && (text + 2 === length || head[4 + text] === 0x15);
}

function isModel(message: Uint8Array): boolean {
  let pieces = 0;
  for (const { number, wire, bytes } of fieldsOf(message)) {
    if (MODEL[number] !== wire) return false;
    if (number !== PIECES) continue;
    pieces += 1;
    for (const field of fieldsOf(bytes)) if (PIECE[field.number] !== field.wire) return false;
  }
  return pieces > 0;
}
