import { afterEach, describe, expect, it, vi } from "vitest";
import { RegistryError } from "../../src/errors.ts";
import { COLLECT_TIMEOUT_MS, UPSTREAM_CONCURRENCY } from "../../src/limits.ts";
import { parseSource } from "../../src/sources/source-url.ts";
import { createSlots } from "../../src/sources/upstream.ts";
import { collect } from "../../src/trust/collect.ts";
import { answerWith, json, NOW, redirect, upstream } from "../sources/answers.ts";
import { AT, ask, askModel, evidenceOf, GITHUB, HUB, hubRecord, kept, model, RECORD, SHA } from "./collecting.ts";

async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => "no refusal",
    (reason: unknown) => reason,
  );
  return error instanceof RegistryError ? error.code : String(error);
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a model", () => {
  it("is collected with its files, card, parents, datasets and code", async () => {
    const readme = "---\nlicense: mit\n---\n# Bert\nCode: https://github.com/O/Bert";
    const siblings = ["README.md", "config.json", "model.safetensors", "onnx/config.json"].map((rfilename) => ({
      rfilename,
      size: 10,
    }));
    const asked = model(
      {
        siblings,
        cardData: { license: ["mit", "apache-2.0"], base_model: "old/base", datasets: ["squad"] },
        tags: ["license:other", "dataset:squad"],
      },
      {
        [`${AT}/README.md`]: new Response(readme),
        [`${AT}/config.json`]: new Response('{"_name_or_path":"./out"}'),
        [`${HUB}/api/datasets/squad`]: json({ id: "rajpurkar/squad", siblings: [] }),
        [`${HUB}/api/models/old/base?blobs=true`]: json({ id: "new/base", siblings: [] }),
        [`${GITHUB}/repos/O/Bert`]: json({ full_name: "o/bert-code", default_branch: "dev" }),
        [`${GITHUB}/repos/o/bert-code/contributors?per_page=100`]: json([{ login: "ann", contributions: 1 }]),
        [`${GITHUB}/repos/o/bert-code/git/trees/dev?recursive=1`]: json({ tree: [{ path: "a.py", type: "blob" }] }),
        [`${GITHUB}/repos/o/bert-code/license`]: json({ license: { spdx_id: "MIT" } }),
        [`${GITHUB}/repos/o/bert-code/readme`]: new Response("# Bert, see huggingface.co/o/bert"),
        [`${HUB}/api/models/o/bert/commits/main`]: json([{ authors: [{ user: "ann" }] }]),
      },
    );
    const collected = await askModel();
    expect(collected).toMatchObject({
      source: { source: "o/bert", key: "o/bert", name: "bert" },
      revision: SHA,
      license: ["mit", "apache-2.0"],
      upstream_size: 40,
      readme,
      left_out: [],
      parents: [{ source: "new/base", key: "new/base", read_from: "model_card" }],
    });
    expect(kept(collected)).toEqual({ "README.md": readme, "config.json": '{"_name_or_path":"./out"}' });
    expect(evidenceOf(collected)).toMatchObject({
      source: "o/bert",
      collected_at: new Date(NOW).toISOString(),
      record: { status: "found" },
      readme: { status: "found", value: readme },
      config: { status: "found" },
      adapter_config: { status: "absent" },
      datasets: [{ id: "squad", record: { value: { id: "rajpurkar/squad" } } }],
      code: {
        repository: "o/bert-code",
        named_by: "readme",
        contributors: { status: "found" },
        tree: { value: { truncated: false } },
        license: { value: "MIT" },
        reviews: { status: "unavailable", reason: "no GITHUB_TOKEN" },
        readme: { value: "# Bert, see huggingface.co/o/bert" },
      },
      commit_authors: { value: [{ name: "ann", commits: 1 }] },
    });
    expect(asked.every((request) => request.headers.get("Authorization") === null)).toBe(true);
  });

  it("is known by the name that the hub has for it, and keeps the name that was asked for", async () => {
    answerWith({
      [`${HUB}/api/models/gpt2?blobs=true&securityStatus=true`]: redirect(
        "/api/models/openai-community/GPT2?blobs=true&securityStatus=true",
        307,
      ),
      [`${HUB}/api/models/openai-community/GPT2?blobs=true&securityStatus=true`]: json({
        id: "openai-community/GPT2",
        siblings: [],
      }),
    });
    expect((await ask("model", "gpt2")).source).toEqual({
      type: "model",
      host: "hugging_face",
      source: "openai-community/GPT2",
      key: "openai-community/gpt2",
      name: "gpt2",
      href: "https://huggingface.co/openai-community/GPT2",
    });
  });

  it.each([
    ["missing", json({}, { status: 404 }), "model_not_found_upstream"],
    ["hidden from strangers", json({}, { status: 401 }), "model_not_found_upstream"],
    ["forbidden", json({}, { status: 403 }), "model_not_found_upstream"],
    ["gated", json(hubRecord({ gated: "auto" })), "model_not_found_upstream"],
    ["rate limited", json({}, { status: 429 }), "upstream_failed"],
    ["down", json({}, { status: 503 }), "upstream_failed"],
    ["no JSON", new Response("<html>"), "upstream_failed"],
    ["without files", json({ id: "o/bert" }), "upstream_failed"],
    ["too large", new Response("{}", { headers: { "Content-Length": "99999999" } }), "upstream_failed"],
    ["lured away", redirect("http://169.254.169.254/"), "upstream_failed"],
    [
      "for a bad token",
      json({}, { status: 401, headers: { "X-Error-Message": "Invalid credentials" } }),
      "upstream_failed",
    ],
  ])("whose record is %s is refused", async (_what, answer, code) => {
    answerWith({ [RECORD]: answer });
    expect(await refusal(askModel())).toBe(code);
  });

  it("that is gated is collected with a token", async () => {
    model(
      { gated: "manual", siblings: [{ rfilename: "README.md" }] },
      { [`${AT}/README.md`]: json({}, { status: 403 }) },
    );
    const collected = await askModel({ hfToken: "hf_secret" });
    expect(collected.left_out).toEqual([{ path: "README.md", reason: "private or gated" }]);
    expect(evidenceOf(collected).readme).toMatchObject({ status: "unavailable", reason: "private or gated" });
  });

  it("survives the failure of everything but its record", async () => {
    const siblings = ["README.md", "config.json", "adapter_config.json"].map((rfilename) => ({ rfilename }));
    model(
      { siblings, tags: ["dataset:squad", "base_model:a/b"] },
      {
        [`${AT}/README.md`]: new Response("down", { status: 503 }),
        [`${AT}/config.json`]: new Response("[1]"),
        [`${AT}/adapter_config.json`]: () => Promise.reject(new TypeError("network")),
        [`${HUB}/api/datasets/squad`]: new Response("no", { status: 500 }),
        [`${HUB}/api/models/a/b?blobs=true`]: new Response("no", { status: 500 }),
        [`${HUB}/api/models/o/bert/commits/main`]: new Response("no", { status: 500 }),
      },
    );
    const collected = await askModel();
    expect(evidenceOf(collected)).toMatchObject({
      readme: { status: "unavailable" },
      card: { status: "unavailable" },
      config: { status: "unreadable" },
      adapter_config: { status: "unavailable" },
      datasets: [{ id: "squad", record: { status: "unavailable" } }],
      commit_authors: { status: "unavailable" },
    });
    expect(collected.parents).toMatchObject([{ source: "a/b", read_from: "hf_tag" }]);
    expect(collected).not.toHaveProperty("readme");
    expect(collected).not.toHaveProperty("license");
    expect(collected.left_out.map(({ path }) => path)).toEqual(["README.md", "adapter_config.json"]);
    expect(Object.keys(kept(collected))).toEqual(["config.json"]);
  });

  it("tells what in its other configurations runs code, and which of them cannot be read", async () => {
    const configs = {
      "tokenizer_config.json": '{"auto_map": {"AutoTokenizer": ["tok.Tok", null]}, "model_max_length": Infinity}',
      "processor_config.json": "not JSON",
      "modules.json": '[{"type": "sentence_transformers.models.Pooling"}, {"type": "custom_st.Transformer"}]',
      "generation_config.json": "{}",
    };
    const files = Object.entries(configs).map(([path, text]) => [`${AT}/${path}`, new Response(text)] as const);
    model({ siblings: Object.keys(configs).map((rfilename) => ({ rfilename, size: 9 })) }, Object.fromEntries(files));
    const { configs: found } = evidenceOf(await askModel());
    const byPath = Object.fromEntries((found ?? []).map(({ path, hooks }) => [path, hooks]));
    expect(byPath).toMatchObject({
      "tokenizer_config.json": { status: "found", value: ["auto_map"] },
      "processor_config.json": { status: "unreadable", reason: "not JSON" },
      "modules.json": { status: "found", value: ["module custom_st.Transformer"] },
      "generation_config.json": { status: "found", value: [] },
    });
  });

  it("reads its configuration as Python does, and says of one that is too large that it cannot be read", async () => {
    model(
      {
        siblings: [
          { rfilename: "config.json", size: 20 },
          { rfilename: "adapter_config.json", size: 6_000_000 },
        ],
      },
      { [`${AT}/config.json`]: new Response('{"eps": NaN, "auto_map": {"AutoModel": "x.Y"}}') },
    );
    const { config, adapter_config } = evidenceOf(await askModel());
    expect(config).toMatchObject({ status: "found", value: { eps: null, auto_map: { AutoModel: "x.Y" } } });
    expect(adapter_config.status).toBe("unreadable");
  });

  it("is asked for the datasets of its results where there is room beside those that it declares", async () => {
    const results = ["glue", "a/b", "c/d", "SQUAD"].map((type) => ({
      task: { type: "t" },
      dataset: { type },
      metrics: [{ type: "f1", value: 1 }],
    }));
    const declared = ["squad", "d/1", "d/2"];
    const asked = model(
      { cardData: { datasets: declared, "model-index": [{ results }] } },
      { [`${HUB}/api/datasets/glue`]: json({ id: "nyu-mll/glue", siblings: [] }) },
    );
    const { datasets, result_datasets } = evidenceOf(await askModel());
    expect(datasets.map(({ id }) => id)).toEqual(declared);
    expect(result_datasets).toMatchObject([
      { id: "glue", record: { status: "found", value: { id: "nyu-mll/glue" } } },
      { id: "a/b", record: { status: "absent" } },
    ]);
    expect(asked.filter((request) => request.url.includes("/api/datasets/"))).toHaveLength(5);
  });

  it("is asked for twenty of its parents, in the order of the card, each with its licence", async () => {
    const parents = Array.from({ length: 23 }, (_, at) => `p/${at}`);
    const answers = Object.fromEntries(
      parents.map((id) => [
        `${HUB}/api/models/${id}?blobs=true`,
        json({ id, siblings: [], cardData: { license: "other", license_name: `own-${id}`, license_link: "LICENSE" } }),
      ]),
    );
    model({ cardData: { base_model: parents } }, answers);
    const evidence = evidenceOf(await askModel());
    expect((evidence.parents ?? []).map(({ id }) => id)).toEqual(parents.slice(0, 20));
    expect(evidence.parents?.[0]?.record).toMatchObject({
      value: { card_data: { license: "other", license_name: "own-p/0", license_link: "LICENSE" } },
    });
  });

  it("is known after four rounds of calls, each of which waits for the one before", async () => {
    const readme = new Response("https://github.com/o/bert");
    const answers: Record<string, Response> = {
      [RECORD]: json(
        hubRecord({
          siblings: [{ rfilename: "README.md" }, { rfilename: "config.json" }],
          tags: ["dataset:squad", "base_model:a/b"],
        }),
      ),
      [`${AT}/README.md`]: readme,
      [`${GITHUB}/repos/o/bert`]: json({ full_name: "o/bert", default_branch: "main" }),
    };
    const rounds: string[][] = [];
    let waiting: { url: string; go: () => void }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const { url } = new Request(input as RequestInfo, init as RequestInit);
      await new Promise<void>((go) => waiting.push({ url, go }));
      return answers[url]?.clone() ?? new Response("{}", { status: 404 });
    });
    let done = false;
    const call = askModel({ githubToken: "t", slots: createSlots(1000) }).finally(() => {
      done = true;
    });
    while (!done) {
      const round = waiting;
      waiting = [];
      if (round.length > 0) rounds.push(round.map(({ url }) => url));
      for (const { go } of round) go();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await call).source.source).toBe("o/bert");
    expect(rounds).toHaveLength(4);
    expect(rounds[0]).toEqual([RECORD]);
    expect(rounds[3]?.map((url) => url.replace(`${GITHUB}/`, "")).sort()).toEqual([
      "graphql",
      "repos/o/bert/contributors?per_page=100",
      "repos/o/bert/git/trees/main?recursive=1",
      "repos/o/bert/license",
      "repos/o/bert/readme",
    ]);
  });

  it("that names a framework alone has GitHub asked for the framework's name, and for no more", async () => {
    const asked = model(
      { siblings: [{ rfilename: "README.md" }] },
      {
        [`${AT}/README.md`]: new Response("https://github.com/huggingface/transformers"),
        [`${GITHUB}/repos/huggingface/transformers`]: json({ full_name: "huggingface/transformers" }),
      },
    );
    expect(evidenceOf(await askModel()).code).toMatchObject({ contributors: { status: "absent" } });
    expect(asked.filter((request) => request.url.startsWith(GITHUB))).toHaveLength(1);
  });

  it("is asked for the authors of its own commits, with code or without", async () => {
    const commits = { [`${HUB}/api/models/o/bert/commits/main`]: json([{ authors: [{ user: "ann" }] }]) };
    model({}, commits);
    expect(evidenceOf(await askModel())).toMatchObject({ commit_authors: { value: [{ name: "ann", commits: 1 }] } });
    const readme = new Response("https://github.com/o/bert and https://github.com/o/gone");
    model({ siblings: [{ rfilename: "README.md" }] }, { ...commits, [`${AT}/README.md`]: readme });
    expect(evidenceOf(await askModel())).toMatchObject({
      code: { repository: "o/bert", record: { status: "absent" }, tree: { status: "absent" } },
      commit_authors: { status: "found" },
    });
  });

  it("takes its licence from the tags, or from a card that only the README has", async () => {
    model({ tags: ["license:apache-2.0"] });
    expect((await askModel()).license).toEqual(["apache-2.0"]);
    model(
      { siblings: [{ rfilename: "README.md" }] },
      { [`${AT}/README.md`]: new Response("---\nlicense: bsd\n---\n") },
    );
    expect((await askModel()).license).toEqual(["bsd"]);
  });

  it("opens no more connections at once than the platform allows", async () => {
    let open = 0;
    let most = 0;
    const slow = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      return new Response("{}");
    };
    const names = Array.from({ length: 14 }, (_, i) => `vocab.${i}`);
    const files = Object.fromEntries(names.map((name) => [`${AT}/${name}`, slow]));
    model({ siblings: names.map((rfilename) => ({ rfilename })) }, files);
    expect((await askModel()).kept).toHaveLength(14);
    expect(most).toBe(UPSTREAM_CONCURRENCY);
  });

  it("is done within the time for all of it, with what has come by then", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const names = Array.from({ length: 15 }, (_, i) => `vocab.${i}`);
    const silent = () => new Promise<Response>(() => {});
    model(
      { siblings: [...names, "README.md"].map((rfilename) => ({ rfilename })), tags: ["dataset:squad"] },
      {
        ...Object.fromEntries(names.map((name) => [`${AT}/${name}`, silent])),
        [`${AT}/README.md`]: new Response("# Bert"),
        [`${HUB}/api/datasets/squad`]: silent,
        [`${HUB}/api/models/o/bert/commits/main`]: silent,
      },
    );
    const call = askModel();
    const early = vi.fn();
    call.then(early, early);
    await vi.advanceTimersByTimeAsync(COLLECT_TIMEOUT_MS - 1);
    expect(early).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    const collected = await call;
    expect(Object.keys(kept(collected))).toEqual(["README.md"]);
    expect(new Set(collected.left_out.map(({ reason }) => reason)).size).toBeGreaterThan(1);
    expect(evidenceOf(collected).datasets).toMatchObject([{ record: { status: "unavailable" } }]);
  });

  it("is not half collected for a caller who gave up", async () => {
    const controller = new AbortController();
    model(
      { siblings: [{ rfilename: "README.md" }] },
      {
        [`${AT}/README.md`]: () => {
          controller.abort();
          return new Promise(() => {});
        },
      },
    );
    expect(await refusal(askModel({ signal: controller.signal }))).toBe("upstream_failed");
  });
});

describe("a dataset", () => {
  it("on the hub is collected with its card", async () => {
    answerWith({
      [`${HUB}/api/datasets/squad?blobs=true`]: redirect("/api/datasets/rajpurkar/squad?blobs=true", 307),
      [`${HUB}/api/datasets/rajpurkar/squad?blobs=true`]: json({
        id: "rajpurkar/squad",
        siblings: [
          { rfilename: "README.md", size: 3 },
          { rfilename: "train.parquet", size: 100 },
        ],
        cardData: { license: "cc-by-sa-4.0" },
      }),
      [`${HUB}/datasets/rajpurkar/squad/resolve/main/README.md`]: new Response("hi!"),
    });
    const collected = await ask("dataset", `${HUB}/datasets/squad`);
    expect(collected).toMatchObject({
      source: { source: "rajpurkar/squad", name: "squad", href: `${HUB}/datasets/rajpurkar/squad` },
      license: ["cc-by-sa-4.0"],
      upstream_size: 103,
      readme: "hi!",
      parents: [],
      evidence: { kind: "hub", card: { status: "found" } },
    });
  });

  it("elsewhere is asked for its head alone", async () => {
    const asked = answerWith({
      "HEAD https://example.org/data.zip": new Response(null, { headers: { "Content-Length": "12" } }),
    });
    const collected = await ask("dataset", "https://example.org/data.zip?token=x");
    expect(collected).toMatchObject({ upstream_size: 12, kept: [], evidence: { kind: "web" } });
    expect(asked.map((request) => `${request.method} ${request.url}`)).toEqual(["HEAD https://example.org/data.zip"]);
  });

  it("on GitLab is collected with its README and licence", async () => {
    const api = "https://gitlab.com/api/v4/projects/g%2Fp";
    answerWith({
      [`${api}?license=true`]: json({
        path_with_namespace: "G/P",
        default_branch: "main",
        license: { key: "mit" },
        readme_url: "https://gitlab.com/G/P/-/blob/main/README.md",
      }),
      "https://gitlab.com/api/v4/projects/G%2FP/repository/files/README.md/raw?ref=main": new Response("hi"),
    });
    const collected = await ask("dataset", "https://gitlab.com/g/p");
    expect(collected).toMatchObject({
      source: { source: "https://gitlab.com/G/P", name: "p" },
      license: ["mit"],
      readme: "hi",
    });
    expect(kept(collected)).toEqual({ "README.md": "hi" });
  });
});

describe("code", () => {
  it("on GitHub is collected with its README, licence and files", async () => {
    answerWith({
      [`${GITHUB}/repos/o/r`]: json({
        full_name: "O/Renamed",
        default_branch: "main",
        size: 3,
        license: { spdx_id: "MIT" },
      }),
      [`${GITHUB}/repos/O/Renamed/readme`]: new Response("hello"),
      [`${GITHUB}/repos/O/Renamed/license`]: json({
        path: "LICENSE",
        content: btoa("text"),
        encoding: "base64",
        license: { spdx_id: "MIT" },
      }),
      [`${GITHUB}/repos/O/Renamed/git/trees/main?recursive=1`]: json({
        tree: [{ path: "README.rst", type: "blob", size: 5 }],
      }),
    });
    const collected = await ask("code", "https://github.com/o/r");
    expect(collected).toMatchObject({
      source: { source: "O/Renamed", key: "o/renamed", name: "r" },
      license: ["MIT"],
      upstream_size: 3072,
      readme: "hello",
      evidence: { kind: "github", code: { named_by: "source", readme: { status: "found" } } },
    });
    expect(kept(collected)).toEqual({ "README.rst": "hello", LICENSE: "text" });
  });
});

it.each([
  ["dataset", "https://huggingface.co/datasets/o/d"],
  ["code", "https://huggingface.co/spaces/o/s"],
  ["code", "https://github.com/o/r"],
  ["dataset", "https://github.com/o/r"],
  ["code", "https://gitlab.com/g/p"],
  ["dataset", "https://example.org/data.zip"],
] as const)("%s at %s is collected although its host does not answer", async (type, url) => {
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("network"));
  const source = parseSource(type, url);
  const collected = await collect(source, upstream());
  expect(collected).toMatchObject({ source, files: [], kept: [], parents: [] });
  expect(collected).not.toHaveProperty("upstream_size");
});
