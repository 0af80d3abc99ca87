/** Files that an outside attack had found to be called safe although their usual loader runs, reads, or never ends. */

import { describe, expect, it } from "vitest";
import { summarise } from "../../src/inspection/summary.ts";
import { bytesOf, join, makeZip, u32, u64 } from "../zip/make-zip.ts";
import { file, found, inspect, SAFE } from "./inspecting.ts";
import { imported, op, proto, REDUCE, STOP } from "./make-pickle.ts";

const codesOf = async (name: string, data: string | Uint8Array) => (await found([file(name, data)])).codes;

describe("YAML", () => {
  it.each([
    [
      "a directive behind a line break of YAML's own",
      "a: 1\u0085%TAG ! tag:yaml.org,2002:python/\n---\nb: !object/apply:os.system [x]\n",
    ],
    ["a tag behind one", "a: 1\u0085b: !!python/object/apply:os.system [x]\n"],
  ])("with %s builds objects", async (_, text) => {
    expect((await found([file("config.yaml", text)])).verdict).toBe("unsafe");
  });

  it.each(["{target: os.abort}", "{_target_: os.abort}", "? _target_\n: os.abort\n", "a: 1\u0085target: os.abort\n"])(
    "imports what %j names",
    async (text) => {
      expect(await codesOf("config.yaml", text)).toContain("remote_code");
    },
  );

  it("whose keys are written with escapes is not understood", async () => {
    expect(await codesOf("config.yaml", '"_tar\\x67et_": os.abort\n')).toContain("yaml_tag");
  });

  it("that merges aliases over and over has no verdict", async () => {
    const lines = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1}\n  <<: [${`*l${n}, `.repeat(8)}*l${n}]`);
    expect(await codesOf("config.yaml", `l0: &l0 {a: 1}\n${lines.join("\n")}\n`)).toContain("bound_reached");
    expect(await found([file("config.yaml", "a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n")])).toEqual(SAFE);
  });
});

describe("the card of a dataset", () => {
  it.each(["/etc/passwd", "https://example.org/a.csv", "../../a.csv", "reference://a.csv::refs.json"])(
    "that reads %s is unknown",
    async (path) => {
      for (const text of [
        `---\nconfigs:\n- config_name: default\n  data_files: ${path}\n---\n# x\n`,
        `---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: "${path}"\n---\n`,
        `---\nconfigs: [{config_name: a, data_files: "${path}"}]\n---\n`,
      ]) {
        expect(await codesOf("README.md", text)).toEqual(["external_reference"]);
      }
    },
  );

  it("that reads its own files, and links elsewhere, is safe", async () => {
    const card =
      "---\nlicense_link: https://example.org/license\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n" +
      "    path: data/train-*\n  - split: test\n    path: data/test-*\nthumbnail: https://example.org/x.png\n---\n# See https://example.org\n";
    expect(await found([file("README.md", card)])).toEqual(SAFE);
  });
});

describe("a configuration", () => {
  it.each([
    ["0_Dense/config.json", '{"activation_function":"torch._C._abort"}', "remote_code"],
    ["0_Dense/config.json", '{"activation_function":"os.abort"}', "remote_code"],
    ["tokenizer_config.json", '{"tokenizer_class":"antigravity.x"}', "remote_code"],
    ["tokenizer_config.json", '{"vocab_file":"/etc/passwd"}', "external_reference"],
    ["tokenizer_config.json", '{"vocab_file":"../../x"}', "external_reference"],
    ["config.json", '{"target":"os.abort"}', "remote_code"],
    ["config.json", '{"trust_remote_code":1}', "remote_code"],
    ["adapter_config.json", '{"target_modules":"(a+)+b"}', "opaque_format"],
    ["state.json", '{"_data_files":[{"filename":"../../../x.arrow"}]}', "external_reference"],
    ["models/model.json", '{"expr_str":"__import__(\'os\')"}', "opaque_format"],
  ])("%s with %s", async (name, text, code) => {
    expect(await codesOf(name, text)).toEqual([code]);
  });

  it.each([
    '{"activation_function":"torch.nn.modules.activation.Tanh"}',
    '{"activation_function":"gelu","tokenizer_class":"BertTokenizer","vocab_file":"vocab.txt"}',
    '{"target_modules":".*\\\\.(q_proj|v_proj)$","target":"train-00000.parquet"}',
  ])("%s is safe", async (text) => {
    expect(await found([file("config.json", text)])).toEqual(SAFE);
  });
});

it("a program of torch.export evaluates expressions", async () => {
  const inner = makeZip([file("m/archive_format", "pt2"), file("m/models/model.json", "{}")]);
  expect(await codesOf("m.pt2", inner)).toContain("opaque_format");
  expect((await found([file("m/archive_format", "pt2"), file("m/models/model.json", "{}")])).codes).toContain(
    "opaque_format",
  );
});

it("a program of TorchScript is not shadowed by its own code", async () => {
  const pickle = join(proto(2), "c__torch__.M\nM\n", op(0x29, 0x81), STOP);
  const own = [
    file("m/data.pkl", pickle),
    file("m/version", "3\n"),
    file("m/constants.pkl", join(proto(2), op(0x29), STOP)),
    file("m/code/__torch__/M.py", "class M(Module):\n  pass\n"),
  ];
  const { verdict, codes } = await found(own);
  expect(verdict).toBe("unknown");
  expect(codes).toContain("torchscript");
  expect(codes).not.toContain("shadowed_import");
  expect((await found([file("m.pt", makeZip(own)), file("__torch__.py", "")])).codes).not.toContain("pickle_import");
});

describe("a pickle", () => {
  it("with a frame longer than itself is unknown", async () => {
    expect(await codesOf("x.pkl", join(proto(4), op(0x95), u64(2 ** 38), "N", STOP))).toContain("pickle_malformed");
  });

  it.each(["set", "frozenset"])("that makes a %s of thousands of numbers is unknown", async (name) => {
    const items = Array.from({ length: 6000 }, (_, n) => join(op(0x4a), u32(n)));
    const pickle = join(proto(2), imported("builtins", name), "](", ...items, "e", op(0x85), REDUCE, STOP);
    expect(await codesOf("x.pkl", pickle)).toContain("pickle_arguments");
  });

  it("that is HDF5 as well is unknown under a name of HDF5", async () => {
    const padded = new Uint8Array(1024);
    padded.set(join(proto(4), "N", STOP));
    padded.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], 512);
    expect((await found([file("x.dat", padded)])).verdict).toBe("unknown");
  });
});

describe("what is slow to look through", () => {
  it("ends: pages of Ogg that never fit, data references that do not advance, configurations that break off", async () => {
    const ogg = join("OggS", new Uint8Array(24), "OggS".repeat(16_000));
    const box = (type: string, data: Uint8Array) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, data.length + 8);
      return join(length, type, data);
    };
    const drefs = join(
      ...Array.from({ length: 20_000 }, () =>
        join("dref", new Uint8Array([0, 0, 0, 0, 0, 0, 0, 99]), new Uint8Array(8)),
      ),
    );
    const mp4 = join(box("ftyp", bytesOf("isom0000isom")), box("moov", drefs));
    const { findings } = await inspect([file("a.ogg", ogg), file("v.mp4", mp4)]);
    expect(findings.map(({ path, code }) => [path, code])).toEqual([
      ["a.ogg", "format_malformed"],
      ["v.mp4", "active_document"],
    ]);
  }, 20_000);
});

it("settings of git are programs, and a text is no film", async () => {
  expect(await codesOf(".git/config", "[core]\n\tfsmonitor = x\n")).toEqual(["source_code"]);
  expect(await codesOf(".vscode/tasks.json", "{}")).toEqual(["source_code"]);
  expect(await codesOf("a/.git", "gitdir: x\n")).toEqual(["source_code"]);
  for (const name of "video.mp4 a.mkv a.mov a.avi a.mp3 a.wav a.png a.jpg a.gif a.webp a.tif a.ogg a.m3u8".split(" ")) {
    expect(await codesOf(name, "#EXTM3U\nfile:///etc/passwd\n"), name).toEqual(["misnamed"]);
  }
});

it("weights are judged whatever they are called and wherever they lie", () => {
  const entry = (path: string, verdict: "safe" | "unknown", kind?: string) => ({
    ...{ path, method: 0, size: 1, compressedSize: 1, crc32: 0, dataOffset: 0, verdict },
    ...(kind !== undefined && { kind }),
  });
  const partsOf = (...entries: ReturnType<typeof entry>[]) => summarise({ entries, reasons: {}, omitted: 0 }).parts;
  expect(partsOf(entry("model.safetensors", "safe"), entry("train.py", "unknown"))).toEqual({ weights: "safe" });
  for (const path of ["vocab.bin", "checkpoint-5/optimizer.pt", "model.joblib", "a.npz"])
    expect(partsOf(entry("model.safetensors", "safe"), entry(path, "unknown"))).toEqual({ weights: "unknown" });
  expect(partsOf(entry("data", "unknown", "pickle"))).toEqual({ weights: "unknown" });
});

it("a vocabulary of GGUF has types and lengths that fit", async () => {
  const text = (value: string) => join(u64(value.length), value);
  const array = (key: string, type: number, count: number, data: Uint8Array) =>
    join(text(`tokenizer.ggml.${key}`), u32(9), u32(type), u64(count), data);
  const gguf = (...pairs: Uint8Array[]) => join("GGUF", u32(3), u64(0), u64(pairs.length), ...pairs);
  const tokens = array("tokens", 8, 2, join(text("a"), text("b")));
  expect(await found([file("m.gguf", gguf(tokens, array("scores", 6, 2, new Uint8Array(8))))])).toEqual(SAFE);
  expect(await codesOf("m.gguf", gguf(tokens, array("scores", 6, 1, new Uint8Array(4))))).toEqual(["format_malformed"]);
  expect(await codesOf("m.gguf", gguf(tokens, array("scores", 8, 2, join(text("a"), text("b")))))).toEqual([
    "format_malformed",
  ]);
});
