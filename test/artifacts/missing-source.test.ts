/** A dataset or code whose host says that it is not there, and one whose host could not say. */

import { describe, expect, it, vi } from "vitest";
import { createRegistry, objectKeys, rows } from "../harness.ts";
import { artifactIn, NOTHING, refusal, seen, world } from "../routes/answers.ts";
import { bundle, manifestIn } from "../zip/light-bundle.ts";

const registry = createRegistry();
const NO_DATASET = refusal(424, "Ingest rejected: dataset not found on Hugging Face.");
const noRepository = (host: string) => refusal(424, `Ingest rejected: repository not found on ${host}.`);

const register = (type: string, url: string, of = registry) => of.call("POST", `/artifact/${type}`, { url });

/** Every upstream request of the test is answered with this. */
function upstreamAnswers(status: number, headers: Record<string, string> = {}, body = "{}"): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(body, { status, headers }));
}

const HF_DATASET = "https://huggingface.co/datasets/acme-labs/does-not-exist";
const GITHUB = "https://github.com/acme-labs/does-not-exist";
const GITLAB = "https://gitlab.com/acme-labs/tools/does-not-exist";

describe("a source that its host does not have", () => {
  it.each([
    ["dataset", HF_DATASET, NO_DATASET],
    ["dataset", `${HF_DATASET}/tree/main/data`, NO_DATASET],
    ["code", GITHUB, noRepository("GitHub")],
    ["dataset", GITHUB, noRepository("GitHub")],
    ["code", `${GITHUB}.git`, noRepository("GitHub")],
    ["code", GITLAB, noRepository("GitLab")],
    ["dataset", GITLAB, noRepository("GitLab")],
    ["code", "https://huggingface.co/spaces/acme-labs/does-not-exist", noRepository("Hugging Face")],
  ])("%s %s is refused, and leaves nothing", async (type, url, expected) => {
    expect(seen(await register(type, url))).toEqual(expected);
    expect(await world()).toEqual(NOTHING);
  });

  it("is the same to a deployment with tokens of its own, whose private ones stay private", async () => {
    const trusted = createRegistry({ HF_TOKEN: "hub-test-token", GITHUB_TOKEN: "hub-test-token" });
    expect(seen(await register("dataset", HF_DATASET, trusted))).toEqual(NO_DATASET);
    expect(seen(await register("code", GITHUB, trusted))).toEqual(noRepository("GitHub"));
    const record = JSON.stringify({ id: "acme-labs/secret", private: true, siblings: [] });
    upstreamAnswers(200, { "Content-Type": "application/json" }, record);
    expect(seen(await register("dataset", "https://huggingface.co/datasets/acme-labs/secret", trusted))).toEqual(
      NO_DATASET,
    );
  });

  it.each([404, 410])("is refused for the status %i of any known host", async (status) => {
    upstreamAnswers(status);
    for (const [type, url, expected] of [
      ["dataset", HF_DATASET, NO_DATASET],
      ["code", GITHUB, noRepository("GitHub")],
      ["code", GITLAB, noRepository("GitLab")],
      ["code", "https://github.com/acme-labs", noRepository("GitHub")],
      ["code", "https://gitlab.com/acme-labs", noRepository("GitLab")],
      ["dataset", "https://huggingface.co/papers", NO_DATASET],
    ] as const) {
      expect(seen(await register(type, url)), url).toEqual(expected);
    }
    expect(await objectKeys()).toEqual([]);
  });

  it("is refused as the new source of an update, and the old version stays whole", async () => {
    const id = await registry.register("code", "https://github.com/acme-labs/aster");
    const before = await world();
    const { json } = await registry.call("GET", `/artifacts/code/${id}`);
    const update = { ...(json as { metadata: object }), data: { url: GITHUB } };
    expect(seen(await registry.call("PUT", `/artifacts/code/${id}`, update))).toEqual(noRepository("GitHub"));
    expect(await world()).toEqual(before);
  });
});

describe("a source that may be there", () => {
  it.each([
    [
      401,
      { "X-Error-Message": "Invalid credentials in Authorization header" },
      "dataset",
      HF_DATASET,
      "HF_TOKEN was refused",
    ],
    [429, {}, "dataset", HF_DATASET, "rate limited"],
    [500, {}, "dataset", HF_DATASET, "upstream answered 500"],
    [451, {}, "code", GITHUB, "upstream answered 451"],
    [403, {}, "code", GITHUB, "GitHub refused to answer"],
    [401, {}, "code", GITHUB, "GITHUB_TOKEN was refused"],
    [503, {}, "code", GITLAB, "upstream answered 503"],
    [
      302,
      { Location: "https://gitlab.com/users/sign_in" },
      "code",
      GITLAB,
      /redirects where we do not follow|not a project/,
    ],
    [200, { "Content-Type": "text/html" }, "code", GITLAB, /not a project|JSON/],
    [404, {}, "code", "https://files.example.org/gone.tar", "upstream answered 404"],
    [410, {}, "dataset", "https://files.example.org/gone.csv", "upstream answered 410"],
  ])("status %i %j of %s %s: registered, and the evidence says %s", async (status, headers, type, url, reason) => {
    upstreamAnswers(status, headers as Record<string, string>);
    const answer = await register(type, url);
    expect([answer.status, answerUrl(answer)]).toEqual([201, url]);
    const { entries } = await bundle();
    expect(manifestIn(entries)).toMatchObject({ type, url });
    const evidence = new TextDecoder().decode(entries.find(({ path }) => path === "evidence.json")?.bytes);
    expect(evidence).toMatch(reason);
  });

  it("whose name cannot be resolved: registered", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("internal error; reference = 0"));
    for (const [type, url] of [
      ["dataset", HF_DATASET],
      ["code", GITHUB],
      ["code", GITLAB],
    ] as const) {
      expect((await register(type, url)).status, url).toBe(201);
    }
    expect(await rows("SELECT id FROM artifacts")).toHaveLength(3);
  });

  it("a gated dataset is: its record is public", async () => {
    expect((await register("dataset", "https://huggingface.co/datasets/acme-labs/clinic-dialogues")).status).toBe(201);
  });
});

describe("code with the URL of a model or dataset on Hugging Face", () => {
  it.each([
    ["https://huggingface.co/google-bert/bert-base-uncased", "model"],
    ["https://huggingface.co/gpt2", "model"],
    ["https://hf.co/google-bert/bert-base-uncased/tree/main", "model"],
    ["https://huggingface.co/datasets/acme-labs/open-atlas", "dataset"],
    ["https://huggingface.co/datasets/wikipedia", "dataset"],
  ])("%s is refused before anybody is asked", async (url, kind) => {
    expect(seen(await register("code", url))).toEqual(
      refusal(400, `The url names a ${kind} on Hugging Face, which is no code.`),
    );
    expect(await world()).toEqual(NOTHING);
  });
});

function answerUrl(answer: Parameters<typeof artifactIn>[0]): string {
  return artifactIn(answer).data.url;
}
