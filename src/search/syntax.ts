/**
 * The structure of an RE2 pattern, as far as ambiguity needs it: which characters, in which order, how often. The engine has
 * accepted the pattern before. A class that is not spelled out here (`\\pL`) is taken to overlap with itself and with
 * "any" alone: our engine is linear, so it is better to let a pattern through than to refuse a harmless one.
 */

/** Code points from–to, both included. */
export type Range = readonly [from: number, to: number];

/** A pattern. `max` undefined: unbounded. Anchors and empty parts match nothing and are empty concatenations. */
export type Node =
  | { kind: "set"; ranges: readonly Range[] }
  | { kind: "concat" | "alternate"; parts: Node[] }
  | { kind: "repeat"; part: Node; min: number; max: number | undefined };

/** Beyond Unicode: one place for each class that is not spelled out. */
const CLASSES_FROM = 0x110000;
const END = 0x1fffff;
const ANY: readonly Range[] = [[0, END]];
const NO_NEWLINE: readonly Range[] = [
  [0, 9],
  [11, END],
];
const DIGIT: readonly Range[] = [[48, 57]];
const WORD: readonly Range[] = [...DIGIT, [65, 90], [95, 95], [97, 122]];
const SPACE: readonly Range[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const UPPER: readonly Range[] = [[65, 90]];
const LOWER: readonly Range[] = [[97, 122]];
const PUNCTUATION: readonly Range[] = [
  [33, 47],
  [58, 64],
  [91, 96],
  [123, 126],
];
/** `[[:name:]]` */
const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: [...DIGIT, ...UPPER, ...LOWER],
  alpha: [...UPPER, ...LOWER],
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: DIGIT,
  graph: [[33, 126]],
  lower: LOWER,
  print: [[32, 126]],
  punct: PUNCTUATION,
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, [65, 70], [97, 102]],
};
/** `\\d` and its like. */
const PERL: Readonly<Record<string, readonly Range[]>> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const EMPTY: Node = { kind: "concat", parts: [] };

/** Everything but these, in order. */
function complement(ranges: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) rest.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= END) rest.push([next, END]);
  return rest;
}

/** Reads a pattern that the engine has accepted. */
export function readPattern(pattern: string): Node {
  const text = [...pattern];
  // Where letters of both cases may be meant, both are.
  const foldsCase = /\(\?[a-zA-Z]*i/.test(pattern);
  let at = 0;
  /** Classes met so far that are not spelled out. */
  const classes: string[] = [];

  const peek = (ahead = 0) => text[at + ahead];
  const set = (ranges: readonly Range[]): Node => ({ kind: "set", ranges: foldsCase ? bothCases(ranges) : ranges });
  const char = (symbol: string): Node => set([[symbol.codePointAt(0) ?? 0, symbol.codePointAt(0) ?? 0]]);
  const skipPast = (end: string) => {
    const found = text.indexOf(end, at);
    at = found < 0 ? text.length : found + 1;
  };

  function alternatives(): Node {
    const parts = [sequence()];
    while (peek() === "|") {
      at += 1;
      parts.push(sequence());
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "alternate", parts };
  }

  function sequence(): Node {
    const parts: Node[] = [];
    while (at < text.length && peek() !== "|" && peek() !== ")") parts.push(repeated(atom()));
    return { kind: "concat", parts };
  }

  function repeated(part: Node): Node {
    const bounds = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(text.slice(at, at + 16).join(""))?.[0];
    if (bounds === undefined) return part;
    at += bounds.length;
    if (peek() === "?") at += 1;
    const [min = "0", max] = bounds.startsWith("{") ? bounds.slice(1, -1).split(",") : [];
    if (bounds.startsWith("{")) {
      const most = max === undefined ? Number(min) : max === "" ? undefined : Number(max);
      return repeated({ kind: "repeat", part, min: Number(min), max: most });
    }
    const repeat = { kind: "repeat" as const, part, min: bounds === "+" ? 1 : 0 };
    return repeated({ ...repeat, max: bounds === "?" ? 1 : undefined });
  }

  function atom(): Node {
    const symbol = text[at] ?? "";
    at += 1;
    if (symbol === "(") return group();
    if (symbol === "[") return set(characterClass());
    if (symbol === ".") return set(NO_NEWLINE);
    if (symbol === "^" || symbol === "$") return EMPTY;
    return symbol === "\\" ? escapeSequence() : char(symbol);
  }

  function group(): Node {
    if (peek() === "?") {
      const named = /^\?P?<[^>]*>/.exec(text.slice(at, at + 80).join(""))?.[0];
      const flags = /^\?[a-zA-Z-]*[:)]/.exec(text.slice(at, at + 16).join(""))?.[0];
      at += (named ?? flags ?? "?").length;
      if (named === undefined && flags?.endsWith(")")) return EMPTY;
    }
    const inside = alternatives();
    at += 1;
    return inside;
  }

  function escapeSequence(): Node {
    const symbol = text[at] ?? "";
    at += 1;
    if ("AzbB".includes(symbol)) return EMPTY;
    if (symbol === "Q") {
      const end = text.join("").indexOf("\\E", text.slice(0, at).join("").length);
      const quoted = end < 0 ? text.slice(at) : [...text.join("").slice(text.slice(0, at).join("").length, end)];
      at += quoted.length + (end < 0 ? 0 : 2);
      return { kind: "concat", parts: quoted.map(char) };
    }
    return set(escaped(symbol));
  }

  /** The characters behind `\` and a symbol that has been read. */
  function escaped(symbol: string): readonly Range[] {
    const named = PERL[symbol.toLowerCase()];
    if (named) return symbol === symbol.toLowerCase() ? named : complement(named);
    if (symbol === "C") return ANY;
    if (symbol === "p" || symbol === "P") {
      const begin = at - 1;
      if (peek() === "{") skipPast("}");
      else at += 1;
      const name = text.slice(begin, at).join("");
      if (!classes.includes(name)) classes.push(name);
      const place = CLASSES_FROM + classes.indexOf(name);
      return [[place, place]];
    }
    if (symbol === "x" || /[0-7]/.test(symbol)) {
      const code = /^x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))|^([0-7]{1,3})/.exec(text.slice(at - 1, at + 12).join(""));
      at += (code?.[0].length ?? 1) - 1;
      const value =
        code?.[3] === undefined ? Number.parseInt(code?.[1] ?? code?.[2] ?? "", 16) : Number.parseInt(code[3], 8);
      return Number.isNaN(value) ? ANY : [[value, value]];
    }
    const value = CONTROL[symbol] ?? symbol.codePointAt(0) ?? 0;
    return [[value, value]];
  }

  function characterClass(): readonly Range[] {
    const negated = peek() === "^";
    if (negated) at += 1;
    const ranges: Range[] = [];
    for (let first = true; at < text.length && (first || peek() !== "]"); first = false) {
      if (peek() === "[" && peek(1) === ":") {
        const [spelled = "", not, name = ""] = /^\[:(\^?)(\w+):\]/.exec(text.slice(at, at + 16).join("")) ?? [];
        at += spelled.length || 1;
        const named = POSIX[name] ?? ANY;
        ranges.push(...(not ? complement(named) : named));
        continue;
      }
      const low = member();
      const isRange = peek() === "-" && peek(1) !== "]" && low.length === 1;
      if (isRange) at += 1;
      const high = isRange ? member() : [];
      const [from] = low;
      const [to] = high;
      ranges.push(...(isRange && from && to ? [[from[0], to[1]] as const] : low));
    }
    at += 1;
    return negated ? complement(foldsCase ? bothCases(ranges) : ranges) : ranges;
  }

  function member(): readonly Range[] {
    const symbol = text[at] ?? "";
    at += 1;
    if (symbol === "\\") {
      at += 1;
      return escaped(text[at - 1] ?? "");
    }
    const code = symbol.codePointAt(0) ?? 0;
    return [[code, code]];
  }

  return alternatives();
}

/** Adds the other case of the ASCII letters in some ranges. */
function bothCases(ranges: readonly Range[]): Range[] {
  const shifted = (low: number, high: number, by: number) =>
    ranges.flatMap(([from, to]): Range[] => {
      const start = Math.max(from, low);
      const end = Math.min(to, high);
      return start <= end ? [[start + by, end + by]] : [];
    });
  return [...ranges, ...shifted(65, 90, 32), ...shifted(97, 122, -32)];
}
