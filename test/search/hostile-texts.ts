/** Cards of 64 KiB that are bad for one kind of engine or another. The same at every run. */

const SIZE = 64 * 1024;

/** A small generator of numbers (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Words chosen at random, until they fill a card. */
function mixed(seed: number, words: readonly string[]): string {
  const pick = random(seed);
  const chosen: string[] = [];
  for (let bytes = 0; bytes < SIZE; ) {
    const word = words[pick(words.length)] ?? "";
    chosen.push(word);
    bytes += new TextEncoder().encode(word).byteLength;
  }
  return chosen.join("");
}

/** The cards by what they are made of. */
export function hostileTexts(): Record<string, string> {
  return {
    "one letter": "a".repeat(SIZE),
    "two letters at random": mixed(1, ["a", "b"]),
    "letters and digits at random": mixed(2, [..."abcdefghijklmnopqrstuvwxyz0123456789"]),
    "letters of many scripts": mixed(3, [..."aßéλжאبकあ漢𝒜"]),
    "words of a card": mixed(4, ["bert ", "base ", "the ", "model ", "of ", "12 ", "is\n", "- a ", "(see) ", "x_1 "]),
    lines: mixed(5, ["a\n", "\n", "ab\n", "b "]),
    "pieces of a literal": mixed(6, ["whi", "hisp", "isper", "spe", "whispe ", "r "]),
    "one code point of two units": "𝒜".repeat(SIZE / 4),
  };
}
