import { afterEach, describe, expect, it, vi } from "vitest";
import { KEPT_FILE_MAX_BYTES, KEPT_FILES_MAX } from "../../src/limits.ts";
import type { Collected } from "../../src/trust/collect.ts";
import { AT, askModel, kept, model } from "./collecting.ts";

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the files of a model", () => {
  const leftOut = ({ left_out }: Collected) => Object.fromEntries(left_out.map(({ path, reason }) => [path, reason]));

  it("are kept if they are small, on top and wanted", async () => {
    const wanted = ["LICENSE.txt", "tokenizer.json", "spiece.model", "chat_template.jinja", "tokenizer_v2.json"];
    const names = [...wanted, "pytorch_model.bin", "sub/tokenizer.json", "train.py", ".gitattributes"];
    model(
      { siblings: names.map((rfilename) => ({ rfilename, size: 1 })) },
      Object.fromEntries(names.map((name) => [`${AT}/${name}`, new Response("x")])),
    );
    const collected = await askModel();
    expect(Object.keys(kept(collected)).sort()).toEqual([...wanted].sort());
    expect(collected.files).toHaveLength(names.length);
  });

  it("are left out with the reason when they are too large or not what upstream promised", async () => {
    const sha256 = await digest("right");
    model(
      {
        siblings: [
          { rfilename: "vocab.txt", size: KEPT_FILE_MAX_BYTES + 1 },
          { rfilename: "vocab.json" },
          { rfilename: "spiece.model", lfs: { sha256, size: 5 } },
          { rfilename: "tokenizer.model", lfs: { sha256, size: 5 } },
          { rfilename: "merges.txt" },
        ],
      },
      {
        [`${AT}/vocab.json`]: () =>
          new Response("x", { headers: { "Content-Length": String(KEPT_FILE_MAX_BYTES + 1) } }),
        [`${AT}/spiece.model`]: new Response("wrong"),
        [`${AT}/tokenizer.model`]: new Response("right"),
      },
    );
    const collected = await askModel();
    expect(kept(collected)).toEqual({ "tokenizer.model": "right" });
    expect(leftOut(collected)).toEqual({
      "vocab.txt": `larger than ${KEPT_FILE_MAX_BYTES} bytes`,
      "vocab.json": expect.stringContaining("more than"),
      "spiece.model": "its digest is not the one that upstream gives",
      "merges.txt": "upstream answered 404",
    });
  });

  it("stay within a total, by what upstream says and by what comes", async () => {
    const names = Array.from({ length: 5 }, (_, i) => `vocab.${i}`);
    const siblings = names.map((rfilename) => ({ rfilename, size: KEPT_FILE_MAX_BYTES }));
    const file = () => new Response(new Uint8Array(KEPT_FILE_MAX_BYTES));
    const files = Object.fromEntries(names.map((name) => [`${AT}/${name}`, file]));
    const asked = model({ siblings }, files);
    expect(leftOut(await askModel())).toEqual({ "vocab.4": "over the total of kept files" });
    expect(asked.filter((request) => request.url.startsWith(AT))).toHaveLength(4);
    model({ siblings: names.map((rfilename) => ({ rfilename, size: 1 })) }, files);
    expect((await askModel()).left_out).toHaveLength(1);
  });

  it("stay within a number, the most telling first", async () => {
    const names = [
      ...Array.from({ length: KEPT_FILES_MAX }, (_, i) => `tokenizer${i}.json`),
      "README.md",
      "config.json",
    ];
    model(
      { siblings: names.map((rfilename) => ({ rfilename, size: 1 })) },
      Object.fromEntries(names.map((name) => [`${AT}/${name}`, new Response("{}")])),
    );
    const collected = await askModel();
    expect(Object.keys(kept(collected)).slice(0, 2)).toEqual(["README.md", "config.json"]);
    expect(collected.kept).toHaveLength(KEPT_FILES_MAX);
    expect(collected.left_out).toHaveLength(2);
  });

  it("never have a path that is not safe, nor one that differs by case alone", async () => {
    const hostile = [
      "../config.json",
      "/config.json",
      "a\\config.json",
      "C:config.json",
      "config.json\u0000",
      "a//b",
      "",
    ];
    const names = [...hostile, "LICENSE", "License", "licence"];
    model(
      { siblings: names.map((rfilename) => ({ rfilename })) },
      { [`${AT}/LICENSE`]: new Response("MIT"), [`${AT}/licence`]: new Response("MIT") },
    );
    const collected = await askModel();
    expect(collected.files.map(({ path }) => path)).toEqual(["LICENSE", "License", "licence"]);
    expect(Object.keys(kept(collected))).toEqual(["LICENSE", "licence"]);
    expect(leftOut(collected)).toEqual({ License: "another file has the same name but for case" });
  });
});
