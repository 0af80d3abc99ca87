import { describe, expect, it } from "vitest";
import { reproducibility } from "../../../src/trust/metrics/reproducibility.ts";
import { ABSENT, DOWN, evidence, files, found, inputs, score } from "./evidence.ts";

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
    ["demo code without a loader", py("import owl\nowl.run()")],
    ["a tokenizer that is missing", py(`${LOAD}\nAutoProcessor.from_pretrained("acme/owl")`)],
    ["an unknown library", py('import owl_lib\nowl_lib.load_model("acme/owl")')],
  ])("for %s", (_, readme) => {
    expect(of(readme)).toBe(0.5);
  });

  it.each([
    ["a gated model", { record: { files: FILES, gated: true } }],
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
  ])("of two megabytes of %j is read", (piece) => {
    const start = Date.now();
    of(py(piece.repeat((2 * 1024 * 1024) / piece.length)));
    expect(Date.now() - start).toBeLessThan(3000);
  });
});
