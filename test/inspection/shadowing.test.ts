/** Files that stand for modules that a pickle imports. */

import { describe, expect, it } from "vitest";
import { pickle } from "../../src/inspection/formats/pickle.ts";
import { moduleNames } from "../../src/inspection/shadowing.ts";
import { join } from "../zip/make-zip.ts";
import { file, found } from "./inspecting.ts";
import { harmlessByProtocol, imported, STOP } from "./make-pickle.ts";
import { codesOf } from "./pickle-formats.ts";

describe("a module is shadowed", () => {
  it.each<[path: string, module: string]>([
    ["__torch__.py", "__torch__"],
    ["collections.py", "collections"],
    ["Collections.PY", "collections"],
    ["some/where/collections.py", "collections"],
    ["collections/__init__.py", "collections"],
    ["numpy/__init__.cpython-311-x86_64-linux-gnu.so", "numpy.core.multiarray"],
    ["numpy.pyc", "numpy"],
    ["torch.so", "torch._utils"],
    ["torch.abi3.so", "torch._utils"],
    ["torch.cpython-311-x86_64-linux-gnu.so", "torch._utils"],
    ["torch.cp311-win_amd64.pyd", "torch"],
    ["datetimemodule.so", "datetime"],
    ["__torch__/x.py", "__torch__.x"],
    ["__torch__/x.py", "__torch__.x.y"],
    ["torch/_utils.py", "torch._utils"],
    ["a/b/c/d/e/f/g/h/i/j.py", "a.b.c.d.e.f.g.h.i.j"],
    ["py\u017fome.py", "pysome"],
    ["my module.py", "my module"],
  ])("by %s: %s", (path, module) => {
    expect(moduleNames(["README.md", path])(module)).toBe(true);
  });

  it.each<[path: string, module: string]>([
    ["collections.json", "collections"],
    ["torch/train.py", "torch._utils"],
    ["torch/pytorch_model.bin", "torch"],
    ["my_collections.py", "collections"],
    ["utils.py", "torch._utils"],
    ["collections.py.txt", "collections"],
    ["collections/README.md", "collections"],
  ])("not by %s: %s", (path, module) => {
    expect(moduleNames([path])(module)).toBe(false);
  });
});

describe("a harmless pickle beside a file that stands for what it imports", () => {
  it("is unsafe", async () => {
    const names = (await found([file("model.pkl", harmlessByProtocol[4] ?? ""), file("collections.py", "x = 1")]))
      .codes;
    expect(names).toContain("shadowed_import");
    const alone = await found([file("model.pkl", harmlessByProtocol[4] ?? ""), file("model.py", "x = 1")]);
    expect(alone.codes).not.toContain("shadowed_import");
  });

  it("is found by whatever module it imports from", async () => {
    const shadows = (module: string) => module === "__torch__.x";
    const codes = await codesOf(pickle, join(imported("__torch__.x", "M"), STOP), { shadows });
    expect(codes).toEqual(["torchscript", "shadowed_import"]);
  });
});
