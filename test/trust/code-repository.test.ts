import { describe, expect, it } from "vitest";
import { findCodeRepositories } from "../../src/trust/code-repository.ts";

const links = (...repositories: string[]) => repositories.map((name) => `See https://github.com/${name}.`).join("\n");
const first = (model: string, readme: string, card?: Record<string, unknown>) =>
  findCodeRepositories(model, readme, card)[0];

describe("the code repository of a model", () => {
  it.each([
    ["google-bert/bert-base-uncased", ["huggingface/transformers", "google-research/bert"], "google-research/bert"],
    ["openai-community/gpt2", ["someone/demo", "openai/gpt-2/blob/master/model_card.md"], "openai/gpt-2"],
    ["gpt2", ["someone/demo", "openai/gpt-2"], "openai/gpt-2"],
    ["microsoft/DialoGPT-small", ["dreasysnail/Dialogpt_dev#eval", "microsoft/DialoGPT"], "microsoft/DialoGPT"],
    ["openai/whisper-tiny", ["someone/whisper-fork", "openai/whisper"], "openai/whisper"],
    [
      "google/gemma-2-2b",
      ["google-research-datasets/natural-questions", "huggingface/local-gemma"],
      "huggingface/local-gemma",
    ],
    ["facebook/opt-125m", ["first/named", "second/named"], "first/named"],
    ["o/n", ["o/n.git", "x/y"], "o/n"],
    // whose owner is the model's comes before whose name is
    ["google-bert/bert-base-uncased", ["someone/bert-base-uncased", "google-research/bert"], "google-research/bert"],
    ["BAAI/bge-m3", ["someone/bge-m3", "FlagOpen/FlagEmbedding"], "FlagOpen/FlagEmbedding"],
  ])("%s of %j is %s", (model, named, expected) => {
    expect(first(model, links(...named))).toMatchObject({ repository: expected, named_by: "readme" });
  });

  it("is a framework only if nothing else is named", () => {
    const framework = links("huggingface/transformers");
    expect(first("o/n", framework)).toEqual({
      repository: "huggingface/transformers",
      named_by: "framework",
    });
    expect(first("o/transformers", `${framework}\n${links("a/b")}`)).toEqual({
      repository: "a/b",
      named_by: "readme",
    });
  });

  it("may be named in the card's data", () => {
    const card = { repo: "https://github.com/o/n", tags: ["x"], extra: { nested: "https://github.com/a/b" } };
    expect(findCodeRepositories("o/n", "", card)).toEqual([{ repository: "o/n", named_by: "card" }]);
  });

  it.each([
    "",
    "github.com",
    "https://github.com/o",
    "https://github.com/sponsors/someone",
    "https://notgithub.com/o/n",
    "https://gitlab.com/o/n",
  ])("is none in %j", (readme) => {
    expect(findCodeRepositories("o/n", readme, undefined)).toEqual([]);
  });

  it("is not sought in the front matter, nor for ever", () => {
    expect(findCodeRepositories("o/n", `---\na: github.com/x/y\n---\n`, undefined)).toEqual([]);
    const many = Array.from({ length: 5000 }, (_, i) => `github.com/a/b${i}`).join(" ");
    expect(findCodeRepositories("o/n", many, undefined)).toHaveLength(200);
  });
});
