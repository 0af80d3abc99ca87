/** Content-Disposition: whatever an artifact is called, the header is one header. */

import { describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";
import { linkIn, source } from "./answers.ts";

const registry = createRegistry();

describe("the name that a browser saves a download under", () => {
  it.each([
    ["plain-1.0", 'filename="plain-1.0.zip"', "plain-1.0.zip"],
    ["two words", 'filename="two_words.zip"', "two%20words.zip"],
    ['a"; filename="evil.exe', 'filename="a_filename_evil.exe.zip"', "a%22%3B%20filename%3D%22evil.exe.zip"],
    ["../../etc/passwd", 'filename=".._.._etc_passwd.zip"', "..%2F..%2Fetc%2Fpasswd.zip"],
    ["back\\slash", 'filename="back_slash.zip"', "back%5Cslash.zip"],
    ["it's (50%) *", 'filename="it_s_50_.zip"', "it%27s%20%2850%25%29%20%2A.zip"],
    ["Ünï 😀", 'filename="_n_.zip"', "%C3%9Cn%C3%AF%20%F0%9F%98%80.zip"],
    ["\u202egpj.exe", 'filename="_gpj.exe.zip"', "%E2%80%AEgpj.exe.zip"],
    ["😀".repeat(255), 'filename="_.zip"', `${"%F0%9F%98%80".repeat(255)}.zip`],
  ])("%j breaks out of no header", async (name, plain, encoded) => {
    const answer = await registry.call("POST", "/artifact/code", { url: source("named"), name });
    const download = await registry.call("GET", linkIn(answer));
    const disposition = download.headers.get("Content-Disposition");
    expect(disposition).toBe(`attachment; ${plain}; filename*=UTF-8''${encoded}`);
    expect(disposition).toMatch(/^[\x20-\x7e]*$/);
    expect(decodeURIComponent(encoded)).toBe(`${name}.zip`);
  });
});
