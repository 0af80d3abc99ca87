import { describe, expect, it } from "vitest";
import { createTextCheck } from "../../src/lib/text-check.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const isText = (...chunks: Uint8Array[]) => {
  const check = createTextCheck();
  for (const chunk of chunks) check.write(chunk);
  return check.end();
};
/** In chunks of this size, each of which begins at another place in memory. */
const inChunks = (all: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
    const memory = new Uint8Array(size + 3);
    const part = all.subarray(index * size, (index + 1) * size);
    memory.set(part, index % 4);
    return memory.subarray(index % 4, (index % 4) + part.length);
  });

describe("text", () => {
  it.each(["", "a", "tab\tand lines\r\n", "größe 模型 😀", "\ufeffwith a mark", "\u0085\u00a0"])(
    "is %j, in chunks of any size",
    (text) => {
      for (const size of [1, 2, 3, 5, 64]) expect(isText(...inChunks(bytes(text), size))).toBe(true);
    },
  );

  it("is not what has a control character, wherever it stands", () => {
    const control = Array.from({ length: 256 }, (_, code) => code).filter((code) => {
      for (let at = 0; at < 11; at += 1) {
        const all = bytes("hello world");
        all[at] = code;
        const expected = code === 9 || code === 10 || code === 13 || (code >= 32 && code < 127);
        if (isText(all) !== expected || isText(...inChunks(all, 4)) !== expected) return true;
      }
      return false;
    });
    expect(control).toEqual([]);
  });

  it.each([
    ["a byte that is no UTF-8", [0xff]],
    ["a character that breaks off at the end", [0x61, 0xc3]],
    ["half of a surrogate pair", [0xed, 0xa0, 0x80]],
    ["a longer form than needed", [0xc0, 0x80]],
  ])("is not %s", (_, wrong) => {
    expect(isText(Uint8Array.from(wrong))).toBe(false);
    expect(isText(bytes("text before "), Uint8Array.from(wrong))).toBe(false);
  });
});
