/**
 * HDF5, in which Keras keeps whole models: unknown, because links, external storage and filters lead elsewhere and are not
 * followed here; unsafe, if a configuration of Keras with code is seen in it.
 *
 * Source: the HDF5 file format: the signature stands at 0, or behind a user block of 512 bytes or a power of two times that.
 */

import type { FileContent, Format, Note } from "../../format.ts";
import { hasBytes, latin1, readHead } from "../reading/bytes.ts";
import { type JsonVisitor, scanJson } from "../reading/json-scan.ts";
import { JsonJudge } from "../text/json-judge.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const SEARCHED_BYTES = 16 * 1024 * 1024;
/** Configurations that are judged: a model has one or two, and its optimizer one. */
const CONFIGURATIONS_MAX = 64;

export const hdf5: Format = {
  kind: "hdf5",
  // four bytes suffice for what begins as one: a reader that is less strict would take it
  recognise: ({ head }) => hasBytes(head, { bytes: SIGNATURE.slice(0, 4) }),
  inspect,
};

/** The shortest user blocks end within so many bytes, which one read brings. */
const USER_BLOCKS_BYTES = 4096;

/**
 * The same behind a short user block: of files that nothing else recognised, of which there can be thousands. A longer user
 * block leaves a file without a format, which is unknown as well.
 */
export const hdf5BehindUserBlock: Format = {
  kind: "hdf5",
  async recognise(content) {
    if (content.size < 512 + SIGNATURE.length) return false;
    const beginning = await readHead(content, USER_BLOCKS_BYTES);
    return [512, 1024, 2048].some((at) => hasBytes(beginning, { at, bytes: SIGNATURE }));
  },
  inspect,
};

async function inspect(content: FileContent, note: Note): Promise<void> {
  note("opaque_format", "HDF5, in which Keras may keep code, and which may refer to other files");
  await noteHdf5Findings(content, note);
}

/** Notes code in configurations of Keras, whether or not the bytes were recognised as HDF5: a user block may be of any length. */
export async function noteHdf5Findings({ size, read }: FileContent, note: Note): Promise<void> {
  const text = latin1(await read({ offset: 0, length: Math.min(size, SEARCHED_BYTES) }));
  judgeConfigurations(text, note);
}

/** Whether the signature of HDF5 stands behind a user block of any length. Takes a read for each length. */
export async function hasUserBlock({ size, head, read }: FileContent): Promise<boolean> {
  if (head.length === 0) return false;
  for (let offset = 512; offset + SIGNATURE.length <= size; offset *= 2) {
    if (hasBytes(await read({ offset, length: SIGNATURE.length }), { bytes: SIGNATURE })) return true;
  }
  return false;
}

/** Characters that one scan may look at. */
const SCAN_MAX_CHARS = 2 * 1024 * 1024;
/** Steps of all scans of a file together: HDF5 is `unknown` whatever they find. */
const STEPS_MAX = 8 * 1024 * 1024;

/** The scans took more steps than a file of that length may cost. */
class TooManySteps extends Error {}

/**
 * Judges the first configurations, each from its beginning. A scan that fails starts again inside of what it looked at, so
 * that nested ones could cost the square of their length: all scans share one budget.
 */
function judgeConfigurations(text: string, note: Note): void {
  const beginning = /\{\s*"(?:class_name|module|config|name|registered_name)"/g;
  let from = 0;
  // one pass over the whole text takes at most two steps a character
  let left = Math.min(STEPS_MAX, 2 * text.length);
  const spend = (steps: number) => {
    left -= steps;
    if (left < 0) throw new TooManySteps();
  };
  for (let found = 0; found < CONFIGURATIONS_MAX && left > 0; found += 1) {
    beginning.lastIndex = from;
    const match = beginning.exec(text);
    if (!match) return;
    const judge = new JsonJudge((code, detail) => code.startsWith("keras_") && note(code, detail));
    from = match.index + 1;
    try {
      from = match.index + scanJson(text.slice(match.index, match.index + SCAN_MAX_CHARS), counted(judge, spend));
    } catch {
      // what could be read of it was judged
    }
    judge.facts();
  }
}

/** The same visitor, which says beforehand how many steps it takes. */
function counted(visitor: JsonVisitor, spend: (steps: number) => void): JsonVisitor {
  return {
    open(container, key) {
      spend(1);
      visitor.open(container, key);
    },
    close(container) {
      spend(1);
      visitor.close(container);
    },
    scalar(raw, key) {
      spend(1 + raw.length);
      visitor.scalar(raw, key);
    },
  };
}
