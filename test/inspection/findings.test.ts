import { describe, expect, it } from "vitest";
import { FINDINGS } from "../../src/inspection/findings.ts";

interface Globbing {
  glob(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, string>;
}
const tests = (import.meta as unknown as Globbing & ImportMeta).glob("../{inspection,routes}/**/*.test.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("every finding", () => {
  it("has an archive among the tests that it is found in", () => {
    const text = Object.values(tests).join("\n");
    expect(Object.keys(FINDINGS).filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  });
});
