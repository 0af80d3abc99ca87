/** Counts words in texts of any script. Invariant: one pass over the characters of a line. */

function isCjk(code: number): boolean {
  return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff);
}

/** Thai, Lao, Burmese and Khmer, whose marks above and below are characters of their own. */
function isUnspaced(code: number): boolean {
  return (code >= 0x0e00 && code <= 0x0eff) || (code >= 0x1000 && code <= 0x109f) || (code >= 0x1780 && code <= 0x17ff);
}

/**
 * Words of a line: runs without blanks that hold a letter or digit. Some scripts write no blanks: two characters of Chinese
 * or Japanese, and four of Thai, Lao, Burmese or Khmer count as a word.
 */
export function countWords(line: string): number {
  let words = 0;
  let cjk = 0;
  let unspaced = 0;
  let inWord = false;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code <= 0x20 || code === 0xa0 || code === 0x3000) inWord = false;
    else if (isCjk(code)) cjk++;
    else if (isUnspaced(code)) unspaced++;
    else if (!inWord) {
      // Symbols, dashes, quotes, arrows and halves of emoji make no word.
      const letter =
        (code >= 0x30 && code <= 0x39) ||
        (code >= 0x41 && code <= 0x5a) ||
        (code >= 0x61 && code <= 0x7a) ||
        (code >= 0xc0 && !(code >= 0x2000 && code <= 0x2bff) && !(code >= 0xd800 && code <= 0xdfff));
      if (letter) {
        words++;
        inWord = true;
      }
    }
  }
  return words + Math.floor(cjk / 2) + Math.floor(unspaced / 4);
}
