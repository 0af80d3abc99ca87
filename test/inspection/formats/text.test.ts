/** Texts: JSON, YAML, programs, documents, and what their loaders would run. */

import { describe, expect, it } from "vitest";
import { bytesOf, join } from "../../zip/make-zip.ts";
import { judge, verdict } from "./judging.ts";

const apply = 'a: !!python/object/apply:os.system ["id"]\n';

describe("YAML", () => {
  it.each<[what: string, text: string]>([
    ["a call", apply],
    ["a call in a list", '- !!python/object/apply:os.system ["id"]'],
    ["a class that is made", "!!python/object/new:tuple [x]"],
    ["a call by the whole tag", "a: !<tag:yaml.org,2002:python/object/apply:os.system> [id]"],
    ["a call behind an escape", "a: !!python%2Fobject%2fapply:os.system [id]"],
    [
      "a call whose every letter is escaped",
      `a: !!${[..."python/object/apply:os.system"].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("")} [id]`,
    ],
    ["a call by a handle of its own", "%TAG !e! tag:yaml.org,2002:python/object/\n---\n!e!apply:os.system [id]"],
    ["a call by the first handle", "%TAG ! tag:yaml.org,2002:python/object/\n---\n!apply:os.system [id]"],
    ["a call by the second handle", "%TAG !! tag:yaml.org,2002:python/object/apply:\n---\n!!os.system [id]"],
    ["a call behind an anchor", "a: &x !!python/object/apply:os.system [id]"],
    ["a call at a key", "{!!python/object/apply:os.system [id]: 1}"],
    ["a call right behind a colon", '{"a":!!python/object/apply:os.system [id]}'],
  ])("with %s is unsafe, and a text of another name unknown", async (_, text) => {
    expect((await verdict(text, "config.yaml")).codes).toContain("yaml_object");
    expect((await verdict(text, "config.yml")).codes).toContain("yaml_object");
    const { codes } = await verdict(text, "hparams");
    expect(codes).toContain("yaml_tag");
    expect(codes).not.toContain("yaml_object");
    // in code as well: it is loaded, not read
    expect((await verdict(text, "config.yaml", "code")).codes).toContain("yaml_object");
  });

  it.each([
    "a: !!python/name:os.system",
    "a: !!python/module:os",
    "a: !!python/object:a.B {}",
    "a: !new:torch.nn.Linear",
    "a: !apply:os.system [id]",
    "a: !mine x",
    "a: !!javax.script.ScriptEngineManager []",
    "a: !ruby/object:Gem::Installer {}",
    "%TAG !e! tag:yaml.org,2002:\n".repeat(30),
  ])("with a tag that is not understood is unknown: %s", async (text) => {
    expect((await verdict(text, "a.yaml")).codes).toEqual(["yaml_tag"]);
  });

  it.each([
    "a: !!python/tuple [1, 2]\nb: !!python/unicode x\nc: !!python/none\nd: !!python/complex 1j",
    "a: !!str 1\nb: !!float 2\nc: ! x\nd: 'Hello!'\ne: Hello! world\nf: !!binary aGk=",
    "# comment\nname: x\nitems: [1, 2]\n",
  ])("without such tags is text: %s", async (text) => {
    expect(await verdict(text, "a.yaml")).toEqual({ kind: "text", codes: [] });
  });

  it.each([
    ["_target_: os.system", "remote_code"],
    ["model:\n  target: ldm.models.Diffusion\n  params: {}", "remote_code"],
    ["flavors:\n  python_function:\n    loader_module: mlflow.evil", "remote_code"],
    ["trust_remote_code: true", "remote_code"],
    ["- class_name: Lambda\n  config: {}", "keras_custom"],
  ])("that names what a loader imports is unknown: %s", async (text, code) => {
    expect((await verdict(text, "a.yaml")).codes).toEqual([code]);
    expect((await verdict(text, "a.cfg")).codes).toEqual([code]);
  });

  it.each<[text: string, code: string]>([
    ["a: {loader_module: evil}", "remote_code"],
    ["a: {b: 1, trust_remote_code: on}", "remote_code"],
    ["a: {class_name: Lambda}", "keras_custom"],
    ["a: &k _tar\n? *k\n: os.abort", "remote_code"],
    ["a: &k _tar\n*k : os.abort", "remote_code"],
    ["target: # comment\n  os.abort", "remote_code"],
    ["target: &a os.abort", "remote_code"],
    ["target: !!str os.abort", "remote_code"],
    ["target: >-\n  os.abort", "remote_code"],
    ['target: "os\\x2eabort"', "remote_code"],
    ["[target: os.abort]", "remote_code"],
    ['"_tar\\\n  get_": os.abort', "yaml_tag"],
    ['? "_tar\\U00000067et_"\n: os.abort', "yaml_tag"],
    ['a: "\\x41"\n"_tar\\x67et_": os.abort', "yaml_tag"],
  ])("finds a key in other notations of YAML: %s", async (text, code) => {
    expect((await verdict(text, "a.yaml")).codes).toEqual([code]);
  });

  it.each([
    'a: "caf\\u00e9"\nb: 1',
    "target: 0.5",
    "target: [a, b]",
    "my_target: |\n  a",
    "a: &x 1\nb: *x\nc:\n  <<: [*x, *x]",
    "text: |\n  **Note**: this *is* it",
    `a: &a 1\n${"b: *a\n".repeat(30)}`,
  ])("without such a key is inert: %s", async (text) => {
    expect((await verdict(text, "a.yaml")).codes).toEqual([]);
  });

  it("with aliases nested in lists, or merged by a tag, is unknown, and so is front matter", async () => {
    const nested = (line: (at: number) => string) =>
      ["a0: &a0 [1]", ...Array.from({ length: 9 }, (_, at) => line(at + 1))].join("\n");
    for (const text of [
      nested((at) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(9)}]`),
      nested((at) => `- s: &a${at}\n  - {x: *a${at - 1}}\n  - {x: *a${at - 1}}\n  - *a${at - 1}`),
      nested((at) => `a${at}: &a${at} {!!merge "x": [${`*a${at - 1},`.repeat(9)}]}`),
    ]) {
      expect((await verdict(text, "a.yaml")).codes).toEqual(["bound_reached"]);
      expect((await verdict(`---\n${text}\n---\n# Title\n`, "readme.md")).codes).toEqual(["bound_reached"]);
    }
  });

  it.each([
    ["'Trust_Remote_Code': YES", "remote_code"],
    ["TRUST_REMOTE_CODE: true", "remote_code"],
    ["class_name: __lambda__", "keras_custom"],
    ["class_name: Custom>Lambda", "keras_custom"],
    ["[handlers]\nkeys=a", "remote_code"],
    ["  [handler_a]", "remote_code"],
    ["[formatters]", "remote_code"],
    ["[formatter_a]", "remote_code"],
    ["[loggers]", "remote_code"],
    ["[logger_root]", "remote_code"],
    ["meta_graphs {", "opaque_format"],
    ["saved_model_schema_version: 1", "opaque_format"],
    ["graph_def { node_def <", "opaque_format"],
    ["x { meta_info_def {", "opaque_format"],
    ['node {\n  name: "a"', "opaque_format"],
    ['node < op : "a"', "opaque_format"],
    ["A\n3\n263169\n", "opaque_format"],
  ])("in any of its forms, behind other lines but for objects of R: %s", async (text, code) => {
    expect((await verdict(text, "a.cfg")).codes).toEqual([code]);
    const behind = await verdict(`a = 1\n${text}\nb = 2\n`, "a.cfg");
    expect(behind.codes).toEqual(text.startsWith("A") ? [] : [code]);
  });

  it.each([
    "target = 0.5\nclass_name, id\n",
    "a node of a graph, its meta_graphs, a node_def and a class_name\n",
    "[handler]\n[loggerx]\nx = [handlers]\n",
    "do not trust_remote_code: true is off\n",
  ])("is not found where its words alone are: %s", async (text) => {
    expect(await verdict(text, "a.cfg")).toEqual({ kind: "text", codes: [] });
  });
});

describe("JSON", () => {
  it.each<[kind: string, text: string]>([
    ["json", "{}"],
    ["json", ' {"a": [1, -2.5e3, true, null, "\\u00e9\\n"], "a": {}}\n'],
    ["json", '{"a": NaN, "b": Infinity, "c": -Infinity}'],
    ["json", "\ufeff[]"],
    ["json", '"text"'],
    ["jsonl", '{"a":1}\n{"a":2}\n'],
    ["jsonl", '{"a":1}\r\n\r\n{"a":2}'],
  ])("of the kind %s: %s", async (kind, text) => {
    expect(await verdict(text, "a.json")).toEqual({ kind, codes: [] });
  });

  it.each(['{"a":1', '{"a":1,}', '{"a" 1}', '{"a":"\\x"}x', '{"a":1}}', '{"a":{"b":tru}}', '{"a":1}\n{"a":'])(
    "that does not parse is malformed, whatever its name: %s",
    async (text) => {
      expect((await verdict(text, "x.json")).codes).toEqual(["format_malformed"]);
      expect((await verdict(text, "x")).codes).toEqual(["format_malformed"]);
    },
  );

  it("that another text is called is malformed, and a text in braces is none", async () => {
    expect((await verdict("plain", "x.json")).codes).toEqual(["format_malformed"]);
    expect(await verdict("[section]\na = 1\n", "x.toml")).toEqual({ kind: "text", codes: [] });
    expect(await verdict("{{ a }}", "x")).toEqual({ kind: "text", codes: [] });
  });

  it.each<[what: string, value: unknown]>([
    ["classes of modules beside it", { auto_map: { AutoModel: "modeling.Model" } }],
    ["a pipeline of its own", { custom_pipelines: { x: { impl: "p.P" } } }],
    ["trust in remote code", { a: [{ trust_remote_code: true }] }],
    ["a class for Hydra", { model: { _target_: "os.system" } }],
    ["a class for a diffusion model", { model: { target: "os.system", params: {} } }],
    ["a kernel to be downloaded", { _attn_implementation: "someone/kernel" }],
    ["a module of a sentence transformer", [{ idx: 0, name: "0", path: "", type: "evil.Module" }]],
    ["a component of a pipeline", { _class_name: "P", _diffusers_version: "1", unet: ["my_unet", "U"] }],
    ["a pipeline in a module", { _class_name: ["pipeline", "P"], _diffusers_version: "1" }],
    ["an object of jsonpickle", { "py/object": "os.x" }],
    ["an evaluation of jsonpickle", { a: { "py/repr": "os/os.system('id')" } }],
    ["a module of a sentence transformer without a number", [{ name: "0", path: "", type: "my-mod.Module" }]],
    ["a function of its package's as a module", [{ path: "", type: "sentence_transformers.util.http_get" }]],
    ["a module alone", [{ path: "", type: "antigravity." }]],
    ["a function as an activation", { activation_function: "os.abort" }],
    ["a function of torch as an activation", { activation_function: "torch._C._abort" }],
    ["a function of torch.nn as an activation", { a: { activation_fn: "torch.nn.modules.module.os.abort" } }],
    ["an activation of a cross-encoder", { sbert_ce_default_activation_function: "os.abort" }],
    ["a tokenizer of a module", { tokenizer_class: "evil.Tokenizer" }],
    ["a type of a router", { types: { x: "antigravity.Foo" }, structure: {} }],
    ["a class as a target alone", { model: { target: "os.abort" } }],
    ["a module for PEFT", { auto_mapping: { parent_library: "evil" } }],
  ])("with %s is unknown", async (_, value) => {
    expect((await verdict(JSON.stringify(value), "config.json")).codes).toEqual(["remote_code"]);
    expect((await verdict(`{"x":1}\n${JSON.stringify({ y: value })}`, "x.jsonl")).codes.length).toBeLessThan(2);
  });

  it.each<[what: string, value: unknown]>([
    [
      "a pipeline",
      { _class_name: "P", _diffusers_version: "1", unet: ["diffusers", "U"], safety_checker: [null, null] },
    ],
    ["a sentence transformer", [{ idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" }]],
    [
      "a model",
      { architectures: ["LlamaForCausalLM"], attn_implementation: "sdpa", trust_remote_code: false, auto_map: null },
    ],
    ["an annotation", { class_name: "cat", bbox: [1, 2], target: "a.png" }],
    ["a dense layer", { in_features: 2, activation_function: "torch.nn.modules.activation.Tanh" }],
    ["a language model", { activation_function: "gelu_new", tokenizer_class: "GPT2Tokenizer" }],
    ["a tokenizer of words", { tokenizer_class: "sentence_transformers.models.tokenizer.WhitespaceTokenizer" }],
    ["a router", { types: { a: "sentence_transformers.models.Transformer" }, structure: {} }],
    ["an ordinary template", { chat_template: "{{ messages[0]['content'] }}" }],
  ])("of %s is inert", async (_, value) => {
    expect((await verdict(JSON.stringify(value), "config.json")).codes).toEqual([]);
  });

  it.each<[what: string, value: unknown]>([
    ["a symbolic size", { a: [{ as_expr: { expr_str: "__import__('os').abort()" } }] }],
    ["a graph", { graph_module: { graph: {} }, schema_version: { major: 8 } }],
  ])("of torch.export, with %s, is unknown", async (_, value) => {
    expect((await verdict(JSON.stringify(value), "model.json")).codes).toEqual(["opaque_format"]);
  });

  it.each<[what: string, path: string]>([
    ["absolute", "/etc/passwd"],
    ["above", "../../x"],
    ["an address", "http://a/b"],
    ["chained", "zip::x"],
    ["of the user", "~/x"],
  ])("that refers to a file that is %s is unknown", async (_, path) => {
    for (const value of [
      { vocab_file: path },
      { tokenizer_file: path, merges_file: null },
      { a: { spm_file: path } },
      { merges_file: path },
      { vocabulary_file: path },
      { _data_files: [{ filename: path }] },
      { splits: ["train", path] },
      { configs: [{ data_files: path }] },
      { configs: [{ data_files: [{ split: "train", path: [path] }] }] },
      { configs: [{ data_dir: path }] },
    ]) {
      expect((await verdict(JSON.stringify(value), "x.json")).codes).toEqual(["external_reference"]);
    }
  });

  it.each([
    { vocab_file: "vocab.txt", tokenizer_file: null, merges_file: "./merges.txt" },
    { _data_files: [{ filename: "data-00000-of-00001.arrow" }] },
    { splits: ["train", "test"] },
    { configs: [{ data_files: "data/train-*" }], homepage: "https://a/b" },
    { filename: "/a/b", data_dir: "/home/x" },
  ])("that refers to its own files, or tells where something was, is inert: %j", async (value) => {
    expect((await verdict(JSON.stringify(value), "x.json")).codes).toEqual([]);
  });

  it.each<[value: unknown]>([
    [{ target_modules: "(([a-z]|[a-z0-9._])*)*Q" }],
    [{ target_modules: "(a|aa)+Q" }],
    [{ target_modules: "(a|aa){9}Q" }],
    [{ exclude_modules: "(?x)(a|aa) *Q" }],
    [{ layers_pattern: ".*.*.*.*.*.*.*.*.*Q" }],
    [{ rank_pattern: { "(a|aa)*Q": 8 } }],
    [{ alpha_pattern: { "(a|aa)*Q": 8 } }],
  ])("with a pattern that may take forever is unknown: %j", async (value) => {
    expect((await verdict(JSON.stringify(value), "adapter_config.json")).codes).toEqual(["opaque_format"]);
  });

  it.each([
    { target_modules: ["q_proj", "v_proj"], rank_pattern: {}, layers_pattern: null },
    { target_modules: "all-linear" },
    { target_modules: "^(?!.*vision).*(?:q_proj|v_proj)$" },
    {
      target_modules:
        "(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|k_proj).*?)|(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:mlp)\\.(?:(?:up_proj)))",
    },
  ])("with an ordinary pattern is inert: %j", async (value) => {
    expect((await verdict(JSON.stringify(value), "adapter_config.json")).codes).toEqual([]);
  });

  it("takes time in proportion to its length", async () => {
    const long = ".a".repeat(1_000_000);
    const patterns = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`${at}${"[".repeat(3900)}`, 1]));
    const value = {
      a: { path: "", type: `a${long}/` },
      target: `${long}/`,
      tokenizer_class: long,
      rank_pattern: patterns,
    };
    expect((await verdict(JSON.stringify(value))).codes).toEqual(["remote_code"]);
  });

  it("with weights in files outside is unsafe", async () => {
    const index = (path: string) => JSON.stringify({ metadata: {}, weight_map: { "a.weight": path } });
    expect((await verdict(index("model-00001-of-00002.safetensors"))).codes).toEqual([]);
    for (const path of ["../../x.bin", "/tmp/x.bin", "C:\\x"]) {
      expect((await verdict(index(path), "model.safetensors.index.json")).codes).toEqual(["external_data"]);
    }
  });

  it("with pickles in base64 hands them on", async () => {
    const { codes, inner } = await judge(
      JSON.stringify({ policy: { ":type:": "x", ":serialized:": btoa("cos\nsystem\n.") } }),
    );
    expect(codes).toEqual(["opaque_format"]);
    expect(inner.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(["cos\nsystem\n."]);
  });

  it("nested as deep as no parser goes is malformed, without recursion", async () => {
    expect((await verdict(`{"a":${"[".repeat(1_000_000)}`)).codes).toEqual(["format_malformed"]);
    expect((await verdict('{"a":'.repeat(500_000))).codes).toEqual(["format_malformed"]);
    expect((await verdict(`${"[".repeat(800)}${"]".repeat(800)}`)).codes).toEqual([]);
  });

  it("too long to be parsed is unknown", async () => {
    const long = join("{", " ".repeat(33 * 1024 * 1024), "}");
    expect((await verdict(long)).codes).toEqual(["bound_reached"]);
    expect((await verdict(join("a,b\n", " ".repeat(33 * 1024 * 1024)))).codes).toEqual(["bound_reached"]);
  });

  it("that is a notebook is source code, whatever its name", async () => {
    const notebook = JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
    for (const name of ["a.ipynb", "a", "a.json"]) {
      expect(await verdict(notebook, name)).toEqual({ kind: "notebook", codes: ["source_code"] });
      expect(await verdict(notebook, name, "code")).toEqual({ kind: "notebook", codes: [] });
    }
  });
});

describe("source code", () => {
  it.each([
    ..."a.py a.pyw a.sh a.bat a.cmd a.ps1 a.js a.mjs a.ts a.r a.jl a.lua a.rb a.pl a.php a.java a.c a.cpp a.cu a.rs a.go".split(
      " ",
    ),
    ..."setup.py conftest.py makefile dockerfile dockerfile.gpu pyproject.toml .envrc modeling_x.py hyper.vbs x.tcl".split(
      " ",
    ),
  ])("called %s is a finding in a model and a dataset, and the content of code", async (name) => {
    expect(await verdict("x = 1\n", name, "model")).toEqual({ kind: "text", codes: ["source_code"] });
    expect((await verdict("x = 1\n", name, "dataset")).codes).toEqual(["source_code"]);
    expect((await verdict("x = 1\n", name, "code")).codes).toEqual([]);
  });

  it.each([".pdbrc", "pylintrc", "pytest.ini", "tox.ini", "setup.cfg", ".envrc", "sitecustomize", "alembic.ini.mako"])(
    "is what a tool runs: %s",
    async (name) => {
      expect((await verdict("[a]\nb = 1\n", name)).codes).toEqual(["source_code"]);
      expect((await verdict("[a]\nb = 1\n", name, "code")).codes).toEqual([]);
    },
  );

  it("has type hints and templates of its own, and its first line hides no settings", async () => {
    const hint = "def f(\n    target: torch.Tensor,\n): ...\n";
    expect((await verdict(hint, "f.py", "code")).codes).toEqual([]);
    expect((await verdict("[loggers]\nkeys = root\n", "alembic.ini.mako", "code")).codes).toEqual([]);
    expect((await verdict("#!x\ntarget: os.abort\n", "a.cfg", "code")).codes).toEqual(["remote_code"]);
    expect((await verdict("#!x\ntrust_remote_code: true\n", "a.yaml", "code")).codes).toEqual(["remote_code"]);
  });

  it("is known by its first line, and a site file by its imports", async () => {
    expect((await verdict("#!/bin/sh\nid\n", "run")).codes).toEqual(["source_code"]);
    expect((await verdict("/usr/lib\nimport os; os.system('id')\n", "x.pth")).codes).toEqual(["source_code"]);
    expect((await verdict("/usr/lib\n", "x.pth")).codes).toEqual([]);
    expect((await verdict('{"scripts":{"postinstall":"id"}}', "package.json")).codes).toEqual(["source_code"]);
  });

  it.each([
    "README.md",
    "requirements.txt",
    "vocab.txt",
    "merges.txt",
    "data.csv",
    "labels.tsv",
    "license",
    ".gitattributes",
  ])("is not %s", async (name) => {
    expect(await verdict("a,b\n1,2\n# Title\n", name)).toEqual({ kind: "text", codes: [] });
  });
});

describe("a document", () => {
  it.each<[what: string, data: Uint8Array | string]>([
    ["HTML", "<!DOCTYPE html><script>x</script>"],
    ["HTML behind a comment", "<!-- a -->\n<html>"],
    ["SVG", '<svg onload="x"/>'],
    ["XML", '<?xml version="1.0"?><a/>'],
    ["PDF", "%PDF-1.7\n"],
    ["PDF behind other bytes", join(new Uint8Array(20), "%PDF-1.7")],
    ["PostScript", "%!PS-Adobe"],
    ["RTF", "{\\rtf1}"],
    ["an old format of Office", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)],
  ])("of %s is unknown", async (_, data) => {
    expect(await verdict(data)).toEqual({ kind: "document", codes: ["active_document"] });
  });

  it("by its name alone is unknown, too", async () => {
    expect((await verdict("text", "a.html")).codes).toEqual(["active_document"]);
    expect((await verdict("text", "a.svg")).codes).toEqual(["active_document"]);
    expect((await verdict('<div align="center">\n# Title', "readme.md")).codes).toEqual([]);
  });
});

describe("a text", () => {
  it.each([
    ["saved_model_schema_version: 1\nmeta_graphs {\n}", "saved_model.pbtxt"],
    ["# x\n;meta_graphs { meta_info_def { } }", "model"],
    ["node { name: 'a' op: 'PyFunc' }", "graph"],
    ["layer { }", "deploy.prototxt"],
    ["RDA3\nA\n3\n262657\n", "x"],
    ["A\n3\n262657\n197888\n", "x.txt"],
  ])("that is a graph or objects is unknown: %s", async (text, name) => {
    expect((await verdict(text, name)).codes).toEqual(["opaque_format"]);
  });

  it("of logging settings is unknown: their arguments are evaluated", async () => {
    expect((await verdict("[loggers]\nkeys=root\n[handler_x]\nargs=(os.system('id'),)", "x.ini")).codes).toEqual([
      "remote_code",
    ]);
  });

  it("is none with a byte that no text has", async () => {
    expect((await verdict(bytesOf("text\0"))).kind).toBeUndefined();
    expect((await verdict(Uint8Array.of(0x61, 0xff, 0x61))).kind).toBeUndefined();
  });
});
