import { describe, expect, it } from "vitest";
import { codeLink, ownCode } from "../../../src/trust/signals/code-link.ts";
import { isSameOwner } from "../../../src/trust/signals/namespaces.ts";
import { ABSENT, code, DOWN, evidence, found, hubRecord, inputs, repository, score } from "../metrics/evidence.ts";

/** The link of a model to a repository, whose README says what it says. */
function link(id: string, full_name: string, readme = "# Code", over: Parameters<typeof repository>[0] = {}) {
  return codeLink(
    evidence({
      source: id,
      record: hubRecord({ id }),
      code: code({ repository: full_name, record: found(repository({ full_name, ...over })), readme: found(readme) }),
    }),
  );
}

describe("code_link", () => {
  it.each([
    ["openai/whisper-tiny", "openai/whisper", 1],
    ["google-bert/bert-base-uncased", "google-research/bert", 1],
    ["Qwen/Qwen3-0.6B", "QwenLM/Qwen3", 1],
    ["stabilityai/stablelm-2", "Stability-AI/StableLM", 1],
    ["EleutherAI/pythia-70m", "eleutherai/pythia", 1],
    // the same owner, but nothing ties it to this model
    ["openai/clip-vit-base", "openai/gym-http-api", 0.5],
    ["google-t5/t5-small", "google-research/text-to-text-transfer-transformer", 0.5],
    ["acme/base-model-docs", "acme/docs-model-base", 0.5],
    // a word of three letters may be chance
    ["acme/owl-7b", "acme/owl", 0.5],
    // somebody else's, whatever the names share
    ["quick-wins/bert-supreme", "google-research/bert", 0],
    ["goog1e-bert/bert-base-uncased", "google-research/bert", 0],
    ["0penai/whisper-tiny", "openai/whisper", 0],
    ["acme/whisper", "acme-labs/whisper", 0],
    ["gpt2", "openai/gpt2", 0],
  ])("of %s to %s is %f", (id, full_name, expected) => {
    expect(score(link(id, full_name))).toBe(expected);
  });

  it.each([
    ["as a link", "Weights: https://huggingface.co/acme/owl.", 1],
    ["in code", 'AutoModel.from_pretrained("Acme/Owl")', 1],
    ["at the end of a sentence", "We publish acme/owl.", 1],
    ["as a part of another id", "See acme/owl-large and not-acme/owl and acme/owl.v2", 0],
    ["as a repository on GitHub", "Forked from https://github.com/acme/owl", 0],
    ["not at all", "A framework for everything.", 0],
    [
      "in a list of everybody's models",
      `acme/owl\n${Array.from({ length: 12 }, (_, at) => `https://huggingface.co/owner${at}/m`).join("\n")}`,
      0,
    ],
    [
      "beside other models of a few owners, and pages of the hub",
      `acme/owl\n${Array.from({ length: 30 }, (_, at) => `https://huggingface.co/datasets/d${at} https://huggingface.co/acme/m${at}`).join("\n")}`,
      1,
    ],
  ])("of a repository of another owner whose README names the model %s is %#", (_, readme, expected) => {
    expect(score(link("acme/owl", "someone/project", readme))).toBe(expected);
  });

  it.each([
    "huggingface/transformers",
    "DLR-RM/stable-baselines3",
    "Unity-Technologies/ml-agents",
    "ggml-org/llama.cpp",
  ])("of the framework %s is 0, whatever its README and its owner", (framework) => {
    const [owner = "", name = ""] = framework.split("/");
    const id = `${owner}/${name}-model`;
    expect(inputs(link(id, framework, `# x\n${id}`))).toMatchObject({ by: "framework" });
    expect(score(link(id, framework, `# x\n${id}`))).toBe(0);
  });

  it("of a fork is 0: its people and files are another project's", () => {
    const fork = link("acme/owlet", "acme/owlet", "acme/owlet", { fork: true });
    expect([score(fork), inputs(fork)["by"]]).toEqual([0, "fork"]);
  });

  it("is by the name that GitHub has for the repository today", () => {
    const moved = evidence({
      code: code({ repository: "acme/owlet", record: found(repository({ full_name: "famous/other" })) }),
    });
    expect(score(codeLink(moved))).toBe(0);
    expect(ownCode(moved)).toBeUndefined();
  });

  it("is 0 without a repository or with one that is gone, unavailable where what decides could not be fetched", () => {
    expect(score(codeLink(evidence()))).toBe(0);
    expect(score(codeLink(evidence({ code: code({ record: ABSENT, readme: ABSENT }) })))).toBe(0);
    expect(score(codeLink(evidence({ code: code({ record: DOWN }) })))).toBe(
      "unavailable: repository acme/owl-code: timed out",
    );
    const stranger = found(repository({ full_name: "famous/other" }));
    expect(score(codeLink(evidence({ code: code({ record: stranger, readme: DOWN }) })))).toBe(
      "unavailable: README of acme/owl-code: timed out",
    );
    // no README: nothing names the model
    expect(score(codeLink(evidence({ code: code({ record: stranger, readme: ABSENT }) })))).toBe(0);
  });

  it("of a README of two megabytes is found", () => {
    for (const piece of ["acme/owl-", "huggingface.co/", "a/", "\n"]) {
      expect(score(link("acme/owl", "someone/project", piece.repeat((2 * 1024 * 1024) / piece.length)))).toBe(0);
    }
  });
});

describe("owners", () => {
  it.each([
    ["stabilityai", "Stability-AI", true],
    ["a.b_c", "abc", true],
    ["google", "google-deepmind", true],
    ["google", "google-research-datasets", false],
    ["", "", false],
    ["constructor", "x", false],
  ])("%s on the hub and %s on GitHub are one: %s", (namespace, owner, expected) => {
    expect(isSameOwner(namespace, owner)).toBe(expected);
  });
});
