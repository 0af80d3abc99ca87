/**
 * The header of an array of NumPy, a dict in Python's notation.
 *
 * Source: `numpy.lib.format`, `dtype_to_descr`.
 */

/** What a header says. */
export interface ArrayHeader {
  /** Elements are, or hold, Python objects: the array is pickled. */
  object: boolean;
  /** Bytes of the array if it is not. */
  bytes: number;
}

/** Keys in this order, as NumPy writes them. */
const HEADER =
  /^\{'descr': (.+), 'fortran_order': (?:True|False), 'shape': \((?:(\d+)L?,|(\d+L?(?:, \d+L?)+)|)\),? ?\}[ ]*\n?$/s;
const TYPE = /^'([<>|=]?)(?:([?bB])1?|([iufc])(\d{1,2})|([SaUV])(\d{1,9})|([mM])8(?:\[[\w ]{1,20}\])?|(O)[48]?)'/;
const NAME = /^(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/;
/** Records within records. */
const DEPTH_MAX = 16;

interface Type {
  object: boolean;
  size: number;
}

/** Undefined for a header that is none. */
export function parseArrayHeader(header: string): ArrayHeader | undefined {
  const [, described, single, several] = HEADER.exec(header) ?? [];
  if (described === undefined) return undefined;
  const parser = new TypeParser(described);
  const type = parser.type(0);
  if (!type || parser.rest !== "") return undefined;
  // a shape of any length takes no bytes then, and time all the same
  if (!type.object && type.size === 0) return undefined;
  const bytes = lengthOf(type.size, (several ?? single ?? "").split(", "));
  return bytes === undefined ? undefined : { object: type.object, bytes };
}

/** The product of a size and a shape; undefined if it cannot be. */
function lengthOf(size: number, shape: readonly string[]): number | undefined {
  let bytes = size;
  for (const length of shape) if (length !== "") bytes *= Number(length.replace("L", ""));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

class TypeParser {
  rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  /** `'<f4'`, or a list of fields. */
  type(depth: number): Type | undefined {
    const plain = this.#match(TYPE);
    if (plain) {
      const [, , flagged, , bytes, , letters, time, object] = plain;
      if (object) return { object: true, size: 8 };
      const size = flagged ? 1 : time ? 8 : Number(bytes ?? letters);
      return { object: false, size: plain[5] === "U" ? size * 4 : size };
    }
    return depth < DEPTH_MAX && this.#take("[") ? this.#fields(depth) : undefined;
  }

  #fields(depth: number): Type | undefined {
    const whole = { object: false, size: 0 };
    while (!this.#take("]")) {
      const field = this.#field(depth);
      if (!field) return undefined;
      whole.object ||= field.object;
      whole.size += field.size;
      if (!this.#take(", ") && !this.rest.startsWith("]")) return undefined;
    }
    return whole;
  }

  /** `('name', type)`, `('name', type, shape)`; the name may be a pair of title and name. */
  #field(depth: number): Type | undefined {
    if (!this.#take("(")) return undefined;
    const named = this.#take("(")
      ? this.#match(NAME) && this.#take(", ") && this.#match(NAME) && this.#take(")")
      : this.#match(NAME);
    if (!named || !this.#take(", ")) return undefined;
    const type = this.type(depth + 1);
    if (!type) return undefined;
    const shape = this.#match(/^, \(((?:\d{1,15}, )*\d{1,15},?)\)/)?.[1] ?? this.#match(/^, (\d{1,15})(?=\))/)?.[1];
    const size = shape === undefined ? type.size : lengthOf(type.size, shape.replace(/,$/, "").split(", "));
    return size !== undefined && this.#take(")") ? { object: type.object, size } : undefined;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.rest) ?? undefined;
    if (found) this.rest = this.rest.slice(found[0].length);
    return found;
  }

  #take(text: string): boolean {
    if (!this.rest.startsWith(text)) return false;
    this.rest = this.rest.slice(text.length);
    return true;
  }
}
